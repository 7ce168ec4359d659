"use strict";
// One record's story: every fact about it, the snapshots and restores that decided what became of it, and in a
// sentence or two why it shows twice at a place, or not at all.

/** By source record: the facts about what derives from it. */
function buildStories(run) {
  const stories = Array.from({ length: run.sourceCount }, () => []);
  for (let fact = 0; fact < run.count; fact += 1) {
    const record = run.facts.record[fact];
    if (record >= 0) run.origins[record].forEach((source) => stories[source].push(fact));
  }
  return stories;
}

/** The facts about a record and its kin, in order. */
function factsAbout(run, record) {
  const facts = run.origins[record].flatMap((source) => run.stories[source]);
  return [...new Set(facts)].sort((a, b) => a - b);
}

/** The record with that name, or -1. */
function recordNamed(run, text) {
  return run.records.findIndex((record) => record.text === text);
}

/** The restores of the run: which snapshot, when the failure was noticed, when it was restored. */
function restoresOf(run) {
  const restores = [];
  let failover = -1;
  for (let fact = 0; fact < run.count; fact += 1) {
    if (run.facts.kind[fact] === run.K.failover) failover = fact;
    if (run.facts.kind[fact] === run.K.restoring) restores.push({ fact, failover, snapshot: run.facts.snapshot[fact] });
  }
  return restores;
}

/**
 * The story of a record as entries {fact, weight, note}: weight 2 for what decides, 1 for context, 0 for the rest. `note` says
 * what the fact means for this record. Only the first `known` facts are told.
 */
function storyOf(run, record, known = run.count) {
  const about = factsAbout(run, record).filter((fact) => fact < known);
  const entries = new Map(about.map((fact) => [fact, { fact, weight: weightOf(run, fact), note: noteOf(run, fact) }]));
  for (const entry of contextOf(run, record, about, known)) entries.set(entry.fact, entry);
  return [...entries.values()].sort((a, b) => a.fact - b.fact);
}

function weightOf(run, fact) {
  const { K } = run;
  const kind = run.facts.kind[fact];
  if ([K.applied, K.output, K.record_saved, K.reinstated, K.missed].includes(kind)) return 2;
  return kind === K.emitted && run.prime[fact] > 0 ? 2 : 0;
}

function noteOf(run, fact) {
  return run.facts.kind[fact] === run.K.emitted && run.prime[fact] > 0 ? "emitted again" : null;
}

/** What the snapshots that were restored later say about the record, and the restores themselves. */
function contextOf(run, record, about, known) {
  const entries = [];
  if (about.length === 0) return entries;
  for (const restore of run.restores.filter((one) => one.fact > about[0] && one.fact < known)) {
    entries.push({ fact: restore.fact, weight: 1, note: null });
    for (const saved of savesOf(run, restore.snapshot)) {
      const holds = holdsRecord(run, record, saved, restore);
      if (holds !== null) entries.push({ fact: saved.fact, weight: 2, note: holds.note });
    }
  }
  return entries;
}

/** The parts of a snapshot: task, what was saved, and the fact that says so. */
function savesOf(run, snapshot) {
  const rows = run.spans.snapshots.get(snapshot)?.rows;
  if (!rows) return [];
  return [...rows.values()]
    .filter((row) => row.saved !== null || row.offset !== null)
    .map((row) => ({ task: row.task, save: savedOf(run, row.task, snapshot), fact: row.offset ?? row.saved }));
}

/** What a task's part says about the record: is its effect in the state, does the source start behind it? */
function holdsRecord(run, record, { task, save }, restore) {
  const { name } = run.tasks[task];
  const position = positionAt(run, task, record);
  if (position !== null && save && save.emitted !== null) {
    return { ...sourceSays(run, record, task, save.emitted > position, restore) };
  }
  const place = run.places[run.fold.placeOf[run.tasks[task].operator]];
  if (!place || place.kind !== "state" || !everCounts(run, task, record)) return null;
  return stateSays(run, record, name, save ? save.log : null, belongsTo(run, place, record));
}

/** What a saved state says of a record: whether it is in it, or what else comes from the same source record. */
function stateSays(run, record, name, log, isOfPlace) {
  const counted = linksOf(log)
    .map((link) => link.record)
    .filter((other) => other >= 0);
  if (counted.some((other) => run.records[other].text === run.records[record].text))
    return { isIn: true, note: `it is in the state of ${name}` };
  const kin = isOfPlace
    ? []
    : [...new Set(counted.filter((other) => isRelated(run, other, record)).map((other) => run.records[other].text))];
  if (kin.length === 0) return { isIn: false, note: `it is not in the state of ${name}` };
  return { isIn: true, note: `${kin.slice(0, 3).join(" and ")} ${kin.length > 1 ? "are" : "is"} in the state of ${name}` };
}

/** What a source's saved position means for a record, as it came after that restore. */
function sourceSays(run, record, task, isBehind, restore) {
  const { name } = run.tasks[task];
  const isEmission = (fact) => run.facts.kind[fact] === run.K.emitted && run.facts.task[fact] === task;
  if (isBehind) return { comesAgain: false, note: `${name} will not send it again` };
  const comesAgain = factsAbout(run, record).some((fact) => fact > restore.fact && isEmission(fact));
  return { comesAgain, note: `${name} had not emitted it yet${comesAgain ? " and will send it again" : ", but never sends it again"}` };
}

