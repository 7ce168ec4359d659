"use strict";
// What stands on the lines of the diagram: dots, snapshot points, commits, crashes, and the labels beside them.

const CONTROL_MARKS = new Set(["uploaded", "acked", "ack_ignored", "notified", "trigger_received"]);
const COORDINATOR = new Set([
  "triggered",
  "completed",
  "aborted",
  "failover",
  "restoring",
  "resumed",
  "job_failed",
  "overdue",
  "acked",
  "ack_ignored",
]);

/** What goes wrong at a task short of a crash. */
const REFUSALS = [
  "declined",
  "part_dropped",
  "abort_heard",
  "cancel_received",
  "notice_lost",
  "notice_repeated",
  "notice_postponed",
  "fenced",
  "missed",
];
/** What happens to records. */
const EVENTS = ["emitted", "sent", "received", "applied", "written", "posted", "became", "input_ended"];
/** What happens to sinks, and to tasks as a whole. */
const STATES = ["saved", "output", "prepared", "committed", "rolled_back", "open_dropped", "crashed", "restored", "task_finished"];
/** Facts that make a mark on a line; all others, those that are not known here among them, make none. */
const MARKED = new Set([
  ...CONTROL_MARKS,
  ...COORDINATOR,
  ...REFUSALS,
  ...EVENTS,
  ...STATES,
  "barrier_sent",
  "barrier_received",
  "cancel_sent",
  "end_sent",
  "initiated",
]);

/** One mark per row and stop: {task, stop, kinds, facts}. */
function marksBetween(run, view, from, to) {
  const marks = new Map();
  for (let fact = run.stopEnd[Math.max(from - 1, 0)]; fact < run.stopEnd[to]; fact += 1) {
    const kind = run.kinds[run.facts.kind[fact]];
    const task = markedTask(run, view, fact);
    if (task === null) continue;
    const key = run.stopOf[fact] * (run.tasks.length + 1) + task + 1;
    if (!marks.has(key)) marks.set(key, { task, stop: run.stopOf[fact], kinds: new Set(), facts: [] });
    marks.get(key).kinds.add(kind);
    marks.get(key).facts.push(fact);
  }
  return [...marks.values()];
}

/** The task on whose line a fact makes a mark, -1 for the coordinator's, or null. */
function markedTask(run, view, fact) {
  const kind = run.kinds[run.facts.kind[fact]];
  if (!MARKED.has(kind) || (CONTROL_MARKS.has(kind) && !view.control)) return null;
  return COORDINATOR.has(kind) ? -1 : taskOf(run, fact);
}

/** The task on whose line a fact stands: its own, or that of the channel's end where it happened. */
function taskOf(run, fact) {
  const { task, channel, kind } = run.facts;
  if (task[fact] >= 0 || channel[fact] < 0) return task[fact];
  const { from, to } = run.channels[channel[fact]];
  return ["sent", "barrier_sent", "cancel_sent", "end_sent"].includes(run.kinds[kind[fact]]) ? from : to;
}

function drawMarks(app, diagram, marks) {
  const group = svg("g", { class: "marks" });
  const held = heldStops(app.run, diagram);
  for (const mark of marks) {
    const x = stopX(diagram.geometry, mark.stop);
    const y = rowY(diagram.geometry, mark.task);
    const shapes = mark.task < 0 ? coordinatorShapes(mark, x, y) : taskShapes(mark, x, y, held.has(`${mark.task}/${mark.stop}`));
    if (shapes.length === 0) continue;
    const tip = mark.facts
      .slice(0, 6)
      .map((fact) => app.run.facts.text[fact])
      .join("\n");
    group.append(svg("g", { class: "mark", "data-task": mark.task, "data-stop": mark.stop }, svg("title", {}, tip), ...shapes));
    labelMark(app, diagram, mark, x, y);
  }
  return group;
}

/** Where records are taken that had waited in a blocked channel. */
function heldStops(run, diagram) {
  const held = new Set();
  for (const { message } of diagram.arrows) {
    if (isHeld(run, message)) held.add(`${run.messages.to[message]}/${run.stopOf[run.messages.received[message]]}`);
  }
  return held;
}

