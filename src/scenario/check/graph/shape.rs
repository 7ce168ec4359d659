//! What a graph as a whole must be like: who has inputs and outputs, where loops are, how large it is.

use crate::kernel::Id;
use crate::model::{EdgeSpec, Kind, OperatorId, OperatorSpec, Partition, back_edges};
use crate::scenario::check::{Checker, pointer};
use crate::scenario::json::quoted;

/// The most tasks and channels of a whole graph.
const MAX_TASKS: u64 = 2_000_000;
const MAX_CHANNELS: u64 = 8_000_000;

impl Checker<'_> {
    /// Who may have inputs and outputs, and how many.
    pub(super) fn degrees(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        if !specs.iter().any(|spec| spec.kind.emits()) {
            self.mistake("/operators", "there is no source", Some("add an operator with \"kind\": \"source\"".to_owned()));
        }
        for (index, spec) in specs.iter().enumerate() {
            let place = pointer(&["operators", &spec.name]);
            let id = OperatorId::from_index(index);
            let (ins, outs) = (edges.iter().filter(|edge| edge.to == id).count(), edges.iter().filter(|edge| edge.from == id).count());
            let name = &spec.name;
            if spec.kind.is_source() && ins > 0 {
                self.mistake(&place, format!("\"{name}\" is a source and cannot have an input"), None);
            } else if !spec.kind.emits() && ins == 0 {
                let help = format!("add a channel {{\"from\": .., \"to\": \"{name}\"}}");
                self.mistake(&place, format!("nothing is sent to \"{name}\""), Some(help));
            }
            let is_loose = |edge: &EdgeSpec| edge.from == id && !edge.is_fifo;
            if spec.kind.finishes() && edges.iter().any(is_loose) {
                let help = "leave \"order\" out: its end must not overtake its records".to_owned();
                self.mistake(&place, format!("\"{name}\" finishes, so its channels must keep order"), Some(help));
            }
            if spec.kind.is_sink() && outs > 0 {
                self.mistake(&place, format!("\"{name}\" is a sink and cannot have an output"), None);
            }
            if matches!(spec.kind, Kind::Join { .. }) && ins != 2 {
                self.mistake(&place, format!("the join \"{name}\" needs exactly two inputs and has {ins}"), None);
            }
            let is_by_key = |edge: &&EdgeSpec| edge.to != id || edge.partition == Partition::Hash;
            if matches!(spec.kind, Kind::Join { .. }) && spec.parallelism > 1 && !edges.iter().all(|edge| is_by_key(&edge)) {
                let help = "leave \"partition\" out, or give the join parallelism 1".to_owned();
                self.mistake(
                    &place,
                    format!("the join \"{name}\" has several tasks, so both inputs must be partitioned by \"hash\""),
                    Some(help),
                );
            }
        }
        if !specs.iter().any(|spec| spec.kind.is_process()) {
            self.loops(specs, edges);
            self.cycle(specs, edges);
        }
    }

    /// A loop has one head, one way back to it, and operators inside that send one record for each.
    fn loops(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        let is_back = back_edges(specs, edges);
        for (index, spec) in specs.iter().enumerate().filter(|(_, spec)| matches!(spec.kind, Kind::Iterate { .. })) {
            let (place, name) = (pointer(&["operators", &spec.name]), quoted(&spec.name));
            let into = |edge: &&EdgeSpec| edge.to.index() == index;
            let back = edges.iter().zip(&is_back).filter(|(edge, is_back)| into(edge) && **is_back).count();
            if back != 1 {
                let help = format!("add one channel from inside the loop to {name}");
                self.mistake(&place, format!("{name} is the head of a loop and needs one channel back to it; it has {back}"), Some(help));
                continue;
            }
            let (ahead, behind) = (reach(specs.len(), edges, index, false), reach(specs.len(), edges, index, true));
            for inner in (0..specs.len()).filter(|&inner| inner != index && ahead[inner] && behind[inner]) {
                let is_plain = matches!(specs[inner].kind, Kind::Pass | Kind::Map { .. } | Kind::Keyed { keys: None, .. });
                let ins = edges.iter().filter(|edge| edge.to.index() == inner).count();
                let copies = edges.iter().any(|edge| edge.to.index() == inner && edge.partition == Partition::Broadcast);
                if !is_plain || ins != 1 || copies {
                    let message = format!("{} is inside a loop and must send one record for each it gets", quoted(&specs[inner].name));
                    let help =
                        "inside a loop: pass, map, keyed_count, keyed_sum, latest and average without \"keys\", with one input".to_owned();
                    self.mistake(&pointer(&["operators", &specs[inner].name]), message, Some(help));
                }
            }
            let leaves = edges.iter().any(|edge| edge.from.index() == index && !behind[edge.to.index()]);
            if !leaves {
                self.mistake(&place, format!("records never leave the loop of {name}"), Some("add a channel out of it".to_owned()));
            }
        }
    }

    /// Names a cycle that no loop head closes: the barrier protocols need an order from sources to sinks.
    fn cycle(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        let is_back = back_edges(specs, edges);
        let mut graph = petgraph::graph::DiGraph::<usize, usize>::new();
        let nodes: Vec<_> = (0..specs.len()).map(|index| graph.add_node(index)).collect();
        for (number, edge) in edges.iter().enumerate().filter(|(number, _)| !is_back[*number]) {
            graph.add_edge(nodes[edge.from.index()], nodes[edge.to.index()], number);
        }
        let mut loops = petgraph::algo::tarjan_scc(&graph);
        loops.retain(|group| group.len() > 1 || graph.contains_edge(group[0], group[0]));
        for mut group in loops {
            group.sort();
            let members: Vec<&str> = group.iter().map(|node| specs[graph[*node]].name.as_str()).collect();
            let inside = |edge: &EdgeSpec| group.contains(&nodes[edge.from.index()]) && group.contains(&nodes[edge.to.index()]);
            let last = edges.iter().rposition(inside).expect("a cycle has a channel");
            let message = match members[..] {
                [alone] => format!("{} sends to itself", quoted(alone)),
                _ => format!("the channels between {} form a cycle that no loop head closes", members.join(", ")),
            };
            let help = "take one of them away, or let it lead to an operator of the kind \"iterate\"".to_owned();
            self.mistake(&format!("/channels/{last}"), message, Some(help));
        }
    }

    pub(super) fn sizes(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        let of = |id: OperatorId| u64::from(specs[id.index()].parallelism);
        let tasks: u64 = specs.iter().map(|spec| u64::from(spec.parallelism)).sum();
        if tasks > MAX_TASKS {
            self.mistake("/operators", format!("the operators have {tasks} tasks together; at most {MAX_TASKS}"), None);
        }
        let count = |edge: &EdgeSpec| if edge.partition == Partition::Forward { of(edge.to) } else { of(edge.from) * of(edge.to) };
        let channels: u64 = edges.iter().map(count).sum();
        if channels > MAX_CHANNELS {
            self.mistake("/channels", format!("these are {channels} channels between tasks; at most {MAX_CHANNELS}"), None);
        }
    }
}

/// By operator: whether it can be reached from `start`, or with `backwards` whether it reaches it.
fn reach(operators: usize, edges: &[EdgeSpec], start: usize, backwards: bool) -> Vec<bool> {
    let mut found = vec![false; operators];
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        for edge in edges {
            let (from, to) = (edge.from.index(), edge.to.index());
            let (from, to) = if backwards { (to, from) } else { (from, to) };
            if from == at && !std::mem::replace(&mut found[to], true) {
                open.push(to);
            }
        }
    }
    found
}
