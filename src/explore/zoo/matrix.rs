//! The kill matrix: how many runs it takes to find each mutant, what finds it, and how short the
//! counterexample gets.
//!
//! Every trial is a campaign with a seed of its own, so that what is measured is the search and not the
//! luck of one seed. All of it is a function of the seed, whatever the number of threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde_json::json;

use super::Mutant;
use crate::engine::Control;
use crate::explore::exhaustive::{Bounds, Budget, Unfinished, search_attended};
use crate::explore::{Campaign, Shrunk, Suspect, Unshrunk, judge_steps};
use crate::kernel::Patience;
use crate::oracle::Class;
use crate::protocol::ProtocolKind;
use crate::scenario::{INVARIANTS, Scenario};

/// So many trials that found something shrink it: the smallest counts, and all should agree.
const SHRUNK: usize = 3;

/// What exhaustive search of one small scenario may cost.
const BOUNDS: Bounds = Bounds { states: 20_000, bytes: 1 << 30 };

/// Who is looked for, and how much is told of it.
#[derive(Clone, Copy)]
pub struct Patient<'p> {
    /// A word for it.
    pub name: &'p str,
    /// The public bug whose class it is.
    pub stands_for: &'p str,
    /// What it does wrong.
    pub what: &'p str,
    /// What is put into worlds.
    pub suspect: &'p dyn Suspect,
}

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Campaigns for each mutant; at least 1.
    pub trials: u32,
    /// The seed of the first campaign; each further one has the next seed.
    pub seed: u64,
    /// A campaign gives up after so many runs.
    pub limit: u64,
}

/// What an exhaustive search of small scenarios says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByCheck {
    /// It finds it.
    Yes,
    /// It has seen all there is to see in them, and nothing was wrong.
    No,
    /// It had to give up.
    NotExhausted,
}

impl ByCheck {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            ByCheck::Yes => "yes",
            ByCheck::No => "no",
            ByCheck::NotExhausted => "not_exhausted",
        }
    }
}

/// Runs until something was found, over the trials of one mutant; nothing where that trial gave up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// The middle one, of two the lower.
    pub median: Option<u64>,
    /// Nineteen of twenty trials need at most so many.
    pub p95: Option<u64>,
    /// The most.
    pub worst: Option<u64>,
}

impl Runs {
    /// The runs of some trials. One that gave up needed more than any other.
    fn of(mut runs: Vec<Option<u64>>) -> Runs {
        runs.sort_unstable_by_key(|runs| runs.unwrap_or(u64::MAX));
        let at = |rank: usize| runs.get(rank.max(1) - 1).copied().flatten();
        Runs { median: at(runs.len().div_ceil(2)), p95: at((runs.len() * 19).div_ceil(20)), worst: at(runs.len()) }
    }
}

/// What is known of one mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The public bug whose class it is.
    pub stands_for: String,
    /// What it does wrong.
    pub what: String,
    /// The trials that were made.
    pub trials: u32,
    /// Those that found it.
    pub found: u32,
    /// How long they took.
    pub runs: Runs,
    /// Which invariant was violated first, in how many trials; the most frequent first.
    pub killers: Vec<(&'static str, u32)>,
    /// The invariant that alone was violated in the first failing run of every trial.
    pub only_killer: Option<&'static str>,
    /// What exhaustive search says.
    pub by_check: ByCheck,
    /// The smallest counterexample of some trials.
    pub shortest: Option<Shrunk>,
    /// Why a trial that found something has none.
    pub unshrunk: Option<Unshrunk>,
    /// Whether the counterexamples of those trials are the same file; nothing when there is only one.
    pub same_file: Option<bool>,
}

/// All rows, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// How hard it looked.
    pub effort: Effort,
    /// A row for each mutant, in the order given; where somebody asked for an end, for each that was looked for.
    pub rows: Vec<Row>,
    /// Whether somebody asked for an end before all was done.
    pub interrupted: bool,
}

/// What a trial found.
struct Trial {
    /// The number of the run.
    run: u64,
    class: Class,
    /// All invariants that the run violates.
    violated: Vec<&'static str>,
}

impl<'p> From<&'p Mutant> for Patient<'p> {
    fn from(mutant: &'p Mutant) -> Self {
        let Mutant { name, stands_for, what, .. } = *mutant;
        Patient { name, stands_for, what, suspect: mutant }
    }
}

impl Matrix {
    /// Looks for each of these mutants. Parallel in the ambient pool of threads; the result is the same
    /// with any number of them.
    pub fn of(mutants: &[&Mutant], effort: Effort) -> Matrix {
        Matrix::attended(mutants, effort, Patience::ENDLESS)
    }

    /// The same as long as somebody has patience, who is told the number of trials.
    pub fn attended(mutants: &[&Mutant], effort: Effort, patience: Patience<'_>) -> Matrix {
        Matrix::of_patients(&mutants.iter().map(|mutant| Patient::from(*mutant)).collect::<Vec<_>>(), effort, patience)
    }

