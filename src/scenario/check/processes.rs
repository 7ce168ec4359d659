//! Graphs of processes: accounts, automata, their script and what is drawn for them.

use std::sync::Arc;

use super::{Checker, list, nearest, pointer};
use crate::engine::{EmitTimes, Initiation};
use crate::kernel::{Stream, Ticks};
use crate::model::{EdgeSpec, Kind, OperatorId, OperatorSpec, Plan, ReceiveRule, SendRule, Table, TaskId, Transfer};
use crate::oracle::Property;
use crate::scenario::format::{DetectFile, OperatorFile, RuleFile, ScriptFile, TransfersFile};
use crate::scenario::json::quoted;

/// Payments that are drawn from the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RandomTransfers {
    count: u32,
    every: Ticks,
    amount: u64,
}

/// What one process does on its own account, in order.
#[derive(Clone, Debug, Default)]
struct Plans {
    /// When, and for accounts what.
    steps: Vec<(Ticks, Transfer)>,
}

/// The script of all processes, before anything is drawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// By operator.
    plans: Vec<Plans>,
    pub initiations: Vec<Initiation>,
    pub random: Option<RandomTransfers>,
}

/// The place of the edge to `to` among those that leave `from`.
fn port(edges: &[EdgeSpec], from: usize, to: usize) -> Option<u32> {
    edges.iter().filter(|edge| edge.from.0 as usize == from).position(|edge| edge.to.0 as usize == to).map(|at| at as u32)
}

