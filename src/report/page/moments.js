"use strict";
// The moments worth a jump: barriers, snapshots, faults, violations, and what a search finds.

const MOMENT_KINDS = {
  barrier: ["barrier_sent", "barrier_received", "barrier_overtook", "blocked", "unblocked", "cancel_received"],
  snapshot: ["triggered", "initiated", "saved", "process_saved", "record_saved", "completed", "aborted", "prepared", "committed"],
  fault: [
    "crashed",
    "failover",
    "restoring",
    "resumed",
    "notice_lost",
    "notice_repeated",
    "notice_postponed",
    "missed",
    "declined",
    "aborted",
    "overdue",
    "stood_still",
    "job_failed",
    "rolled_back",
    "ack_ignored",
    "fenced",
  ],
};

/** For each sort of moment its stops, ascending and each once. */
function buildMoments(run) {
  const moments = {};
  for (const [name, kinds] of Object.entries(MOMENT_KINDS)) moments[name] = stopsOfKinds(run, kinds);
  moments.violation = [...new Set(violations(run).map((violation) => violation.stop))].sort((a, b) => a - b);
  return moments;
}

function stopsOfKinds(run, kinds) {
  const wanted = new Set(kinds.map((kind) => run.K[kind]));
  const stops = [];
  for (let fact = run.window.earlier; fact < run.count; fact += 1) {
    if (wanted.has(run.facts.kind[fact]) && stops[stops.length - 1] !== run.stopOf[fact]) stops.push(run.stopOf[fact]);
  }
  return stops;
}

/** The violated invariants that name a step of the page, with the stop of that step. */
function violations(run) {
  return (run.outcome.invariants || [])
    .filter(({ verdict, step }) => verdict === "violated" && step !== null && isShown(run, step))
    .map((invariant) => ({ ...invariant, stop: Math.max(stopAtStep(run, invariant.step), 0) }));
}

/** The next (or previous) of these stops, seen from `stop`, or -1. */
function neighbour(stops, stop, direction) {
  if (direction > 0) {
    const next = lastNotAfter(stops, stop) + 1;
    return next < stops.length ? stops[next] : -1;
  }
  const before = lastNotAfter(stops, stop - 1);
  return before >= 0 ? stops[before] : -1;
}

/** Stops whose facts hold `query`, whatever its letters' case. */
function searchStops(run, query) {
  const wanted = query.trim().toLowerCase();
  const stops = [];
  if (wanted === "") return stops;
  for (let fact = run.window.earlier; fact < run.count; fact += 1) {
    if (run.stopOf[fact] === stops[stops.length - 1]) continue;
    if (run.facts.text[fact].toLowerCase().includes(wanted)) stops.push(run.stopOf[fact]);
  }
  return stops;
}
