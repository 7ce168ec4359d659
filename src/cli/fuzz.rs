//! `cutline fuzz`

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::Value;

use super::args::{Fuzz, TableFormat};
use super::clock::Clock;
use super::keep::Place;
use super::output::{self, Problem, reason};
use super::progress::Progress;
use super::words::{self, Required, Shard};
use super::{Exit, files, guard, interrupt, keep, load, readback, refuse};
use crate::explore::zoo::{self, CANARY, Mutant};
use crate::explore::{Campaign, Distinct, Feature, Given, Right, Shrunk, Suspect, Tally, Under, Unshrunk};
use crate::kernel::{Patience, counted};
use crate::protocol::ProtocolKind;
use crate::report::fuzz::{self as report, Canary, Fuzzed, GivenFile, Part, Shards};
use crate::report::text::Style;
use crate::scenario::Scenario;
use crate::scenario::outcome::FORMAT;
use crate::trace::Situation;

/// Runs when nothing is said.
const RUNS: u64 = 10_000;
/// Within so many runs the canary has to be found.
const CANARY_RUNS: u64 = 2_000;
/// The report on disk is at most about this old.
const KEPT_EVERY: Duration = Duration::from_secs(3);
/// A stretch of runs that took less is followed by a longer one, one that took more by a shorter one.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_millis(1_500);
/// Where findings go when nothing is said.
pub const FINDINGS: &str = "cutline-findings";

/// Runs a campaign and prints what it found.
pub fn fuzz(arguments: &Fuzz) -> Exit {
    let given = match given(arguments) {
        Ok(given) => given,
        Err(exit) => return exit,
    };
    match Job::new(arguments, given) {
        Ok(job) => job.run().unwrap_or_else(|exit| exit),
        Err(problem) => refuse(&problem),
    }
}

/// Scenarios that are walked through in the place of drawn ones.
#[derive(Default)]
struct Scenarios {
    named: Vec<GivenFile>,
    files: Vec<(Value, Scenario)>,
}

fn given(arguments: &Fuzz) -> Result<Scenarios, Exit> {
    let found = files::find(&arguments.paths);
    let mut given = Scenarios::default();
    let mut exit = Exit::AsExpected;
    for (_, problem) in &found.problems {
        exit = exit.max(refuse(problem));
    }
    for path in &found.files {
        match load::load_alone(path) {
            Ok((bytes, scenario)) => {
                let digest = format!("{:016x}", report::fingerprint(&bytes));
                given.named.push(GivenFile { path: path.display().to_string(), digest });
                // It has just been read.
                given.files.push((serde_json::from_slice(&bytes).expect("a scenario is JSON"), scenario));
            }
            Err(failure) => exit = exit.max(failure.exit),
        }
    }
    let suits = |mutant: &Mutant| given.files.iter().any(|(_, scenario)| mutant.suits(scenario));
    if let Some(mutant) = arguments.mutant.filter(|mutant| !given.files.is_empty() && !suits(mutant)) {
        let message = format!("there is no place for {} in any of the scenarios", mutant.name);
        exit = exit.max(refuse(&Problem::new(message, "leave out the scenarios, and fitting ones are drawn")));
    }
    if exit == Exit::AsExpected { Ok(given) } else { Err(exit) }
}

/// A campaign that is ready to be run.
struct Job<'a> {
    arguments: &'a Fuzz,
    suspect: Box<dyn Suspect>,
    shard: Shard,
    /// Where findings go.
    folder: PathBuf,
    /// Where the report is kept.
    kept: Option<Place>,
    report: Fuzzed,
    pool: ThreadPool,
}

