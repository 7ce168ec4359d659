//! What can be typed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::words::{self, Required, Shard};
use crate::engine::Control;
use crate::explore::zoo::Mutant;
use crate::protocol::ProtocolKind;
use crate::report::frame::Place;
use crate::report::page;

const ZOO_EXAMPLE: &str = "\
Examples:
  cutline zoo
  cutline zoo --only no_blocking,restores_nothing --trials 5 --out counterexamples";

const EXIT_CODES: &str = "\
Exit codes:
  0  all as expected
  1  an expectation or an invariant failed
  2  wrong usage, or a scenario that is not valid
  3  two runs of the same scenario and seed differ
  4  a required situation was never reached
  5  a resource limit stopped a run
  70 internal error, or the canary was not found
  130 interrupted";

const RUN_EXAMPLE: &str = "\
Examples:
  cutline run scenarios/aligned-join.json --seed 3 --trace facts.tsv
  cutline run scenarios --format junit > results.xml";

const COMPARE_EXAMPLE: &str = "\
Examples:
  cutline compare scenarios/aligned-join.json
  cutline compare scenarios/join.json --protocols aligned,unaligned --seeds 100 --format json";

const CHECK_EXAMPLE: &str = "\
Kinds of control steps: triggers, notices, reports, uploads, store, failover, alarms. Those that are not named \
happen at once, as soon as they can; the races they could have had are not tried.

Examples:
  cutline check scenarios/check
  cutline check scenarios/check/join-aligned.json --crashes 2 --control uploads,store";

const FUZZ_EXAMPLE: &str = "\
Run R is a function of the seed and R alone. Shard K of N has the runs R with R % N = K - 1; --shards N takes \
K - 1 from SLURM_ARRAY_TASK_ID (for arrays that start at 0), JOB_COMPLETION_INDEX or AWS_BATCH_JOB_ARRAY_INDEX, or \
K from CI_NODE_INDEX. With --runs the merged reports of all shards are the bytes of the report in one piece; \
with --for each shard has a time of its own.

Of each class of failures the first 10 are made small and written to the folder; all are counted. An interrupt \
ends the campaign within seconds, with the report up to there and exit code 130; a second one at once.

Examples:
  cutline fuzz --runs 100000 --seed 7
  cutline fuzz --for 60s --require all
  cutline fuzz --mutant no_blocking --out found
  cutline fuzz --runs 1000000 --shard 2/8 --report shard-2.json --resume";

const VIEW_EXAMPLE: &str = "\
A PLACE is a step (4711), a time with its unit (1.5s), or a fault by its number in the scenario (fault:2 is the second).

Examples:
  cutline view scenarios/at-least-once-double.json
  cutline view scenarios/at-least-once-double.json -o page.html
  cutline view scenarios/word-count.json --around fault:1 -o page.html
  cutline view scenarios/found/given-up-before-it-began.json --mutant no_blocking -o page.html";

const EXPORT_EXAMPLE: &str = "\
Examples:
  cutline export scenarios/aligned-join.json --to perfetto -o trace.json
  cutline export scenarios/aligned-join.json --to dot | dot -Tsvg > graph.svg";

const COMPLETIONS_EXAMPLE: &str = "\
Examples:
  cutline completions bash > ~/.local/share/bash-completion/completions/cutline
  cutline completions zsh > ~/.zfunc/_cutline
  cutline completions fish > ~/.config/fish/completions/cutline.fish";

const MAN_EXAMPLE: &str = "\
Examples:
  cutline man > cutline.1
  cutline man run > cutline-run.1";

const MERGE_EXAMPLE: &str = "\
Example:
  cutline merge shard-*.json -o report.json";

