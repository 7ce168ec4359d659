"use strict";
// The question before the answer; the answer: what was expected, what came, and where an invariant broke.

function drawQuestion(app) {
  const { scenario } = app.run;
  byId("question").replaceChildren(named(scenario.question || "Step through the run and say what each record's fate will be."));
  byId("story").hidden = !scenario.story && (scenario.hints || []).length === 0;
  byId("story-text").replaceChildren(named(scenario.story || ""));
}

function drawAnswer(app) {
  const { view, run } = app;
  const button = byId("show-answer");
  button.setAttribute("aria-expanded", String(view.answer));
  button.replaceChildren(view.answer ? "Hide the answer " : "Show the answer ", html("kbd", {}, "a"));
  byId("answer-panel").hidden = !view.answer;
  if (!view.answer || byId("answer").childElementCount > 0) return;
  byId("answer").replaceChildren(verdictLine(run), guaranteeTable(run), invariantList(app), expectationTable(run), ...hintList(run));
}

function verdictLine(run) {
  const { verdict, guarantee } = run.outcome;
  const isAsExpected = verdict === "as_expected";
  return html(
    "p",
    { class: `verdict ${isAsExpected ? "good" : "bad"}` },
    html("b", {}, isAsExpected ? "✓ As expected." : "✕ Not as expected."),
    guarantee ? guaranteeSentences(guarantee) : "",
  );
}

/** Nobody observes a guarantee of processes: they replay nothing to anybody outside. */
function guaranteeSentences({ declared, observed }) {
  if (observed === "not_judged") return " Guarantee: not judged.";
  return ` Promised: ${words(declared)}. Observed: ${words(observed)}.`;
}

/** "exactly_once" as people write it. */
function words(name) {
  return String(name).replaceAll("_", " ");
}

function guaranteeTable(run) {
  const rows = (run.outcome.places || []).map((place) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, named(place.place)),
      html("td", {}, words(place.declared)),
      html("td", {}, words(place.observed)),
      html("td", { class: "number" }, String(place.lost)),
      html("td", { class: "number" }, String(place.duplicated)),
    ),
  );
  const head = ["place", "promised", "observed", "lost", "twice"].map((text) => html("th", { scope: "col" }, text));
  return html("table", {}, html("caption", {}, "At the end"), html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...rows));
}

const SIGNS = { violated: "✕", incomplete: "…" };

/** What was violated, or could not be judged, with its reason; what held in one line. */
function invariantList(app) {
  const invariants = app.run.outcome.invariants || [];
  const held = invariants.filter((invariant) => invariant.verdict === "held").map((invariant) => words(invariant.name));
  const items = invariants.filter((invariant) => invariant.verdict !== "held").map((invariant) => invariantItem(app, invariant));
  if (held.length > 0) items.push(html("li", { class: "held" }, html("span", {}, "✓ held: "), held.join(", ")));
  return html("div", {}, html("h3", {}, "Invariants"), html("ul", { class: "invariants" }, ...items));
}

function invariantItem(app, invariant) {
  return html(
    "li",
    { class: invariant.verdict },
    html("b", {}, `${SIGNS[invariant.verdict] || "?"} ${words(invariant.name)}: ${invariant.verdict}`),
    invariant.claimed === false ? html("span", { class: "muted" }, " (not claimed by this protocol)") : null,
    invariant.step === null || invariant.step === undefined
      ? null
      : html("span", {}, " at ", whereBroken(app, invariant.step)),
    invariant.detail ? html("p", { class: "detail" }, named(invariant.detail)) : null,
  );
}

function whereBroken(app, step) {
  if (!isShown(app.run, step)) return `step ${step}, which this page does not show`;
  return stepLink(app, Math.max(stopAtStep(app.run, step), 0));
}

function expectationTable(run) {
  const rows = (run.outcome.expectations || []).map(({ expect, met, actual }) =>
    html(
      "tr",
      { class: met ? "" : "bad" },
      html("td", {}, met ? "✓ met" : "✕ not met"),
      html("td", {}, named(expect)),
      html("td", {}, named(String(actual))),
    ),
  );
  const head = ["", "expected", "actual"].map((text) => html("th", { scope: "col" }, text));
  return html(
    "details",
    {},
    html("summary", {}, `Expectations: ${rows.length}`),
    html("table", {}, html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...rows)),
  );
}

function hintList(run) {
  const hints = run.scenario.hints || [];
  if (hints.length === 0) return [];
  return [
    html(
      "details",
      {},
      html("summary", {}, `To think about: ${hints.length}`),
      html("ul", {}, ...hints.map((hint) => html("li", {}, named(hint)))),
    ),
  ];
}