impl<'a> Job<'a> {
    fn new(arguments: &'a Fuzz, given: Scenarios) -> Result<Job<'a>, Problem> {
        let suspect: &'static dyn Suspect = arguments.mutant.map_or(&Right, |mutant| mutant);
        let suspect: Box<dyn Suspect> = match given.files.is_empty() {
            true => Box::new(Under { suspect, protocols: protocols(arguments, suspect)? }),
            false => Box::new(Given::new(suspect, given.files)),
        };
        let shard = shard(arguments)?;
        let folder = arguments.out.clone().unwrap_or_else(|| PathBuf::from(FINDINGS));
        keep::try_folder(&folder)?;
        let kept = arguments.report.clone().or_else(|| arguments.out.as_ref().map(|folder| folder.join("report.json")));
        let kept = kept.map(|path| Place::claim(&path)).transpose()?;
        check_replaced(arguments)?;
        let mut report = Fuzzed {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: arguments.seed,
            suspect: arguments.mutant.map_or(report::RIGHT, |mutant| mutant.name).to_owned(),
            protocols: suspect.protocols().iter().map(|protocol| protocol.word().to_owned()).collect(),
            files: given.named,
            runs_wanted: Some(arguments.runs.unwrap_or(RUNS)).filter(|_| arguments.time.is_none()),
            shards: Shards { of: shard.of, parts: vec![Part { shard: shard.index, below: 0 }] },
            runs: 0,
            steps: 0,
            situations: Situation::ALL.iter().map(|situation| (situation.word().to_owned(), 0)).collect(),
            features: Feature::ALL.iter().map(|feature| (feature.word().to_owned(), 0)).collect(),
            shapes: Distinct::default(),
            first_runs: BTreeMap::new(),
            failures: Vec::new(),
            canary: Canary { mutant: CANARY.to_owned(), limit: CANARY_RUNS, found_by_run: None },
        };
        if arguments.resume
            && let Some(earlier) = earlier(kept.as_ref().map(Place::path), &report, arguments)?
        {
            report = earlier;
        }
        let pool = pool(arguments.jobs)?;
        Ok(Job { arguments, suspect, shard, folder, kept, report, pool })
    }

    fn run(mut self) -> Result<Exit, Exit> {
        let suspect = std::mem::replace(&mut self.suspect, Box::new(Right));
        let campaign = Campaign { seed: self.arguments.seed, suspect: &*suspect };
        self.report.canary.found_by_run = self.canary()?;
        let progress = Progress::new("runs", self.arguments.time.is_none().then(|| self.total()));
        let before = self.report.runs;
        self.blocks(&campaign, &progress)?;
        let is_interrupted = interrupt::is_asked();
        // It is kept once more below: what cannot be written now is said then.
        let _ = self.keep();
        self.shrink(&campaign)?;
        let handed_out = hand_out(&self.report, &*suspect, &self.folder)?;
        let kept = self.keep().map_or_else(|problem| refuse(&problem), |()| Exit::AsExpected);
        self.tell(progress.elapsed(), before);
        if is_interrupted {
            let how = if self.kept.is_some() && kept == Exit::AsExpected {
                "--resume goes on with it"
            } else {
                "with --report FILE it could be gone on with"
            };
            output::message(format_args!("interrupted: the report is of the runs up to here; {how}"));
        }
        let folder = Some(self.folder.display().to_string()).filter(|_| handed_out == Exit::AsExpected);
        let printed = print(&self.report, folder.as_deref(), self.arguments.format);
        if folder.is_none() && self.arguments.format == TableFormat::Text {
            for finding in self.report.findings() {
                output::result(&format!("\n{}\n{}", finding.file, finding.scenario));
            }
        }
        let interrupted = if is_interrupted { Exit::Interrupted } else { Exit::AsExpected };
        Ok(judge(&self.report, &self.arguments.require).max(interrupted).max(printed).max(handed_out).max(kept))
    }

    /// How many of the wanted runs are this shard's.
    fn total(&self) -> u64 {
        let wanted = self.report.runs_wanted.unwrap_or(0);
        let (of, index) = (u64::from(self.shard.of), u64::from(self.shard.index));
        (wanted + of - index) / of
    }

    /// The run that finds the canary.
    fn canary(&self) -> Result<Option<u64>, Exit> {
        let mutant = zoo::find(CANARY).expect("the canary is in the zoo");
        let campaign = Campaign { seed: self.arguments.seed, suspect: mutant };
        let found = guard::guarded(|| campaign.first_failure(CANARY_RUNS)).map_err(|panic| internal("the canary", &panic))?;
        Ok(found.map(|failure| failure.run))
    }

    /// All runs that are left, a stretch of them at a time. The stretch under way when somebody interrupts is
    /// forgotten: half of it would be nobody's report.
    fn blocks(&mut self, campaign: &Campaign<'_>, progress: &Progress) -> Result<(), Exit> {
        let began = Clock::start();
        let (mut kept, mut has_complained) = (Clock::start(), false);
        let mut stretch = Stretch::new(campaign.suspect, self.pool.current_num_threads());
        let end = self.report.runs_wanted.unwrap_or(u64::MAX);
        let mut from = self.report.shards.parts[0].below;
        let is_over = |from| interrupt::is_asked() || from >= end || self.arguments.time.is_some_and(|time| began.elapsed() >= time);
        while !is_over(from) {
            let (below, clock) = (stretch.below(from).min(end), Clock::start());
            let tally = self.pool.install(|| runs(campaign, from..below, self.shard)).map_err(|panic| {
                let what = panicking(campaign, from..below, self.shard).map_or("a run".to_owned(), |run| format!("run {run}"));
                internal(&format!("{what} of seed {}", campaign.seed), &panic)
            })?;
            let Some(tally) = tally else { break };
            stretch.adapt(clock.elapsed());
            self.report.add(below, &tally);
            progress.note(format!("({} failed)", self.report.failed()));
            progress.at(self.report.runs);
            if kept.elapsed() >= KEPT_EVERY {
                // A disk that is full now may have room later, and what was found is not lost meanwhile.
                if let Some(problem) = self.keep().err().filter(|_| !std::mem::replace(&mut has_complained, true)) {
                    problem.print();
                }
                kept = Clock::start();
            }
            from = below;
        }
        Ok(())
    }

    /// Makes the first failures of each class small, after an interrupt as many as there is time for.
    fn shrink(&mut self, campaign: &Campaign<'_>) -> Result<(), Exit> {
        let failed = self.report.unshrunk();
        let shrunk: Vec<Attempt> = self.pool.install(|| {
            let failed = failed.into_par_iter().filter(|_| !interrupt::is_urgent());
            let shrunk = failed.map(|run| (run, guard::guarded(|| campaign.shrink(run))));
            shrunk.collect()
        });
        for (run, shrunk) in shrunk {
            match shrunk {
                Ok(Ok(shrunk)) => self.report.shrunk(run, &shrunk),
                Ok(Err(unshrunk)) if unshrunk.is_defect() => {
                    return Err(internal(&format!("making run {run} of seed {} small", campaign.seed), &unshrunk.to_string()));
                }
                Ok(Err(Unshrunk::Right)) => {
                    let help = "this is a defect of cutline; please report it with the seed and the run";
                    Problem::new(format!("run {run} of seed {} failed, and does not when it is repeated", campaign.seed), help).print();
                    return Err(Exit::Nondeterminism);
                }
                Ok(Err(unshrunk)) => output::message(format_args!("run {run} of seed {}: {unshrunk}", campaign.seed)),
                Err(panic) => return Err(internal(&format!("making run {run} of seed {} small", campaign.seed), &panic)),
            }
        }
        Ok(())
    }

    /// How fast it was, on standard error.
    fn tell(&self, took: Duration, before: u64) {
        let (runs, failed, took) = (self.report.runs, self.report.failed(), took.as_millis());
        let rate = u128::from(runs - before) * 1000 / took.max(1);
        output::message(format_args!("{runs} runs, {failed} failed, {}.{:03} s, {rate} runs/s", took / 1000, took % 1000));
    }

    fn keep(&self) -> Result<(), Problem> {
        self.kept.as_ref().map_or(Ok(()), |place| place.write(&self.report.document()))
    }
}

/// A report that is there is replaced if somebody says so.
fn check_replaced(arguments: &Fuzz) -> Result<(), Problem> {
    let report = arguments.report.as_ref().filter(|_| !arguments.resume && !arguments.replace);
    report.map_or(Ok(()), |path| refuse_to_replace(path, "say --resume to go on with it or --replace to begin anew, or name another file"))
}

/// A problem when the file is there; `help` is for a report of a campaign.
pub fn refuse_to_replace(path: &Path, help: &'static str) -> Result<(), Problem> {
    if !path.is_file() {
        return Ok(());
    }
    let name = path.display();
    let (what, help) = match fs::read_to_string(path).map(|text| Fuzzed::parse(&text)) {
        Ok(Ok(report)) => {
            let what = format!("the report of a campaign of seed {}, with {}", report.seed, counted(report.runs, "run", "runs"));
            (what, help)
        }
        _ => ("no report of a campaign".to_owned(), "name another file, or say --replace if nobody needs it any more"),
    };
    Err(Problem::new(format!("{name} is there already, and is {what}"), help))
}

/// Writes the small scenarios of a campaign, and reads them back. What could not be written is said.
pub fn hand_out(report: &Fuzzed, suspect: &dyn Suspect, folder: &Path) -> Result<Exit, Exit> {
    match keep::write_all(folder, report.findings().map(|finding| (&*finding.file, &*finding.scenario))) {
        Ok(()) => readback::all(suspect, folder, report.classed()).map(|()| Exit::AsExpected),
        Err(problem) => Ok(refuse(&problem)),
    }
}

fn internal(what: &str, panic: &str) -> Exit {
    guard::internal_error(what, panic).print();
    Exit::Internal
}

fn protocols(arguments: &Fuzz, suspect: &dyn Suspect) -> Result<Vec<ProtocolKind>, Problem> {
    let own = suspect.protocols();
    if let Some(other) = arguments.protocols.iter().find(|protocol| !own.contains(protocol)) {
        let name = arguments.mutant.map_or("what makes no claim", |mutant| mutant.name);
        let words: Vec<_> = own.iter().map(|protocol| protocol.word()).collect();
        let message = format!("--protocols {}: not for {name}", other.word());
        return Err(Problem::new(message, format!("choose from: {}", words.join(", "))));
    }
    // In the suspect's order: how they are typed changes no draw.
    let chosen = own.iter().copied().filter(|protocol| arguments.protocols.is_empty() || arguments.protocols.contains(protocol));
    Ok(chosen.collect())
}

fn shard(arguments: &Fuzz) -> Result<Shard, Problem> {
    let Some(of) = arguments.shards else { return Ok(arguments.shard.unwrap_or(Shard::WHOLE)) };
    // What is no text is no number either.
    let variable = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    words::shard_of_job(of, variable).map_err(|message| Problem::new(message, "say which one it is: --shard K/N, with K from 1 to N"))
}

fn pool(jobs: Option<u16>) -> Result<ThreadPool, Problem> {
    let mut pool = ThreadPoolBuilder::new();
    if let Some(jobs) = jobs {
        pool = pool.num_threads(jobs.into());
    }
    pool.build().map_err(|error| Problem::new(format!("cannot start the threads: {error}"), "give a smaller --jobs"))
}

/// The report to go on with, if there is one.
fn earlier(kept: Option<&Path>, fresh: &Fuzzed, arguments: &Fuzz) -> Result<Option<Fuzzed>, Problem> {
    let Some(path) = kept else {
        return Err(Problem::new("--resume: there is no report to go on with", "name it: --report FILE, or --out DIR"));
    };
    let name = path.display();
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Problem::new(format!("cannot read {name}: {}", reason(&error)), "make it readable, or name another file"));
        }
        Ok(text) => text,
    };
    let help = "give the arguments it was begun with, or say --replace instead of --resume to begin anew";
    let mut earlier = Fuzzed::parse(&text).map_err(|message| Problem::new(format!("cannot go on with {name}: {message}"), help))?;
    let below = earlier.shards.parts.first().map_or(0, |part| part.below);
    let wanted = match (arguments.runs, fresh.runs_wanted) {
        (None, Some(_)) => earlier.runs_wanted.or(fresh.runs_wanted),
        (_, wanted) => wanted,
    };
    if let Some(wanted) = wanted.filter(|wanted| *wanted < below) {
        return Err(Problem::new(format!("cannot go on with {name}: it has {below} runs, and only {wanted} are wanted"), help));
    }
    let other = Fuzzed { runs_wanted: wanted, canary: earlier.canary.clone(), ..fresh.clone() };
    earlier.runs_wanted = wanted;
    if let Some(difference) = earlier.difference(&other) {
        return Err(Problem::new(format!("cannot go on with {name}: {difference}"), help));
    }
    let shards = |report: &Fuzzed| report.shards.parts.iter().map(|part| part.shard).collect::<Vec<_>>();
    if shards(&earlier) != shards(fresh) {
        return Err(Problem::new(format!("cannot go on with {name}: it is of another shard"), help));
    }
    Ok(Some(earlier))
}

