"use strict";
// The parts of the diagram that change with the step: the veil over what is to come, the cuts so far, what a
// restore has undone, the followed record, past and future of the chosen cut.

function drawOverlay(app, diagram) {
  const x = stopX(diagram.geometry, app.view.stop);
  diagram.under.replaceChildren(...undoneBands(app, diagram), ...shading(app, diagram), ...followed(app, diagram));
  diagram.over.replaceChildren(...crossings(app, diagram), veil(app, diagram, x), ...cutLines(app, diagram), nowLine(app, diagram, x));
}

/** What lies behind the current step is faint, or hidden altogether. */
function veil(app, diagram, x) {
  const { geometry } = diagram;
  if (app.view.stop === app.run.lastStop) return svg("g");
  const isClosed = app.hidesFuture();
  return svg("rect", {
    class: isClosed ? "veil closed" : "veil",
    x: x + 10,
    y: isClosed ? 0 : 23,
    width: geometry.total + geometry.width,
    height: geometry.height,
  });
}

function nowLine(app, diagram, x) {
  const { top } = diagram;
  return svg(
    "g",
    { class: "now" },
    svg("line", { x1: x, x2: x, y1: 24, y2: diagram.geometry.height - 4 }),
    svg("path", { d: `M${x - 6} ${top + 18} H${x + 6} L${x} ${top + 26} Z` }),
  );
}

/** Work that a restore has set back, once it has. */
function undoneBands(app, diagram) {
  const { geometry } = diagram;
  return app.run.spans.undone
    .filter((span) => span.since <= app.view.stop && span.to >= diagram.drawnFrom && span.from <= diagram.drawnTo)
    .map((span) => {
      const [left, right] = [stopX(geometry, span.from), stopX(geometry, span.to)];
      return svg(
        "rect",
        { class: "undone", x: left, y: geometry.rows[span.task] - 11, width: right - left, height: 22, rx: 3 },
        svg("title", {}, "undone by a restore"),
      );
    });
}

/** The points of a cut so far: where each task saved its part. */
function cutPoints(app, diagram, snapshot) {
  const facts = app.run.stopEnd[app.view.stop];
  return app.run.tasks
    .map((task, index) => ({ task: index, saved: snapshot.rows.get(index)?.saved ?? null }))
    .filter(({ saved }) => saved !== null && saved < facts)
    .map(({ task, saved }) => ({ task, saved, x: stopX(diagram.geometry, app.run.stopOf[saved]), y: diagram.geometry.rows[task] }));
}

/**
 * The pieces of a cut's line: one for all tasks in neighbouring rows that have saved. At a task that has not, there is no cut: a
 * piece ends short of its row, and goes on straight to the edge of the picture where there is no such task.
 */
function cutPieces(diagram, points) {
  const { geometry } = diagram;
  const pieces = [];
  for (const point of points) {
    const piece = pieces[pieces.length - 1];
    if (piece && piece[piece.length - 1].task === point.task - 1) piece.push(point);
    else pieces.push([point]);
  }
  return pieces.map((piece) => {
    const [first, last] = [piece[0], piece[piece.length - 1]];
    const isWhole = last.task === geometry.rows.length - 1;
    const top = first.task === 0 ? geometry.coordinator + 12 : first.y - geometry.row / 2;
    const bottom = isWhole ? geometry.height - 6 : last.y + geometry.row / 2;
    return { path: [[first.x, top], ...piece.map(({ x, y }) => [x, y]), [last.x, bottom]], end: [last.x, bottom] };
  });
}

function cutLines(app, diagram) {
  const lines = [];
  for (const snapshot of visibleSnapshots(app, diagram)) {
    const pieces = cutPieces(diagram, cutPoints(app, diagram, snapshot));
    if (pieces.length === 0) continue;
    const status = statusAfter(snapshot, app.run.stopEnd[app.view.stop]);
    const isChosen = snapshot.id === app.view.snapshot;
    const [x, y] = pieces[pieces.length - 1].end;
    lines.push(
      svg(
        "g",
        { class: `cut ${status}${isChosen ? " chosen" : ""}`, "data-snapshot": snapshot.id },
        ...pieces.map(({ path }) => svg("polyline", { points: pointsOf(path) })),
        svg("text", { x: x + 5, y: y - 1 }, `cut ${snapshot.id}`),
      ),
    );
  }
  return lines;
}

