//! What campaigns found, as a document that can be gone on with and merged, and as text.
//!
//! Nothing in it depends on time, machine or jobs: the merged documents of all shards are the bytes of
//! the campaign in one piece.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use serde::{Deserialize, Serialize};

use super::printable;
use super::text::{Page, Style, count, paint};
use crate::explore::{Distinct, Feature, NEVER, Shrunk, Tally};
use crate::kernel::Digest;
use crate::scenario::outcome::FORMAT;
use crate::trace::Situation;

/// Missing parts of a report that are named.
const MISSING: usize = 5;

/// So many failures of each class are kept and made small: those of the first runs. All are counted.
pub const KEPT: usize = 10;

/// The suspect that is no mutant.
pub const RIGHT: &str = "right";

/// A campaign, or as much of it as was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fuzzed {
    /// The version of this form.
    pub format: u32,
    /// The program's version.
    pub version: String,
    /// What all draws depend on.
    pub seed: u64,
    /// What is tried: [`RIGHT`], or the name of a mutant.
    pub suspect: String,
    /// Under which protocols.
    pub protocols: Vec<String>,
    /// The scenarios that are walked through; none where each run draws its own.
    pub files: Vec<GivenFile>,
    /// How many runs the whole campaign has; nothing when time is its limit.
    pub runs_wanted: Option<u64>,
    /// Which of them have been made.
    pub shards: Shards,
    /// How many these are.
    pub runs: u64,
    /// Steps of all of them.
    pub steps: u64,
    /// Every situation, and how often it was reached.
    pub situations: BTreeMap<String, u64>,
    /// Every feature, and how many runs had it.
    pub features: BTreeMap<String, u64>,
    /// The first run with each situation and each feature that some run had.
    pub first_runs: BTreeMap<String, u64>,
    /// Fingerprints of drawn scenarios: see [`Distinct`].
    #[serde(with = "shapes")]
    pub shapes: Distinct,
    /// Failures by class, in the order of the words.
    pub failures: Vec<Failures>,
    /// Whether the search finds what nearly every run shows.
    pub canary: Canary,
}

/// A given scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenFile {
    /// Its path, as it was given.
    pub path: String,
    /// A fingerprint of its bytes, 16 hex digits.
    pub digest: String,
}

/// Which runs have been made. Run `r` belongs to shard `r % of + 1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shards {
    /// How many shards there are; 1 when all are together.
    pub of: u32,
    /// Those of which there are runs here, ascending.
    pub parts: Vec<Part>,
}

/// The runs of one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its number, from 1.
    pub shard: u32,
    /// Its runs below this number have been made.
    pub below: u64,
}

/// The failures of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failures {
    /// An invariant, `duplicated` or `lost`.
    pub class: String,
    /// The invariant that says so.
    pub invariant: String,
    /// How many runs failed so.
    pub runs: u64,
    /// The first of them, at most [`KEPT`].
    pub first: Vec<u64>,
    /// What these came to when they were made small; the same text is one finding.
    pub findings: Vec<Finding>,
}

/// A small scenario that fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The name of its file.
    pub file: String,
    /// Which of the first runs it stands for.
    pub runs: Vec<u64>,
    /// Operators of the scenario.
    pub operators: usize,
    /// Listed steps.
    pub steps: usize,
    /// How many of them are faults.
    pub faults: usize,
    /// Whether it is known that no shorter list does.
    pub proven: bool,
    /// What shows it again, in the folder of the file.
    pub reproduce: String,
    /// The file itself.
    pub scenario: String,
}

/// A bug that nearly every run with a crash shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// The mutant.
    pub mutant: String,
    /// How many runs it may take.
    pub limit: u64,
    /// The run that found it. Nothing means that the search is broken.
    pub found_by_run: Option<u64>,
}

/// Fingerprints as one word.
mod shapes {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use crate::explore::Distinct;

    pub fn serialize<S: Serializer>(shapes: &Distinct, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&shapes.word())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Distinct, D::Error> {
        let word = String::deserialize(deserializer)?;
        Distinct::from_word(&word).ok_or_else(|| D::Error::custom("\"shapes\" are no fingerprints in their order"))
    }
}

