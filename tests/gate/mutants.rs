//! Barrier handlers that break one rule each: the project's own cases must tell every one of them
//! from a right handler.
//!
//! A mutant is a right handler inside a wrapper that rewrites what goes in and what comes out. What
//! the wrapper remembers is its own account of the snapshot, and what its bug needs; right handlers
//! know nothing of all this.

use std::panic::{self, AssertUnwindSafe};

use cutline::model::{Barrier, BarrierKind, ChannelId, Record, SnapshotId};
use cutline::protocol::{Effect, Effects, ProtocolBox, SnapshotProtocol, TaskView};
use cutline::trace::Refusal;
use expect_test::expect_file;

use super::case::{Case, Mode};
use super::{bench, judge};

/// Far more than any case has use for: what goes on for ever panics, and so fails its case.
const MOST_CALLS: u32 = 10_000;

const ONE_PENDING: &[Mode] = &[Mode::Aligned, Mode::Unaligned, Mode::Alternating];
const BLOCKING: &[Mode] = &[Mode::Aligned, Mode::Alternating];
const LOGGING: &[Mode] = &[Mode::Unaligned, Mode::Alternating];
const SWITCHING: &[Mode] = &[Mode::Alternating];
const TRACKING: &[Mode] = &[Mode::Tracker];
const ANY: &[Mode] = &[Mode::Aligned, Mode::Unaligned, Mode::Alternating, Mode::Tracker];

/// The one rule that a handler breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bug {
    VoidBarrierBlocks,
    NewerDoesNotSubsume,
    EndedStillAwaited,
    EndCountedTwice,
    StopClearsNewer,
    VoidBarrierEndsLog,
    QueueSavedPastBarrier,
    QueueNotSaved,
    ArrivalsNotSaved,
    TimerIgnoresAge,
    NothingPrioritised,
    NotResumedAfterSwitch,
    StaysUnaligned,
    OlderMarkerHonoured,
    NewerMarkerIgnored,
    TrackerDropsOlder,
    TrackerHurriesAny,
    TrackerIgnoresEnd,
    SnapshotAtFirstBarrier,
    NothingBlocked,
    UpstreamSwitchIgnored,
    EndDoesNotLookAtAge,
    FirstBarrierDoesNotLookAtAge,
    TrackerMarkerSparesOlder,
    TimerNotCancelled,
}

impl Bug {
    /// Each is killed by some case.
    const ALL: [Bug; 24] = [
        Bug::VoidBarrierBlocks,
        Bug::NewerDoesNotSubsume,
        Bug::EndedStillAwaited,
        Bug::EndCountedTwice,
        Bug::StopClearsNewer,
        Bug::VoidBarrierEndsLog,
        Bug::QueueSavedPastBarrier,
        Bug::QueueNotSaved,
        Bug::ArrivalsNotSaved,
        Bug::TimerIgnoresAge,
        Bug::NothingPrioritised,
        Bug::NotResumedAfterSwitch,
        Bug::StaysUnaligned,
        Bug::OlderMarkerHonoured,
        Bug::NewerMarkerIgnored,
        Bug::TrackerDropsOlder,
        Bug::TrackerHurriesAny,
        Bug::TrackerIgnoresEnd,
        Bug::SnapshotAtFirstBarrier,
        Bug::NothingBlocked,
        Bug::UpstreamSwitchIgnored,
        Bug::EndDoesNotLookAtAge,
        Bug::FirstBarrierDoesNotLookAtAge,
        Bug::TrackerMarkerSparesOlder,
    ];

    /// Does what a right handler does, in other words.
    const EQUIVALENT: [Bug; 1] = [Bug::TimerNotCancelled];

