//! The graph: operators, channels, and what both are together.

mod bound;
mod channels;
mod operators;
mod promises;
mod records;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::channels::Ways;
use self::operators::Draft;
use super::processes::Script;
use super::{Checker, Read, no_files, pointer};
use crate::engine::{EmitTimes, Initiation, Timing};
use crate::kernel::{Id, Ticks};
use crate::model::{Dictionary, EdgeSpec, Fold, Kind, OperatorId, OperatorSpec, Partition, Plan};
use crate::scenario::format::{ChannelFile, MAX_PARALLELISM, OperatorFile, ScriptFile};

/// The part of a file that says what the graph is.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct GraphFile {
    /// By name.
    pub operators: BTreeMap<String, OperatorFile>,
    pub channels: Vec<ChannelFile>,
    pub script: Vec<ScriptFile>,
}

/// A valid graph and its operators' and channels' times.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub plan: Plan,
    emit: Vec<EmitTimes>,
    ways: Ways,
    /// Where there are processes.
    pub processes: Option<Arc<Processes>>,
    initiations: Vec<Initiation>,
}

/// A graph of processes before anything is drawn for them.
#[derive(Debug)]
pub(super) struct Processes {
    specs: Vec<OperatorSpec>,
    edges: Vec<EdgeSpec>,
    script: Script,
}

impl Processes {
    /// The graph under a seed, and when its processes do what they do.
    pub fn lay_out(&self, seed: u64) -> (Plan, Vec<EmitTimes>) {
        let mut specs = self.specs.clone();
        let emit = self.script.fill(&mut specs, &self.edges, seed);
        let plan = Plan::build(specs, self.edges.clone(), Dictionary::default()).expect("it was laid out before, under another seed");
        (plan, emit)
    }
}

/// What is known of a graph before it is laid out.
struct Draught {
    specs: Vec<OperatorSpec>,
    edges: Vec<EdgeSpec>,
    dictionary: Dictionary,
    emit: Vec<EmitTimes>,
    ways: Ways,
    script: Script,
}

