"use strict";
// Puts the page together: one view (where we are, what is chosen), one way to change it, and everything drawn
// from the run, the state at the step, and the view.

const THEMES = ["auto", "light", "dark"];

function createApp(run) {
  const app = { run, moments: buildMoments(run), view: { ...viewOf(run, location.hash), column: 0, tab: -1 }, state: null, theme: 0 };
  app.hidesFuture = () => app.view.hide && !app.view.answer;
  app.go = (stop) => app.set({ stop: Math.min(Math.max(stop, 0), run.lastStop) });
  app.jump = (name, direction) => jump(app, name, direction);
  app.follow = (record) => follow(app, record);
  app.shade = (snapshot) => app.set({ snapshot, tab: snapshot });
  app.showSnapshot = (snapshot) => showSnapshot(app, snapshot);
  app.shownSnapshot = () => shownSnapshot(app);
  app.zoom = (factor) => app.set({ column: Math.min(Math.max(app.view.column * factor, 8), 160) });
  app.nextTheme = () => nextTheme(app);
  app.set = (change) => setView(app, change);
  return app;
}

function jump(app, name, direction) {
  const stop = neighbour(app.moments[name], app.view.stop, direction);
  if (stop >= 0 && !(direction > 0 && name === "violation" && app.hidesFuture())) app.go(stop);
}

/** Follows a record, or no longer, and brings its story into view. */
function follow(app, record) {
  app.set({ record: app.view.record === record ? -1 : record });
  if (app.view.record >= 0) byId("record-panel").scrollIntoView({ block: "nearest" });
}

/** Keeps to the table of a snapshot; to choose the newest is to follow whatever is the newest. */
function showSnapshot(app, snapshot) {
  const begun = snapshotsBegun(app.run, app.view.stop);
  const isNewest = snapshot === begun[begun.length - 1].id;
  app.set({ tab: isNewest ? -1 : snapshot, snapshot: app.view.snapshot >= 0 ? snapshot : -1 });
}

/** The snapshot whose table is shown: the chosen one once it has begun, else the newest. */
function shownSnapshot(app) {
  const begun = snapshotsBegun(app.run, app.view.stop);
  const chosen = begun.find((snapshot) => snapshot.id === app.view.tab || snapshot.id === app.view.snapshot);
  return (chosen ?? begun[begun.length - 1])?.id ?? -1;
}

/** Changes the view and draws what depends on the change. */
function setView(app, change) {
  const before = app.view;
  app.view = { ...before, ...change };
  if (app.view.stop !== before.stop) app.state = stateAt(app.run, app.view.stop);
  if (["axis", "control", "column"].some((name) => app.view[name] !== before[name])) measureDiagram(app, app.diagram);
  draw(app, app.view.stop !== before.stop || app.diagram.drawnTo < 0);
}

function draw(app, hasMoved) {
  if (hasMoved) scrollToStop(app, app.diagram);
  drawDiagram(app, app.diagram);
  drawNow(app);
  drawGraph(app, app.graph);
  drawLedger(app, app.ledger);
  drawStory(app);
  drawSnapshots(app);
  drawAnswer(app);
  drawTransport(app, app.transport);
  drawOverview(app, app.transport);
  drawOptions(app);
  writePlace(app, app.place);
}

const MOST_SENTENCES = 14;

/** What just happened, in sentences. */
function drawNow(app) {
  const { run, view } = app;
  byId("now-title").textContent = stopTitle(run, view.stop);
  const [from, to] = factsOfStop(run, view.stop);
  if (view.stop === 0) {
    const before = run.window.before === 0 ? "Nothing has happened yet." : "What happened before is shown as the state that came of it.";
    refill(byId("now"), html("p", {}, `${before} Press `, html("kbd", {}, "→"), " to take the first step."));
    return;
  }
  const items = [];
  for (let fact = from; fact < Math.min(to, from + MOST_SENTENCES); fact += 1) items.push(html("li", {}, sentence(app, fact)));
  if (to - from > MOST_SENTENCES) items.push(html("li", { class: "muted" }, `and ${to - from - MOST_SENTENCES} more`));
  refill(byId("now"), html("p", { class: "hidden" }, stopTitle(run, view.stop)), html("ul", {}, ...items), ...brokenHere(app));
}

