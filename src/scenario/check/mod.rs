//! From what was typed to what is valid: every mistake is found, each at its place.

mod drawn;
mod expect;
mod faults;
mod graph;
mod planned;
mod processes;
mod protocols;
mod schedule;

use std::sync::Arc;

use serde::de::DeserializeOwned;

pub(crate) use self::drawn::{Groundwork, RulesFile};
use self::faults::Rules;
use self::graph::Graph;
pub(crate) use self::graph::GraphFile;
pub(super) use self::planned::{Part, Planned};
use super::format::{self, DelayFile, Duration};
use super::json::{LineIndex, Mistake, Node, Value, parse, text_of};
use super::{diagnose, schema};
use crate::engine::{Control, Fault, Limits, Setup, Step, Timing};
use crate::kernel::{Delay, Ticks};
use crate::model::Plan;
use crate::oracle::{Promise, Property, Reference};
use crate::protocol::{Claims, Options, ProtocolKind, Settings};

pub use expect::{Expectations, Range};

/// The most steps of a run when nothing is said: with a clock, and without one.
const TIMED_STEPS: u64 = 500_000_000;
pub(super) const SCHEDULED_STEPS: u64 = 1_000_000;

/// Brings a text file that a file source names.
type Read<'r> = &'r dyn Fn(&str) -> Result<Vec<u8>, String>;

/// For what has no folder of its own.
fn no_files(_: &str) -> Result<Vec<u8>, String> {
    Err("no files can be read here".to_owned())
}

/// A valid scenario, ready to run under any seed.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(super) name: String,
    pub(super) title: String,
    story: Option<String>,
    pub(super) question: Option<String>,
    hints: Vec<String>,
    pub(super) seed: u64,
    pub(super) protocol: ProtocolKind,
    pub(super) claims: Claims,
    pub(super) options: Options,
    pub(super) property: Option<Property>,
    /// Where there are processes: the graph before their script was drawn.
    processes: Option<Arc<graph::Processes>>,
    pub(super) setup: Arc<Setup>,
    pub(super) settings: Settings,
    pub(super) timing: Timing,
    pub(super) faults: Vec<Fault>,
    /// What the file says of each fault, in its order.
    pub(super) planned: Vec<Planned>,
    /// Whether a fault that never happens is a failure.
    pub(super) is_strict: bool,
    pub(super) promises: Vec<Promise>,
    pub(super) reference: Arc<Reference>,
    pub(super) expect: Expectations,
    pub(super) limits: Limits,
    /// The end that the file sets, which no protocol changes.
    until: Option<Ticks>,
    pub(super) schedule: Option<Arc<[Step]>>,
    pub(super) control: Control,
}

impl Scenario {
    /// Checks the bytes of a scenario file. `name` is how the file is called in the outcome;
    /// `read` brings the text files that file sources name, by the path in the scenario.
    ///
    /// # Errors
    /// All mistakes of the file, in the order of their places.
    pub fn parse(name: &str, bytes: &[u8], read: Read<'_>) -> Result<Scenario, Vec<Mistake>> {
        let text = text_of(bytes).map_err(|mistake| vec![mistake])?;
        let root = parse(text).map_err(|mistake| vec![mistake])?;
        let (mistakes, mended) = diagnose::validate(&root, text, schema());
        let mut checker = Checker { mistakes, ..Checker::new(text, &root, mended) };
        let scenario = checker.scenario(name, read);
        let mut mistakes = checker.mistakes;
        mistakes.sort_by_key(|mistake| mistake.span);
        mistakes.dedup();
        match scenario {
            Some(scenario) if mistakes.is_empty() => Ok(scenario),
            _ => Err(mistakes),
        }
    }

    /// A scenario that the program itself has written: what the schema asks of a file's form is taken for
    /// granted, everything else is checked.
    pub(crate) fn from_draft(file: &serde_json::Value) -> Result<Scenario, Vec<Mistake>> {
        let text = file.to_string();
        let root = parse(&text).map_err(|mistake| vec![mistake])?;
        let mut checker = Checker::new(&text, &root, diagnose::Mended::faultless(&root));
        let scenario = checker.scenario("scenario", &no_files);
        scenario.ok_or(checker.mistakes)
    }

    /// Checks a scenario that reads no text files.
    ///
    /// # Errors
    /// All mistakes of the text, in the order of their places.
    pub fn from_json(text: &str) -> Result<Scenario, Vec<Mistake>> {
        Scenario::parse("scenario", text.as_bytes(), &no_files)
    }

    /// The scenario's title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What a class can argue about before the run.
    pub fn story(&self) -> Option<&str> {
        self.story.as_deref()
    }