/// How many runs are made before the next look at clock and interrupts.
struct Stretch {
    runs: u64,
    most: u64,
}

/// A walk by its number, and what shrinking it came to: a panic's message where it did not come to its end.
type Attempt = (u64, Result<Result<Shrunk, Unshrunk>, String>);

impl Stretch {
    /// Drawn scenarios are small; one that somebody gave may take long for a single run.
    fn new(suspect: &dyn Suspect, threads: usize) -> Stretch {
        let most = Campaign::BLOCK * threads as u64;
        Stretch { runs: if suspect.draws() { most } else { Campaign::LEAST }, most }
    }

    /// Where a stretch that begins there ends.
    fn below(&self, from: u64) -> u64 {
        let unit = self.runs.min(Campaign::BLOCK);
        (from / unit + self.runs / unit).saturating_mul(unit)
    }

    fn adapt(&mut self, took: Duration) {
        if took < SHORT && self.runs < self.most {
            self.runs = if self.runs < Campaign::BLOCK { self.runs * 2 } else { self.most };
        } else if took > LONG && self.runs > Campaign::LEAST {
            self.runs = if self.runs > Campaign::BLOCK { Campaign::BLOCK } else { self.runs / 2 };
        }
    }
}

/// Runs of a shard, in as many threads as there are; nothing when nobody waits for them, and what one of them said
/// when it panicked.
fn runs(campaign: &Campaign<'_>, range: Range<u64>, shard: Shard) -> Result<Option<Tally>, String> {
    let lasts = |_| !interrupt::is_asked();
    let blocks = range.start / Campaign::BLOCK..range.end.div_ceil(Campaign::BLOCK);
    let pieces: Vec<(u64, u64)> = blocks.flat_map(|block| (0..Campaign::PARTS).map(move |part| (block, part))).collect();
    let tallies: Vec<Result<Option<Tally>, String>> = pieces
        .into_par_iter()
        .map(|(block, part)| {
            let start = (block * Campaign::BLOCK).max(range.start);
            let end = (block + 1).saturating_mul(Campaign::BLOCK).min(range.end);
            let mine = |run| shard.has(run) && Campaign::part_of(run) == part;
            guard::guarded(|| campaign.runs_attended(start..end, mine, Patience::new(&lasts)))
        })
        .collect();
    // Added up in order, so that it does not matter who was first.
    tallies.into_iter().try_fold(Some(Tally::new()), |all, tally| {
        let (Some(mut all), Some(tally)) = (all, tally?) else { return Ok(None) };
        all.add(&tally);
        Ok(Some(all))
    })
}

