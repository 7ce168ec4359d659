"use strict";
// The state of everything at a fact: what is in the channels, what the tasks know, what is visible. It is folded
// from the facts; every KEYFRAME facts a copy is kept, so that a step back costs no more than a step on.
//
// Logs (what a task counted, what is in a transaction, what a sink has shown) only grow at one end, and are
// cut back by restores. So they are chains of links, each pointing back, and a copy of a log is one pointer.

const KEYFRAME = 1000;

/** Runs through all facts once and keeps what `stateAt` needs. */
function buildFold(run) {
  const fold = {
    links: new Array(run.count).fill(null), // by fact: the link that it put at the end of a log
    saves: new Map(), // "task/snapshot": what was saved
    keyframes: [],
    placeOf: placeOfOperator(run),
    tallies: run.tasks.map(() => newTally()),
    shown: run.operators.map(() => newTally()),
    emittedBefore: run.tasks.map(() => 0),
  };
  run.fold = fold;
  const state = firstState(run);
  fold.isBuilding = true;
  for (let fact = 0; fact < run.count; fact += 1) {
    if (fact % KEYFRAME === 0) fold.keyframes.push(copyState(state));
    applyFact(run, state, fact);
  }
  fold.isBuilding = false;
  fold.tallies = fold.shown = null;
  return fold;
}

/** The state after the first `facts` facts. */
function stateAfter(run, facts) {
  const keyframe = Math.min(Math.floor(facts / KEYFRAME), run.fold.keyframes.length - 1);
  const state = keyframe < 0 ? firstState(run) : copyState(run.fold.keyframes[keyframe]);
  for (let fact = Math.max(keyframe, 0) * KEYFRAME; fact < facts; fact += 1) applyFact(run, state, fact);
  return state;
}

/** The state at a stop. */
function stateAt(run, stop) {
  return stateAfter(run, run.stopEnd[stop]);
}

function firstState(run) {
  return {
    queues: run.channels.map(() => []),
    blocked: run.channels.map(() => false),
    tasks: run.tasks.map((task) => ({
      life: "up",
      attempt: 1,
      emitted: 0,
      log: null,
      open: null,
      prepared: [],
      tokens: task.tokens ?? null,
      machine: firstMachine(task),
    })),
    shown: run.operators.map(() => null), // by operator: what its sinks have made visible
    failovers: 0,
  };
}

/** The state in which an automaton begins. */
function firstMachine(task) {
  return task.states?.[0] ?? null;
}

function copyState(state) {
  return {
    queues: state.queues.map((queue) => queue.slice()),
    blocked: state.blocked.slice(),
    tasks: state.tasks.map((task) => ({ ...task })),
    shown: state.shown.slice(),
    failovers: state.failovers,
  };
}

function applyFact(run, state, fact) {
  const change = CHANGES[run.kinds[run.facts.kind[fact]]];
  if (change) change(run, state, fact);
}

