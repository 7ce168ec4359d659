//! Operators and channels.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::processes::Script;
use super::{Checker, Read, list, nearest, pointer};
use crate::engine::{EmitTimes, Fault, Initiation, OperatorTiming, Timing};
use crate::kernel::{Delay, Id, Ticks};
use crate::model::{Commit, Dictionary, EdgeSpec, Kind, OperatorId, OperatorSpec, Partition, Plan, Table, back_edges};
use crate::oracle::Promise;
use crate::protocol::{Guarantee, ProtocolKind, Settings};
use crate::scenario::format::{ChannelFile, CommitFile, MAX_PARALLELISM, OperatorFile, OrderFile, PartitionFile};
use crate::scenario::json::quoted;

/// The most tasks and channels of a whole graph.
const MAX_TASKS: u64 = 2_000_000;
const MAX_CHANNELS: u64 = 8_000_000;
/// The most different keys of a keyed operator.
const MAX_KEYS: u64 = 1_000_000;

/// A valid graph and its operators' and channels' times.
pub(super) struct Graph {
    pub plan: Plan,
    emit: Vec<EmitTimes>,
    ways: Ways,
    /// Where there are processes.
    pub processes: Option<Arc<Processes>>,
    initiations: Vec<Initiation>,
}

/// The times of all channels, edge by edge.
#[derive(Default)]
struct Ways {
    delays: Vec<Delay>,
    listed: BTreeMap<u32, Vec<Ticks>>,
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

/// The most tokens of one account.
const MAX_TOKENS: u64 = 1 << 40;

/// The most records that any operator may send: each has a byte in every place that counts it.
const MAX_VOLUME: u128 = 1 << 27;

/// What the records on an edge are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stuff {
    /// Numbers from a source, with the largest key.
    Numbers(u64),
    Lines,
    Words,
    /// Values that depend on the order of arrival, with the largest key.
    Results(u64),
}

struct Draft {
    name: String,
    file: OperatorFile,
}

