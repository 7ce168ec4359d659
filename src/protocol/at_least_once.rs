//! Barriers without alignment: no input is ever blocked.

use smallvec::SmallVec;

use crate::model::{Barrier, ChannelId, SnapshotId};
use crate::protocol::{Effect, Effects, SnapshotProtocol, TaskView};
use crate::trace::Refusal;

/// How many snapshots one task follows at a time; the oldest is forgotten beyond (semantics 5).
const TRACKED: usize = 50;

/// A snapshot whose barriers are still coming in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Tracked {
    id: SnapshotId,
    /// Inputs that were open when it began.
    target: u32,
    /// Inputs that have delivered its barrier or cancellation, or have ended.
    arrived: SmallVec<[ChannelId; 4]>,
    /// Given up; it is only followed until all inputs have been heard of (L4).
    aborted: bool,
}

impl Tracked {
    /// Counts an input once and says whether it was the last.
    fn arrive(&mut self, input: ChannelId) -> bool {
        if !self.arrived.contains(&input) {
            self.arrived.push(input);
        }
        self.is_whole()
    }

    fn is_whole(&self) -> bool {
        self.arrived.len() as u32 == self.target
    }

    fn abort(&mut self, why: Refusal, out: &mut Effects) {
        if !std::mem::replace(&mut self.aborted, true) {
            abort(self.id, why, out);
        }
    }
}

fn abort(id: SnapshotId, why: Refusal, out: &mut Effects) {
    out.push(Effect::Decline(id, why));
    out.push(Effect::Cancel(id));
}

fn snapshot(id: SnapshotId, out: &mut Effects) {
    out.push(Effect::SaveState(id));
    out.push(Effect::Broadcast(Barrier::aligned(id)));
    out.push(Effect::Ack(id));
}

/// At-least-once (semantics L1-L7): the snapshot is taken when the last barrier is in, and
/// holds records that came behind earlier barriers. They are replayed too: duplicates, no loss.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AtLeastOnce {
    /// The highest id followed.
    newest: Option<SnapshotId>,
    /// Oldest first.
    pending: Vec<Tracked>,
    /// Inputs that have ended.
    ended: u32,
    goes_on: bool,
}

impl AtLeastOnce {
    /// `goes_on`: whether checkpoints are taken after inputs have ended.
    pub fn new(goes_on: bool) -> Self {
        AtLeastOnce { newest: None, pending: Vec::new(), ended: 0, goes_on }
    }

    fn open(&self, task: &TaskView<'_>) -> u32 {
        task.inputs().len() as u32 - self.ended
    }

    /// L5: with one input nothing is there to wait for.
    fn is_alone(&self, task: &TaskView<'_>, id: SnapshotId) -> bool {
        self.open(task) == 1 && self.newest < Some(id)
    }

    fn position(&self, id: SnapshotId) -> Option<usize> {
        self.pending.iter().position(|tracked| tracked.id == id)
    }

    fn track(&mut self, task: &TaskView<'_>, id: SnapshotId, input: ChannelId, aborted: bool) {
        self.newest = Some(id);
        self.pending.push(Tracked { id, target: self.open(task), arrived: SmallVec::from_elem(input, 1), aborted });
        if self.pending.len() > TRACKED {
            self.pending.remove(0);
        }
    }

    /// L1: it and everything older leaves the table; only a whole one that was not given up is taken.
    fn complete(&mut self, at: usize, out: &mut Effects) {
        if let Some(tracked) = self.pending.drain(..=at).next_back().filter(|tracked| !tracked.aborted) {
            snapshot(tracked.id, out);
        }
    }
}

impl SnapshotProtocol for AtLeastOnce {
    fn on_trigger(&mut self, _task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        if self.newest < Some(id) {
            self.newest = Some(id);
            self.pending.clear();
            snapshot(id, out);
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        if self.is_alone(task, id) {
            self.newest = Some(id);
            self.pending.clear();
            return snapshot(id, out);
        }
        match self.position(id) {
            Some(at) if self.pending[at].arrive(input) => self.complete(at, out),
            Some(_) => {}
            // A newer one does not void older ones (L2), or slow inputs would never complete any.
            None if self.newest < Some(id) => self.track(task, id, input, false),
            // L3: an id that is not followed is ignored.
            None => {}
        }
    }

    fn on_cancel(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, out: &mut Effects) {
        // L4: everything older is void too.
        let older = self.pending.partition_point(|tracked| tracked.id < id);
        self.pending.drain(..older).for_each(|mut tracked| tracked.abort(Refusal::Cancelled, out));
        if self.is_alone(task, id) {
            self.newest = Some(id);
            return abort(id, Refusal::Cancelled, out);
        }
        match self.position(id) {
            Some(at) => {
                self.pending[at].abort(Refusal::Cancelled, out);
                if self.pending[at].arrive(input) {
                    self.pending.remove(at);
                }
            }
            None if self.newest < Some(id) => {
                abort(id, Refusal::Cancelled, out);
                self.track(task, id, input, true);
            }
            None => {}
        }
    }

    /// L6: the newest that this completes is taken, older ones are void, newer ones stay.
    fn on_input_end(&mut self, _task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        self.ended += 1;
        if !self.goes_on {
            return self.pending.drain(..).for_each(|mut tracked| tracked.abort(Refusal::InputEnded, out));
        }
        let arrivals = self.pending.iter_mut().enumerate().map(|(at, tracked)| (at, tracked.arrive(input) && !tracked.aborted));
        // One that was given up is taken by nobody: the whole one before it is not lost with it.
        if let Some((at, _)) = arrivals.filter(|(_, is_whole)| *is_whole).last() {
            self.complete(at, out);
        }
        self.pending.retain(|tracked| !tracked.is_whole());
    }

    fn reset(&mut self) {
        *self = Self::new(self.goes_on);
    }
}
