//! `cutline completions` and `cutline man`: what shells and manuals are told of the program, from the definitions
//! that its arguments are read by.

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Arguments;
use super::output::{self, Problem};
use super::{Exit, refuse};

/// Prints the script by which a shell completes commands and options.
pub fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "cutline", &mut script);
    print(&script)
}

/// Prints the manual page of the program, or of one command.
pub fn man(command: Option<&str>) -> Exit {
    let program = built();
    let subject = match command.map(|name| program.find_subcommand(name).ok_or(name)) {
        None => program,
        Some(Ok(command)) => command.clone(),
        Some(Err(unknown)) => {
            let commands: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
            let problem = Problem::new(format!("there is no command {unknown}"), format!("choose from: {}", commands.join(", ")));
            return refuse(&problem);
        }
    };
    let mut page = Vec::new();
    Man::new(subject).render(&mut page).expect("writing to memory does not fail");
    print(&page)
}

/// All commands with their full names, without the one that only repeats `--help`.
fn built() -> Command {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    program
}

fn print(bytes: &[u8]) -> Exit {
    output::result(&String::from_utf8_lossy(bytes))
}
