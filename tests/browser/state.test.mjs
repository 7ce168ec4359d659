// What the page folds from the facts, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { dataOf, exportOf, loadScripts, makePage, openRun, outcomeOf, readSource, scenariosIn, writeScenario } from "./tools.mjs";

const scripts = loadScripts();
const plain = (value) => JSON.parse(JSON.stringify(value));

/** A run of one source and a count, written down fact by fact. */
function smallRun(facts, places = []) {
  const kinds = [
    "emitted",
    "sent",
    "received",
    "applied",
    "saved",
    "offset_saved",
    "barrier_sent",
    "barrier_received",
    "barrier_overtook",
    "data_end_sent",
    "data_end_received",
    "crashed",
    "failover",
    "cleared",
    "restoring",
    "restored",
    "reinstated",
    "output",
    "blocked",
    "unblocked",
  ];
  const columns = { at: [], step: [], kind: [], task: [], channel: [], snapshot: [], record: [], key: [], value: [], text: [] };
  facts.forEach(([step, kind, about = {}]) => {
    columns.at.push(step * 1000);
    columns.step.push(step);
    columns.kind.push(kinds.indexOf(kind));
    for (const name of ["task", "channel", "snapshot", "record", "value"]) columns[name].push(about[name] ?? -1);
    columns.key.push(about.key ?? null);
    columns.text.push(kind);
  });
  return {
    format: 1,
    version: "0",
    scenario: { path: "", title: "", story: null, question: null, hints: [], seed: 0, protocol: "aligned" },
    clock: "time",
    operators: [
      { name: "A", kind: "source", tasks: [0] },
      { name: "count", kind: "keyed_count", tasks: [1] },
    ],
    tasks: [
      { name: "A", operator: 0 },
      { name: "count", operator: 1 },
    ],
    channels: [{ name: "A->count", from: 0, to: 1, capacity: null, ordered: true, back: false }],
    records: [
      { text: "A#1", of: ["A#1"] },
      { text: "A#2", of: ["A#2"] },
    ],
    kinds,
    facts: columns,
    message_kinds: ["record", "barrier", "cancel", "end", "trigger", "ack", "notice"],
    messages: { kind: [], from: [], to: [], channel: [], record: [], snapshot: [], sent: [], received: [] },
    window: { earlier: 0, times: {}, before: 0, behind: 0 },
    outcome: { places, invariants: [] },
  };
}

const COUNT = { place: "count", kind: "state", records: 2, lost: 0, duplicated: 0 };

test("a queue holds what was sent and not taken, and a barrier that overtakes goes to its front", () => {
  const run = openRun(
    scripts,
    smallRun([
      [1, "sent", { channel: 0, record: 0 }],
      [2, "sent", { channel: 0, record: 1 }],
      [3, "barrier_sent", { channel: 0, snapshot: 1 }],
      [3, "barrier_overtook", { channel: 0, snapshot: 1, value: 2 }],
      [4, "barrier_received", { channel: 0, snapshot: 1 }],
      [5, "received", { channel: 0, record: 0 }],
      [6, "cleared", { channel: 0 }],
    ]),
  );
  const queue = (stop) => plain(scripts.stateAt(run, stop).queues[0]).map((element) => (element.kind === "barrier" ? "B" : element.record));
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(queue), [[], [0], [0, 1], ["B", 0, 1], [0, 1], [1], []]);
});

test("the end of the data waits in a queue behind the last record", () => {
  const run = openRun(
    scripts,
    smallRun([
      [1, "sent", { channel: 0, record: 0 }],
      [2, "data_end_sent", { channel: 0 }],
      [3, "received", { channel: 0, record: 0 }],
      [4, "data_end_received", { channel: 0 }],
    ]),
  );
  const words = (stop) => scripts.stateAt(run, stop).queues[0].map((element) => scripts.elementText(run, element));
  assert.deepEqual(
    [1, 2, 3, 4].map((stop) => plain(words(stop))),
    [["A#1"], ["A#1", "end of data"], ["end of data"], []],
  );
});

