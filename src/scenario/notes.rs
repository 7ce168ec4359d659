//! Settings of a scenario that can do nothing, or did nothing in a run: silence about them would pass for a test.

use super::check::Scenario;
use super::outcome::Outcome;
use crate::kernel::{Delay, Ticks};
use crate::model::{Kind, TaskId};
use crate::protocol::ProtocolKind;
use crate::trace::Situation;

impl Scenario {
    /// Why barriers can overtake nothing although the protocol lets them; none where they can, or never may.
    /// Channels between equal tasks and copies to everybody keep their order (docs/rules.md, forced aligned).
    pub fn stays_aligned(&self) -> Option<String> {
        let plan = self.plan();
        let may_overtake = matches!(self.protocol, ProtocolKind::Unaligned | ProtocolKind::AlignedTimeout);
        let is_forced = !plan.channels().is_empty() && plan.channels().ids().all(|channel| plan.must_align(channel));
        (may_overtake && is_forced).then(|| {
            let word = self.protocol.word();
            format!(
                "under {word} every channel of this job stays aligned: each goes from a task to its only counterpart or carries copies \
                 to everybody, and such channels keep their order, so no barrier overtakes a record and the run is that of aligned"
            )
        })
    }

    /// What did nothing in a run that came to this.
    pub(super) fn notes(&self, outcome: &Outcome) -> Vec<String> {
        let mut notes = self.idle_settings();
        notes.extend(self.stays_aligned());
        let has_finished = outcome.situations.contains_key(Situation::TaskFinished.word());
        if has_finished && self.settings.enabled && !self.settings.after_end {
            notes.push(
                "\"after_end\" is \"give_up\": once a source had finished no checkpoint was taken any more, neither one that was asked for nor a last one"
                    .to_owned(),
            );
        }
        let is_timed = self.protocol == ProtocolKind::AlignedTimeout && self.schedule.is_none();
        if is_timed && !outcome.snapshots.is_empty() && !outcome.situations.contains_key(Situation::AlignmentTimedOut.word()) {
            notes.push(format!(
                "\"alignment_timeout\" did nothing: every snapshot was over before {} had passed, so all of them were aligned",
                self.timing.budget
            ));
        }
        notes
    }

    /// Settings that this protocol or operator never looks at.
    fn idle_settings(&self) -> Vec<String> {
        let word = self.protocol.word();
        let mut notes = Vec::new();
        if self.timing.budget != Ticks::NEVER && self.protocol != ProtocolKind::AlignedTimeout {
            notes.push(format!("\"alignment_timeout\" does nothing under \"{word}\": only \"aligned_timeout\" has one"));
        }
        if !self.options.back_edges_logged && self.protocol != ProtocolKind::AlignedCyclic {
            notes.push(format!("\"back_edges\" does nothing under \"{word}\": only \"aligned_cyclic\" logs them"));
        }
        if self.protocol == ProtocolKind::None && (self.settings.periodic || !self.timing.requests.is_empty()) {
            notes.push("\"interval\" and \"at\" do nothing under \"none\": it takes no snapshots".to_owned());
        }
        for operator in self.plan().operators().iter().filter(|operator| matches!(operator.kind, Kind::Source { .. })) {
            let first = TaskId(operator.tasks.start);
            if self.timing.of(self.plan().tasks()[first].operator).service != Delay::ZERO {
                notes.push(format!(
                    "\"service\" of \"{}\" does nothing: a source takes no records; \"every\" says how fast it emits",
                    operator.name
                ));
            }
        }
        notes
    }
}
