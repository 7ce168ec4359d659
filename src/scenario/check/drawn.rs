//! Scenarios that the program draws by the thousand: from the types of the file format, without the way through text.
//!
//! A graph is checked, laid out and evaluated once, for many rules. What is drawn is also a file, and a file that
//! is read gives the same scenario (`explore::swarm` has the test).

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::graph::{Graph, GraphFile};
use super::{Checker, Scenario};
use crate::kernel::Digest;
use crate::model::Plan;
use crate::oracle::Reference;
use crate::scenario::diagnose::Mended;
use crate::scenario::format::{RecoveryFile, SnapshotsFile};
use crate::scenario::json::{Mistake, Node, Span, Value as Json};

const TITLE: &str = "a drawn scenario";

/// The part of a file that says how snapshots are taken and what becomes of crashes.
#[derive(Clone, Debug, Hash)]
pub(crate) struct RulesFile {
    pub snapshots: SnapshotsFile,
    /// How many restarts there are; any number when not given.
    pub restarts: Option<u32>,
}

/// A graph that is laid out and evaluated.
#[derive(Debug)]
pub(crate) struct Groundwork {
    file: GraphFile,
    graph: Graph,
    reference: Arc<Reference>,
    /// Of the file.
    print: u64,
}

/// A checker of what has never been text: a mistake has no place.
fn check<T>(work: impl FnOnce(&mut Checker<'_>) -> Option<T>) -> Result<T, Vec<Mistake>> {
    let nothing = Node { span: Span { start: 0, end: 0 }, value: Json::Null };
    let mut checker = Checker::new("", &nothing, Mended::faultless(&nothing));
    let made = work(&mut checker).filter(|_| checker.mistakes.is_empty());
    made.ok_or(checker.mistakes)
}

fn print(part: &impl Hash) -> u64 {
    let mut digest = Digest::new();
    part.hash(&mut digest);
    digest.finish()
}

impl Groundwork {
    /// Checks a graph and lays it out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(file: GraphFile) -> Result<Groundwork, Vec<Mistake>> {
        let graph = check(|checker| checker.drawn_graph(&file))?;
        let reference = Arc::new(Reference::evaluate(&graph.plan));
        let print = print(&file);
        Ok(Groundwork { file, graph, reference, print })
    }

    pub fn plan(&self) -> &Plan {
        &self.graph.plan
    }

    /// The scenario of the graph under these rules.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn scenario(&self, rules: &RulesFile) -> Result<Scenario, Vec<Mistake>> {
        let recovery = RecoveryFile { restarts: rules.restarts, ..RecoveryFile::default() };
        let operators: Vec<_> = self.file.operators.iter().map(|(name, file)| (name.as_str(), Some(file))).collect();
        let rules = check(|checker| {
            let mut rules = checker.rules_of(&operators, Some(&rules.snapshots), &recovery);
            checker.suits(&self.graph.plan, rules.protocol);
            self.graph.put_times(&mut rules.timing);
            if self.graph.plan.has_processes() {
                checker.let_processes_go_on(&mut rules);
            }
            Some(rules)
        })?;
        Ok(Scenario { title: TITLE.to_owned(), ..Scenario::of(self.graph.clone(), rules, self.reference.clone()) })
    }

    /// A fingerprint of the file of the graph under these rules.
    pub fn print(&self, rules: &RulesFile) -> u64 {
        Digest::of_pair(self.print, print(rules))
    }

    /// The file of the graph under these rules.
    pub fn file(&self, rules: &RulesFile) -> Value {
        let GraphFile { operators, channels, script } = &self.file;
        let operators: Map<String, Value> = operators.iter().map(|(name, operator)| (name.clone(), json!(operator))).collect();
        let mut file = json!({"title": TITLE, "operators": operators, "channels": channels, "snapshots": rules.snapshots});
        if let Some(restarts) = rules.restarts {
            file["recovery"] = json!({"restarts": restarts});
        }
        if !script.is_empty() {
            file["script"] = json!(script);
        }
        file
    }
}