impl Fuzzed {
    fn note_first(&mut self, word: String, run: u64) {
        let first = self.first_runs.entry(word).or_insert(run);
        *first = (*first).min(run);
    }

    /// The last run that brought a situation or a feature that no run before it had.
    pub fn newest(&self) -> Option<u64> {
        self.first_runs.values().copied().max()
    }

    /// The document, ending in a line break.
    pub fn document(&self) -> String {
        // Strings, numbers and lists: there is nothing that JSON could refuse.
        serde_json::to_string_pretty(self).expect("a campaign is always JSON") + "\n"
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it, to be put behind its name.
    pub fn parse(text: &str) -> Result<Fuzzed, String> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let word = |field: &str| value.get(field).filter(|word| word.is_string() || word.is_number()).map(ToString::to_string);
        let (Some(format), Some(version)) = (word("format"), word("version")) else {
            return Err("it is no report of \"cutline fuzz\"".to_owned());
        };
        let own = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
        if (format != FORMAT.to_string()) || version != own {
            return Err(format!("it was written by version {version} in format {format}; this is version {own}, format {FORMAT}"));
        }
        let report: Fuzzed = serde_json::from_value(value).map_err(|error| format!("it is no report of \"cutline fuzz\": {error}"))?;
        let mut shards = report.shards.parts.iter().map(|part| part.shard);
        let is_ascending = report.shards.parts.is_sorted_by(|a, b| a.shard < b.shard);
        if !is_ascending || !shards.all(|shard| (1..=report.shards.of).contains(&shard)) {
            return Err("its shards are not in order".to_owned());
        }
        Ok(report)
    }

    /// Adds runs of the only shard, which now has all below `below`.
    pub fn add(&mut self, below: u64, tally: &Tally) {
        self.runs += tally.runs;
        self.steps += tally.steps;
        for (situation, more) in Situation::ALL.iter().zip(&tally.situations) {
            *self.situations.entry(situation.word().to_owned()).or_default() += more;
        }
        for (feature, more) in Feature::ALL.iter().zip(&tally.features) {
            *self.features.entry(feature.word().to_owned()).or_default() += more;
        }
        let words = Situation::ALL.iter().map(|situation| situation.word()).chain(Feature::ALL.iter().map(|feature| feature.word()));
        let firsts = words.zip(&tally.firsts).filter(|(_, first)| **first != NEVER);
        firsts.for_each(|(word, first)| self.note_first(word.to_owned(), *first));
        self.shapes.join(&tally.shapes);
        for failure in &tally.failures {
            let failures = self.failures_of(failure.class.word(), failure.class.invariant());
            failures.runs += 1;
            failures.keep(failure.run);
        }
        for part in &mut self.shards.parts {
            part.below = part.below.max(below);
        }
    }

    fn failures_of(&mut self, class: &str, invariant: &str) -> &mut Failures {
        let at = match self.failures.binary_search_by(|failures| failures.class.as_str().cmp(class)) {
            Ok(at) => at,
            Err(at) => {
                let (class, invariant) = (class.to_owned(), invariant.to_owned());
                self.failures.insert(at, Failures { class, invariant, runs: 0, first: Vec::new(), findings: Vec::new() });
                at
            }
        };
        &mut self.failures[at]
    }

    /// The first failed runs that nobody has made small.
    pub fn unshrunk(&self) -> Vec<u64> {
        let mut runs: Vec<u64> = self.failures.iter().flat_map(Failures::unshrunk).collect();
        runs.sort_unstable();
        runs
    }

