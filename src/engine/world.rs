//! Everything that is true of the simulated system.

use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use super::router::Piggyback;
use super::{Notice, Observer, Stamp, Step, Wait};
use crate::kernel::{IdVec, Lists, Printed, Prints};
use crate::model::{
    Barrier, BarrierKind, ChannelId, Commit, Element, External, Kind, Operator, Part, Plan, Record, SinkLog, SnapshotId, TaskId, TaskState,
};
use crate::protocol::{
    CoordinatorBox, CoordinatorView, Faithful, ProtocolBox, Report, SinkLogic, SnapshotProtocol, StorageLogic, Timer, Told, sink_logic,
};
use crate::trace::Fact;

/// What stays the same for all runs of a scenario.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The graph.
    pub plan: Plan,
    /// Whether messages of an older attempt are thrown away (F5).
    pub fencing: bool,
    /// How many completed snapshots are kept, at least 1.
    pub retain: u32,
    /// How many checkpoints are asked for besides the periodic ones.
    pub requests: u32,
    /// How each operator's sink commits, by operator; the others' entries are not used.
    pub sinks: Vec<&'static dyn SinkLogic>,
    /// How storage keeps state.
    pub storage: &'static dyn StorageLogic,
    /// Whether snapshots have a budget for aligning.
    pub budget: bool,
    /// Who is told that a snapshot starts.
    pub told: Told,
    /// The processes that are to start a snapshot, once per time they do.
    pub initiators: Vec<TaskId>,
    /// Whether a restore leaves out what a snapshot holds of channels: wrong, to show what it is for.
    pub forgets_channels: bool,
}

impl Setup {
    /// A setup in which everything is right: fencing on, one retained snapshot.
    pub fn new(plan: Plan) -> Self {
        let logic = |operator: &Operator| match operator.kind {
            Kind::Sink { commit } => sink_logic(commit),
            _ => sink_logic(Commit::Plain),
        };
        let sinks = plan.operators().iter().map(logic).collect();
        Setup {
            plan,
            fencing: true,
            retain: 1,
            requests: 0,
            sinks,
            storage: &Faithful,
            budget: false,
            told: Told::Roots,
            initiators: Vec::new(),
            forgets_channels: false,
        }
    }
}

/// Whether a task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Status {
    Up,
    Down,
    Restoring,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Task {
    pub status: Status,
    /// A source that is done and gone (E1).
    pub is_finished: bool,
    pub state: TaskState,
}

/// A task's part of a snapshot on its way to storage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Saving {
    pub task: TaskId,
    pub snapshot: SnapshotId,
    pub part: Arc<Part>,
    /// Whether it is whole, so that its upload can begin.
    pub is_whole: bool,
}

impl Clone for Task {
    fn clone(&self) -> Self {
        Task { status: self.status, is_finished: self.is_finished, state: self.state.clone() }
    }
    fn clone_from(&mut self, source: &Self) {
        (self.status, self.is_finished) = (source.status, source.is_finished);
        self.state.clone_from(&source.state);
    }
}

/// A message with its driver's stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slot<T> {
    pub item: T,
    pub stamp: Stamp,
}

impl Slot<Element> {
    /// The record, if it is one.
    pub fn record(&self) -> Option<Record> {
        match self.item {
            Element::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// A message to or from the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Mail<T> {
    pub item: T,
    /// Sent in an attempt that is over. An age of one bit is all that has a future, so the
    /// world does not grow with attempts.
    pub old: bool,
}

/// A snapshot in durable storage, whole or not.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Stored {
    pub id: SnapshotId,
    pub completed: bool,
    pub parts: Vec<Option<Arc<Part>>>,
}

impl Clone for Stored {
    fn clone(&self) -> Self {
        Stored { id: self.id, completed: self.completed, parts: self.parts.clone() }
    }
    fn clone_from(&mut self, source: &Self) {
        (self.id, self.completed) = (source.id, source.completed);
        self.parts.clone_from(&source.parts);
    }
}

/// How the job as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Job {
    NotStarted,
    Running,
    Failed,
    Finished,
}