    /// The same with suspects of your own.
    pub fn of_patients(patients: &[Patient<'_>], effort: Effort, patience: Patience<'_>) -> Matrix {
        let trials = trials(patients, effort, patience);
        let made = trials.iter().map(|trials| trials.len() as u64).sum();
        let lasts = move |_| patience.lasts(made);
        let patience = Patience::new(&lasts);
        let by_check: Vec<ByCheck> = patients.par_iter().map(|patient| by_check(patient, patience)).collect();
        let files = files(patients, effort, &trials, patience);
        let parts = patients.iter().zip(&trials).zip(by_check).zip(files);
        let parts = parts.filter(|(((_, trials), _), _)| !trials.is_empty());
        let rows = parts.map(|(((patient, trials), by_check), files)| row(patient, trials, by_check, files)).collect();
        Matrix { effort, rows, interrupted: !patience.lasts(made) }
    }

    /// Whether every mutant was found.
    pub fn is_complete(&self) -> bool {
        self.rows.iter().all(|row| row.found > 0)
    }

    /// The invariants, each with the mutants that nothing else catches.
    pub fn only_killers(&self) -> impl Iterator<Item = (&'static str, Vec<&str>)> {
        INVARIANTS.iter().map(|&invariant| {
            let only = self.rows.iter().filter(|row| row.only_killer == Some(invariant));
            (invariant, only.map(|row| row.name.as_str()).collect())
        })
    }

    /// The median over mutants of their median, and the worst of their 95th percentiles.
    pub fn runs(&self) -> Runs {
        let median = Runs::of(self.rows.iter().map(|row| row.runs.median).collect()).median;
        let worst = Runs::of(self.rows.iter().map(|row| row.runs.worst).collect()).worst;
        Runs { median, p95: Runs::of(self.rows.iter().map(|row| row.runs.p95).collect()).worst, worst }
    }
}

fn campaign<'p>(patient: &Patient<'p>, effort: Effort, trial: u32) -> Campaign<'p> {
    Campaign { seed: effort.seed.wrapping_add(trial.into()), suspect: patient.suspect }
}

/// Those that were made, by patient: each with its number and what it found.
type Trials = Vec<(u32, Option<Trial>)>;