    /// Its name, the modes that have the rule, and what it does.
    fn about(self) -> (&'static str, &'static [Mode], &'static str) {
        match self {
            Bug::VoidBarrierBlocks => {
                let what = "blocks the channel of an aligned barrier that is void and never resumes it: an aligned barrier \
                    stops its sender, and B1 has to let it go on";
                ("void-barrier-blocks", BLOCKING, what)
            }
            Bug::NewerDoesNotSubsume => {
                let what = "begins a newer snapshot without giving up the pending one: no report, nothing resumed";
                ("newer-does-not-subsume", ONE_PENDING, what)
            }
            Bug::EndedStillAwaited => {
                let what = "waits for the barriers of channels that ended before the snapshot began";
                ("ended-still-awaited", ONE_PENDING, what)
            }
            Bug::EndCountedTwice => {
                let what = "counts the end of a channel that has given its barrier as one channel more";
                ("end-counted-twice", ONE_PENDING, what)
            }
            Bug::StopClearsNewer => {
                let what = "forgets, when it stops an older snapshot, on which channel the newer barrier came, and goes on \
                    persisting that channel";
                ("stop-clears-newer", LOGGING, what)
            }
            Bug::VoidBarrierEndsLog => {
                let what = "persists nothing more on a channel that brought a void barrier";
                ("void-barrier-ends-log", LOGGING, what)
            }
            Bug::QueueSavedPastBarrier => {
                let what = "persists all that stands in a barrier's channel instead of what the barrier jumped over";
                ("queue-saved-past-barrier", LOGGING, what)
            }
            Bug::QueueNotSaved => {
                let what = "does not persist what a barrier jumped over in its channel";
                ("queue-not-saved", LOGGING, what)
            }
            Bug::ArrivalsNotSaved => {
                let what = "does not persist what it takes from channels that still owe their barrier";
                ("arrivals-not-saved", LOGGING, what)
            }
            Bug::TimerIgnoresAge => {
                let what = "counts the timeout from now: the timer of a barrier that is announced with its time used up is not \
                    due at once";
                ("timer-ignores-age", SWITCHING, what)
            }
            Bug::NothingPrioritised => {
                let what = "leaves announced barriers where they are when the time is up";
                ("nothing-prioritised", SWITCHING, what)
            }
            Bug::NotResumedAfterSwitch => {
                let what = "does not resume blocked channels at the last barrier of a snapshot that became unaligned";
                ("not-resumed-after-switch", SWITCHING, what)
            }
            Bug::StaysUnaligned => {
                let what = "begins every snapshot after one that became unaligned as if its time were up";
                ("stays-unaligned", SWITCHING, what)
            }
            Bug::OlderMarkerHonoured => {
                let what = "reports what an older marker cancels, and gives up the pending snapshot with it";
                ("older-marker-honoured", ONE_PENDING, what)
            }
            Bug::NewerMarkerIgnored => ("newer-marker-ignored", ANY, "passes over the marker of a snapshot that it has seen nothing of"),
            Bug::TrackerDropsOlder => {
                let what = "forgets older snapshots when a newer one begins";
                ("tracker-drops-older", TRACKING, what)
            }
            Bug::TrackerHurriesAny => {
                let what = "with one open channel left, settles old numbers at once as well as new ones";
                ("tracker-hurries-any", TRACKING, what)
            }
            Bug::TrackerIgnoresEnd => ("tracker-ignores-end", TRACKING, "does not count a channel's end as its barrier"),
            Bug::SnapshotAtFirstBarrier => {
                let what = "takes an aligned snapshot at the first barrier and blocks as usual";
                ("snapshot-at-first-barrier", BLOCKING, what)
            }
            Bug::NothingBlocked => ("nothing-blocked", BLOCKING, "blocks no channel"),
            Bug::UpstreamSwitchIgnored => {
                let what = "counts an unaligned barrier like an aligned one while it aligns";
                ("upstream-switch-ignored", SWITCHING, what)
            }
            Bug::EndDoesNotLookAtAge => {
                let what = "does not look at the snapshot's age when a channel ends";
                ("end-does-not-look-at-age", SWITCHING, what)
            }
            Bug::FirstBarrierDoesNotLookAtAge => {
                let what = "does not look at the snapshot's age when its first barrier is read";
                ("first-barrier-does-not-look-at-age", SWITCHING, what)
            }
            Bug::TrackerMarkerSparesOlder => {
                let what = "reports only the snapshot that a marker names and not those that are older";
                ("tracker-marker-spares-older", TRACKING, what)
            }
            Bug::TimerNotCancelled => {
                let what = "leaves the timer of a snapshot that has ended: when it goes off, nothing is pending that it is for";
                ("timer-not-cancelled", SWITCHING, what)
            }
        }
    }
}