/// Everything that is true of the simulated system: tasks, channels, coordinator, storage, the
/// external world, armed timers. No clock, no random numbers. `Clone`, `Eq` and `Hash` mean what
/// they say, so a driver can branch, compare and remember worlds.
#[derive(Debug)]
pub struct World {
    pub(super) setup: Arc<Setup>,
    pub(super) job: Job,
    /// Whether any protocol wants to see records; fixed for the world's life.
    pub(super) wants_records: bool,
    /// Tasks that are not up.
    pub(super) missing: u32,
    pub(super) requests: u32,
    pub(super) tasks: IdVec<TaskId, Printed<Task>>,
    /// A task's fingerprint tells of its protocol too, which spares a large world half of what fingerprints
    /// take: whoever changes a protocol [touches](Printed::touch) the task.
    pub(super) protocols: IdVec<TaskId, ProtocolBox>,
    /// Parts copied but not yet in durable storage, by task, each task's oldest first. Volatile.
    pub(super) savings: Printed<Vec<Saving>>,
    pub(super) data: Printed<Lists<Slot<Element>>>,
    pub(super) blocked: Printed<Vec<bool>>,
    /// Output that found no room, by task: channel and element.
    pub(super) outboxes: Printed<Lists<(ChannelId, Element)>>,
    /// Whose turn it is, by port.
    pub(super) turns: Printed<Vec<u32>>,
    pub(super) notices: Printed<Lists<Slot<Mail<Notice>>>>,
    pub(super) reports: Printed<Lists<Slot<Mail<Report>>>>,
    pub(super) coordinator: Printed<CoordinatorBox>,
    /// Armed timers, sorted.
    pub(super) timers: Printed<Vec<Timer>>,
    /// Ascending by id.
    pub(super) storage: Printed<Vec<Stored>>,
    pub(super) external: Printed<External>,
    /// What tasks that come up are given, while any of them is not up yet.
    pub(super) restoring: Option<SnapshotId>,
    /// Where sources that cannot replay are, by task; empty when there is none.
    pub(super) feeds: Printed<Vec<u64>>,
    pub(super) piggyback: Printed<Piggyback>,
    /// Tasks that wait for the end of a snapshot's alignment budget, and of which, sorted.
    pub(super) alarms: Printed<Vec<(TaskId, SnapshotId)>>,
    /// Pending snapshots whose alignment budget is used up.
    pub(super) overdue: Printed<Vec<SnapshotId>>,
    /// Sources that the coordinator knows to have finished, by task; empty when none ever does.
    pub(super) gone: Printed<Vec<bool>>,
    /// Channels whose end was taken, sorted.
    pub(super) ended: Printed<Vec<ChannelId>>,
    /// Snapshots that processes are still to start.
    pub(super) initiations: Printed<Vec<TaskId>>,
    /// Who starts the snapshot that is being triggered; only within a step.
    pub(super) initiator: Option<TaskId>,
    /// Whether some process takes only what its state has a rule for; fixed for the world's life.
    pub(super) is_picky: bool,
}

/// Everything but the setup, which is the same for all worlds that are compared.
macro_rules! state {
    ($world:expr) => {{
        let World {
            setup: _,
            wants_records: _,
            is_picky: _,
            initiator: _,
            job,
            missing,
            requests,
            tasks,
            protocols,
            savings,
            data,
            blocked,
            outboxes,
            turns,
            notices,
            reports,
            coordinator,
            timers,
            storage,
            external,
            restoring,
            feeds,
            piggyback,
            alarms,
            overdue,
            gone,
            ended,
            initiations,
        } = $world;
        (
            (job, missing, requests, tasks, protocols, savings, data, blocked, outboxes, restoring),
            (turns, notices, reports, coordinator, timers, storage, external, feeds),
            (piggyback, alarms, overdue, gone, ended, initiations),
        )
    }};
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        state!(self) == state!(other)
    }
}

impl Eq for World {}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state!(self).hash(state);
    }
}

