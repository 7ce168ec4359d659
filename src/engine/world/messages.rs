//! What tasks and coordinator tell each other.

use super::channels::Slot;
use crate::engine::Notice;
use crate::kernel::{Lists, Printed, Prints, clone_fields};
use crate::protocol::Report;

/// A message to or from the coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Mail<T> {
    pub item: T,
    /// Sent in an attempt that is over. An age of one bit is all that has a future, so the
    /// world does not grow with attempts.
    pub old: bool,
}

/// The control messages of a world, by task.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Messages {
    pub notices: Printed<Lists<Slot<Mail<Notice>>>>,
    pub reports: Printed<Lists<Slot<Mail<Report>>>>,
}

clone_fields!(Messages { notices, reports });

impl Messages {
    pub fn new(tasks: usize) -> Self {
        Messages { notices: Printed::new(Lists::new(tasks)), reports: Printed::new(Lists::new(tasks)) }
    }

    pub fn print(&mut self, prints: &mut Prints) {
        prints.add(&mut self.notices);
        prints.add(&mut self.reports);
    }

    pub fn footprint(&self) -> usize {
        self.notices.footprint() + self.reports.footprint()
    }
}
