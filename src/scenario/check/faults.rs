//! Snapshots, recovery and faults.

use super::planned::{Part, Planned};
use super::{Checker, list, nearest, pointer};
use crate::engine::{ChannelContents, Fault, Link, Moment, Notice, OperatorTiming, Point, Slow, Stall, Timing, Upload, When};
use crate::kernel::{Bytes, Delay, Ticks};
use crate::model::{ChannelId, Plan, Sizes, SnapshotId, TaskId};
use crate::protocol::{Options, ProtocolKind, Settings};
use crate::scenario::RECORD_BYTES;
use crate::scenario::format::{
    AfterEndFile, BackEdgesFile, ChannelFile, ChannelStateFile, CrashAt, CrashWhen, DelayFile, Duration, FailUploadFile, FaultFile,
    LateFile, NoticeFile, OperatorFile, PointFile, ProtocolFile, RandomCrashes, RecoveryFile, Size, SlowFile, SnapshotsFile, StallFile,
    StorageDetail, StorageFile, StorageWord, WhenFile,
};
use crate::scenario::json::quoted;

/// Everything but the graph and the faults.
pub(super) struct Rules {
    pub protocol: ProtocolKind,
    pub settings: Settings,
    pub timing: Timing,
    pub fencing: bool,
    pub retain: u32,
    pub options: Options,
    pub channel_contents: ChannelContents,
    /// Of parts; nothing where the file says nothing of sizes and storage.
    pub sizes: Option<Sizes>,
}

/// When nothing is said.
const ENTRY: Bytes = Bytes(64);
const RECORD: Bytes = Bytes(RECORD_BYTES);
/// The most that a coordinator takes from a task into its memory when nothing is said, as in the systems that are
/// modelled.
const MOST_IN_MEMORY: Bytes = Bytes(5_000_000);

/// When nothing is said: ten minutes, as in the systems that are modelled (C7).
const TIMEOUT: Ticks = Ticks(600_000_000);

