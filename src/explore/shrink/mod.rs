//! Shrinking: from a failing run to the smallest scenario that fails in the same way.
//!
//! Structure comes first, because it is what a reader has to take in: whole graphs, then operators,
//! records, rules, faults. A smaller candidate counts if it breaks the same thing ([`Class`]), shown by
//! the steps at hand, by a few walks, or by an exhaustive search within a small bound. On what is left an
//! exhaustive search finds a shortest schedule, which is thereby proven to be one. Everything is counted
//! in states and runs, never in time, so the result is the same everywhere.

mod reduce;
mod text;
mod untimed;

use serde_json::{Value, json};

use super::campaign::{Campaign, Suspect};
use super::exhaustive::{Bounds, Budget, search};
use super::most_steps;
use super::walk::{Spice, Walker, judge_steps};
use crate::engine::{Control, FactSink, Step, Stop, Untimed};
use crate::kernel::Stream;
use crate::model::Plan;
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
/// none, what it shows that a stronger promise would forbid. `None` when it is right in every respect, or
/// when what is wrong needs a clock or a text file to show.
pub fn shrink(suspect: &dyn Suspect, file: &Value, scenario: &Scenario) -> Option<Shrunk> {
    let (steps, control) = untimed::steps(suspect, scenario);
    let draft = Draft { file: untimed::file(file, &steps), control, budget: budget_of(&steps) };
    let (original, scenario) = (scenario, Scenario::from_draft(&draft.file).ok()?);
    // The draft's operators are in the order of their names.
    let steps: Vec<Step> = steps.iter().filter_map(|step| translate(*step, original.plan(), scenario.plan())).collect();
    let broken = judge_steps(&scenario, suspect.world(&scenario), control, &steps);
    // Of what nobody promised, what becomes of the records says most.
    let allowed = broken.allowed.iter().max_by_key(|class| class.invariant() == "delivery");
    let (class, is_claimed) = match (broken.claimed.first(), allowed) {
        (Some(class), _) => (*class, true),
        (None, Some(class)) => (*class, false),
        (None, None) => return None,
    };
    let mut shrinker = Shrinker { suspect, class, is_claimed, states: ALL_CANDIDATES_STATES, any_graph: false };
    Some(shrinker.shrink(Case { draft, scenario, steps }))
}

impl Campaign<'_> {
    /// Makes a failed run of the campaign as small as it gets; `None` when the run does not fail, or when
    /// what is wrong needs a clock to show.
    pub fn shrink(&self, run: u64) -> Option<Shrunk> {
        let replay = self.replay(run);
        let (suspect, class, shape) = (self.suspect, replay.class?, replay.shape);
        let any_graph = suspect.draws();
        // Drawn scenarios have no times; given ones lose theirs.
        let steps: Vec<Step> = replay.steps.into_iter().map(untimed::asked).collect();
        let file = if any_graph { shape.file } else { untimed::file(&shape.file, &steps) };
        let scenario = Scenario::from_draft(&file).ok()?;
        let steps: Vec<Step> = steps.iter().filter_map(|step| translate(*step, shape.scenario.plan(), scenario.plan())).collect();
        let draft = Draft { file, control: shape.control, budget: budget_of(&steps) };
        let mut shrinker = Shrinker { suspect, class, is_claimed: true, states: ALL_CANDIDATES_STATES, any_graph };
        Some(shrinker.shrink(Case { draft, scenario, steps }))
    }
}

/// What these steps take from the budgets.
fn budget_of(steps: &[Step]) -> Budget {
    let count = |is_it: fn(&Step) -> bool| steps.iter().filter(|step| is_it(step)).count() as u32;
    Budget {
        snapshots: count(|step| matches!(step, Step::Request | Step::Fire(Timer::First | Timer::Interval))),
        crashes: count(|step| matches!(step, Step::Crash(_))),
        losses: count(|step| matches!(step, Step::Lose(_))),
        failed_uploads: count(|step| matches!(step, Step::FailUpload(..))),
        timeouts: count(|step| matches!(step, Step::Fire(Timer::Timeout(_)))),
        alignments: count(|step| matches!(step, Step::Fire(Timer::Budget(_)))),
        finals: count(|step| matches!(step, Step::Fire(Timer::Final))),
    }
}

fn is_fault(step: &Step) -> bool {
    matches!(step, Step::Crash(_) | Step::Lose(_) | Step::FailUpload(..))
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
}