impl Checker<'_> {
    /// The lines of the script that can be read, each with its number.
    pub(super) fn script_entries(&self) -> Vec<(usize, ScriptFile)> {
        (0..self.length("/script")).filter_map(|at| Some((at, self.read(&format!("/script/{at}"))?))).collect()
    }

    /// Makes sense of the script; what it makes processes do is put into `specs` by [`Script::fill`].
    pub(super) fn script(&mut self, entries: &[(usize, ScriptFile)], specs: &[OperatorSpec], edges: &[EdgeSpec]) -> Script {
        let mut script = Script { plans: vec![Plans::default(); specs.len()], ..Script::default() };
        for (at, entry) in entries {
            let place = format!("/script/{at}");
            match entry {
                ScriptFile::Send(file) => {
                    let from =
                        self.process(specs, &format!("{place}/from"), &file.from, |kind| matches!(kind, Kind::Account { .. }), "account");
                    let to = self.process(specs, &format!("{place}/to"), &file.to, Kind::is_process, "process");
                    let time = file.at.ticks();
                    let (Some(from), Some(to)) = (from, to) else { continue };
                    match port(edges, from, to) {
                        Some(port) => script.plans[from].steps.push((time, Transfer { port, amount: file.send })),
                        None => self.no_channel(&format!("{place}/to"), &file.from, &file.to),
                    }
                }
                ScriptFile::Act(file) => {
                    let time = file.at.ticks();
                    let who =
                        self.process(specs, &format!("{place}/act"), &file.act, |kind| matches!(kind, Kind::Automaton(_)), "automaton");
                    if let Some(who) = who {
                        script.plans[who].steps.push((time, Transfer { port: 0, amount: 0 }));
                    }
                }
                ScriptFile::Snapshot(file) => {
                    let at = file.at.ticks();
                    let who = self.process(specs, &format!("{place}/snapshot"), &file.snapshot, Kind::is_process, "process");
                    if let Some(who) = who {
                        let after = script.plans[who].steps.iter().filter(|(time, _)| *time <= at).count() as u64;
                        // Processes have one task each, in the order of the operators.
                        script.initiations.push(Initiation { at, task: TaskId(who as u32), after });
                    }
                }
            }
        }
        script.plans.iter_mut().for_each(|plan| plan.steps.sort_by_key(|(at, _)| *at));
        script
    }

    /// Payments that are drawn from the seed.
    pub(super) fn random_transfers(&mut self, specs: &[OperatorSpec]) -> Option<RandomTransfers> {
        let random = self.read::<TransfersFile>("/transfers").map(|file| RandomTransfers {
            count: file.count,
            every: file.every.ticks(),
            amount: file.amount,
        });
        if random.is_some() && self.knows_all() && !specs.iter().any(|spec| matches!(spec.kind, Kind::Account { .. })) {
            self.mistake("/transfers", "there is no account that could pay", None);
        }
        random
    }

    fn no_channel(&mut self, place: &str, from: &str, to: &str) {
        if !self.has_all_channels {
            return;
        }
        let help = format!("add a channel {{\"from\": \"{from}\", \"to\": \"{to}\"}}");
        self.mistake(place, format!("there is no channel from {} to {}", quoted(from), quoted(to)), Some(help));
    }

    fn process(&mut self, specs: &[OperatorSpec], place: &str, name: &str, is_it: fn(&Kind) -> bool, what: &str) -> Option<usize> {
        let found = specs.iter().position(|spec| spec.name == name && is_it(&spec.kind));
        if found.is_none() && self.knows(name) {
            let names = || specs.iter().filter(|spec| is_it(&spec.kind)).map(|spec| spec.name.as_str());
            let help = nearest(name, names()).unwrap_or_else(|| list(names()));
            self.mistake(place, format!("there is no {what} {}", quoted(name)), Some(help));
        }
        found
    }

    /// Makes the tables of all automata; message numbers are the same for all.
    pub(super) fn tables(&mut self, specs: &mut [OperatorSpec], edges: &[EdgeSpec]) {
        let files: Vec<Option<(String, Vec<RuleFile>)>> = specs
            .iter()
            .map(|spec| match self.read(&pointer(&["operators", &spec.name])) {
                Some(OperatorFile::Automaton { starts, rules, .. }) => Some((starts, rules)),
                _ => None,
            })
            .collect();
        let mut messages: Vec<String> = files.iter().flatten().flat_map(|(_, rules)| rules).filter_map(|rule| rule.send.clone()).collect();
        messages.sort();
        messages.dedup();
        for (at, file) in files.into_iter().enumerate() {
            if let Some((starts, rules)) = file {
                let table = self.table(specs, edges, at, starts, &rules, &messages);
                specs[at].kind = Kind::Automaton(Arc::new(table));
            }
        }
    }

    fn table(
        &mut self,
        specs: &[OperatorSpec],
        edges: &[EdgeSpec],
        at: usize,
        starts: String,
        rules: &[RuleFile],
        messages: &[String],
    ) -> Table {
        let mut table = Table { states: vec![starts], messages: messages.to_vec(), ..Table::default() };
        let number = |states: &mut Vec<String>, name: &String| match states.iter().position(|state| state == name) {
            Some(at) => at as u32,
            None => {
                states.push(name.clone());
                states.len() as u32 - 1
            }
        };
        let message = |name: &String| messages.iter().position(|message| message == name).map(|at| at as u64);
        for (n, rule) in rules.iter().enumerate() {
            let place = format!("{}/{n}", pointer(&["operators", &specs[at].name, "rules"]));
            let (state, then) = (number(&mut table.states, &rule.state), number(&mut table.states, &rule.then));
            match (&rule.send, &rule.to, &rule.receive) {
                (Some(name), Some(to), None) => {
                    let Some(to) = self.process(specs, &format!("{place}/to"), to, Kind::is_process, "process") else { continue };
                    match port(edges, at, to) {
                        Some(port) => table.sends.push(SendRule { state, message: message(name).unwrap_or(0), port, then }),
                        None => self.no_channel(&format!("{place}/to"), &specs[at].name, &specs[to].name),
                    }
                }
                (None, None, Some(name)) => match message(name) {
                    Some(message) => table.receives.push(ReceiveRule { state, message, then }),
                    None if !self.are_rules_certain(specs.iter().map(|spec| spec.name.as_str())) => {}
                    None => {
                        let sent = || messages.iter().map(String::as_str);
                        let help = nearest(name, sent()).unwrap_or_else(|| list(sent()));
                        self.mistake(&format!("{place}/receive"), format!("nobody sends {}", quoted(name)), Some(help));
                    }
                },
                _ if !self.file.is_certain(&place) => {}
                _ => self.mistake(&place, "a rule needs either \"send\" and \"to\", or \"receive\"", None),
            }
        }
        table
    }

    /// Whether all that automata send and can become is known.
    fn are_rules_certain<'n>(&self, mut operators: impl Iterator<Item = &'n str>) -> bool {
        let is_certain =
            |name: &str| ["kind", "starts", "rules"].iter().all(|field| self.file.is_certain(&pointer(&["operators", name, field])));
        !self.file.is_doubtful("/operators") && operators.all(is_certain)
    }

    /// The property that snapshots are taken to find.
    pub(super) fn property(&mut self, plan: &Plan) -> Option<Property> {
        let file: DetectFile = self.read("/detect")?;
        let state = |task: TaskId| match plan.kind(task) {
            Kind::Automaton(table) => table.states.iter().position(|name| *name == file.everybody).map(|at| at as u64),
            _ => None,
        };
        let states: Vec<Option<u64>> = plan.tasks().ids().map(state).collect();
        let names = plan.operators().iter().map(|operator| &*operator.name);
        if states.iter().all(Option::is_none) && self.are_rules_certain(names) {
            let names = plan.operators().iter().filter_map(|operator| match &operator.kind {
                Kind::Automaton(table) => Some(table.states.iter().map(String::as_str)),
                _ => None,
            });
            let names: Vec<&str> = names.flatten().collect();
            let help = nearest(&file.everybody, names.iter().copied()).unwrap_or_else(|| list(names.iter().copied()));
            self.mistake("/detect/everybody", format!("no process has a state {}", quoted(&file.everybody)), Some(help));
        }
        Some(Property(states))
    }

    /// What a graph of processes must be like, and what only such a graph may have.
    pub(super) fn processes(&mut self, specs: &[OperatorSpec]) {
        let is_process = |spec: &&OperatorSpec| spec.kind.is_process();
        if !specs.iter().any(|spec| spec.kind.is_process()) {
            for section in ["script", "transfers", "detect"] {
                if self.file.root.at(&format!("/{section}")).is_some() {
                    let help = "processes are operators of the kinds \"account\" and \"automaton\"".to_owned();
                    self.mistake(&format!("/{section}"), format!("\"{section}\" is for graphs of processes, and this is none"), Some(help));
                }
            }
            return;
        }
        for spec in specs.iter().filter(|spec| !is_process(spec)) {
            let help = "a graph has either processes or sources, operators and sinks".to_owned();
            self.mistake(&pointer(&["operators", &spec.name]), format!("{} is no process", quoted(&spec.name)), Some(help));
        }
        for spec in specs.iter().filter(is_process).filter(|spec| spec.parallelism > 1) {
            self.mistake(&pointer(&["operators", &spec.name, "parallelism"]), "a process is one task", None);
        }
    }
}