impl Checker<'_> {
    /// The graph as far as it can be made out: what is wrong in one operator or channel does not
    /// hide mistakes elsewhere. Where anything is, the result serves only to look names up.
    pub(super) fn graph(&mut self, read: Read<'_>, seed: u64) -> Option<Graph> {
        let names = self.keys("/operators");
        let mut dictionary = Dictionary::default();
        let (mut specs, emit): (Vec<_>, Vec<_>) = names.iter().map(|name| self.operator(name, &mut dictionary, read)).unzip();
        let before = self.mistakes.len();
        let channels = self.channels(&names);
        let (edges, ways) = self.edges(&specs, &channels);
        let is_certain = self.has_all_channels && self.knows_all();
        if is_certain {
            self.form(&specs, &edges);
        }
        self.tables(&mut specs, &edges);
        let entries = self.script_entries();
        let mut script = self.script(&entries, &specs, &edges);
        script.random = self.random_transfers(&specs);
        let is_right = is_certain && self.mistakes.len() == before;
        self.lay_out(Draught { specs, edges, dictionary, emit, ways, script }, is_right, seed)
    }

    /// A graph that somebody drew; nothing where it is wrong.
    pub(super) fn drawn_graph(&mut self, file: &GraphFile) -> Option<Graph> {
        let mut dictionary = Dictionary::default();
        let operators = file.operators.iter().map(|(name, file)| self.drawn_operator(Draft { name, file }, &mut dictionary));
        let (specs, emit): (Vec<_>, Vec<_>) = operators.unzip();
        let channels: Vec<_> = file.channels.iter().cloned().enumerate().collect();
        let (edges, ways) = self.edges(&specs, &channels);
        self.form(&specs, &edges);
        let script: Vec<_> = file.script.iter().cloned().enumerate().collect();
        let script = self.script(&script, &specs, &edges);
        let is_right = self.mistakes.is_empty();
        self.lay_out(Draught { specs, edges, dictionary, emit, ways, script }, is_right, 0).filter(|_| self.mistakes.is_empty())
    }

    /// What a graph must be like as a whole.
    fn form(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        self.processes(specs);
        self.degrees(specs, edges);
        self.sizes(specs, edges);
    }

    fn lay_out(&mut self, draught: Draught, is_right: bool, seed: u64) -> Option<Graph> {
        let Draught { mut specs, mut edges, dictionary, emit, ways, script } = draught;
        if is_right && specs.iter().any(|spec| spec.kind.is_process()) {
            let processes = Processes { specs, edges, script };
            let (plan, emit) = processes.lay_out(seed);
            self.has_graph = true;
            let initiations = processes.script.initiations.clone();
            return Some(Graph { plan, emit, ways, processes: Some(Arc::new(processes)), initiations });
        }
        let before = self.mistakes.len();
        if is_right {
            self.finish_kinds(&mut specs, &edges, &dictionary);
            self.stuff(&specs, &edges);
            self.volumes(&specs, &edges);
        }
        self.has_graph = is_right && self.mistakes.len() == before;
        if self.has_graph {
            match Plan::build(specs.clone(), edges.clone(), dictionary.clone()) {
                Ok(plan) => return Some(Graph { plan, emit, ways, processes: None, initiations: Vec::new() }),
                Err(error) => self.mistake("/operators", error.to_string(), None),
            }
        }
        for_names_alone(&mut specs, &mut edges);
        Plan::build(specs, edges, dictionary).ok().map(|plan| Graph { plan, emit, ways, processes: None, initiations: Vec::new() })
    }

    /// One operator. Where its kind or how many tasks it has is not certain, nothing but its name counts.
    fn operator(&mut self, name: &str, dictionary: &mut Dictionary, read: Read<'_>) -> (OperatorSpec, EmitTimes) {
        self.operator_name(name);
        let place = |field: &str| pointer(&["operators", name, field]);
        let is_certain = ["kind", "parallelism"].iter().all(|field| self.file.is_certain(&place(field)));
        let file: Option<OperatorFile> =
            if self.file.is_certain(&place("kind")) { self.read(&pointer(&["operators", name])) } else { None };
        let draft = file.as_ref().map(|file| Draft { name, file });
        self.unknown.extend((draft.is_none() || !is_certain).then(|| name.to_owned()));
        let kind = draft.map_or(Kind::Pass, |draft| self.kind(draft, dictionary, read));
        let emit = draft.map_or(EmitTimes::Every { start: Ticks::ZERO, every: Ticks::ZERO }, |draft| self.emit_times(draft));
        let parallelism: Option<u32> = self.read(&place("parallelism"));
        let parallelism = parallelism.unwrap_or(1).clamp(1, MAX_PARALLELISM as u32);
        (OperatorSpec { name: name.to_owned(), kind, parallelism }, emit)
    }

    fn drawn_operator(&mut self, draft: Draft<'_>, dictionary: &mut Dictionary) -> (OperatorSpec, EmitTimes) {
        let kind = self.kind(draft, dictionary, &no_files);
        let spec = OperatorSpec { name: draft.name.to_owned(), kind, parallelism: draft.file.common().parallelism };
        (spec, self.emit_times(draft))
    }
}

/// What names can be looked up in where the graph is wrong: one task stands for many, and channels
/// that make no sense are left out.
fn for_names_alone(specs: &mut [OperatorSpec], edges: &mut Vec<EdgeSpec>) {
    specs.iter_mut().for_each(|spec| spec.parallelism = spec.parallelism.min(100_000));
    let of = |id: OperatorId| specs[id.index()].parallelism;
    edges.retain(|edge| {
        edge.from < edge.to && u64::from(of(edge.from)) * u64::from(of(edge.to)) < 10_000 && edge.partition != Partition::Forward
    });
    edges.iter_mut().for_each(|edge| edge.partition = Partition::Rebalance);
    // The head of a loop without the loop: it keeps a state, too.
    let heads = specs.iter_mut().filter(|spec| matches!(spec.kind, Kind::Iterate { .. }));
    heads.for_each(|spec| spec.kind = Kind::Keyed { keys: None, fold: Fold::Count });
}

impl Graph {
    /// Hands the graph's times over.
    pub fn put_times(&self, timing: &mut Timing) {
        timing.delays.clone_from(&self.ways.delays);
        timing.listed.clone_from(&self.ways.listed);
        timing.initiations.clone_from(&self.initiations);
        for (operator, emit) in timing.operators.iter_mut().zip(&self.emit) {
            operator.emit.clone_from(emit);
        }
    }
}