/** The position from which a source task emits the record (or what it derives from), or null. */
function positionAt(run, task, record) {
  const fact = factsAbout(run, record).find((f) => run.facts.kind[f] === run.K.emitted && run.facts.task[f] === task);
  return fact === undefined || run.facts.value[fact] < 0 ? null : run.facts.value[fact];
}

function everCounts(run, task, record) {
  return factsAbout(run, record).some((f) => run.facts.kind[f] === run.K.applied && run.facts.task[f] === task);
}

/** The facts that put a record of that name where it shows at a place now, a list for each record of the name. */
function effectsAt(run, state, place, record) {
  const effects = new Map();
  for (const link of logsOfPlace(run, state, place).flatMap(linksOf)) {
    if (link.record < 0 || run.records[link.record].text !== run.records[record].text) continue;
    if (!effects.has(link.record)) effects.set(link.record, []);
    effects.get(link.record).push(link.fact);
  }
  return [...effects.values()];
}

/** Why the record shows twice, or at the end not at all, at each place where that is so; nothing where all is well. */
function explain(run, state, stop, record) {
  const missed = missedAt(run, record, stop);
  const sentences = missed === null ? [] : [missed];
  for (const place of run.places.filter((one) => belongsTo(run, one, record))) {
    const effects = effectsAt(run, state, place, record);
    const repeated = place.repeatsCount ? effects.filter((facts) => facts.length > 1) : [];
    sentences.push(...repeated.map((facts) => explainTwice(run, place, record, facts)));
    if (effects.length === 0 && stop === run.lastStop && run.window.behind === 0) sentences.push(explainLost(run, place, record));
  }
  return sentences;
}

/** A record that no source has read. */
function missedAt(run, record, stop) {
  const fact = factsAbout(run, record).find((one) => run.facts.kind[one] === run.K.missed && run.stopOf[one] <= stop);
  return fact === undefined
    ? null
    : `${run.records[record].text} went by while its source was down (step ${run.facts.step[fact]}), so it is nowhere.`;
}

/** Twice: which snapshot had it already, and why it came again. */
function explainTwice(run, place, record, effects) {
  const [first, second] = effects;
  const name = run.records[record].text;
  const verb = place.kind === "output" ? "made visible" : "counted";
  const steps = effects.map((fact) => run.facts.step[fact]);
  const head = `${place.place}: ${name} is ${verb} ${effects.length} times (steps ${steps.join(", ")}).`;
  const restore = run.restores.find((one) => one.fact > first && one.fact < second);
  if (!restore) return `${head} ${reasonOfCopies(run, record, second)}`;
  if (place.kind === "output")
    return `${head} What is visible stays visible, and the restore at step ${run.facts.step[restore.fact]} made it come again.`;
  return `${head} ${reasonOfRestore(run, record, restore)}`;
}

/** Two copies with no restore between them: where they come from. */
function reasonOfCopies(run, record, before) {
  const emissions = factsAbout(run, record).filter((fact) => run.facts.kind[fact] === run.K.emitted && fact < before);
  const [first, again] = [emissions[0], emissions[emissions.length - 1]];
  const restore = run.restores.find((one) => one.fact > first && one.fact < again);
  if (!restore) return "No restore lies between: two copies of it arrived.";
  const step = (fact) => `step ${run.facts.step[fact]}`;
  return `It was emitted at ${step(first)}, and again at ${step(again)} after the restore at ${step(restore.fact)}: what was on its way from the first time arrived as well.`;
}

/** What the restored snapshot says about the record, and whether its parts are at odds. */
function reasonOfRestore(run, record, restore) {
  const parts = savesOf(run, restore.snapshot)
    .map((saved) => ({ fact: saved.fact, ...holdsRecord(run, record, saved, restore) }))
    .filter((part) => part.note);
  const step = (fact) => `step ${run.facts.step[fact]}`;
  const head = `Snapshot ${restore.snapshot}, restored at ${step(restore.fact)},`;
  const [inState, again] = [parts.find((part) => part.isIn), parts.find((part) => part.comesAgain)];
  if (inState && again)
    return `${head} is at odds with itself: ${inState.note} (${step(inState.fact)}), and yet ${again.note} (${step(again.fact)}).`;
  return `${head} says: ${parts.map((part) => `${part.note} (${step(part.fact)})`).join("; ") || "nothing about it"}.`;
}

/** Lost: the last restore that took it away, or that nobody read it. */
function explainLost(run, place, record) {
  const name = run.records[record].text;
  const head = `${place.place}: ${name} does not show.`;
  const about = factsAbout(run, record);
  const emissions = about.filter((fact) => run.facts.kind[fact] === run.K.emitted);
  const last = emissions[emissions.length - 1] ?? about[0];
  const restore = run.restores.filter((one) => one.fact > last).pop();
  if (!restore) return `${head} It had not arrived when the run ended.`;
  if (restore.snapshot < 0) return `${head} Nothing was restored at step ${run.facts.step[restore.fact]}.`;
  const wasSaved = about.some((fact) => run.facts.kind[fact] === run.K.record_saved && run.facts.snapshot[fact] === restore.snapshot);
  const isBack = about.some((fact) => run.facts.kind[fact] === run.K.reinstated && fact > restore.fact);
  const channel =
    wasSaved && !isBack ? " It was saved as contents of a channel and not put back." : isBack ? "" : " It is in no saved channel either.";
  return `${head} ${reasonOfRestore(run, record, restore)}${channel}`;
}