/// A deterministic testbed for distributed snapshots: run a dataflow, crash it, recover it, and judge every record.
#[derive(Debug, Parser)]
#[command(name = "cutline", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate scenarios and print their verdicts
    #[command(after_help = RUN_EXAMPLE)]
    Run(Run),
    /// Run one scenario under several snapshot protocols and print what each keeps and costs
    #[command(after_help = COMPARE_EXAMPLE)]
    Compare(Compare),
    /// Try every order in which things can happen in small scenarios
    #[command(after_help = CHECK_EXAMPLE)]
    Check(Check),
    /// Look for every known bug, and print what finds it and how soon
    #[command(after_help = ZOO_EXAMPLE)]
    Zoo(Zoo),
    /// Make a failing scenario as small as it gets
    #[command(after_help = "Example:\n  cutline shrink scenarios/at-least-once-double.json -o small.json")]
    Shrink(Shrink),
    /// Walk at random through small scenarios, drawn or given, with every invariant
    #[command(after_help = FUZZ_EXAMPLE)]
    Fuzz(Fuzz),
    /// Put the reports of a campaign's shards together
    #[command(after_help = MERGE_EXAMPLE)]
    Merge(Merge),
    /// Draw a run, or make a page of it to step through forwards and backwards
    #[command(after_help = VIEW_EXAMPLE)]
    View(View),
    /// Write a run in another tool's format
    #[command(after_help = EXPORT_EXAMPLE)]
    Export(Export),
    /// Check scenario files without running them
    #[command(after_help = "Example:\n  cutline validate scenarios")]
    Validate(Validate),
    /// Print the JSON schema of scenario files, for editors
    #[command(after_help = "Example:\n  cutline schema > scenarios/schema.json")]
    Schema,
    /// Print a script that completes commands and options in a shell
    #[command(after_help = COMPLETIONS_EXAMPLE)]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page of the program, or of one command
    #[command(after_help = MAN_EXAMPLE)]
    Man {
        /// A command [default: the program]
        command: Option<String>,
    },
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Scenario files, and folders to search for them
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// Run with this seed instead of the scenario's own
    #[arg(long, value_name = "N", value_parser = words::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write every fact of a single scenario to this file, a line each: time, step, what happened ("-" prints them)
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Run everything twice and compare
    #[arg(long)]
    pub twice: bool,
    /// Count a fault that never happens as a failure, unless "expect" has a number for it
    #[arg(long)]
    pub strict: bool,
    /// Put this bug of the zoo in
    #[arg(long, value_name = "NAME", value_parser = words::mutant, conflicts_with = "twice")]
    pub mutant: Option<&'static Mutant>,
}

/// The arguments of `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// A scenario file; its own protocol and what it expects do not matter
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// Protocols, with commas between them [default: all that take snapshots of the scenario's graph]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = protocol_words())]
    pub protocols: Vec<ProtocolKind>,
    /// Run under so many seeds, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub seeds: u32,
    /// The first seed, instead of the scenario's own
    #[arg(long, value_name = "N", value_parser = words::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// What to print
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
}

/// The arguments of `shrink`.
#[derive(Debug, Args)]
pub struct Shrink {
    /// The scenario that fails
    pub file: PathBuf,
    /// The seed of the run to start from, instead of the file's
    #[arg(long, value_name = "N", value_parser = words::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// A part of the zoo that is wrong on purpose, to run the scenario with
    #[arg(long, value_name = "NAME", value_parser = words::mutant)]
    pub mutant: Option<&'static Mutant>,
    /// Where the smallest scenario goes
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// The arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Scenario files, and folders to search for them
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// Snapshots to ask for, on top of those that its script starts [default: as many as the scenario asks for; 1 where they are periodic]
    #[arg(long, value_name = "N", help_heading = "Budgets")]
    pub snapshots: Option<u32>,
    /// Crashes, of any task at any point [default: as many as the scenario has]
    #[arg(long, value_name = "N", help_heading = "Budgets")]
    pub crashes: Option<u32>,
    /// Lost messages of the coordinator [default: as many as the scenario has]
    #[arg(long, value_name = "N", help_heading = "Budgets")]
    pub losses: Option<u32>,
    /// Messages of the coordinator that come twice [default: as many as the scenario has]
    #[arg(long, value_name = "N", help_heading = "Budgets")]
    pub repeats: Option<u32>,
    /// Words of a completion that the next message overtakes [default: as many as the scenario has]
    #[arg(long, value_name = "N", help_heading = "Budgets")]
    pub postponements: Option<u32>,
    /// Parts of snapshots that fail to get into storage [default: as many as the scenario has]
    #[arg(long, value_name = "N", help_heading = "Budgets")]
    pub failed_uploads: Option<u32>,
    /// Snapshots that time out [default: 0]
    #[arg(long, value_name = "N", help_heading = "Budgets")]
    pub timeouts: Option<u32>,
    /// Control steps with an order of their own: "instant" for none, "channel" for all, or kinds with commas
    /// between them [default: instant, and what faults of messages and failed uploads need]
    #[arg(long, value_name = "KIND,..", value_parser = control)]
    pub control: Option<Control>,
    /// Give up after so many different states
    #[arg(long, value_name = "N", default_value_t = 20_000_000, value_parser = clap::value_parser!(u64).range(1..=4_000_000_000))]
    pub max_states: u64,
    /// Give up at about so much memory, in bytes or with K, M or G behind it
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = size)]
    pub max_memory: u64,
    /// Threads to use; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// What to print
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
}

