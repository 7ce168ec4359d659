//! The seam between the engine and a task's snapshot protocol.

use std::any::Any;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use crate::kernel::part;
use crate::model::{Barrier, ChannelId, Plan, Record, SnapshotId, TaskId};
use crate::trace::{Handler, Refusal, TypeName};

/// What a protocol may ask the engine to do. Effects are applied in the order in which they
/// were pushed, all of them within one step: nothing else happens in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Copy the task's state into the snapshot, now.
    SaveState(SnapshotId),
    /// Append a barrier to every output channel.
    Broadcast(Barrier),
    /// Put a barrier into every output channel, ahead of its records (N8). It counts what it went
    /// ahead of. Channels that must keep order (forward, broadcast) get an aligned one.
    Overtake(SnapshotId),
    /// Append a cancellation marker to every output channel (K6).
    Cancel(SnapshotId),
    /// Move the snapshot's barrier, which waits in this input channel, ahead of the records there.
    Prioritise(ChannelId, SnapshotId),
    /// Save a record as contents of this input channel, behind what was saved of it before.
    SaveRecord(SnapshotId, ChannelId, Record),
    /// Save the first so many records that stand in this input channel as its contents.
    SaveOvertaken(SnapshotId, ChannelId, u32),
    /// Take nothing more from this input channel.
    Block(ChannelId),
    /// Take from this input channel again.
    Unblock(ChannelId),
    /// Call [`on_timer`](SnapshotProtocol::on_timer) once the snapshot's alignment budget, counted
    /// from its trigger, is used up. A task has one such timer; setting it again replaces it.
    SetTimer(SnapshotId),
    /// Forget the timer.
    CancelTimer,
    /// This task's part is whole: upload it, then ack.
    Ack(SnapshotId),
    /// This task cannot take part in the snapshot: drop its part and tell the coordinator.
    Decline(SnapshotId, Refusal),
}

/// The effects of one handler call.
#[derive(Debug, Default)]
pub struct Effects {
    items: SmallVec<[Effect; 8]>,
    /// The handler that asks for them.
    pub(crate) by: Handler,
}

impl Effects {
    /// Asks for one effect.
    #[inline]
    pub fn push(&mut self, effect: Effect) {
        self.items.push(effect);
    }

    /// Takes all effects out, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.items.drain(..)
    }

    /// Keeps, replaces or drops each effect; for protocols that are wrong on purpose.
    pub fn rewrite(&mut self, change: impl FnMut(Effect) -> Option<Effect>) {
        self.items = self.items.drain(..).filter_map(change).collect();
    }
}

/// What a protocol may look at.
#[derive(Clone, Copy, Debug)]
pub struct TaskView<'a> {
    /// The task it runs in.
    pub task: TaskId,
    /// The static graph.
    pub plan: &'a Plan,
    pub(crate) blocked: &'a [bool],
    pub(crate) overdue: &'a [SnapshotId],
}

impl<'a> TaskView<'a> {
    /// The input channels, ascending.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = ChannelId> + use<> {
        self.plan.inputs(self.task)
    }

    /// Whether this input channel is blocked.
    pub fn is_blocked(&self, input: ChannelId) -> bool {
        self.blocked[input.0 as usize]
    }

    /// Whether the snapshot's alignment budget is used up. It is counted from the trigger, so it
    /// is the same for all tasks.
    pub fn is_overdue(&self, id: SnapshotId) -> bool {
        self.overdue.contains(&id)
    }

    /// The same task with other snapshots overdue; for protocols that are wrong on purpose.
    pub fn with_overdue(self, overdue: &'a [SnapshotId]) -> Self {
        TaskView { overdue, ..self }
    }

    /// Whether this input channel closes a loop.
    pub fn is_back_edge(&self, input: ChannelId) -> bool {
        self.plan.is_back_edge(input)
    }
}

