"use strict";
// What lasts longer than a step, worked out once: a task's attempts, how long a channel was blocked, how long
// a message was under way, what belongs to a snapshot, what a restore undid. All ends are stops.

const MESSAGE_BLOCK = 256;

function buildSpans(run) {
  const spans = {
    attempts: run.tasks.map(() => [{ from: 0, to: -1, attempt: 1, end: null }]),
    blocked: run.channels.map(() => []),
    snapshots: new Map(),
    undone: [],
  };
  run.spans = spans;
  const now = { cleared: run.channels.map(() => []), lost: new Map(), failovers: [], restoring: -1 };
  for (let fact = 0; fact < run.count; fact += 1) {
    const note = SPANS[run.kinds[run.facts.kind[fact]]];
    if (note) note(run, spans, fact, now);
    spans.snapshots.get(run.facts.snapshot[fact])?.facts.push(fact);
  }
  closeSpans(run, spans);
  endMessages(run, spans, now);
  spans.snapshots.forEach((snapshot) => {
    snapshot.begun = beginningOf(snapshot);
  });
  spans.inOrder = [...spans.snapshots.values()].sort((a, b) => a.id - b.id);
  return spans;
}

/** What each kind of fact begins or ends. */
const SPANS = {
  crashed(run, spans, fact) {
    endAttempt(spans, run.facts.task[fact], run.stopOf[fact], "crash");
  },
  failover(run, spans, fact, now) {
    now.failovers.push(run.stopOf[fact]);
    spans.attempts.forEach((attempts, task) => endAttempt(spans, task, run.stopOf[fact], "stopped"));
    spans.blocked.forEach((list) => endBlocked(list, run.stopOf[fact]));
  },
  restored(run, spans, fact, now) {
    const task = run.facts.task[fact];
    noteUndone(run, spans, fact);
    endAttempt(spans, task, run.stopOf[fact], "stopped");
    spans.attempts[task].push({ from: run.stopOf[fact], to: -1, attempt: now.failovers.length + 1, end: null });
  },
  task_finished(run, spans, fact) {
    endAttempt(spans, run.facts.task[fact], run.stopOf[fact], "finished");
  },
  blocked(run, spans, fact) {
    spans.blocked[run.facts.channel[fact]].push({ from: run.stopOf[fact], to: -1 });
  },
  unblocked(run, spans, fact) {
    endBlocked(spans.blocked[run.facts.channel[fact]], run.stopOf[fact]);
  },
  cleared(run, spans, fact, now) {
    now.cleared[run.facts.channel[fact]].push(fact);
  },
  notice_lost(run, spans, fact, now) {
    now.lost.set(saveKey(run.facts.task[fact], run.facts.snapshot[fact]), fact);
  },
  triggered(run, spans, fact) {
    snapshotOf(spans, run.facts.snapshot[fact]).triggered ??= fact;
  },
  initiated(run, spans, fact) {
    snapshotOf(spans, run.facts.snapshot[fact]).triggered ??= fact;
  },
  saved(run, spans, fact) {
    rowOf(run, spans, fact).saved ??= fact;
  },
  offset_saved(run, spans, fact) {
    rowOf(run, spans, fact).offset ??= fact;
  },
  process_saved(run, spans, fact) {
    rowOf(run, spans, fact).process ??= fact;
  },
  record_saved(run, spans, fact) {
    rowOf(run, spans, fact).records.push(fact);
  },
  uploaded(run, spans, fact) {
    rowOf(run, spans, fact).uploaded ??= fact;
  },
  acked(run, spans, fact) {
    rowOf(run, spans, fact).acked ??= fact;
  },
  declined(run, spans, fact) {
    rowOf(run, spans, fact).declined ??= fact;
  },
  part_dropped(run, spans, fact) {
    rowOf(run, spans, fact).dropped ??= fact;
  },
  completed(run, spans, fact) {
    endSnapshot(run, spans, fact, "completed");
  },
  aborted(run, spans, fact) {
    endSnapshot(run, spans, fact, "aborted");
  },
};

function endAttempt(spans, task, stop, end) {
  const last = spans.attempts[task][spans.attempts[task].length - 1];
  if (last.to < 0) Object.assign(last, { to: stop, end });
}

function endBlocked(list, stop) {
  const last = list[list.length - 1];
  if (last && last.to < 0) last.to = stop;
}

function snapshotOf(spans, id) {
  if (!spans.snapshots.has(id))
    spans.snapshots.set(id, { id, triggered: null, ended: null, status: "pending", rows: new Map(), facts: [] });
  return spans.snapshots.get(id);
}

function rowOf(run, spans, fact) {
  const { channel, snapshot } = run.facts;
  const task = run.facts.task[fact] >= 0 ? run.facts.task[fact] : run.channels[channel[fact]].to;
  const { rows } = snapshotOf(spans, snapshot[fact]);
  if (!rows.has(task))
    rows.set(task, {
      task,
      saved: null,
      offset: null,
      process: null,
      records: [],
      uploaded: null,
      acked: null,
      declined: null,
      dropped: null,
    });
  return rows.get(task);
}