    /// Notes what a failed run came to.
    pub fn shrunk(&mut self, run: u64, shrunk: &Shrunk) {
        let mutant = self.mutant().map(|name| format!(" --mutant {name}")).unwrap_or_default();
        let Some(failures) = self.failures.iter_mut().find(|failures| failures.first.contains(&run)) else { return };
        let file = format!("{}-{:08x}.json", failures.class, fingerprint(shrunk.text.as_bytes()) as u32);
        let &Shrunk { steps, operators, faults, proven, .. } = shrunk;
        let (reproduce, scenario) = (format!("cutline run {file}{mutant}"), shrunk.text.clone());
        failures.note(Finding { file, runs: vec![run], operators, steps, faults, proven, reproduce, scenario });
    }

    /// The mutant that is tried.
    pub fn mutant(&self) -> Option<&str> {
        Some(self.suspect.as_str()).filter(|name| *name != RIGHT)
    }

    /// Every small scenario.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.failures.iter().flat_map(|failures| &failures.findings)
    }

    /// The file of every small scenario, with its text and the class that it shows.
    pub fn classed(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.failures
            .iter()
            .flat_map(|failures| failures.findings.iter().map(|finding| (&*finding.file, &*finding.scenario, &*failures.class)))
    }

    /// How many runs failed.
    pub fn failed(&self) -> u64 {
        self.failures.iter().map(|failures| failures.runs).sum()
    }

    /// The first parts that are missing, with how many more there are: a campaign can have millions of shards.
    pub fn missing_named(&self, separator: &str) -> String {
        let missing = self.missing();
        let named = missing[..missing.len().min(MISSING)].join(separator);
        match missing.len().saturating_sub(MISSING) {
            0 => named,
            more => format!("{named}, and {more} more are missing"),
        }
    }

    /// What keeps this from being the whole campaign, a line each.
    pub fn missing(&self) -> Vec<String> {
        let of = self.shards.of;
        let mut missing = Vec::new();
        for shard in 1..=of {
            let part = self.shards.parts.iter().find(|part| part.shard == shard);
            let name = if of == 1 { String::new() } else { format!(" of shard {shard} of {of}") };
            match (part, self.runs_wanted) {
                (None, _) => missing.push(format!("shard {shard} of {of}")),
                (Some(part), Some(wanted)) if part.below < wanted => {
                    missing.push(format!("the runs {} to {}{name}", part.below, wanted - 1));
                }
                _ => {}
            }
        }
        let unshrunk = self.unshrunk();
        if !unshrunk.is_empty() {
            missing.push(format!("small scenarios for the failed runs {}", joined(&unshrunk)));
        }
        missing
    }

    /// What differs between two campaigns that are not the same.
    pub fn difference(&self, other: &Fuzzed) -> Option<String> {
        let wanted = |report: &Fuzzed| report.runs_wanted.map_or("by time".to_owned(), |runs| runs.to_string());
        let files =
            |report: &Fuzzed| report.files.iter().map(|file| format!("{} ({})", file.path, file.digest)).collect::<Vec<_>>().join(", ");
        let pairs = [
            ("seed", self.seed.to_string(), other.seed.to_string()),
            ("suspect", self.suspect.clone(), other.suspect.clone()),
            ("protocols", self.protocols.join(","), other.protocols.join(",")),
            ("scenarios", files(self), files(other)),
            ("runs", wanted(self), wanted(other)),
            ("number of shards", self.shards.of.to_string(), other.shards.of.to_string()),
        ];
        let different = pairs.into_iter().find(|(_, one, two)| one != two);
        different
            .map(|(what, one, two)| format!("{what} {one} and {two}"))
            .or_else(|| (self.canary != other.canary).then(|| "different canaries".to_owned()))
    }

    /// Adds the runs of other shards of the same campaign. The order of merging does not matter.
    ///
    /// # Errors
    /// When they are of different campaigns, or both have runs of a shard.
    pub fn merge(mut self, other: Fuzzed) -> Result<Fuzzed, Unmergeable> {
        if let Some(difference) = self.difference(&other) {
            return Err(Unmergeable::Different(difference));
        }
        let own: BTreeSet<u32> = self.shards.parts.iter().map(|part| part.shard).collect();
        if let Some(part) = other.shards.parts.iter().find(|part| own.contains(&part.shard)) {
            return Err(Unmergeable::Twice { shard: part.shard, of: self.shards.of });
        }
        self.shards.parts.extend(other.shards.parts);
        self.shards.parts.sort_unstable();
        self.runs += other.runs;
        self.steps += other.steps;
        for (name, more) in other.situations {
            *self.situations.entry(name).or_default() += more;
        }
        for (name, more) in other.features {
            *self.features.entry(name).or_default() += more;
        }
        other.first_runs.into_iter().for_each(|(word, first)| self.note_first(word, first));
        self.shapes.join(&other.shapes);
        for other in other.failures {
            let failures = self.failures_of(&other.class, &other.invariant);
            failures.runs += other.runs;
            other.first.iter().for_each(|run| failures.keep(*run));
            other.findings.into_iter().for_each(|finding| failures.note(finding));
        }
        self.shards.join();
        Ok(self)
    }
}

