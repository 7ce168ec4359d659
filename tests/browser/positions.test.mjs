// Where things are in the pictures, measured as the browser draws them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataOf, launch, makePage, openPage, press, title } from "./tools.mjs";

const SCENARIOS = [
  "scenarios/aligned-join.json",
  "scenarios/at-least-once-double.json",
  "scenarios/broadcast.json",
  "scenarios/fencing-off.json",
  "scenarios/join.json",
  "scenarios/pipeline.json",
  "scenarios/second-generation.json",
  "scenarios/two-phase-sink.json",
  "scenarios/word-count.json",
  "scenarios/schedules/held-by-alignment.json",
  "scenarios/schedules/overtaken-and-restored.json",
  "scenarios/schedules/twice-without-alignment.json",
  "scenarios/course/03-bank-transfers.json",
  "scenarios/course/08-overlapping-snapshots.json",
  "scenarios/course/09-ring-under-load.json",
  "scenarios/course/11-is-it-finished-polling.json",
  "scenarios/course/12-phantom-deadlock.json",
  "scenarios/course/14-at-least-once-double.json",
  "scenarios/course/15-unaligned-backpressure.json",
  "scenarios/course/16-unaligned-lost-channel.json",
  "scenarios/course/17-barrier-jumps-ahead.json",
  "scenarios/course/25-loop-with-backedge.json",
];

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

/** Opens a scenario's page at a place of it, and afterwards checks that it did not complain. */
async function withPage(scenario, fragment, use) {
  const { page, seen } = await openPage(browser, makePage(scenario), { fragment });
  await use(page);
  assert.deepEqual(seen.problems, []);
  await page.close();
}

async function goTo(page, fragment) {
  await page.evaluate((hash) => {
    location.hash = hash;
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  }, fragment);
}

/** The steps at the beginning, in the middle and at the end of a run. */
function threeSteps({ facts }) {
  const steps = [...new Set(facts.step)];
  return [steps[0], steps[steps.length >> 1], steps[steps.length - 1]];
}

/** The arrows that are drawn, and for each its distance from the middle of the nearest mark of a task that it has nothing to do with. */
function distances(page) {
  return page.evaluate(() => {
    const { messages } = JSON.parse(document.getElementById("run").textContent);
    const marks = [...document.querySelectorAll("#diagram .mark")].map((mark) => {
      const box = mark.getBBox();
      return { task: Number(mark.dataset.task), x: box.x + box.width / 2, y: box.y + box.height / 2, text: mark.textContent };
    });
    const nearest = (path) => {
      const message = Number(path.dataset.message);
      const others = marks.filter(({ task }) => task !== messages.from[message] && task !== messages.to[message]);
      let best = { distance: Infinity };
      for (let length = path.getTotalLength(); length >= 0; length -= 1) {
        const { x, y } = path.getPointAtLength(length);
        for (const mark of others) {
          const distance = Math.hypot(mark.x - x, mark.y - y);
          if (distance < best.distance) best = { distance, mark: mark.text };
        }
      }
      return { message, ...best };
    };
    return [...document.querySelectorAll("#diagram .arrows path[data-message]")].map(nearest);
  });
}

test("no arrow runs through the mark of a third task", async () => {
  let arrows = 0;
  for (const scenario of SCENARIOS) {
    const steps = threeSteps(dataOf(makePage(scenario)));
    await withPage(scenario, "", async (page) => {
      for (const place of steps.flatMap((step) => [`#step=${step}`, `#step=${step}&control=1`])) {
        await goTo(page, place);
        const found = await distances(page);
        arrows += found.length;
        // A dot is 4 wide to each side, and between it and an arrow are 4 more.
        const near = found.filter(({ distance }) => distance < 8);
        assert.deepEqual(near, [], `${scenario} ${place}`);
      }
    });
  }
  assert.ok(arrows > 1000, `only ${arrows} arrows`);
});

test("a click on an arrow goes to a step of that arrow and follows what it carries", async () => {
  const scenario = "scenarios/course/14-at-least-once-double.json";
  const { messages, facts, records } = dataOf(makePage(scenario));
  await withPage(scenario, "#step=1", async (page) => {
    const arrows = await page.locator("#diagram .arrows path.record[data-message]").count();
    assert.ok(arrows > 8);
    for (const [share, ends] of [
      [0.5, ["sent", "received"]],
      [0.25, ["sent"]],
      [0.75, ["received"]],
    ]) {
      for (let index = 0; index < 6; index += 1) {
        await goTo(page, "#step=1");
        const arrow = page.locator("#diagram .arrows path.record[data-message]").nth(index);
        const [message, x, y] = await arrow.evaluate((path, part) => {
          const at = path.getPointAtLength(path.getTotalLength() * part).matrixTransform(path.getScreenCTM());
          return [Number(path.dataset.message), at.x, at.y];
        }, share);
        await page.mouse.click(x, y);
        const steps = ends.map((end) => facts.step[messages[end][message]]);
        const heading = await title(page);
        assert.ok(
          steps.some((step) => heading.startsWith(`Step ${step} of`)),
          `${heading}: ${share} of the way between ${steps}`,
        );
        assert.equal(await page.locator("#record-title").textContent(), `Following ${records[messages.record[message]].text}`);
      }
    }
  });
});

