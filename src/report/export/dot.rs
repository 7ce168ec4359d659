//! The graph of operators for Graphviz.

use petgraph::dot::{Config, Dot};
use petgraph::visit::{IntoNodeReferences, NodeRef};

use super::Exported;
use crate::model::{Kind, OperatorId, Partition};
use crate::report::printable;
use crate::scenario::Recording;

/// Operators with how many tasks they have, edges with how they spread records.
pub fn document(recording: &Recording<'_>) -> Exported {
    let plan = recording.scenario.plan();
    let graph = plan.graph();
    let operator = |id: OperatorId| {
        let operator = &plan.operators()[id];
        let tasks = match operator.tasks.len() {
            1 => String::new(),
            tasks => format!(" \u{d7}{tasks}"),
        };
        let shape = match operator.kind {
            Kind::Source { .. } => "invhouse",
            Kind::Sink { .. } => "house",
            _ => "box",
        };
        format!("label = \"{}{tasks}\\n{}\", shape = {shape}", quoted(&operator.name), operator.kind.word())
    };
    let edge = |at: u32| {
        let edge = &plan.edges()[at as usize];
        let mut words = vec![partition(edge.partition).to_owned()];
        if edge.capacity != u32::MAX {
            words.push(format!("capacity {}", edge.capacity));
        }
        if !edge.is_fifo {
            words.push("any order".to_owned());
        }
        let style = if edge.is_back { ", style = dashed, constraint = false" } else { "" };
        format!("label = \"{}\"{style}", words.join(", "))
    };
    let edge_attributes = |_, reference: petgraph::graph::EdgeReference<'_, u32>| edge(*reference.weight());
    let node_attributes = |_, node: <&petgraph::graph::DiGraph<OperatorId, u32> as IntoNodeReferences>::NodeRef| operator(*node.weight());
    let config = [Config::NodeNoLabel, Config::EdgeNoLabel];
    let dot = Dot::with_attr_getters(&graph, &config, &edge_attributes, &node_attributes);
    Exported { text: format!("{dot:?}"), missing: Vec::new() }
}

fn partition(partition: Partition) -> &'static str {
    match partition {
        Partition::Forward => "forward",
        Partition::Hash => "hash",
        Partition::Rebalance => "rebalance",
        Partition::Broadcast => "broadcast",
    }
}

/// Text inside quotation marks.
fn quoted(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('"', "\\\"")
}