impl Shards {
    /// All shards up to the same run are the campaign in one piece up to there.
    fn join(&mut self) {
        if let [first, others @ ..] = &self.parts[..]
            && self.parts.len() == self.of as usize
            && others.iter().all(|part| part.below == first.below)
        {
            *self = Shards { of: 1, parts: vec![Part { shard: 1, below: first.below }] };
        }
    }
}

impl Failures {
    /// Keeps a run if it is one of the first.
    fn keep(&mut self, run: u64) {
        if let Err(at) = self.first.binary_search(&run)
            && at < KEPT
        {
            self.first.insert(at, run);
            self.first.truncate(KEPT);
            let first = &self.first;
            self.findings.iter_mut().for_each(|finding| finding.runs.retain(|run| first.contains(run)));
            self.findings.retain(|finding| !finding.runs.is_empty());
        }
    }

    fn unshrunk(&self) -> impl Iterator<Item = u64> {
        self.first.iter().copied().filter(|run| !self.findings.iter().any(|finding| finding.runs.contains(run)))
    }

    /// Adds a finding for those of its runs that are kept.
    fn note(&mut self, mut finding: Finding) {
        finding.runs.retain(|run| self.first.contains(run));
        if finding.runs.is_empty() {
            return;
        }
        match self.findings.iter_mut().find(|known| known.scenario == finding.scenario) {
            Some(known) => {
                known.runs.extend(finding.runs);
                known.runs.sort_unstable();
                known.runs.dedup();
            }
            None => self.findings.push(finding),
        }
        self.findings.sort_by_key(|finding| finding.runs[0]);
    }
}

/// Why two reports cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmergeable {
    /// They are of different campaigns; in what they differ.
    Different(String),
    /// Both have runs of this shard.
    Twice {
        /// Its number.
        shard: u32,
        /// How many shards there are.
        of: u32,
    },
}

/// A fingerprint of bytes, the same on every platform.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    let mut digest = Digest::new();
    digest.write(bytes);
    digest.finish()
}

