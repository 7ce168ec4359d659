// The page in a browser: it opens without a network, steps back as it stepped on, is used by keyboard, and
// shows text as text.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { drawing, launch, makePage, openPage, outcomeOf, press, title, writeScenario, writeText } from "./tools.mjs";

const SCENARIOS = [
  "scenarios/at-least-once-double.json",
  "scenarios/two-phase-sink.json",
  "scenarios/second-generation.json",
  "scenarios/plain-sink.json",
  "scenarios/join.json",
  "scenarios/broadcast.json",
  "scenarios/restart-limit-reached.json",
  "scenarios/volatile-source.json",
  "scenarios/course/01-token-in-flight.json",
  "scenarios/course/05-inconsistent-cut.json",
  "scenarios/course/11-is-it-finished.json",
  "scenarios/course/13-aligned-join.json",
  "scenarios/course/15-unaligned-backpressure.json",
  "scenarios/course/16-unaligned-lost-channel.json",
  "scenarios/course/17-barrier-jumps-ahead.json",
];

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

/** Opens a scenario's page, and afterwards checks that it neither complained nor asked for anything. */
async function withPage(file, options, use) {
  const { page, seen } = await openPage(browser, file, options);
  await use(page);
  assert.deepEqual(seen.problems, []);
  assert.equal(seen.requests.length, 1, `asked for ${seen.requests}`);
  await page.close();
}

for (const scenario of SCENARIOS) {
  test(`${scenario}: on and back, and the ledger at the end`, async () => {
    await withPage(makePage(scenario), {}, async (page) => {
      for (const [start, steps] of [
        ["Home", 12],
        ["End", 9],
      ]) {
        await press(page, start);
        const [first, heading] = [await drawing(page), await title(page)];
        const [there, home] = start === "Home" ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
        await press(page, there, steps);
        assert.notEqual(await title(page), heading);
        await press(page, home, steps);
        assert.equal(await title(page), heading);
        assert.equal(await drawing(page), first);
      }
      await press(page, "End");
      assert.deepEqual(await ledger(page), toldBy(outcomeOf(scenario)));
    });
  });
}

async function ledger(page) {
  return page.locator("#ledger-table tbody tr").evaluateAll((rows) =>
    rows.map((row) => {
      const [records, , duplicated, lost] = [...row.querySelectorAll("td")].map((cell) => Number(cell.textContent));
      return { place: row.dataset.place, records, lost, duplicated };
    }),
  );
}

function toldBy(outcome) {
  return outcome.places.map(({ place, records, lost, duplicated }) => ({ place, records, lost, duplicated }));
}

test("a page of a part says so, begins with its state, and knows what came before", async () => {
  const file = makePage("scenarios/random-crashes-soak.json", "--from", "20000", "--facts", "300");
  await withPage(file, {}, async (page) => {
    assert.match(
      await page.locator("#left-out").textContent(),
      /^This page shows steps \d+ to \d+ of \d+\. [1-9]\d* facts before and [1-9]\d* facts behind them are left out;/,
    );
    assert.match(await title(page), /^Before step [1-9]\d+ of/);
    assert.match(await page.locator("#now").textContent(), /What happened before is shown as the state that came of it/);
    const counted = () => page.locator("#ledger-table .once").first().textContent();
    assert.ok(Number(await counted()) > 0, "what was counted before is counted");
    const first = await drawing(page);
    await press(page, "ArrowRight", 30);
    assert.notEqual(await drawing(page), first);
    await press(page, "Home");
    assert.equal(await drawing(page), first);
    const mark = await page.locator(".mark").evaluateAll((marks) => Math.min(...marks.map((one) => Number(one.dataset.stop))));
    assert.ok(mark > 0, "nothing stands before the first step");
  });
});

test("the next violation is at the step that the outcome names", async () => {
  for (const scenario of [
    "scenarios/at-least-once-double.json",
    "scenarios/course/05-inconsistent-cut.json",
    "scenarios/course/16-unaligned-lost-channel.json",
  ]) {
    const steps = outcomeOf(scenario)
      .invariants.filter((one) => one.verdict === "violated" && one.step !== null)
      .map((one) => one.step);
    await withPage(makePage(scenario), {}, async (page) => {
      await press(page, "v");
      assert.match(await title(page), new RegExp(`^Step ${Math.min(...steps)} of`));
    });
  }
});

