//! Whether what protocols, the coordinator and storage ask for can be done at all.

use super::Observer;
use super::world::{Stored, World, initial_state};
use crate::kernel::Id;
use crate::model::{ChannelId, SnapshotId, TaskId, TaskState};
use crate::protocol::{Command, Effect};
use crate::trace::{Ask, Asked, Fact, Handler, Misfit};

impl World {
    /// Says so, as a fact, when an effect does not fit.
    pub(super) fn fits<O: Observer>(&self, task: TaskId, by: Handler, effect: Effect, observer: &mut O) -> bool {
        let Some((ask, number, why)) = self.misfit(task, effect) else { return true };
        let protocol = Some(self.tasks.protocols[task].name());
        observer.fact(Fact::Refused { asked: Asked { task: Some(task), protocol, by, ask, number }, why });
        false
    }

    /// An input that is blocked can be blocked again, and the other way round: that changes nothing.
    fn misfit(&self, task: TaskId, effect: Effect) -> Option<(Ask, u32, Misfit)> {
        let snapshot = |ask, id: SnapshotId| self.is_unheard_of(id).then_some((ask, id.0, Misfit::NeverTriggered));
        let input = |ask, channel: ChannelId| (!self.is_input(task, channel)).then_some((ask, channel.0, Misfit::NoInput));
        let saved = |ask, id: SnapshotId| self.lacks_a_state(task, id).then_some((ask, id.0, Misfit::NothingSaved));
        match effect {
            Effect::SaveState(id) => snapshot(Ask::SaveState, id),
            Effect::Broadcast(barrier) => snapshot(Ask::Broadcast, barrier.snapshot),
            Effect::Overtake(id) => snapshot(Ask::Overtake, id),
            Effect::Cancel(id) => snapshot(Ask::Cancel, id),
            Effect::Prioritise(channel, id) => input(Ask::Prioritise, channel).or_else(|| snapshot(Ask::Prioritise, id)),
            Effect::SaveRecord(id, channel, _) => {
                let (ask, number) = (Ask::SaveRecord, channel);
                input(ask, number).or_else(|| snapshot(ask, id)).or_else(|| saved(ask, id))
            }
            Effect::SaveOvertaken(id, channel, _) => {
                let (ask, number) = (Ask::SaveOvertaken, channel);
                input(ask, number).or_else(|| snapshot(ask, id)).or_else(|| saved(ask, id))
            }
            Effect::Block(channel) => input(Ask::Block, channel),
            Effect::Unblock(channel) => input(Ask::Unblock, channel),
            Effect::SetTimer(id) => snapshot(Ask::SetTimer, id),
            Effect::CancelTimer => None,
            Effect::Ack(id) => snapshot(Ask::Ack, id).or_else(|| saved(Ask::Ack, id)),
            Effect::Decline(id, _) => snapshot(Ask::Decline, id),
        }
    }

    /// The same of what the coordinator asks for.
    pub(super) fn suits<O: Observer>(&self, command: Command, observer: &mut O) -> bool {
        let snapshot = |ask, id: SnapshotId| self.is_unheard_of(id).then_some((ask, id.0, Misfit::NeverTriggered));
        let counted = |ask, task: TaskId| (task.index() >= self.tasks.len()).then_some((ask, task.0, Misfit::NoTask));
        let misfit = match command {
            Command::Count(task, id) => counted(Ask::Count, task).or_else(|| snapshot(Ask::Count, id)),
            Command::Ignore(task, _) => counted(Ask::Ignore, task),
            Command::Store(id) => snapshot(Ask::Store, id),
            Command::Notify(id) => snapshot(Ask::Notify, id),
            Command::Restore(Some(id)) => snapshot(Ask::Restore, id),
            _ => None,
        };
        let Some((ask, number, why)) = misfit else { return true };
        let asked = Asked { task: None, protocol: None, by: Handler::Coordinator, ask, number };
        observer.fact(Fact::Refused { asked, why });
        false
    }

    /// The same of what storage gives back.
    pub(super) fn can_be<O: Observer>(&self, task: TaskId, loaded: &TaskState, observer: &mut O) -> bool {
        let kind = std::mem::discriminant(&initial_state(self.setup.plan.kind(task)));
        if std::mem::discriminant(loaded) == kind {
            return true;
        }
        let number = self.centre.restoring.map_or(0, |id| id.0);
        let asked = Asked { task: Some(task), protocol: None, by: Handler::Storage, ask: Ask::Load, number };
        observer.fact(Fact::Refused { asked, why: Misfit::OtherKind });
        false
    }

    fn is_input(&self, task: TaskId, channel: ChannelId) -> bool {
        let channels = self.setup.plan.channels();
        channel.index() < channels.len() && channels[channel].to == task
    }

    fn is_unheard_of(&self, id: SnapshotId) -> bool {
        // Where nothing was ever triggered, as in a handler's own tests, nothing can be said.
        self.durable.newest.is_some_and(|newest| newest < id)
    }

    /// Whether a pending snapshot has nothing of the task. What was dropped when the coordinator gave a
    /// snapshot up, and what is in storage already, is nobody's fault.
    fn lacks_a_state(&self, task: TaskId, id: SnapshotId) -> bool {
        let is_missing = |stored: &Stored| !stored.completed && stored.parts[task.index()].is_none();
        let is_under_way = || self.tasks.savings[self.tasks.savings_of(task)].iter().any(|saving| saving.snapshot == id);
        self.durable.find(id).is_some_and(is_missing) && !is_under_way()
    }
}
