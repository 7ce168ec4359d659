//! Shrinking: from a failing run to the smallest scenario that fails in the same way.
//!
//! Structure comes first, because it is what a reader has to take in: whole graphs, then operators,
//! records, rules, faults. A smaller candidate counts if it breaks the same thing ([`Class`]), shown by
//! the steps at hand, by a few walks, or by an exhaustive search within a small bound. On what is left an
//! exhaustive search finds a shortest schedule, which is thereby proven to be one. Everything is counted
//! in states and runs, never in time, so the result is the same everywhere.
//!
//! A candidate is judged as its file would be run, and where the suspect is wrong on purpose the right
//! program takes the same steps: what it breaks as well is no counterexample of the bug.

mod confirm;
mod reduce;
mod text;
mod untimed;

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

pub use self::confirm::confirm;
pub use self::untimed::Unshrunk;

use super::campaign::{Campaign, Suspect};
use super::exhaustive::{Bounds, Budget, Wanted, explore};
use super::judge::judge;
use super::walk::{Spice, Walker};
use crate::engine::{Control, Step};
use crate::kernel::{Patience, Stream};
use crate::model::{Plan, TaskId};
use crate::oracle::Class;
use crate::protocol::Timer;
use crate::scenario::Scenario;

/// A failure made as small as it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The scenario file, with its schedule, its story and what has to hold.
    pub text: String,
    /// What is wrong.
    pub class: Class,
    /// How many steps its schedule lists.
    pub steps: usize,
    /// Its operators.
    pub operators: usize,
    /// The faults among the steps.
    pub faults: usize,
    /// Whether exhaustive search has shown that no shorter schedule of this scenario fails in this way.
    pub proven: bool,
    /// Whether it was interrupted on the way, so that more could be left out.
    pub interrupted: bool,
}

/// A failing run, or a candidate for one: a scenario file without schedule, what of it takes steps of its
/// own, and how often somebody outside may interfere.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Draft {
    file: Value,
    control: Control,
    budget: Budget,
}

/// A draft that is known to fail, by these steps.
#[derive(Clone, Debug)]
struct Case {
    draft: Draft,
    scenario: Scenario,
    steps: Vec<Step>,
}

/// States that the search for one candidate may look at, and all searches for candidates together.
const CANDIDATE_STATES: u64 = 1_500;
const ALL_CANDIDATES_STATES: u64 = 40_000;
/// Walks through one candidate.
const CANDIDATE_WALKS: u64 = 60;
/// States of the search that proves.
const PROOF_STATES: u64 = 60_000;

/// Makes the run of a scenario file as small as it gets: what it breaks of its promises or, where it breaks
/// none, what it shows that a stronger promise would forbid. What is given back was read and run in that form.
///
/// # Errors
/// When there is nothing to make small, or nothing that a list of steps could show.
pub fn shrink(suspect: &dyn Suspect, file: &Value, scenario: &Scenario) -> Result<Shrunk, Unshrunk> {
    shrink_attended(suspect, file, scenario, Patience::ENDLESS)
}

/// The same as long as somebody has patience, who is told how many candidates were tried: then there is what it was
/// made up to there.
///
/// # Errors
/// Like [`shrink`], and when it is interrupted before that.
pub fn shrink_attended(suspect: &dyn Suspect, file: &Value, scenario: &Scenario, patience: Patience<'_>) -> Result<Shrunk, Unshrunk> {
    let run = untimed::run(suspect, scenario, patience)?;
    let draft = Draft { file: untimed::file(file, scenario, &run.steps)?, control: run.control, budget: budget_of(&run.steps) };
    let case = Case::new(draft, &run.steps, scenario.plan())?;
    let broken = judge(&case.scenario, suspect.world(&case.scenario), case.draft.control, &case.steps).broken;
    if !patience.lasts(0) {
        return Err(Unshrunk::Interrupted);
    }
    // What the clock alone shows is another story than what its steps show.
    let is_it = |class: &&Class| run.broken.is_empty() || run.broken.contains(&class.invariant());
    // Of what nobody promised, what becomes of the records says most.
    let allowed = broken.allowed.iter().filter(is_it).max_by_key(|class| class.invariant() == "delivery");
    let (class, is_claimed) = match (broken.claimed.iter().find(is_it), allowed) {
        (Some(class), _) => (*class, true),
        (None, Some(class)) if run.broken.is_empty() => (*class, false),
        _ => return Err(run.why_not()),
    };
    let mut shrinker = Shrinker { is_claimed, patience, ..Shrinker::new(suspect, class) };
    shrinker.shrink(case)
}