impl Checker<'_> {
    /// The rules of the file.
    pub(super) fn rules(&mut self, names: &[String]) -> Rules {
        let snapshots: Option<SnapshotsFile> = self.read("/snapshots");
        let recovery: RecoveryFile = self.read("/recovery").unwrap_or_default();
        let operators: Vec<Option<OperatorFile>> = names.iter().map(|name| self.read(&pointer(&["operators", name]))).collect();
        let operators: Vec<_> = names.iter().map(String::as_str).zip(operators.iter().map(Option::as_ref)).collect();
        self.rules_of(&operators, snapshots.as_ref(), &recovery)
    }

    /// Makes sense of rules. `operators` are as far as they can be read.
    pub(super) fn rules_of(
        &mut self,
        operators: &[(&str, Option<&OperatorFile>)],
        snapshots: Option<&SnapshotsFile>,
        recovery: &RecoveryFile,
    ) -> Rules {
        let mut timing = Timing::instant(operators.len(), 0);
        let protocol = snapshots.map_or(ProtocolKind::None, |snapshots| protocol(snapshots.protocol));
        timing.detect = self.delay("/recovery/detect", recovery.detect.as_ref());
        timing.restart = self.delay("/recovery/restart", recovery.restart.as_ref());
        timing.timeout = TIMEOUT;
        if let Some(snapshots) = snapshots {
            self.snapshot_times(snapshots, &mut timing);
        }
        let sizes = self.sizes_of_parts(operators, snapshots, &mut timing.link);
        self.operator_times(operators, snapshots, recovery, sizes.is_some(), &mut timing);
        let is_enabled = protocol != ProtocolKind::None;
        let after_end = snapshots.and_then(|snapshots| snapshots.after_end) != Some(AfterEndFile::GiveUp);
        let of = |pick: fn(&SnapshotsFile) -> Option<u32>| snapshots.and_then(pick);
        Rules {
            protocol,
            settings: Settings {
                enabled: is_enabled,
                periodic: snapshots.is_some_and(|snapshots| snapshots.interval.is_some()),
                min_pause: timing.min_pause > Ticks::ZERO,
                max_concurrent: of(|snapshots| snapshots.max_concurrent).unwrap_or(1),
                tolerable_failures: of(|snapshots| snapshots.tolerable_failures),
                restarts: recovery.restarts,
                final_checkpoint: snapshots.and_then(|snapshots| snapshots.final_checkpoint).unwrap_or(true),
                after_end,
                endless: false,
            },
            timing,
            fencing: recovery.fencing.unwrap_or(true),
            retain: of(|snapshots| snapshots.retain).unwrap_or(1),
            options: Options {
                after_end,
                back_edges_logged: snapshots.and_then(|snapshots| snapshots.back_edges) != Some(BackEdgesFile::Ignored),
            },
            sizes,
            channel_contents: match recovery.channel_state.unwrap_or_default() {
                ChannelStateFile::Restored => ChannelContents::Restored,
                ChannelStateFile::Forgotten => ChannelContents::Forgotten,
                ChannelStateFile::Backwards => ChannelContents::Backwards,
            },
        }
    }

    /// How large parts are, where the file says anything of sizes or storage, and how they get there.
    fn sizes_of_parts(
        &mut self,
        operators: &[(&str, Option<&OperatorFile>)],
        snapshots: Option<&SnapshotsFile>,
        link: &mut Link,
    ) -> Option<Sizes> {
        let state = |(_, file): &(&str, Option<&OperatorFile>)| file.and_then(|file| file.common().state);
        let of = |pick: fn(&SnapshotsFile) -> Option<Size>| snapshots.and_then(pick);
        let (entry, record) = (of(|file| file.entry), of(|file| file.record));
        let storage = snapshots.and_then(|file| file.storage.as_ref());
        if storage.is_none() && entry.is_none() && record.is_none() && operators.iter().all(|operator| state(operator).is_none()) {
            return None;
        }
        let most = match storage {
            None | Some(StorageFile::Word(StorageWord::Coordinator)) => Some(MOST_IN_MEMORY),
            Some(StorageFile::Word(StorageWord::Filesystem)) => None,
            Some(StorageFile::Detailed(StorageDetail::Coordinator { max_part })) => Some(max_part.map_or(MOST_IN_MEMORY, |size| size.0)),
            Some(StorageFile::Detailed(StorageDetail::Filesystem { latency, bandwidth, shared_bandwidth })) => {
                link.latency = latency.map_or(Ticks::ZERO, Duration::ticks);
                link.own = self.rate("bandwidth", *bandwidth);
                link.shared = self.rate("shared_bandwidth", *shared_bandwidth);
                None
            }
        };
        let besides = operators.iter().map(|operator| state(operator).map_or(Bytes(0), |size| size.0)).collect();
        Some(Sizes { entry: entry.map_or(ENTRY, |size| size.0), record: record.map_or(RECORD, |size| size.0), besides, most })
    }

    fn rate(&mut self, field: &str, rate: Option<Size>) -> Option<Bytes> {
        let rate = rate?.0;
        if rate == Bytes(0) {
            let message = format!("with no \"{field}\" at all nothing is ever stored");
            self.mistake(&pointer(&["snapshots", "storage", field]), message, Some("leave it out where it does not matter".to_owned()));
        }
        Some(Bytes(rate.0.max(1)))
    }

    fn snapshot_times(&mut self, file: &SnapshotsFile, timing: &mut Timing) {
        timing.interval = file.interval.map_or(Ticks::ZERO, Duration::ticks);
        if file.interval.is_some() && timing.interval == Ticks::ZERO {
            self.mistake("/snapshots/interval", "the interval must be longer than zero", None);
        }
        timing.first = file.first.map_or(timing.interval, Duration::ticks);
        if file.first.is_some() && file.interval.is_none() && !self.is_given("/snapshots/interval") {
            self.mistake("/snapshots/first", "\"first\" needs an \"interval\"", Some("for single checkpoints use \"at\": [..]".to_owned()));
        }
        timing.timeout = file.timeout.map_or(TIMEOUT, Duration::ticks);
        timing.budget = file.alignment_timeout.map_or(Ticks::NEVER, Duration::ticks);
        if file.protocol == ProtocolFile::AlignedTimeout
            && file.alignment_timeout.is_none()
            && !self.is_given("/snapshots/alignment_timeout")
        {
            let help = "add \"alignment_timeout\": \"10ms\", say".to_owned();
            self.mistake("/snapshots/protocol", "\"aligned_timeout\" needs an \"alignment_timeout\"", Some(help));
        }
        timing.min_pause = file.min_pause.map_or(Ticks::ZERO, Duration::ticks);
        timing.store = self.delay("/snapshots/store", file.store.as_ref());
        timing.requests = file.at.iter().map(|at| at.ticks()).collect();
    }

    /// An operator's own times, or those of the section for all.
    fn operator_times(
        &mut self,
        operators: &[(&str, Option<&OperatorFile>)],
        snapshots: Option<&SnapshotsFile>,
        recovery: &RecoveryFile,
        has_sizes: bool,
        timing: &mut Timing,
    ) {
        let of = |pick: fn(&SnapshotsFile) -> Option<&DelayFile>| snapshots.and_then(pick);
        let upload = match of(|file| file.upload.as_ref()) {
            None if has_sizes => Upload::BySize,
            delay => Upload::Takes(self.delay("/snapshots/upload", delay)),
        };
        let ack = self.delay("/snapshots/ack", of(|file| file.ack.as_ref()));
        let trigger = self.delay("/snapshots/trigger", of(|file| file.trigger.as_ref()));
        let notify = self.delay("/snapshots/notify", of(|file| file.notify.as_ref()));
        let restore = self.delay("/recovery/restore", recovery.restore.as_ref());
        for (&(name, file), timing) in operators.iter().zip(&mut timing.operators) {
            let Some(file) = file else { continue };
            let common = file.common();
            let mut own = |field: &str, delay: Option<&DelayFile>, default: Delay| match delay {
                Some(delay) => self.delay(&pointer(&["operators", name, field]), Some(delay)),
                None => default,
            };
            let told = common.told;
            let upload = match common.upload {
                Some(delay) => Upload::Takes(own("upload", Some(delay), Delay::ZERO)),
                None => upload,
            };
            *timing = OperatorTiming {
                emit: timing.emit.clone(),
                service: own("service", common.service, Delay::ZERO),
                trigger: own("told", told, trigger),
                upload,
                ack: own("ack", common.ack, ack),
                notify: own("told", told, notify),
                restore: own("restore", common.restore, restore),
            };
        }
    }

    /// The faults that have a place of their own, and all of them in the words of the file.
    pub(super) fn faults(&mut self, plan: &Plan, timing: &mut Timing) -> (Vec<Fault>, Vec<Planned>) {
        let (mut faults, mut planned) = (Vec::new(), Vec::new());
        for at in 0..self.length("/faults") {
            let place = format!("/faults/{at}");
            let Some(file) = self.read::<FaultFile>(&place) else { continue };
            let (stalls, slows) = (timing.stalls.len(), timing.slows.len());
            let fault = match &file {
                FaultFile::CrashAt(file) => self.crash_at(plan, &place, file),
                FaultFile::CrashWhen(file) => self.crash_when(plan, &place, file),
                FaultFile::RandomCrashes(file) => self.random_crashes(plan, &place, file),
                FaultFile::Lose(file) => {
                    let told = self.told(plan, &place, "lose", (file.lose, &file.to, file.snapshot));
                    told.map(|(task, notice)| Fault::Lose { task, notice })
                }
                FaultFile::Repeat(file) => {
                    let told = self.told(plan, &place, "repeat", (file.repeat, &file.to, file.snapshot));
                    told.map(|(task, notice)| Fault::Repeat { task, notice })
                }
                FaultFile::Postpone(file) => {
                    let LateFile::Completion = file.postpone;
                    let told = self.told(plan, &place, "postpone", (NoticeFile::Completion, &file.to, file.snapshot));
                    told.map(|(task, _)| Fault::Postpone { task, snapshot: SnapshotId(file.snapshot), by: file.by.ticks() })
                }
                FaultFile::FailUpload(file) => self.fail_upload(plan, &place, file),
                FaultFile::Stall(file) => self.stall(plan, &place, file, timing),
                FaultFile::Slow(file) => self.slow(plan, &place, file, timing),
            };
            let part = match file {
                FaultFile::Stall(_) => Part::Stalls(stalls..timing.stalls.len()),
                FaultFile::Slow(_) => Part::Slow(slows),
                _ => Part::Fault(faults.len()),
            };
            planned.push(Planned::new(&place, &file, part));
            faults.extend(fault);
        }
        (faults, planned)
    }

    /// The task of that name, or a mistake that says which there are.
    pub(super) fn task(&mut self, plan: &Plan, place: &str, name: &str) -> Option<TaskId> {
        match self.find_task(plan, name) {
            Ok(task) => return Some(task),
            Err(None) => {}
            Err(Some((message, help))) => self.mistake(place, message, Some(help)),
        }
        None
    }

    /// The same of a task that is named by the key of a member.
    pub(super) fn task_in_key(&mut self, plan: &Plan, place: &str, name: &str) {
        if let Err(Some((message, help))) = self.find_task(plan, name) {
            self.mistake_in_key(place, message, Some(help));
        }
    }

    /// The task of that name, or why there is none; nothing where that is said elsewhere.
    fn find_task(&self, plan: &Plan, name: &str) -> Result<TaskId, Option<(String, String)>> {
        // One name for each task: `count[01]` and `A[0]` of a single task are none.
        if let Some(task) = plan.find_task(name).filter(|task| plan.task_name(*task) == name) {
            return Ok(task);
        }
        if !self.knows(name) {
            return Err(None);
        }
        let bare = name.split('[').next().unwrap_or(name);
        let operators = || plan.operators().iter().map(|operator| &*operator.name);
        let help = match plan.operators().iter().find(|operator| *operator.name == *bare) {
            Some(operator) if operator.tasks.len() == 1 => format!("\"{bare}\" has one task: write \"{bare}\""),
            Some(operator) => {
                format!("\"{bare}\" has {} tasks: write \"{bare}[0]\" to \"{bare}[{}]\"", operator.tasks.len(), operator.tasks.len() - 1)
            }
            None => nearest(bare, operators()).unwrap_or_else(|| list(operators())),
        };
        Err(Some((format!("there is no task {}", quoted(name)), help)))
    }

    fn crash_at(&mut self, plan: &Plan, place: &str, file: &CrashAt) -> Option<Fault> {
        let at = file.at.ticks();
        let task = self.task(plan, &format!("{place}/crash"), &file.crash)?;
        Some(Fault::Crash { task, moment: Moment::At(at) })
    }

    fn crash_when(&mut self, plan: &Plan, place: &str, file: &CrashWhen) -> Option<Fault> {
        let when = self.when(plan, &format!("{place}/when"), &file.when);
        let task = self.task(plan, &format!("{place}/crash"), &file.crash)?;
        Some(Fault::Crash { task, moment: Moment::When(when?) })
    }

    fn when(&mut self, plan: &Plan, place: &str, file: &WhenFile) -> Option<When> {
        let point = point(file.reaches);
        let is_certain = self.file.is_certain(&format!("{place}/reaches"));
        if file.snapshot.is_some() && !point.has_snapshot() && is_certain {
            self.mistake(
                &format!("{place}/snapshot"),
                "this point belongs to no snapshot",
                Some("take \"snapshot\" away, or use \"nth\"".to_owned()),
            );
        }
        if file.task.is_some() && !point.has_task() && is_certain {
            self.mistake(
                &format!("{place}/task"),
                "this point is reached by the coordinator, not by a task",
                Some("take \"task\" away".to_owned()),
            );
        }
        let after = file.after.map_or(Ticks::ZERO, Duration::ticks);
        let task = match &file.task {
            Some(name) => Some(self.task(plan, &format!("{place}/task"), name)?),
            None => None,
        };
        Some(When { task, point, snapshot: file.snapshot.map(SnapshotId), nth: file.nth.unwrap_or(1), after })
    }

    fn random_crashes(&mut self, plan: &Plan, place: &str, file: &RandomCrashes) -> Option<Fault> {
        let every = file.every.ticks();
        let from = file.from.map_or(Ticks::ZERO, Duration::ticks);
        let tasks = match &file.tasks {
            None => plan.tasks().ids().collect(),
            Some(names) => {
                let found = names.iter().enumerate().map(|(n, name)| self.task(plan, &format!("{place}/tasks/{n}"), name));
                // Every name is looked up before one that is missing ends it.
                found.collect::<Vec<Option<TaskId>>>().into_iter().collect::<Option<Vec<TaskId>>>()?
            }
        };
        if tasks.is_empty() && file.tasks.is_some() {
            self.mistake(&format!("{place}/tasks"), "no task is named", Some("take \"tasks\" away to mean all".to_owned()));
            return None;
        }
        Some(Fault::RandomCrashes { tasks, count: file.random_crashes, every, from })
    }

    /// Which message of the coordinator a fault is about, and to whom; the kind of message stands in `field`.
    fn told(&mut self, plan: &Plan, place: &str, field: &str, told: (NoticeFile, &str, u32)) -> Option<(TaskId, Notice)> {
        let (kind, to, snapshot) = told;
        let task = self.task(plan, &format!("{place}/to"), to)?;
        let snapshot = SnapshotId(snapshot);
        let (notice, listens, who) = match kind {
            NoticeFile::Trigger => (Notice::Trigger(snapshot), plan.kind(task).is_source(), "sources"),
            NoticeFile::Completion => (Notice::Completed(snapshot), plan.is_two_phase(task), "two-phase sinks"),
        };
        let commit = pointer(&["operators", &plan.operators()[plan.tasks()[task].operator].name, "commit"]);
        let is_certain = self.knows(to) && self.file.is_certain(&commit) && self.file.is_certain(&format!("{place}/{field}"));
        if !listens && is_certain {
            self.mistake(&format!("{place}/to"), format!("only {who} are told that; \"{to}\" is none"), None);
        }
        Some((task, notice))
    }

    fn fail_upload(&mut self, plan: &Plan, place: &str, file: &FailUploadFile) -> Option<Fault> {
        let task = self.task(plan, &format!("{place}/fail_upload"), &file.fail_upload)?;
        Some(Fault::FailUpload { task, snapshot: SnapshotId(file.snapshot) })
    }

    fn stall(&mut self, plan: &Plan, place: &str, file: &StallFile, timing: &mut Timing) -> Option<Fault> {
        let from = file.from.ticks();
        let until = from + file.duration.ticks();
        let channels = matching_channels(plan, &file.stall);
        if channels.is_empty() {
            self.unknown_channel(place, &file.stall);
        }
        timing.stalls.extend(channels.into_iter().map(|channel| Stall { channel, from, until }));
        None
    }

    fn unknown_channel(&mut self, place: &str, name: &str) {
        if self.may_be_left_out(name) {
            return;
        }
        let names = self.channel_names();
        let names = || names.iter().map(String::as_str);
        let help = nearest(name, names()).unwrap_or_else(|| list(names()));
        self.mistake(&format!("{place}/stall"), format!("there is no channel {}", quoted(name)), Some(help));
    }

    /// Whether a channel that the graph does not have may be one of the file: where something is wrong
    /// in the graph, some are left out.
    pub(super) fn may_be_left_out(&self, name: &str) -> bool {
        let (names, bare) = (self.channel_names(), without_indices(name));
        if !self.has_graph && names.contains(&bare) {
            return true;
        }
        let operators = self.keys("/operators");
        let is_an_end =
            |end: &str| operators.iter().any(|name| name == end) || names.iter().any(|name| name.split("->").any(|of| of == end));
        !self.has_all_channels && bare.split("->").all(is_an_end)
    }

    /// The channels of the file, between operators.
    pub(super) fn channel_names(&self) -> Vec<String> {
        let files = (0..self.length("/channels")).filter_map(|at| self.read::<ChannelFile>(&format!("/channels/{at}")));
        files.map(|file| format!("{}->{}", file.from, file.to)).collect()
    }

    fn slow(&mut self, plan: &Plan, place: &str, file: &SlowFile, timing: &mut Timing) -> Option<Fault> {
        let from = file.from.ticks();
        let until = from + file.duration.ticks();
        let extra = file.extra.ticks();
        if let Some(task) = self.task(plan, &format!("{place}/slow"), &file.slow) {
            timing.slows.push(Slow { task, from, until, extra });
        }
        None
    }
}