/// `3, 7, 12`
fn joined(runs: &[u64]) -> String {
    runs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The campaign for people. `folder` holds the files of the findings.
pub fn text(report: &Fuzzed, folder: Option<&str>, style: &Style) -> String {
    let mut page = Page::new(style);
    head(&mut page, report, style);
    let missing = report.missing();
    if !missing.is_empty() {
        page.line(2, paint(style.bad, format_args!("NOT complete: there is no {}", report.missing_named(", nor "))));
    }
    for failures in &report.failures {
        page.gap();
        show(&mut page, report, failures, folder, style);
    }
    if folder.is_none() && report.findings().next().is_some() {
        page.gap();
        page.line(0, "The files are in this report: --out DIR writes them.");
    }
    page.gap();
    counted(&mut page, "Situations", "reached", &report.situations, style);
    page.gap();
    counted(&mut page, "Features", "in some run", &report.features, style);
    page.gap();
    page.line(0, verdict(report, style));
    page.text
}

fn head(page: &mut Page, report: &Fuzzed, style: &Style) {
    let what = report.mutant().map_or("everything right".to_owned(), |name| format!("the mutant {name}"));
    page.line(0, paint(style.strong, format_args!("{} of {what}, seed {}", count(report.runs, "run"), report.seed)));
    page.wrapped(2, &format!("under {}", report.protocols.join(", ")));
    if !report.files.is_empty() {
        page.line(2, format!("through {}", count(report.files.len(), "given scenario")));
    }
    if report.shards.of > 1 {
        let parts = report.shards.parts.iter().map(|part| format!("{} (up to run {})", part.shard, part.below));
        page.wrapped(2, &format!("of {} shards these: {}", report.shards.of, parts.collect::<Vec<_>>().join(", ")));
    }
    page.line(2, count(report.steps, "step"));
    match report.shapes.count() {
        (0, _) => {}
        (shapes, true) => page.line(2, count(shapes, "different scenario")),
        (shapes, false) => page.line(2, format!("about {} different scenarios", in_hundreds(shapes))),
    }
    if let Some(newest) = report.newest() {
        page.line(2, format!("nothing new since run {newest}: no situation and no feature that an earlier run had not"));
    }
    let Canary { mutant, limit, found_by_run } = &report.canary;
    match found_by_run {
        Some(run) => page.line(2, format!("canary: run {run} finds {mutant}")),
        None => page.line(2, paint(style.bad, format_args!("canary: {limit} runs do NOT find {mutant}: the search is broken"))),
    }
}

fn show(page: &mut Page, report: &Fuzzed, failures: &Failures, folder: Option<&str>, style: &Style) {
    let Failures { class, invariant, runs, first, findings } = failures;
    let invariant = if class == invariant { String::new() } else { format!(" ({invariant})") };
    page.line(0, paint(style.bad, format_args!("{class}{invariant} in {}", count(runs, "run"))));
    let mutant = report.mutant().map(|name| format!(" --mutant {name}")).unwrap_or_default();
    for finding in findings {
        let Finding { file, runs, operators, steps, faults, proven, .. } = finding;
        let size = [count(operators, "operator"), count(faults, "fault"), count(steps, "step")].join(", ");
        let proven = if *proven { ", no shorter way" } else { "" };
        let runs = if let [run] = runs[..] { format!("run {run}") } else { format!("runs {}", joined(runs)) };
        page.line(2, printable(&format!("{file}: {size}{proven}; {runs}")));
        let path = folder.map_or(file.clone(), |folder| format!("{folder}/{file}"));
        page.line(4, printable(&format!("reproduce: cutline run {path}{mutant}")));
    }
    let unshrunk: Vec<u64> = failures.unshrunk().collect();
    if !unshrunk.is_empty() {
        page.line(2, format!("not made small yet: {} {}", if unshrunk.len() == 1 { "run" } else { "runs" }, joined(&unshrunk)));
    }
    let more = runs - first.len() as u64;
    if more > 0 {
        page.line(2, format!("{more} more, not made small: of each kind the first {KEPT} are"));
    }
}

/// What is not exact has no more digits than are known.
fn in_hundreds(number: u64) -> u64 {
    (number + 50) / 100 * 100
}

fn counted(page: &mut Page, what: &str, how: &str, counts: &BTreeMap<String, u64>, style: &Style) {
    let reached: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).collect();
    let heading = format!("{what}: {} of {} {how}", reached.len(), counts.len());
    page.line(0, paint(style.strong, heading));
    let width = reached.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, count) in &reached {
        page.line(2, format!("{:<width$}  {count:>9}", printable(name)));
    }
    let never: Vec<&str> = counts.iter().filter(|(_, count)| **count == 0).map(|(name, _)| name.as_str()).collect();
    if !never.is_empty() {
        page.wrapped(2, &printable(&format!("never: {}", never.join(", "))));
    }
}

fn verdict(report: &Fuzzed, style: &Style) -> String {
    match report.failed() {
        0 => paint(style.good, format_args!("no violation in {}", count(report.runs, "run"))),
        failed => paint(style.bad, format_args!("VIOLATED: {failed} of {} failed", count(report.runs, "run"))),
    }
}