impl Shrinker<'_> {
    fn shrink(&mut self, case: Case) -> Shrunk {
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
            while let Some(draft) = reduction(&case.draft, at) {
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

    /// Whether the steps, and what follows by default, break what is to be broken.
    fn breaks(&self, scenario: &Scenario, control: Control, steps: &[Step]) -> bool {
        let broken = judge_steps(scenario, self.suspect.world(scenario), control, steps);
        if self.is_claimed { &broken.claimed } else { &broken.allowed }.contains(&self.class)
    }

    /// The candidate as a case of its own, if it fails in the same way.
    fn confirm(&mut self, draft: Draft, parent: &Case) -> Option<Case> {
        let scenario = Scenario::from_draft(&draft.file).ok()?;
        let steps = self.translated(&scenario, &draft, parent).or_else(|| self.walked(&scenario, &draft)).or_else(|| {
            let states = CANDIDATE_STATES.min(self.states);
            self.searched(&scenario, &draft, states).map(|(steps, _)| steps)
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
        let Budget { crashes, losses, failed_uploads, timeouts, alignments, .. } = draft.budget;
        let amount = |count: u32| count.min(3) as u8;
        let spice = Spice {
            crashes: amount(crashes),
            losses: amount(losses),
            failed_uploads: amount(failed_uploads),
            early_timers: amount(timeouts.saturating_add(alignments)),
        };
        let mut walker = Walker::new(scenario, self.suspect.world(scenario), draft.control, spice);
        let mut steps = Vec::new();
        for walk in 0..CANDIDATE_WALKS {
            if walker.walk(&mut Stream::numbered(0, "shrink", walk), None).broken == Some(self.class) {
                walker.walk(&mut Stream::numbered(0, "shrink", walk), Some(&mut steps));
                return (within(&steps, draft.budget) && self.breaks(scenario, draft.control, &steps)).then_some(steps);
            }
        }
        None
    }

    /// A shortest schedule, and whether the search saw all that are shorter.
    fn searched(&mut self, scenario: &Scenario, draft: &Draft, states: u64) -> Option<(Vec<Step>, bool)> {
        let bounds = Bounds { states, bytes: 1 << 30 };
        let world = self.suspect.world(scenario);
        let explored = search(scenario, world, draft.control, draft.budget, bounds, Some(self.class));
        self.states = self.states.saturating_sub(explored.states);
        let steps = explored.found?.steps;
        self.breaks(scenario, draft.control, &steps).then_some((steps, true))
    }

    /// A schedule that is proven to be a shortest, or at least one from which nothing can be left out.
    fn shortest(&mut self, mut case: Case) -> (Case, bool) {
        case.draft.budget = budget_of(&case.steps);
        match self.searched(&case.scenario, &case.draft.clone(), PROOF_STATES) {
            Some((steps, proven)) => (Case { steps, ..case }, proven),
            None => (self.fewer_steps(case), false),
        }
    }

    /// Leaves out steps, many at first, as long as the failure stays (Zeller and Hildebrandt's ddmin, from
    /// the end): what is left out happens by default, or not at all.
    fn fewer_steps(&self, mut case: Case) -> Case {
        let mut size = case.steps.len().next_power_of_two() / 2;
        while size > 0 {
            let mut end = case.steps.len();
            while end > 0 {
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

    /// A run that goes in circles is stopped where the search would have stopped it.
    fn with_limit(&self, mut case: Case) -> Case {
        if self.class == Class::Broken("liveness") && is_endless(self.suspect, &case) {
            case.draft.file["limits"] = json!({"steps": most_steps(case.scenario.plan())});
            case.scenario = Scenario::from_draft(&case.draft.file).expect("as before, with a limit");
        }
        case
    }

    fn finished(&self, case: Case, proven: bool) -> Shrunk {
        let Case { draft, scenario, steps } = &self.with_limit(case);
        let outcome = scenario.replay(self.suspect.world(scenario), draft.control, steps.iter().copied());
        let text = text::file(draft, scenario, steps, (self.class, self.is_claimed), &outcome, proven);
        let operators = draft.file["operators"].as_object().map_or(0, serde_json::Map::len);
        let faults = steps.iter().filter(|step| is_fault(step)).count();
        Shrunk { text, class: self.class, steps: steps.len(), operators, faults, proven }
    }
}

/// Whether the run takes so many steps that it is going in circles.
fn is_endless(suspect: &dyn Suspect, case: &Case) -> bool {
    let (mut world, control) = (suspect.world(&case.scenario), case.draft.control);
    let nobody: &mut dyn FactSink = &mut ();
    let mut driver = Untimed::new(control, most_steps(case.scenario.plan()), nobody);
    driver.follow(&mut world, case.steps.iter().copied());
    driver.finish(&mut world) != Stop::Quiet
}

fn within(steps: &[Step], budget: Budget) -> bool {
    let used = budget_of(steps);
    used.snapshots <= budget.snapshots
        && used.crashes <= budget.crashes
        && used.losses <= budget.losses
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