impl Checker<'_> {
    /// The graph as far as it can be made out: what is wrong in one operator or channel does not
    /// hide mistakes elsewhere. Where anything is, the result serves only to look names up.
    pub(super) fn graph(&mut self, read: Read<'_>, seed: u64) -> Option<Graph> {
        let names = self.keys("/operators");
        names.iter().for_each(|name| self.operator_name(name));
        let mut dictionary = Dictionary::default();
        let (mut specs, mut emit) = (Vec::new(), Vec::new());
        for name in &names {
            let draft = self.draft(name);
            let (kind, parallelism) = match &draft {
                Some(draft) => (self.kind(draft, &mut dictionary, read), draft.file.common().parallelism),
                None => (Kind::Pass, self.read(&pointer(&["operators", name, "parallelism"])).unwrap_or(1)),
            };
            emit.push(draft.as_ref().map_or(EmitTimes::Every { start: Ticks::ZERO, every: Ticks::ZERO }, |draft| self.emit_times(draft)));
            self.unknown.extend(draft.is_none().then(|| (*name).to_owned()));
            specs.push(OperatorSpec { name: (*name).to_owned(), kind, parallelism: parallelism.clamp(1, MAX_PARALLELISM as u32) });
        }
        let (channels, is_whole) = self.channels(&names);
        let (mut edges, ways) = self.edges(&specs, &channels);
        self.has_all_channels = is_whole;
        if is_whole && self.unknown.is_empty() && self.root.at("/operators").is_some() {
            self.processes(&specs);
            self.degrees(&specs, &edges);
            self.sizes(&specs, &edges);
        }
        self.tables(&mut specs, &edges);
        let script = self.script(&specs, &edges);
        if self.mistakes.is_empty() && specs.iter().any(|spec| spec.kind.is_process()) {
            let processes = Processes { specs, edges, script };
            let (plan, emit) = processes.lay_out(seed);
            let initiations = processes.script.initiations.clone();
            return Some(Graph { plan, emit, ways, processes: Some(Arc::new(processes)), initiations });
        }
        if self.mistakes.is_empty() {
            self.finish_kinds(&mut specs, &edges, &dictionary);
            self.stuff(&specs, &edges);
            self.volumes(&specs, &edges);
        }
        if self.mistakes.is_empty() {
            match Plan::build(specs.clone(), edges.clone(), dictionary.clone()) {
                Ok(plan) => return Some(Graph { plan, emit, ways, processes: None, initiations: Vec::new() }),
                Err(error) => self.mistake("/operators", error.to_string(), None),
            }
        }
        // For names alone one task stands for many, and channels that make no sense are left out.
        specs.iter_mut().for_each(|spec| spec.parallelism = spec.parallelism.min(100_000));
        let of = |id: OperatorId| specs[id.index()].parallelism;
        edges.retain(|edge| {
            edge.from < edge.to && u64::from(of(edge.from)) * u64::from(of(edge.to)) < 10_000 && edge.partition != Partition::Forward
        });
        edges.iter_mut().for_each(|edge| edge.partition = Partition::Rebalance);
        specs.iter_mut().filter(|spec| matches!(spec.kind, Kind::Iterate { .. })).for_each(|spec| spec.kind = Kind::Pass);
        Plan::build(specs, edges, dictionary).ok().map(|plan| Graph { plan, emit, ways, processes: None, initiations: Vec::new() })
    }

    fn operator_name(&mut self, name: &str) {
        let is_odd = |c: char| c.is_control() || "[]#+>/,\"".contains(c);
        if name.is_empty() || name.contains(is_odd) || name == "coordinator" {
            let at = pointer(&["operators", name]);
            let help = "use letters, digits, - and _; \"coordinator\" is taken".to_owned();
            self.mistake(&at, format!("\"{}\" cannot be an operator's name", name.escape_debug()), Some(help));
        }
    }

    fn draft(&mut self, name: &str) -> Option<Draft> {
        let file = self.read(&pointer(&["operators", name]))?;
        Some(Draft { name: name.to_owned(), file })
    }

    fn channels(&mut self, names: &[&str]) -> (Vec<(usize, ChannelFile)>, bool) {
        let mut channels = Vec::new();
        let mut is_whole = true;
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for at in 0..self.length("/channels") {
            let place = format!("/channels/{at}");
            let Some(channel) = self.read::<ChannelFile>(&place) else {
                is_whole = false;
                continue;
            };
            let before = self.mistakes.len();
            for (field, name) in [("from", &channel.from), ("to", &channel.to)] {
                if !names.contains(&name.as_str()) {
                    let help = nearest(name, names.iter().copied()).unwrap_or_else(|| list(names.iter().copied()));
                    self.mistake(&format!("{place}/{field}"), format!("there is no operator {}", quoted(name)), Some(help));
                }
            }
            if seen.insert((channel.from.clone(), channel.to.clone()), at).is_some() {
                let message = format!("there is a second channel from {} to {}", quoted(&channel.from), quoted(&channel.to));
                self.mistake(&place, message, Some("take one of them away".to_owned()));
            }
            is_whole &= self.mistakes.len() == before;
            channels.push((at, channel));
        }
        (channels, is_whole)
    }

    fn kind(&mut self, draft: &Draft, dictionary: &mut Dictionary, read: Read<'_>) -> Kind {
        match draft.file {
            OperatorFile::Source { .. } => self.source(draft, dictionary, read),
            OperatorFile::Pass { .. } => Kind::Pass,
            OperatorFile::Union { .. } => Kind::Union,
            OperatorFile::Map { multiply, add, .. } => Kind::Map { multiply: multiply.unwrap_or(1), add: add.unwrap_or(0) },
            OperatorFile::Filter { modulo, remainder, .. } => {
                if modulo > 0 && remainder >= modulo {
                    let at = pointer(&["operators", &draft.name, "remainder"]);
                    self.mistake(&at, format!("no number leaves remainder {remainder} when divided by {modulo}"), None);
                }
                Kind::Filter { modulo: modulo.max(1), remainder }
            }
            OperatorFile::FlatMap { copies, .. } => Kind::FlatMap { fan: copies, split: false },
            OperatorFile::SplitWords { .. } => Kind::FlatMap { fan: 0, split: true },
            OperatorFile::KeyedCount { keys, .. } => Kind::KeyedCount { keys },
            OperatorFile::KeyedSum { keys, .. } => Kind::KeyedSum { keys },
            OperatorFile::Join { keys, .. } => Kind::Join { keys, left: 0 },
            OperatorFile::Iterate { rounds, .. } => Kind::Iterate { rounds: rounds.max(1) },
            OperatorFile::Account { tokens, .. } => Kind::Account { tokens: self.tokens(draft, tokens), transfers: Arc::new([]) },
            OperatorFile::Automaton { .. } => Kind::Automaton(Arc::new(Table::default())),
            OperatorFile::Sink { commit, .. } => Kind::Sink {
                commit: match commit {
                    CommitFile::Plain => Commit::Plain,
                    CommitFile::Idempotent => Commit::Idempotent,
                    CommitFile::TwoPhase => Commit::TwoPhase,
                },
            },
        }
    }

    /// All tokens together have to fit a number.
    fn tokens(&mut self, draft: &Draft, tokens: u64) -> u64 {
        if tokens > MAX_TOKENS {
            let at = pointer(&["operators", &draft.name, "tokens"]);
            self.mistake(&at, format!("{tokens} tokens are too many; at most {MAX_TOKENS}"), None);
        }
        tokens.min(MAX_TOKENS)
    }

    fn source(&mut self, draft: &Draft, dictionary: &mut Dictionary, read: Read<'_>) -> Kind {
        let OperatorFile::Source { records, file, at, every, start, replayable, finishes, .. } = &draft.file else {
            unreachable!("called for sources")
        };
        let place = |field: &str| pointer(&["operators", &draft.name, field]);
        let (replayable, finishes) = (replayable.unwrap_or(true), finishes.unwrap_or(false));
        if at.is_some() && (every.is_some() || start.is_some()) {
            self.mistake(&place("at"), "\"at\" cannot be combined with \"every\" or \"start\"", None);
        }
        match (records, file, at) {
            (Some(_), _, Some(_)) => {
                self.mistake(&place("records"), "\"records\" cannot be combined with \"at\", which has a record for each time", None)
            }
            (_, Some(_), Some(_)) => self.mistake(&place("at"), "\"at\" cannot be combined with \"file\"", None),
            (Some(_), Some(_), _) => self.mistake(&place("file"), "\"file\" cannot be combined with \"records\"", None),
            (None, None, None) => self.mistake(&place("kind"), "a source needs \"records\", \"file\" or \"at\"", None),
            _ => {}
        }
        if let Some(path) = file {
            let first = dictionary.lines() as u32;
            let lines = self.lines_of(&place("file"), path, read);
            for line in &lines {
                dictionary.add_line(line);
            }
            return Kind::Source { records: lines.len() as u64, replayable, first_line: Some(first), finishes };
        }
        let records = records.or(at.as_ref().map(|times| times.len() as u64)).unwrap_or(0);
        Kind::Source { records, replayable, first_line: None, finishes }
    }

    fn lines_of(&mut self, place: &str, path: &str, read: Read<'_>) -> Vec<String> {
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(reason) => {
                self.mistake(place, reason, Some("the path is relative to the scenario's folder".to_owned()));
                return Vec::new();
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect(),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                self.mistake(place, format!("{path} is not UTF-8 text: byte {offset} starts no character"), None);
                Vec::new()
            }
        }
    }

    fn emit_times(&mut self, draft: &Draft) -> EmitTimes {
        let place = |field: &str| pointer(&["operators", &draft.name, field]);
        let OperatorFile::Source { every, start, at, .. } = &draft.file else {
            return EmitTimes::Every { start: Ticks::ZERO, every: Ticks::ZERO };
        };
        if let Some(times) = at {
            let times: Vec<Ticks> = times.iter().enumerate().map(|(n, time)| self.ticks(&format!("{}/{n}", place("at")), time)).collect();
            if let Some(n) = times.windows(2).position(|pair| pair[0] > pair[1]) {
                let message = format!("{} is before {}; records come in the order of their times", times[n + 1], times[n]);
                self.mistake(&format!("{}/{}", place("at"), n + 1), message, None);
            }
            return EmitTimes::At(times);
        }
        let every = self.ticks_or(&place("every"), every.as_ref(), Ticks(1_000));
        EmitTimes::Every { start: self.ticks_or(&place("start"), start.as_ref(), every), every }
    }

    fn edges(&mut self, specs: &[OperatorSpec], channels: &[(usize, ChannelFile)]) -> (Vec<EdgeSpec>, Ways) {
        let find = |name: &str| specs.iter().position(|spec| spec.name == name);
        let (mut edges, mut ways) = (Vec::new(), Ways::default());
        for (at, channel) in channels {
            let place = format!("/channels/{at}");
            let delay = self.delay(&format!("{place}/delay"), channel.delay.as_ref());
            let listed: Vec<Ticks> =
                channel.delays.iter().enumerate().map(|(n, delay)| self.ticks(&format!("{place}/delays/{n}"), delay)).collect();
            let (Some(from), Some(to)) = (find(&channel.from), find(&channel.to)) else { continue };
            let partition = self.partition(*at, channel, &specs[from], &specs[to]);
            if !listed.is_empty() {
                ways.listed.insert(edges.len() as u32, listed);
            }
            ways.delays.push(delay);
            let capacity = channel.capacity.unwrap_or(u32::MAX);
            let is_fifo = channel.order != Some(OrderFile::Any);
            edges.push(EdgeSpec { from: OperatorId::from_index(from), to: OperatorId::from_index(to), partition, capacity, is_fifo });
        }
        (edges, ways)
    }

    fn partition(&mut self, at: usize, channel: &ChannelFile, from: &OperatorSpec, to: &OperatorSpec) -> Partition {
        let is_equal = from.parallelism == to.parallelism;
        match channel.partition {
            Some(PartitionFile::Hash) => Partition::Hash,
            Some(PartitionFile::Rebalance) => Partition::Rebalance,
            Some(PartitionFile::Broadcast) => Partition::Broadcast,
            Some(PartitionFile::Forward) => {
                if !is_equal {
                    let message = format!(
                        "a forward channel joins equal parallelisms, but \"{}\" has {} and \"{}\" has {}",
                        from.name, from.parallelism, to.name, to.parallelism
                    );
                    let help = "use \"rebalance\" or \"hash\", or give both the same parallelism".to_owned();
                    self.mistake(&format!("/channels/{at}/partition"), message, Some(help));
                }
                Partition::Forward
            }
            None if to.kind.is_stateful() => Partition::Hash,
            None if is_equal => Partition::Forward,
            None => Partition::Rebalance,
        }
    }

    /// Who may have inputs and outputs, and how many.
    fn degrees(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
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
                let is_plain = matches!(
                    specs[inner].kind,
                    Kind::Pass | Kind::Map { .. } | Kind::KeyedCount { keys: None } | Kind::KeyedSum { keys: None }
                );
                let ins = edges.iter().filter(|edge| edge.to.index() == inner).count();
                let copies = edges.iter().any(|edge| edge.to.index() == inner && edge.partition == Partition::Broadcast);
                if !is_plain || ins != 1 || copies {
                    let message = format!("{} is inside a loop and must send one record for each it gets", quoted(&specs[inner].name));
                    let help = "inside a loop: pass, map, keyed_count and keyed_sum without \"keys\", with one input".to_owned();
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

    fn sizes(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
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

    /// Fills in what depends on other operators: a join's left side, a split's width.
    fn finish_kinds(&mut self, specs: &mut [OperatorSpec], edges: &[EdgeSpec], dictionary: &Dictionary) {
        for spec in &mut *specs {
            if let Kind::FlatMap { fan, split: true } = &mut spec.kind {
                *fan = dictionary.longest_line().max(1) as u32;
            }
        }
        // A join's left names are those of its first edge; a trial layout knows how many.
        let Ok(trial) = Plan::build(specs.to_vec(), edges.to_vec(), dictionary.clone()) else { return };
        for (index, spec) in specs.iter_mut().enumerate() {
            if let Kind::Join { left, .. } = &mut spec.kind {
                let first = edges.iter().find(|edge| edge.to.index() == index).expect("a join has inputs");
                let copies = if first.partition == Partition::Broadcast { u64::from(spec.parallelism) } else { 1 };
                *left = trial.operators()[first.from].names_out * copies;
            }
        }
    }

    /// Checks that every operator can make sense of what it is sent.
    fn stuff(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        let mut sent: Vec<Option<Stuff>> = vec![None; specs.len()];
        let is_back = back_edges(specs, edges);
        // Without back edges the graph has no cycle, so one pass per operator settles everybody.
        for _ in 0..specs.len() {
            for (index, spec) in specs.iter().enumerate() {
                let into = edges.iter().zip(&is_back).filter(|(edge, is_back)| edge.to.index() == index && !**is_back);
                let arriving: Option<Vec<Stuff>> = into.map(|(edge, _)| sent[edge.from.index()]).collect();
                if let (None, Some(arriving)) = (sent[index], arriving) {
                    sent[index] = Some(self.stuff_of(spec, &arriving));
                }
            }
        }
    }

    /// How many records can reach each operator at the most, before anything is laid out for them.
    fn volumes(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        let mut sent: Vec<Option<u128>> = vec![None; specs.len()];
        let is_back = back_edges(specs, edges);
        for _ in 0..specs.len() {
            for (index, spec) in specs.iter().enumerate() {
                let copies = |edge: &EdgeSpec| if edge.partition == Partition::Broadcast { u128::from(spec.parallelism) } else { 1 };
                let into = edges.iter().zip(&is_back).filter(|(edge, is_back)| edge.to.index() == index && !**is_back);
                let arriving: Option<Vec<u128>> = into.map(|(edge, _)| sent[edge.from.index()].map(|count| count * copies(edge))).collect();
                if let (None, Some(arriving)) = (sent[index], arriving) {
                    sent[index] = Some(self.volume(spec, &arriving));
                }
            }
        }
    }

    fn volume(&mut self, spec: &OperatorSpec, arriving: &[u128]) -> u128 {
        let total: u128 = arriving.iter().sum();
        let sent = match spec.kind {
            Kind::Source { records, .. } => u128::from(records),
            Kind::FlatMap { fan, .. } => total * u128::from(fan),
            Kind::Iterate { rounds } => total * (u128::from(rounds) + 1),
            // Every pair of records that share a key; without "keys" each side has a key once.
            Kind::Join { keys: Some(keys), .. } => arriving.iter().product::<u128>() / u128::from(keys),
            _ => total,
        };
        if sent > MAX_VOLUME {
            let place = pointer(&["operators", &spec.name]);
            let message = format!("{} would send about {sent} records; at most {MAX_VOLUME} can be followed", quoted(&spec.name));
            self.mistake(&place, message, Some("use fewer records, or more keys".to_owned()));
        }
        sent.min(MAX_VOLUME)
    }

    fn stuff_of(&mut self, spec: &OperatorSpec, arriving: &[Stuff]) -> Stuff {
        let place = pointer(&["operators", &spec.name, "kind"]);
        let name = &spec.name;
        let is_text = |stuff: &Stuff| matches!(stuff, Stuff::Lines | Stuff::Words);
        if arriving.iter().any(|stuff| is_text(stuff) != is_text(&arriving[0]) || (is_text(stuff) && *stuff != arriving[0])) {
            self.mistake(&place, format!("\"{name}\" is sent text and something else; their keys mean different things"), None);
        }
        let largest = |stuff: &Stuff| match stuff {
            Stuff::Numbers(largest) | Stuff::Results(largest) => *largest,
            Stuff::Lines | Stuff::Words => 0,
        };
        let top = arriving.iter().map(largest).max().unwrap_or(0);
        let first = arriving.first().copied();
        match spec.kind {
            Kind::Source { first_line: Some(_), .. } => Stuff::Lines,
            Kind::Source { records, .. } => Stuff::Numbers(records),
            Kind::FlatMap { split: true, .. } => {
                if first != Some(Stuff::Lines) {
                    let help = "it must be sent the lines of a file source".to_owned();
                    self.mistake(&place, format!("\"{name}\" splits lines into words and is not sent any"), Some(help));
                }
                Stuff::Words
            }
            Kind::Filter { .. } if arriving.iter().any(|stuff| matches!(stuff, Stuff::Results(_))) => {
                let message = format!("\"{name}\" would filter by values that depend on the order of arrival, so no run could be judged");
                self.mistake(&place, message, Some("filter before the keyed operator".to_owned()));
                Stuff::Results(top)
            }
            // What a record's value is after some rounds is nothing that later operators may go by.
            Kind::Iterate { .. } if top <= MAX_KEYS => Stuff::Results(top),
            Kind::Iterate { .. } => {
                self.mistake(&place, format!("\"{name}\" would have up to {top} keys; at most {MAX_KEYS}"), None);
                Stuff::Results(top)
            }
            Kind::KeyedCount { keys } | Kind::KeyedSum { keys } | Kind::Join { keys, .. } => {
                if keys.is_none() && top > MAX_KEYS {
                    let help = format!("give \"keys\", at most {MAX_KEYS}");
                    self.mistake(&place, format!("\"{name}\" would have up to {top} keys"), Some(help));
                }
                match first {
                    Some(text @ (Stuff::Lines | Stuff::Words)) if keys.is_none() => text,
                    _ => Stuff::Results(keys.map_or(top, u64::from)),
                }
            }
            _ => arriving.iter().copied().find(|stuff| matches!(stuff, Stuff::Results(_))).or(first).unwrap_or(Stuff::Numbers(top)),
        }
    }
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

    /// What protocol, sources and sinks promise together, at every stateful operator and sink.
    pub fn promises(plan: &Plan, protocol: ProtocolKind) -> Vec<Promise> {
        let mut upstream = vec![Guarantee::ExactlyOnce; plan.operators().len()];
        for &id in plan.topological() {
            if let Kind::Source { replayable: false, .. } = plan.operators()[id].kind {
                upstream[id.index()] = Guarantee::AtMostOnce;
            }
            for edge in plan.edges().iter().filter(|edge| edge.from == id) {
                upstream[edge.to.index()] = upstream[edge.to.index()].and(upstream[id.index()]);
            }
        }
        let state = protocol.claims().state;
        let promise = |(id, operator): (OperatorId, &crate::model::Operator)| {
            let at_sink = match operator.kind {
                Kind::Sink { commit: Commit::Plain } => Guarantee::AtLeastOnce,
                // Nothing is ever known to be complete.
                Kind::Sink { commit: Commit::TwoPhase } if protocol == ProtocolKind::None => Guarantee::AtMostOnce,
                _ => Guarantee::ExactlyOnce,
            };
            Promise { operator: id, guarantee: state.and(upstream[id.index()]).and(at_sink) }
        };
        let is_place = |(_, operator): &(OperatorId, &crate::model::Operator)| operator.kind.is_stateful() || operator.kind.is_sink();
        plan.operators().pairs().filter(is_place).map(promise).collect()
    }

    /// A time by which every run must have come to rest, generously: all work done one after the
    /// other, again after every failure, with every timeout used up.
    pub fn time_bound(plan: &Plan, timing: &Timing, settings: &Settings, faults: &[Fault]) -> Ticks {
        let names: u64 = plan.operators().iter().map(|operator| operator.names_in.max(operator.names_out)).fold(0, u64::saturating_add);
        let longest = |of: fn(&OperatorTiming) -> Delay| timing.operators.iter().map(of).map(|delay| delay.longest().0).max().unwrap_or(0);
        let per_record =
            longest(|operator| operator.service).saturating_add(timing.delays.iter().map(|delay| delay.longest().0).max().unwrap_or(0));
        let slow: u64 = timing.slows.iter().map(|slow| slow.extra.0).max().unwrap_or(0);
        let work = names.saturating_mul(per_record.saturating_add(slow));
        let (crashes, last_fault) = fault_bound(faults);
        let recovery =
            timing.detect.longest().0.saturating_add(timing.restart.longest().0).saturating_add(longest(|operator| operator.restore));
        let control = longest(|operator| operator.trigger)
            .saturating_add(longest(|operator| operator.upload))
            .saturating_add(longest(|operator| operator.ack));
        let tries = if settings.enabled { timing.timeout.0.min(3_600_000_000).saturating_mul(4) } else { 0 };
        let once = work.saturating_add(recovery).saturating_add(tries).saturating_add(control.saturating_mul(8));
        let emitted = plan.sources().iter().map(|&task| {
            let last = plan.log_length(task).saturating_sub(1);
            timing.of(plan.tasks()[task].operator).emit.of(last).0
        });
        let stalled = timing.stalls.iter().map(|stall| stall.until.0).chain(timing.slows.iter().map(|slow| slow.until.0));
        let asked = timing.requests.iter().map(|at| at.0);
        let started = timing.initiations.iter().map(|initiation| initiation.at.0);
        let listed: u64 = timing.listed.values().flatten().map(|delay| delay.0).fold(0, u64::saturating_add);
        let once = once.saturating_add(listed);
        let begun = emitted.chain(stalled).chain(asked).chain(started).chain([last_fault]).max().unwrap_or(0);
        Ticks(begun.saturating_add(once.saturating_mul(u64::from(crashes) + 2)).saturating_add(1_000_000))
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

/// How many crashes there can be, and when the last one that has a time is.
fn fault_bound(faults: &[Fault]) -> (u32, u64) {
    let mut bound = (0u32, 0u64);
    for fault in faults {
        let (count, last) = match fault {
            Fault::Crash { moment: crate::engine::Moment::At(at), .. } => (1, at.0),
            Fault::Crash { moment: crate::engine::Moment::When(when), .. } => (1, when.after.0),
            Fault::RandomCrashes { count, every, from, .. } => {
                (*count, from.0.saturating_add(every.0.saturating_mul(43).saturating_mul(u64::from(*count))))
            }
            Fault::Lose { .. } | Fault::FailUpload { .. } => (0, 0),
        };
        bound = (bound.0.saturating_add(count), bound.1.max(last));
    }
    bound
}
