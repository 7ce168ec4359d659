//! The world outside the job: what sinks wrote to, and the feeds of sources that cannot replay.

use crate::kernel::{Printed, Prints, clone_fields};
use crate::model::{External, Kind, Plan, SinkLog, TaskId};

/// What no crash of the job touches and no snapshot sets back.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Outside {
    pub external: Printed<External>,
    /// Where sources that cannot replay are, by task; empty when there is none.
    pub feeds: Printed<Vec<u64>>,
}

clone_fields!(Outside { external, feeds });

impl Outside {
    pub fn new(plan: &Plan) -> Self {
        let is_volatile = |&task: &TaskId| matches!(plan.kind(task), Kind::Source { replayable: false, .. });
        let feeds = if plan.sources().iter().any(is_volatile) { vec![0; plan.tasks().len()] } else { Vec::new() };
        Outside { external: Printed::new(External { sinks: vec![SinkLog::default(); plan.sinks().len()] }), feeds: Printed::new(feeds) }
    }

    pub fn print(&mut self, prints: &mut Prints) {
        prints.add(&mut self.external);
        prints.add(&mut self.feeds);
    }

    pub fn footprint(&self) -> usize {
        self.external.sinks.iter().map(|log| 96 + 24 * log.open.capacity() + 96 * log.prepared.capacity()).sum()
    }
}
