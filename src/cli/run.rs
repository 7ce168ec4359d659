//! `cutline run`

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::args::{Format, Run};
use super::files::{self, Found};
use super::keep::{self, Draft, Place};
use super::output::{self, Problem};
use super::progress::Progress;
use super::{Exit, Failure, guard, interrupt, load, refuse, twice};
use crate::explore::zoo::Mutant;
use crate::kernel::Patience;
use crate::report::text::Style;
use crate::report::{Batch, json, junit, printable, text};
use crate::scenario::outcome::{Ended, FileError, Judgement};
use crate::scenario::{Outcome, Scenario};
use crate::trace::Fact;

/// Simulates scenarios and prints their verdicts.
pub fn run(arguments: &Run) -> Exit {
    let found = files::find(&arguments.paths);
    if let Err(problem) = check_trace(arguments, &found) {
        return refuse(&problem);
    }
    let (mut outcomes, mut errors, mut not_run) = (Vec::new(), Vec::new(), Vec::new());
    let mut exit = Exit::AsExpected;
    let mut fail = |path: &Path, failure: Failure| {
        errors.push(FileError { path: printable(&path.display().to_string()), message: failure.message });
        failure.exit
    };
    for (folder, problem) in &found.problems {
        exit = exit.max(fail(folder, Failure::print(problem, Exit::Usage)));
    }
    let progress = Progress::new("scenarios", Some(found.files.len() as u64));
    for (done, file) in (0..).zip(&found.files) {
        if interrupt::is_asked() {
            not_run.push(printable(&file.display().to_string()));
            exit = exit.max(Exit::Interrupted);
            continue;
        }
        match run_file(file, arguments, &Stage { progress: &progress, done }) {
            Ok((outcome, worse)) => {
                exit = exit.max(worse);
                outcomes.push(outcome);
            }
            Err(failure) => exit = exit.max(fail(file, failure)),
        }
    }
    report_missing(found.files.len() - outcomes.len() - not_run.len(), &found);
    let batch = Batch { outcomes: &outcomes, errors: &errors, not_run: &not_run };
    exit.max(print(&batch, arguments.format, found.many))
}

/// How far a command is when a run of it begins.
struct Stage<'p> {
    progress: &'p Progress,
    done: u64,
}

impl Stage<'_> {
    /// Whether somebody still waits after so many steps of the run.
    fn lasts(&self, steps: u64) -> bool {
        if steps > 0 {
            self.progress.note(format!("({steps} steps of the next one)"));
            self.progress.at(self.done);
        }
        !interrupt::is_asked()
    }
}

/// What `--trace` cannot do is said before anything runs.
fn check_trace(arguments: &Run, found: &Found) -> Result<(), Problem> {
    let Some(trace) = &arguments.trace else { return Ok(()) };
    if found.files.len() > 1 {
        let message = format!("--trace writes the facts of one scenario, but {} were found", found.files.len());
        return Err(Problem::new(message, "name a single scenario file"));
    }
    if is_stdout(trace) && arguments.format != Format::Text {
        let message = "\"--trace -\" would mix the facts with the document on standard output";
        return Err(Problem::new(message, "name a file for the facts, or leave out --format"));
    }
    if found.files.iter().any(|file| files::is_same(file, trace)) {
        let message = format!("--trace {} would overwrite the scenario", trace.display());
        return Err(Problem::new(message, "name another file for the facts"));
    }
    Ok(())
}

fn is_stdout(trace: &Path) -> bool {
    trace == Path::new("-")
}

