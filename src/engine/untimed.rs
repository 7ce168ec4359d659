//! What drivers without a clock share: which steps they choose from, and which happen at once.
//!
//! A schedule, a random walk and an exhaustive search choose the order of steps themselves. Much of
//! what passes between tasks and coordinator has no interesting order in most questions, so each
//! kind of it either is a step of its own or is taken as soon as it can be ([`Control`]). What
//! happens at once hides the races it could have had; a search says which.

use super::world::{Job, Slot};
use super::{FactSink, Notice, Observer, Step, Stop, World};
use crate::kernel::{Id, Ticks, set_bits};
use crate::model::{ChannelId, Element, TaskId};
use crate::protocol::Timer;
use crate::trace::Fact;

macro_rules! control {
    ($($(#[$meta:meta])* $name:ident = $bit:literal, $word:literal;)*) => {
        impl Control {
            $($(#[$meta])* pub const $name: Control = Control(1 << $bit);)*
            /// Every kind with its word, as used in files and output.
            pub const KINDS: &'static [(Control, &'static str)] = &[$((Control::$name, $word),)*];
        }
    };
}

/// Which kinds of control steps are steps of their own; all others are taken at once, in the order of
/// [`World::enabled`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Control(u8);

control! {
    /// Triggers on their way to the tasks.
    TRIGGERS = 0, "triggers";
    /// Word of completed and aborted snapshots on its way to the tasks.
    NOTICES = 1, "notices";
    /// Acks, declines and the like on their way to the coordinator.
    REPORTS = 2, "reports";
    /// Saved parts on their way to storage.
    UPLOADS = 3, "uploads";
    /// The metadata of fully acked snapshots on its way to storage.
    STORE = 4, "store";
    /// From a death over its detection to the last restored task.
    FAILOVER = 5, "failover";
    /// Announced barriers and due alignment timers on their way to the task.
    ALARMS = 6, "alarms";
    /// Ends of data that a channel brings next. They commute with everything but what comes before them.
    ENDS = 7, "ends";
}

impl Control {
    /// Everything at once.
    pub const INSTANT: Control = Control(0);
    /// Everything by steps of its own.
    pub const CHANNEL: Control = Control(0xFF);

    /// Whether all of `kind` take steps of their own.
    #[inline(always)]
    pub const fn has(self, kind: Control) -> bool {
        self.0 & kind.0 == kind.0
    }

    /// Whether some of `kinds` take steps of their own.
    #[inline(always)]
    const fn meets(self, kinds: Control) -> bool {
        self.0 & kinds.0 != 0
    }

    /// The kinds that are taken at once.
    #[inline(always)]
    const fn others(self) -> Control {
        Control(!self.0 & Control::CHANNEL.0)
    }

    /// With these kinds as steps of their own, too.
    #[must_use]
    pub const fn with(self, kind: Control) -> Control {
        Control(self.0 | kind.0)
    }

    /// With these kinds taken at once.
    #[must_use]
    pub const fn without(self, kind: Control) -> Control {
        Control(self.0 & !kind.0)
    }

    /// The kinds that a step may belong to; none for what is no control step, and for faults.
    pub fn of(step: Step) -> Control {
        match step {
            Step::Tell(_) => Control::TRIGGERS.with(Control::NOTICES),
            Step::Hear(_) => Control::REPORTS,
            Step::Upload(..) => Control::UPLOADS,
            Step::Fire(Timer::Store(_)) => Control::STORE,
            Step::Fire(Timer::Detect | Timer::Restart) | Step::Restore(_) => Control::FAILOVER,
            Step::Announce(..) | Step::Alarm(_) => Control::ALARMS,
            _ => Control::INSTANT,
        }
    }

    /// Whether a step is never left to be chosen: it is taken at once whenever it can be.
    pub fn forestalls(self, step: Step) -> bool {
        // An upload that happens at once leaves none to fail; a message may wait for its task, and be lost.
        let kinds = if let Step::FailUpload(..) = step { Control::UPLOADS } else { Control::of(step) };
        kinds != Control::INSTANT && self.0 & kinds.0 == 0
    }

    /// The words of the kinds that are steps of their own.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Control::KINDS.iter().filter(move |(kind, _)| self.has(*kind)).map(|(_, word)| *word)
    }
}

impl World {
    /// The step that `step` stands for now. One trigger is like another: where that of the list is not
    /// ready, whichever is ready stands in for it, the one that was asked for first.
    pub fn resolve(&self, step: Step) -> Step {
        let triggers = [Step::Request, Step::Fire(Timer::First), Step::Fire(Timer::Interval)];
        if !triggers.contains(&step) || self.ready(step).is_ok() {
            return step;
        }
        triggers.into_iter().find(|trigger| self.ready(*trigger).is_ok()).unwrap_or(step)
    }

    /// Appends every step that can happen now, faults ([`Step::Crash`], [`Step::Lose`],
    /// [`Step::Repeat`], [`Step::Postpone`], [`Step::FailUpload`]) left out: first what moves work along, timers
    /// last, so that taking the first one each time drives a world to its end.
    pub fn enabled(&self, out: &mut Vec<Step>) {
        self.moves(Control::CHANNEL, out);
        self.prompts(out);
    }

    /// Appends every step that moves work along and does not happen at once.
    // Emptiness is looked at before anything else: that is nearly always the reason why a step cannot
    // happen, and this runs before every choice of every walk.
    #[inline]
    pub fn moves(&self, control: Control, out: &mut Vec<Step>) {
        let plan = self.plan();
        if self.centre.job == Job::NotStarted {
            out.push(Step::Start);
        }
        let offer = |out: &mut Vec<Step>, step| {
            if self.ready(step).is_ok() {
                out.push(step);
            }
        };
        if control.has(Control::FAILOVER) && self.tasks.missing > 0 {
            plan.tasks().ids().for_each(|task| offer(out, Step::Restore(task)));
        }
        set_bits(self.channels.data.occupied(), self.channels.data.count()).for_each(|at| offer(out, Step::Deliver(ChannelId(at as u32))));
        if self.involves_tasks(control) {
            self.involved().for_each(|task| out.extend(self.of_task(task, control).into_iter().flatten()));
        }
        if control.has(Control::UPLOADS) {
            out.extend(self.tasks.uploads().map(|(task, id)| Step::Upload(task, Some(id))));
        }
        if self.tasks.busy > 0 {
            plan.tasks().ids().for_each(|task| offer(out, Step::Complete(task)));
        }
        plan.sources().iter().for_each(|&task| offer(out, Step::Emit(task)));
        self.centre.initiations.iter().for_each(|&task| offer(out, Step::Initiate(task)));
        if !plan.is_ordered() {
            let later =
                |channel: ChannelId| (1..self.channels.data.len(channel.index()) as u32).map(move |index| Step::Take(channel, index));
            plan.channels().ids().flat_map(later).for_each(|step| offer(out, step));
        }
        if self.has_budget() && control.has(Control::ALARMS) {
            plan.channels().ids().for_each(|channel| self.barriers(channel).for_each(|id| offer(out, Step::Announce(channel, id))));
            self.tasks.alarms.iter().for_each(|(task, _)| offer(out, Step::Alarm(*task)));
        }
        for &timer in self.centre.timers.iter() {
            match timer {
                Timer::Store(_) if control.has(Control::STORE) => out.push(Step::Fire(timer)),
                Timer::Detect | Timer::Restart if control.has(Control::FAILOVER) => out.push(Step::Fire(timer)),
                _ => {}
            }
        }
    }

    /// Whether anything waits that tasks and coordinator tell each other, of these kinds.
    #[inline(always)]
    fn involves_tasks(&self, kinds: Control) -> bool {
        let notices = Control::TRIGGERS.with(Control::NOTICES);
        kinds.meets(notices) && !self.messages.notices.are_empty() || kinds.has(Control::REPORTS) && !self.messages.reports.are_empty()
    }

    /// The tasks at which any of that waits.
    #[inline(always)]
    fn involved(&self) -> impl Iterator<Item = TaskId> {
        let messages = self.messages.notices.occupied() | self.messages.reports.occupied();
        set_bits(messages, self.tasks.len()).map(|task| TaskId(task as u32))
    }

    /// What can happen of these kinds between a task and the coordinator.
    #[inline(always)]
    fn of_task(&self, task: TaskId, kinds: Control) -> [Option<Step>; 2] {
        let is_told = self.next_notice(task).is_some_and(|notice| kinds.has(kind_of(notice))) && self.can_be_told(task).is_ok();
        let is_heard = kinds.has(Control::REPORTS) && !self.messages.reports.is_empty(task.index());
        [is_told.then_some(Step::Tell(task)), is_heard.then_some(Step::Hear(task))]
    }

    /// What takes the ends of data that come next.
    fn ends(&self) -> impl Iterator<Item = Step> {
        let plan = self.plan();
        let occupied = set_bits(self.channels.data.occupied(), self.channels.data.count()).map(|at| ChannelId(at as u32));
        occupied.filter_map(move |channel| {
            let is_end = |slot: &Slot<Element>| slot.item == Element::EndOfData;
            let at = self.channels.data.iter(channel.index()).position(is_end)?;
            match at {
                0 => Some(Step::Deliver(channel)),
                _ if plan.channels()[channel].is_fifo => None,
                at => Some(Step::Take(channel, at as u32)),
            }
        })
    }

    /// Whether nothing can happen any more but what time, or somebody outside, brings about; and no task waits for the
    /// end of a budget, which would bring something about.
    pub(super) fn stands_still(&self) -> bool {
        let is_budget = |timer: &Timer| matches!(timer, Timer::Budget(_));
        if self.at_once(Control::INSTANT).is_some() || self.centre.timers.iter().any(is_budget) {
            return false;
        }
        let mut moves = Vec::new();
        self.moves(Control::INSTANT, &mut moves);
        moves.is_empty()
    }

    /// Appends what only time, or somebody outside, brings about: triggers, timeouts, pauses, budgets.
    pub fn prompts(&self, out: &mut Vec<Step>) {
        let waits = |timer: &&Timer| !matches!(timer, Timer::Store(_) | Timer::Detect | Timer::Restart);
        out.extend(self.centre.timers.iter().filter(waits).map(|&timer| Step::Fire(timer)));
        if self.ready(Step::Request).is_ok() {
            out.push(Step::Request);
        }
    }

    /// The first step that happens at once.
    #[inline]
    pub fn at_once(&self, control: Control) -> Option<Step> {
        let plan = self.plan();
        if self.centre.job == Job::NotStarted {
            return Some(Step::Start);
        }
        if control == Control::CHANNEL {
            return None;
        }
        let is_ready = |step: &Step| self.ready(*step).is_ok();
        if self.tasks.missing > 0 && !control.has(Control::FAILOVER) {
            let step = plan.tasks().ids().map(Step::Restore).find(is_ready);
            if step.is_some() {
                return step;
            }
        }
        let others = control.others();
        if self.involves_tasks(others)
            && let Some(step) = self.involved().find_map(|task| self.of_task(task, others).into_iter().flatten().next())
        {
            return Some(step);
        }
        if !control.has(Control::UPLOADS)
            && let Some((task, id)) = self.tasks.uploads().next()
        {
            return Some(Step::Upload(task, Some(id)));
        }
        if self.channels.ends > 0
            && !control.has(Control::ENDS)
            && let Some(step) = self.ends().find(is_ready)
        {
            return Some(step);
        }
        if self.has_budget() && !control.has(Control::ALARMS) {
            let announce = |channel| self.barriers(channel).map(move |id| Step::Announce(channel, id));
            let step = plan.channels().ids().flat_map(announce).find(is_ready);
            let step = step.or_else(|| self.tasks.alarms.iter().map(|(task, _)| Step::Alarm(*task)).find(is_ready));
            if step.is_some() {
                return step;
            }
        }
        let is_due = |timer: &&Timer| match timer {
            Timer::Store(_) => !control.has(Control::STORE),
            Timer::Detect | Timer::Restart => !control.has(Control::FAILOVER),
            _ => false,
        };
        self.centre.timers.iter().find(is_due).map(|&timer| Step::Fire(timer))
    }
}

fn kind_of(notice: Notice) -> Control {
    match notice {
        Notice::Trigger(_) => Control::TRIGGERS,
        Notice::Completed(_) | Notice::Aborted(_) => Control::NOTICES,
    }
}

/// A step of a list that could not happen when its turn came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The how-manieth of the list, from 1.
    pub number: usize,
    /// The step as it was listed.
    pub step: Step,
    /// What kept it from happening.
    pub why: String,
}

