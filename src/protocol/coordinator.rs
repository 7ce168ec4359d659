//! The coordinator: triggers checkpoints, collects acks, completes, notifies, restores.
//!
//! The same grammar as the tasks' protocols: handlers see a view and push commands. Rule
//! numbers C1-C22 are those of the rules of real checkpointing, restated in `docs/rules.md`.

use std::any::Any;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use crate::kernel::clone_fields;
use crate::model::{SnapshotId, TaskId};
use crate::trace::{Reason, Refusal};

/// Something that is due some time after it was armed. The world keeps the set of armed timers;
/// how long each takes is the driver's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The first periodic trigger after (re)start.
    First,
    /// The next periodic trigger.
    Interval,
    /// The last checkpoint is tried again, because the try before failed.
    Final,
    /// The minimum pause after a completed checkpoint is over (C5).
    Pause,
    /// A pending checkpoint has taken too long (C11).
    Timeout(SnapshotId),
    /// The metadata of a fully acked checkpoint is durable (C12).
    Store(SnapshotId),
    /// A snapshot's alignment budget is used up. It is the tasks' business, not the coordinator's.
    Budget(SnapshotId),
    /// A dead task is noticed.
    Detect,
    /// The stopped job can be deployed again.
    Restart,
}

/// What a task reports to the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Report {
    /// Its part of the snapshot is in durable storage.
    Ack(SnapshotId),
    /// It cannot take part in the snapshot.
    Decline(SnapshotId, Refusal),
    /// It is at the end of its data: it has emitted everything, or has seen the end on every input (E1).
    DataEnded,
    /// It has finished and takes part in nothing any more (E2).
    Finished,
}

/// What the coordinator may ask the engine to do; applied in the order pushed, in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Start a new snapshot where it starts.
    Trigger(SnapshotId),
    /// This ack counts.
    Count(TaskId, SnapshotId),
    /// This ack counts for nothing; its state is discarded (C10).
    Ignore(TaskId, SnapshotId),
    /// Start writing the metadata of a fully acked snapshot.
    Store(SnapshotId),
    /// Put the snapshot into the store of completed ones, from which it can be restored.
    Complete(SnapshotId),
    /// Tell the tasks that listen that the snapshot is complete; best effort (C12).
    Notify(SnapshotId),
    /// Give a pending snapshot up and discard what was stored of it.
    Abort(SnapshotId, Reason),
    /// Arm a timer.
    SetTimer(Timer),
    /// Disarm a timer; nothing happens when it is not armed.
    CancelTimer(Timer),
    /// Stop every task: the job restarts or, with no restart left, has failed.
    Fail,
    /// Deploy all tasks with the state of this snapshot, or with none.
    Restore(Option<SnapshotId>),
    /// No restart is left.
    GiveUp,
    /// All is done.
    Finish,
}

/// The commands of one handler call.
#[derive(Debug, Default)]
pub struct Commands {
    items: SmallVec<[Command; 8]>,
}

impl Commands {
    /// Asks for one thing.
    #[inline]
    pub fn push(&mut self, command: Command) {
        self.items.push(command);
    }

    /// Takes all commands out, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Command> + '_ {
        self.items.drain(..)
    }

    /// Keeps, replaces or drops each command; for coordinators that are wrong on purpose.
    pub fn rewrite(&mut self, change: impl FnMut(Command) -> Option<Command>) {
        self.items = self.items.drain(..).filter_map(change).collect();
    }
}

/// What the coordinator may look at.
#[derive(Clone, Copy, Debug)]
pub struct CoordinatorView {
    /// How many tasks take part in a checkpoint: those that it does not know to have finished.
    pub tasks: u32,
    /// How many tasks there are.
    pub all: u32,
    /// The newest snapshot in the store of completed ones.
    pub latest: Option<SnapshotId>,
}

