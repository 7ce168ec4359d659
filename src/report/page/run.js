"use strict";
// What a page holds: the facts of one run, column by column, as `cutline view` wrote them. Here they get
// what everything else asks for: which facts belong to which step, and how often a record was sent before.
//
// A *stop* is a step at which something happened; stop 0 is the moment before the first one. Of a page that begins
// later in the run the first `window.earlier` facts are of stop 0: what its state is made of. Facts, tasks, channels
// and records are named by their index, and -1 means none.

/** Reads the page's data into a run. */
function decodeRun(data) {
  const run = { ...data, count: data.facts.at.length, K: namesToIndexes(data.kinds), M: namesToIndexes(data.message_kinds) };
  addStops(run);
  addSources(run);
  addPrimes(run);
  run.places = ledgerPlaces(run);
  return run;
}

function namesToIndexes(names) {
  const indexes = {};
  names.forEach((name, index) => {
    indexes[name] = index;
  });
  return indexes;
}

/** `stopStep[p]` is the step of stop p, `stopEnd[p]` the number of facts up to and with it. */
function addStops(run) {
  const { step } = run.facts;
  run.stopStep = [0];
  const { earlier } = run.window;
  run.stopEnd = [earlier];
  run.stopOf = new Int32Array(run.count);
  for (let fact = earlier; fact < run.count; fact += 1) {
    if (fact === earlier || step[fact] !== step[fact - 1]) {
      run.stopStep.push(step[fact]);
      run.stopEnd.push(fact);
    }
    run.stopOf[fact] = run.stopStep.length - 1;
    run.stopEnd[run.stopEnd.length - 1] = fact + 1;
  }
  run.lastStop = run.stopStep.length - 1;
}

/** Source records get numbers; `origins[r]` are those that record r derives from. */
function addSources(run) {
  const numbers = new Map();
  run.origins = run.records.map((record) =>
    record.of.map((name) => {
      if (!numbers.has(name)) numbers.set(name, numbers.size);
      return numbers.get(name);
    }),
  );
  run.sourceCount = numbers.size;
}

/**
 * `prime[f]`: how often what fact f speaks of had been emitted before the emission that it comes from. It is what the marks '
 * and '' behind a name say. It goes with a message from its sending to its receipt, from there to all that its receiver
 * does in the same step and to what comes of it at the end of its service, and with what a sink has written to its commit.
 */
function addPrimes(run) {
  const { kind, record, task, step } = run.facts;
  const { K } = run;
  const emissions = new Uint16Array(run.sourceCount);
  const sentAt = sendingsOf(run);
  const written = new Map();
  const comesOfIt = new Set([K.applied, K.written, K.output, K.sent]);
  const takenBy = new Map(); // by task: its latest receipt
  run.prime = new Uint16Array(run.count);
  for (let fact = 0; fact < run.count; fact += 1) {
    if (record[fact] < 0) continue;
    const origins = run.origins[record[fact]];
    if (kind[fact] === K.emitted)
      origins.forEach((source) => {
        emissions[source] += 1;
      });
    const place = `${task[fact]}/${record[fact]}`;
    const taken = takenBy.get(task[fact]) ?? -1;
    const isInTime = taken >= 0 && (step[taken] === step[fact] || comesOfIt.has(kind[fact]));
    const isPassedOn = isInTime && isRelated(run, record[taken], record[fact]);
    let prime = 0;
    for (const source of origins) prime = Math.max(prime, emissions[source] - 1);
    if (kind[fact] === K.received && sentAt[fact] >= 0) prime = run.prime[sentAt[fact]];
    else if (kind[fact] === K.output && written.has(place)) prime = written.get(place);
    else if (isPassedOn && kind[fact] !== K.emitted) prime = run.prime[taken];
    run.prime[fact] = prime;
    if (kind[fact] === K.received) takenBy.set(task[fact], fact);
    if (kind[fact] === K.written) written.set(place, prime);
  }
}

/** By fact: if it is the receipt of a message, the fact of its sending, else -1. */
function sendingsOf(run) {
  const sentAt = new Int32Array(run.count).fill(-1);
  run.messages.received.forEach((fact, message) => {
    if (fact >= 0) sentAt[fact] = run.messages.sent[message];
  });
  return sentAt;
}

/** Where effects are counted, in the order of the outcome, with the operator behind the name and the records that count. */
function ledgerPlaces(run) {
  return (run.outcome.places || []).map((place, index) => {
    const operator = run.operators.findIndex((other) => other.name === place.place);
    // To write a record again by its identity or its key is no second effect.
    const repeatsCount = !["idempotent", "upsert"].includes(run.operators[operator]?.commit);
    const counting = { ...place, operator, repeatsCount };
    return { ...counting, candidates: recordsOfPlace(run, counting, run.uncounted?.[index] ?? []) };
  });
}