/** The shapes of a mark on a task's line, from the back to the front. */
function taskShapes({ kinds }, x, y, isHeldBack) {
  const has = (...names) => names.some((name) => kinds.has(name));
  const shapes = [...endShapes(has, x, y), ...sinkShapes(has, x, y), ...pointShapes(has, x, y, isHeldBack)];
  if (has("crashed")) shapes.push(svg("path", { class: "crash", d: crossAt(x, y, 8) }));
  return shapes;
}

function crossAt(x, y, size) {
  return `M${x - size} ${y - size} l${2 * size} ${2 * size} M${x - size} ${y + size} l${2 * size} ${-2 * size}`;
}

/** Where an attempt begins and where a source ends. */
function endShapes(has, x, y) {
  const shapes = [];
  if (has("restored")) shapes.push(svg("path", { class: "tick", d: `M${x} ${y - 9} v18` }));
  if (has("task_finished")) shapes.push(svg("path", { class: "tick", d: `M${x - 5} ${y - 9} h5 v18 h-5` }));
  return shapes;
}

/** Boxes for transactions: hollow when pre-committed, full when visible, struck out when taken back. */
function sinkShapes(has, x, y) {
  const box = (name, half) => svg("rect", { class: name, x: x - half, y: y - half, width: 2 * half, height: 2 * half });
  if (has("committed")) return [box("commit", 7)];
  if (has("prepared")) return [box("prepared", 9)];
  if (has("output")) return [box("commit", 5)];
  if (has("rolled_back", "open_dropped"))
    return [svg("path", { class: "undo", d: `M${x - 6} ${y - 6} h12 v12 h-12 z M${x - 9} ${y + 9} l18 -18` })];
  return [];
}

/** The point itself: of several things at one step the rarest. */
function pointShapes(has, x, y, isHeldBack) {
  const dot = (name, r) => svg("circle", { class: name, cx: x, cy: y, r });
  if (has("saved")) return [svg("path", { class: "saved", d: `M${x} ${y - 7} l7 7 l-7 7 l-7 -7 z` })];
  if (has(...REFUSALS)) return [dot("refused", 5), svg("path", { class: "refused", d: `M${x - 3.5} ${y + 3.5} l7 -7` })];
  if (isHeldBack) return [dot("held", 5)];
  if (has("barrier_received", "barrier_sent") && !has("received", "emitted")) return [dot("barrier-dot", 3.5)];
  if (has(...EVENTS) && !has("output")) return [dot("dot", 4)];
  return has("uploaded", "notified", "trigger_received") ? [dot("control-dot", 2.5)] : [];
}

function coordinatorShapes({ kinds }, x, y) {
  const shapes = [];
  if (kinds.has("triggered")) shapes.push(svg("path", { class: "saved", d: `M${x - 6} ${y - 6} H${x + 6} L${x} ${y + 5} Z` }));
  if (kinds.has("completed"))
    shapes.push(
      svg("circle", { class: "complete", cx: x, cy: y, r: 7 }),
      svg("path", { class: "check", d: `M${x - 3.5} ${y} l2.5 3 l4.5 -6` }),
    );
  if (kinds.has("aborted"))
    shapes.push(
      svg("circle", { class: "refused", cx: x, cy: y, r: 7 }),
      svg("path", { class: "refused", d: `M${x - 4} ${y - 4} l8 8 M${x - 4} ${y + 4} l8 -8` }),
    );
  if (kinds.has("failover") || kinds.has("job_failed"))
    shapes.push(svg("path", { class: "crash", d: `M${x} ${y - 9} V${y + 3} M${x} ${y + 7} V${y + 9}` }));
  if (kinds.has("restoring") || kinds.has("resumed")) shapes.push(svg("path", { class: "tick", d: `M${x} ${y - 8} V${y + 8}` }));
  if (kinds.has("overdue")) shapes.push(svg("circle", { class: "refused", cx: x, cy: y, r: 4 }));
  if (kinds.has("acked") || kinds.has("ack_ignored")) shapes.push(svg("circle", { class: "control-dot", cx: x, cy: y, r: 2.5 }));
  return shapes;
}