impl Campaign<'_> {
    /// Makes a failed run of the campaign as small as it gets. What is given back was read and run in that form.
    ///
    /// # Errors
    /// When the run does not fail, or nothing that a list of steps could show.
    pub fn shrink(&self, run: u64) -> Result<Shrunk, Unshrunk> {
        let replay = self.replay(run);
        let (suspect, class, shape) = (self.suspect, replay.class.ok_or(Unshrunk::Right)?, replay.shape);
        let any_graph = suspect.draws();
        // Drawn scenarios have no times; given ones lose theirs.
        let steps: Vec<Step> = replay.steps.into_iter().map(untimed::asked).collect();
        let file = if any_graph { shape.file() } else { untimed::file(&shape.file(), &shape.scenario, &steps)? };
        let draft = Draft { file, control: shape.control, budget: budget_of(&steps) };
        let case = Case::new(draft, &steps, shape.scenario.plan())?;
        let mut shrinker = Shrinker { any_graph, ..Shrinker::new(suspect, class) };
        shrinker.shrink(case)
    }
}

impl Case {
    /// The steps of a run on `plan`, in the draft: its operators are in the order of their names.
    fn new(draft: Draft, steps: &[Step], plan: &Plan) -> Result<Case, Unshrunk> {
        let scenario = Scenario::from_draft(&draft.file).map_err(|mistakes| Unshrunk::unfaithful(&mistakes))?;
        let steps = steps.iter().filter_map(|step| translate(*step, plan, scenario.plan())).collect();
        Ok(Case { draft, scenario, steps })
    }
}

/// What these steps take from the budgets.
fn budget_of(steps: &[Step]) -> Budget {
    let count = |is_it: fn(&Step) -> bool| steps.iter().filter(|step| is_it(step)).count() as u32;
    Budget {
        snapshots: count(|step| matches!(step, Step::Request | Step::Fire(Timer::First | Timer::Interval))),
        crashes: count(|step| matches!(step, Step::Crash(_))),
        losses: count(|step| matches!(step, Step::Lose(_))),
        repeats: count(|step| matches!(step, Step::Repeat(_))),
        postponements: count(|step| matches!(step, Step::Postpone(_))),
        failed_uploads: count(|step| matches!(step, Step::FailUpload(..))),
        timeouts: count(|step| matches!(step, Step::Fire(Timer::Timeout(_)))),
        alignments: count(|step| matches!(step, Step::Fire(Timer::Budget(_)))),
        finals: count(|step| matches!(step, Step::Fire(Timer::Final))),
    }
}

fn is_fault(step: &Step) -> bool {
    matches!(step, Step::Crash(_) | Step::Lose(_) | Step::Repeat(_) | Step::Postpone(_) | Step::FailUpload(..))
}

struct Shrinker<'s> {
    suspect: &'s dyn Suspect,
    class: Class,
    /// Whether a promise is broken; else it is only what nobody promised.
    is_claimed: bool,
    /// What candidates may still cost.
    states: u64,
    /// Whether the graph is nobody's own, so that any other will do.
    any_graph: bool,
    patience: Patience<'s>,
    /// How many candidates were run.
    tried: AtomicU64,
}