test("a record that counts twice says why, and is marked where it is sent again", async () => {
  await withPage(makePage("scenarios/at-least-once-double.json"), { fragment: "#step=99" }, async (page) => {
    await page.locator("#chips button", { hasText: "A#3" }).first().click();
    const reason = await page.locator("#record-story .why").first().textContent();
    assert.match(
      reason,
      /count: A#3 is counted 2 times .*at odds with itself: it is in the state of count .* A had not emitted it yet and will send it again/,
    );
    assert.match(await page.locator("#record-story").textContent(), /emitted again/);
    assert.ok((await drawing(page)).includes(">A#3'<"));
    const step = page.locator("#record-story .decisive button").first();
    const number = await step.textContent();
    await step.click();
    assert.match(await title(page), new RegExp(`^Step ${number} of`));
  });
});

test("a snapshot's table fills row by row, and its cut divides past and future", async () => {
  await withPage(makePage("scenarios/course/15-unaligned-backpressure.json"), {}, async (page) => {
    const acked = () => page.locator("#snapshots tr.acked").count();
    const seen = [];
    await press(page, "s");
    while (seen.length === 0 || seen[seen.length - 1] < 4) {
      const rows = await acked();
      if (rows !== seen[seen.length - 1]) seen.push(rows);
      await press(page, "ArrowRight");
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 4]);
    assert.match(await page.locator("#snapshots").textContent(), /B#1 B#2/);
    await press(page, "p");
    assert.equal(await page.locator("#diagram .past").count(), 1);
    assert.equal(await page.locator("#diagram .arrow.crossing").count(), 2);
    assert.equal(await page.locator("#diagram .arrow.orphan").count(), 0);
  });
  await withPage(makePage("scenarios/course/05-inconsistent-cut.json"), { fragment: "#step=13&cut=1" }, async (page) => {
    assert.equal(await page.locator("#diagram .arrow.orphan").count(), 1);
    assert.match(await page.locator("#snapshots tfoot").textContent(), /8 tokens/);
  });
});

test("the answer stays hidden until it is asked for, and so does what is to come", async () => {
  const scenario = "scenarios/at-least-once-double.json";
  await withPage(makePage(scenario), {}, async (page) => {
    assert.equal(
      await page.locator("#question").textContent(),
      "a3 and a4 are sent before the crash and again after it. Are they counted once or twice?",
    );
    assert.equal(await page.locator("#answer-panel").isVisible(), false);
    await press(page, "h");
    assert.equal(await page.locator("#diagram .veil.closed").count(), 1);
    await press(page, "ArrowRight", 40);
    await page.locator("#chips button", { hasText: "A#3" }).first().click();
    assert.doesNotMatch(await page.locator("#record-story").textContent(), /again/);
    await press(page, "a");
    assert.equal(await page.locator("#diagram .veil.closed").count(), 0);
    assert.match(await page.locator("#record-story").textContent(), /again/);
    const { step } = outcomeOf(scenario).invariants.find(({ name }) => name === "consistent_cut");
    assert.match(await page.locator("#answer").textContent(), new RegExp(`As expected.*consistent cut: violated.*at step ${step}\\D`, "s"));
    await press(page, "a");
    assert.equal(await page.locator("#answer-panel").isVisible(), false);
  });
});

