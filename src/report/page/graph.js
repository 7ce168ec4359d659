"use strict";
// The graph at the current step: what each task knows, what is in each channel, which channel is blocked, and what
// the newest snapshot keeps as contents of channels.

const MOST_DETAILED = 14;

function createGraph(app) {
  const layout = graphLayout(app.run);
  const graph = { layout, keys: app.run.tasks.map((task) => newCounter(countKeys(app.run.operators[task.operator].reset))) };
  [graph.channels, graph.nodes, graph.chips] = [svg("g"), svg("g"), svg("g")];
  const picture = svg(
    "svg",
    {
      class: "graph",
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      role: "img",
      "aria-label": "Tasks and channels; the lists below say the same in words",
    },
    graph.channels,
    graph.nodes,
    graph.chips,
  );
  picture.style.maxWidth = `${layout.width * 1.25}px`;
  picture.style.minWidth = `${Math.min(layout.width * 0.7, 900)}px`;
  picture.style.maxHeight = `max(11rem, ${Math.round(layout.height * 0.8)}px)`;
  byId("graph").append(picture);
  graph.taskRows = html("tbody");
  graph.channelItems = html("ul");
  graph.nothing = html("p", { class: "muted" }, "Nothing is under way.");
  byId("contents").append(
    html("table", { class: "tasks" }, html("caption", {}, "Tasks"), graph.taskRows),
    html("div", { class: "channels" }, html("h3", {}, "In the channels"), graph.channelItems, graph.nothing),
  );
  return graph;
}

function drawGraph(app, graph) {
  const { run, state } = app;
  const contents = run.channels.map((channel, index) => contentsOf(app, index));
  const keys = contents.map((content) => content.key);
  const tasks = state.tasks.map(
    (task, index) => `${task.life} ${task.attempt} ${taskStateText(app, graph, index)} ${task.log ? task.log.fact : ""}`,
  );
  refreshSlots(graph.channels, state.blocked.map(String), (index) => drawChannel(app, graph.layout, index));
  refreshSlots(graph.nodes, tasks, (index) => drawTask(app, graph, index, state.tasks[index]));
  refreshSlots(graph.chips, keys, (index) => drawContents(app, graph.layout, index, contents[index]));
  refreshSlots(graph.taskRows, tasks, (index) => taskRow(app, graph, index));
  refreshSlots(graph.channelItems, keys, (index) => channelItem(app, index, contents[index]));
  graph.nothing.hidden = contents.some((content) => !content.isEmpty);
}

/** What there is to say about a channel: its queue, what a snapshot keeps of it, whether it is blocked. */
function contentsOf(app, index) {
  const queue = app.state.queues[index];
  const kept = keptInChannel(app, index);
  const isBlocked = app.state.blocked[index];
  const followed = app.view.record >= 0 ? queue.findIndex((element) => isFollowedRecord(app, element.record)) : -1;
  const key = `${isBlocked} ${queue.map((element) => element.fact).join()} ${kept.join()} ${followed} ${app.view.record}`;
  return { queue, kept, isBlocked, key, isEmpty: queue.length === 0 && kept.length === 0 && !isBlocked };
}

/** Where a channel's line begins and ends, and where its contents stand. */
function channelLine(app, layout, index) {
  const { run } = app;
  const { from, to } = run.channels[index];
  const [a, b] = [layout.nodes[from], layout.nodes[to]];
  if (from === to) return selfLine(layout, a);
  if (layout.isCircle || b.x <= a.x)
    return roundLine(
      layout,
      a,
      b,
      run.channels.some((other) => other.from === to && other.to === from),
    );
  const start = { x: a.x + layout.nodeWidth, y: a.y + NODE.height / 2 };
  const end = { x: b.x - 6, y: portY(run, layout, index) };
  const share = chipsAt(run, index, layout.gap / (end.x - start.x));
  const middle = { x: start.x + (end.x - start.x) * share, y: start.y + (end.y - start.y) * share };
  return { d: `M${start.x} ${start.y} L${end.x} ${end.y}`, start, end, middle };
}

/**
 * Where on its line a channel's contents stand: in the middle of the first gap between boxes, or in a crowded graph one sender's
 * side by side. `gap` is the part of the line that lies in that gap.
 */
function chipsAt(run, index, gap) {
  if (run.channels.length <= MOST_DETAILED) return Math.min(gap, 1) / 2;
  const rank = run.channels.slice(0, index).filter((channel) => channel.from === run.channels[index].from).length;
  return 0.2 + 0.16 * (rank % 5);
}

