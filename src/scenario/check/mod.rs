//! From what was typed to what is valid: every mistake is found, each at its place.

mod expect;
mod faults;
mod graph;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::format::{self, DelayFile, Duration, MAX_TICKS};
use super::json::{LineIndex, Mistake, Node, Value, parse, text_of};
use super::{diagnose, schema};
use crate::engine::{Fault, Limits, Setup, Timing};
use crate::kernel::{Delay, Ticks};
use crate::oracle::{Promise, Reference};
use crate::protocol::{Claims, ProtocolKind, Settings};

pub use expect::{Expectations, Range};

/// Brings a text file that a file source names.
type Read<'r> = &'r dyn Fn(&str) -> Result<Vec<u8>, String>;

/// A valid scenario, ready to run under any seed.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) question: Option<String>,
    pub(super) seed: u64,
    pub(super) protocol: ProtocolKind,
    pub(super) claims: Claims,
    pub(super) setup: Arc<Setup>,
    pub(super) settings: Settings,
    pub(super) timing: Timing,
    pub(super) faults: Vec<Fault>,
    pub(super) promises: Vec<Promise>,
    pub(super) reference: Arc<Reference>,
    pub(super) expect: Expectations,
    pub(super) limits: Limits,
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
        let mut checker = Checker::new(text, &root);
        checker.mistakes = diagnose::validate(&root, text, &schema());
        let scenario = checker.scenario(name, read);
        let mut mistakes = checker.mistakes;
        mistakes.sort_by_key(|mistake| mistake.span);
        mistakes.dedup();
        match scenario {
            Some(scenario) if mistakes.is_empty() => Ok(scenario),
            _ => Err(mistakes),
        }
    }

    /// Checks a scenario that reads no text files.
    ///
    /// # Errors
    /// All mistakes of the text, in the order of their places.
    pub fn from_json(text: &str) -> Result<Scenario, Vec<Mistake>> {
        Scenario::parse("scenario", text.as_bytes(), &|_| Err("no files can be read here".to_owned()))
    }

    /// The scenario's title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The seed that it runs under.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The same scenario under another seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Scenario {
        Scenario { seed, ..self }
    }

    /// The graph.
    pub fn plan(&self) -> &crate::model::Plan {
        &self.setup.plan
    }

    /// What every run of it shares, for other drivers than the timed one.
    pub fn setup(&self) -> &Arc<Setup> {
        &self.setup
    }
}

