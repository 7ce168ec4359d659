"use strict";
// The space-time diagram: lines, bars and arrows of the part that is in view. It does not depend on the current
// step; what does (the veil over the future, cuts, the followed record) is in overlay.js.

/** No more arrows than this at a time; the latest are drawn. */
const MOST_ARROWS = 500;
/** From so many on, those that only pass through the picture are faint. */
const CROWD = 120;

/**
 * Makes the diagram's elements and its listeners. What stays and what changes with the step are pictures of their own, one on
 * the other, so that a step does not paint all arrows again.
 */
function createDiagram(app, container) {
  const diagram = { container, arrows: [], geometry: null, drawnFrom: 0, drawnTo: -1, left: 0, top: 0, seen: 0 };
  diagram.layers = ["under", "still", "over"].map((name) => svg("svg", { class: name }));
  [diagram.under, diagram.still, diagram.over] = diagram.layers.map(() => svg("g"));
  diagram.axis = svg("g", { class: "axis" });
  diagram.plots = [diagram.under, diagram.still, diagram.over];
  diagram.layers.forEach((layer, index) => layer.append(diagram.plots[index]));
  diagram.names = svg("g", { class: "names" });
  diagram.layers[0].prepend(arrowHeads());
  diagram.layers[2].append(diagram.axis, diagram.names);
  diagram.picture = html("div", { class: "picture" }, ...diagram.layers);
  diagram.spacer = html("div", { class: "spacer" }, diagram.picture);
  container.append(diagram.spacer);
  container.addEventListener("scroll", () => {
    Object.assign(diagram, { left: container.scrollLeft, top: container.scrollTop });
    drawDiagram(app, diagram);
  });
  diagram.picture.addEventListener("click", (event) => clickDiagram(app, diagram, event));
  return diagram;
}

const HEADS = ["record", "barrier", "cancel", "end", "control", "orphan", "crossing", "reinstated"];

/** The head for an arrow of this kind; one that is not known here looks like the end of a channel. */
function headOf(kind) {
  return `url(#head-${HEADS.includes(kind) ? kind : "end"})`;
}

/** The heads of the arrows, one per colour. */
function arrowHeads() {
  const head = (name) =>
    svg(
      "marker",
      {
        id: `head-${name}`,
        class: `head ${name}`,
        viewBox: "0 0 8 8",
        refX: 7,
        refY: 4,
        markerWidth: 8,
        markerHeight: 8,
        markerUnits: "userSpaceOnUse",
        orient: "auto",
      },
      svg("path", { d: "M0 0.8 L8 4 L0 7.2 Z" }),
    );
  const hatch = svg(
    "pattern",
    { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 6, height: 6, class: "hatch-ground" }),
    svg("rect", { width: 2, height: 6, class: "hatch-line" }),
  );
  return svg("defs", {}, ...HEADS.map(head), hatch);
}

/** Works out the places again: after a change of size, of column width, of options. */
function measureDiagram(app, diagram) {
  const { clientWidth, clientHeight } = diagram.container;
  diagram.geometry = geometryOf(app.run, app.view, Math.max(clientWidth, 200), Math.max(clientHeight - 2, 160));
  diagram.marked = markedStops(app.run, app.view);
  const { geometry } = diagram;
  diagram.seen = clientHeight;
  diagram.spacer.style.width = `${Math.max(geometry.total, geometry.width)}px`;
  diagram.spacer.style.height = `${geometry.height}px`;
  for (const element of [diagram.picture, ...diagram.layers])
    Object.assign(element.style, { width: `${geometry.width}px`, height: `${geometry.height}px` });
  diagram.drawnTo = -1;
  drawNames(app, diagram);
}

/**
 * Brings the current step into view, and where there are many rows the one where something happens. Where the container is
 * scrolled to is remembered: to ask it would lay out the page.
 */
function scrollToStop(app, diagram) {
  const { geometry } = diagram;
  const [fact, end] = factsOfStop(app.run, app.view.stop);
  const y = fact === end || geometry.height <= diagram.seen ? -1 : rowY(geometry, taskOf(app.run, fact));
  const isSeen = y < 0 || (y > diagram.top + 20 && y < diagram.top + diagram.seen - 20);
  scrollDiagram(diagram, scrollFor(geometry, app.view.stop), isSeen ? diagram.top : y - diagram.seen / 2);
}