impl<'s> Shrinker<'s> {
    fn new(suspect: &'s dyn Suspect, class: Class) -> Self {
        Shrinker {
            suspect,
            class,
            is_claimed: true,
            states: ALL_CANDIDATES_STATES,
            any_graph: false,
            patience: Patience::ENDLESS,
            tried: AtomicU64::new(0),
        }
    }

    /// Whether somebody still waits for something smaller.
    fn goes_on(&self) -> bool {
        self.patience.lasts(self.tried.load(Ordering::Relaxed))
    }

    fn shrink(&mut self, case: Case) -> Result<Shrunk, Unshrunk> {
        let case = self.in_full(case);
        if !self.is_broken(&case.scenario, case.draft.control, &case.steps) {
            return Err(Unshrunk::Right);
        }
        if !self.breaks(&case.scenario, case.draft.control, &case.steps) {
            return Err(Unshrunk::RightToo);
        }
        let mut case = self.reduced(self.fewer_steps(case));
        if self.any_graph {
            self.states = ALL_CANDIDATES_STATES;
            let smallest = reduce::smallest(&case.draft, self.suspect).into_iter().find_map(|draft| self.stumbled_on(draft));
            case = match smallest {
                Some(smallest) => smallest,
                // It takes special rules; what is left of those has a smallest graph, too.
                None => self.first_that_fails(case, reduce::templates),
            };
            case = self.reduced(case);
        }
        if let Some(renamed) = reduce::renamed(&case.draft).and_then(|draft| self.confirm(draft, &case)) {
            case = renamed;
        }
        let (case, proven) = self.shortest(case);
        self.finished(case, proven)
    }

    /// Reduces until nothing can be.
    fn reduced(&mut self, mut case: Case) -> Case {
        loop {
            let before = case.draft.clone();
            case = self.descend(case);
            if before == case.draft {
                return case;
            }
        }
    }

    /// One round through all one-step reductions.
    fn descend(&mut self, mut case: Case) -> Case {
        let reductions = reduce::REDUCTIONS.into_iter();
        // Where nothing is promised, a sink that promises less would make it another story.
        for reduction in reductions.chain(self.is_claimed.then_some(reduce::sinks as reduce::Reduction)) {
            let mut at = 0;
            while self.goes_on()
                && let Some(draft) = reduction(&case.draft, at)
            {
                match self.confirm(draft, &case) {
                    // The next one has moved up into its place.
                    Some(smaller) => case = smaller,
                    None => at += 1,
                }
            }
        }
        case
    }

    fn first_that_fails(&mut self, case: Case, candidates: fn(&Draft, &dyn Suspect) -> Vec<Draft>) -> Case {
        let candidates = candidates(&case.draft, self.suspect);
        candidates.into_iter().find_map(|draft| self.confirm(draft, &case)).unwrap_or(case)
    }

    /// Whether the steps, and what follows by default, break what is to be broken, and only with the bug.
    fn breaks(&self, scenario: &Scenario, control: Control, steps: &[Step]) -> bool {
        let scenario = as_listed(scenario, steps);
        let is_right = || judge(&scenario, scenario.world(), control, steps).is_right(self.class.invariant());
        self.is_broken(&scenario, control, steps) && (!self.has_right() || is_right())
    }

    fn is_broken(&self, scenario: &Scenario, control: Control, steps: &[Step]) -> bool {
        self.tried.fetch_add(1, Ordering::Relaxed);
        let scenario = as_listed(scenario, steps);
        let broken = judge(&scenario, self.suspect.world(&scenario), control, steps).broken;
        if self.is_claimed { &broken.claimed } else { &broken.allowed }.contains(&self.class)
    }

