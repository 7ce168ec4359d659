//! What is promised, and where.

use super::Graph;
use crate::kernel::Id;
use crate::model::{Commit, Kind, Operator, OperatorId, Plan};
use crate::oracle::Promise;
use crate::protocol::{Guarantee, ProtocolKind, Settings};

impl Graph {
    /// What protocol, sources and sinks promise together, at every stateful operator and sink.
    pub fn promises(plan: &Plan, protocol: ProtocolKind, settings: &Settings) -> Vec<Promise> {
        let (read, accumulated) = (read_again(plan), accumulated(plan));
        let state = protocol.claims().state;
        let promise = |(id, operator): (OperatorId, &Operator)| {
            let arriving = match operator.kind {
                // The same values are written again, and nobody sees it.
                Kind::Sink { commit } if commit.absorbs() && !accumulated[id.index()] => state.absorbed(),
                _ => state,
            };
            let at_sink = match operator.kind {
                Kind::Sink { commit: Commit::Plain | Commit::Additive } => Guarantee::AtLeastOnce,
                // What comes last is never known to be complete.
                Kind::Sink { commit: Commit::TwoPhase } if !commits_all(plan, settings) => Guarantee::AtMostOnce,
                _ => Guarantee::ExactlyOnce,
            };
            Promise { operator: id, guarantee: arriving.and(read[id.index()]).and(at_sink) }
        };
        let is_place = |(_, operator): &(OperatorId, &Operator)| operator.kind.is_stateful() || operator.kind.is_sink();
        plan.operators().pairs().filter(is_place).map(promise).collect()
    }
}

/// By operator: what the sources that it gets its records from make possible.
fn read_again(plan: &Plan) -> Vec<Guarantee> {
    let mut upstream = vec![Guarantee::ExactlyOnce; plan.operators().len()];
    for &id in plan.topological() {
        if let Kind::Source { replayable: false, .. } = plan.operators()[id].kind {
            upstream[id.index()] = Guarantee::AtMostOnce;
        }
        for edge in plan.edges().iter().filter(|edge| edge.from == id) {
            upstream[edge.to.index()] = upstream[edge.to.index()].and(upstream[id.index()]);
        }
    }
    upstream
}

/// By operator: whether values there hang on what was counted before, and so on how often that was counted.
fn accumulated(plan: &Plan) -> Vec<bool> {
    let mut found: Vec<bool> = plan.operators().iter().map(|operator| operator.kind.accumulates()).collect();
    while let Some(edge) = plan.edges().iter().find(|edge| found[edge.from.index()] && !found[edge.to.index()]) {
        found[edge.to.index()] = true;
    }
    found
}

/// Whether a checkpoint follows the last record, so that a sink can commit it.
fn commits_all(plan: &Plan, settings: &Settings) -> bool {
    let finishes = plan.operators().iter().any(|operator| operator.kind.finishes());
    settings.enabled && settings.final_checkpoint && (settings.after_end || !finishes)
}