impl Clone for World {
    fn clone(&self) -> Self {
        World {
            setup: self.setup.clone(),
            wants_records: self.wants_records,
            job: self.job,
            missing: self.missing,
            requests: self.requests,
            tasks: self.tasks.clone(),
            protocols: self.protocols.clone(),
            savings: self.savings.clone(),
            data: self.data.clone(),
            blocked: self.blocked.clone(),
            outboxes: self.outboxes.clone(),
            turns: self.turns.clone(),
            notices: self.notices.clone(),
            reports: self.reports.clone(),
            coordinator: self.coordinator.clone(),
            timers: self.timers.clone(),
            storage: self.storage.clone(),
            external: self.external.clone(),
            restoring: self.restoring,
            feeds: self.feeds.clone(),
            piggyback: self.piggyback.clone(),
            alarms: self.alarms.clone(),
            overdue: self.overdue.clone(),
            gone: self.gone.clone(),
            ended: self.ended.clone(),
            initiations: self.initiations.clone(),
            initiator: self.initiator,
            is_picky: self.is_picky,
        }
    }

    // Field by field: every allocation is kept, which makes small runs 1.2 to 1.8 times as fast.
    fn clone_from(&mut self, source: &Self) {
        if !Arc::ptr_eq(&self.setup, &source.setup) {
            self.setup.clone_from(&source.setup);
        }
        self.wants_records = source.wants_records;
        (self.job, self.missing, self.requests) = (source.job, source.missing, source.requests);
        self.restoring = source.restoring;
        self.clone_protocols_from(source);
        self.tasks.clone_from(&source.tasks);
        self.savings.clone_from(&source.savings);
        self.data.clone_from(&source.data);
        self.blocked.clone_from(&source.blocked);
        self.outboxes.clone_from(&source.outboxes);
        self.turns.clone_from(&source.turns);
        self.notices.clone_from(&source.notices);
        self.reports.clone_from(&source.reports);
        self.coordinator.clone_from(&source.coordinator);
        self.timers.clone_from(&source.timers);
        self.storage.clone_from(&source.storage);
        self.external.clone_from(&source.external);
        self.feeds.clone_from(&source.feeds);
        self.piggyback.clone_from(&source.piggyback);
        self.alarms.clone_from(&source.alarms);
        self.overdue.clone_from(&source.overdue);
        self.gone.clone_from(&source.gone);
        self.ended.clone_from(&source.ended);
        self.initiations.clone_from(&source.initiations);
        (self.initiator, self.is_picky) = (source.initiator, source.is_picky);
    }
}

/// What a task starts with when there is nothing to restore.
pub(super) fn initial_state(kind: &Kind) -> TaskState {
    match kind {
        Kind::Source { .. } => TaskState::Source(0),
        Kind::KeyedCount { .. } | Kind::KeyedSum { .. } | Kind::Iterate { .. } => TaskState::Keyed(Vec::new()),
        Kind::Account { tokens, .. } => TaskState::Account { tokens: *tokens, next: 0 },
        Kind::Automaton(_) => TaskState::Automaton { state: 0, next: 0 },
        Kind::Join { .. } => TaskState::Join(Vec::new()),
        Kind::Sink { .. } => TaskState::Sink(Vec::new()),
        _ => TaskState::Stateless,
    }
}

