//! What can be typed.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::protocol::ProtocolKind;

const EXIT_CODES: &str = "\
Exit codes:
  0  all as expected
  1  an expectation or an invariant failed
  2  wrong usage, or a scenario that is not valid
  3  two runs of the same scenario and seed differ
  5  a resource limit stopped a run
  70 internal error";

const RUN_EXAMPLE: &str = "\
Examples:
  cutline run scenarios/aligned-join.json --seed 3 --trace facts.tsv
  cutline run scenarios --format junit > results.xml";

const COMPARE_EXAMPLE: &str = "\
Examples:
  cutline compare scenarios/aligned-join.json
  cutline compare scenarios/join.json --protocols aligned,unaligned --seeds 100 --format json";

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
    /// Check scenario files without running them
    #[command(after_help = "Example:\n  cutline validate scenarios")]
    Validate(Validate),
    /// Print the JSON schema of scenario files, for editors
    #[command(after_help = "Example:\n  cutline schema > scenarios/schema.json")]
    Schema,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Scenario files, and folders to search for them
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// Run with this seed instead of the scenario's own
    #[arg(long, value_name = "N")]
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
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// What to print
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
}

fn protocol_words() -> impl TypedValueParser<Value = ProtocolKind> {
    let find = |word: String| ProtocolKind::ALL.into_iter().find(|protocol| protocol.word() == word);
    PossibleValuesParser::new(ProtocolKind::ALL.map(ProtocolKind::word)).map(move |word| find(word).expect("one of these words"))
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

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