function endSnapshot(run, spans, fact, status) {
  const snapshot = snapshotOf(spans, run.facts.snapshot[fact]);
  if (snapshot.ended === null) Object.assign(snapshot, { ended: fact, status });
}

/** What a task did between its part of the restored snapshot (or the start of its attempt) and the restore. */
function noteUndone(run, spans, fact) {
  const task = run.facts.task[fact];
  const attempt = spans.attempts[task][spans.attempts[task].length - 1];
  const row = spans.snapshots.get(run.facts.snapshot[fact])?.rows.get(task);
  const saved = row && row.saved !== null ? run.stopOf[row.saved] : -1;
  const to = attempt.to < 0 ? run.stopOf[fact] : attempt.to;
  const from = Math.max(saved, attempt.from);
  if (from < to) spans.undone.push({ task, from, to, since: run.stopOf[fact] });
}

function closeSpans(run, spans) {
  spans.attempts.forEach((attempts, task) => endAttempt(spans, task, run.lastStop, null));
  spans.blocked.forEach((list) => endBlocked(list, run.lastStop));
}

/**
 * Where each message ends: where it is taken, where a failover clears it away, where it is lost, or (when nobody ever
 * takes it) behind the last stop.
 */
function endMessages(run, spans, now) {
  const { messages } = run;
  const count = messages.sent.length;
  spans.messageEnd = new Int32Array(count);
  spans.messageFate = new Array(count);
  spans.messageOrder = Array.from({ length: count }, (_, message) => message).sort((a, b) => messages.sent[a] - messages.sent[b]);
  for (let message = 0; message < count; message += 1) {
    const [fate, fact] = fateOf(run, now, message);
    spans.messageFate[message] = fate;
    spans.messageEnd[message] = fact < 0 ? run.lastStop + 1 : run.stopOf[fact];
  }
  spans.latestEnds = latestEnds(run, spans);
}

function fateOf(run, now, message) {
  const { sent, received, channel, to, snapshot, kind } = run.messages;
  if (received[message] >= 0) return ["received", received[message]];
  if (channel[message] >= 0) {
    const cleared = now.cleared[channel[message]].find((fact) => fact > sent[message]);
    return cleared === undefined ? ["waiting", -1] : ["cleared", cleared];
  }
  const lost = now.lost.get(saveKey(to[message], snapshot[message]));
  if (lost !== undefined && kind[message] !== run.M.ack && lost >= sent[message]) return ["lost", lost];
  return ["waiting", -1];
}

/** Per block of messages (by when they were sent) the latest end, so that a window finds those that cross it. */
function latestEnds(run, spans) {
  const ends = [];
  spans.messageOrder.forEach((message, position) => {
    const block = Math.floor(position / MESSAGE_BLOCK);
    ends[block] = Math.max(ends[block] ?? 0, spans.messageEnd[message]);
  });
  return ends;
}

/** All messages that are under way somewhere between two stops, in the order in which they were sent. */
function messagesBetween(run, wantedFrom, to) {
  // What ends in stop 0 was over before the page begins.
  const from = Math.max(wantedFrom, 1);
  const { messageOrder, messageEnd, latestEnds: ends } = run.spans;
  const found = [];
  for (let block = 0; block < ends.length; block += 1) {
    const first = block * MESSAGE_BLOCK;
    if (run.stopOf[run.messages.sent[messageOrder[first]]] > to) break;
    if (ends[block] < from) continue;
    for (let at = first; at < Math.min(first + MESSAGE_BLOCK, messageOrder.length); at += 1) {
      const message = messageOrder[at];
      if (run.stopOf[run.messages.sent[message]] <= to && messageEnd[message] >= from) found.push(message);
    }
  }
  return found;
}

/** Whether a record had to wait because its channel was blocked. */
function isHeld(run, message) {
  const { channel, sent, received, kind } = run.messages;
  if (channel[message] < 0 || received[message] < 0 || kind[message] !== run.M.record) return false;
  const from = run.stopOf[sent[message]];
  const to = run.stopOf[received[message]];
  return run.spans.blocked[channel[message]].some((span) => from < span.to && span.to <= to && span.from < to);
}

/** Snapshots that had begun by a stop, oldest first. */
function snapshotsBegun(run, stop) {
  const facts = run.stopEnd[stop];
  return run.spans.inOrder.filter((snapshot) => snapshot.begun < facts);
}

/** When a snapshot began: when it was triggered, or where nobody did that, when the first task saved its part. */
function beginningOf(snapshot) {
  const saves = [...snapshot.rows.values()].map((row) => row.saved ?? row.offset ?? Infinity);
  return Math.min(snapshot.triggered ?? Infinity, ...saves);
}

/** How a snapshot stands after so many facts. */
function statusAfter(snapshot, facts) {
  return snapshot.ended !== null && snapshot.ended < facts ? snapshot.status : "pending";
}