impl World {
    /// A world in which nothing has happened yet. `protocol` makes each task's protocol value.
    pub fn new(setup: Arc<Setup>, protocol: impl FnMut(TaskId) -> ProtocolBox, coordinator: CoordinatorBox) -> Self {
        let plan = &setup.plan;
        let (tasks, channels) = (plan.tasks().len(), plan.channels().len());
        let fresh = |task| Printed::new(Task { status: Status::Up, is_finished: false, state: initial_state(plan.kind(task)) });
        let volatile = |&task: &TaskId| matches!(plan.kind(task), Kind::Source { replayable: false, .. });
        let feeds = if plan.sources().iter().any(volatile) { vec![0; tasks] } else { Vec::new() };
        let protocols: Vec<ProtocolBox> = plan.tasks().ids().map(protocol).collect();
        let stamped = protocols.iter().any(SnapshotProtocol::wants_stamps);
        let piggyback = if stamped { Piggyback { stamps: vec![0; tasks], counts: vec![0; channels] } } else { Piggyback::default() };
        let finishes = plan.operators().iter().any(|operator| operator.kind.finishes());
        World {
            piggyback: Printed::new(piggyback),
            alarms: Printed::default(),
            overdue: Printed::default(),
            gone: Printed::new(vec![false; if finishes { tasks } else { 0 }]),
            ended: Printed::default(),
            initiations: Printed::new(setup.initiators.clone()),
            initiator: None,
            is_picky: plan.operators().iter().any(|operator| matches!(operator.kind, Kind::Automaton(_))),
            wants_records: protocols.iter().any(SnapshotProtocol::wants_records),
            job: Job::NotStarted,
            missing: 0,
            requests: setup.requests,
            tasks: plan.tasks().ids().map(fresh).collect(),
            protocols: protocols.into_iter().collect(),
            savings: Printed::default(),
            data: Printed::new(Lists::new(channels)),
            blocked: Printed::new(vec![false; channels]),
            outboxes: Printed::new(Lists::new(tasks)),
            turns: Printed::new(vec![0; plan.ports().len()]),
            notices: Printed::new(Lists::new(tasks)),
            reports: Printed::new(Lists::new(tasks)),
            coordinator: Printed::new(coordinator),
            timers: Printed::default(),
            storage: Printed::default(),
            external: Printed::new(External { sinks: vec![SinkLog::default(); plan.sinks().len()] }),
            restoring: None,
            feeds: Printed::new(feeds),
            setup,
        }
    }

    /// The graph.
    pub fn plan(&self) -> &Plan {
        &self.setup.plan
    }

    /// Whether `step` can happen now, or what it waits for.
    #[inline(always)]
    pub fn ready(&self, step: Step) -> Result<(), Wait> {
        match step {
            Step::Deliver(channel) => {
                let at = channel.0 as usize;
                if self.data.is_empty(at) {
                    return Err(Wait::Empty);
                }
                if self.blocked[at] {
                    return Err(Wait::Blocked);
                }
                if self.is_picky && !self.is_welcome(channel, 0) {
                    return Err(Wait::Unwilling);
                }
                self.can_receive(channel)
            }
            Step::Emit(task) => self.can_emit(task),
            _ => self.ready_control(step),
        }
    }

    /// Whether every task is up and has sent all its output: mostly so, and then none has to be looked at.
    #[inline(always)]
    fn can_all_work(&self) -> bool {
        self.missing == 0 && self.outboxes.are_empty()
    }

    #[inline(always)]
    fn can_receive(&self, channel: ChannelId) -> Result<(), Wait> {
        if self.can_all_work() { Ok(()) } else { self.can_work(self.setup.plan.channels()[channel].to) }
    }

    #[inline(always)]
    fn can_work(&self, task: TaskId) -> Result<(), Wait> {
        if self.tasks[task].status != Status::Up {
            return Err(Wait::Down(task));
        }
        if !self.outboxes.is_empty(task.0 as usize) {
            return Err(Wait::Stuck(task));
        }
        Ok(())
    }

    /// Whether a task is told to start a snapshot (P2) while ends of its inputs, and older barriers
    /// before them, are still on their way: it hears of it behind them.
    fn awaits_ends(&self, task: TaskId) -> bool {
        let is_trigger = |slot: &Slot<Mail<Notice>>| matches!(slot.item.item, Notice::Trigger(_));
        let is_root = self.gone.is_empty() || self.setup.told != Told::Roots || self.setup.plan.kind(task).emits();
        !is_root && self.notices.front(task.0 as usize).is_some_and(is_trigger) && self.has_open_input(task)
    }

    pub(super) fn has_open_input(&self, task: TaskId) -> bool {
        let plan = &self.setup.plan;
        plan.inputs(task).any(|input| !plan.is_back_edge(input) && !self.ended.contains(&input))
    }

    /// Whether the receiver takes the element at `index` in its present state.
    fn is_welcome(&self, channel: ChannelId, index: u32) -> bool {
        let to = self.setup.plan.channels()[channel].to;
        let element = self.data.iter(channel.0 as usize).nth(index as usize);
        match (self.setup.plan.kind(to), &self.tasks[to].state, element.and_then(Slot::record)) {
            (Kind::Automaton(table), TaskState::Automaton { state, .. }, Some(record)) => table.receive_in(*state, record.value).is_some(),
            _ => true,
        }
    }

