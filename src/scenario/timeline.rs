//! When things happened: a fold of facts with their times into snapshot tables and failovers.

use std::collections::BTreeMap;

use super::outcome::{FailoverReport, OutputRow, OutputTable, SnapshotReport, TaskRow};
use crate::kernel::{Bytes, Id, Ticks};
use crate::model::{Kind, Plan, SnapshotId, TaskId};
use crate::trace::{Fact, Reason, Refusal};

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    started: Option<Ticks>,
    acked: Option<Ticks>,
    alignment: Ticks,
    entries: u32,
    channel_records: u64,
    sized: Option<(Ticks, Bytes)>,
    stored: Option<Ticks>,
    is_too_large: bool,
    offset: Option<u64>,
    finished: bool,
}

#[derive(Clone, Debug)]
struct Snapshot {
    id: SnapshotId,
    triggered: Ticks,
    ended: Option<(Ticks, Option<Reason>)>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Failover {
    at: Ticks,
    dead: Vec<TaskId>,
    /// What was deployed, once anything was.
    restored: Option<Option<SnapshotId>>,
    resumed: Option<Ticks>,
}

/// Collects what an outcome tells of the course of a run.
#[derive(Clone, Debug)]
pub(super) struct Timeline<'p> {
    plan: &'p Plan,
    snapshots: Vec<Snapshot>,
    failovers: Vec<Failover>,
    /// Tasks that died and whose death was not noticed yet.
    dead: Vec<(TaskId, Ticks)>,
    /// By task: since when it holds an input back.
    blocked_since: Vec<Option<Ticks>>,
    /// Sources that have finished in this attempt.
    finished: Vec<TaskId>,
    outputs: BTreeMap<u32, BTreeMap<u32, OutputRow>>,
    is_finished: bool,
    /// The largest part that storage takes.
    most: Option<Bytes>,
}

impl<'p> Timeline<'p> {
    pub fn new(plan: &'p Plan, most: Option<Bytes>) -> Self {
        Timeline {
            plan,
            snapshots: Vec::new(),
            failovers: Vec::new(),
            dead: Vec::new(),
            blocked_since: vec![None; plan.tasks().len()],
            finished: Vec::new(),
            outputs: BTreeMap::new(),
            is_finished: false,
            most,
        }
    }