fn trials(patients: &[Patient<'_>], effort: Effort, patience: Patience<'_>) -> Vec<Trials> {
    let made = AtomicU64::new(0);
    let lasts = |_| patience.lasts(made.load(Ordering::Relaxed));
    let patience = Patience::new(&lasts);
    let pairs: Vec<(usize, u32)> = (0..patients.len()).flat_map(|at| (0..effort.trials).map(move |trial| (at, trial))).collect();
    let attempts = pairs.into_par_iter().map(|(at, trial)| {
        let found = attempt(&patients[at], effort, trial, patience);
        made.fetch_add(found.is_some().into(), Ordering::Relaxed);
        (at, trial, found)
    });
    let mut trials: Vec<Trials> = patients.iter().map(|_| Vec::new()).collect();
    for (at, trial, found) in attempts.collect::<Vec<_>>() {
        trials[at].extend(found.map(|found| (trial, found)));
    }
    trials
}

/// What its trials were made small to, of one patient.
type Files = Vec<Result<Shrunk, Unshrunk>>;

/// The counterexamples of the first trials that found something. Which these are is decided by their numbers, not by
/// who is done first.
fn files(patients: &[Patient<'_>], effort: Effort, trials: &[Trials], patience: Patience<'_>) -> Vec<Files> {
    let chosen = |trials: &Trials| {
        let found = trials.iter().filter_map(|(trial, found)| Some((*trial, found.as_ref()?.run)));
        found.take(SHRUNK).collect::<Vec<_>>()
    };
    let jobs = trials.iter().enumerate().flat_map(|(at, trials)| chosen(trials).into_iter().map(move |(trial, run)| (at, trial, run)));
    let jobs: Vec<(usize, u32, u64)> = jobs.collect();
    let jobs = jobs.into_par_iter().filter(|_| patience.lasts(0));
    let shrunk = jobs.map(|(at, trial, run)| (at, campaign(&patients[at], effort, trial).shrink(run)));
    let shrunk: Vec<(usize, Result<Shrunk, Unshrunk>)> = shrunk.collect();
    let mut files: Vec<Files> = patients.iter().map(|_| Vec::new()).collect();
    shrunk.into_iter().for_each(|(at, shrunk)| files[at].push(shrunk));
    files
}

/// Nothing when nobody waited for its end.
fn attempt(patient: &Patient<'_>, effort: Effort, trial: u32, patience: Patience<'_>) -> Option<Option<Trial>> {
    let campaign = campaign(patient, effort, trial);
    let Some(failure) = campaign.first_failure_attended(effort.limit, patience)? else { return Some(None) };
    let replay = campaign.replay(failure.run);
    let scenario = &replay.shape.scenario;
    let broken = judge_steps(scenario, patient.suspect.world(scenario), replay.shape.control, &replay.steps);
    let violated = broken.claimed.into_iter().map(Class::invariant).collect();
    Some(Some(Trial { run: failure.run, class: failure.class, violated }))
}

fn row(patient: &Patient<'_>, trials: &Trials, by_check: ByCheck, files: Files) -> Row {
    let unshrunk = files.iter().find_map(|file| file.as_ref().err().cloned());
    let files: Vec<Shrunk> = files.into_iter().flatten().collect();
    let found: Vec<&Trial> = trials.iter().filter_map(|(_, found)| found.as_ref()).collect();
    let mut kills: BTreeMap<&'static str, u32> = BTreeMap::new();
    for trial in &found {
        *kills.entry(trial.class.invariant()).or_default() += 1;
    }
    let mut killers: Vec<_> = kills.into_iter().collect();
    killers.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let mut violated: Vec<&'static str> = found.iter().flat_map(|trial| &trial.violated).copied().collect();
    violated.sort_unstable();
    violated.dedup();
    let same_file = (files.len() > 1).then(|| files.iter().all(|file| file.text == files[0].text));
    Row {
        name: patient.name.to_owned(),
        stands_for: patient.stands_for.to_owned(),
        what: patient.what.to_owned(),
        trials: trials.len() as u32,
        found: found.len() as u32,
        runs: Runs::of(trials.iter().map(|(_, found)| found.as_ref().map(|trial| trial.run + 1)).collect()),
        killers,
        only_killer: if let [only] = violated[..] { Some(only) } else { None },
        by_check,
        unshrunk,
        shortest: files.into_iter().min_by(|a, b| size(a).cmp(&size(b))),
        same_file,
    }
}

/// The fewest steps first; the text makes it an order.
fn size(file: &Shrunk) -> (usize, usize, usize, &str) {
    (file.steps, file.operators, file.faults, &file.text)
}

/// What exhaustive search is tried on, easy ones first: sources in front of a count and a sink, each with
/// its records and whether it is gone after them.
const SMALL: [&[(&str, u32, bool)]; 3] = [&[("A", 2, false)], &[("A", 2, false), ("B", 2, false)], &[("A", 1, true), ("B", 1, false)]];

fn small(protocol: ProtocolKind, sources: &[(&str, u32, bool)]) -> Scenario {
    let mut operators = serde_json::Map::new();
    let mut channels = Vec::new();
    for &(name, records, finishes) in sources {
        operators.insert(name.to_owned(), json!({"kind": "source", "records": records, "finishes": finishes}));
        channels.push(json!({"from": name, "to": "count"}));
    }
    operators.insert("count".to_owned(), json!({"kind": "keyed_count", "keys": 1}));
    operators.insert("out".to_owned(), json!({"kind": "sink", "commit": "two_phase"}));
    channels.push(json!({"from": "count", "to": "out"}));
    let mut snapshots = json!({"protocol": protocol.word(), "at": [0, 0]});
    if protocol == ProtocolKind::AlignedTimeout {
        snapshots["alignment_timeout"] = json!("1us");
    }
    let file = json!({"title": "small enough for every order", "operators": operators, "channels": channels, "snapshots": snapshots});
    Scenario::from_draft(&file).expect("what is committed is valid")
}

/// Searches small scenarios under each of the suspect's protocols, with two snapshots and a crash.
fn by_check(patient: &Patient<'_>, patience: Patience<'_>) -> ByCheck {
    let budget = Budget { crashes: 1, snapshots: 2, alignments: u32::MAX, ..Budget::default() };
    let mut gave_up = false;
    for sources in SMALL {
        for &protocol in patient.suspect.protocols() {
            let scenario = small(protocol, sources);
            let world = patient.suspect.world(&scenario);
            let explored = search_attended(&scenario, world, Control::INSTANT, budget, BOUNDS, None, patience);
            if explored.found.is_some() {
                return ByCheck::Yes;
            }
            gave_up |= matches!(explored.unfinished, Some(Unfinished::States | Unfinished::Bytes | Unfinished::Interrupted));
        }
    }
    if gave_up { ByCheck::NotExhausted } else { ByCheck::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_that_gave_up_needed_more_than_any_other() {
        let of = |runs: &[u64]| Runs::of(runs.iter().map(|&runs| (runs > 0).then_some(runs)).collect());
        assert_eq!(of(&[3, 1, 2]), Runs { median: Some(2), p95: Some(3), worst: Some(3) });
        assert_eq!(of(&[4, 1, 2, 3]).median, Some(2), "the lower one of two");
        assert_eq!(of(&[0, 1, 2]), Runs { median: Some(2), p95: None, worst: None });
        assert_eq!(of(&[0, 0, 2]).median, None);
        let many: Vec<u64> = (1..=20).collect();
        assert_eq!(of(&many), Runs { median: Some(10), p95: Some(19), worst: Some(20) });
        assert_eq!(of(&[]), Runs::default());
    }
}
