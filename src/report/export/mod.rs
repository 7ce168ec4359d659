//! Runs in the formats of other tools, a file each.

mod dot;
mod jsonl;
mod mermaid;
mod perfetto;
mod shiviz;

pub use dot::document as dot;
pub use jsonl::document as jsonl;
pub use mermaid::document as mermaid;
pub use perfetto::document as perfetto;
pub use shiviz::document as shiviz;

use crate::kernel::Id;
use crate::model::{Plan, TaskId};
use crate::report::messages::{Content, Message};
use crate::scenario::Recording;

/// What the coordinator is called among tasks.
const COORDINATOR: &str = "coordinator";

/// A document, and what of the run it cannot show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The document.
    pub text: String,
    /// What is not in it, a sentence each.
    pub missing: Vec<String>,
}

impl Exported {
    fn whole(text: String, recording: &Recording<'_>) -> Exported {
        Exported { text, missing: left_out(recording).into_iter().collect() }
    }
}

/// Says of a recording that was cut how much is not there.
fn left_out(recording: &Recording<'_>) -> Option<String> {
    (recording.left_out > 0).then(|| format!("{} facts at the end of the run are left out", recording.left_out))
}

/// A place for every task, and one for the coordinator behind them.
fn place(plan: &Plan, task: Option<TaskId>) -> usize {
    task.map_or(plan.tasks().len(), Id::index)
}

/// The names of all places, by number.
fn places(plan: &Plan) -> Vec<String> {
    let names = plan.tasks().ids().map(|task| plan.task_name(task));
    names.chain([COORDINATOR.to_owned()]).collect()
}

/// What a message is called on its arrow.
fn label(recording: &Recording<'_>, message: &Message) -> String {
    let plan = recording.scenario.plan();
    match message.content {
        Content::Record(_) => {
            let record = recording.facts[message.sent].fact.fields(plan).record;
            record.map_or(String::new(), |record| record.text(plan))
        }
        Content::End => "end".to_owned(),
        other => other.snapshot().map_or(String::new(), |id| format!("{} {id}", other.word())),
    }
}