function pointsOf(path) {
  return path.map((point) => point.map(round).join(",")).join(" ");
}

function visibleSnapshots(app, diagram) {
  return snapshotsBegun(app.run, app.view.stop).filter((snapshot) => {
    const stops = [...snapshot.rows.values()].filter((row) => row.saved !== null).map((row) => app.run.stopOf[row.saved]);
    return stops.some((stop) => stop >= Math.max(diagram.drawnFrom, 1) && stop <= diagram.drawnTo);
  });
}

function chosenPoints(app, diagram) {
  const snapshot = app.run.spans.snapshots.get(app.view.snapshot);
  return snapshot ? cutPoints(app, diagram, snapshot) : [];
}

/** Past and future of the chosen cut, of the tasks that have saved: where nothing is saved there is neither. */
function shading(app, diagram) {
  const pieces = cutPieces(diagram, chosenPoints(app, diagram));
  if (pieces.length === 0) return [];
  const { geometry } = diagram;
  const side = (path, edge, name) =>
    svg("polygon", { class: name, points: pointsOf([[edge, path[0][1]], ...path, [edge, path[path.length - 1][1]]]) });
  const [x, bottom] = pieces[pieces.length - 1].end;
  const y = bottom - 1;
  return [
    ...pieces.flatMap(({ path }) => [side(path, -20, "past"), side(path, geometry.total + geometry.width, "future")]),
    svg("text", { class: "side-name", x: x - 10, y, "text-anchor": "end" }, "past"),
    svg("text", { class: "side-name", x: x + 48, y }, "future"),
  ];
}

/** Which side of the chosen cut a message is sent and received on. */
function crossingOf(run, cuts, message) {
  const { from, to, sent, received, kind } = run.messages;
  const [a, b] = [cuts.get(from[message]), cuts.get(to[message])];
  if (kind[message] !== run.M.record || a === undefined || b === undefined) return null;
  const sentBefore = sent[message] < a;
  const takenBefore = received[message] >= 0 && received[message] < b;
  const wasGone = received[message] < 0 && run.spans.messageEnd[message] <= run.stopOf[b];
  if (sentBefore === takenBefore || wasGone) return null;
  return sentBefore ? "crossing" : "orphan";
}

/** Arrows over the chosen cut: from past to future is in a channel; from future to past must not be. */
function crossings(app, diagram) {
  const cuts = new Map(chosenPoints(app, diagram).map(({ task, saved }) => [task, saved]));
  if (cuts.size === 0) return [];
  return diagram.arrows
    .map((arrow) => [arrow, crossingOf(app.run, cuts, arrow.message)])
    .filter(([, crossing]) => crossing !== null)
    .map(([arrow, crossing]) =>
      svg("path", {
        class: `arrow ${crossing}`,
        d: arrowPath(arrow),
        "marker-end": arrow.fate === "received" ? `url(#head-${crossing})` : null,
      }),
    );
}

/** The followed record: its arrows as if marked with a pen, rings where it is counted. */
function followed(app, diagram) {
  const { run, view } = app;
  if (view.record < 0) return [];
  const arrows = diagram.arrows
    .filter((arrow) => arrow.record >= 0 && isRelated(run, arrow.record, view.record))
    .map((arrow) => svg("path", { class: "pen", d: arrowPath(arrow) }));
  const counted = new Set([run.K.applied, run.K.output, run.K.emitted]);
  const rings = factsAbout(run, view.record)
    .filter((fact) => counted.has(run.facts.kind[fact]) && run.stopOf[fact] >= Math.max(diagram.drawnFrom, 1) && run.stopOf[fact] <= diagram.drawnTo)
    .map((fact) =>
      svg("circle", {
        class: "pen-ring",
        cx: stopX(diagram.geometry, run.stopOf[fact]),
        cy: rowY(diagram.geometry, taskOf(run, fact)),
        r: 11,
      }),
    );
  return [...arrows, ...rings];
}
