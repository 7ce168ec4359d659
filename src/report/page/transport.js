"use strict";
// Moving through the run: buttons, slider, keys, play, search.

const JUMPS = ["barrier", "snapshot", "fault", "violation"];

function createTransport(app) {
  const { run } = app;
  const transport = {
    timer: null,
    hits: [],
    query: "",
    width: byId("overview").clientWidth,
    drawn: "",
    snapshots: thinned(stopsOfKinds(run, ["triggered", "completed"]), 400),
    crashes: thinned(stopsOfKinds(run, ["crashed"]), 400),
  };
  byId("slider").max = String(run.lastStop);
  byId("slider").addEventListener("input", (event) => app.go(Number(event.target.value)));
  byId("first").addEventListener("click", () => app.go(0));
  byId("last").addEventListener("click", () => app.go(run.lastStop));
  byId("back").addEventListener("click", () => app.go(app.view.stop - 1));
  byId("forward").addEventListener("click", () => app.go(app.view.stop + 1));
  byId("play").addEventListener("click", () => togglePlay(app, transport));
  byId("speed").addEventListener("change", () => {
    if (transport.timer !== null) startPlay(app, transport);
  });
  JUMPS.forEach((name) => prepareJump(app, name));
  byId("search").addEventListener("input", () => search(app, transport));
  byId("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    nextHit(app, transport, 1);
  });
  document.addEventListener("keydown", (event) => pressKey(app, transport, event));
  return transport;
}

function prepareJump(app, name) {
  const button = byId(`to-${name}`);
  button.title = `Next ${name} (${name[0]}), previous with Shift`;
  button.disabled = app.moments[name].length === 0;
  button.addEventListener("click", (event) => app.jump(name, event.shiftKey ? -1 : 1));
}

/** A strip above the slider with the snapshots and faults, and with the violations once the answer is shown. */
function drawOverview(app, transport) {
  const { run, moments, view } = app;
  const limit = app.hidesFuture() ? view.stop : run.lastStop;
  const key = `${transport.width}/${limit}/${view.answer}`;
  if (transport.drawn === key) return;
  transport.drawn = key;
  const x = (stop) => round(8 + ((transport.width - 16) * stop) / Math.max(run.lastStop, 1));
  const seen = (stops) => stops.filter((stop) => stop <= limit);
  byId("overview").replaceChildren(
    ...seen(transport.snapshots).map((stop) => svg("path", { class: "saved", d: `M${x(stop)} 2 l4 5 l-4 5 l-4 -5 z` })),
    ...seen(transport.crashes).map((stop) => svg("path", { class: "crash", d: `M${x(stop) - 4} 3 l8 8 m-8 0 l8 -8` })),
    ...(view.answer ? moments.violation : []).map((stop) => svg("text", { class: "violation", x: x(stop), y: 12 }, "!")),
  );
}

function thinned(stops, most) {
  const every = Math.ceil(stops.length / most);
  return stops.filter((stop, index) => index % Math.max(every, 1) === 0);
}

function drawTransport(app, transport) {
  const { view, run } = app;
  const slider = byId("slider");
  slider.value = String(view.stop);
  slider.setAttribute("aria-valuetext", stopTitle(run, view.stop));
  byId("back").disabled = byId("first").disabled = view.stop === 0;
  byId("forward").disabled = byId("last").disabled = view.stop === run.lastStop;
  if (transport.hits.length > 0) countHits(app, transport);
}

function togglePlay(app, transport) {
  if (transport.timer === null) startPlay(app, transport);
  else stopPlay(transport);
}

function startPlay(app, transport) {
  stopPlay(transport);
  if (app.view.stop === app.run.lastStop) app.go(0);
  byId("play").setAttribute("aria-pressed", "true");
  byId("play").textContent = "Pause";
  byId("now").setAttribute("aria-live", "off");
  transport.timer = setInterval(
    () => {
      app.go(app.view.stop + 1);
      if (app.view.stop === app.run.lastStop) stopPlay(transport);
    },
    1000 / Number(byId("speed").value),
  );
}

function stopPlay(transport) {
  clearInterval(transport.timer);
  transport.timer = null;
  byId("play").setAttribute("aria-pressed", "false");
  byId("play").textContent = "Play";
  byId("now").setAttribute("aria-live", "polite");
}

function search(app, transport) {
  transport.query = byId("search").value;
  transport.hits = searchStops(app.run, transport.query);
  if (app.hidesFuture()) transport.hits = transport.hits.filter((stop) => stop <= app.view.stop);
  countHits(app, transport);
}

function countHits(app, transport) {
  const at = transport.hits.indexOf(app.view.stop);
  const total = transport.hits.length;
  byId("search-count").textContent = transport.query.trim() === "" ? "" : at < 0 ? plural(total, "step") : `${at + 1} of ${total}`;
}

/** Goes to the next hit, and from the last to the first. */
function nextHit(app, transport, direction) {
  search(app, transport);
  const { hits } = transport;
  if (hits.length === 0) return;
  const next = neighbour(hits, app.view.stop, direction);
  app.go(next >= 0 ? next : direction > 0 ? hits[0] : hits[hits.length - 1]);
  countHits(app, transport);
}

/** What the keys do, wherever the focus is, except in fields. */
function pressKey(app, transport, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (event.target.id === "search") {
    if (event.key === "Enter" && event.shiftKey) {
      event.preventDefault();
      nextHit(app, transport, -1);
    }
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.target.tagName === "SELECT") return;
  if (event.key === " " && isPressable(event.target)) return;
  const action = KEY_ACTIONS[event.key] ?? KEY_ACTIONS[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action(app, transport, event.shiftKey);
}

/** Whether a blank is this element's own. The help's closed button keeps the focus until the next frame. */
function isPressable(element) {
  return (["BUTTON", "SUMMARY"].includes(element.tagName) || element.type === "checkbox") && element.checkVisibility();
}

const KEY_ACTIONS = {
  ArrowRight: (app, transport, shift) => app.go(app.view.stop + (shift ? 10 : 1)),
  ArrowLeft: (app, transport, shift) => app.go(app.view.stop - (shift ? 10 : 1)),
  Home: (app) => app.go(0),
  End: (app) => app.go(app.run.lastStop),
  b: (app, transport, shift) => app.jump("barrier", shift ? -1 : 1),
  s: (app, transport, shift) => app.jump("snapshot", shift ? -1 : 1),
  f: (app, transport, shift) => app.jump("fault", shift ? -1 : 1),
  v: (app, transport, shift) => app.jump("violation", shift ? -1 : 1),
  " ": (app, transport) => togglePlay(app, transport),
  "/": () => byId("search").focus(),
  "?": () => byId("help").showModal(),
  a: (app) => app.set({ answer: !app.view.answer }),
  h: (app) => app.set({ hide: !app.view.hide }),
  c: (app) => app.set({ control: !app.view.control }),
  t: (app) => app.set({ axis: app.view.axis === "time" || app.run.clock !== "time" ? "steps" : "time" }),
  p: (app) => app.shade(app.view.snapshot >= 0 ? -1 : app.shownSnapshot()),
  d: (app) => app.nextTheme(),
  "+": (app) => app.zoom(1.25),
  "=": (app) => app.zoom(1.25),
  "-": (app) => app.zoom(0.8),
  Escape: (app) => app.follow(-1),
};
