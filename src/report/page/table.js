"use strict";
// The snapshots so far, and the table of one of them: a row per task, filled as the tasks save and ack.

const MOST_TABS = 14;

function drawSnapshots(app) {
  const begun = snapshotsBegun(app.run, app.view.stop);
  const shown = app.run.spans.snapshots.get(app.shownSnapshot());
  if (!shown || begun.length === 0) {
    byId("snapshots").dataset.drawn = "";
    refill(byId("snapshots"), html("p", { class: "muted" }, "No snapshot has begun."));
    return;
  }
  const facts = app.run.stopEnd[app.view.stop];
  const key = [
    shown.id,
    lastNotAfter(shown.facts, facts - 1),
    app.view.snapshot,
    app.view.record,
    ...begun.slice(-MOST_TABS).map((snapshot) => statusAfter(snapshot, facts)),
  ].join();
  if (byId("snapshots").dataset.drawn === key) return;
  byId("snapshots").dataset.drawn = key;
  refill(byId("snapshots"), snapshotTabs(app, begun, shown), cutButton(app, shown), snapshotTable(app, shown));
}

function snapshotTabs(app, begun, shown) {
  const facts = app.run.stopEnd[app.view.stop];
  const last = begun.slice(-MOST_TABS);
  const tabs = last.map((snapshot) =>
    html(
      "button",
      {
        type: "button",
        class: "tab",
        "data-key": `snapshot-${snapshot.id}`,
        "aria-pressed": String(snapshot.id === shown.id),
        onclick: () => app.showSnapshot(snapshot.id),
      },
      `${snapshot.id} ${{ completed: "✓", aborted: "✕", pending: "…" }[statusAfter(snapshot, facts)]}`,
    ),
  );
  const earlier = begun.length > last.length ? html("span", { class: "muted" }, `${begun.length - last.length} earlier`) : null;
  return html("div", { class: "tabs", role: "group", "aria-label": "Snapshots so far" }, earlier, ...tabs);
}

function cutButton(app, shown) {
  const isChosen = app.view.snapshot === shown.id;
  return html(
    "button",
    { type: "button", "data-key": "shade", "aria-pressed": String(isChosen), onclick: () => app.shade(isChosen ? -1 : shown.id) },
    `Shade past and future of cut ${shown.id} `,
    html("kbd", {}, "p"),
  );
}

function snapshotTable(app, snapshot) {
  const { run } = app;
  const facts = run.stopEnd[app.view.stop];
  const rows = run.tasks.map((task, index) => snapshotRow(app, task, snapshot.rows.get(index), facts));
  const head = ["task", "saved", "in channels", "at", "ack"].map((text) => html("th", { scope: "col" }, text));
  return html(
    "table",
    {},
    html("caption", {}, snapshotCaption(app, snapshot, facts)),
    html("thead", {}, html("tr", {}, ...head)),
    html("tbody", {}, ...rows),
    tokenTotal(app, snapshot, facts),
  );
}

/** Where there are tokens: how many the snapshot has found so far, with processes and in channels. */
function tokenTotal(app, snapshot, facts) {
  const { value } = app.run.facts;
  const isAccount = (row) => app.run.operators[app.run.tasks[row.task].operator].kind === "account";
  const rows = [...snapshot.rows.values()].filter(isAccount);
  const sum = (list) => list.filter((fact) => fact !== null && fact < facts).reduce((total, fact) => total + Math.max(value[fact], 0), 0);
  if (rows.length === 0) return null;
  const [inTasks, inChannels] = [sum(rows.map((row) => row.process)), sum(rows.flatMap((row) => row.records))];
  return html(
    "tfoot",
    {},
    html(
      "tr",
      {},
      html("th", { scope: "row" }, "in all"),
      html("td", { colspan: 4 }, `${plural(inTasks + inChannels, "token")}: ${inTasks} with processes, ${inChannels} in channels`),
    ),
  );
}

function snapshotCaption(app, snapshot, facts) {
  const status = statusAfter(snapshot, facts);
  if (status === "pending") return `Snapshot ${snapshot.id}: under way`;
  const text = app.run.facts.text[snapshot.ended];
  return html("span", {}, `${text.charAt(0).toUpperCase()}${text.slice(1)} (`, stepLink(app, app.run.stopOf[snapshot.ended], `step ${app.run.facts.step[snapshot.ended]}`), ")");
}

function snapshotRow(app, task, row, facts) {
  const seen = (fact) => (fact !== null && fact !== undefined && fact < facts ? fact : null);
  const at = (fact) => (fact === null ? "" : stepLink(app, app.run.stopOf[fact], String(app.run.facts.step[fact])));
  const saved = row ? seen(row.saved) : null;
  const records = row ? row.records.filter((fact) => fact < facts) : [];
  const refused = row ? (seen(row.declined) ?? seen(row.dropped)) : null;
  const acked = row ? seen(row.acked) : null;
  return html(
    "tr",
    { class: acked !== null ? "acked" : "" },
    html("th", { scope: "row" }, named(task.name)),
    html("td", {}, refused !== null ? "refused" : saved === null ? html("span", { class: "muted" }, "…") : savedText(app, row, facts)),
    html(
      "td",
      {},
      ...records.slice(0, 8).flatMap((fact) => [recordButton(app, app.run.facts.record[fact], 0, "record inline"), " "]),
      records.length > 8 ? `+${records.length - 8}` : "",
    ),
    html("td", { class: "number" }, at(saved)),
    html("td", { class: "number" }, at(acked)),
  );
}

/** What a task saved: a source its position, a process what it has, others the size of their state. */
function savedText(app, row, facts) {
  const { value, text } = app.run.facts;
  const { kind } = app.run.operators[app.run.tasks[row.task].operator];
  if (row.process !== null && row.process < facts) return text[row.process].split(": ").pop();
  if (kind === "source" && row.offset !== null && row.offset < facts) return `offset ${value[row.offset]}`;
  return plural(Math.max(value[row.saved], 0), "entry");
}
