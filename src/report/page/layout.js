"use strict";
// Where things are in the diagram: a column per stop, a row per task with the coordinator on top.

const QUIET = [
  "uploaded",
  "acked",
  "all_acked",
  "ack_ignored",
  "exhausted",
  "notified",
  "finished",
  "fenced",
  "announced",
  "stuck",
  "trigger_received",
];
/** The least height of a row; less where there are many. */
const MIN_ROW = 34;
const MANY_ROWS = 10;
const MIN_ROW_OF_MANY = 25;
const MAX_ROW = 92;
const TOP = 46;
/** Room for the labels below the last row, and for the names of cuts below those. */
const CUT_NAMES = 18;
const BOTTOM = 30 + CUT_NAMES;

/** The x of every stop. */
function columnsOf(run, view) {
  return view.axis === "time" ? columnsInTime(run, view) : columnsInSteps(run, view);
}

/** In steps all columns are equally wide, except those that only hold control messages. */
function columnsInSteps(run, view) {
  const quiet = view.control ? new Uint8Array(run.lastStop + 1) : quietStops(run);
  const xs = new Float64Array(run.lastStop + 1);
  xs[0] = view.column * 0.5;
  for (let stop = 1; stop <= run.lastStop; stop += 1) xs[stop] = xs[stop - 1] + view.column * (quiet[stop] ? 0.35 : 1);
  return xs;
}

/** True to time: a millisecond is as wide everywhere, and what happens at one time stands in one column. */
function columnsInTime(run, view) {
  const xs = new Float64Array(run.lastStop + 1);
  const first = timeOfStop(run, Math.min(1, run.lastStop)) ?? 0;
  const scale = timeScale(run, view);
  xs[0] = view.column * 0.5;
  for (let stop = 1; stop <= run.lastStop; stop += 1) xs[stop] = view.column * 1.5 + (timeOfStop(run, stop) - first) * scale;
  return xs;
}

/** Pixels per microsecond, so that a run is about as wide as in steps. */
function timeScale(run, view) {
  const total = timeOfStop(run, run.lastStop) - timeOfStop(run, Math.min(1, run.lastStop));
  return total > 0 ? (view.column * run.lastStop) / total : 0;
}

/** Stops at which only control messages move. */
function quietStops(run) {
  const isQuiet = run.kinds.map((kind) => QUIET.includes(kind));
  const quiet = new Uint8Array(run.lastStop + 1).fill(1);
  for (let fact = 0; fact < run.count; fact += 1) if (!isQuiet[run.facts.kind[fact]]) quiet[run.stopOf[fact]] = 0;
  return quiet;
}

/** A column width with which a small run fills the diagram, and a large one stays legible. */
function fittingColumn(run, width) {
  return Math.min(Math.max(width / (run.lastStop + 1), 30), 64);
}

/** Everything about places: rows, gutter, size. */
function geometryOf(run, view, width, height) {
  const longest = Math.max(11, ...run.tasks.map((task) => task.name.length));
  const gutter = Math.min(24 + longest * 7.5, width * 0.25, 190);
  const room = (height - TOP - BOTTOM) / run.tasks.length;
  const row = Math.min(Math.max(room, leastRow(run)), MAX_ROW);
  const xs = columnsOf(run, view);
  return {
    xs,
    gutter,
    row,
    width,
    coordinator: TOP,
    rows: run.tasks.map((task, index) => TOP + (index + 1) * row - Math.max(row - MIN_ROW, 0) * 0.25),
    height: Math.max(TOP + run.tasks.length * row + BOTTOM, height),
    total: gutter + xs[run.lastStop] + view.column + 120,
  };
}

function leastRow(run) {
  return run.tasks.length > MANY_ROWS ? MIN_ROW_OF_MANY : MIN_ROW;
}

/** The height that all rows need, as far as a page has it. */
function roomFor(run) {
  return TOP + run.tasks.length * leastRow(run) + BOTTOM;
}

/** The y of a task's line, or of the coordinator's. */
function rowY(geometry, task) {
  return task < 0 ? geometry.coordinator : geometry.rows[task];
}

/** The x of a stop; behind the last one for what never ends. */
function stopX(geometry, stop) {
  const { xs } = geometry;
  return stop < xs.length ? xs[stop] : xs[xs.length - 1] + 40;
}