/// The arguments of `zoo`.
#[derive(Debug, Args)]
pub struct Zoo {
    /// Only these bugs, with commas between them
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Look for each of them so often, with one seed after the other
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub trials: u32,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = words::seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Give up after so many runs
    #[arg(long, value_name = "LIMIT", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub runs: u64,
    /// Write the smallest counterexample of each bug to this folder, as NAME.json
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Threads to use; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// What to print
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
}

/// The arguments of `fuzz`.
#[derive(Debug, Args)]
pub struct Fuzz {
    /// Scenario files to walk through, and folders to search for them [default: small scenarios are drawn]
    #[arg(value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// How many runs [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000_000))]
    pub runs: Option<u64>,
    /// Run for about so long, in whole blocks of runs: 60s, 15m, 1h30min
    #[arg(long = "for", value_name = "TIME", value_parser = words::duration, conflicts_with = "runs")]
    pub time: Option<Duration>,
    /// What all draws depend on
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = words::seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Threads to use; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Only the runs of this shard, K from 1 to N
    #[arg(long, value_name = "K/N", value_parser = words::shard)]
    pub shard: Option<Shard>,
    /// Only the runs of one of so many shards; a variable of the scheduler says which
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "shard")]
    pub shards: Option<u32>,
    /// Write small scenarios of failures, and the report unless --report names it, into this folder
    /// [default: cutline-findings, for failures alone]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Keep the report in this file, up to date while it runs
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Go on with the report of an earlier start, if there is one
    #[arg(long)]
    pub resume: bool,
    /// Replace what --report names, whatever it is
    #[arg(long, requires = "report", conflicts_with = "resume")]
    pub replace: bool,
    /// Fail if these situations or features never occur; "all" for every one
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = words::required)]
    pub require: Vec<Required>,
    /// Try this bug of the zoo, which is to be found
    #[arg(long, value_name = "NAME", value_parser = words::mutant)]
    pub mutant: Option<&'static Mutant>,
    /// Protocols of drawn scenarios, with commas between them [default: all that claim something]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = protocol_words(), conflicts_with = "paths")]
    pub protocols: Vec<ProtocolKind>,
    /// What to print
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
}

/// The arguments of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// Reports of `fuzz`, or of `merge`
    #[arg(value_name = "REPORT", required = true)]
    pub reports: Vec<PathBuf>,
    /// Write the merged report to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace what --output names, whatever it is
    #[arg(long, requires = "output")]
    pub replace: bool,
    /// Write the small scenarios of failures into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Do not mind what is missing
    #[arg(long)]
    pub partial: bool,
    /// Fail if these situations or features never occur; "all" for every one
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = words::required)]
    pub require: Vec<Required>,
    /// What to print
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
}

/// What was typed.
///
/// # Errors
/// What is wrong with it, with a tip where what was meant can be told.
pub fn parse(typed: Vec<OsString>) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(&typed).map_err(|mut error| {
        let is_export = typed.get(1).is_some_and(|command| command == "export");
        let is_left_over = error.kind() == ErrorKind::UnknownArgument && !typed.iter().any(|word| word == "--to");
        if is_export && is_left_over {
            let tools: Vec<String> =
                Tool::value_variants().iter().filter_map(|tool| Some(tool.to_possible_value()?.get_name().to_owned())).collect();
            let tip = format!("the tool goes behind --to, as in 'cutline export FILE --to perfetto'; tools: {}", tools.join(", "));
            error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
        }
        error
    })
}