fn protocol(file: ProtocolFile) -> ProtocolKind {
    macro_rules! same {
        ($($name:ident),*) => { match file { $(ProtocolFile::$name => ProtocolKind::$name,)* } };
    }
    same!(Aligned, AtLeastOnce, Unaligned, AlignedTimeout, AlignedCyclic, ChandyLamport, LaiYang, NoMarkers, None)
}

fn edge_name(plan: &Plan, from: crate::model::OperatorId, to: crate::model::OperatorId) -> String {
    format!("{}->{}", plan.operators()[from].name, plan.operators()[to].name)
}

/// `A[0]->count[1]` as `A->count`.
pub(super) fn without_indices(name: &str) -> String {
    let mut is_inside = false;
    let keep = |c: &char| {
        is_inside = (is_inside || *c == '[') && *c != ']';
        !is_inside && *c != ']'
    };
    name.chars().filter(keep).collect()
}

/// The channels that `"from->to"` names, by task or by operator.
fn matching_channels(plan: &Plan, name: &str) -> Vec<ChannelId> {
    let is_meant = |channel: &ChannelId| {
        let edge = &plan.edges()[plan.channels()[*channel].edge as usize];
        plan.channel_name(*channel) == name || edge_name(plan, edge.from, edge.to) == name
    };
    plan.channels().ids().filter(is_meant).collect()
}

fn point(file: PointFile) -> Point {
    macro_rules! same {
        ($($name:ident),*) => { match file { $(PointFile::$name => Point::$name,)* } };
    }
    same!(
        RecordEmitted,
        RecordReceived,
        OutputVisible,
        Triggered,
        BarrierReceived,
        AlignmentStarted,
        StateSaved,
        Uploaded,
        Acked,
        AllAcked,
        Completed,
        Aborted,
        Notified,
        Prepared,
        Committed,
        Crashed,
        Detected,
        Restoring,
        Restored,
        Resumed
    )
}