/// The coordinator's side of the seam.
pub trait Coordination {
    /// All tasks are up, for the first time or again.
    fn on_running(&mut self, view: &CoordinatorView, out: &mut Commands);
    /// Somebody asks for a checkpoint now.
    fn on_request(&mut self, view: &CoordinatorView, out: &mut Commands);
    /// A timer that it armed is due.
    fn on_timer(&mut self, view: &CoordinatorView, timer: Timer, out: &mut Commands);
    /// A task reports.
    fn on_report(&mut self, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands);
    /// The job is stopped because a task failed.
    fn on_failure(&mut self, view: &CoordinatorView, out: &mut Commands);
}

/// The rules' numbers; spans of time are with the driver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Whether checkpoints are taken at all.
    pub enabled: bool,
    /// Whether there is a periodic trigger.
    pub periodic: bool,
    /// Whether there is a minimum pause after a completed checkpoint.
    pub min_pause: bool,
    /// How many may be pending at once, at least 1 (C4).
    pub max_concurrent: u32,
    /// Consecutive failed checkpoints beyond which the job fails (C18); `None` for any number.
    pub tolerable_failures: Option<u32>,
    /// Restarts before the job has failed for good; `None` for any number.
    pub restarts: Option<u32>,
    /// Whether a last checkpoint is taken once every task is at the end of its data (E2).
    pub final_checkpoint: bool,
    /// Whether checkpoints are taken after a task has finished (P2).
    pub after_end: bool,
    /// Whether nobody knows when all is done: processes stop when nothing moves any more.
    pub endless: bool,
}

impl Settings {
    /// Whether checkpoints are taken that a task at the end of its data can wait for (E2).
    pub fn awaits_checkpoints(&self) -> bool {
        self.enabled && self.after_end
    }
}

/// How often the last checkpoint is tried before the run ends without it: one that can never complete must not
/// keep a run alive for ever. More often than anything that a search spoils it with.
pub const FINAL_TRIES: u32 = 10;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Pending {
    id: SnapshotId,
    /// One bit per task that has acked.
    acked: Vec<u64>,
    missing: u32,
    is_final: bool,
}

clone_fields!(Pending { id, acked, missing, is_final });

/// The right coordinator.
#[derive(Debug, PartialEq, Eq)]
pub struct Coordinator {
    settings: Settings,
    next: u32,
    /// Triggered and not ended, oldest first.
    pending: Vec<Pending>,
    running: bool,
    /// A request waits for its turn (C3, C4); more than one are one.
    queued: bool,
    pausing: bool,
    /// The periodic trigger fell into the pause and restarts after it (C5).
    shifted: bool,
    /// Consecutive failures (C18).
    failures: u32,
    restarts: u32,
    /// One bit per task: those that are at the end of their data in this attempt.
    ended: Vec<u64>,
    /// How many bits that are.
    ended_count: u32,
    /// Whether a task has finished in this attempt.
    has_finished: bool,
    final_tries: u32,
    is_final_due: bool,
    finished: bool,
}

clone_fields!(Coordinator {
    settings,
    next,
    pending,
    running,
    queued,
    pausing,
    shifted,
    failures,
    restarts,
    ended,
    ended_count,
    has_finished,
    final_tries,
    is_final_due,
    finished,
});

/// The settings do not change, so they tell no states of a run apart.
impl Hash for Coordinator {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Coordinator { settings: _, next, pending, running, queued, pausing, shifted, .. } = self;
        (next, pending, running, queued, pausing, shifted).hash(state);
        let Coordinator { failures, restarts, ended, ended_count: _, has_finished, final_tries, is_final_due, finished, .. } = self;
        (failures, restarts, ended, has_finished, final_tries, is_final_due, finished).hash(state);
    }
}

/// Sets the bit of `task` and says whether it was clear before.
fn insert(bits: &mut Vec<u64>, task: TaskId) -> bool {
    let (word, bit) = (task.0 as usize / 64, 1 << (task.0 % 64));
    if word >= bits.len() {
        bits.resize(word + 1, 0);
    }
    let fresh = bits[word] & bit == 0;
    bits[word] |= bit;
    fresh
}