test("a restore cuts a log back to what the snapshot saved", () => {
  const run = openRun(
    scripts,
    smallRun(
      [
        [1, "applied", { task: 1, record: 0, key: "k", value: 1 }],
        [2, "saved", { task: 1, snapshot: 1 }],
        [3, "applied", { task: 1, record: 1, key: "k", value: 1 }],
        [4, "crashed", { task: 1 }],
        [5, "failover"],
        [6, "restoring", { snapshot: 1 }],
        [6, "restored", { task: 1, snapshot: 1 }],
        [7, "applied", { task: 1, record: 0, key: "k", value: 1 }],
      ],
      [COUNT],
    ),
  );
  const counts = (stop) => plain(scripts.countsOfPlace(run, scripts.stateAt(run, stop), run.places[0]));
  assert.deepEqual(counts(3), { effects: 2, once: 2, repeated: 0, missing: 0 });
  assert.deepEqual(counts(6), { effects: 1, once: 1, repeated: 0, missing: 1 });
  assert.deepEqual(counts(7), { effects: 2, once: 0, repeated: 1, missing: 1 });
  assert.equal(scripts.stateAt(run, 4).tasks[1].life, "down");
  assert.equal(scripts.stateAt(run, 6).tasks[1].attempt, 2);
});

test("a record that is emitted again is marked from there on", () => {
  const run = openRun(
    scripts,
    smallRun([
      [1, "emitted", { task: 0, record: 0, value: 0 }],
      [1, "sent", { channel: 0, record: 0 }],
      [2, "emitted", { task: 0, record: 0, value: 0 }],
      [2, "sent", { channel: 0, record: 0 }],
    ]),
  );
  assert.deepEqual([...run.prime], [0, 0, 1, 1]);
  assert.equal(scripts.primedName(run, 0, 1), "A#1'");
});

test("what comes of a record at the end of its service is marked as the record was when it was taken", () => {
  const data = smallRun([
    [1, "emitted", { task: 0, record: 0, value: 0 }],
    [1, "sent", { task: 0, channel: 0, record: 0 }],
    [2, "received", { task: 1, channel: 0, record: 0 }],
    [3, "emitted", { task: 0, record: 0, value: 0 }],
    [3, "sent", { task: 0, channel: 0, record: 0 }],
    [4, "applied", { task: 1, record: 0, key: "k", value: 1 }],
    [5, "received", { task: 1, channel: 0, record: 0 }],
    [6, "applied", { task: 1, record: 0, key: "k", value: 1 }],
  ]);
  Object.assign(data.messages, { kind: [0, 0], from: [0, 0], to: [1, 1], channel: [0, 0], record: [0, 0], snapshot: [-1, -1] });
  Object.assign(data.messages, { sent: [1, 4], received: [2, 6] });
  assert.deepEqual([...openRun(scripts, data).prime], [0, 0, 0, 1, 1, 0, 1, 1]);
});

test("neighbours of a step, in both directions", () => {
  assert.deepEqual(
    [0, 3, 4, 9].map((stop) => scripts.neighbour([3, 9], stop, 1)),
    [3, 9, 9, -1],
  );
  assert.deepEqual(
    [0, 3, 4, 12].map((stop) => scripts.neighbour([3, 9], stop, -1)),
    [-1, -1, 3, 9],
  );
});

test("a fragment names a place, and a broken one the beginning", () => {
  const run = openRun(
    scripts,
    smallRun([
      [1, "sent", { channel: 0, record: 0 }],
      [4, "sent", { channel: 0, record: 1 }],
    ]),
  );
  const view = scripts.viewOf(run, "#step=4&record=A%232&control=1");
  assert.deepEqual([view.stop, view.record, view.control], [2, 1, true]);
  assert.equal(scripts.placeOf(run, { ...view, axis: "steps" }), "#step=4&record=A%232&control=1");
  assert.deepEqual(plain(scripts.viewOf(run, "#step=x&record=nobody&cut=7")), plain({ ...scripts.viewOf(run, ""), record: -1 }));
});