test("a place in the page is a link", async () => {
  const file = makePage("scenarios/at-least-once-double.json");
  let fragment = "";
  await withPage(file, {}, async (page) => {
    await press(page, "ArrowRight", 20);
    await page.locator("#chips button", { hasText: "A#3" }).first().click();
    await press(page, "p");
    await page.waitForFunction(() => location.hash.includes("cut=1"));
    fragment = new URL(page.url()).hash;
    await page.evaluate(() => {
      location.hash = "#step=5";
    });
    await page.waitForFunction(() => document.getElementById("now-title").textContent.startsWith("Step 5 "));
  });
  assert.match(fragment, /^#step=\d+&record=A%233&cut=1$/);
  await withPage(file, { fragment }, async (page) => {
    assert.match(await title(page), new RegExp(`^Step ${/step=(\d+)/.exec(fragment)[1]} of`));
    assert.match(await page.locator("#record-title").textContent(), /Following A#3/);
    assert.equal(await page.locator("#diagram .past").count(), 1);
  });
});

test("the whole tour by keyboard", async () => {
  await withPage(makePage("scenarios/course/13-aligned-join.json"), {}, async (page) => {
    const heading = () => title(page);
    assert.match(await heading(), /^Before step 2 of/);
    await press(page, "ArrowRight");
    assert.match(await heading(), /^Step 2 of/);
    await press(page, "b");
    assert.match(await page.locator("#now").textContent(), /barrier/);
    await press(page, "f");
    assert.match(await page.locator("#now").textContent(), /count crashes/);
    await press(page, "Shift+S");
    assert.match(await page.locator("#now").textContent(), /snapshot|transaction/);
    await press(page, "/");
    await page.keyboard.type("b#2 received on b->count");
    await press(page, "Enter");
    assert.match(await page.locator("#now").textContent(), /B#2 received on B->count/);
    await press(page, "Escape");
    await press(page, "?");
    assert.equal(await page.locator("#help").evaluate((dialog) => dialog.open), true);
    await press(page, "Escape");
    assert.equal(await page.locator("#help").evaluate((dialog) => dialog.open), false);
    await press(page, "Home");
    await press(page, " ");
    await page.waitForFunction(() => document.getElementById("now-title").textContent.match(/^Step (\d+)/)?.[1] >= 3);
    await press(page, " ");
    const stands = await heading();
    await page.waitForTimeout(700);
    assert.equal(await heading(), stands);
    await followByTab(page);
    await press(page, "a");
    assert.equal(await page.locator("#answer-panel").isVisible(), true);
  });
});

test("a blank plays at once when the help is closed, although its button has the focus until the next frame", async () => {
  await withPage(makePage("scenarios/course/13-aligned-join.json"), {}, async (page) => {
    await press(page, "?");
    const seen = await page.evaluate(() => {
      document.getElementById("help").close();
      const focused = document.activeElement;
      focused.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true, cancelable: true }));
      return { focused: focused.tagName, plays: document.getElementById("play").getAttribute("aria-pressed") };
    });
    assert.deepEqual(seen, { focused: "BUTTON", plays: "true" });
  });
});

/** Goes by Tab to the first record in the ledger, follows it with Enter, and lets it go with Escape. */
async function followByTab(page) {
  for (let tabs = 0; tabs < 80; tabs += 1) {
    await press(page, "Tab");
    if (await page.evaluate(() => document.activeElement.classList.contains("chip"))) break;
  }
  await press(page, "Enter");
  assert.match(await page.locator("#record-title").textContent(), /Following A#1/);
  assert.equal(await page.evaluate(() => document.activeElement.classList.contains("chip")), true, "the focus stays");
  await press(page, "Escape");
  assert.equal(await page.locator("#record-panel").isVisible(), false);
}

test("a record that was lost has a chip, and a reason that does not contradict itself", async () => {
  const scenario = "scenarios/course/25-loop-without-log.json";
  await withPage(makePage(scenario), { fragment: "#step=99" }, async (page) => {
    const chips = (place) => page.locator(`.chips[aria-label="Records at ${place}"] .chip`);
    for (const { place, records, lost } of outcomeOf(scenario).places) {
      assert.equal(await chips(place).count(), records);
      assert.equal(await page.locator(`.chips[aria-label="Records at ${place}"] .chip.none`).count(), lost);
    }
    for (const name of ["numbers#1 lap 1", "numbers#2 lap 2"]) {
      await chips("loop").filter({ hasText: name }).click();
      assert.match(
        await page.locator("#record-story .why").first().textContent(),
        new RegExp(
          `^loop: ${name} does not show\\. .*numbers will not send it again .*it is not in the state of loop .*in no saved channel either`,
        ),
      );
    }
  });
});

test("facts and messages of kinds that it does not know do not stop it", async () => {
  const page = makePage("scenarios/finished-source.json");
  const text = readFileSync(page, "utf8")
    .replace(/"(input_ended|task_finished|completed)"/g, '"new_$1"')
    .replace('"end","trigger"', '"new_end","trigger"');
  assert.match(text, /"new_input_ended".*"new_end"/s);
  await withPage(writeText("unknown.html", text), {}, async (open) => {
    await press(open, "End");
    const end = await drawing(open);
    assert.match(end, /class="arrow new_end"/);
    await press(open, "ArrowLeft", 30);
    await press(open, "ArrowRight", 30);
    assert.equal(await drawing(open), end);
  });
});

test("every control has a name, and the step is told to screen readers", async () => {
  await withPage(makePage("scenarios/course/13-aligned-join.json"), { fragment: "#step=40" }, async (page) => {
    const nameless = await page
      .locator("button, input, select, summary")
      .evaluateAll((controls) =>
        controls
          .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.[0]?.textContent.trim()))
          .map((one) => one.outerHTML),
      );
    assert.deepEqual(nameless, []);
    assert.equal(await page.locator("#now").getAttribute("aria-live"), "polite");
    assert.match(await page.locator("#slider").getAttribute("aria-valuetext"), /^Step 40 of/);
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
  });
});

