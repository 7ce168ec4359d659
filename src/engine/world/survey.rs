//! What a run leaves behind, said as facts when it is over: oracles read nothing else.

use super::{Status, World};
use crate::engine::Observer;
use crate::kernel::Id;
use crate::model::{ChannelId, TaskId};
use crate::trace::Fact;

impl World {
    /// Says what is left in channels and transactions, who still waits for what, and what states show.
    pub fn survey<O: Observer>(&self, observer: &mut O) {
        for channel in self.setup.plan.channels().ids() {
            let elements = self.channels.data.len(channel.index()) as u32;
            if elements > 0 {
                let records = self.channels.data.iter(channel.index()).filter(|slot| slot.record().is_some()).count() as u32;
                observer.fact(Fact::LeftBehind { channel, records, marks: elements - records });
            }
        }
        self.setup.plan.tasks().ids().for_each(|task| self.survey_waits(task, observer));
        let plan = &self.setup.plan;
        for &task in plan.stateful().iter().filter(|task| self.tasks[**task].status == Status::Up) {
            self.state(task).show(plan.kind(task), |key, value| observer.shown(task, key, value));
        }
        for (log, &task) in self.outside.external.sinks.iter().zip(self.setup.plan.sinks()) {
            let records = log.open.len() + log.prepared.iter().map(|(_, records)| records.len()).sum::<usize>();
            if records > 0 {
                observer.fact(Fact::LeftOpen { task, records: records as u32 });
            }
        }
    }

    fn survey_waits<O: Observer>(&self, task: TaskId, observer: &mut O) {
        if let Some((channel, _)) = self.channels.outboxes.front(task.index()) {
            observer.fact(Fact::WaitsForRoom { task, channel: *channel });
        }
        let is_held = |channel: ChannelId| self.channels.blocked[channel.index()];
        if !self.setup.plan.inputs(task).any(is_held) {
            return;
        }
        for channel in self.setup.plan.inputs(task) {
            if is_held(channel) {
                observer.fact(Fact::HeldBack { channel });
            } else if !self.channels.ended.contains(&channel) {
                observer.fact(Fact::Awaited { channel });
            }
        }
    }
}
