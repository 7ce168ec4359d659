//! The algorithm of 1985: markers on FIFO channels, any graph, nobody ever waits.

use smallvec::SmallVec;

use crate::model::{Barrier, ChannelId, Record, SnapshotId};
use crate::protocol::{Effect, Effects, SnapshotProtocol, TaskView};

/// A snapshot that this process has recorded its state for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Recording {
    id: SnapshotId,
    /// Inputs whose marker is not in: what comes on them is their recorded state.
    open: SmallVec<[ChannelId; 4]>,
    /// Given up: nothing is saved for it any more, and its markers are only waited for so that none of them
    /// starts it again.
    is_void: bool,
}

/// Chandy and Lamport 1985, section 3: the marker-sending rule and the marker-receiving rule, once
/// per snapshot id, so that any number of snapshots by any initiators overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ChandyLamport {
    /// An id leaves when all its markers are in; none comes after that, so it needs no memory.
    recordings: Vec<Recording>,
    /// The highest id taken: a marker can be faster than the trigger.
    newest: Option<SnapshotId>,
    /// Inputs that have ended: they bring no marker, and nothing else.
    ended: SmallVec<[ChannelId; 4]>,
}

impl ChandyLamport {
    fn record_state(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        out.push(Effect::SaveState(id));
        out.push(Effect::Broadcast(Barrier::aligned(id)));
        self.follow(task, id, false);
    }

    fn follow(&mut self, task: &TaskView<'_>, id: SnapshotId, is_void: bool) {
        self.newest = self.newest.max(Some(id));
        let open = task.inputs().filter(|input| !self.ended.contains(input)).collect();
        self.recordings.push(Recording { id, open, is_void });
    }

    fn give_up(&mut self, id: SnapshotId) {
        self.recordings.iter_mut().filter(|recording| recording.id == id).for_each(|recording| recording.is_void = true);
    }

    fn close(&mut self, id: SnapshotId, input: Option<ChannelId>, out: &mut Effects) {
        let Some(at) = self.recordings.iter().position(|recording| recording.id == id) else { return };
        let open = &mut self.recordings[at].open;
        open.retain(|open| Some(*open) != input);
        if open.is_empty() && !self.recordings.remove(at).is_void {
            out.push(Effect::Ack(id));
        }
    }

    /// Snapshots that a coordinator asks for come one after the other: a marker that comes behind a newer
    /// one's (B2) starts nothing. A sink that took that snapshot would close a transaction that nobody commits
    /// any more. Those of processes are independent of each other.
    fn is_void(&self, task: &TaskView<'_>, id: SnapshotId) -> bool {
        !task.plan.has_processes() && self.newest > Some(id)
    }

    fn is_recording(&self, id: SnapshotId) -> bool {
        self.recordings.iter().any(|recording| recording.id == id)
    }
}

impl SnapshotProtocol for ChandyLamport {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if self.newest < Some(id) {
            self.record_state(task, id, out);
            self.close(id, None, out);
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        if !self.is_recording(id) {
            if self.is_void(task, id) {
                return;
            }
            self.record_state(task, id, out);
        }
        self.close(id, Some(input), out);
    }

    /// It comes in the place of a marker, and goes on as one would.
    fn on_cancel(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, out: &mut Effects) {
        if !self.is_recording(id) {
            if self.is_void(task, id) {
                return;
            }
            out.push(Effect::Cancel(id));
            self.follow(task, id, true);
        }
        self.give_up(id);
        self.close(id, Some(input), out);
    }

    fn on_abort(&mut self, _task: &TaskView<'_>, id: SnapshotId, _out: &mut Effects) {
        self.give_up(id);
    }

    fn on_input_end(&mut self, _task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        self.ended.push(input);
        let ids: SmallVec<[SnapshotId; 4]> = self.recordings.iter().map(|recording| recording.id).collect();
        ids.into_iter().for_each(|id| self.close(id, Some(input), out));
    }

    fn on_record(&mut self, _task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        for recording in self.recordings.iter().filter(|recording| !recording.is_void && recording.open.contains(&input)) {
            out.push(Effect::SaveRecord(recording.id, input, *record));
        }
    }

    fn wants_records(&self) -> bool {
        true
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