/** Channels into one task end at different heights of its box. */
function portY(run, layout, index) {
  const { to } = run.channels[index];
  const inputs = run.channels.map((channel, i) => i).filter((i) => run.channels[i].to === to && run.channels[i].from !== to);
  const place = inputs.indexOf(index) + 1;
  return layout.nodes[to].y + (NODE.height * place) / (inputs.length + 1);
}

function selfLine(layout, node) {
  const x = node.x + layout.nodeWidth / 2;
  return {
    start: { x: x - 24, y: node.y },
    d: `M${x - 24} ${node.y} C${x - 40} ${node.y - 34} ${x + 40} ${node.y - 34} ${x + 24} ${node.y - 6}`,
    end: { x: x + 24, y: node.y - 6 },
    middle: { x, y: node.y - 24 },
  };
}

/** A bow between two boxes, so that a channel and the one back do not lie on each other. */
function roundLine(layout, a, b, isTwoWay) {
  const center = (node) => ({ x: node.x + layout.nodeWidth / 2, y: node.y + NODE.height / 2 });
  const [from, to] = [center(a), center(b)];
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const bow = layout.isCircle ? (isTwoWay ? 34 : 0) : -110;
  const top = { x: (from.x + to.x) / 2 + (dy / length) * bow, y: (from.y + to.y) / 2 - (dx / length) * bow };
  const start = edgeOf(layout, from, top);
  const end = edgeOf(layout, to, top, 6);
  return {
    d: `M${round(start.x)} ${round(start.y)} Q${round(top.x)} ${round(top.y)} ${round(end.x)} ${round(end.y)}`,
    start,
    end,
    middle: { x: (start.x + end.x) / 4 + top.x / 2, y: (start.y + end.y) / 4 + top.y / 2 },
  };
}

/** Where the line from a box's middle to a point leaves the box. */
function edgeOf(layout, middle, point, beyond = 0) {
  const [dx, dy] = [point.x - middle.x, point.y - middle.y];
  const share = Math.min((layout.nodeWidth / 2 + beyond) / Math.abs(dx || 1e-9), (NODE.height / 2 + beyond) / Math.abs(dy || 1e-9));
  return { x: middle.x + dx * share, y: middle.y + dy * share };
}

function drawChannel(app, layout, index) {
  const { d, end } = channelLine(app, layout, index);
  const isBlocked = app.state.blocked[index];
  const group = svg(
    "g",
    { class: isBlocked ? "channel blocked" : "channel", "data-channel": app.run.channels[index].name },
    svg("path", { d, "marker-end": "url(#head-end)" }),
    svg("title", {}, app.run.channels[index].name),
  );
  if (isBlocked) group.append(svg("path", { class: "bar", d: `M${end.x - 6} ${end.y - 9} v18 M${end.x - 11} ${end.y - 9} v18` }));
  return group;
}

/** The queue as chips, the next to be taken where the arrow points; below them what a snapshot keeps of the channel. */
function drawContents(app, layout, index, { queue, kept, isBlocked }) {
  const group = svg("g", { class: isBlocked ? "contents blocked" : "contents", "data-channel": app.run.channels[index].name });
  const line = channelLine(app, layout, index);
  const { middle } = line;
  const chips = queue.length > 0 ? chipsOf(app, queue, layout.gap - 24) : [];
  const places = placesOfChips(chips, line);
  group.append(...chips.map((chip, at) => drawChip(app, chip, places[at])));
  const texts = [];
  if (isBlocked) texts.push(["blocked", "blocked"]);
  if (kept.length > 0) texts.push([`◆ ${namesInShort(app, kept)}`, "kept"]);
  const below = Math.max(middle.y, ...places.map(({ y }) => y)) + CHIP.height / 2 + 13;
  texts.forEach(([text, className], row) => group.append(svg("text", { x: middle.x, y: below + row * 14, class: className }, text)));
  return group;
}