    /// With every step that is taken, where those that are not listed matter: a snapshot that is asked for
    /// after all of them is none when its step is not among them.
    fn in_full(&self, mut case: Case) -> Case {
        let Case { draft, scenario, steps } = &mut case;
        if !self.is_broken(scenario, draft.control, steps) {
            let taken = judge(scenario, self.suspect.world(scenario), draft.control, steps).steps;
            *steps = taken.into_iter().filter(|step| *step != Step::Start).map(untimed::asked).collect();
            draft.budget = budget_of(steps);
        }
        case
    }

    /// Whether the right program must not show the same.
    fn has_right(&self) -> bool {
        self.is_claimed && !self.suspect.is_right()
    }

    /// The candidate as a case of its own, if it fails in the same way.
    fn confirm(&mut self, draft: Draft, parent: &Case) -> Option<Case> {
        if !self.goes_on() {
            return None;
        }
        let scenario = Scenario::from_draft(&draft.file).ok()?;
        let steps = self.translated(&scenario, &draft, parent).or_else(|| self.walked(&scenario, &draft)).or_else(|| {
            let states = CANDIDATE_STATES.min(self.states);
            self.searched(&scenario, &draft, states)
        })?;
        Some(Case { draft, scenario, steps })
    }

    /// The candidate as a case of its own, if walks find the failure in it.
    fn stumbled_on(&self, draft: Draft) -> Option<Case> {
        let scenario = Scenario::from_draft(&draft.file).ok()?;
        let steps = self.walked(&scenario, &draft)?;
        Some(Case { draft, scenario, steps })
    }

    /// The parent's steps, as far as they have a meaning here and the budget allows.
    fn translated(&self, scenario: &Scenario, draft: &Draft, parent: &Case) -> Option<Vec<Step>> {
        let steps: Vec<Step> = parent.steps.iter().filter_map(|step| translate(*step, parent.scenario.plan(), scenario.plan())).collect();
        (within(&steps, draft.budget) && self.breaks(scenario, draft.control, &steps)).then_some(steps)
    }

    fn walked(&self, scenario: &Scenario, draft: &Draft) -> Option<Vec<Step>> {
        let Budget { crashes, losses, repeats, postponements, failed_uploads, timeouts, alignments, .. } = draft.budget;
        let amount = |count: u32| count.min(3) as u8;
        let spice = Spice {
            crashes: amount(crashes),
            losses: amount(losses),
            repeats: amount(repeats),
            postponements: amount(postponements),
            failed_uploads: amount(failed_uploads),
            early_timers: amount(timeouts.saturating_add(alignments)),
        };
        let mut walker = Walker::new(scenario, self.suspect.world(scenario), draft.control, spice);
        let mut steps = Vec::new();
        for walk in (0..CANDIDATE_WALKS).take_while(|_| self.goes_on()) {
            if walker.walk(&mut Stream::numbered(0, "shrink", walk), None).broken == Some(self.class) {
                steps.clear();
                walker.walk(&mut Stream::numbered(0, "shrink", walk), Some(&mut steps));
                if within(&steps, draft.budget) && self.breaks(scenario, draft.control, &steps) {
                    return Some(steps);
                }
            }
        }
        None
    }

    /// A shortest schedule: the search saw all that are shorter.
    fn searched(&mut self, scenario: &Scenario, draft: &Draft, states: u64) -> Option<Vec<Step>> {
        let bounds = Bounds { states, bytes: 1 << 30 };
        let world = self.suspect.world(scenario);
        let counts = |steps: &[Step]| self.breaks(scenario, draft.control, steps);
        let lasts = |_| self.goes_on();
        let wanted = Wanted::only(self.class, &counts, Patience::new(&lasts));
        let explored = explore(scenario, world, draft.control, draft.budget, bounds, wanted);
        self.states = self.states.saturating_sub(explored.states);
        Some(explored.found?.steps)
    }

    /// A schedule that is proven to be a shortest, or at least one from which nothing can be left out.
    fn shortest(&mut self, mut case: Case) -> (Case, bool) {
        case.draft.budget = budget_of(&case.steps);
        match self.searched(&case.scenario, &case.draft.clone(), PROOF_STATES) {
            Some(steps) => (Case { steps, ..case }, true),
            None => (self.fewer_steps(case), false),
        }
    }