    /// Whether the coordinator has ended the job, nothing has set it back, and nothing is left in channels.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    fn row(&mut self, task: TaskId, id: SnapshotId) -> Option<&mut Row> {
        let snapshot = self.snapshots.iter_mut().rev().find(|snapshot| snapshot.id == id)?;
        snapshot.rows.get_mut(task.index())
    }

    fn start_row(&mut self, now: Ticks, task: TaskId, id: SnapshotId) {
        if let Some(row) = self.row(task, id) {
            row.started.get_or_insert(now);
        }
    }

    #[inline(always)]
    pub fn fact(&mut self, now: Ticks, fact: Fact) {
        match fact {
            Fact::Sent { .. } | Fact::Received { .. } | Fact::Applied { .. } | Fact::Emitted { .. } | Fact::Written { .. } => {}
            Fact::Output { task, key, value, .. } => {
                let table = self.outputs.entry(self.plan.tasks()[task].operator.0).or_default();
                let row = table.entry(key).or_default();
                row.value = value;
                row.records += 1;
            }
            _ => self.rare_fact(now, fact),
        }
    }

    fn rare_fact(&mut self, now: Ticks, fact: Fact) {
        match fact {
            Fact::Triggered { snapshot } => {
                let rows = vec![Row::default(); self.plan.tasks().len()];
                self.snapshots.push(Snapshot { id: snapshot, triggered: now, ended: None, rows });
            }
            Fact::BarrierReceived { channel, snapshot } => self.start_row(now, self.plan.channels()[channel].to, snapshot),
            Fact::Blocked { channel } => {
                self.blocked_since[self.plan.channels()[channel].to.index()].get_or_insert(now);
            }
            Fact::Unblocked { channel } => self.blocked_since[self.plan.channels()[channel].to.index()] = None,
            Fact::Saved { task, snapshot, entries, .. } => {
                self.start_row(now, task, snapshot);
                let since = self.blocked_since[task.index()].take();
                if let Some(row) = self.row(task, snapshot) {
                    row.alignment = since.map_or(Ticks::ZERO, |since| now.since(since));
                    row.entries = entries;
                }
            }
            Fact::RecordSaved { channel, snapshot, .. } => {
                let task = self.plan.channels()[channel].to;
                if let Some(row) = self.row(task, snapshot) {
                    row.channel_records += 1;
                }
            }
            Fact::Sized { task, snapshot, bytes } => {
                if let Some(row) = self.row(task, snapshot) {
                    row.sized = Some((now, Bytes(bytes)));
                }
            }
            Fact::Uploaded { task, snapshot } => {
                if let Some(row) = self.row(task, snapshot) {
                    row.stored = Some(now);
                }
            }
            Fact::Declined { task, snapshot, why: Refusal::TooLarge } => {
                if let Some(row) = self.row(task, snapshot) {
                    row.is_too_large = true;
                }
            }
            Fact::TaskFinished { task } => self.finished.push(task),
            Fact::OffsetSaved { task, snapshot, position } => {
                let finished = self.finished.contains(&task);
                if let Some(row) = self.row(task, snapshot) {
                    (row.offset, row.finished) = (Some(position), finished);
                }
            }
            Fact::Acked { task, snapshot } => {
                if let Some(row) = self.row(task, snapshot) {
                    row.acked = Some(now);
                }
            }
            Fact::Completed { snapshot } => self.end(now, snapshot, None),
            Fact::Aborted { snapshot, reason } => self.end(now, snapshot, Some(reason)),
            _ => self.failure(now, fact),
        }
    }

    fn end(&mut self, now: Ticks, id: SnapshotId, reason: Option<Reason>) {
        if let Some(snapshot) = self.snapshots.iter_mut().rev().find(|snapshot| snapshot.id == id) {
            snapshot.ended = Some((now, reason));
        }
    }

    fn failure(&mut self, now: Ticks, fact: Fact) {
        match fact {
            Fact::Crashed { task } => self.dead.push((task, now)),
            Fact::Finished => self.is_finished = true,
            Fact::LeftBehind { .. } => self.is_finished = false,
            Fact::Failover => {
                self.is_finished = false;
                let at = self.dead.first().map_or(now, |(_, at)| *at);
                let dead = self.dead.drain(..).map(|(task, _)| task).collect();
                self.failovers.push(Failover { at, dead, restored: None, resumed: None });
                self.blocked_since.fill(None);
                self.finished.clear();
            }
            Fact::Restoring { snapshot } => {
                if let Some(failover) = self.failovers.last_mut() {
                    failover.restored = Some(snapshot);
                }
            }
            Fact::Resumed => {
                if let Some(failover) = self.failovers.last_mut() {
                    failover.resumed = Some(now);
                }
            }
            _ => {}
        }
    }

    pub fn snapshots(&self) -> Vec<SnapshotReport> {
        self.snapshots.iter().map(|snapshot| self.snapshot(snapshot)).collect()
    }

    fn snapshot(&self, snapshot: &Snapshot) -> SnapshotReport {
        let (status, reason) = match snapshot.ended {
            None => ("pending", None),
            Some((_, None)) => ("completed", None),
            Some((_, Some(reason))) => ("aborted", Some(reason.word())),
        };
        let rows = self.plan.tasks().ids().zip(&snapshot.rows);
        SnapshotReport {
            id: snapshot.id.0,
            status,
            reason,
            triggered_us: snapshot.triggered.0,
            ended_us: snapshot.ended.map(|(at, _)| at.0),
            state: None,
            tasks: rows.map(|(task, row)| self.task_row(task, row)).collect(),
        }
    }

    fn task_row(&self, task: TaskId, row: &Row) -> TaskRow {
        TaskRow {
            task: self.plan.task_name(task),
            started_us: row.started.map(|at| at.0),
            acked_us: row.acked.map(|at| at.0),
            alignment_us: row.alignment.0,
            state_entries: u64::from(row.entries),
            channel_records: row.channel_records,
            bytes: row.sized.map(|(_, bytes)| bytes.0),
            upload_us: row.sized.zip(row.stored).map(|((whole, _), stored)| stored.since(whole).0),
            refused: row.sized.zip(self.most).filter(|_| row.is_too_large).map(|((_, bytes), most)| {
                format!("its part has {bytes}, and the coordinator takes at most {most} from a task into its memory")
            }),
            offset: row.offset,
            finished: row.finished,
        }
    }

    pub fn failovers(&self) -> Vec<FailoverReport> {
        let name = |task: &TaskId| self.plan.task_name(*task);
        let report = |failover: &Failover| FailoverReport {
            at_us: failover.at.0,
            cause: failover.dead.first().map_or("too many failed checkpoints".to_owned(), |task| format!("crash {}", name(task))),
            tasks: failover.dead.iter().map(name).collect(),
            restarted: failover.restored.is_some(),
            restored_snapshot: failover.restored.flatten().map(|id| id.0),
            resumed_us: failover.resumed.map(|at| at.0),
        };
        self.failovers.iter().map(report).collect()
    }

    pub fn outputs(&self) -> Vec<OutputTable> {
        let table = |(operator, _): (crate::model::OperatorId, _)| {
            let rows = self.outputs.get(&operator.0).into_iter().flatten();
            let rows = rows.map(|(&key, &row)| (self.plan.key_text(operator, key), row)).collect();
            OutputTable { place: self.plan.operators()[operator].name.to_string(), rows }
        };
        let is_sink = |(_, operator): &(crate::model::OperatorId, &crate::model::Operator)| matches!(operator.kind, Kind::Sink { .. });
        self.plan.operators().pairs().filter(is_sink).map(table).collect()
    }
}
