// Makes the pictures of docs/gallery: `npm run gallery`, with the program built. Each is a page at a place.

import { join } from "node:path";
import { ROOT, launch, makePage, openPage } from "./tools.mjs";

const PICTURES = [
  ["at-least-once-double", "scenarios/at-least-once-double.json", "#step=52&record=A%233&cut=1"],
  ["token-in-flight", "scenarios/course/01-token-in-flight.json", "#step=99&cut=1"],
  ["inconsistent-cut", "scenarios/course/05-inconsistent-cut.json", "#step=99&cut=1&answer=1"],
  ["marker-overtaken", "scenarios/course/06-marker-overtaken.json", "#step=99&cut=1&answer=1"],
  ["held-by-alignment", "scenarios/schedules/held-by-alignment.json", "#step=14&cut=1"],
  ["unaligned-backpressure", "scenarios/course/15-unaligned-backpressure.json", "#step=30&cut=1"],
  ["unaligned-lost-channel", "scenarios/course/16-unaligned-lost-channel.json", "#step=99&record=B%231&answer=1"],
  ["fencing-off", "scenarios/fencing-off.json", "#step=9999&answer=1"],
];

const browser = await launch();
for (const [name, scenario, fragment] of PICTURES) {
  const { page } = await openPage(browser, makePage(scenario), { fragment, viewport: { width: 1280, height: 720 }, colorScheme: "light" });
  await page.screenshot({ path: join(ROOT, "docs/gallery", `${name}.png`) });
  await page.close();
}
await browser.close();