/** The records of a place: all that are ever counted there, and those that should be and never are, by name. */
function recordsOfPlace(run, place, uncounted) {
  const { tasks } = run.operators[place.operator] || { tasks: [] };
  const isHere = run.tasks.map((task, index) => tasks.includes(index));
  const { task, record, kind } = run.facts;
  const effect = place.kind === "output" ? run.K.output : run.K.applied;
  const records = new Set(uncounted);
  for (let fact = 0; fact < run.count; fact += 1) if (kind[fact] === effect && isHere[task[fact]] && record[fact] >= 0) records.add(record[fact]);
  const order = new Intl.Collator("en", { numeric: true });
  return [...records].sort((a, b) => order.compare(run.records[a].text, run.records[b].text));
}

/** Whether a record of that name should show at a place. */
function belongsTo(run, place, record) {
  return place.candidates.some((candidate) => run.records[candidate].text === run.records[record].text);
}

/** The last stop that is not after `step`. */
function stopAtStep(run, step) {
  return lastNotAfter(run.stopStep, step);
}

/** The facts of a stop, as [first, behind the last). */
function factsOfStop(run, stop) {
  return stop === 0 ? [run.stopEnd[0], run.stopEnd[0]] : [run.stopEnd[stop - 1], run.stopEnd[stop]];
}

/** Whether a step of the run is one that the page shows. */
function isShown(run, step) {
  const { before, behind } = run.window;
  return (before === 0 || step >= run.stopStep[Math.min(1, run.lastStop)]) && (behind === 0 || step <= run.stopStep[run.lastStop]);
}

/** The time of a stop in microseconds, or null before the first and where steps are all there is. */
function timeOfStop(run, stop) {
  return stop === 0 || run.clock !== "time" ? null : run.facts.at[run.stopEnd[stop] - 1];
}

/** Index of the last element of the ascending `sorted` that is not greater than `value`, or -1. */
function lastNotAfter(sorted, value) {
  let low = -1;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A time as people write it: 850us, 3.01ms, 141ms, 2.5s. */
function timeText(us) {
  const trim = (number) => String(Number(number.toPrecision(6)));
  if (us < 1000) return `${us}us`;
  return us < 10_000_000 ? `${trim(us / 1000)}ms` : `${trim(us / 1_000_000)}s`;
}

/** "Step 30 of 75" and the time, if there is one. Steps at which nothing happens are counted, and are no stops. */
function stopTitle(run, stop) {
  const last = stepsOf(run);
  const time = timeOfStop(run, stop);
  if (stop === 0) return `Before step ${run.stopStep[Math.min(1, run.lastStop)]} of ${last}`;
  return `Step ${run.stopStep[stop]} of ${last}${time === null ? "" : ` · ${timeText(time)}`}`;
}

/** How many steps the run took, those that are left out of the page and those behind the last fact among them. */
function stepsOf(run) {
  return Math.max(run.outcome.steps ?? 0, run.stopStep[run.lastStop]);
}

/** A record's name with a mark for every time that it was sent again. */
function primedName(run, record, prime) {
  const { text } = run.records[record];
  return prime > 3 ? `${text}'×${prime}` : text + "'".repeat(prime);
}

/** A fact's sentence in three parts, the name of its record with its marks in the middle; or in one. */
function sentenceParts(run, fact) {
  const line = run.facts.text[fact];
  const record = run.facts.record[fact];
  const name = record < 0 ? "" : run.records[record].text;
  const at = name === "" ? -1 : line.indexOf(name);
  if (at < 0) return [line];
  return [line.slice(0, at), primedName(run, record, run.prime[fact]), line.slice(at + name.length)];
}

/** A record as it was sent: with how many tokens or what a message says, where processes talk to each other. */
function sentText(run, record, fact) {
  const note = postedWith(run, fact);
  return primedName(run, record, run.prime[fact]) + (note === null ? "" : ` (${note})`);
}

/** What a process said right before it sent, or null. */
function postedWith(run, fact) {
  const { kind, task, step, value, text } = run.facts;
  for (let at = fact - 1; at >= 0 && step[at] === step[fact]; at -= 1) {
    if (kind[at] !== run.K.posted || task[at] !== task[fact]) continue;
    return run.operators[run.tasks[task[at]].operator].kind === "account"
      ? value[at]
      : text[at].slice(run.tasks[task[at]].name.length + " says ".length);
  }
  return null;
}

/** Whether two records come from a source record in common. */
function isRelated(run, one, other) {
  if (one === other) return true;
  return run.origins[one].some((source) => run.origins[other].includes(source));
}

function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : word === "entry" ? "" : "s"}`.replace(/ entry$/, count === 1 ? " entry" : " entries");
}