test("stepping back gives the state of stepping on, across keyframes", () => {
  const facts = Array.from({ length: 5000 }, (_, index) => [index + 1, index % 2 === 0 ? "sent" : "received", { channel: 0, record: 0 }]);
  const run = openRun(scripts, smallRun(facts));
  for (const stop of [999, 1000, 1001, 2000, 4999, 5000]) assert.equal(scripts.stateAt(run, stop).queues[0].length, stop % 2);
});

for (const scenario of scenariosIn("scenarios", "scenarios/course")) {
  test(`at the end the ledger says what the outcome says: ${scenario}`, () => {
    const data = dataOf(makePage(scenario));
    if (data.window.before + data.window.behind > 0) return;
    const run = openRun(scripts, data);
    const end = scripts.stateAt(run, run.lastStop);
    const folded = run.places.map((place) => ({ place: place.place, ...plain(scripts.countsOfPlace(run, end, place)) }));
    const told = outcomeOf(scenario).places.map(({ place, effects, lost, duplicated }) => ({ place, effects, lost, duplicated }));
    assert.deepEqual(
      folded.map(({ place, effects, missing, repeated }) => ({ place, effects, lost: missing, duplicated: repeated })),
      told,
    );
  });
}

for (const scenario of scenariosIn("scenarios", "scenarios/course")) {
  test(`a place has a chip for every record that counts there: ${scenario}`, () => {
    const data = dataOf(makePage(scenario));
    const run = openRun(scripts, data);
    for (const { place, records, candidates } of run.places) {
      if (data.window.before + data.window.behind > 0) continue;
      assert.equal(candidates.length, records, place);
      const names = candidates.map((record) => run.records[record].text);
      for (const example of data.outcome.places.find((one) => one.place === place).examples) {
        assert.ok(names.includes(example.replace(/ x\d+$/, "")), example);
      }
    }
  });
}

/** All that a page shows at a step, as far as it is not about steps that it does not have. */
function shownAt(run, stop) {
  const state = scripts.stateAt(run, stop);
  const sum = (log, reset = null) => {
    const keys = scripts.moveCounter(scripts.newCounter(scripts.countKeys(reset)), log);
    return { size: log?.size ?? 0, keys: [...keys].map(([key, { records, sum }]) => [key, records, sum]).sort() };
  };
  const facts = run.stopEnd[stop];
  const of = (fact) => (fact !== null && fact < facts ? run.facts.text[fact] : null);
  const partOf = (row) => (row ? [row.saved, row.offset, row.acked, ...row.records].map(of).filter(Boolean) : []);
  return plain({
    step: run.stopStep[stop],
    queues: state.queues.map((queue) => queue.map((element) => scripts.elementText(run, element))),
    blocked: state.blocked,
    failovers: state.failovers,
    tasks: state.tasks.map(({ log, open, prepared, ...task }, index) => ({
      ...task,
      log: sum(log, run.operators[run.tasks[index].operator].reset),
      open: sum(open),
      prepared: prepared.map((entry) => [entry.snapshot, sum(entry.log)]),
    })),
    shown: state.shown.map((log) => sum(log)),
    places: run.places.map((place) => scripts.countsOfPlace(run, state, place)),
    now: [...run.facts.text.slice(...scripts.factsOfStop(run, stop))],
    primes: [...run.prime.slice(...scripts.factsOfStop(run, stop))],
    latest: scripts.snapshotsBegun(run, stop).slice(-1).map(({ id, rows }) => [id, run.tasks.map((task, index) => partOf(rows.get(index)))]),
  });
}

/** Why the records that come up in a step show twice, or not at all. */
function reasonsAt(run, stop) {
  const [from, to] = scripts.factsOfStop(run, stop);
  const records = new Set(run.facts.record.slice(from, to).filter((record) => record >= 0));
  return [...records].map((record) => [run.records[record].text, ...scripts.explain(run, scripts.stateAt(run, stop), stop, record)]);
}

