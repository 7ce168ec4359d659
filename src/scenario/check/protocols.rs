//! Which protocols a scenario can run under, and which of them a comparison shows.

use super::Scenario;
use crate::kernel::Ticks;
use crate::protocol::ProtocolKind;

impl Scenario {
    /// Why the scenario cannot run under a protocol: its file would be refused if it named that one.
    pub fn refusal(&self, protocol: ProtocolKind) -> Option<&'static str> {
        if self.setup.plan.has_processes() && !protocol.is_classic() {
            return Some("it needs a dataflow from sources to sinks, and this is a graph of processes");
        }
        let lacks_budget = protocol == ProtocolKind::AlignedTimeout && self.timing.budget == Ticks::NEVER;
        lacks_budget.then_some("it needs an \"alignment_timeout\" in \"snapshots\"")
    }

    /// What speaks against a protocol on such a graph: the scenario cannot run under it, or it cannot complete
    /// a snapshot, or another one is the same.
    fn objection(&self, protocol: ProtocolKind) -> Option<&'static str> {
        let plan = &self.setup.plan;
        let has_loops = plan.edges().iter().any(|edge| edge.is_back);
        let reason = match protocol {
            ProtocolKind::None => Some("it takes no snapshots"),
            ProtocolKind::NoMarkers if !plan.has_processes() => Some("it is wrong on purpose, for graphs of processes"),
            ProtocolKind::ChandyLamport | ProtocolKind::LaiYang | ProtocolKind::NoMarkers => None,
            ProtocolKind::AlignedCyclic => (!has_loops).then_some("without a loop it does what aligned does"),
            // Aligning on a back edge never ends (Y4).
            _ => has_loops.then_some("it cannot complete a snapshot of a loop"),
        };
        self.refusal(protocol).or(reason)
    }

    /// The protocols that make sense on such a graph, in the order of the registry: those that can
    /// complete a snapshot of it, and for processes the wrong one too.
    pub fn protocols(&self) -> Vec<ProtocolKind> {
        ProtocolKind::ALL.into_iter().filter(|&protocol| self.objection(protocol).is_none()).collect()
    }

    /// The others, each with the reason.
    pub fn protocols_left_out(&self) -> Vec<(ProtocolKind, &'static str)> {
        ProtocolKind::ALL.into_iter().filter_map(|protocol| Some((protocol, self.objection(protocol)?))).collect()
    }
}