impl Coordinator {
    /// A coordinator that has done nothing yet.
    pub fn new(settings: Settings) -> Self {
        Coordinator {
            settings,
            next: 1,
            pending: Vec::new(),
            running: false,
            queued: false,
            pausing: false,
            shifted: false,
            failures: 0,
            restarts: 0,
            ended: Vec::new(),
            ended_count: 0,
            has_finished: false,
            final_tries: 0,
            is_final_due: true,
            finished: false,
        }
    }

    /// The numbers that it goes by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn is_drained(&self, view: &CoordinatorView) -> bool {
        !self.settings.endless && self.ended_count == view.all
    }

    /// Without checkpoints after the end none is taken any more once a task has finished, and none of nobody: where no
    /// task is left to ack, no last ack would complete it.
    fn takes_any(&self, view: &CoordinatorView) -> bool {
        self.settings.enabled && view.tasks > 0 && (self.settings.after_end || !self.has_finished)
    }

    /// Triggers what is wanted and allowed now: the final checkpoint first.
    fn serve(&mut self, view: &CoordinatorView, out: &mut Commands) {
        if !self.running || self.finished {
            return;
        }
        let drained = self.is_drained(view);
        if drained && !self.wants_final(view) {
            return self.finish_when_idle(out);
        }
        let room = self.pending.len() < self.settings.max_concurrent as usize;
        if drained && room && self.is_final_due && !self.pending.iter().any(|pending| pending.is_final) {
            self.final_tries += 1;
            self.trigger(view, true, out);
        } else if !drained && self.queued && room && !self.pausing && self.takes_any(view) {
            self.trigger(view, false, out);
        }
    }

    fn wants_final(&self, view: &CoordinatorView) -> bool {
        self.takes_any(view) && self.settings.final_checkpoint && self.final_tries < FINAL_TRIES
            || self.pending.iter().any(|pending| pending.is_final)
    }

    fn finish_when_idle(&mut self, out: &mut Commands) {
        if self.pending.is_empty() {
            self.finished = true;
            self.stop_periodic(out);
            out.push(Command::Finish);
        }
    }

    fn trigger(&mut self, view: &CoordinatorView, is_final: bool, out: &mut Commands) {
        let id = SnapshotId(self.next);
        self.next += 1;
        self.queued = false;
        self.pending.push(Pending { id, acked: Vec::new(), missing: view.tasks, is_final });
        out.push(Command::Trigger(id));
        out.push(Command::SetTimer(Timer::Timeout(id)));
        if is_final {
            self.stop_periodic(out);
        }
    }

    fn stop_periodic(&mut self, out: &mut Commands) {
        for timer in [Timer::First, Timer::Interval, Timer::Final, Timer::Pause] {
            out.push(Command::CancelTimer(timer));
        }
        (self.pausing, self.shifted, self.queued) = (false, false, false);
    }

    fn abort(&mut self, at: usize, reason: Reason, out: &mut Commands) {
        let Pending { id, is_final, .. } = self.pending.remove(at);
        if is_final {
            // Tried again at once it would meet what made it fail.
            self.is_final_due = false;
            out.push(Command::SetTimer(Timer::Final));
        }
        out.push(Command::CancelTimer(Timer::Timeout(id)));
        out.push(Command::CancelTimer(Timer::Store(id)));
        out.push(Command::Abort(id, reason));
    }

    /// An abort that counts against the tolerable number (C18).
    fn fail_checkpoint(&mut self, view: &CoordinatorView, id: SnapshotId, reason: Reason, out: &mut Commands) {
        let Some(at) = self.position(id) else { return };
        self.abort(at, reason, out);
        self.failures += 1;
        match self.settings.tolerable_failures {
            Some(tolerable) if self.failures > tolerable => out.push(Command::Fail),
            _ => self.serve(view, out),
        }
    }

    fn position(&self, id: SnapshotId) -> Option<usize> {
        self.pending.iter().position(|pending| pending.id == id)
    }

    fn on_ack(&mut self, from: TaskId, id: SnapshotId, out: &mut Commands) {
        let Some(at) = self.position(id) else { return out.push(Command::Ignore(from, id)) };
        let pending = &mut self.pending[at];
        // With all acks in nobody is waited for: who was not counted among the tasks at the trigger, as one that
        // had finished, can still have something to say where acks are taken for those of another snapshot.
        if pending.missing == 0 || !insert(&mut pending.acked, from) {
            return out.push(Command::Ignore(from, id));
        }
        pending.missing -= 1;
        out.push(Command::Count(from, id));
        if pending.missing == 0 {
            // The time for acks is over; what remains is up to storage.
            out.push(Command::CancelTimer(Timer::Timeout(id)));
            out.push(Command::Store(id));
        }
    }

    /// C12, in this order: durable first, then older ones are void, then the notices go out.
    fn on_stored(&mut self, view: &CoordinatorView, id: SnapshotId, out: &mut Commands) {
        let Some(at) = self.position(id) else { return };
        let is_final = self.pending.remove(at).is_final;
        out.push(Command::Complete(id));
        // Snapshots that processes start of their own accord are not about recovery: none makes another void.
        while !self.settings.endless && self.pending.first().is_some_and(|oldest| oldest.id < id) {
            self.abort(0, Reason::Subsumed, out);
        }
        out.push(Command::Notify(id));
        self.failures = 0;
        if is_final {
            self.final_tries = FINAL_TRIES;
        } else if self.settings.min_pause && !self.is_drained(view) {
            self.pausing = true;
            out.push(Command::SetTimer(Timer::Pause));
        }
        self.serve(view, out);
    }

    fn on_periodic(&mut self, view: &CoordinatorView, out: &mut Commands) {
        if self.pausing {
            self.shifted = true;
            return;
        }
        out.push(Command::SetTimer(Timer::Interval));
        self.queued = true;
        self.serve(view, out);
    }

    fn on_pause_over(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.pausing = false;
        if std::mem::take(&mut self.shifted) {
            out.push(Command::SetTimer(Timer::Interval));
            self.queued = true;
        }
        self.serve(view, out);
    }
}