function scrollDiagram(diagram, left, wantedTop) {
  const top = Math.round(Math.min(Math.max(wantedTop, 0), Math.max(diagram.geometry.height - diagram.seen, 0)));
  if (left !== diagram.left) diagram.container.scrollLeft = left;
  if (top !== diagram.top) diagram.container.scrollTop = top;
  Object.assign(diagram, { left, top });
}

/** Draws what is in view, if it is not drawn yet, and everything that depends on the step. */
function drawDiagram(app, diagram) {
  const { geometry } = diagram;
  const { left, top } = diagram;
  const seen = geometry.width - geometry.gutter;
  const [from, to] = stopsBetween(geometry, left, left + seen);
  if (from < diagram.drawnFrom || to > diagram.drawnTo) {
    const [wideFrom, wideTo] = stopsBetween(geometry, left - seen / 2, left + seen * 1.5);
    drawStill(app, diagram, wideFrom, wideTo);
  }
  diagram.plots.forEach((plot) => plot.setAttribute("transform", `translate(${geometry.gutter - left} 0)`));
  diagram.axis.setAttribute("transform", `translate(${geometry.gutter - left} ${top})`);
  diagram.axisName.setAttribute("transform", `translate(0 ${top})`);
  drawOverlay(app, diagram);
}

/** Draws the stops from `from` to `to`, whatever the current step. */
function drawStill(app, diagram, from, to) {
  Object.assign(diagram, { drawnFrom: from, drawnTo: to, arrows: [], labels: newLabels(diagram.geometry) });
  const marks = marksBetween(app.run, app.view, from, to);
  reserveMarks(diagram, marks);
  const arrows = drawArrows(app, diagram, from, to);
  drawAxis(app, diagram, from, to);
  diagram.still.replaceChildren(
    drawLines(app, diagram, from, to),
    drawBars(app, diagram, from, to),
    arrows,
    drawMarks(app, diagram, marks),
    drawLabels(diagram.labels),
  );
}

/** The times (or steps) along the top, as many as there is room for; they stay there when the rows are scrolled. */
function drawAxis(app, diagram, from, to) {
  const { geometry } = diagram;
  diagram.axis.replaceChildren(
    svg("rect", {
      class: "axis-ground",
      x: stopX(geometry, from) - geometry.width,
      width: stopX(geometry, to) - stopX(geometry, from) + geometry.width * 2,
      height: 18,
    }),
  );
  let free = -Infinity;
  let last = null;
  for (let stop = Math.max(from, 1); stop <= to; stop += 1) {
    const time = timeOfStop(app.run, stop);
    const text = time === null ? String(app.run.stopStep[stop]) : timeText(time);
    const x = stopX(geometry, stop);
    if (text === last || x < free) continue;
    last = text;
    free = x + text.length * 7 + 12;
    diagram.axis.append(svg("text", { x, y: 14 }, text), svg("line", { x1: x, x2: x, y1: 18, y2: 23 }));
  }
}

/** A line per task: whole while it runs, dotted while it is down. */
function drawLines(app, diagram, from, to) {
  const { geometry } = diagram;
  const group = svg("g", { class: "lines" });
  const [left, right] = [stopX(geometry, from) - 20, stopX(geometry, to) + 20];
  const line = (y, x1, x2, className) => {
    const [start, end] = [Math.max(x1, left), Math.min(x2, right)];
    if (start < end) group.append(svg("line", { x1: start, x2: end, y1: y, y2: y, class: className }));
  };
  line(geometry.coordinator, left, right, "coordinator");
  app.run.spans.attempts.forEach((attempts, task) => {
    const y = geometry.rows[task];
    attempts.forEach((attempt, index) => {
      const isLast = index === attempts.length - 1;
      const end = isLast && attempt.end === null ? geometry.total : stopX(geometry, attempt.to);
      // One that ended before the page begins is not there any more.
      if (attempt.to > 0 || attempt.end === null) line(y, attempt.from === 0 ? -20 : stopX(geometry, attempt.from), end, "alive");
      const next = isLast ? geometry.total : stopX(geometry, attempts[index + 1].from);
      if (end < next) line(y, end, next, attempt.end === "finished" ? "finished" : "dead");
    });
  });
  return group;
}

