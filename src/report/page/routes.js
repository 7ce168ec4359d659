"use strict";
// The ways of arrows. An arrow is straight, unless it would run through the mark of a task that it has nothing to do with:
// then it crosses that task's line beside the mark.

/** Nearer than this to a mark's edge an arrow seems to begin or end there. */
const NEAR = 5;
/** So far from marks an arrow crosses a line where there is room. */
const CLEAR = 8;
/** What it costs to be nearer, in pixels of detour. */
const NEAR_COST = 8;
/** How far beyond its ends an arrow may go that is almost upright. */
const BEYOND = 30;
/** No arrow makes a longer detour. */
const FARTHEST = 300;
/** So far above and below the line an arrow that makes a detour crosses it steeply, if the rows are that far apart. */
const CROSSING = 14;
/** How far a mark goes from its middle, by what it stands for; all others are no larger than a ring. */
const SIZES = {
  prepared: 12,
  crashed: 10,
  rolled_back: 10,
  open_dropped: 10,
  restored: 9,
  task_finished: 9,
  committed: 9,
  saved: 7,
  output: 7,
};
const RING = 5;
const MOST_SIZE = Math.max(...Object.values(SIZES));

/** By row, the coordinator's first: the stops at which there is a mark, and how large it is. */
function markedStops(run, view) {
  const rows = Array.from({ length: run.tasks.length + 1 }, () => ({ stops: [], sizes: [] }));
  for (let fact = run.window.earlier; fact < run.count; fact += 1) {
    const task = markedTask(run, view, fact);
    if (task === null) continue;
    const { stops, sizes } = rows[task + 1];
    if (stops[stops.length - 1] !== run.stopOf[fact]) {
      stops.push(run.stopOf[fact]);
      sizes.push(RING);
    }
    sizes[sizes.length - 1] = Math.max(sizes[sizes.length - 1], SIZES[run.kinds[run.facts.kind[fact]]] ?? RING);
  }
  return rows;
}

/** The corners of an arrow's way from [x1, y1] to [x2, y2], both of them included. */
function routeOf(diagram, from, to, { x1, y1, x2, y2 }) {
  let points = [
    [x1, y1],
    [x2, y2],
  ];
  if (y1 === y2) return points;
  const between = rowsBetween(diagram.geometry, from, to, y1, y2);
  while (between.length > 0) {
    const hit = between.findIndex((task) => runsThroughMarks(diagram, points, task));
    if (hit < 0) return points;
    points = bentAt(diagram, points, between[hit]);
    between.splice(hit, 1);
  }
  return points;
}

/** The tasks whose lines lie between two heights, those of the arrow's own ends aside. */
function rowsBetween({ rows }, from, to, y1, y2) {
  const [top, bottom] = [Math.min(y1, y2), Math.max(y1, y2)];
  const between = [];
  rows.forEach((y, task) => {
    if (y > top && y < bottom && task !== from && task !== to) between.push(task);
  });
  return between;
}

/** The marks on a task's line between two places: where they are, and how large. */
function marksNear({ geometry, marked }, task, left, right) {
  const { stops, sizes } = marked[task + 1];
  const near = [];
  for (let at = firstStopFrom(geometry, stops, left); at < stops.length; at += 1) {
    const x = stopX(geometry, stops[at]);
    if (x > right) break;
    near.push({ stop: stops[at], x, size: sizes[at] });
  }
  return near;
}