/** Long enough that most of what was counted before a part is told as sums. */
const INTO_AVERAGES = writeScenario("averages.json", {
  title: "averages that start anew",
  operators: {
    A: { kind: "source", records: 90, every: "1ms" },
    mean: { kind: "average", keys: 3, reset: 4 },
    last: { kind: "latest", keys: 4 },
  },
  channels: [
    { from: "A", to: "mean", delay: "3ms" },
    { from: "A", to: "last", delay: "2ms" },
  ],
  snapshots: { protocol: "unaligned", interval: "25ms" },
  recovery: { detect: "1ms", restart: "1ms" },
  faults: [{ crash: "mean", at: "60ms" }],
});

for (const scenario of [
  INTO_AVERAGES,
  "scenarios/at-least-once-double.json",
  "scenarios/overlapping-snapshots.json",
  "scenarios/fencing-off.json",
  "scenarios/two-phase-sink.json",
  "scenarios/plain-sink.json",
  "scenarios/volatile-source.json",
  "scenarios/join.json",
  "scenarios/latest-restored-backwards.json",
  "scenarios/backpressure-stalls-barrier.json",
  "scenarios/random-crashes-soak.json",
  "scenarios/course/03-bank-transfers.json",
  "scenarios/course/12-phantom-deadlock.json",
  "scenarios/course/17-barrier-jumps-ahead.json",
  "scenarios/course/25-loop-without-log.json",
]) {
  test(`a page of a part shows what the page of the whole run shows there: ${scenario}`, () => {
    const whole = openRun(scripts, dataOf(makePage(scenario)));
    for (let share = 1; share < 6; share += 1) {
      const first = Math.max(Math.floor((whole.lastStop * share) / 6), 1);
      const last = Math.min(first + 60, whole.lastStop);
      const [from, until] = [whole.stopStep[first], whole.stopStep[last]];
      const part = openRun(scripts, dataOf(makePage(scenario, "--from", String(from), "--until", String(until))));
      assert.equal(part.window.before, whole.stopEnd[first - 1]);
      assert.equal(part.lastStop, last - first + 1);
      for (let stop = 0; stop <= part.lastStop; stop += 1) {
        const { step, now, primes, ...there } = shownAt(whole, first - 1 + stop);
        assert.deepEqual(shownAt(part, stop), stop === 0 ? { ...there, step: 0, now: [], primes: [] } : { step, ...there, now, primes });
        if (last < whole.lastStop && stop > 0) assert.deepEqual(reasonsAt(part, stop), reasonsAt(whole, first - 1 + stop));
      }
    }
  });
}

/** Why a record is where it is at the end of a scenario's run. */
function reasons(scenario, name) {
  const run = openRun(scripts, dataOf(makePage(scenario)));
  const record = scripts.recordNamed(run, name);
  return [...scripts.explain(run, scripts.stateAt(run, run.lastStop), run.lastStop, record)].join("\n");
}

test("why a record counts twice, or not at all", () => {
  assert.match(
    reasons("scenarios/at-least-once-double.json", "A#3"),
    /^count: A#3 is counted 2 times.*at odds with itself.*\nout: A#3 is made visible 2 times/,
  );
  assert.match(
    reasons("scenarios/fencing-off.json", "S#5"),
    /emitted at step \d+, and again at step \d+ after the restore at step \d+: what was on its way from the first time arrived as well/,
  );
  assert.match(
    reasons("scenarios/course/16-unaligned-lost-channel.json", "B#1"),
    /count: B#1 does not show\. .*B will not send it again.*it is not in the state of count.*saved as contents of a channel and not put back/,
  );
  assert.match(reasons("scenarios/volatile-source.json", "S#5"), /S had not emitted it yet, but never sends it again/);
  assert.match(reasons("scenarios/volatile-source.json", "S#9"), /went by while its source was down/);
  assert.equal(reasons("scenarios/course/13-aligned-join.json", "A#3"), "");
  assert.match(
    reasons("scenarios/course/25-loop-without-log.json", "numbers#1 lap 2"),
    /^loop: numbers#1 lap 2 does not show\. .*numbers will not send it again.*it is not in the state of loop.*\nout: numbers#1 lap 2 does not show\. .*it is not in the state of loop/,
  );
});