/// The first run that panics, one by one.
fn panicking(campaign: &Campaign<'_>, mut range: Range<u64>, shard: Shard) -> Option<u64> {
    range.find(|&run| shard.has(run) && guard::guarded(|| campaign.runs(run..run + 1, |_| true)).is_err())
}

/// How the program ends for what a campaign found, with what is to be said of it on standard error.
pub fn judge(report: &Fuzzed, required: &[Required]) -> Exit {
    let mut exit = if report.failed() > 0 { Exit::Unexpected } else { Exit::AsExpected };
    let is_required = |name: &str| {
        required.iter().any(|required| match required {
            Required::All => true,
            Required::One(word) => *word == name,
        })
    };
    let counts = report.situations.iter().chain(&report.features);
    let never: Vec<&str> = counts.filter(|(name, count)| **count == 0 && is_required(name)).map(|(name, _)| name.as_str()).collect();
    if !never.is_empty() {
        let message = format!("required and never reached: {}", never.join(", "));
        Problem::new(message, "try more runs, or other protocols").print();
        exit = exit.max(Exit::NotReached);
    }
    if report.canary.found_by_run.is_none() {
        let message = format!("the search is broken: {} runs do not find {}", report.canary.limit, report.canary.mutant);
        Problem::new(message, "this is a defect of cutline; please report it with the seed").print();
        exit = Exit::Internal;
    }
    exit
}

/// Prints a campaign.
pub fn print(report: &Fuzzed, folder: Option<&str>, format: TableFormat) -> Exit {
    match format {
        TableFormat::Text => output::result(&report::text(report, folder, &Style::coloured())),
        TableFormat::Json => output::result(&report.document()),
    }
}