/** The place in the list of the first of these stops that is not left of x. */
function firstStopFrom(geometry, stops, x) {
  let [low, high] = [0, stops.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stopX(geometry, stops[middle]) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function runsThroughMarks(diagram, points, task) {
  const y = diagram.geometry.rows[task];
  return points.slice(1).some((end, at) => {
    const start = points[at];
    const part = partNear(start, end, y);
    if (part === null) return false;
    const marks = marksNear(diagram, task, part[0] - MOST_SIZE - NEAR, part[1] + MOST_SIZE + NEAR);
    return marks.some(({ x, size }) => distanceTo(start, end, [x, y]) < size + NEAR);
  });
}

/** From where to where a straight line is near to a height, or null. */
function partNear([x1, y1], [x2, y2], y) {
  const far = MOST_SIZE + NEAR;
  const [top, bottom] = [Math.max(Math.min(y1, y2), y - far), Math.min(Math.max(y1, y2), y + far)];
  if (top > bottom) return null;
  if (y1 === y2) return [Math.min(x1, x2), Math.max(x1, x2)];
  const xs = [top, bottom].map((height) => x1 + ((x2 - x1) * (height - y1)) / (y2 - y1));
  return [Math.min(...xs), Math.max(...xs)];
}

/** How far a point is from a straight line between two others. */
function distanceTo([x1, y1], [x2, y2], [x, y]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const share = Math.min(Math.max(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1), 0), 1);
  return Math.hypot(x1 + dx * share - x, y1 + dy * share - y);
}

/** The way with two more corners, between which it crosses the task's line where there is room. */
function bentAt(diagram, points, task) {
  const { geometry } = diagram;
  const y = geometry.rows[task];
  const at = points.findIndex(([, end], index) => index > 0 && (points[index - 1][1] - y) * (end - y) <= 0);
  const [[x1, y1], [x2, y2]] = [points[at - 1], points[at]];
  const x = freeCrossing(diagram, task, x1 + ((x2 - x1) * (y - y1)) / (y2 - y1), [Math.min(x1, x2), Math.max(x1, x2)]);
  const height = Math.min(CROSSING, geometry.row * 0.45, Math.abs(y - y1), Math.abs(y2 - y));
  const [down, width] = [y2 > y1 ? height : -height, crossingWidth(diagram, task, x, height, (x2 - x1) / Math.abs(y2 - y1))];
  return [...points.slice(0, at), [x - width, y - down], [x + width, y + down], ...points.slice(at)];
}

/** How far to both sides the crossing goes: as sloped as the way, unless a mark would then be too near. */
function crossingWidth(diagram, task, x, height, slope) {
  const far = 4 * (MOST_SIZE + NEAR);
  const marks = marksNear(diagram, task, x - far, x + far);
  const steepest = marks.reduce((most, mark) => Math.max(most, (mark.size + NEAR) / Math.max(Math.abs(mark.x - x), 1)), 0.25);
  const sine = Math.min(steepest, 0.98);
  return Math.sign(slope) * Math.min(Math.abs(slope), Math.sqrt(1 - sine * sine) / sine) * height;
}

/** Where a way crosses a task's line: as near as possible to `wanted`, but not near to a mark. */
function freeCrossing(diagram, task, wanted, [left, right]) {
  const beyond = right - left < 2 * (MOST_SIZE + CLEAR) ? BEYOND : 0;
  const [from, to] = [Math.max(left - beyond, wanted - FARTHEST), Math.min(right + beyond, wanted + FARTHEST)];
  const marks = marksNear(diagram, task, from - MOST_SIZE - CLEAR, to + MOST_SIZE + CLEAR);
  const between = marks.slice(1).map((mark, at) => (mark.x - mark.size + marks[at].x + marks[at].size) / 2);
  const places = [wanted, ...between, ...marks.flatMap(({ x, size }) => [x - size - CLEAR, x + size + CLEAR])];
  let [best, least] = [wanted, Infinity];
  for (const x of places) {
    if (x < from || x > to) continue;
    const room = marks.reduce((most, mark) => Math.min(most, Math.abs(mark.x - x) - mark.size), CLEAR);
    const cost = Math.abs(x - wanted) + NEAR_COST * (CLEAR - room);
    if (cost < least) [best, least] = [x, cost];
  }
  return best;
}

function lengthOf(points) {
  return points.slice(1).reduce((sum, [x, y], at) => sum + Math.hypot(x - points[at][0], y - points[at][1]), 0);
}

/** The first part of a way, so many pixels long. */
function firstPart(points, length) {
  const part = [points[0]];
  let left = length;
  for (const [x, y] of points.slice(1)) {
    const [fromX, fromY] = part[part.length - 1];
    const step = Math.hypot(x - fromX, y - fromY);
    const share = step > left ? left / step : 1;
    part.push([fromX + (x - fromX) * share, fromY + (y - fromY) * share]);
    left -= step;
    if (left <= 0) break;
  }
  return part;
}

/** A point of a way, after this share of its length, and the direction there. */
function pointOn(points, share) {
  const part = firstPart(points, lengthOf(points) * share);
  const [[fromX, fromY], [x, y]] = part.length > 1 ? part.slice(-2) : [points[0], points[0]];
  return { x, y, dx: x - fromX, dy: y - fromY };
}

/** How far a point is from a way, and after which share of the way it is nearest. */
function nearestOn(points, point) {
  let [distance, before, along] = [Infinity, 0, 0];
  points.slice(1).forEach((end, at) => {
    const start = points[at];
    const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
    const apart = distanceTo(start, end, point);
    if (apart < distance) {
      const beside = Math.sqrt(Math.max((point[0] - start[0]) ** 2 + (point[1] - start[1]) ** 2 - apart * apart, 0));
      [distance, along] = [apart, before + Math.min(beside, length)];
    }
    before += length;
  });
  return { distance, share: before > 0 ? along / before : 0 };
}

/** So much of a corner is cut off and made round. */
const ROUND = 9;

/** A way as the path of an SVG, its corners round. */
function pathOf(points) {
  const text = ([x, y]) => `${round(x)} ${round(y)}`;
  const towards = ([x, y], [otherX, otherY]) => {
    const length = Math.hypot(otherX - x, otherY - y) || 1;
    const share = Math.min(ROUND, length / 2) / length;
    return [x + (otherX - x) * share, y + (otherY - y) * share];
  };
  const corners = points
    .slice(1, -1)
    .map((corner, at) => ` L${text(towards(corner, points[at]))} Q${text(corner)} ${text(towards(corner, points[at + 2]))}`);
  return `M${text(points[0])}${corners.join("")} L${text(points[points.length - 1])}`;
}
