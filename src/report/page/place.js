"use strict";
// A place in the page as the fragment of its address: the step, the followed record, the chosen cut, the options.
// Records go by name, so that a link holds after the scenario has grown.

function placeOf(run, view) {
  const parts = new URLSearchParams();
  parts.set("step", String(run.stopStep[view.stop]));
  if (view.record >= 0) parts.set("record", run.records[view.record].text);
  if (view.snapshot >= 0) parts.set("cut", String(view.snapshot));
  if (view.axis === "time") parts.set("axis", "time");
  if (view.control) parts.set("control", "1");
  if (view.hide) parts.set("hide", "1");
  if (view.answer) parts.set("answer", "1");
  return `#${parts}`;
}

/** The part of a view that a fragment names; what it does not name, or names wrongly, is as at the start. */
function viewOf(run, fragment) {
  const parts = new URLSearchParams(fragment.replace(/^#/, ""));
  const step = Number(parts.get("step"));
  const cut = Number(parts.get("cut") ?? NaN);
  return {
    stop: Number.isFinite(step) ? Math.max(stopAtStep(run, step), 0) : 0,
    record: parts.has("record") ? recordNamed(run, parts.get("record")) : -1,
    snapshot: run.spans.snapshots.has(cut) ? cut : -1,
    axis: parts.get("axis") === "time" && run.clock === "time" ? "time" : "steps",
    control: parts.get("control") === "1",
    hide: parts.get("hide") === "1",
    answer: parts.get("answer") === "1",
  };
}

/** Keeps the address up to date, not more often than browsers allow. */
function createPlace(app) {
  const place = { timer: null, written: location.hash };
  window.addEventListener("hashchange", () => {
    if (location.hash !== place.written) app.set(viewOf(app.run, location.hash));
  });
  return place;
}

function writePlace(app, place) {
  if (place.timer !== null) return;
  place.timer = setTimeout(() => {
    place.timer = null;
    place.written = placeOf(app.run, app.view);
    history.replaceState(null, "", place.written);
  }, 200);
}