/** By channel: what its picture shows, from the arrow's point backwards, and what its line in the list says. */
function queues(page) {
  return page.evaluate(() => {
    const lists = new Map(
      [...document.querySelectorAll("#contents .channels li")].map((item) => [
        item.querySelector("b").textContent,
        [...item.querySelectorAll("button, .barrier-word")].map((one) => one.textContent),
      ]),
    );
    return [...document.querySelectorAll("#graph .contents")].map((group) => {
      const { channel } = group.dataset;
      const path = document.querySelector(`#graph .channel[data-channel="${CSS.escape(channel)}"] path`);
      const middle = path.getTotalLength() / 2;
      const [from, to] = [path.getPointAtLength(middle - 1), path.getPointAtLength(middle + 1)];
      const along = (chip) => {
        const box = chip.getBBox();
        return (box.x + box.width / 2) * (to.x - from.x) + (box.y + box.height / 2) * (to.y - from.y);
      };
      const chips = [...group.querySelectorAll(".chip")].sort((a, b) => along(b) - along(a));
      return { channel, shown: chips.map((chip) => chip.textContent), told: lists.get(channel) };
    });
  });
}

test("a queue has the same order in the picture as in the list", async () => {
  let compared = 0;
  for (const scenario of [
    "scenarios/course/02-never-occurred.json",
    "scenarios/course/03-bank-transfers.json",
    "scenarios/course/09-ring-under-load.json",
    "scenarios/course/15-unaligned-backpressure.json",
    "scenarios/course/25-loop-with-backedge.json",
  ]) {
    await withPage(scenario, "", async (page) => {
      for (let step = 0; step < 60; step += 1) {
        await press(page, "ArrowRight");
        for (const { channel, shown, told } of await queues(page)) {
          const said = shown
            .filter((text) => !text.startsWith("+"))
            .map((text) => text.replace(/^B(\d+)$/, "barrier $1").replace(/ \(.*$/, ""));
          assert.deepEqual(said, told.slice(0, said.length), `${scenario}, ${await title(page)}: ${channel}`);
          if (shown.length > said.length) assert.match(shown[shown.length - 1], /^\+/, "the rest is at the end of the queue");
          compared += said.length > 1 ? 1 : 0;
        }
      }
    });
  }
  assert.ok(compared > 50, `only ${compared} queues`);
});

test("true to time is true: what takes as long is as wide", async () => {
  for (const scenario of ["scenarios/at-least-once-double.json", "scenarios/course/03-bank-transfers.json", "scenarios/pipeline.json"]) {
    const { facts } = dataOf(makePage(scenario));
    await withPage(scenario, "#step=1&axis=time", async (page) => {
      const last = facts.step[facts.step.length - 1];
      for (const place of ["#step=1&axis=time", `#step=${last >> 1}&axis=time`]) {
        await goTo(page, place);
        const marks = await page.locator("#diagram .mark").evaluateAll((all) =>
          all.map((mark) => {
            const box = mark.getBBox();
            return { stop: Number(mark.dataset.stop), x: box.x + box.width / 2 };
          }),
        );
        const stops = [...new Set(facts.step)];
        const time = ({ stop }) => facts.at[facts.step.indexOf(stops[stop - 1])];
        const [first, final] = [marks[0], marks[marks.length - 1]];
        const scale = (final.x - first.x) / (time(final) - time(first));
        for (const mark of marks) {
          const expected = first.x + (time(mark) - time(first)) * scale;
          assert.ok(Math.abs(mark.x - expected) < 1, `${scenario} ${place}: ${time(mark)} us at ${mark.x}, not at ${expected}`);
        }
      }
    });
  }
});

/** The heights of the rows, what is drawn of a cut, and what is shaded, as [top, bottom]. */
function cut(page) {
  return page.evaluate(() => {
    const span = (element) => [element.getBBox().y, element.getBBox().y + element.getBBox().height];
    const rows = [...document.querySelectorAll("#diagram .names text.task")].map((name) => Number(name.getAttribute("y")) - 4);
    const all = (selector) => [...document.querySelectorAll(selector)].map(span);
    return { rows, lines: all("#diagram .cut.chosen polyline"), shaded: all("#diagram .past, #diagram .future") };
  });
}

test("a cut ends where nothing is saved, and only what has saved has a past and a future", async () => {
  let gaps = 0;
  for (const [scenario, snapshot] of [
    ["scenarios/course/03-bank-transfers.json", 1],
    ["scenarios/course/09-ring-under-load.json", 2],
    ["scenarios/course/14-at-least-once-double.json", 1],
    ["scenarios/course/17-barrier-jumps-ahead.json", 2],
  ]) {
    const { facts, kinds, tasks } = dataOf(makePage(scenario));
    const saved = facts.kind.map((kind, fact) => kinds[kind] === "saved" && facts.snapshot[fact] === snapshot);
    const places = [...new Set(facts.step.filter((step, fact) => saved[fact]))];
    await withPage(scenario, "", async (page) => {
      for (const step of places) {
        await goTo(page, `#step=${step}&cut=${snapshot}`);
        const { rows, lines, shaded } = await cut(page);
        const hasSaved = tasks.map((task, index) =>
          facts.task.some((one, fact) => saved[fact] && one === index && facts.step[fact] <= step),
        );
        const within = (spans, y) => spans.filter(([top, bottom]) => top < y && y < bottom).length;
        const seen = rows.map((y) => [within(lines, y), within(shaded, y)]);
        const expected = hasSaved.map((is) => (is ? [1, 2] : [0, 0]));
        assert.deepEqual(seen, expected, `${scenario}, step ${step}`);
        gaps += hasSaved.includes(false) ? 1 : 0;
      }
    });
  }
  assert.ok(gaps > 5);
});