/** As many elements as there is room for, the next to be taken first; in a crowded graph just their number. */
function chipsOf(app, queue, room) {
  const isDetailed = app.run.channels.length <= MOST_DETAILED;
  if (!isDetailed)
    return [{ text: String(queue.length), kind: queue.some((element) => element.kind === "barrier") ? "barrier" : "record" }];
  const chips = [];
  let free = room;
  for (const element of queue.slice(0, CHIP.most)) {
    const text = shortened(elementText(app.run, element), CHIP.longest);
    free -= chipWidth(text.length) + CHIP.gap;
    if (free < 0 && chips.length > 0) break;
    chips.push({ text, kind: element.kind, record: element.record });
  }
  if (queue.length > chips.length) chips.push({ text: `+${queue.length - chips.length}`, kind: "more" });
  return chips;
}

function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** A line is steep when chips side by side would not show which of them is nearer to its end. */
const STEEP = 2.5;

/**
 * Where the chips of a channel stand, in the middle of its line, the first nearest to the line's end: side by side, or on a steep
 * line one above the other.
 */
function placesOfChips(chips, { start, end, middle }) {
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  const isSteep = Math.abs(dy) > STEEP * Math.abs(dx);
  const direction = (isSteep ? dy : dx) < 0 ? -1 : 1;
  const widths = chips.map(({ text }) => chipWidth(text.length));
  const lengths = isSteep ? chips.map(() => CHIP.height) : widths;
  let along = (lengths.reduce((sum, length) => sum + length + CHIP.gap, -CHIP.gap) / 2) * direction;
  return chips.map((chip, at) => {
    const center = along - (lengths[at] / 2) * direction;
    along -= (lengths[at] + CHIP.gap) * direction;
    return { x: middle.x + (isSteep ? 0 : center), y: middle.y + (isSteep ? center : 0), width: widths[at] };
  });
}

function drawChip(app, { text, kind, record }, { x, y, width }) {
  return svg(
    "g",
    { class: `chip ${kind}${isFollowedRecord(app, record) ? " followed" : ""}` },
    svg("rect", { x: x - width / 2, y: y - CHIP.height / 2, width, height: CHIP.height, rx: kind === "barrier" ? 2 : 9 }),
    svg("text", { x, y: y + 4.5 }, text),
  );
}

function isFollowedRecord(app, record) {
  return app.view.record >= 0 && record >= 0 && isRelated(app.run, record, app.view.record);
}

function elementText(run, element) {
  if (element.kind === "record") return sentText(run, element.record, element.fact);
  if (element.kind === "barrier") return `B${element.snapshot}`;
  if (element.kind === "cancel") return `cancel ${element.snapshot}`;
  return element.kind === "data_end" ? "end of data" : "end";
}

/** The records that the shown snapshot has saved of a channel so far. */
function keptInChannel(app, channel) {
  const snapshot = app.run.spans.snapshots.get(app.shownSnapshot());
  if (!snapshot) return [];
  const facts = app.run.stopEnd[app.view.stop];
  const row = snapshot.rows.get(app.run.channels[channel].to);
  return row ? row.records.filter((fact) => fact < facts && app.run.facts.channel[fact] === channel) : [];
}

function namesInShort(app, facts) {
  const names = facts.slice(0, 3).map((fact) => app.run.records[app.run.facts.record[fact]].text);
  return facts.length > 3 ? `${names.join(" ")} +${facts.length - 3}` : names.join(" ");
}

function drawTask(app, graph, index, task) {
  const { layout } = graph;
  const { x, y } = layout.nodes[index];
  const { name } = app.run.tasks[index];
  return svg(
    "g",
    { class: `node ${task.life}` },
    svg("rect", { x, y, width: layout.nodeWidth, height: NODE.height, rx: 6 }),
    svg("text", { x: x + layout.nodeWidth / 2, y: y + 20, class: "name" }, shortened(name, 16)),
    svg("text", { x: x + layout.nodeWidth / 2, y: y + 38, class: "state" }, shortened(taskStateText(app, graph, index), 21)),
    svg("title", {}, `${name}: ${taskStateText(app, graph, index)}`),
  );
}

/** A task's state in a few words. */
function taskStateText(app, graph, index) {
  const { run, state } = app;
  const task = state.tasks[index];
  if (task.life === "down") return "✕ down";
  if (task.life === "stopped") return "stopped";
  const { kind } = run.operators[run.tasks[index].operator];
  if (kind === "source") return `${task.emitted} emitted${task.life === "finished" ? ", finished" : ""}`;
  if (kind === "account") return plural(task.tokens, "token");
  if (kind === "automaton") return task.machine;
  if (kind === "sink") return sinkText(run, state, index);
  return task.log ? logText(graph, run, index, task.log) : run.fold.placeOf[run.tasks[index].operator] >= 0 ? "empty" : "up";
}