/// Collects mistakes while it reads what can be read.
struct Checker<'f> {
    text: &'f str,
    root: &'f Node,
    lines: LineIndex<'f>,
    mistakes: Vec<Mistake>,
    /// Operators of which nothing but the name can be made out.
    unknown: Vec<String>,
    /// Whether every channel of the file could be made out.
    has_all_channels: bool,
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
    fn new(text: &'f str, root: &'f Node) -> Self {
        Checker { text, root, lines: LineIndex::new(text), mistakes: Vec::new(), unknown: Vec::new(), has_all_channels: true }
    }

    /// Notes a mistake at the value that `pointer` names, or at the nearest one around it.
    fn mistake(&mut self, pointer: &str, message: impl Into<String>, help: Option<String>) {
        let mut at = pointer;
        let node = loop {
            match (self.root.at(at), at.rfind('/')) {
                (Some(node), _) => break node,
                (None, Some(parent)) => at = &at[..parent],
                (None, None) => break self.root,
            }
        };
        self.mistakes.push(Mistake::new(self.root, &self.lines, node.span, message, help));
    }

    /// The value that `pointer` names, if it is there and of the right form. Where it is not,
    /// the schema has said so.
    fn read<T: DeserializeOwned>(&self, pointer: &str) -> Option<T> {
        let span = self.root.at(pointer)?.span;
        serde_json::from_str(&self.text[span.start..span.end]).ok()
    }

    /// The keys of an object, in the order of the file.
    fn keys(&self, pointer: &str) -> Vec<&'f str> {
        match self.root.at(pointer).map(|node| &node.value) {
            Some(Value::Object(members)) => members.iter().map(|member| member.key.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// How many elements an array has.
    fn length(&self, pointer: &str) -> usize {
        match self.root.at(pointer).map(|node| &node.value) {
            Some(Value::Array(items)) => items.len(),
            _ => 0,
        }
    }

    fn ticks(&mut self, pointer: &str, duration: &Duration) -> Ticks {
        let ticks = match duration {
            Duration::Micros(micros) => Ticks(*micros),
            Duration::Text(text) => match text.parse() {
                Ok(ticks) => ticks,
                Err(error) => {
                    self.mistake(pointer, format!("{error}"), None);
                    return Ticks::ZERO;
                }
            },
        };
        if ticks.0 > MAX_TICKS && matches!(duration, Duration::Text(_)) {
            self.mistake(pointer, format!("{ticks} is too long; at most 1000 hours"), None);
            return Ticks::ZERO;
        }
        ticks
    }

    fn ticks_or(&mut self, pointer: &str, duration: Option<&Duration>, default: Ticks) -> Ticks {
        duration.map_or(default, |duration| self.ticks(pointer, duration))
    }

    fn delay(&mut self, pointer: &str, delay: Option<&DelayFile>) -> Delay {
        let random = match delay {
            None => return Delay::ZERO,
            Some(DelayFile::Constant(duration)) => return Delay::Constant(self.ticks(pointer, duration)),
            Some(DelayFile::Random(random)) => random,
        };
        match (&random.uniform, &random.exponential) {
            (Some((low, high)), None) => {
                let before = self.mistakes.len();
                let low = self.ticks(&format!("{pointer}/uniform/0"), low);
                let high = self.ticks(&format!("{pointer}/uniform/1"), high);
                if low > high && self.mistakes.len() == before {
                    self.mistake(
                        &format!("{pointer}/uniform"),
                        format!("the range from {low} to {high} is empty"),
                        Some("swap the two".to_owned()),
                    );
                    return Delay::ZERO;
                }
                Delay::Uniform(low.min(high), high)
            }
            (None, Some(mean)) => Delay::Exponential(self.ticks(&format!("{pointer}/exponential"), mean)),
            _ => {
                self.mistake(pointer, "expected exactly one of \"uniform\" and \"exponential\"", None);
                Delay::ZERO
            }
        }
    }

    /// Everything, as far as it can be read; `None` when something essential cannot.
    fn scenario(&mut self, name: &str, read: Read<'_>) -> Option<Scenario> {
        let graph = self.graph(read);
        let operators = self.keys("/operators");
        let mut rules = self.rules(&operators);
        let graph = graph?;
        let faults = self.faults(&graph.plan, &mut rules.timing);
        let expect = self.expectations(&graph.plan);
        graph.put_times(&mut rules.timing);
        if !self.mistakes.is_empty() {
            return None;
        }
        let promises = graph.promises(rules.protocol);
        let limits = self.limits(&graph, &rules.timing, &rules.settings, &faults);
        let setup =
            Setup { fencing: rules.fencing, retain: rules.retain, requests: rules.timing.requests.len() as u32, ..Setup::new(graph.plan) };
        Some(Scenario {
            name: name.to_owned(),
            title: self.read("/title").unwrap_or_default(),
            question: self.read("/question"),
            seed: self.read("/seed").unwrap_or(0),
            protocol: rules.protocol,
            claims: rules.protocol.claims(),
            reference: Arc::new(Reference::evaluate(&setup.plan)),
            setup: Arc::new(setup),
            settings: rules.settings,
            timing: rules.timing,
            faults,
            promises,
            expect,
            limits,
        })
    }

    fn limits(&mut self, graph: &graph::Graph, timing: &Timing, settings: &Settings, faults: &[Fault]) -> Limits {
        let file: format::LimitsFile = self.read("/limits").unwrap_or_default();
        let bound = graph.time_bound(timing, settings, faults);
        Limits { steps: file.steps.unwrap_or(500_000_000), until: self.ticks_or("/limits/until", file.until.as_ref(), bound) }
    }
}