    /// What to guess before the run.
    pub fn question(&self) -> Option<&str> {
        self.question.as_deref()
    }

    /// Help for guessing.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The seed that it runs under.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The same scenario under another seed; what is drawn for processes is drawn anew.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Scenario {
        let Some(graph) = self.processes.clone() else { return Scenario { seed, ..self } };
        let (plan, emit) = graph.lay_out(seed);
        let mut scenario = Scenario { seed, reference: Arc::new(Reference::evaluate(&plan)), ..self };
        for (operator, emit) in scenario.timing.operators.iter_mut().zip(emit) {
            operator.emit = emit;
        }
        scenario.with_setup(|setup| setup.plan = plan)
    }

    /// The same scenario, in which a fault that never happens is a failure unless it is expected.
    #[must_use]
    pub fn strict(self) -> Scenario {
        Scenario { is_strict: true, ..self }
    }

    /// The same scenario under another protocol: as if its file named that one. What it expects stays
    /// what the file says.
    #[must_use]
    pub fn under(&self, protocol: ProtocolKind) -> Scenario {
        let mut scenario = self.clone();
        scenario.protocol = protocol;
        scenario.claims = protocol.claims();
        scenario.settings.enabled = protocol != ProtocolKind::None;
        let finishes_at_once = !scenario.settings.awaits_checkpoints();
        let mut scenario = scenario.with_setup(|setup| {
            setup.finishes_at_once = finishes_at_once;
            (setup.told, setup.budget) = (protocol.told(), protocol == ProtocolKind::AlignedTimeout);
        });
        scenario.promises = Graph::promises(&self.setup.plan, protocol, &scenario.settings);
        let Scenario { setup, timing, settings, faults, .. } = &scenario;
        scenario.limits.until =
            self.until.unwrap_or_else(|| Graph::time_bound(&setup.plan, timing, settings, setup.sizes.as_ref(), faults));
        scenario
    }

    /// The graph.
    pub fn plan(&self) -> &crate::model::Plan {
        &self.setup.plan
    }

    /// The names of the records that arrive at an operator in a run in which nothing fails, ascending.
    pub fn arriving(&self, operator: crate::model::OperatorId) -> impl Iterator<Item = u64> + '_ {
        self.reference.arriving(operator).iter()
    }

    /// How its coordinator takes snapshots.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many records arrive at all operators together in a run in which nothing fails.
    pub(crate) fn arrivals(&self) -> u64 {
        self.setup.plan.operators().ids().map(|id| self.reference.arriving(id).len()).sum()
    }

    /// The steps that a run takes first, where the file lists them; then no run of it has a clock.
    pub fn schedule(&self) -> Option<&[Step]> {
        self.schedule.as_deref()
    }

    /// What takes steps of its own in runs without a clock; nothing when the file does not say.
    pub fn control(&self) -> Control {
        self.control
    }

    /// What every run of it shares, for other drivers than the timed one.
    pub fn setup(&self) -> &Arc<Setup> {
        &self.setup
    }
}

/// Collects mistakes while it reads what can be read.
struct Checker<'f> {
    text: &'f str,
    /// As it was written: for the places of mistakes.
    root: &'f Node,
    /// As far as it can be read.
    file: diagnose::Mended<'f>,
    lines: LineIndex<'f>,
    mistakes: Vec<Mistake>,
    /// Operators of which nothing but the name is certain.
    unknown: Vec<String>,
    /// Whether it is certain between which operators there are channels.
    has_all_channels: bool,
    /// Whether names are looked up in the graph of the file, and not in as much of it as makes sense.
    has_graph: bool,
}

/// A JSON pointer from its parts.
fn pointer(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

/// What one may have meant by `word`.
fn nearest<'w>(word: &str, valid: impl IntoIterator<Item = &'w str>) -> Option<String> {
    let ranked = valid.into_iter().map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate));
    let (distance, best) = ranked.min()?;
    (best.eq_ignore_ascii_case(word) || distance <= word.chars().count().div_ceil(3) && word.chars().count() > 1)
        .then(|| format!("did you mean \"{best}\"?"))
}

fn list<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.into_iter().take(20).collect();
    if words.is_empty() { "there is none".to_owned() } else { format!("there is: {}", words.join(", ")) }
}

impl<'f> Checker<'f> {
    fn new(text: &'f str, root: &'f Node, file: diagnose::Mended<'f>) -> Self {
        let lines = LineIndex::new(text);
        Checker { text, root, file, lines, mistakes: Vec::new(), unknown: Vec::new(), has_all_channels: true, has_graph: false }
    }