test("a saved state says what it holds of a record that does not count there itself", () => {
  const data = smallRun([[1, "applied", { task: 1, record: 0, key: "k", value: 1 }]]);
  data.records.push({ text: "A#1+A#2", of: ["A#1", "A#2"] });
  const run = openRun(scripts, data);
  const { log } = scripts.stateAt(run, 1).tasks[1];
  const says = (record, isOfPlace) => plain(scripts.stateSays(run, record, "count", log, isOfPlace));
  assert.deepEqual(says(0, true), { isIn: true, note: "it is in the state of count" });
  assert.deepEqual(says(1, true), { isIn: false, note: "it is not in the state of count" });
  assert.deepEqual(says(2, false), { isIn: true, note: "A#1 is in the state of count" });
  assert.deepEqual(says(2, true), { isIn: false, note: "it is not in the state of count" });
});

test("a sentence says what is counted, and no value that could be taken for a count", () => {
  const { facts } = dataOf(makePage("scenarios/at-least-once-double.json"));
  assert.ok(facts.text.includes("count counts A#3 under key 3"));
});

test("before the first step comes the step that follows, and the last one is that of the whole run", () => {
  const data = smallRun([[2, "emitted", { task: 0, record: 0, value: 0 }]]);
  data.outcome.steps = 56_694;
  const run = openRun(scripts, data);
  assert.equal(scripts.stopTitle(run, 0), "Before step 2 of 56694");
  assert.equal(scripts.stopTitle(run, 1), "Step 2 of 56694 · 2ms");
});

test("ShiViz finds every fact by its default pattern, in a file and in pasted text", () => {
  const clean = (text) => text.trim();
  for (const scenario of ["scenarios/at-least-once-double.json", "scenarios/course/03-bank-transfers.json", "scenarios/word-count.json"]) {
    const told = exportOf(scenario, "jsonl")
      .trim()
      .split("\n")
      .map((line) => clean(JSON.parse(line).text));
    const text = exportOf(scenario, "shiviz");
    const [pattern, delimiter] = text.split("\n", 2);
    assert.equal(pattern, "(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})");
    assert.equal(delimiter, "");
    for (const log of [text, text.slice(pattern.length + delimiter.length + 2)]) {
      const events = [...log.trim().matchAll(new RegExp(pattern, "gm"))];
      assert.deepEqual(
        events.map(({ groups }) => clean(groups.event)),
        told,
      );
      for (const { groups } of events) assert.ok(JSON.parse(groups.clock)[groups.host] > 0, groups.host);
    }
  }
});

test("colours have contrast enough to be read", () => {
  const css = readSource("style.css");
  for (const [, block] of css.matchAll(/:root(?:\[data-theme="dark"\])? \{([^}]*--bg:[^}]*)\}/g)) {
    const colour = (name) => new RegExp(`--${name}: #([0-9a-f]{6})`).exec(block)[1];
    for (const ground of ["bg", "panel"]) {
      for (const ink of ["ink", "muted", "record", "barrier", "snapshot", "good", "bad"]) {
        const ratio = contrast(colour(ink), colour(ground));
        assert.ok(ratio >= 4.5, `${ink} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
    assert.ok(contrast(colour("on-primary"), colour("primary")) >= 4.5);
    assert.ok(contrast(colour("ink"), colour("pen")) >= 4.5);
  }
});

function contrast(one, other) {
  const light = (hex) => {
    const [r, g, b] = [0, 2, 4]
      .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}