/** The invariants that break at this step, once the answer may be known. */
function brokenHere(app) {
  if (!app.view.answer) return [];
  return violations(app.run)
    .filter((violation) => violation.stop === app.view.stop)
    .map((violation) =>
      html("p", { class: "why" }, html("b", {}, `${words(violation.name)} is violated here: `), named(violation.detail || "")),
    );
}

function drawOptions(app) {
  byId("hide-future").checked = app.view.hide;
  byId("control").checked = app.view.control;
  byId("axis").checked = app.view.axis === "time";
}

function nextTheme(app) {
  app.theme = (app.theme + 1) % THEMES.length;
  document.documentElement.dataset.theme = THEMES[app.theme];
  byId("theme").textContent = `Theme: ${THEMES[app.theme]}`;
}

function drawHeading(run) {
  const { title, seed, protocol, path } = run.scenario;
  document.title = `${title} – cutline`;
  byId("title").replaceChildren(named(title));
  byId("about").replaceChildren(
    "protocol ",
    html("b", {}, named(words(protocol))),
    ` · seed ${seed} · `,
    named(path),
    ` · cutline ${run.version}`,
  );
  const { before, behind } = run.window;
  byId("left-out").hidden = before + behind === 0;
  byId("left-out").textContent =
    `This page shows steps ${run.stopStep[Math.min(1, run.lastStop)]} to ${run.stopStep[run.lastStop]} of ${stepsOf(run)}. ` +
    `${plural(before, "fact")} before and ${plural(behind, "fact")} behind them are left out; the state is what came of all that happened, ` +
    `and the answer is that of the whole run. --from, --until or --around of "cutline view" shows other steps, --facts N more.`;
}

function listen(app) {
  byId("theme").addEventListener("click", app.nextTheme);
  byId("help-open").addEventListener("click", () => byId("help").showModal());
  byId("show-answer").addEventListener("click", () => app.set({ answer: !app.view.answer }));
  byId("record-close").addEventListener("click", () => app.follow(-1));
  byId("hide-future").addEventListener("change", (event) => app.set({ hide: event.target.checked }));
  byId("control").addEventListener("change", (event) => app.set({ control: event.target.checked }));
  byId("axis").addEventListener("change", (event) => app.set({ axis: event.target.checked ? "time" : "steps" }));
  byId("chips-panel").open = app.run.places.length <= 3;
  byId("chips-panel").hidden = app.run.places.length === 0;
  byId("axis-label").hidden = app.run.clock !== "time";
  byId("wider").addEventListener("click", () => app.zoom(1.25));
  byId("narrower").addEventListener("click", () => app.zoom(0.8));
  new ResizeObserver(() => resize(app)).observe(byId("diagram"));
}

function resize(app) {
  app.transport.width = byId("overview").clientWidth;
  measureDiagram(app, app.diagram);
  draw(app, true);
}

/** A run with all that is worked out once. */
function prepareRun(data) {
  const run = decodeRun(data);
  buildFold(run);
  buildSpans(run);
  run.stories = buildStories(run);
  run.restores = restoresOf(run);
  return run;
}

function openPage() {
  const run = prepareRun(JSON.parse(byId("run").textContent));
  const app = createApp(run);
  drawHeading(run);
  drawQuestion(app);
  app.diagram = createDiagram(app, byId("diagram"));
  app.state = stateAt(run, app.view.stop);
  app.graph = createGraph(app);
  app.ledger = createLedger(app);
  app.transport = createTransport(app);
  app.place = createPlace(app);
  app.view.column = fittingColumn(run, byId("diagram").clientWidth - 160);
  drawLegend(run);
  drawHelp();
  document.documentElement.style.setProperty("--diagram-room", `calc(min(${roomFor(run)}px, 42vh) + 5.2rem)`);
  measureDiagram(app, app.diagram);
  app.set({});
  listen(app);
  return app;
}

if (typeof document !== "undefined") openPage();