/** Blocked channels: a hatched bar under the receiver's line, one below the other. */
function drawBars(app, diagram, from, to) {
  const { run } = app;
  const { geometry } = diagram;
  const group = svg("g", { class: "bars" });
  const rank = run.tasks.map(() => 0);
  run.channels.forEach((channel, index) => {
    const place = rank[channel.to];
    rank[channel.to] += 1;
    for (const span of run.spans.blocked[index]) {
      if (span.to < from || span.from > to) continue;
      const x = stopX(geometry, span.from);
      const y = geometry.rows[channel.to] + 7 + Math.min(place, 2) * 7;
      const width = Math.max(stopX(geometry, span.to) - x, 4);
      group.append(svg("rect", { x, y, width, height: 6, fill: "url(#hatch)" }, svg("title", {}, `${channel.name} blocked`)));
      take(diagram.labels, { left: x, right: x + width, top: y, bottom: y + 6 });
      const text = `${channel.name} blocked`;
      placeLabel(diagram.labels, text, "blocked", [
        [x + width + 4, y + 7, "start"],
        [x - 4, y + 7, "end"],
        [x + 2, y + 18, "start"],
        [x + width, y + 18, "end"],
      ]);
    }
  });
  return group;
}

/** The arrows. A message that nobody took ends in a cross where it was cleared away, or stays open. */
function drawArrows(app, diagram, from, to) {
  const { run, view } = app;
  const group = svg("g", { class: "arrows" });
  const messages = messagesBetween(run, from, to).filter((message) => view.control || run.messages.channel[message] >= 0);
  const isCrowded = messages.length > CROWD;
  byId("diagram-note").textContent = messages.length > MOST_ARROWS ? `the latest ${MOST_ARROWS} of ${messages.length} arrows` : "";
  for (const message of messages.slice(-MOST_ARROWS)) {
    const arrow = arrowOf(app, diagram, message, run.message_kinds[run.messages.kind[message]]);
    arrow.isPassing = isCrowded && run.stopOf[run.messages.sent[message]] < from && run.spans.messageEnd[message] > to;
    diagram.arrows.push(arrow);
    group.append(drawArrow(run, arrow));
    if (!arrow.isPassing) labelArrow(run, diagram, arrow);
  }
  return group;
}

function arrowOf(app, diagram, message, kind) {
  const { run } = app;
  const { geometry } = diagram;
  const { from, to, sent } = run.messages;
  const isBack = run.facts.kind[sent[message]] === run.K.reinstated;
  const ends = {
    x1: stopX(geometry, run.stopOf[sent[message]]),
    y1: isBack ? rowY(geometry, to[message]) - geometry.row * 0.4 : rowY(geometry, from[message]),
    x2: stopX(geometry, run.spans.messageEnd[message]),
    y2: rowY(geometry, to[message]),
  };
  return {
    message,
    kind: isBack ? "reinstated" : from[message] < 0 || to[message] < 0 ? "control" : kind,
    fate: run.spans.messageFate[message],
    route: routeOf(diagram, from[message], to[message], ends),
    record: run.messages.record[message],
  };
}

function drawArrow(run, arrow) {
  const isGone = arrow.fate === "cleared" || arrow.fate === "lost";
  const path = svg("path", {
    d: arrowPath(arrow),
    class: `arrow ${arrow.kind}${isGone ? " gone" : ""}${arrow.isPassing ? " passing" : ""}`,
    "data-message": arrow.message,
    "marker-end": arrow.fate === "received" ? headOf(arrow.kind) : null,
  });
  if (!isGone) return path;
  const { x, y } = pointOn(arrow.route, GONE);
  const cross = `M${round(x - 4)} ${round(y - 4)} l8 8 m-8 0 l8 -8`;
  return svg("g", {}, path, svg("path", { class: "cross gone", d: cross }));
}

/** So much of its way a message goes that is thrown away or lost. */
const GONE = 0.88;

/** From row to row, or a bow for a channel that comes back to its own task. */
function arrowPath({ route, fate }) {
  const [[x1, y1], [x2, y2]] = [route[0], route[route.length - 1]];
  if (y1 === y2) return `M${x1} ${y1} Q${(x1 + x2) / 2} ${y1 - 30} ${x2 - 4} ${y2 - 4}`;
  const length = lengthOf(route);
  return pathOf(firstPart(route, fate === "received" ? length - 5 : fate === "waiting" ? length : length * GONE));
}

function round(number) {
  return Math.round(number * 10) / 10;
}

/** The name of what moves, beside the arrow where there is room. */
function labelArrow(run, diagram, arrow) {
  const text = arrowText(run, arrow);
  if (text === "") return;
  const spots = [0.3, 0.5, 0.18, 0.66, 0.8].map((share) => {
    const { x, y, dx, dy } = pointOn(arrow.route, share);
    const length = Math.hypot(dx, dy) || 1;
    const isSteep = Math.abs(dy) > Math.abs(dx) * 0.5;
    const beside = x + (Math.abs(dy) / length) * 6;
    const below = y - (dy >= 0 ? dx / length : -dx / length) * 6 + (isSteep ? 4 : dy >= 0 ? 0 : 8);
    return [beside, below, isSteep ? "start" : "middle"];
  });
  placeLabel(diagram.labels, text, arrow.kind, spots, arrow.record);
}