impl Coordination for Coordinator {
    fn on_running(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.running = true;
        if self.settings.enabled && self.settings.periodic {
            out.push(Command::SetTimer(Timer::First));
        }
        self.serve(view, out);
    }

    fn on_request(&mut self, view: &CoordinatorView, out: &mut Commands) {
        // C6: what is asked for while not all tasks run fails.
        self.queued |= self.settings.enabled && self.running;
        self.serve(view, out);
    }

    fn on_timer(&mut self, view: &CoordinatorView, timer: Timer, out: &mut Commands) {
        match timer {
            Timer::First | Timer::Interval => self.on_periodic(view, out),
            Timer::Pause => self.on_pause_over(view, out),
            Timer::Final => {
                self.is_final_due = true;
                self.serve(view, out);
            }
            Timer::Budget(_) => {}
            Timer::Timeout(id) => self.fail_checkpoint(view, id, Reason::Timeout, out),
            Timer::Store(id) => self.on_stored(view, id, out),
            Timer::Detect => out.push(Command::Fail),
            Timer::Restart => out.push(Command::Restore(view.latest)),
        }
    }

    fn on_report(&mut self, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        match report {
            Report::Ack(id) => self.on_ack(from, id, out),
            Report::Decline(id, Refusal::Failed | Refusal::TooLarge) => self.fail_checkpoint(view, id, Reason::Declined, out),
            // C18: all but a real failure is nobody's fault.
            Report::Decline(id, _) => {
                if let Some(at) = self.position(id) {
                    self.abort(at, Reason::Declined, out);
                    self.serve(view, out);
                }
            }
            Report::DataEnded => {
                self.ended_count += u32::from(insert(&mut self.ended, from));
                self.serve(view, out);
            }
            Report::Finished => {
                self.has_finished = true;
                self.serve(view, out);
            }
        }
    }