/// The outcome of a file and how the program has to end for it, or what has been printed because there is none.
fn run_file(file: &Path, arguments: &Run, stage: &Stage<'_>) -> Result<(Outcome, Exit), Failure> {
    let lasts = |steps| stage.lasts(steps);
    let patience = Patience::new(&lasts);
    let scenario = load::load_to_run(file, arguments.seed, arguments.mutant)?;
    let scenario = if arguments.strict { scenario.strict() } else { scenario };
    let mut trace = Trace::create(arguments.trace.as_deref()).map_err(|problem| Failure::print(&problem, Exit::Usage))?;
    let ran = guard::guarded(|| {
        let outcome = trace.run(&scenario, arguments.mutant, patience);
        let difference = arguments.twice.then(|| twice::compare(&scenario, &outcome, patience)).flatten();
        (outcome, difference)
    });
    let (outcome, difference) = ran.map_err(|panic| {
        let what = format!("{} with seed {}", printable(&file.display().to_string()), scenario.seed());
        Failure::print(&guard::internal_error(&what, &panic), Exit::Internal)
    })?;
    let mut exit = exit_of(&outcome).max(trace.finish());
    if let Some(difference) = difference {
        difference.print();
        exit = exit.max(Exit::Nondeterminism);
    } else if arguments.twice && interrupt::is_asked() {
        exit = exit.max(Exit::Interrupted);
    } else if arguments.twice {
        output::message(format_args!("{}: two runs agree, digest {}", outcome.scenario, outcome.digest));
    }
    Ok((outcome, exit))
}

fn exit_of(outcome: &Outcome) -> Exit {
    match (outcome.verdict, outcome.ended) {
        (Judgement::AsExpected, _) => Exit::AsExpected,
        (Judgement::Unexpected, Ended::Interrupted) => Exit::Interrupted,
        (Judgement::Unexpected, Ended::StepLimit | Ended::TimeLimit) => Exit::Limit,
        (Judgement::Unexpected, _) => Exit::Unexpected,
    }
}

/// The last word on standard error when not everything could be run.
fn report_missing(missing: usize, found: &Found) {
    if missing > 0 && found.files.len() > 1 {
        output::message(format_args!("{missing} of {} scenarios gave no outcome; see the errors above", found.files.len()));
    }
}

fn print(batch: &Batch<'_>, format: Format, many: bool) -> Exit {
    let style = Style::coloured();
    match (format, batch.outcomes) {
        (Format::Json, _) => output::result(&json::document(batch)),
        (Format::Junit, _) => output::result(&junit::document(batch)),
        (Format::Text, []) if batch.not_run.is_empty() => Exit::AsExpected,
        (Format::Text, [outcome]) if !many => output::result(&text::outcome(outcome, &style)),
        (Format::Text, _) => output::result(&text::summary(batch, &style)),
    }
}

/// Where the facts of a run go, if anywhere.
struct Trace {
    path: PathBuf,
    out: Facts,
    failure: io::Result<()>,
}

enum Facts {
    Nowhere,
    Printed(BufWriter<Box<dyn Write>>),
    Kept(Place, Draft),
}

impl Trace {
    fn create(path: Option<&Path>) -> Result<Trace, Problem> {
        let Some(path) = path else { return Ok(Trace { path: PathBuf::new(), out: Facts::Nowhere, failure: Ok(()) }) };
        let out = match is_stdout(path) {
            true => Facts::Printed(BufWriter::new(output::stream())),
            false => Facts::Kept(Place::claim(path)?, Draft::begin(path).map_err(|error| keep::cannot_write(path, &error))?),
        };
        Ok(Trace { path: path.to_owned(), out, failure: Ok(()) })
    }

    fn run(&mut self, scenario: &Scenario, mutant: Option<&Mutant>, patience: Patience<'_>) -> Outcome {
        let world = mutant.map_or_else(|| scenario.world(), |mutant| mutant.world(scenario));
        let out: &mut dyn Write = match &mut self.out {
            Facts::Nowhere => return scenario.attend_world(world, &mut |_, _, _| {}, patience),
            Facts::Printed(out) => out,
            Facts::Kept(_, draft) => draft,
        };
        let mut write = |at, step, fact: Fact| {
            if self.failure.is_ok() {
                self.failure = writeln!(out, "{at}\t{step}\t{}", fact.describe(scenario.plan()));
            }
        };
        scenario.attend_world(world, &mut write, patience)
    }

    fn finish(self) -> Exit {
        let finished = self.failure.and_then(|()| match self.out {
            Facts::Nowhere => Ok(()),
            Facts::Printed(mut out) => out.flush(),
            Facts::Kept(_place, draft) => draft.keep(),
        });
        match finished {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => refuse(&keep::cannot_write(&self.path, &error)),
            _ => Exit::AsExpected,
        }
    }
}