    fn can_take(&self, channel: ChannelId, index: u32) -> Result<(), Wait> {
        let at = channel.0 as usize;
        if self.setup.plan.channels()[channel].is_fifo || self.data.len(at) <= index as usize {
            return Err(Wait::Empty);
        }
        if self.blocked[at] {
            return Err(Wait::Blocked);
        }
        if self.is_picky && !self.is_welcome(channel, index) {
            return Err(Wait::Unwilling);
        }
        self.can_receive(channel)
    }

    /// The snapshot whose budget a task waits for the end of.
    pub(super) fn alarm_of(&self, task: TaskId) -> Option<SnapshotId> {
        self.alarms.iter().find(|(owner, _)| *owner == task).map(|(_, id)| *id)
    }

    pub(super) fn set_alarm(&mut self, task: TaskId, id: Option<SnapshotId>) {
        if self.alarms.is_empty() && id.is_none() {
            return;
        }
        self.alarms.retain(|(owner, _)| *owner != task);
        if let Some(id) = id {
            let at = self.alarms.partition_point(|(owner, _)| *owner < task);
            self.alarms.insert(at, (task, id));
        }
    }

    /// Whether this barrier waits in the channel and its receiver does not know.
    fn awaits_announcement(&self, channel: ChannelId, id: SnapshotId) -> bool {
        let is_it = |slot: &Slot<Element>| {
            let news = BarrierKind::Timed { is_announced: false, overtook: None };
            matches!(slot.item, Element::Barrier(Barrier { snapshot, kind }) if snapshot == id && kind == news)
        };
        self.data.iter(channel.0 as usize).any(is_it)
    }

    #[inline(always)]
    fn can_emit(&self, task: TaskId) -> Result<(), Wait> {
        if self.job != Job::Running {
            return Err(Wait::Never);
        }
        let Some(next) = self.tasks[task].state.position() else { return Err(Wait::Never) };
        let next = if self.is_feed(task) { self.feeds[task.0 as usize] } else { next };
        if next >= self.setup.plan.log_length(task) {
            return Err(Wait::Empty);
        }
        match self.can_work(task) {
            // What a source cannot replay goes by even while nobody listens.
            Err(Wait::Down(_)) if self.is_feed(task) => Ok(()),
            result => result,
        }
    }

    #[inline(always)]
    pub(super) fn is_feed(&self, task: TaskId) -> bool {
        // No feed at all is the usual case.
        !self.feeds.is_empty() && matches!(self.setup.plan.kind(task), Kind::Source { replayable: false, .. })
    }

    fn ready_control(&self, step: Step) -> Result<(), Wait> {
        let offered = |yes: bool| if yes { Ok(()) } else { Err(Wait::Never) };
        match step {
            Step::Start => offered(self.job == Job::NotStarted),
            Step::Tell(task) => self.can_be_told(task),
            Step::Lose(task) => offered(!self.notices.is_empty(task.0 as usize)),
            Step::Hear(task) if self.reports.is_empty(task.0 as usize) => Err(Wait::Empty),
            Step::Hear(_) => Ok(()),
            Step::Upload(task) => offered(self.uploading(task).is_some()),
            Step::Restore(task) => offered(self.tasks[task].status == Status::Restoring),
            Step::Fire(timer) => offered(self.timers.binary_search(&timer).is_ok()),
            Step::Request => offered(self.job == Job::Running && self.requests > 0),
            Step::Crash(task) => offered(self.can_fail() && self.tasks[task].status != Status::Down && !self.tasks[task].is_finished),
            Step::FailUpload(task) => offered(self.uploading(task).is_some()),
            Step::Take(channel, index) => self.can_take(channel, index),
            Step::Announce(channel, id) if !self.awaits_announcement(channel, id) => Err(Wait::Never),
            Step::Announce(channel, _) => self.can_work(self.setup.plan.channels()[channel].to),
            Step::Alarm(task) => match self.alarm_of(task) {
                Some(id) if self.overdue.contains(&id) => self.can_work(task),
                _ => Err(Wait::Never),
            },
            Step::Initiate(task) if self.job != Job::Running || !self.initiations.contains(&task) => Err(Wait::Never),
            Step::Initiate(task) => self.can_work(task),
            Step::Emit(_) | Step::Deliver(_) => unreachable!("handled by ready"),
        }
    }

