//! How a walk chooses among the steps that can happen.
//!
//! Measured with a prototype: where faults fall decides how soon a bug is found (up to 145 times), the
//! strategy much less (at most 2.6 times), and none is best for all bugs. So walks mix them.

use crate::engine::Step;
use crate::kernel::Stream;
use crate::model::{Plan, TaskId};

/// How to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Each step with the same chance.
    Uniform,
    /// Partial order sampling (Yuan et al. 2018): every pending step has a random priority, the highest is
    /// taken, and those that raced with it draw anew.
    PartialOrder,
    /// Probabilistic concurrency testing (Burckhardt et al. 2010) with this depth, at least 1: a channel or
    /// source has a random priority for the whole run; at `depth - 1` random moments the highest becomes
    /// the lowest.
    Priorities {
        /// How many ordering constraints a bug may need.
        depth: u8,
    },
    /// By a clock: a step that becomes possible is due after a random time up to this bound.
    Clock {
        /// The longest delay; a narrow range keeps the order of sending, a wide one shuffles.
        longest: u16,
    },
}

impl Strategy {
    /// One of all, with the same chance for each family.
    pub fn draw(stream: &mut Stream) -> Strategy {
        match stream.below(6) {
            0 => Strategy::Uniform,
            1 | 2 => Strategy::PartialOrder,
            3 => Strategy::Priorities { depth: 1 + stream.below(4) as u8 },
            4 => Strategy::Clock { longest: 8 },
            _ => Strategy::Clock { longest: 500 },
        }
    }
}

/// A strategy at work in one run.
#[derive(Clone, Debug)]
pub(super) struct Chooser {
    strategy: Strategy,
    /// What each pending step (for [`Strategy::Priorities`]: each step ever seen) drew.
    keys: Vec<(Step, u64)>,
    /// The moments at which a priority changes, ascending from the end.
    changes: Vec<u32>,
    now: u64,
}

impl Chooser {
    pub fn new() -> Self {
        Chooser { strategy: Strategy::Uniform, keys: Vec::new(), changes: Vec::new(), now: 0 }
    }

    /// A new run of about `horizon` moves.
    pub fn reset(&mut self, strategy: Strategy, horizon: u32, stream: &mut Stream) {
        (self.strategy, self.now) = (strategy, 0);
        self.keys.clear();
        self.changes.clear();
        if let Strategy::Priorities { depth } = strategy {
            self.changes.extend((1..depth).map(|_| stream.below(u64::from(horizon)) as u32));
            self.changes.sort_unstable_by(|a, b| b.cmp(a));
        }
    }

    /// The place in `moves`, which is not empty, of the step to take; `at` is the number of the move.
    #[inline]
    pub fn pick(&mut self, plan: &Plan, moves: &[Step], at: u32, stream: &mut Stream) -> usize {
        if moves.len() == 1 && !matches!(self.strategy, Strategy::Clock { .. }) {
            return 0;
        }
        match self.strategy {
            Strategy::Uniform => stream.below(moves.len() as u64) as usize,
            Strategy::PartialOrder => self.highest_priority(plan, moves, stream),
            Strategy::Priorities { .. } => self.highest_chain(moves, at, stream),
            Strategy::Clock { longest } => self.earliest(moves, u64::from(longest), stream),
        }
    }

    fn key(&mut self, step: Step, draw: impl FnOnce() -> u64) -> u64 {
        if let Some(&(_, key)) = self.keys.iter().find(|(known, _)| *known == step) {
            return key;
        }
        let key = draw();
        self.keys.push((step, key));
        key
    }

    fn highest_priority(&mut self, plan: &Plan, moves: &[Step], stream: &mut Stream) -> usize {
        let keys = moves.iter().map(|&step| self.key(step, || stream.draw()));
        let best = keys.enumerate().max_by_key(|&(_, key)| key).map_or(0, |(at, _)| at);
        let actor = actor(plan, moves[best]);
        self.keys.retain(|(step, _)| self::actor(plan, *step) != actor);
        best
    }

    fn highest_chain(&mut self, moves: &[Step], at: u32, stream: &mut Stream) -> usize {
        // Above all priorities that changes give.
        let keys = moves.iter().map(|&step| self.key(step, || stream.draw() | 1 << 32));
        let best = keys.enumerate().max_by_key(|&(_, key)| key).map_or(0, |(at, _)| at);
        if self.changes.last().is_some_and(|&change| change <= at) {
            self.changes.pop();
            let low = self.changes.len() as u64;
            if let Some((_, key)) = self.keys.iter_mut().find(|(step, _)| *step == moves[best]) {
                *key = low;
            }
            return self.highest_chain(moves, at, stream);
        }
        best
    }

    fn earliest(&mut self, moves: &[Step], longest: u64, stream: &mut Stream) -> usize {
        let now = self.now;
        let keys = moves.iter().map(|&step| self.key(step, || now + 1 + stream.below(longest)));
        let (best, due) = keys.enumerate().min_by_key(|&(_, key)| key).unwrap_or((0, now));
        self.now = now.max(due);
        let taken = moves[best];
        self.keys.retain(|(step, _)| *step != taken);
        best
    }
}

/// Who does the step's work; the coordinator where no task does.
fn actor(plan: &Plan, step: Step) -> Option<TaskId> {
    match step {
        Step::Deliver(channel) | Step::Take(channel, _) | Step::Announce(channel, _) => Some(plan.channels()[channel].to),
        Step::Emit(task) | Step::Tell(task) | Step::Upload(task) | Step::Restore(task) | Step::Alarm(task) | Step::Initiate(task) => {
            Some(task)
        }
        _ => None,
    }
}