    /// Leaves out steps, many at first, as long as the failure stays (Zeller and Hildebrandt's ddmin, from
    /// the end): what is left out happens by default, or not at all.
    fn fewer_steps(&self, mut case: Case) -> Case {
        let mut size = case.steps.len().next_power_of_two() / 2;
        while size > 0 {
            let mut end = case.steps.len();
            while end > 0 && self.goes_on() {
                let start = end.saturating_sub(size);
                let mut steps = case.steps.clone();
                steps.drain(start..end);
                if self.breaks(&case.scenario, case.draft.control, &steps) {
                    case.steps = steps;
                }
                end = start;
            }
            size /= 2;
        }
        case.draft.budget = budget_of(&case.steps);
        case
    }

    /// A run that goes in circles is stopped where it was stopped here.
    fn with_limit(&self, mut case: Case) -> Case {
        let Case { draft, scenario, steps } = &mut case;
        *scenario = as_listed(scenario, steps).into_owned();
        let judged = judge(scenario, self.suspect.world(scenario), draft.control, steps);
        if judged.is_endless {
            draft.file["limits"] = json!({"steps": judged.steps.len()});
            *scenario = scenario.clone().with_steps(judged.steps.len() as u64);
        }
        case
    }

    fn finished(&self, case: Case, proven: bool) -> Result<Shrunk, Unshrunk> {
        let Case { draft, scenario, steps } = &self.with_limit(case);
        let outcome = scenario.replay(self.suspect.world(scenario), draft.control, steps.iter().copied());
        let interrupted = !proven && !self.goes_on();
        let text = text::file(draft, scenario, steps, (self.class, self.is_claimed), &outcome, (proven, interrupted));
        // What is cut on the way may have more steps than a file can list.
        let why = |said| if interrupted { Unshrunk::Interrupted } else { Unshrunk::Unfaithful(said) };
        confirm(self.suspect, &text, self.class.word()).map_err(why)?;
        let operators = draft.file["operators"].as_object().map_or(0, serde_json::Map::len);
        let faults = steps.iter().filter(|step| is_fault(step)).count();
        Ok(Shrunk { text, class: self.class, steps: steps.len(), operators, faults, proven, interrupted })
    }
}

/// The scenario as its file lists the steps: it asks for no more snapshots than they do.
fn as_listed<'s>(scenario: &'s Scenario, steps: &[Step]) -> Cow<'s, Scenario> {
    let requests = steps.iter().filter(|step| **step == Step::Request).count() as u32;
    let initiator = |step: &Step| if let Step::Initiate(task) = step { Some(*task) } else { None };
    let initiators: Vec<TaskId> = steps.iter().filter_map(initiator).collect();
    let setup = scenario.setup();
    if (setup.requests, &setup.initiators) == (requests, &initiators) {
        return Cow::Borrowed(scenario);
    }
    Cow::Owned(scenario.clone().with_setup(|setup| (setup.requests, setup.initiators) = (requests, initiators)))
}

fn within(steps: &[Step], budget: Budget) -> bool {
    let used = budget_of(steps);
    used.snapshots <= budget.snapshots
        && used.crashes <= budget.crashes
        && used.losses <= budget.losses
        && used.repeats <= budget.repeats
        && used.postponements <= budget.postponements
        && used.failed_uploads <= budget.failed_uploads
        && used.timeouts <= budget.timeouts
        && used.alignments <= budget.alignments
        && used.finals <= budget.finals
}

/// The same step in another graph, by name; a task that was one of several may be the only one now.
fn translate(step: Step, from: &Plan, to: &Plan) -> Option<Step> {
    let name = step.describe(from);
    Step::parse(&name, to).or_else(|_| Step::parse(&name.replace("[0]", ""), to)).ok()
}