/** Words beside a mark, for what is rare and decides. */
function labelMark(app, diagram, mark, x, y) {
  const text = markText(app.run, mark);
  if (text === "") return;
  const above = [x, y - 13, "middle"];
  const spots =
    mark.task < 0
      ? [
          [x, y - 12, "middle"],
          [x + 11, y - 3, "start"],
          [x + 4, y - 12, "start"],
          [x, y + 18, "middle"],
        ]
      : [above, [x + 11, y - 10, "start"], [x - 11, y - 10, "end"], [x, y + 22, "middle"], [x + 11, y + 20, "start"]];
  placeLabel(
    diagram.labels,
    text,
    mark.kinds.has("crashed") || mark.kinds.has("failover") || mark.kinds.has("job_failed") ? "fault" : "event",
    spots,
  );
}

function markText(run, { kinds, facts, task }) {
  const first = (kind) => facts.find((fact) => run.facts.kind[fact] === run.K[kind]);
  const snapshot = (kind) => run.facts.snapshot[first(kind)];
  if (kinds.has("crashed")) return "crash";
  if (kinds.has("job_failed")) return "job failed";
  if (kinds.has("failover")) return "failure noticed";
  if (kinds.has("restoring")) return snapshot("restoring") < 0 ? "restore nothing" : `restore ${snapshot("restoring")}`;
  if (kinds.has("completed")) return `${snapshot("completed")} complete`;
  if (kinds.has("aborted")) return `${snapshot("aborted")} given up`;
  if (kinds.has("triggered")) return `snapshot ${snapshot("triggered")}`;
  if (kinds.has("committed")) return commitText(run, facts, snapshot("committed"));
  if (kinds.has("prepared")) return `pre-commit ${snapshot("prepared")}`;
  if (kinds.has("declined")) return `declines ${snapshot("declined")}`;
  return kinds.has("restored") && task >= 0 ? attemptText(run, task, run.stopOf[facts[0]]) : "";
}

function commitText(run, facts, snapshot) {
  const shown = facts.filter((fact) => run.facts.kind[fact] === run.K.output).length;
  return shown > 0 ? `commit ${snapshot}: ${plural(shown, "record")}` : `commit ${snapshot} again`;
}

function attemptText(run, task, stop) {
  const attempt = run.spans.attempts[task].find((one) => one.from === stop && one.attempt > 1);
  return attempt ? `attempt ${attempt.attempt}` : "";
}

/** Labels that do not cover each other: each takes the first of its spots that is free, or is left out. */
function newLabels(geometry) {
  return { taken: new Map(), texts: [], top: 16, bottom: geometry.height - CUT_NAMES };
}

const LABEL_CELL = 40;

function placeLabel(labels, text, kind, spots, record = -1) {
  const width = text.length * 6.6 + 4;
  for (const [x, y, anchor] of spots) {
    const left = anchor === "middle" ? x - width / 2 : anchor === "end" ? x - width : x;
    const box = { left, right: left + width, top: y - 11, bottom: y + 3 };
    if (box.top < labels.top || box.bottom > labels.bottom || !isFree(labels, box)) continue;
    take(labels, box);
    labels.texts.push({ text, kind, x: round(x), y: round(y), anchor, record });
    return;
  }
}

function reserveMarks(diagram, marks) {
  for (const { stop, task } of marks) {
    const x = stopX(diagram.geometry, stop);
    const y = rowY(diagram.geometry, task);
    take(diagram.labels, { left: x - 5, right: x + 5, top: y - 7, bottom: y + 7 });
  }
}

function cellsOf(box) {
  const cells = [];
  for (let column = Math.floor(box.left / LABEL_CELL); column <= Math.floor(box.right / LABEL_CELL); column += 1) {
    for (let row = Math.floor(box.top / LABEL_CELL); row <= Math.floor(box.bottom / LABEL_CELL); row += 1) cells.push(column * 4096 + row);
  }
  return cells;
}

function isFree(labels, box) {
  const meets = (other) => other.left < box.right && other.right > box.left && other.top < box.bottom && other.bottom > box.top;
  return cellsOf(box).every((cell) => !(labels.taken.get(cell) || []).some(meets));
}

function take(labels, box) {
  for (const cell of cellsOf(box)) {
    if (!labels.taken.has(cell)) labels.taken.set(cell, []);
    labels.taken.get(cell).push(box);
  }
}

function drawLabels(labels) {
  return svg(
    "g",
    { class: "labels" },
    ...labels.texts.map(({ text, kind, x, y, anchor }) => svg("text", { x, y, "text-anchor": anchor, class: kind }, text)),
  );
}