    /// Notes a mistake at the value that `pointer` names, or at the nearest one around it. A value that
    /// nobody has written has none: what is wrong in its place has been said.
    fn mistake(&mut self, pointer: &str, message: impl Into<String>, help: Option<String>) {
        if self.file.is_doubtful(pointer) {
            return;
        }
        let mut at = pointer;
        let node = loop {
            match (self.file.root.at(at), at.rfind('/')) {
                (Some(node), _) => break node,
                (None, Some(parent)) => at = &at[..parent],
                (None, None) => break &self.file.root,
            }
        };
        self.mistakes.push(Mistake::new(self.root, &self.lines, node.span, message, help));
    }

    /// Notes a mistake in the key of the member that `pointer` names.
    fn mistake_in_key(&mut self, pointer: &str, message: impl Into<String>, help: Option<String>) {
        match self.file.root.key_at(pointer) {
            Some(span) => self.mistakes.push(Mistake::new(self.root, &self.lines, span, message, help)),
            None => self.mistake(pointer, message, help),
        }
    }

    /// The value that `pointer` names, if it is there and of the right form. Where it is not,
    /// the schema has said so.
    fn read<T: DeserializeOwned>(&self, pointer: &str) -> Option<T> {
        let node = self.file.root.at(pointer)?;
        match self.file.is_as_written() {
            true => serde_json::from_str(&self.text[node.span.start..node.span.end]).ok(),
            false => serde_json::from_str(&node.to_string()).ok(),
        }
    }

    /// Whether the kind and the tasks of the operator to which a name belongs are certain.
    fn knows(&self, name: &str) -> bool {
        let bare = name.split('[').next().unwrap_or(name);
        !self.file.is_doubtful("/operators") && !self.unknown.iter().any(|unknown| unknown == bare)
    }

    /// The same of all operators.
    fn knows_all(&self) -> bool {
        !self.file.is_doubtful("/operators") && self.unknown.is_empty()
    }

    /// Whether the file gives something, as far as one can tell.
    fn is_given(&self, pointer: &str) -> bool {
        self.file.root.at(pointer).is_some() || !self.file.is_certain(pointer)
    }

