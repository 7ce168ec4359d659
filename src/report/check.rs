//! What exhaustive searches found, as text and as a document.

use serde::Serialize;

use super::printable;
use super::text::{Page, Style, count, interrupted, paint};
use crate::engine::Control;
use crate::explore::exhaustive::{Budget, Counterexample, Explored, Unfinished};
use crate::scenario::Scenario;
use crate::scenario::outcome::FORMAT;

/// What a search comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Nothing that is claimed is broken, in any order.
    Held,
    /// Something is.
    Violated,
    /// Something is, and the scenario says that it will be.
    ViolatedAsExpected,
    /// Nothing was found before the search had to give up.
    NotExhausted,
}

/// A shortest way to something that is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// What is broken: an invariant, `duplicated` or `lost`.
    pub class: &'static str,
    /// The invariant that says so.
    pub invariant: &'static str,
    /// What is wrong.
    pub what: String,
    /// Whether it shows only after everything else that can happen has happened.
    pub at_end: bool,
    /// The steps that were chosen.
    pub steps: Vec<String>,
}

/// How often what only somebody outside brings about may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are those of a search's budget")]
pub struct Budgets {
    /// Snapshots that the script starts.
    pub scripted: u32,
    /// Those beyond them.
    pub snapshots: u32,
    pub crashes: u32,
    pub losses: u32,
    pub repeats: u32,
    pub postponements: u32,
    pub failed_uploads: u32,
    pub timeouts: u32,
}

/// One scenario's search. Nothing of it depends on the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The file.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// Its protocol.
    pub protocol: &'static str,
    /// What came out.
    pub verdict: Finding,
    /// Different states.
    pub states: u64,
    /// Steps taken from them.
    pub transitions: u64,
    /// The most chosen steps to a state.
    pub depth: u32,
    /// States in which nothing moves any more.
    pub ends: u64,
    /// Why not every state was seen: `found`, `states`, `memory` or `interrupted`.
    pub stopped: Option<&'static str>,
    /// What may happen how often.
    pub budget: Budgets,
    /// Kinds of control steps with an order of their own.
    pub control: Vec<&'static str>,
    /// Kinds that happen at once: the races they could have had were not tried.
    pub at_once: Vec<&'static str>,
    /// What breaks a claim.
    pub counterexample: Option<Example>,
    /// What is broken and was not claimed.
    pub allowed: Vec<Example>,
}

#[derive(Serialize)]
struct Document<'c> {
    format: u32,
    version: &'static str,
    /// Whether somebody ended it before all was searched.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    interrupted: bool,
    checks: &'c [Checked],
    /// The files that nobody waited for.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    not_run: &'c [String],
}

/// One document, ending in a line break; with the files that nobody waited for.
pub fn document(checks: &[Checked], not_run: &[String]) -> String {
    let interrupted = !not_run.is_empty() || checks.iter().any(Checked::is_interrupted);
    let report = Document { format: FORMAT, version: env!("CARGO_PKG_VERSION"), interrupted, checks, not_run };
    // Strings, numbers and lists: there is nothing that JSON could refuse.
    serde_json::to_string_pretty(&report).expect("a check is always JSON") + "\n"
}

impl Checked {
    /// Whether somebody ended the search before it found anything.
    pub fn is_interrupted(&self) -> bool {
        self.stopped == Some("interrupted")
    }

    /// Puts what a search found into the scenario's words.
    pub fn new(name: &str, scenario: &Scenario, control: Control, budget: Budget, explored: &Explored) -> Checked {
        let example = |found: &Counterexample| Example {
            class: found.class.word(),
            invariant: found.class.invariant(),
            what: found.what.clone(),
            at_end: found.at_end,
            steps: found.steps.iter().map(|step| step.describe(scenario.plan())).collect(),
        };
        let verdict = match (&explored.found, explored.unfinished) {
            (Some(found), _) if scenario.expects_violation(found.class.invariant()) => Finding::ViolatedAsExpected,
            (Some(_), _) => Finding::Violated,
            (None, Some(_)) => Finding::NotExhausted,
            (None, None) => Finding::Held,
        };
        let stopped = |why| match why {
            Unfinished::Found => "found",
            Unfinished::States => "states",
            Unfinished::Bytes => "memory",
            Unfinished::Interrupted => "interrupted",
        };
        let Budget { snapshots, crashes, losses, repeats, postponements, failed_uploads, timeouts, .. } = budget;
        let scripted = scenario.setup().initiators.len() as u32;
        let words: Vec<_> = control.words().collect();
        Checked {
            scenario: name.to_owned(),
            title: scenario.title().to_owned(),
            protocol: scenario.protocol().word(),
            verdict,
            states: explored.states,
            transitions: explored.transitions,
            depth: explored.depth,
            ends: explored.ends,
            stopped: explored.unfinished.map(stopped),
            budget: Budgets { scripted, snapshots, crashes, losses, repeats, postponements, failed_uploads, timeouts },
            at_once: Control::CHANNEL.words().filter(|word| !words.contains(word)).collect(),
            control: words,
            counterexample: explored.found.as_ref().map(example),
            allowed: explored.allowed.iter().map(example).collect(),
        }
    }
}