/// A driver without time: somebody else chooses, it applies. Its clock counts steps.
#[derive(Clone, Debug)]
pub struct Untimed<S> {
    /// Who takes the facts.
    pub sink: S,
    control: Control,
    steps: u64,
    /// Beyond so many steps nothing is taken any more: what happens at once must not go on for ever.
    limit: u64,
    /// Whether a listed step was left out because of that.
    is_cut: bool,
    scratch: Vec<Step>,
}

impl<S: FactSink> Observer for Untimed<S> {
    #[inline(always)]
    fn fact(&mut self, fact: Fact) {
        self.sink.fact(Ticks(self.steps), fact);
    }

    #[inline(always)]
    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.sink.shown(task, key, value);
    }
}

impl<S: FactSink> Untimed<S> {
    /// A driver that has done nothing yet and stops after `limit` steps.
    pub fn new(control: Control, limit: u64, sink: S) -> Self {
        Untimed { sink, control, steps: 0, limit, is_cut: false, scratch: Vec::new() }
    }

    /// Forgets the last run.
    pub fn reset(&mut self, control: Control) {
        (self.control, self.steps, self.is_cut) = (control, 0, false);
    }

    /// What takes steps of its own.
    pub fn control(&self) -> Control {
        self.control
    }

    /// How many steps have been applied, those that happen at once included.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Lets so many more steps be taken from here on.
    pub fn allow(&mut self, more: u64) {
        self.limit = self.steps.saturating_add(more);
    }