    /// The keys of an object, in the order of the file.
    fn keys(&self, pointer: &str) -> Vec<String> {
        match self.file.root.at(pointer).map(|node| &node.value) {
            Some(Value::Object(members)) => members.iter().map(|member| member.key.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// How many elements an array has.
    fn length(&self, pointer: &str) -> usize {
        match self.file.root.at(pointer).map(|node| &node.value) {
            Some(Value::Array(items)) => items.len(),
            _ => 0,
        }
    }

    fn delay(&mut self, pointer: &str, delay: Option<&DelayFile>) -> Delay {
        let random = match delay {
            None => return Delay::ZERO,
            Some(DelayFile::Constant(duration)) => return Delay::Constant(duration.ticks()),
            Some(DelayFile::Random(random)) => random,
        };
        match (random.uniform, random.exponential) {
            (Some((low, high)), None) => {
                let (low, high) = (low.ticks(), high.ticks());
                if low > high && self.file.is_certain(pointer) {
                    let message = format!("the range from {low} to {high} is empty");
                    self.mistake(&format!("{pointer}/uniform"), message, Some("swap the two".to_owned()));
                }
                Delay::Uniform(low.min(high), high)
            }
            (None, Some(mean)) => Delay::Exponential(mean.ticks()),
            (None, None) if !self.file.is_certain(pointer) => Delay::ZERO,
            _ => {
                self.mistake(pointer, "expected exactly one of \"uniform\" and \"exponential\"", None);
                Delay::ZERO
            }
        }
    }

    /// Everything, as far as it can be read; `None` when something essential cannot.
    fn scenario(&mut self, name: &str, read: Read<'_>) -> Option<Scenario> {
        let seed = self.read("/seed").unwrap_or(0);
        let graph = self.graph(read, seed);
        let operators = self.keys("/operators");
        let mut rules = self.rules(&operators);
        let graph = graph?;
        let (faults, planned) = self.faults(&graph.plan, &mut rules.timing);
        let expect = self.expectations(&graph.plan);
        let property = self.property(&graph.plan);
        self.suits(&graph.plan, rules.protocol);
        let control = self.control();
        let schedule = self.schedule(&graph.plan, control);
        graph.put_times(&mut rules.timing);
        if graph.plan.has_processes() {
            self.let_processes_go_on(&mut rules);
        }
        if !self.mistakes.is_empty() {
            return None;
        }
        let (steps, until) = self.limits(if schedule.is_some() { SCHEDULED_STEPS } else { TIMED_STEPS });
        let reference = Arc::new(Reference::evaluate(&graph.plan));
        let plain = Scenario { name: name.to_owned(), seed, ..Scenario::of(graph, rules, reference) };
        let mut scenario = Scenario {
            title: self.read("/title").unwrap_or_default(),
            story: self.read("/story"),
            question: self.read("/question"),
            hints: self.read("/hints").unwrap_or_default(),
            property,
            planned,
            expect,
            until,
            control,
            ..plain
        };
        let bound =
            || Graph::time_bound(&scenario.setup.plan, &scenario.timing, &scenario.settings, scenario.setup.sizes.as_ref(), &faults);
        scenario.limits = Limits { steps, until: until.unwrap_or_else(bound) };
        scenario.faults = faults;
        Some(match schedule {
            Some(steps) => scenario.by_list(steps),
            None => scenario,
        })
    }

    /// Any process may start a snapshot at any time, and nobody waits for it, so nobody gives one up unless told to.
    fn let_processes_go_on(&self, rules: &mut Rules) {
        rules.settings.endless = true;
        rules.settings.max_concurrent = u32::MAX;
        if !self.is_given("/snapshots/timeout") {
            rules.timing.timeout = Ticks::NEVER;
        }
    }

    /// Whether the protocol can run on the graph.
    fn suits(&mut self, plan: &Plan, protocol: ProtocolKind) {
        let classic = || list(ProtocolKind::ALL.into_iter().filter(|kind| kind.is_classic()).map(ProtocolKind::word));
        if plan.has_processes() && !protocol.is_classic() {
            let message = format!("\"{}\" needs a dataflow from sources to sinks, and this is a graph of processes", protocol.word());
            self.mistake("/snapshots/protocol", message, Some(classic()));
        }
        if plan.has_processes() {
            for field in ["interval", "at"] {
                if self.file.root.at(&format!("/snapshots/{field}")).is_some() {
                    let help = match self.file.root.at("/schedule") {
                        None => "say who starts one in \"script\": {\"at\": \"1ms\", \"snapshot\": \"NAME\"}".to_owned(),
                        Some(_) => "say who starts one in \"schedule\": \"initiate NAME\"".to_owned(),
                    };
                    self.mistake(&format!("/snapshots/{field}"), "processes start snapshots themselves", Some(help));
                }
            }
        }
    }

    /// The most steps, and the end if the file sets one.
    fn limits(&mut self, steps: u64) -> (u64, Option<Ticks>) {
        let file: format::LimitsFile = self.read("/limits").unwrap_or_default();
        let until = file.until.map(Duration::ticks);
        (file.steps.unwrap_or(steps), until)
    }
}

impl Scenario {
    /// A graph under rules in which nothing goes wrong and of which nothing is expected.
    fn of(graph: Graph, rules: Rules, reference: Arc<Reference>) -> Scenario {
        let until = Graph::time_bound(&graph.plan, &rules.timing, &rules.settings, rules.sizes.as_ref(), &[]);
        Scenario {
            name: "scenario".to_owned(),
            title: String::new(),
            story: None,
            question: None,
            hints: Vec::new(),
            seed: 0,
            protocol: rules.protocol,
            claims: rules.protocol.claims(),
            options: rules.options,
            property: None,
            processes: graph.processes,
            reference,
            promises: Graph::promises(&graph.plan, rules.protocol, &rules.settings),
            setup: Arc::new(setup(graph.plan, &rules)),
            settings: rules.settings,
            timing: rules.timing,
            faults: Vec::new(),
            planned: Vec::new(),
            is_strict: false,
            expect: Expectations::default(),
            limits: Limits { steps: TIMED_STEPS, until },
            until: None,
            schedule: None,
            control: Control::INSTANT,
        }
    }

    /// The same scenario, whose runs take these steps first.
    fn by_list(self, steps: Vec<Step>) -> Scenario {
        let is_periodic = self.settings.periodic;
        let scenario = self.with_setup(|setup| {
            // Where there are periodic triggers, the listed ones are these.
            let requests = steps.iter().filter(|step| **step == Step::Request && !is_periodic).count();
            (setup.requests, setup.initiators) = (requests as u32, schedule::initiators(&steps));
        });
        Scenario { schedule: Some(steps.into()), ..scenario }
    }
}

/// What every run of a scenario shares.
fn setup(plan: Plan, rules: &Rules) -> Setup {
    Setup {
        fencing: rules.fencing,
        retain: rules.retain,
        requests: rules.timing.requests.len() as u32,
        budget: rules.protocol == ProtocolKind::AlignedTimeout,
        told: rules.protocol.told(),
        initiators: rules.timing.initiations.iter().map(|initiation| initiation.task).collect(),
        channel_contents: rules.channel_contents,
        sizes: rules.sizes.clone(),
        finishes_at_once: !rules.settings.awaits_checkpoints(),
        ..Setup::new(plan)
    }
}