function arrowText(run, arrow) {
  const { sent, snapshot } = run.messages;
  if (arrow.record >= 0) return sentText(run, arrow.record, sent[arrow.message]);
  if (arrow.kind === "barrier") return `B${snapshot[arrow.message]}`;
  if (arrow.kind === "cancel") return `cancel ${snapshot[arrow.message]}`;
  return arrow.kind === "control" ? "" : words(arrow.kind);
}

/** The names of the rows, which stay where they are. */
function drawNames(app, diagram) {
  const { geometry } = diagram;
  const most = Math.floor((geometry.gutter - 16) / 7.5);
  const name = (text, y, className) =>
    svg(
      "text",
      { x: geometry.gutter - 10, y: y + 4, class: className },
      svg("title", {}, text),
      text.length > most ? `${text.slice(0, most - 1)}…` : text,
    );
  diagram.axisName = svg(
    "g",
    {},
    svg("rect", { width: geometry.gutter, height: 18, class: "axis-ground" }),
    svg("text", { x: geometry.gutter - 10, y: 14, class: "axis-name" }, app.run.clock === "time" ? "time" : "step"),
  );
  diagram.names.replaceChildren(
    svg("rect", { width: geometry.gutter, height: geometry.height, class: "gutter" }),
    name("coordinator", geometry.coordinator, "coordinator"),
    ...app.run.tasks.map((task, index) => name(task.name, geometry.rows[index], "task")),
    diagram.axisName,
  );
}

/** A click on a mark goes to its step; on an arrow it goes to the step at its nearer end, and follows what moves; else to a column. */
function clickDiagram(app, diagram, event) {
  const box = diagram.picture.getBoundingClientRect();
  const { geometry } = diagram;
  const x = event.clientX - box.left - geometry.gutter + diagram.left;
  const y = event.clientY - box.top;
  if (event.clientX - box.left < geometry.gutter) return;
  const mark = isVeiled(app, diagram, x) ? -1 : markAt(diagram, x, y);
  const hit = mark >= 0 || isVeiled(app, diagram, x) ? null : nearestArrow(diagram, x, y);
  if (hit === null) app.go(mark >= 0 ? mark : nearestStop(geometry, x));
  else app.set({ stop: stopOfArrow(app, hit), record: hit.arrow.record >= 0 ? hit.arrow.record : app.view.record });
}

/** The step at which a message was sent, or taken if the click was nearer to that and it is known by now. */
function stopOfArrow(app, { arrow, share }) {
  const { run } = app;
  const [sent, end] = [run.stopOf[run.messages.sent[arrow.message]], run.spans.messageEnd[arrow.message]];
  const isKnown = end <= (app.hidesFuture() ? app.view.stop : run.lastStop);
  return share >= 0.5 && isKnown ? end : sent;
}

/** The stop of the mark at this place, or -1. */
function markAt(diagram, x, y) {
  const { geometry } = diagram;
  for (const [index, row] of [geometry.coordinator, ...geometry.rows].entries()) {
    if (Math.abs(row - y) > MOST_SIZE) continue;
    const marks = marksNear(diagram, index - 1, x - MOST_SIZE, x + MOST_SIZE);
    const hit = marks.find((mark) => Math.hypot(mark.x - x, row - y) < mark.size + 2);
    if (hit) return hit.stop;
  }
  return -1;
}

function isVeiled(app, diagram, x) {
  return app.hidesFuture() && x > stopX(diagram.geometry, app.view.stop) + 4;
}

function nearestStop(geometry, x) {
  const stop = Math.max(lastNotAfter(geometry.xs, x), 0);
  const next = Math.min(stop + 1, geometry.xs.length - 1);
  return Math.abs(geometry.xs[next] - x) < Math.abs(geometry.xs[stop] - x) ? next : stop;
}

/** The arrow at this place, and after which share of its way. */
function nearestArrow(diagram, x, y) {
  let [best, least] = [null, 8];
  for (const arrow of diagram.arrows) {
    const { distance, share } = nearestOn(arrow.route, [x, y]);
    if (distance < least) [best, least] = [{ arrow, share }, distance];
  }
  return best;
}