/** A sink in short: open transaction, pre-committed (hollow box), visible (full box), as in the diagram. */
function sinkText(run, state, index) {
  const { open, prepared, shown } = sinkCounts(run, state, index);
  return [open > 0 ? `${open} open` : "", prepared > 0 ? `□ ${prepared}` : "", `■ ${shown}`].filter((part) => part !== "").join("  ");
}

function sinkWords(run, state, index) {
  const { open, prepared, shown } = sinkCounts(run, state, index);
  return [open > 0 ? `${open} in the open transaction` : "", prepared > 0 ? `${prepared} pre-committed` : "", `${shown} visible`]
    .filter((part) => part !== "")
    .join(", ");
}

/** How many records of a sink's task are open and pre-committed, and how many of its operator are visible. */
function sinkCounts(run, state, index) {
  const task = state.tasks[index];
  const shown = state.shown[run.tasks[index].operator];
  const prepared = task.prepared.reduce((sum, { log }) => sum + (log ? log.size : 0), 0);
  return { open: task.open ? task.open.size : 0, prepared, shown: shown ? shown.size : 0 };
}

function logText(graph, run, index, log) {
  const keys = keysAt(graph, index, log);
  return keys.size === 1 ? `${log.size} counted` : `${log.size} in ${plural(keys.size, "key")}`;
}

function keysAt(graph, index, log) {
  return moveCounter(graph.keys[index], log);
}

const MOST_KEYS = 12;

/** A keyed state in full, as far as there is room. */
function keyText(graph, run, index, log) {
  const { kind } = run.operators[run.tasks[index].operator];
  const entries = [...keysAt(graph, index, log)].sort(([a], [b]) => String(a).localeCompare(String(b), "en", { numeric: true }));
  const texts = entries.slice(0, MOST_KEYS).map(([key, entry]) => `${key}: ${numberOf(kind, entry)}`);
  return entries.length > MOST_KEYS ? `${texts.join(", ")}, and ${entries.length - MOST_KEYS} more keys` : texts.join(", ");
}

/** The number that a keyed operator has of a key. */
function numberOf(kind, { records, sum }) {
  if (kind === "average") return Math.floor(sum / records);
  return kind === "keyed_sum" || kind === "latest" ? sum : records;
}

function taskRow(app, graph, index) {
  const { attempt } = app.state.tasks[index];
  return html(
    "tr",
    {},
    html("th", { scope: "row" }, named(app.run.tasks[index].name)),
    html("td", {}, taskWords(app, graph, index)),
    html("td", { class: "number" }, attempt > 1 ? `attempt ${attempt}` : ""),
  );
}

/** A task's state in full. */
function taskWords(app, graph, index) {
  const { run, state } = app;
  const { log, life } = state.tasks[index];
  const { kind } = run.operators[run.tasks[index].operator];
  const text = taskStateText(app, graph, index);
  if (life !== "up") return text;
  if (kind === "sink") return sinkWords(run, state, index);
  return log && kind !== "account" ? `${text} (${keyText(graph, run, index, log)})` : text;
}

/** A channel in words, the next to be taken first; hidden while there is nothing to say. */
function channelItem(app, index, { queue, kept, isBlocked, isEmpty }) {
  return html(
    "li",
    { hidden: isEmpty },
    html("b", {}, named(app.run.channels[index].name)),
    isBlocked ? html("span", { class: "tag" }, "blocked") : null,
    " ",
    ...queueWords(app, queue),
    kept.length > 0 ? html("span", { class: "kept" }, ` ◆ saved: ${namesInShort(app, kept)}`) : null,
  );
}

const MOST_WORDS = 12;
const MOST_WORDS_OF_MANY = 3;

function queueWords(app, queue) {
  if (queue.length === 0) return [html("span", { class: "muted" }, "empty")];
  const most = app.run.channels.length <= MOST_DETAILED ? MOST_WORDS : MOST_WORDS_OF_MANY;
  const words = queue
    .slice(0, most)
    .flatMap((element) => [
      element.record >= 0
        ? recordButton(app, element.record, app.run.prime[element.fact], "record inline")
        : html(
            "span",
            { class: "barrier-word" },
            element.kind === "barrier" ? `barrier ${element.snapshot}` : elementText(app.run, element),
          ),
      " ",
    ]);
  if (queue.length > most) words.push(`and ${queue.length - most} more`);
  return words;
}