fn control(text: &str) -> Result<Control, String> {
    let find = |word: &str| Control::KINDS.iter().find(|(_, name)| *name == word).map(|(kind, _)| *kind);
    match text {
        "instant" => Ok(Control::INSTANT),
        "channel" => Ok(Control::CHANNEL),
        _ => text.split(',').try_fold(Control::INSTANT, |control, word| match find(word) {
            Some(kind) => Ok(control.with(kind)),
            None => Err(format!("no such kind: {word}; kinds: {}", Control::CHANNEL.words().collect::<Vec<_>>().join(", "))),
        }),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(['K', 'M', 'G']);
    let unit = match &text[digits.len()..] {
        "" => Some(1),
        "K" => Some(1 << 10),
        "M" => Some(1 << 20),
        "G" => Some(1 << 30),
        _ => None,
    };
    let bytes = digits.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "a size is a whole number above 0, as in 800M".to_owned())
}

fn protocol_words() -> impl TypedValueParser<Value = ProtocolKind> {
    let find = |word: String| ProtocolKind::ALL.into_iter().find(|protocol| protocol.word() == word);
    PossibleValuesParser::new(ProtocolKind::ALL.map(ProtocolKind::word)).map(move |word| find(word).expect("one of these words"))
}

/// One run to look at.
#[derive(Debug, Args)]
pub struct OneRun {
    /// A scenario file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Run with this seed instead of the scenario's own
    #[arg(long, value_name = "N", value_parser = words::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Put this bug of the zoo in
    #[arg(long, value_name = "NAME", value_parser = words::mutant)]
    pub mutant: Option<&'static Mutant>,
}

/// The arguments of `view`.
#[derive(Debug, Args)]
pub struct View {
    /// What to run
    #[command(flatten)]
    pub run: OneRun,
    /// Make a page and write it to this file [default: draw a diagram in the terminal]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Draw with nothing but ASCII
    #[arg(long, conflicts_with = "output")]
    pub ascii: bool,
    /// Draw at most so many rows
    #[arg(long, value_name = "N", default_value_t = 200, conflicts_with = "output")]
    pub rows: usize,
    /// Show so many facts in the page; it says how many it leaves out
    #[arg(long, value_name = "N", default_value_t = page::MOST_FACTS, requires = "output", value_parser = words::at_least_one)]
    pub facts: usize,
    /// Show nothing before this
    #[arg(long, value_name = "PLACE", value_parser = words::place, help_heading = "Part of a long run")]
    pub from: Option<Place>,
    /// Show nothing behind this
    #[arg(long, value_name = "PLACE", value_parser = words::place, help_heading = "Part of a long run")]
    pub until: Option<Place>,
    /// Show what surrounds this [default: the first violation, else the first fault, else the beginning]
    #[arg(long, value_name = "PLACE", value_parser = words::place, conflicts_with_all = ["from", "until"], help_heading = "Part of a long run")]
    pub around: Option<Place>,
}

/// The arguments of `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// What to run
    #[command(flatten)]
    pub run: OneRun,
    /// For which tool
    #[arg(long, value_enum)]
    pub to: Tool,
    /// Where it goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What a run can be exported for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// A log for ShiViz: events with vector clocks
    Shiviz,
    /// JSON trace events for Perfetto and chrome://tracing
    #[value(alias = "chrome")]
    Perfetto,
    /// A sequence diagram for Mermaid
    Mermaid,
    /// The graph of operators for Graphviz
    Dot,
    /// Every fact as a JSON object on a line
    Jsonl,
}

/// The arguments of `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Scenario files, and folders to search for them
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// JUnit XML, for build servers
    Junit,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// For people
    Text,
    /// One JSON document
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{control, size};
    use crate::engine::Control;

    #[test]
    fn sizes_and_kinds_are_read() {
        assert_eq!(["7", "3K", "2M", "1G"].map(|text| size(text).ok()), [Some(7), Some(3 << 10), Some(2 << 20), Some(1 << 30)]);
        assert!(["", "G", "1GG", "0", "-1", "1.5G", "99999999999G", "1 G"].iter().all(|text| size(text).is_err()));
        assert_eq!(control("uploads,store"), Ok(Control::UPLOADS.with(Control::STORE)));
        assert_eq!((control("instant"), control("channel")), (Ok(Control::INSTANT), Ok(Control::CHANNEL)));
        assert!(control("uploads,").is_err() && control("").is_err());
    }

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