    #[inline]
    pub(super) fn can_be_told(&self, task: TaskId) -> Result<(), Wait> {
        match (self.notices.is_empty(task.0 as usize), self.tasks[task].status) {
            (true, _) => Err(Wait::Empty),
            // The message finds nobody and is lost (F3).
            (_, Status::Down) => Ok(()),
            (_, Status::Restoring) => Err(Wait::Down(task)),
            (_, Status::Up) if self.awaits_ends(task) => Err(Wait::Open),
            (_, Status::Up) => self.can_work(task),
        }
    }

    /// A job that has ended can still fail while its last notices or records are on their way.
    fn can_fail(&self) -> bool {
        let is_told = |at: usize| !self.notices.is_empty(at);
        let moves = || (0..self.tasks.len()).any(is_told) || (0..self.blocked.len()).any(|at| !self.data.is_empty(at));
        self.job == Job::Running || (self.job == Job::Finished && moves())
    }

    /// The snapshots whose barriers are in a channel.
    pub(super) fn barriers(&self, channel: ChannelId) -> impl Iterator<Item = SnapshotId> {
        self.data.iter(channel.0 as usize).filter_map(|slot| match slot.item {
            Element::Barrier(barrier) => Some(barrier.snapshot),
            _ => None,
        })
    }

    /// The message that a task takes next from the coordinator.
    pub(super) fn next_notice(&self, task: TaskId) -> Option<Notice> {
        self.notices.front(task.0 as usize).map(|slot| slot.item.item)
    }

    pub(super) fn has_budget(&self) -> bool {
        self.setup.budget
    }

    /// The places of a task's parts among [`World::savings`].
    pub(super) fn savings_of(&self, task: TaskId) -> Range<usize> {
        let start = self.savings.partition_point(|saving| saving.task < task);
        let count = self.savings[start..].iter().take_while(|saving| saving.task == task).count();
        start..start + count
    }

    /// The snapshot that the task's next upload is for.
    pub fn uploading(&self, task: TaskId) -> Option<SnapshotId> {
        if self.savings.is_empty() {
            return None;
        }
        self.savings[self.savings_of(task)].iter().find(|saving| saving.is_whole).map(|saving| saving.snapshot)
    }

    pub(super) fn coordinator_view(&self) -> CoordinatorView {
        CoordinatorView {
            tasks: (self.tasks.len() - self.gone.iter().filter(|gone| **gone).count()) as u32,
            sources: self.setup.plan.sources().len() as u32,
            latest: self.storage.iter().rev().find(|stored| stored.completed).map(|stored| stored.id),
        }
    }

    /// The snapshots that storage holds: pending ones, and those that can be restored.
    pub fn stored(&self) -> impl Iterator<Item = SnapshotId> {
        self.storage.iter().map(|stored| stored.id)
    }

    /// Before the tasks are: they know whether their protocols have changed.
    fn clone_protocols_from(&mut self, source: &Self) {
        if self.protocols.len() != source.protocols.len() {
            return self.protocols.clone_from(&source.protocols);
        }
        let tasks = self.tasks.iter().zip(source.tasks.iter());
        let protocols = self.protocols.iter_mut().zip(source.protocols.iter());
        let changed = tasks.zip(protocols).filter(|((task, other), _)| !task.is_from(other));
        changed.for_each(|(_, (protocol, other))| protocol.clone_from(other));
    }

    /// Adds the fingerprints of everything that [`Hash`] tells of. What did not change since the last
    /// time is not looked at again.
    pub fn print(&mut self, prints: &mut Prints) {
        prints.add_small(&(self.job, self.missing, self.requests, self.restoring));
        for (task, protocol) in self.tasks.iter_mut().zip(self.protocols.iter()) {
            prints.add_by(task, |task, state| (task, protocol).hash(state));
        }
        prints.add(&mut self.savings);
        prints.add(&mut self.data);
        prints.add(&mut self.blocked);
        prints.add(&mut self.outboxes);
        prints.add(&mut self.turns);
        prints.add(&mut self.notices);
        prints.add(&mut self.reports);
        prints.add(&mut self.coordinator);
        prints.add(&mut self.timers);
        prints.add(&mut self.storage);
        prints.add(&mut self.external);
        prints.add(&mut self.feeds);
        prints.add(&mut self.piggyback);
        prints.add(&mut self.alarms);
        prints.add(&mut self.overdue);
        prints.add(&mut self.gone);
        prints.add(&mut self.ended);
        prints.add(&mut self.initiations);
    }

