//! The seam between the engine and a task's snapshot protocol.

use std::any::Any;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use crate::model::{Barrier, ChannelId, Plan, Record, SnapshotId, TaskId};

/// Why a task refuses a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// A newer one has begun; that is nobody's failure (C18).
    Subsumed,
    /// It could not be taken.
    Failed,
}

/// What a protocol may ask the engine to do. Effects are applied in the order in which they
/// were pushed, all of them within one step: nothing else happens in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Copy the task's state into the snapshot, now.
    SaveState(SnapshotId),
    /// Append a barrier to every output channel.
    Broadcast(Barrier),
    /// Put a barrier before everything in every output channel, and save the records that it jumps
    /// over as contents of their channel.
    Overtake(Barrier),
    /// Save a record as contents of this input channel, behind what was saved of it before.
    SaveRecord(SnapshotId, ChannelId, Record),
    /// Take nothing more from this input channel.
    Block(ChannelId),
    /// Take from this input channel again.
    Unblock(ChannelId),
    /// This task's part is whole: upload it, then ack.
    Ack(SnapshotId),
    /// This task cannot take part in the snapshot.
    Decline(SnapshotId, Refusal),
}

/// The effects of one handler call.
#[derive(Debug, Default)]
pub struct Effects {
    items: SmallVec<[Effect; 8]>,
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
}

impl TaskView<'_> {
    /// The input channels, ascending.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = ChannelId> + use<> {
        self.plan.inputs(self.task)
    }

    /// Whether this input channel is blocked.
    pub fn is_blocked(&self, input: ChannelId) -> bool {
        self.blocked[input.0 as usize]
    }
}

/// A snapshot protocol: one value of the type per task.
///
/// Derive `Clone, Debug, PartialEq, Eq, Hash`; a blanket implementation does the rest.
pub trait SnapshotProtocol {
    /// The coordinator asks this source to start snapshot `id`.
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects);

    /// A barrier was taken from `input`.
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects);

    /// A new attempt starts; nothing of the old one may be remembered.
    fn reset(&mut self);

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
}

impl SnapshotProtocol for ProtocolBox {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.0.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.0.on_barrier(task, input, barrier, out);
    }
    fn reset(&mut self) {
        self.0.reset();
    }
    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        self.0.on_record(task, input, record, out);
    }
    fn wants_records(&self) -> bool {
        self.0.wants_records()
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
