//! Swarm: every run of a campaign has a small scenario of its own, drawn from its number.
//!
//! On a straight line with one crash a third of the known bugs are impossible, so graphs, protocol
//! options and faults are switched on and off from scenario to scenario (Groce et al. 2012).

mod dataflow;
mod draft;
mod processes;
mod rules;

use std::sync::Arc;

use serde_json::Value;

use self::draft::Draft;
use super::walk::Spice;
use crate::engine::Control;
use crate::kernel::Stream;
use crate::protocol::ProtocolKind;
use crate::scenario::{Groundwork, RulesFile, Scenario};

/// A scenario and how walks go through it.
#[derive(Clone, Debug)]
pub struct Shape {
    origin: Origin,
    /// The scenario, without faults: those come with each walk.
    pub scenario: Scenario,
    /// Which control steps walks order.
    pub control: Control,
    /// What may go wrong.
    pub spice: Spice,
}

/// What a scenario was made of.
#[derive(Clone, Debug)]
enum Origin {
    Given(Value),
    Drawn(Arc<Groundwork>, Box<RulesFile>),
}

impl Shape {
    pub(super) fn given(file: Value, scenario: Scenario, control: Control, spice: Spice) -> Shape {
        Shape { origin: Origin::Given(file), scenario, control, spice }
    }

    /// A fingerprint of the file; of a given one nothing.
    pub(super) fn print(&self) -> Option<u64> {
        match &self.origin {
            Origin::Given(_) => None,
            Origin::Drawn(ground, rules) => Some(ground.print(rules)),
        }
    }

    /// The scenario as a file: few of those that are drawn are ever asked for it.
    pub fn file(&self) -> Value {
        match &self.origin {
            Origin::Given(file) => file.clone(),
            Origin::Drawn(ground, rules) => ground.file(rules),
        }
    }
}

/// So many shapes share a dataflow: to check it, lay it out and evaluate it costs several times as much as what else
/// a shape is.
pub(super) const MEMBERS: u64 = 4;

/// What is drawn together, because a bug needs all of it: chances that are drawn one by one meet too seldom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    /// Whatever chance brings together.
    Anything,
    /// Word of completions that two-phase sinks get twice and late.
    Notices,
    /// Snapshots that fail between others that do not, and a job that bears some of it.
    Failures,
    /// Sources that are gone while snapshots are under way.
    Ends,
    /// So many snapshots that a number of them no longer fits four bits.
    Many,
}

const THEMES: [(u64, Theme); 5] = [(71, Theme::Anything), (8, Theme::Notices), (7, Theme::Failures), (9, Theme::Ends), (5, Theme::Many)];

/// Shapes that share a protocol, and a dataflow if it is one.
#[derive(Clone, Debug)]
pub(super) struct Family {
    seed: u64,
    number: u64,
    protocol: ProtocolKind,
    theme: Theme,
    /// The graph; none where each shape has its own.
    ground: Option<Arc<Groundwork>>,
}

impl Family {
    /// The `number`th family of a campaign under one of `protocols`.
    pub fn draw(seed: u64, number: u64, protocols: &[ProtocolKind]) -> Family {
        let mut stream = Stream::numbered(seed, "graph", number);
        let stream = &mut stream;
        let protocol = protocols[stream.below(protocols.len() as u64) as usize];
        let theme = pick(stream, &THEMES);
        // There is next to nothing to vary in the rules of processes.
        let ground = match protocol.is_classic() && chance(stream, 60) {
            true => None,
            false => {
                let has_loop = protocol == ProtocolKind::AlignedCyclic && chance(stream, 80);
                Some(lay_out(dataflow::draw(protocol, has_loop, theme, stream)))
            }
        };
        Family { seed, number, protocol, theme, ground }
    }

    /// One of its shapes, by a number below [`MEMBERS`].
    pub fn member(&self, member: u64) -> Shape {
        let mut stream = Stream::numbered(self.seed, "shape", self.number * MEMBERS + member);
        let stream = &mut stream;
        let ground = self.ground.clone().unwrap_or_else(|| lay_out(processes::draw(self.protocol, stream)));
        let (rules, spice) = rules::draw(ground.plan(), self.protocol, self.theme, stream);
        let scenario = ground.scenario(&rules).unwrap_or_else(|mistakes| panic!("drawn rules are valid: {mistakes:?}\n{rules:?}"));
        let mut control = control(stream);
        let finishes = ground.plan().operators().iter().any(|operator| operator.kind.finishes());
        if self.theme == Theme::Failures {
            // What happens at once cannot fail.
            control = control.with(Control::UPLOADS);
        }
        if self.theme == Theme::Notices || finishes && chance(stream, 60) {
            // Word of a completion that comes late: a source takes part in more before it is gone.
            control = control.with(Control::NOTICES);
        }
        Shape { origin: Origin::Drawn(ground, rules.into()), scenario, control, spice }
    }
}

fn lay_out(draft: Draft) -> Arc<Groundwork> {
    Arc::new(Groundwork::new(draft.file).unwrap_or_else(|mistakes| panic!("a drawn graph is valid: {mistakes:?}")))
}

/// The `number`th shape of a campaign under one of `protocols`.
pub fn shape(seed: u64, number: u64, protocols: &[ProtocolKind]) -> Shape {
    Family::draw(seed, number / MEMBERS, protocols).member(number % MEMBERS)
}

pub(super) fn control(stream: &mut Stream) -> Control {
    match stream.below(10) {
        0..5 => Control::INSTANT,
        5..8 => {
            let kinds = Control::KINDS.iter().filter(|_| stream.below(2) == 0);
            kinds.fold(Control::INSTANT, |control, (kind, _)| control.with(*kind))
        }
        _ => Control::CHANNEL,
    }
}

/// Draws from weighted choices.
fn pick<T: Copy>(stream: &mut Stream, choices: &[(u64, T)]) -> T {
    let total = choices.iter().map(|(weight, _)| weight).sum();
    let mut at = stream.below(total);
    for &(weight, choice) in choices {
        if at < weight {
            return choice;
        }
        at -= weight;
    }
    unreachable!("less than the total")
}

fn chance(stream: &mut Stream, percent: u64) -> bool {
    stream.below(100) < percent
}

#[cfg(test)]
mod tests;