/// All searches, one after the other, and the files that nobody waited for.
pub fn text(checks: &[Checked], not_run: &[String], style: &Style) -> String {
    let mut page = Page::new(style);
    for (at, checked) in checks.iter().enumerate() {
        if at > 0 {
            page.gap();
        }
        show(&mut page, checked, style);
    }
    if !not_run.is_empty() {
        page.gap();
        page.line(0, paint(style.bad, interrupted(not_run)));
    }
    page.text
}

fn show(page: &mut Page, checked: &Checked, style: &Style) {
    page.line(0, paint(style.strong, printable(&checked.scenario)));
    page.line(2, printable(&checked.title));
    page.line(2, format!("{}; {}", checked.protocol, budget_of(checked)));
    if !checked.at_once.is_empty() {
        page.line(2, format!("at once, in no other order: {}", checked.at_once.join(", ")));
    }
    let Checked { states, transitions, depth, ends, .. } = checked;
    page.line(2, format!("{states} states, {transitions} transitions, {depth} steps deep, {ends} ends"));
    page.line(2, verdict_of(checked, style));
    if let Some(example) = &checked.counterexample {
        steps(page, example);
    }
    for example in &checked.allowed {
        let how = if example.at_end { " and everything that follows" } else { "" };
        page.line(2, format!("not promised otherwise: {} after {}{how}", example.class, count(example.steps.len(), "step")));
        steps(page, example);
    }
}

fn budget_of(checked: &Checked) -> String {
    let Budgets { scripted, snapshots, crashes, losses, repeats, postponements, failed_uploads, timeouts } = checked.budget;
    let snapshot = if scripted > 0 { "more snapshot" } else { "snapshot" };
    let all = [
        (scripted, "scripted snapshot"),
        (snapshots, snapshot),
        (crashes, "crash"),
        (losses, "lost message"),
        (repeats, "repeated message"),
        (postponements, "postponed message"),
        (failed_uploads, "failed upload"),
        (timeouts, "timeout"),
    ];
    let named = all.iter().filter(|(budget, _)| *budget > 0).map(|&(budget, word)| match (budget, word) {
        (1, word) => format!("1 {word}"),
        (many, "crash") => format!("{many} crashes"),
        (many, word) => format!("{many} {word}s"),
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() { "nothing but the records".to_owned() } else { format!("at most {}", named.join(", ")) }
}

fn verdict_of(checked: &Checked, style: &Style) -> String {
    let found = checked.counterexample.as_ref().map_or(String::new(), |example| {
        let invariant = if example.class == example.invariant { String::new() } else { format!(" ({})", example.invariant) };
        let how = if example.at_end { " and everything that follows" } else { "" };
        format!("{}{invariant} after {}{how}", example.class, count(example.steps.len(), "step"))
    });
    match checked.verdict {
        Finding::Held => paint(style.good, "no violation"),
        Finding::Violated => paint(style.bad, format_args!("VIOLATED: {found}")),
        Finding::ViolatedAsExpected => paint(style.good, format_args!("violated as expected: {found}")),
        Finding::NotExhausted => {
            let why = match checked.stopped {
                Some("memory") => "stopped by --max-memory",
                Some("interrupted") => "INTERRUPTED",
                _ => "stopped by --max-states",
            };
            paint(style.bad, format_args!("no violation found, but NOT every state seen: {why}"))
        }
    }
}

fn steps(page: &mut Page, example: &Example) {
    for (at, step) in (1..).zip(&example.steps) {
        page.line(4, printable(&format!("{at:>3}  {step}")));
    }
    page.line(4, printable(&example.what));
}
