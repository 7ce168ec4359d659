"use strict";
// The ledger: for each place, which records show there once, more than once, or not yet. And the story of
// the record that is followed.

const MOST_CHIPS = 48;
const MOST_MISSING = 12;
const MOST_ENTRIES = 150;

function createLedger(app) {
  return {
    counters: app.run.places.map((place) => logsOfPlace(app.run, app.state, place).map(() => newCounter(countRecords))),
  };
}

function drawLedger(app, ledger) {
  const { run, state } = app;
  byId("ledger-none").hidden = run.places.length > 0;
  byId("ledger-table").hidden = run.places.length === 0;
  const counts = run.places.map((place) => countsOfPlace(run, state, place));
  const gone = run.places.map((place) => isDown(app, place));
  refreshSlots(
    byId("ledger-rows"),
    counts.map((count, index) => `${Object.values(count)} ${gone[index]}`),
    (index) => ledgerRow(run.places[index], counts[index], gone[index]),
  );
  const chips = run.places.map((place, index) => chipsOfPlace(app, ledger, index, counts[index]));
  refreshSlots(
    byId("chips"),
    chips.map((list) => `${app.view.record} ${list.map(({ record, times }) => `${record}:${times}`)}`),
    (index) => placeChips(app, ledger, index, chips[index]),
  );
}

/** Whether what a place counts is gone for now: a task of it has died and is not restored. */
function isDown(app, place) {
  const { tasks } = app.run.operators[place.operator] || { tasks: [] };
  return place.kind === "state" && tasks.some((task) => app.state.tasks[task].life === "down");
}

function ledgerRow(place, counts, isGone) {
  const cell = (count, className) => html("td", { class: `number ${count > 0 ? className : ""}` }, String(count));
  return html(
    "tr",
    { "data-place": place.place },
    html(
      "th",
      { scope: "row" },
      named(place.place),
      html("small", {}, ` ${place.kind}`),
      isGone ? html("span", { class: "tag", title: "As it was when the task died; a restore decides what comes back" }, "down") : null,
    ),
    html("td", { class: "number" }, String(place.records)),
    cell(counts.once, "once"),
    cell(counts.repeated, "more"),
    cell(counts.missing, "missing"),
  );
}

/** The records of a place that get a chip, with how often each shows. */
function chipsOfPlace(app, ledger, index, counts) {
  const { candidates } = app.run.places[index];
  const logs = logsOfPlace(app.run, app.state, app.run.places[index]);
  const counted = ledger.counters[index].map((counter, log) => moveCounter(counter, logs[log]));
  const timesOf = (record) => counted.reduce((sum, times) => sum + (times.get(record) || 0), 0);
  const chosen = candidates.length <= MOST_CHIPS ? candidates : notable(candidates, counted, timesOf, counts.repeated);
  return chosen.map((record) => ({ record, times: timesOf(record) }));
}

/** A chip per record of a place: hollow while it does not show, with the number of times when more than one. */
function placeChips(app, ledger, index, chips) {
  const place = app.run.places[index];
  const rest = Math.max(place.records, place.candidates.length) - chips.length;
  return html(
    "div",
    { class: "chips", role: "group", "aria-label": `Records at ${place.place}`, hidden: place.candidates.length === 0 },
    html("b", {}, named(place.place)),
    ...chips.map((chip) => chipButton(app, place, chip)),
    rest > 0 ? html("span", { class: "muted" }, `and ${rest} more`) : null,
  );
}

function chipButton(app, place, { record, times }) {
  const count = place.repeatsCount ? times : Math.min(times, 1);
  const state = count === 0 ? "none" : count === 1 ? "once" : "more";
  const button = recordButton(app, record, 0, `record chip ${state}`);
  button.dataset.key = `chip-${place.place}-${record}`;
  if (count > 1) button.append(html("b", {}, ` ×${count}`));
  button.title = `${count === 0 ? "not there yet" : count === 1 ? "there once" : `there ${count} times`}: follow it`;
  return button;
}

/** Of many records: those that show more than once, if there are any, then the first that do not show. */
function notable(candidates, counted, timesOf, repeated) {
  const more = repeated > 0 ? candidates.filter((record) => timesOf(record) > 1).slice(0, MOST_CHIPS) : [];
  const missing = [];
  for (const record of candidates) {
    if (missing.length === MOST_MISSING) break;
    if (!counted.some((times) => times.has(record))) missing.push(record);
  }
  return [...more, ...missing];
}

/** The followed record: why it is where it is, and its facts in order. */
function drawStory(app) {
  const { run, view } = app;
  byId("record-panel").hidden = view.record < 0;
  if (view.record < 0) return;
  byId("record-title").replaceChildren("Following ", named(run.records[view.record].text));
  const known = run.stopEnd[app.hidesFuture() ? view.stop : run.lastStop];
  const entries = storyOf(run, view.record, known);
  const reasons = explain(run, app.state, view.stop, view.record).map((text) => html("p", { class: "why" }, named(text)));
  const items = entries.slice(0, MOST_ENTRIES).map((entry) => storyItem(app, entry));
  const rest = entries.length > MOST_ENTRIES ? html("p", { class: "muted" }, `and ${entries.length - MOST_ENTRIES} more`) : null;
  refill(byId("record-story"), ...reasons, html("ol", { class: "story" }, ...items), rest);
}

function storyItem(app, { fact, weight, note }) {
  const { run } = app;
  const stop = run.stopOf[fact];
  const className =
    ["plain", "context", "decisive"][weight] + (stop > app.view.stop ? " later" : "") + (stop === app.view.stop ? " here" : "");
  return html(
    "li",
    { class: className },
    stepLink(app, stop, String(run.facts.step[fact])),
    " ",
    html("span", {}, named(sentenceParts(run, fact).join("")), note ? html("em", {}, ` — ${note}`) : null),
  );
}
