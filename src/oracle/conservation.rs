//! Conservation: the tokens that a snapshot finds with processes and in channels are the tokens
//! that there are (the bank example of every text on snapshots).

use std::hash::{Hash, Hasher};

use super::{First, Moment, Verdict};
use crate::kernel::clone_fields;
use crate::model::{Kind, Plan, SnapshotId};
use crate::trace::Fact;

#[derive(Clone, Copy, Debug, Hash)]
struct Found {
    id: SnapshotId,
    held: u64,
    in_channels: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Conservation {
    /// `None` where there are no accounts.
    total: Option<u64>,
    open: Vec<Found>,
    has_judged: bool,
    first: First,
}

clone_fields!(Conservation { total, open, has_judged, first });

impl Conservation {
    /// Whether there are tokens to watch.
    pub(super) fn is_on(&self) -> bool {
        self.total.is_some()
    }

    pub(super) fn is_broken(&self) -> bool {
        self.first.is_some()
    }

    /// Whether anything was judged only tells what held from what was never tried.
    pub(super) fn hash_state<H: Hasher>(&self, state: &mut H) {
        if self.total.is_some() {
            self.open.hash(state);
        }
    }

    /// For one scenario.
    pub fn new(plan: &Plan) -> Self {
        let tokens = plan.operators().iter().filter_map(|operator| match operator.kind {
            Kind::Account { tokens, .. } => Some(tokens),
            _ => None,
        });
        let total = tokens.fold(None, |sum: Option<u64>, tokens| Some(sum.unwrap_or(0) + tokens));
        Conservation { total, open: Vec::new(), has_judged: false, first: First::default() }
    }

    pub(super) fn reset(&mut self) {
        self.open.clear();
        (self.has_judged, self.first) = (false, First::default());
    }

    fn found(&mut self, id: SnapshotId) -> Option<&mut Found> {
        self.open.iter_mut().find(|found| found.id == id)
    }

    pub(super) fn rare_fact(&mut self, plan: &Plan, moment: Moment, fact: Fact) {
        let Some(total) = self.total else { return };
        match fact {
            Fact::Triggered { snapshot } => self.open.push(Found { id: snapshot, held: 0, in_channels: 0 }),
            Fact::ProcessSaved { snapshot, value, .. } => {
                if let Some(found) = self.found(snapshot) {
                    found.held += value;
                }
            }
            Fact::RecordSaved { snapshot, value, .. } => {
                if let Some(found) = self.found(snapshot) {
                    found.in_channels += value;
                }
            }
            Fact::Completed { snapshot } => {
                let Some(&mut Found { held, in_channels, .. }) = self.found(snapshot) else { return };
                self.has_judged = true;
                if held + in_channels != total {
                    let actual = format!("{held} with processes and {in_channels} in channels, {} together", held + in_channels);
                    self.first.note(moment, fact.describe(plan), format!("{total} tokens"), actual);
                }
                self.open.retain(|found| found.id != snapshot);
            }
            Fact::Aborted { snapshot, .. } => self.open.retain(|found| found.id != snapshot),
            _ => {}
        }
    }

    /// Nothing to say where there are no tokens.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        let none = || Verdict::Incomplete("no snapshot completed".to_owned());
        self.total.map(|_| if self.has_judged { self.first.verdict() } else { none() })
    }
}