    /// Applies a step, which must be ready, and what happens at once after it.
    #[inline]
    pub fn take(&mut self, world: &mut World, step: Step) {
        self.apply(world, step);
        self.settle(world);
    }

    #[inline(always)]
    fn apply(&mut self, world: &mut World, step: Step) {
        self.steps += 1;
        self.sink.step(step);
        world.apply(step, self);
    }

    /// Takes what happens at once, until there is none.
    #[inline]
    pub fn settle(&mut self, world: &mut World) {
        while let Some(step) = world.at_once(self.control)
            && self.steps < self.limit
            && self.sink.goes_on()
        {
            self.apply(world, step);
        }
    }

    /// Starts the job and takes listed steps one after the other, each with what happens at once after
    /// it. What cannot happen when its turn comes is left out and returned; the start, which happens by
    /// itself, may be listed or not. A trigger is [`World::resolve`]d.
    pub fn follow(&mut self, world: &mut World, steps: impl IntoIterator<Item = Step>) -> Vec<Skipped> {
        let mut skipped = Vec::new();
        self.settle(world);
        for (at, step) in steps.into_iter().enumerate() {
            let now = world.resolve(step);
            let why = match world.ready(now) {
                _ if step == Step::Start => continue,
                _ if !self.sink.goes_on() => break,
                _ if self.steps >= self.limit => {
                    self.is_cut = true;
                    "the limit of steps was reached before".to_owned()
                }
                Err(wait) => world.obstacle(now, wait, self.control),
                Ok(()) => {
                    self.take(world, now);
                    continue;
                }
            };
            skipped.push(Skipped { number: at + 1, step, why });
        }
        skipped
    }