/** What each kind of fact changes. Kinds that are not here change nothing that is shown as state. */
const CHANGES = {
  emitted(run, state, fact) {
    const position = run.facts.value[fact];
    const task = state.tasks[run.facts.task[fact]];
    task.emitted = position < 0 ? task.emitted + 1 : position + 1;
  },
  missed(run, state, fact) {
    CHANGES.emitted(run, state, fact);
  },
  sent(run, state, fact) {
    putIn(run, state, fact, "record");
  },
  reinstated(run, state, fact) {
    putIn(run, state, fact, "record");
  },
  barrier_sent(run, state, fact) {
    putIn(run, state, fact, "barrier");
  },
  cancel_sent(run, state, fact) {
    putIn(run, state, fact, "cancel");
  },
  end_sent(run, state, fact) {
    putIn(run, state, fact, "end");
  },
  data_end_sent(run, state, fact) {
    putIn(run, state, fact, "data_end");
  },
  received(run, state, fact) {
    takeOut(run, state, fact, "record");
  },
  barrier_received(run, state, fact) {
    takeOut(run, state, fact, "barrier");
  },
  cancel_received(run, state, fact) {
    takeOut(run, state, fact, "cancel");
  },
  input_ended(run, state, fact) {
    takeOut(run, state, fact, "end");
  },
  data_end_received(run, state, fact) {
    takeOut(run, state, fact, "data_end");
  },
  barrier_overtook(run, state, fact) {
    moveAhead(run, state, fact);
  },
  cleared(run, state, fact) {
    emptyChannel(state, run.facts.channel[fact]);
  },
  blocked(run, state, fact) {
    state.blocked[run.facts.channel[fact]] = true;
  },
  unblocked(run, state, fact) {
    state.blocked[run.facts.channel[fact]] = false;
  },
  applied(run, state, fact) {
    const task = state.tasks[run.facts.task[fact]];
    if (task.tokens !== null) task.tokens += run.facts.value[fact];
    task.log = linkTo(run, task.log, fact, (fold) => fold.tallies[run.facts.task[fact]]);
  },
  posted(run, state, fact) {
    const task = state.tasks[run.facts.task[fact]];
    if (task.tokens !== null) task.tokens -= run.facts.value[fact];
  },
  became(run, state, fact) {
    const task = run.facts.task[fact];
    state.tasks[task].machine = run.tasks[task].states?.[run.facts.value[fact]] ?? "?";
  },
  saved(run, state, fact) {
    if (!run.fold.isBuilding) return;
    const { log, tokens, machine } = state.tasks[run.facts.task[fact]];
    Object.assign(saveOf(run, fact), { log, tokens, machine, fact });
  },
  offset_saved(run, state, fact) {
    if (run.fold.isBuilding) saveOf(run, fact).emitted = run.facts.value[fact];
  },
  written(run, state, fact) {
    const task = state.tasks[run.facts.task[fact]];
    task.open = linkTo(run, task.open, fact, null);
  },
  prepared(run, state, fact) {
    const task = state.tasks[run.facts.task[fact]];
    task.prepared = [...task.prepared, { snapshot: run.facts.snapshot[fact], log: task.open }];
    task.open = null;
  },
  committed(run, state, fact) {
    dropPrepared(run, state, fact);
  },
  rolled_back(run, state, fact) {
    dropPrepared(run, state, fact);
  },
  open_dropped(run, state, fact) {
    state.tasks[run.facts.task[fact]].open = null;
  },
  output(run, state, fact) {
    const { operator } = run.tasks[run.facts.task[fact]];
    state.shown[operator] = linkTo(run, state.shown[operator], fact, (fold) => fold.shown[operator]);
  },
  crashed(run, state, fact) {
    const task = state.tasks[run.facts.task[fact]];
    task.life = "down";
  },
  failover(run, state) {
    state.failovers += 1;
    state.tasks.forEach((task) => {
      if (task.life !== "down") task.life = "stopped";
    });
    state.blocked.fill(false);
  },
  restored(run, state, fact) {
    restoreTask(run, state, fact);
  },
  task_finished(run, state, fact) {
    state.tasks[run.facts.task[fact]].life = "finished";
  },
};

function putIn(run, state, fact, kind) {
  const { channel, record, snapshot } = run.facts;
  state.queues[channel[fact]].push({ kind, record: record[fact], snapshot: snapshot[fact], fact, isAhead: false });
}

/** Takes the first element of that kind with the fact's record or snapshot; usually it is at the head. */
function takeOut(run, state, fact, kind) {
  const { channel, record, snapshot } = run.facts;
  const queue = state.queues[channel[fact]];
  const index = queue.findIndex(
    (element) =>
      element.kind === kind &&
      (kind === "record" ? element.record === record[fact] : kind === "end" || element.snapshot === snapshot[fact]),
  );
  if (index >= 0) queue.splice(index, 1);
}

/** A barrier goes to the front, behind those that are there already. */
function moveAhead(run, state, fact) {
  const queue = state.queues[run.facts.channel[fact]];
  const from = queue.findIndex((element) => element.kind === "barrier" && element.snapshot === run.facts.snapshot[fact]);
  if (from < 0) return;
  const [barrier] = queue.splice(from, 1);
  const to = queue.findIndex((element) => !element.isAhead);
  queue.splice(to < 0 ? queue.length : to, 0, { ...barrier, isAhead: true });
}

function emptyChannel(state, channel) {
  state.queues[channel] = [];
}

function dropPrepared(run, state, fact) {
  const task = state.tasks[run.facts.task[fact]];
  task.prepared = task.prepared.filter((entry) => entry.snapshot !== run.facts.snapshot[fact]);
}

function saveOf(run, fact) {
  const key = saveKey(run.facts.task[fact], run.facts.snapshot[fact]);
  if (!run.fold.saves.has(key)) run.fold.saves.set(key, { log: null, tokens: null, machine: null, emitted: null, fact });
  return run.fold.saves.get(key);
}

function saveKey(task, snapshot) {
  return `${task}/${snapshot}`;
}

/** What a task saved for a snapshot, or undefined. */
function savedOf(run, task, snapshot) {
  return run.fold.saves.get(saveKey(task, snapshot));
}

function restoreTask(run, state, fact) {
  const index = run.facts.task[fact];
  const save = savedOf(run, index, run.facts.snapshot[fact]);
  const task = state.tasks[index];
  task.life = "up";
  task.attempt = state.failovers + 1;
  task.log = save ? save.log : null;
  if (save ? save.emitted !== null : task.emitted > 0) task.emitted = save ? save.emitted : 0;
  task.tokens = save && save.tokens !== null ? save.tokens : (run.tasks[index].tokens ?? null);
  task.machine = save ? save.machine : firstMachine(run.tasks[index]);
  if (run.fold.isBuilding) refillTally(run.fold.tallies[index], task.log);
}