impl Script {
    /// Puts what processes do into their specifications and returns when they do it, by operator.
    pub fn fill(&self, specs: &mut [OperatorSpec], edges: &[EdgeSpec], seed: u64) -> Vec<EmitTimes> {
        specs.iter_mut().enumerate().map(|(at, spec)| self.fill_one(at, spec, edges, seed)).collect()
    }

    fn fill_one(&self, at: usize, spec: &mut OperatorSpec, edges: &[EdgeSpec], seed: u64) -> EmitTimes {
        let mut steps = self.plans[at].steps.clone();
        match &mut spec.kind {
            Kind::Account { transfers, .. } => {
                let ports = edges.iter().filter(|edge| edge.from == OperatorId(at as u32)).count() as u64;
                if let (Some(random), true) = (self.random, ports > 0) {
                    steps.extend(random.draw(ports, Stream::named(seed, &format!("transfers/{}", spec.name))));
                    steps.sort_by_key(|(at, _)| *at);
                }
                *transfers = steps.iter().map(|(_, transfer)| *transfer).collect();
            }
            Kind::Automaton(table) => Arc::make_mut(table).acts = steps.len() as u32,
            _ => {}
        }
        EmitTimes::At(steps.into_iter().map(|(at, _)| at).collect())
    }
}

impl RandomTransfers {
    fn draw(self, ports: u64, mut stream: Stream) -> Vec<(Ticks, Transfer)> {
        let mut at = Ticks::ZERO;
        let mut next = |_| {
            at = Ticks(at.0.saturating_add(stream.exponential(self.every.0)));
            let port = stream.below(ports) as u32;
            (at, Transfer { port, amount: 1 + stream.below(self.amount) })
        };
        (0..self.count).map(&mut next).collect()
    }
}
