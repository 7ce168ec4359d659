//! `cutline view`

use super::args::{OneRun, View};
use super::{Exit, guard, keep, load, output, refuse};
use crate::explore::zoo::Mutant;
use crate::report::{page, printable};
use crate::scenario::Recording;

/// Runs a scenario and writes its page.
pub fn view(arguments: &View) -> Exit {
    match recorded(&arguments.run, page::MOST_FACTS, |recording| page::document(recording)) {
        Ok(page) => store(&page, arguments),
        Err(exit) => exit,
    }
}

/// What `show` makes of a run, or how the program has to end because there is none.
fn recorded<T>(run: &OneRun, most: usize, show: impl FnOnce(&Recording<'_>) -> T) -> Result<T, Exit> {
    let scenario = load::load_to_run(&run.file, run.seed, run.mutant)?;
    let shown = guard::guarded(|| {
        let world = run.mutant.map_or_else(|| scenario.world(), |mutant: &Mutant| mutant.world(&scenario));
        show(&Recording::of(&scenario, world, most))
    });
    shown.map_err(|panic| {
        guard::internal_error(&printable(&run.file.display().to_string()), &panic).print();
        Exit::Internal
    })
}

fn store(page: &str, arguments: &View) -> Exit {
    match keep::write(&arguments.output, page) {
        Ok(()) => output::result(&format!("open {} in a browser\n", printable(&arguments.output.display().to_string()))),
        Err(problem) => refuse(&problem),
    }
}