    /// About how many bytes the world takes up.
    pub fn footprint(&self) -> usize {
        let elements = self.data.footprint() + self.outboxes.footprint() + self.notices.footprint() + self.reports.footprint();
        let parts: usize = self.storage.iter().map(|stored| size_of::<Stored>() + 16 * stored.parts.capacity()).sum();
        let task = size_of::<Task>() + size_of::<ProtocolBox>() + 64 + 48;
        let keyed: usize = self.tasks.iter().map(|task| 16 * task.state.entries()).sum();
        let sinks: usize = self.external.sinks.iter().map(|log| 96 + 24 * log.open.capacity() + 96 * log.prepared.capacity()).sum();
        size_of::<World>() + elements + parts + self.tasks.len() * task + keyed + sinks + self.blocked.len() + 8 * self.turns.len()
    }

    /// The driver's stamp on the first message of a channel.
    #[inline(always)]
    pub fn data_stamp(&self, channel: ChannelId) -> Option<Stamp> {
        self.data.front(channel.0 as usize).map(|slot| slot.stamp)
    }

    /// The place in a channel, and the stamp, of the element with the least stamp.
    pub fn earliest(&self, channel: ChannelId) -> Option<(u32, Stamp)> {
        let stamps = self.data.iter(channel.0 as usize).map(|slot| slot.stamp);
        stamps.enumerate().map(|(at, stamp)| (at as u32, stamp)).min_by_key(|(_, stamp)| stamp.0)
    }

    /// The driver's stamp on the first message from the coordinator to a task.
    pub fn notice_stamp(&self, task: TaskId) -> Option<Stamp> {
        self.notices.front(task.0 as usize).map(|slot| slot.stamp)
    }

    /// The driver's stamp on the first message from a task to the coordinator.
    pub fn report_stamp(&self, task: TaskId) -> Option<Stamp> {
        self.reports.front(task.0 as usize).map(|slot| slot.stamp)
    }

    /// Whether the first element of a channel is a record.
    #[inline(always)]
    pub fn record_ahead(&self, channel: ChannelId) -> bool {
        matches!(self.data.front(channel.0 as usize), Some(Slot { item: Element::Record(_), .. }))
    }

    /// The position (from 0) of the record that a source task emits next.
    #[inline(always)]
    pub fn position(&self, task: TaskId) -> u64 {
        match &self.tasks[task].state {
            _ if self.is_feed(task) => self.feeds[task.0 as usize],
            state => state.position().unwrap_or(0),
        }
    }

    /// Whether a task has output that does not fit.
    pub fn is_stuck(&self, task: TaskId) -> bool {
        !self.outboxes.is_empty(task.0 as usize)
    }

    /// Whether a channel holds nothing.
    #[inline(always)]
    pub fn is_empty(&self, channel: ChannelId) -> bool {
        self.data.is_empty(channel.0 as usize)
    }

    /// The working state of a task.
    pub fn state(&self, task: TaskId) -> &TaskState {
        &self.tasks[task].state
    }

    /// What the outside world has received.
    pub fn external(&self) -> &External {
        &self.external
    }

    /// Says, as facts, what is left in channels now that nothing can move.
    pub fn survey<O: Observer>(&self, observer: &mut O) {
        for channel in self.setup.plan.channels().ids() {
            let elements = self.data.len(channel.0 as usize) as u32;
            if elements > 0 {
                observer.fact(Fact::LeftBehind { channel, elements });
            }
        }
    }

    /// Whether the coordinator has ended the run: everything emitted and, where asked for, the
    /// final checkpoint taken or given up; or no restart is left.
    pub fn is_over(&self) -> bool {
        matches!(self.job, Job::Failed | Job::Finished)
    }
}