/** How often each record is in a log, while the chains are built. */
function newTally() {
  return { times: new Map(), distinct: 0, repeated: 0 };
}

function refillTally(tally, log) {
  tally.times.clear();
  for (let link = log; link; link = link.before)
    if (link.record >= 0) tally.times.set(link.record, (tally.times.get(link.record) || 0) + 1);
}

/** The link of a fact: made in the first pass, found again in all later ones. It stands for one record, or for several without a name. */
function linkTo(run, before, fact, tallyOf) {
  if (!run.fold.isBuilding) return run.fold.links[fact];
  const { record, key, value } = run.facts;
  const records = run.window.times[fact] ?? 1;
  const link = {
    fact,
    record: record[fact],
    key: key[fact],
    value: value[fact],
    before,
    records,
    size: (before ? before.size : 0) + records,
    times: 1,
    distinct: 0,
    repeated: 0,
  };
  if (tallyOf) countLink(link, tallyOf(run.fold));
  run.fold.links[fact] = link;
  return link;
}

/** Each link knows how many records there are up to it, and how many of them more than once. */
function countLink(link, tally) {
  if (link.record >= 0) {
    link.times = (tally.times.get(link.record) || 0) + 1;
    tally.times.set(link.record, link.times);
  }
  const { distinct, repeated } = link.before || { distinct: 0, repeated: 0 };
  link.distinct = distinct + (link.times === 1 ? link.records : 0);
  link.repeated = repeated + (link.times === 2 ? 1 : 0);
}

function placeOfOperator(run) {
  const places = run.operators.map(() => -1);
  run.places.forEach((place, index) => {
    if (place.operator >= 0) places[place.operator] = index;
  });
  return places;
}

/** The logs that make up a place: one per task for a state, one in all for an output. */
function logsOfPlace(run, state, place) {
  if (place.operator < 0) return [];
  if (place.kind === "output") return [state.shown[place.operator]];
  return run.operators[place.operator].tasks.map((task) => state.tasks[task].log);
}

/** How many records show at a place: once, more than once, not yet. */
function countsOfPlace(run, state, place) {
  const counts = { effects: 0, distinct: 0, repeated: 0 };
  for (const log of logsOfPlace(run, state, place)) {
    if (!log) continue;
    counts.effects += log.size;
    counts.distinct += log.distinct;
    counts.repeated += log.repeated;
  }
  const repeated = place.repeatsCount ? counts.repeated : 0;
  return {
    effects: place.repeatsCount ? counts.effects : counts.distinct,
    once: counts.distinct - repeated,
    repeated,
    missing: Math.max(place.records - counts.distinct, 0),
  };
}

/** A log as a list, oldest first. */
function linksOf(log) {
  return linksBetween(null, log);
}

/** The links from behind `before` up to `log`, oldest first, or null where `before` is no part of the log. */
function linksBetween(before, log) {
  const links = [];
  let link = log;
  for (; link && link !== before && (!before || link.size > before.size); link = link.before) links.push(link);
  return link === before ? links.reverse() : null;
}

/**
 * Something counted over a log that moves with it: a step on adds a few links, a step back takes them off, and only a jump
 * to another branch counts anew. `count(counted, link, sign)` adds (1) or takes off (-1).
 */
function newCounter(count) {
  return { log: null, counted: new Map(), count };
}

function moveCounter(counter, log) {
  const { counted, count } = counter;
  const added = linksBetween(counter.log, log);
  const removed = added ? [] : linksBetween(log, counter.log);
  if (!added && !removed) {
    counted.clear();
    linksOf(log).forEach((link) => count(counted, link, 1));
  } else {
    removed?.forEach((link) => count(counted, link, -1));
    added?.forEach((link) => count(counted, link, 1));
  }
  counter.log = log;
  return counted;
}

/** Per key: how many records, the sum of their values, and what it was before. A value that `reset` divides starts both anew. */
function countKeys(reset) {
  return (counted, link, sign) => {
    const entry = counted.get(link.key);
    if (sign < 0) {
      if (entry.before) counted.set(link.key, entry.before);
      else counted.delete(link.key);
      return;
    }
    // Only a single record has a value of its own.
    const startsAnew = reset !== null && link.records === 1 && link.value % reset === 0;
    const { records, sum } = !entry || startsAnew ? { records: 0, sum: 0 } : entry;
    counted.set(link.key, { records: records + link.records, sum: sum + link.value, before: entry });
  };
}

/** Per record: how often. */
function countRecords(counted, link, sign) {
  if (link.record < 0) return;
  const times = (counted.get(link.record) || 0) + sign;
  if (times === 0) counted.delete(link.record);
  else counted.set(link.record, times);
}