    /// C2 and C19: everything pending is void before anything is restored.
    fn on_failure(&mut self, _view: &CoordinatorView, out: &mut Commands) {
        while !self.pending.is_empty() {
            self.abort(0, Reason::Failover, out);
        }
        // A death that is noticed after the end: some notice may have found nobody, so the job
        // comes up once more and ends again.
        (self.running, self.finished) = (false, false);
        self.ended.clear();
        (self.ended_count, self.has_finished) = (0, false);
        (self.final_tries, self.failures, self.is_final_due) = (0, 0, true);
        self.stop_periodic(out);
        if self.settings.restarts.is_some_and(|limit| self.restarts >= limit) {
            self.finished = true;
            out.push(Command::GiveUp);
        } else {
            // Without a limit the count has no future, so it is not kept.
            self.restarts += u32::from(self.settings.restarts.is_some());
            out.push(Command::SetTimer(Timer::Restart));
        }
    }
}

trait DynCoordination: Coordination + Any + Debug + Send + Sync {
    fn boxed(&self) -> Box<dyn DynCoordination>;
    fn assign(&mut self, source: &dyn DynCoordination) -> bool;
    fn equals(&self, other: &dyn DynCoordination) -> bool;
    fn hash_into(&self, state: &mut dyn Hasher);
}

impl<C> DynCoordination for C
where
    C: Coordination + Clone + Debug + Eq + Hash + Send + Sync + 'static,
{
    fn boxed(&self) -> Box<dyn DynCoordination> {
        Box::new(self.clone())
    }

    fn assign(&mut self, source: &dyn DynCoordination) -> bool {
        let source: &dyn Any = source;
        let found = source.downcast_ref::<C>();
        if let Some(source) = found {
            self.clone_from(source);
        }
        found.is_some()
    }

    fn equals(&self, other: &dyn DynCoordination) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<C>() == Some(self)
    }

    fn hash_into(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }
}

/// The coordinator as the world holds it: right, or wrong on purpose.
#[derive(Debug)]
pub struct CoordinatorBox(Box<dyn DynCoordination>);

impl CoordinatorBox {
    /// Boxes a coordinator.
    pub fn new<C>(coordinator: C) -> Self
    where
        C: Coordination + Clone + Debug + Eq + Hash + Send + Sync + 'static,
    {
        CoordinatorBox(Box::new(coordinator))
    }

    pub(crate) fn get(&mut self) -> &mut dyn Coordination {
        &mut *self.0
    }
}

impl Clone for CoordinatorBox {
    fn clone(&self) -> Self {
        CoordinatorBox(self.0.boxed())
    }
    fn clone_from(&mut self, source: &Self) {
        if !self.0.assign(&*source.0) {
            *self = source.clone();
        }
    }
}

impl PartialEq for CoordinatorBox {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl Eq for CoordinatorBox {}

impl Hash for CoordinatorBox {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(call: impl FnOnce(&mut Commands)) -> Vec<Command> {
        let mut out = Commands::default();
        call(&mut out);
        out.drain().collect()
    }

    /// C10: the second ack of a task counts for nothing, and neither does one for an unknown id.
    #[test]
    fn duplicate_and_unknown_acks_are_ignored() {
        let settings = Settings {
            enabled: true,
            periodic: false,
            min_pause: false,
            max_concurrent: 1,
            tolerable_failures: None,
            restarts: None,
            final_checkpoint: false,
            after_end: true,
            endless: false,
        };
        let view = CoordinatorView { tasks: 2, all: 2, latest: None };
        let (mut coordinator, task) = (Coordinator::new(settings), TaskId(0));
        commands(|out| coordinator.on_running(&view, out));
        assert!(commands(|out| coordinator.on_request(&view, out)).contains(&Command::Trigger(SnapshotId(1))));
        let mut ack = |id| commands(|out| coordinator.on_report(&view, task, Report::Ack(SnapshotId(id)), out));
        assert_eq!(ack(1), [Command::Count(task, SnapshotId(1))]);
        assert_eq!(ack(1), [Command::Ignore(task, SnapshotId(1))]);
        assert_eq!(ack(7), [Command::Ignore(task, SnapshotId(7))]);
    }
}
