//! A state of a search, and the steps from it.

use super::budget::Budget;
use crate::engine::{Control, FactSink, Step, Stop, Untimed, World};
use crate::explore::most_steps;
use crate::kernel::{Fingerprint, Panic, Printed, Prints, Ticks, caught, clone_fields};
use crate::model::{SnapshotId, TaskId};
use crate::oracle::{Broken, Oracles};
use crate::protocol::Claims;
use crate::trace::Fact;

/// Lets the oracles watch, without a clock.
struct Watch<'w, 's>(&'w mut Oracles<'s>);

impl FactSink for Watch<'_, '_> {
    #[inline(always)]
    fn fact(&mut self, _now: Ticks, fact: Fact) {
        self.0.fact(Ticks::ZERO, fact);
    }

    #[inline(always)]
    fn step(&mut self, _step: Step) {
        self.0.step();
    }

    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.0.shown(task, key, value);
    }
}

/// A world, what the oracles know of it, and what is left of the budgets.
#[derive(Debug)]
pub(super) struct Node<'s> {
    pub world: World,
    pub oracles: Oracles<'s>,
    budget: Printed<Budget>,
    control: Control,
    /// How many steps may happen at once.
    limit: u64,
    /// The snapshots that are pending or can be restored; only to spare allocations.
    alive: Vec<SnapshotId>,
}

clone_fields!(Node<'s> { world, oracles, budget, control, limit, alive });

impl<'s> Node<'s> {
    /// A world, and what happens at once in it.
    pub fn new(world: World, oracles: Oracles<'s>, budget: Budget, control: Control) -> Self {
        let limit = most_steps(world.plan());
        let mut node = Node { world, oracles, budget: Printed::new(budget), control, limit, alive: Vec::new() };
        node.with(|driver, world| driver.settle(world));
        node.oracles.settle();
        node
    }

    /// About how many bytes it takes up.
    pub fn footprint(&self) -> usize {
        size_of::<Self>() + self.world.footprint() + self.oracles.footprint()
    }

    #[inline]
    fn with<T>(&mut self, act: impl FnOnce(&mut Untimed<Watch<'_, 's>>, &mut World) -> T) -> T {
        let mut driver = Untimed::new(self.control, self.limit, Watch(&mut self.oracles));
        act(&mut driver, &mut self.world)
    }

    /// Applies a step, and lets a panic pass.
    #[inline]
    pub fn take(&mut self, step: Step) -> Result<(), Panic> {
        self.apply(step);
        Ok(())
    }

    /// Applies a step, and keeps a panic.
    pub fn take_with_care(&mut self, step: Step) -> Result<(), Panic> {
        caught(|| self.apply(step))
    }

    /// Applies a step, and what happens at once after it.
    #[inline]
    pub fn apply(&mut self, step: Step) {
        self.with(|driver, world| driver.take(world, step));
        self.oracles.settle();
        if self.budget.charges(step) {
            self.budget.spend(step);
        }
    }

    /// Nothing moves any more: what is left happens in default order.
    pub fn finish(&mut self) -> Stop {
        self.with(|driver, world| driver.finish(world))
    }

    /// Finishes, and says what is wrong then.
    pub fn broken_at_end(&mut self, claims: Claims) -> Broken {
        let ran = caught(|| self.finish());
        if let Err(panic) = &ran {
            self.oracles.panicked(panic);
        }
        self.oracles.broken_at_end(claims, ran.is_ok_and(|stop| stop != Stop::Quiet))
    }

    /// The fingerprint of a state that may be known already.
    pub fn fingerprint(&mut self) -> Fingerprint {
        self.print(Prints::unkept())
    }

    /// Makes the parts remember in which state they became what they are, for the states that come from
    /// it: the one with this number.
    pub fn keep(&mut self, id: u32) -> Fingerprint {
        self.print(Prints::kept(id))
    }

    fn print(&mut self, mut prints: Prints) -> Fingerprint {
        prints.add(&mut self.budget);
        self.world.print(&mut prints);
        self.alive.clear();
        self.alive.extend(self.world.stored());
        self.oracles.print(&self.alive, &mut prints);
        prints.value()
    }

    /// What can be chosen here: first what moves work along, faults last. Says whether anything moves.
    pub fn choices(&self, out: &mut Vec<Step>) -> bool {
        out.clear();
        self.world.moves(self.control, out);
        let moves = out.len();
        self.world.prompts(out);
        let mut at = 0;
        out.retain(|&step| {
            at += 1;
            at <= moves || self.budget.affords(step)
        });
        let (plan, budget) = (self.world.plan(), &self.budget);
        let mut offer = |step| {
            if self.world.ready(step).is_ok() {
                out.push(step);
            }
        };
        let faults = [
            (budget.crashes, Step::Crash as fn(_) -> Step),
            (budget.losses, Step::Lose),
            (budget.repeats, Step::Repeat),
            (budget.postponements, Step::Postpone),
        ];
        for (left, fault) in faults {
            if left > 0 {
                plan.tasks().ids().map(fault).for_each(&mut offer);
            }
        }
        if self.budget.failed_uploads > 0 {
            self.world.uploads().for_each(|(task, id)| offer(Step::FailUpload(task, Some(id))));
        }
        moves > 0
    }
}
