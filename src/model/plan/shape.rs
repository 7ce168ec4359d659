//! The graph as a graph: its loops, its order, what reaches what.

use super::{Edge, EdgeSpec, OperatorId, OperatorSpec, Plan};
use crate::kernel::Id;
use crate::model::Kind;

fn graph_of(operators: usize, edges: impl Iterator<Item = (OperatorId, OperatorId)>) -> petgraph::graph::DiGraph<(), ()> {
    let mut graph = petgraph::graph::DiGraph::new();
    let nodes: Vec<_> = (0..operators).map(|_| graph.add_node(())).collect();
    for (from, to) in edges {
        graph.add_edge(nodes[from.index()], nodes[to.index()], ());
    }
    graph
}

/// By edge: whether it leads back to the head of a loop from behind it.
pub fn back_edges(specs: &[OperatorSpec], edges: &[EdgeSpec]) -> Vec<bool> {
    let graph = graph_of(specs.len(), edges.iter().map(|edge| (edge.from, edge.to)));
    let node = |id: OperatorId| petgraph::graph::NodeIndex::new(id.index());
    let leads_back = |edge: &EdgeSpec| petgraph::algo::has_path_connecting(&graph, node(edge.to), node(edge.from), None);
    edges.iter().map(|edge| matches!(specs[edge.to.index()].kind, Kind::Iterate { .. }) && leads_back(edge)).collect()
}

/// The operators of each loop, ascending. Processes have none that comes to an end.
pub(super) fn loops(specs: &[OperatorSpec], edges: &[EdgeSpec]) -> Vec<Vec<OperatorId>> {
    if specs.iter().any(|spec| spec.kind.is_process()) {
        return Vec::new();
    }
    let graph = graph_of(specs.len(), edges.iter().map(|edge| (edge.from, edge.to)));
    let mut components = petgraph::algo::tarjan_scc(&graph);
    components.retain(|component| component.len() > 1);
    let members = components.into_iter().map(|component| component.into_iter().map(|node| OperatorId::from_index(node.index())));
    let mut loops: Vec<Vec<OperatorId>> = members.map(Iterator::collect).collect();
    loops.iter_mut().for_each(|members| members.sort_unstable());
    loops.sort_unstable();
    loops
}

/// By operator: whether `to` can be reached from it.
pub(super) fn reaches(edges: &[Edge], to: OperatorId) -> Vec<bool> {
    let operators = edges.iter().map(|edge| edge.from.index().max(edge.to.index()) + 1).max().unwrap_or(0);
    let graph = graph_of(operators, edges.iter().map(|edge| (edge.to, edge.from)));
    let mut found = vec![false; operators];
    let mut walk = petgraph::visit::Dfs::new(&graph, petgraph::graph::NodeIndex::new(to.index()));
    while let Some(node) = walk.next(&graph) {
        found[node.index()] = true;
    }
    found
}

impl Plan {
    /// The graph of operators; an edge is weighted with its place in [`edges`](Self::edges).
    pub fn graph(&self) -> petgraph::graph::DiGraph<OperatorId, u32> {
        let mut graph = petgraph::graph::DiGraph::new();
        let nodes: Vec<_> = self.operators.ids().map(|operator| graph.add_node(operator)).collect();
        for (at, edge) in (0..).zip(&self.edges) {
            graph.add_edge(nodes[edge.from.index()], nodes[edge.to.index()], at);
        }
        graph
    }

    /// The operators that `from` has no path to: a snapshot that starts there never reaches them.
    pub fn unreachable_from(&self, from: OperatorId) -> Vec<OperatorId> {
        let graph = graph_of(self.operators.len(), self.edges.iter().map(|edge| (edge.from, edge.to)));
        let node = |id: OperatorId| petgraph::graph::NodeIndex::new(id.index());
        self.operators.ids().filter(|&to| !petgraph::algo::has_path_connecting(&graph, node(from), node(to), None)).collect()
    }
}

/// Senders before receivers, back edges aside. Processes have no such order and need none.
pub(super) fn topological_order(specs: &[OperatorSpec], edges: &[EdgeSpec], is_back: &[bool]) -> Option<Vec<OperatorId>> {
    let is_process = |edge: &EdgeSpec| specs[edge.to.index()].kind.is_process();
    let forward = edges.iter().zip(is_back).filter(|(edge, is_back)| !**is_back && !is_process(edge));
    let graph = graph_of(specs.len(), forward.map(|(edge, _)| (edge.from, edge.to)));
    let order = petgraph::algo::toposort(&graph, None).ok()?;
    Some(order.into_iter().map(|node| OperatorId::from_index(node.index())).collect())
}