/// A right handler that breaks one rule, or, without a bug, none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Mutant {
    inner: ProtocolBox,
    bug: Option<Bug>,
    calls: u32,
    /// The highest id that was begun or cancelled.
    newest: Option<SnapshotId>,
    /// It has begun and is neither complete nor given up.
    is_pending: bool,
    /// It was taken unaligned.
    is_unaligned: bool,
    /// It, or one before it, was.
    was_unaligned: bool,
    /// Channels with its barrier.
    arrived: Vec<ChannelId>,
    ended: Vec<ChannelId>,
    /// Channels that the bug treats in a way of its own.
    marked: Vec<ChannelId>,
    /// How many ends were counted a second time.
    extra: usize,
    /// The snapshot that was taken too early.
    taken: Option<SnapshotId>,
}

impl Mutant {
    fn new(inner: ProtocolBox, bug: Option<Bug>) -> Self {
        Mutant {
            inner,
            bug,
            calls: 0,
            newest: None,
            is_pending: false,
            is_unaligned: false,
            was_unaligned: false,
            arrived: Vec::new(),
            ended: Vec::new(),
            marked: Vec::new(),
            extra: 0,
            taken: None,
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    fn is_newer(&self, id: SnapshotId) -> bool {
        self.newest < Some(id)
    }

    fn begin(&mut self, id: SnapshotId) {
        if !self.is_newer(id) {
            return;
        }
        self.newest = Some(id);
        self.is_pending = true;
        self.is_unaligned = false;
        self.arrived.clear();
        self.extra = 0;
        if !self.has(Bug::VoidBarrierBlocks) {
            self.marked.clear();
        }
    }

    fn open(&self, task: &TaskView<'_>) -> usize {
        task.inputs().len() - self.ended.len()
    }

    /// What the right handler does, as the bug lets it out.
    fn call(&mut self, out: &mut Effects, call: impl FnOnce(&mut ProtocolBox, &mut Effects)) {
        self.calls += 1;
        assert!(self.calls < MOST_CALLS, "no end of it");
        let mut right = Effects::default();
        call(&mut self.inner, &mut right);
        let mut effects: Vec<Effect> = right.drain().collect();
        for effect in &effects {
            match *effect {
                Effect::Ack(id) | Effect::Decline(id, _) if self.newest == Some(id) => self.is_pending = false,
                Effect::Overtake(id) if self.newest == Some(id) => (self.is_unaligned, self.was_unaligned) = (true, true),
                _ => {}
            }
        }
        self.rewrite(&mut effects);
        effects.into_iter().for_each(|effect| out.push(effect));
    }

    fn rewrite(&self, effects: &mut Vec<Effect>) {
        let Some(bug) = self.bug else { return };
        let is_switched_and_whole = self.is_unaligned && effects.iter().any(|effect| matches!(effect, Effect::Ack(_)));
        let keeps = |effect: &Effect| match (bug, *effect) {
            (Bug::VoidBarrierBlocks, Effect::Unblock(input)) => !self.marked.contains(&input),
            (Bug::VoidBarrierEndsLog, Effect::SaveRecord(_, input, _)) => !self.marked.contains(&input),
            (Bug::NotResumedAfterSwitch, Effect::Unblock(_)) => !is_switched_and_whole,
            (Bug::TrackerDropsOlder, effect) => snapshot_of(effect) >= self.newest,
            (Bug::SnapshotAtFirstBarrier, Effect::SaveState(_) | Effect::Broadcast(_) | Effect::Overtake(_) | Effect::Ack(_)) => {
                snapshot_of(*effect) != self.taken
            }
            (Bug::QueueNotSaved, Effect::SaveOvertaken(..))
            | (Bug::ArrivalsNotSaved, Effect::SaveRecord(..))
            | (Bug::NothingPrioritised, Effect::Prioritise(..))
            | (Bug::NothingBlocked, Effect::Block(_))
            | (Bug::TimerNotCancelled, Effect::CancelTimer) => false,
            _ => true,
        };
        effects.retain(keeps);
        if bug == Bug::NewerDoesNotSubsume
            && let Some(at) = effects.iter().position(|effect| matches!(effect, Effect::Decline(_, Refusal::Subsumed)))
        {
            // The channels resumed, the report, and the word to the tasks behind, which comes last.
            effects.drain(..=at + 1);
        }
        if bug == Bug::QueueSavedPastBarrier {
            for effect in effects {
                if let Effect::SaveOvertaken(_, _, count) = effect {
                    *count = u32::MAX;
                }
            }
        }
    }

    /// The pending snapshot's time is up as soon as it begins.
    fn begin_unaligned(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.call(out, |inner, out| inner.on_announcement(task, input, barrier, out));
        self.call(out, |inner, out| inner.on_timer(task, barrier.snapshot, out));
    }

    /// With as many channels missing as were counted twice, the snapshot is complete.
    fn complete_early(&mut self, task: &TaskView<'_>, out: &mut Effects) {
        let owing: Vec<ChannelId> = task.inputs().filter(|input| !self.arrived.contains(input) && !self.ended.contains(input)).collect();
        if let (true, Some(id)) = (self.is_pending && owing.len() <= self.extra, self.newest) {
            for input in owing {
                self.call(out, |inner, out| inner.on_barrier(task, input, Barrier::aligned(id), out));
            }
            out.rewrite(|effect| Some(effect).filter(|effect| !matches!(effect, Effect::Block(_))));
        }
    }
}

/// The snapshot that an effect is for.
fn snapshot_of(effect: Effect) -> Option<SnapshotId> {
    match effect {
        Effect::SaveState(id)
        | Effect::Overtake(id)
        | Effect::Cancel(id)
        | Effect::Prioritise(_, id)
        | Effect::SaveRecord(id, ..)
        | Effect::SaveOvertaken(id, ..)
        | Effect::SetTimer(id)
        | Effect::Ack(id)
        | Effect::Decline(id, _) => Some(id),
        Effect::Broadcast(barrier) => Some(barrier.snapshot),
        Effect::Block(_) | Effect::Unblock(_) | Effect::CancelTimer => None,
    }
}

fn push_snapshot(id: SnapshotId, out: &mut Effects) {
    [Effect::SaveState(id), Effect::Broadcast(Barrier::aligned(id)), Effect::Ack(id)].into_iter().for_each(|effect| out.push(effect));
}

fn push_abort(id: SnapshotId, out: &mut Effects) {
    out.push(Effect::Decline(id, Refusal::Cancelled));
    out.push(Effect::Cancel(id));
}

impl SnapshotProtocol for Mutant {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.begin(id);
        self.call(out, |inner, out| inner.on_trigger(task, id, out));
    }

    fn on_announcement(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let is_newer = self.is_newer(barrier.snapshot);
        self.begin(barrier.snapshot);
        if self.has(Bug::StaysUnaligned) && self.was_unaligned && is_newer {
            return self.begin_unaligned(task, input, barrier, out);
        }
        self.call(out, |inner, out| inner.on_announcement(task, input, barrier, out));
        if self.has(Bug::TimerIgnoresAge) {
            out.rewrite(|effect| Some(effect).filter(|effect| !matches!(effect, Effect::SetTimer(id) if task.is_overdue(*id))));
        }
    }

    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        let id = barrier.snapshot;
        let is_unaligned = matches!(barrier.kind, BarrierKind::Unaligned { .. });
        let (is_newer, replaces) = (self.is_newer(id), self.is_newer(id) && self.is_pending);
        self.begin(id);
        let is_void = self.newest != Some(id) || !self.is_pending;
        let is_first = !is_void && self.arrived.is_empty();
        let (mut view, mut handed) = (*task, barrier);
        match self.bug {
            Some(Bug::TrackerHurriesAny) if self.open(task) == 1 && !is_newer => return push_snapshot(id, out),
            Some(Bug::StaysUnaligned) if self.was_unaligned && is_newer => self.begin_unaligned(task, input, barrier, out),
            Some(Bug::FirstBarrierDoesNotLookAtAge) if is_first => view = task.with_overdue(&[]),
            Some(Bug::UpstreamSwitchIgnored) if is_unaligned && !self.is_unaligned => handed = Barrier::aligned(id),
            Some(Bug::StopClearsNewer) if replaces => self.marked.push(input),
            Some(Bug::VoidBarrierEndsLog) if is_void => self.marked.push(input),
            Some(Bug::VoidBarrierBlocks) if is_void && !is_unaligned => {
                self.marked.push(input);
                out.push(Effect::Block(input));
            }
            _ => {}
        }
        let mut effects = Effects::default();
        self.call(&mut effects, |inner, out| inner.on_barrier(&view, input, handed, out));
        if self.has(Bug::SnapshotAtFirstBarrier) && is_first && self.is_pending && !self.is_unaligned {
            push_snapshot(id, out);
            self.taken = Some(id);
        }
        if handed != barrier {
            // What overtakes is not followed by what has to wait.
            effects.rewrite(|effect| Some(effect).filter(|effect| *effect != Effect::Block(input)));
        }
        effects.drain().for_each(|effect| out.push(effect));
        if !is_void {
            self.arrived.push(input);
        }
        if self.has(Bug::EndCountedTwice) {
            self.complete_early(task, out);
        }
    }

    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        let wants = self.inner.wants_records();
        self.call(out, |inner, out| {
            if wants {
                inner.on_record(task, input, record, out);
            }
        });
        if let (true, Some(id)) = (self.has(Bug::StopClearsNewer) && self.is_pending && self.is_unaligned, self.newest)
            && self.marked.contains(&input)
        {
            out.push(Effect::SaveRecord(id, input, *record));
        }
    }

    /// Always, so that every element taken is a call.
    fn wants_records(&self) -> bool {
        true
    }

    fn on_timer(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.call(out, |inner, out| inner.on_timer(task, id, out));
    }

    fn on_cancel(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, out: &mut Effects) {
        let is_newer = self.is_newer(id);
        match (self.bug, self.newest) {
            (Some(Bug::NewerMarkerIgnored), _) if is_newer => return,
            (Some(Bug::TrackerHurriesAny), _) if self.open(task) == 1 && !is_newer => return push_abort(id, out),
            (Some(Bug::OlderMarkerHonoured), Some(newest)) if id < newest => {
                // Nothing is said of the pending one, as when a newer marker gives it up.
                self.call(out, |inner, out| inner.on_cancel(task, input, newest, out));
                out.rewrite(|effect| Some(effect).filter(|effect| snapshot_of(*effect).is_none()));
                return push_abort(id, out);
            }
            _ => {}
        }
        self.call(out, |inner, out| inner.on_cancel(task, input, id, out));
        if self.has(Bug::TrackerMarkerSparesOlder) {
            out.rewrite(|effect| Some(effect).filter(|effect| snapshot_of(*effect) == Some(id)));
        }
        if is_newer {
            self.begin(id);
            self.is_pending = false;
        }
    }

    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        self.ended.push(input);
        let mut view = *task;
        match self.bug {
            Some(Bug::TrackerIgnoresEnd) => return,
            Some(Bug::EndedStillAwaited) if !self.is_pending => return,
            Some(Bug::EndDoesNotLookAtAge) => view = task.with_overdue(&[]),
            Some(Bug::EndCountedTwice) if self.arrived.contains(&input) => self.extra += 1,
            _ => {}
        }
        self.call(out, |inner, out| inner.on_input_end(&view, input, out));
        if self.has(Bug::EndCountedTwice) {
            self.complete_early(task, out);
        }
    }

    fn on_abort(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.call(out, |inner, out| inner.on_abort(task, id, out));
    }

    fn reset(&mut self) {
        self.inner.reset();
        *self = Mutant::new(self.inner.clone(), self.bug);
    }
}

