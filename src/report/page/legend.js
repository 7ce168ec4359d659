"use strict";
// The signs of the diagram in one line, and the help.

/** Each sign: its name, the kinds of facts without which it does not occur, its shapes. */
const LEGEND = [
  ["event", null, () => [svg("circle", { class: "dot", cx: 14, cy: 9, r: 4 })]],
  ["record", null, () => [svg("path", { class: "arrow record", d: "M2 3 L24 14", "marker-end": "url(#head-record)" })]],
  [
    "barrier",
    ["barrier_sent", "barrier_received"],
    () => [svg("path", { class: "arrow barrier", d: "M2 3 L24 14", "marker-end": "url(#head-barrier)" })],
  ],
  ["state saved", ["saved"], () => [svg("path", { class: "saved", d: "M14 2 L21 9 L14 16 L7 9 Z" })]],
  ["cut", ["saved"], () => [svg("polyline", { class: "cut-sample", points: "5,1 18,7 8,12 20,18" })]],
  ["channel blocked", ["blocked"], () => [svg("rect", { x: 2, y: 6, width: 24, height: 6, fill: "url(#hatch)" })]],
  ["was held back", ["blocked"], () => [svg("circle", { class: "held", cx: 14, cy: 9, r: 5 })]],
  ["pre-commit", ["prepared"], () => [svg("rect", { class: "prepared", x: 6, y: 1, width: 16, height: 16 })]],
  ["visible", ["committed", "output"], () => [svg("rect", { class: "commit", x: 7, y: 2, width: 14, height: 14 })]],
  ["crash", ["crashed"], () => [svg("path", { class: "crash", d: "M7 2 L21 16 M7 16 L21 2" })]],
  ["put back", ["reinstated"], () => [svg("path", { class: "arrow reinstated", d: "M2 3 L24 14", "marker-end": "url(#head-reinstated)" })]],
  ["undone", ["restored"], () => [svg("rect", { class: "undone", x: 2, y: 2, width: 24, height: 14, rx: 3 })]],
];

/** The signs that occur in this run. */
function drawLegend(run) {
  const occurring = new Set(run.facts.kind);
  const signs = LEGEND.filter(([, kinds]) => kinds === null || kinds.some((kind) => occurring.has(run.K[kind])));
  const items = signs.map(([text, , shapes]) =>
    html("span", { class: "sign" }, svg("svg", { width: 28, height: 18, class: "sample", "aria-hidden": "true" }, ...shapes()), text),
  );
  const again = run.facts.record.find((record, fact) => record >= 0 && run.prime[fact] > 0);
  if (again !== undefined) items.push(html("span", { class: "sign" }, html("b", {}, named(primedName(run, again, 1))), " sent again"));
  byId("legend").replaceChildren(...items);
}

const KEYS = [
  ["→ ←", "one step on, one step back (with Shift: ten)"],
  ["Home End", "to the beginning, to the end"],
  ["b s f v", "to the next barrier, snapshot, fault, violation (with Shift: the previous)"],
  ["Space", "play, pause"],
  ["/", "search; Enter for the next hit, Shift+Enter for the one before"],
  ["a", "show or hide the answer"],
  ["h", "hide what is to come, until the answer is shown"],
  ["p", "shade past and future of the snapshot's cut"],
  ["c t", "control messages; columns true to time"],
  ["+ -", "wider, narrower columns"],
  ["d", "light, dark, as the system has it"],
  ["Escape", "follow nothing"],
];

function drawHelp() {
  const keys = KEYS.map(([key, text]) =>
    html("tr", {}, html("th", { scope: "row" }, ...key.split(" ").flatMap((one) => [html("kbd", {}, one), " "])), html("td", {}, text)),
  );
  byId("help-text").replaceChildren(
    html("table", {}, html("tbody", {}, ...keys)),
    html(
      "p",
      {},
      "Each line is a task, time runs to the right. A sloped arrow is a message: it leaves its sender's line and comes to its receiver's line later. Barriers are dashed. What crosses the line of the current step is on its way.",
    ),
    html(
      "p",
      {},
      "A cut goes through the point at which each task saved its state. An arrow from the past of a cut to its future is a record in a channel; one from the future to the past was received and, as far as the snapshot knows, never sent: an orphan.",
    ),
    html(
      "p",
      {},
      "Click a record in a list to follow it. Click an arrow to follow what it carries, at the step where that is sent or taken, whichever end is nearer. Click anywhere else in the diagram to go to that step. The address of the page holds the step and what is followed.",
    ),
    html(
      "p",
      {},
      "A step has the number that it has in every report. Steps at which nothing happens are passed over. In a diagram that is true to time, what happens at one time stands in one column.",
    ),
  );
}