    /// Goes on by taking the first step that can happen, until none can; then says what is left in the
    /// channels.
    pub fn finish(&mut self, world: &mut World) -> Stop {
        let mut steps = std::mem::take(&mut self.scratch);
        let stop = loop {
            // The limit may fall among steps that happen at once: then that nothing is left to choose is no end.
            if self.steps >= self.limit && (self.is_cut || world.at_once(self.control).is_some()) {
                break Stop::Steps;
            }
            steps.clear();
            world.moves(self.control, &mut steps);
            if steps.is_empty() {
                world.prompts(&mut steps);
                // Nobody waits for a snapshot of processes, so nobody gives one up.
                let gives_up = |step: &Step| matches!(step, Step::Fire(Timer::Timeout(_)));
                steps.retain(|step| !world.plan().has_processes() || !gives_up(step));
                steps.sort_by_key(|step| patience(*step));
            }
            match steps.first() {
                _ if !self.sink.goes_on() => break Stop::Interrupted,
                None => break Stop::Quiet,
                Some(_) if self.steps >= self.limit => break Stop::Steps,
                Some(&step) => self.take(world, step),
            }
        };
        self.scratch = steps;
        if stop == Stop::Quiet {
            world.survey(self);
        }
        stop
    }
}

/// What comes sooner when nothing can happen but what takes time: a budget is there to be used up before
/// its snapshot is given up, and a trigger that comes again and again must not keep that from happening.
fn patience(step: Step) -> u8 {
    match step {
        Step::Fire(Timer::Budget(_)) => 0,
        Step::Fire(Timer::Timeout(_)) => 2,
        Step::Request => 3,
        Step::Fire(Timer::First | Timer::Interval) => 4,
        _ => 1,
    }
}