/// What tells the mutant from a right handler in this case, if anything.
fn wrong(case: &Case, bug: Option<Bug>) -> Option<String> {
    let mutant = ProtocolBox::new(Mutant::new(bench::handler(case), bug));
    let Ok(ran) = panic::catch_unwind(AssertUnwindSafe(|| bench::run_with(case, mutant))) else {
        return Some("it panicked".to_owned());
    };
    judge::judge(case, &ran.tokens, &ran.blocked, &ran.undelivered).err()
}

/// The project's own cases of these modes.
fn cases(modes: &[Mode]) -> Vec<Case> {
    super::own().into_iter().flat_map(|(_, cases)| cases).filter(|case| modes.contains(&case.mode)).collect()
}

/// The cases that kill a mutant, and why.
fn killers(bug: Bug) -> Vec<(String, String)> {
    let (_, modes, _) = bug.about();
    cases(modes).into_iter().filter_map(|case| Some((wrong(&case, Some(bug))?, case.id))).map(|(why, id)| (id, why)).collect()
}

/// A mutant, what it does, and what is wrong with it in which cases.
fn described(bug: Bug) -> String {
    let (name, modes, what) = bug.about();
    let killers = killers(bug);
    let words: Vec<String> = modes.iter().map(ToString::to_string).collect();
    let count = format!("killed by {} of {} ({})", killers.len(), cases(modes).len(), words.join(", "));
    let lines: Vec<String> = killers.iter().map(|(id, why)| format!("    {id}: {why}\n")).collect();
    format!("{name}\n  {what}\n  {count}\n{}\n", lines.concat())
}

#[test]
fn every_mutant_is_killed() {
    let survivors: Vec<Bug> = Bug::ALL.into_iter().filter(|bug| killers(*bug).is_empty()).collect();
    assert_eq!(survivors, [], "no case tells them from a right handler");
    let text: Vec<String> = Bug::ALL.into_iter().map(described).collect();
    let killing: Vec<String> = Bug::ALL.into_iter().flat_map(killers).map(|(id, _)| id).collect();
    let idle: Vec<String> =
        cases(ANY).into_iter().filter(|case| !killing.contains(&case.id)).map(|case| format!("  {}\n", case.id)).collect();
    let text = format!("{}cases that kill none\n{}", text.concat(), idle.concat());
    expect_file!["../golden/gate_mutants.txt"].assert_eq(&text);
}

/// What kills is the bug, not the wrapper.
#[test]
fn without_a_bug_the_wrapper_is_right() {
    let wrong: Vec<_> = cases(ANY).iter().filter_map(|case| Some((case.id.clone(), wrong(case, None)?))).collect();
    assert_eq!(wrong, []);
}

#[test]
fn what_is_equivalent_survives() {
    for bug in Bug::EQUIVALENT {
        assert_eq!(killers(bug), [], "{}", bug.about().0);
    }
}
