//! Colours instead of markers in order: snapshots over channels that do not keep order.

use crate::model::{Barrier, BarrierKind, ChannelId, Record, SnapshotId};
use crate::protocol::{Effect, Effects, SnapshotProtocol, TaskView};

/// What is known of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Input {
    channel: ChannelId,
    /// Records taken from it since this process came up.
    received: u32,
    /// It has ended, in order: nothing is missing of it.
    has_ended: bool,
}

/// A snapshot that this process has recorded its state for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Recording {
    id: SnapshotId,
    /// By input: white records still on their way, as far as the sender has told how many there were.
    missing: Vec<Missing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Missing {
    /// The sender has not told yet; so many white ones were taken so far.
    Untold(u32),
    /// So many are still to come.
    Told(u32),
}

/// Lai and Yang 1987. Every record carries the newest snapshot that its sender has taken; a
/// process takes that snapshot before it looks into the record. A record sent before the sender's
/// snapshot and taken after the receiver's is contents of its channel. How many there are is told by
/// a count that travels like any message and may arrive in any order.
///
/// A process that is told of snapshot k takes those below k, too, that it has not taken: so one
/// number says which ones a sender has taken, however many overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LaiYang {
    newest: u32,
    inputs: Vec<Input>,
    recordings: Vec<Recording>,
}

impl LaiYang {
    fn know_inputs(&mut self, task: &TaskView<'_>) {
        if self.inputs.is_empty() {
            self.inputs = task.inputs().map(|channel| Input { channel, received: 0, has_ended: false }).collect();
        }
    }

    fn take_up_to(&mut self, task: &TaskView<'_>, newest: u32, out: &mut Effects) {
        self.know_inputs(task);
        for id in (self.newest + 1..=newest).map(SnapshotId) {
            out.push(Effect::SaveState(id));
            out.push(Effect::Broadcast(Barrier { snapshot: id, kind: BarrierKind::Counting { sent: 0 } }));
            let missing = self.inputs.iter().map(|input| if input.has_ended { Missing::Told(0) } else { Missing::Untold(input.received) });
            let missing = missing.collect();
            self.recordings.push(Recording { id, missing });
        }
        self.newest = self.newest.max(newest);
        self.finish(out);
    }

    fn at(&self, channel: ChannelId) -> usize {
        self.inputs.iter().position(|input| input.channel == channel).expect("one of the task's inputs")
    }

    fn finish(&mut self, out: &mut Effects) {
        self.recordings.retain(|recording| {
            let is_whole = recording.missing.iter().all(|missing| *missing == Missing::Told(0));
            if is_whole {
                out.push(Effect::Ack(recording.id));
            }
            !is_whole
        });
    }
}

impl SnapshotProtocol for LaiYang {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.take_up_to(task, id.0, out);
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.take_up_to(task, barrier.snapshot.0, out);
        let at = self.at(input);
        let recording = self.recordings.iter_mut().find(|recording| recording.id == barrier.snapshot);
        if let (Some(recording), BarrierKind::Counting { sent }) = (recording, barrier.kind)
            && let Missing::Untold(taken) = recording.missing[at]
        {
            recording.missing[at] = Missing::Told(sent.saturating_sub(taken));
        }
        self.finish(out);
    }

    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        self.take_up_to(task, record.stamp, out);
        let at = self.at(input);
        self.inputs[at].received += 1;
        for recording in self.recordings.iter_mut().filter(|recording| record.stamp < recording.id.0) {
            out.push(Effect::SaveRecord(recording.id, input, *record));
            match &mut recording.missing[at] {
                Missing::Untold(taken) => *taken += 1,
                Missing::Told(missing) => *missing = missing.saturating_sub(1),
            }
        }
        self.finish(out);
    }

    fn on_restored(&mut self, id: SnapshotId) {
        self.newest = id.0;
    }

    /// The count of that channel will not come, and nobody waits for the rest.
    fn on_cancel(&mut self, _task: &TaskView<'_>, _input: ChannelId, id: SnapshotId, _out: &mut Effects) {
        self.recordings.retain(|recording| recording.id != id);
    }

    fn on_abort(&mut self, _task: &TaskView<'_>, id: SnapshotId, _out: &mut Effects) {
        self.recordings.retain(|recording| recording.id != id);
    }

    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        self.know_inputs(task);
        let at = self.at(input);
        self.inputs[at].has_ended = true;
        self.recordings.iter_mut().for_each(|recording| recording.missing[at] = Missing::Told(0));
        self.finish(out);
    }

    fn wants_records(&self) -> bool {
        true
    }

    fn stamp(&self) -> u32 {
        self.newest
    }

    fn wants_stamps(&self) -> bool {
        true
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
