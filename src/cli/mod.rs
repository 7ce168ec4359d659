//! Layer 8: the command line, the only code that touches disk and terminal.
//!
//! Results go to standard output, everything else to standard error.

mod args;
mod bar;
mod check;
mod clock;
mod compare;
mod diagnostics;
mod export;
mod files;
mod fuzz;
mod guard;
mod interrupt;
mod keep;
mod load;
mod merge;
mod output;
mod progress;
mod readback;
mod recorded;
mod run;
mod shell;
mod shrink;
mod twice;
mod validate;
mod view;
mod words;
mod zoo;

use std::env;
use std::process::ExitCode;

use self::args::Command;
use self::output::Problem;
use crate::scenario;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    guard::silence_panics();
    let arguments = args::parse(env::args_os().collect()).unwrap_or_else(|error| error.exit());
    let exit = guard::guarded(|| dispatch(&arguments.command)).unwrap_or_else(|panic| {
        guard::internal_error("the command", &panic).print();
        Exit::Internal
    });
    exit.into()
}

fn dispatch(command: &Command) -> Exit {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Compare(arguments) => compare::compare(arguments),
        Command::Check(arguments) => check::check(arguments),
        Command::Zoo(arguments) => zoo::zoo(arguments),
        Command::Fuzz(arguments) => fuzz::fuzz(arguments),
        Command::Merge(arguments) => merge::merge(arguments),
        Command::View(arguments) => view::view(arguments),
        Command::Export(arguments) => export::export(arguments),
        Command::Validate(arguments) => validate::validate(&arguments.paths),
        Command::Shrink(arguments) => shrink::shrink(arguments),
        Command::Schema => print_schema(),
        Command::Completions { shell } => shell::completions(*shell),
        Command::Man { command } => shell::man(command.as_deref()),
    }
}

fn print_schema() -> Exit {
    output::result(&format!("{:#}\n", scenario::schema()))
}

/// How the program ends. What is worse is greater, and the worst of several ends counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// All is as expected.
    AsExpected,
    /// A situation that had to be reached was not.
    NotReached,
    /// An expectation or an invariant failed.
    Unexpected,
    /// A resource limit stopped a run.
    Limit,
    /// Somebody asked the program to end.
    Interrupted,
    /// A wrong argument, or a file that cannot be read, written or understood.
    Usage,
    /// Two runs of the same scenario and seed differ.
    Nondeterminism,
    /// A defect of this program.
    Internal,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::AsExpected => 0,
            Exit::Unexpected => 1,
            Exit::Usage => 2,
            Exit::Nondeterminism => 3,
            Exit::NotReached => 4,
            Exit::Limit => 5,
            Exit::Interrupted => interrupt::EXIT,
            Exit::Internal => 70,
        })
    }
}

/// Prints what kept a command from doing its work.
fn refuse(problem: &Problem) -> Exit {
    Failure::print(problem, Exit::Usage).exit
}

/// What kept a command from doing its work with one file, after it was printed.
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    fn print(problem: &Problem, exit: Exit) -> Failure {
        problem.print();
        Failure { exit, message: problem.message() }
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Exit {
        failure.exit
    }
}