/**
 * The scroll position for a stop. The picture stands still while the current step is in the middle half, and moves by
 * half of its width beyond that; it depends on the step alone, so that a step forth and a step back show the same.
 */
function scrollFor(geometry, stop) {
  const seen = geometry.width - geometry.gutter;
  const page = seen / 2;
  const x = stopX(geometry, stop);
  const most = Math.max(geometry.total - geometry.width, 0);
  return Math.round(Math.min(Math.max(Math.floor((x - seen * 0.3) / page) * page, 0), most));
}

/** The stops of a part of the picture, with a margin at both sides. */
function stopsBetween(geometry, left, right) {
  const from = Math.max(lastNotAfter(geometry.xs, left), 0);
  const to = Math.min(Math.max(lastNotAfter(geometry.xs, right) + 1, from), geometry.xs.length - 1);
  return [from, to];
}

/** Layers of a graph from its sources, back edges aside, or null where there is no beginning. */
function layersOf(run) {
  const forward = run.channels.filter((channel) => !channel.back && channel.from !== channel.to);
  const layer = run.tasks.map(() => 0);
  for (let round = 0; round <= run.tasks.length; round += 1) {
    let changed = false;
    for (const { from, to } of forward) {
      if (layer[to] <= layer[from]) {
        layer[to] = layer[from] + 1;
        changed = true;
      }
    }
    if (!changed) return layer;
  }
  return null;
}

const NODE = { height: 50, gapY: 22 };
const CHIP = { height: 19, gap: 3, most: 3, longest: 16 };

/** As wide as the longest name needs, and a sink's or a keyed task's state. */
function nodeWidth(run) {
  const longest = Math.max(...run.tasks.map((task) => task.name.length));
  const least = run.operators.every((operator) => operator.kind === "account") ? 88 : 132;
  return Math.min(Math.max(longest * 9 + 16, least), 170);
}

/** The width of a chip with so many letters. */
function chipWidth(letters) {
  return Math.max(letters * 7.4 + 10, 20);
}

/** Room between two columns of boxes for a few records. */
function gapBetween(run) {
  const longest = run.records.reduce((most, record) => Math.max(most, record.text.length), 3);
  return Math.min(Math.max(40 + 2 * (chipWidth(Math.min(longest + 1, CHIP.longest)) + CHIP.gap), 150), 210);
}

/** Boxes for the tasks: columns by layer, or a circle where the graph has no beginning. */
function graphLayout(run) {
  const layer = layersOf(run);
  return layer === null ? circleLayout(run) : layeredLayout(run, layer);
}

function layeredLayout(run, layer) {
  const columns = [];
  layer.forEach((column, task) => {
    (columns[column] ??= []).push(task);
  });
  const [width, gap] = [nodeWidth(run), gapBetween(run)];
  const tallest = Math.max(...columns.map((column) => column.length));
  const height = tallest * (NODE.height + NODE.gapY) + 24;
  // Channels that lead back bow out above.
  const top = run.channels.some((channel) => layer[channel.to] <= layer[channel.from]) ? 50 : 0;
  const nodes = run.tasks.map(() => null);
  columns.forEach((tasks, column) =>
    tasks.forEach((task, index) => {
      nodes[task] = { x: 8 + column * (width + gap), y: top + (height * (index + 0.5)) / tasks.length - NODE.height / 2 };
    }),
  );
  return { nodes, nodeWidth: width, gap, width: columns.length * (width + gap) - gap + 16, height: height + top, isCircle: false };
}

/** A flat circle: the panel is wider than high. */
function circleLayout(run) {
  const count = run.tasks.length;
  const width = nodeWidth(run);
  const isPair = count === 2;
  const radius = { x: Math.max(190, count * 46), y: isPair ? 0 : Math.max(80, count * 13) };
  const nodes = run.tasks.map((task, index) => {
    const angle = (2 * Math.PI * index) / count - Math.PI * (isPair ? 1 : 0.5);
    return { x: 20 + radius.x + radius.x * Math.cos(angle), y: 30 + radius.y + radius.y * Math.sin(angle) };
  });
  return { nodes, nodeWidth: width, gap: 150, width: radius.x * 2 + width + 40, height: radius.y * 2 + NODE.height + 60, isCircle: true };
}