test("in a scenario's words nothing is markup", async () => {
  const hostile = '</script><img src=x onerror="window.hacked=1"><!-- \' & \u202Ereversed\u202C &lt;b&gt; שלום';
  const file = writeScenario("hostile.json", {
    title: hostile,
    story: hostile,
    question: hostile,
    hints: [hostile],
    operators: { A: { kind: "source", records: 3, every: "10ms" }, count: { kind: "keyed_count" } },
    channels: [{ from: "A", to: "count", delay: "1ms" }],
    snapshots: { protocol: "aligned", at: ["15ms"] },
  });
  await withPage(makePage(file), { fragment: "#step=9&record=<img src=x onerror=window.hacked=1>&answer=1" }, async (page) => {
    for (const id of ["#title", "#question", "#story-text", "#answer"]) {
      assert.match(await page.locator(id).textContent(), /<\/script><img src=x onerror="window\.hacked=1"><!-- ' & .*&lt;b&gt; שלום/s);
    }
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("script").count(), 2);
  });
});

test("light and dark, and narrow without a scroll to the side", async () => {
  const file = makePage("scenarios/second-generation.json");
  for (const colorScheme of ["light", "dark"]) {
    await withPage(file, { colorScheme, viewport: { width: 480, height: 900 }, fragment: "#step=60&answer=1" }, async (page) => {
      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(wide <= seen, `${wide} is wider than ${seen}`);
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const before = await ground();
      await press(page, "d", colorScheme === "light" ? 2 : 1);
      assert.notEqual(await ground(), before);
    });
  }
});

test("a hundred thousand facts open in three seconds, and fifty steps take less than two", async () => {
  const source = { kind: "source", records: 6500, every: "1ms" };
  const file = writeScenario("large.json", {
    title: "Many records",
    operators: { A: source, B: source, count: { kind: "keyed_count", keys: 16 }, out: { kind: "sink", commit: "two_phase" } },
    channels: [
      { from: "A", to: "count", delay: { uniform: ["1ms", "5ms"] } },
      { from: "B", to: "count", delay: "3ms" },
      { from: "count", to: "out", delay: "1ms" },
    ],
    snapshots: { protocol: "aligned", interval: "50ms" },
    recovery: { detect: "2ms", restart: "5ms" },
    faults: [{ crash: "count", at: "3s" }],
  });
  const large = makePage(file);
  const { steps } = outcomeOf(file);
  // The best of three, since the machine may be busy with something else.
  const [opened, stepped] = [[], []];
  for (let round = 0; round < 3; round += 1) {
    const start = performance.now();
    await withPage(large, { fragment: "#step=30000" }, async (page) => {
      await page.locator("#diagram .arrow").first().waitFor();
      opened.push(performance.now() - start);
      assert.match(await page.locator("#left-out").textContent(), /shows steps \d+ to \d+ of \d+\. \d+ facts before and [1-9]\d* facts behind them are left out/);
      assert.match(await title(page), new RegExp(`^Step 30000 of ${steps} `));
      const begin = performance.now();
      await press(page, "ArrowRight", 25);
      await press(page, "ArrowLeft", 25);
      stepped.push(performance.now() - begin);
    });
  }
  console.log(`opened in ${opened.map(Math.round)} ms, fifty steps in ${stepped.map(Math.round)} ms`);
  assert.ok(Math.min(...opened) < 3000);
  assert.ok(Math.min(...stepped) < 2000);
});
