//! How a walk chooses among the steps that can happen.
//!
//! Measured with a prototype: where faults fall decides how soon a bug is found (up to 145 times), the
//! strategy much less (at most 2.6 times), and none is best for all bugs. So walks mix them.

use crate::engine::Step;
use crate::kernel::Stream;
use crate::model::{Plan, TaskId};
use crate::protocol::Timer;

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

/// A step as a word, since it is looked up before every move: its kind, and what tells it apart from others
/// of its kind. Of two numbers the second loses its high part, which no walk uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Name(u64);

impl Name {
    #[inline(always)]
    fn of(step: Step) -> Name {
        let (kind, at, which) = match step {
            Step::Deliver(channel) => (0, channel.0, 0),
            Step::Emit(task) => (1, task.0, 0),
            Step::Tell(task) => (2, task.0, 0),
            Step::Hear(task) => (3, task.0, 0),
            Step::Upload(task, id) => (4, task.0, id.map_or(0, |id| id.0)),
            Step::Restore(task) => (5, task.0, 0),
            Step::Take(channel, index) => (6, channel.0, index),
            Step::Announce(channel, snapshot) => (7, channel.0, snapshot.0),
            Step::Alarm(task) => (8, task.0, 0),
            Step::Initiate(task) => (9, task.0, 0),
            Step::Lose(task) => (10, task.0, 0),
            Step::Crash(task) => (11, task.0, 0),
            Step::Repeat(task) => (24, task.0, 0),
            Step::Postpone(task) => (25, task.0, 0),
            Step::FailUpload(task, id) => (12, task.0, id.map_or(0, |id| id.0)),
            Step::Start => (13, 0, 0),
            Step::Begin(channel, index) => (26, channel.0, index),
            Step::Complete(task) => (27, task.0, 0),
            Step::Request => (14, 0, 0),
            Step::Fire(timer) => Name::timer(timer),
        };
        Name(kind | u64::from(at) << 8 | u64::from(which) << 40)
    }

    #[inline(never)]
    fn timer(timer: Timer) -> (u64, u32, u32) {
        match timer {
            Timer::First => (15, 0, 0),
            Timer::Interval => (16, 0, 0),
            Timer::Final => (17, 0, 0),
            Timer::Pause => (18, 0, 0),
            Timer::Timeout(snapshot) => (19, snapshot.0, 0),
            Timer::Store(snapshot) => (20, snapshot.0, 0),
            Timer::Budget(snapshot) => (21, snapshot.0, 0),
            Timer::Detect => (22, 0, 0),
            Timer::Restart => (23, 0, 0),
        }
    }
}

/// A step that has drawn something.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    name: Name,
    /// Who does its work, where the strategy asks.
    actor: Option<TaskId>,
    key: u64,
}

/// A strategy at work in one run.
#[derive(Clone, Debug)]
pub(super) struct Chooser {
    strategy: Strategy,
    /// The pending steps; for [`Strategy::Priorities`] all that were ever seen.
    drawn: Vec<Drawn>,
    /// The moments at which a priority changes, ascending from the end.
    changes: Vec<u32>,
    now: u64,
}

impl Chooser {
    pub fn new() -> Self {
        Chooser { strategy: Strategy::Uniform, drawn: Vec::new(), changes: Vec::new(), now: 0 }
    }

    /// A new run of about `horizon` moves.
    pub fn reset(&mut self, strategy: Strategy, horizon: u32, stream: &mut Stream) {
        (self.strategy, self.now) = (strategy, 0);
        self.drawn.clear();
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

    /// What a step drew: its place in `drawn`. One that is not there yet draws now.
    #[inline(always)]
    fn find(&mut self, step: Step, draw: impl FnOnce() -> (Option<TaskId>, u64)) -> usize {
        let name = Name::of(step);
        self.drawn.iter().position(|known| known.name == name).unwrap_or_else(|| {
            let (actor, key) = draw();
            self.drawn.push(Drawn { name, actor, key });
            self.drawn.len() - 1
        })
    }

    /// The places in `moves` and `drawn` of the step whose key is the highest; of equal ones the last.
    #[inline(always)]
    fn highest(&mut self, moves: &[Step], mut draw: impl FnMut(Step) -> (Option<TaskId>, u64)) -> (usize, usize) {
        let mut best = (0, 0, 0);
        for (at, &step) in moves.iter().enumerate() {
            let found = self.find(step, || draw(step));
            let key = self.drawn[found].key;
            if key >= best.2 {
                best = (at, found, key);
            }
        }
        (best.0, best.1)
    }

    fn highest_priority(&mut self, plan: &Plan, moves: &[Step], stream: &mut Stream) -> usize {
        let (best, found) = self.highest(moves, |step| (actor(plan, step), stream.draw()));
        let actor = self.drawn[found].actor;
        self.drawn.retain(|drawn| drawn.actor != actor);
        best
    }

    fn highest_chain(&mut self, moves: &[Step], at: u32, stream: &mut Stream) -> usize {
        loop {
            // Above all priorities that changes give.
            let (best, found) = self.highest(moves, |_| (None, stream.draw() | 1 << 32));
            if self.changes.last().is_none_or(|&change| change > at) {
                return best;
            }
            self.changes.pop();
            self.drawn[found].key = self.changes.len() as u64;
        }
    }

    fn earliest(&mut self, moves: &[Step], longest: u64, stream: &mut Stream) -> usize {
        let now = self.now;
        let mut best = (0, 0, u64::MAX);
        for (at, &step) in moves.iter().enumerate() {
            let found = self.find(step, || (None, now + 1 + stream.below(longest)));
            let due = self.drawn[found].key;
            if due < best.2 {
                best = (at, found, due);
            }
        }
        self.now = now.max(best.2);
        self.drawn.remove(best.1);
        best.0
    }
}

/// Who does the step's work; the coordinator where no task does.
fn actor(plan: &Plan, step: Step) -> Option<TaskId> {
    match step {
        Step::Deliver(channel) | Step::Take(channel, _) | Step::Begin(channel, _) | Step::Announce(channel, _) => {
            Some(plan.channels()[channel].to)
        }
        Step::Complete(task)
        | Step::Emit(task)
        | Step::Tell(task)
        | Step::Upload(task, _)
        | Step::Restore(task)
        | Step::Alarm(task)
        | Step::Initiate(task) => Some(task),
        _ => None,
    }
}
