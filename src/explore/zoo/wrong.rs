//! What wraps a right protocol or coordinator: it passes every call on, and the bug changes what it
//! has something to say about.

use std::fmt::Debug;
use std::hash::Hash;

use crate::model::{Barrier, ChannelId, Record, SnapshotId, TaskId};
use crate::protocol::{
    Command, Commands, Coordination, Coordinator, CoordinatorBox, CoordinatorView, Effect, Effects, ProtocolBox, Report, SnapshotProtocol,
    TaskView, Timer,
};

/// One rule that a protocol breaks. Every hook does what is right unless it is written anew.
pub(super) trait ProtocolBug: Clone + Debug + Default + Eq + Hash + Send + Sync + 'static {
    /// Whether the right protocol forgets the last attempt.
    const FORGETS: bool = true;
    /// What becomes of one effect.
    fn edit(&mut self, effect: Effect) -> Option<Effect> {
        Some(effect)
    }
    /// What becomes of all that one call asked for.
    fn edit_all(&mut self, _task: &TaskView<'_>, out: &mut Effects) {
        out.rewrite(|effect| self.edit(effect));
    }
    fn on_trigger(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        right.on_trigger(task, id, out);
    }
    fn on_barrier(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        right.on_barrier(task, input, barrier, out);
    }
    fn on_input_end(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        right.on_input_end(task, input, out);
    }
    fn on_record(&mut self, right: &mut ProtocolBox, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        if right.wants_records() {
            right.on_record(task, input, record, out);
        }
    }
    /// Whether the bug looks at records, whatever the right protocol does.
    fn wants_records(&self) -> bool {
        false
    }
}

/// A right protocol that breaks one rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct WrongProtocol<B> {
    right: ProtocolBox,
    bug: B,
}

/// The right protocol, with the bug.
pub(super) fn protocol<B: ProtocolBug>(right: ProtocolBox) -> ProtocolBox {
    ProtocolBox::new(WrongProtocol { right, bug: B::default() })
}

impl<B: ProtocolBug> WrongProtocol<B> {
    /// Calls a handler and lets the bug have the last word.
    fn call(&mut self, task: &TaskView<'_>, out: &mut Effects, call: impl FnOnce(&mut B, &mut ProtocolBox, &mut Effects)) {
        call(&mut self.bug, &mut self.right, out);
        self.bug.edit_all(task, out);
    }
}

impl<B: ProtocolBug> SnapshotProtocol for WrongProtocol<B> {
    fn on_trigger(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.call(task, out, |bug, right, out| bug.on_trigger(right, task, id, out));
    }
    fn on_barrier(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.call(task, out, |bug, right, out| bug.on_barrier(right, task, input, barrier, out));
    }
    fn on_input_end(&mut self, task: &TaskView<'_>, input: ChannelId, out: &mut Effects) {
        self.call(task, out, |bug, right, out| bug.on_input_end(right, task, input, out));
    }
    fn on_record(&mut self, task: &TaskView<'_>, input: ChannelId, record: &Record, out: &mut Effects) {
        self.call(task, out, |bug, right, out| bug.on_record(right, task, input, record, out));
    }
    fn on_announcement(&mut self, task: &TaskView<'_>, input: ChannelId, barrier: Barrier, out: &mut Effects) {
        self.call(task, out, |_, right, out| right.on_announcement(task, input, barrier, out));
    }
    fn on_cancel(&mut self, task: &TaskView<'_>, input: ChannelId, id: SnapshotId, out: &mut Effects) {
        self.call(task, out, |_, right, out| right.on_cancel(task, input, id, out));
    }
    fn on_timer(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.call(task, out, |_, right, out| right.on_timer(task, id, out));
    }
    fn on_abort(&mut self, task: &TaskView<'_>, id: SnapshotId, out: &mut Effects) {
        self.call(task, out, |_, right, out| right.on_abort(task, id, out));
    }
    fn on_restored(&mut self, id: SnapshotId) {
        self.right.on_restored(id);
    }
    fn reset(&mut self) {
        if B::FORGETS {
            self.right.reset();
        }
        self.bug = B::default();
    }
    fn stamp(&self) -> u32 {
        self.right.stamp()
    }
    fn wants_stamps(&self) -> bool {
        self.right.wants_stamps()
    }
    fn wants_records(&self) -> bool {
        self.right.wants_records() || self.bug.wants_records()
    }
}

/// One rule that a coordinator breaks. Every hook does what is right unless it is written anew.
pub(super) trait CoordinatorBug: Clone + Debug + Default + Eq + Hash + Send + Sync + 'static {
    /// What becomes of one command.
    fn edit(&mut self, command: Command) -> Option<Command> {
        Some(command)
    }
    /// What becomes of all that one call asked for.
    fn edit_all(&mut self, out: &mut Commands) {
        out.rewrite(|command| self.edit(command));
    }
    fn on_running(&mut self, right: &mut Coordinator, view: &CoordinatorView, out: &mut Commands) {
        right.on_running(view, out);
    }
    fn on_request(&mut self, right: &mut Coordinator, view: &CoordinatorView, out: &mut Commands) {
        right.on_request(view, out);
    }
    fn on_timer(&mut self, right: &mut Coordinator, view: &CoordinatorView, timer: Timer, out: &mut Commands) {
        right.on_timer(view, timer, out);
    }
    fn on_report(&mut self, right: &mut Coordinator, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        right.on_report(view, from, report, out);
    }
    /// After the right one has dealt with a failure.
    fn after_failure(&mut self) {}
}

/// A right coordinator that breaks one rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct WrongCoordinator<B> {
    right: Coordinator,
    bug: B,
}

/// The right coordinator, with the bug.
pub(super) fn coordinator<B: CoordinatorBug>(right: Coordinator) -> CoordinatorBox {
    CoordinatorBox::new(WrongCoordinator { right, bug: B::default() })
}

impl<B: CoordinatorBug> WrongCoordinator<B> {
    /// Calls a handler and lets the bug have the last word.
    fn call(&mut self, out: &mut Commands, call: impl FnOnce(&mut B, &mut Coordinator, &mut Commands)) {
        call(&mut self.bug, &mut self.right, out);
        self.bug.edit_all(out);
    }
}

impl<B: CoordinatorBug> Coordination for WrongCoordinator<B> {
    fn on_running(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.call(out, |bug, right, out| bug.on_running(right, view, out));
    }
    fn on_request(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.call(out, |bug, right, out| bug.on_request(right, view, out));
    }
    fn on_timer(&mut self, view: &CoordinatorView, timer: Timer, out: &mut Commands) {
        self.call(out, |bug, right, out| bug.on_timer(right, view, timer, out));
    }
    fn on_report(&mut self, view: &CoordinatorView, from: TaskId, report: Report, out: &mut Commands) {
        self.call(out, |bug, right, out| bug.on_report(right, view, from, report, out));
    }
    fn on_failure(&mut self, view: &CoordinatorView, out: &mut Commands) {
        self.call(out, |_, right, out| right.on_failure(view, out));
        self.bug.after_failure();
    }
}