/// A snapshot protocol: one value of the type per task.
///
/// Derive `Clone, Debug, PartialEq, Eq, Hash`; a blanket implementation does the rest.
pub trait SnapshotProtocol {
    /// Snapshot `id` starts at this task: a source, a task whose inputs have all ended, or the
    /// process that initiates it.
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects);

    /// A barrier was taken from `input`.
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects);

    /// A new attempt starts; nothing of the old one may be remembered.
    fn reset(&mut self);

    /// This attempt starts from snapshot `id`; called after [`reset`](Self::reset), before anything else.
    fn on_restored(&mut self, _id: SnapshotId) {}

    /// A [`Timed`](crate::model::BarrierKind::Timed) barrier has arrived on `input` and waits behind records.
    fn on_announcement(&mut self, _task: &TaskView<'_>, _input: ChannelId, _barrier: Barrier, _out: &mut Effects) {}

    /// A cancellation marker was taken from `input`.
    fn on_cancel(&mut self, _task: &TaskView<'_>, _input: ChannelId, _id: SnapshotId, _out: &mut Effects) {}

    /// `input` has ended: its sender has finished.
    fn on_input_end(&mut self, _task: &TaskView<'_>, _input: ChannelId, _out: &mut Effects) {}

    /// The timer set for `id` is due.
    fn on_timer(&mut self, _task: &TaskView<'_>, _id: SnapshotId, _out: &mut Effects) {}

    /// The coordinator says that `id` was aborted (K7). The engine has dropped what this task saved of it,
    /// and saves nothing of it any more: where a barrier would leave, a cancellation marker does (K2). So
    /// there is nothing that a protocol has to do but forget.
    fn on_abort(&mut self, _task: &TaskView<'_>, _id: SnapshotId, _out: &mut Effects) {}

    /// What rides on every record that this task sends. Only asked when
    /// [`wants_stamps`](Self::wants_stamps) says so, after each handler call.
    fn stamp(&self) -> u32 {
        0
    }

    /// Whether records carry [`stamp`](Self::stamp) and barriers are counted.
    fn wants_stamps(&self) -> bool {
        false
    }

    /// A record was taken from `input`, before the operator processes it. Only called when
    /// [`wants_records`](Self::wants_records) says so.
    fn on_record(&mut self, _task: &TaskView<'_>, _input: ChannelId, _record: &Record, _out: &mut Effects) {}

    /// Whether [`on_record`](Self::on_record) is to be called at all.
    fn wants_records(&self) -> bool {
        false
    }
}

/// What the world needs of a protocol beyond its handlers; implemented for every
/// [`SnapshotProtocol`] with the usual derives.
pub(crate) trait DynProtocol: SnapshotProtocol + Any + Debug + Send + Sync {
    fn boxed(&self) -> Box<dyn DynProtocol>;
    fn assign(&mut self, source: &dyn DynProtocol) -> bool;
    fn equals(&self, other: &dyn DynProtocol) -> bool;
    fn hash_into(&self, state: &mut dyn Hasher);
    fn name(&self) -> TypeName;
}

impl<P> DynProtocol for P
where
    P: SnapshotProtocol + Clone + Debug + Eq + Hash + Send + Sync + 'static,
{
    fn boxed(&self) -> Box<dyn DynProtocol> {
        Box::new(self.clone())
    }

    fn assign(&mut self, source: &dyn DynProtocol) -> bool {
        let source: &dyn Any = source;
        match source.downcast_ref::<P>() {
            Some(source) => {
                self.clone_from(source);
                true
            }
            None => false,
        }
    }

    fn equals(&self, other: &dyn DynProtocol) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<P>() == Some(self)
    }

    fn hash_into(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }

    fn name(&self) -> TypeName {
        TypeName(std::any::type_name::<P>)
    }
}

/// A task's protocol as the world holds it: a value of whatever type.
#[derive(Debug)]
pub struct ProtocolBox(Box<dyn DynProtocol>);

impl ProtocolBox {
    /// Boxes a protocol.
    pub fn new<P>(protocol: P) -> Self
    where
        P: SnapshotProtocol + Clone + Debug + Eq + Hash + Send + Sync + 'static,
    {
        ProtocolBox(Box::new(protocol))
    }

    pub(crate) fn name(&self) -> TypeName {
        self.0.name()
    }
}

impl SnapshotProtocol for ProtocolBox {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        out.by = Handler::Trigger;
        part("protocol, on_trigger", || self.0.on_trigger(task, id, out));
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        out.by = Handler::Barrier;
        part("protocol, on_barrier", || self.0.on_barrier(task, input, barrier, out));
    }
    fn reset(&mut self) {
        part("protocol, reset", || self.0.reset());
    }
    fn on_restored(&mut self, id: SnapshotId) {
        part("protocol, on_restored", || self.0.on_restored(id));
    }
    fn on_announcement(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        out.by = Handler::Announcement;
        part("protocol, on_announcement", || self.0.on_announcement(task, input, barrier, out));
    }
    fn on_cancel(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, out: &mut Effects) {
        out.by = Handler::Cancel;
        part("protocol, on_cancel", || self.0.on_cancel(task, input, id, out));
    }
    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        out.by = Handler::InputEnd;
        part("protocol, on_input_end", || self.0.on_input_end(task, input, out));
    }
    fn on_timer(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        out.by = Handler::Timer;
        part("protocol, on_timer", || self.0.on_timer(task, id, out));
    }
    fn on_abort(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        out.by = Handler::Abort;
        part("protocol, on_abort", || self.0.on_abort(task, id, out));
    }
    fn stamp(&self) -> u32 {
        part("protocol, stamp", || self.0.stamp())
    }
    fn wants_stamps(&self) -> bool {
        part("protocol, wants_stamps", || self.0.wants_stamps())
    }
    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        out.by = Handler::Record;
        part("protocol, on_record", || self.0.on_record(task, input, record, out));
    }
    fn wants_records(&self) -> bool {
        part("protocol, wants_records", || self.0.wants_records())
    }
}

impl Clone for ProtocolBox {
    fn clone(&self) -> Self {
        ProtocolBox(self.0.boxed())
    }
    fn clone_from(&mut self, source: &Self) {
        if !self.0.assign(&*source.0) {
            *self = source.clone();
        }
    }
}

impl PartialEq for ProtocolBox {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

impl Eq for ProtocolBox {}

impl Hash for ProtocolBox {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }
}
