//! `cutline check`

use std::path::Path;

use super::args::{Check, TableFormat};
use super::files;
use super::output::{self, Problem};
use super::progress::Progress;
use super::{Exit, guard, interrupt, load, refuse};
use crate::engine::Control;
use crate::explore::exhaustive::{Bounds, Budget, Explored, Unfinished, search_attended};
use crate::kernel::Patience;
use crate::report::check::{self as report, Checked, Finding};
use crate::report::printable;
use crate::report::text::Style;
use crate::scenario::Scenario;

/// Tries every interleaving of scenarios and prints what it found.
pub fn check(arguments: &Check) -> Exit {
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(jobs) = arguments.jobs {
        pool = pool.num_threads(jobs.into());
    }
    let pool = match pool.build() {
        Ok(pool) => pool,
        Err(error) => return refuse(&Problem::new(format!("cannot start the threads: {error}"), "give a smaller --jobs")),
    };
    let found = files::find(&arguments.paths);
    let mut exit = Exit::AsExpected;
    for (_, problem) in &found.problems {
        exit = exit.max(refuse(problem));
    }
    let (mut checked, mut not_run) = (Vec::new(), Vec::new());
    interrupt::watch();
    for file in &found.files {
        if interrupt::is_asked() {
            not_run.push(printable(&file.display().to_string()));
            exit = exit.max(Exit::Interrupted);
            continue;
        }
        match pool.install(|| check_file(file, arguments)) {
            Ok((found, worse)) => {
                exit = exit.max(worse);
                checked.push(found);
            }
            Err(worse) => exit = exit.max(worse),
        }
    }
    exit.max(print(&checked, &not_run, arguments.format))
}

fn check_file(file: &Path, arguments: &Check) -> Result<(Checked, Exit), Exit> {
    let scenario = load::load(file)?;
    let name = printable(&file.display().to_string());
    let mut budget = Budget::of(&scenario.offers());
    let given = [
        (arguments.snapshots, &mut budget.snapshots),
        (arguments.crashes, &mut budget.crashes),
        (arguments.losses, &mut budget.losses),
        (arguments.repeats, &mut budget.repeats),
        (arguments.postponements, &mut budget.postponements),
        (arguments.failed_uploads, &mut budget.failed_uploads),
        (arguments.timeouts, &mut budget.timeouts),
    ];
    for (given, left) in given {
        *left = given.unwrap_or(*left);
    }
    let needs = budget.needs();
    let control = arguments.control.unwrap_or(needs);
    if !control.has(needs) {
        let missing: Vec<_> = needs.words().filter(|word| !control.words().any(|other| other == *word)).collect();
        let message = format!("{name}: faults within the budget find no place while these steps happen at once: {}", missing.join(", "));
        let help = "add them to --control, or set the budget to 0 (--losses, --repeats, --postponements, --failed-uploads)";
        return Err(refuse(&Problem::new(message, help)));
    }
    let scenario = scenario.with_requests(budget.snapshots);
    let bounds = Bounds { states: arguments.max_states, bytes: arguments.max_memory };
    let explored = explore(&name, &scenario, (control, budget), bounds)?;
    let checked = Checked::new(&name, &scenario, control, budget, &explored);
    let exit = match (checked.verdict, explored.unfinished) {
        (Finding::Violated, _) => Exit::Unexpected,
        (_, Some(Unfinished::Interrupted)) => Exit::Interrupted,
        (_, Some(Unfinished::States | Unfinished::Bytes)) => Exit::Limit,
        _ => Exit::AsExpected,
    };
    Ok((checked, exit))
}

/// Searches, and tells how long it took.
fn explore(name: &str, scenario: &Scenario, (control, budget): (Control, Budget), bounds: Bounds) -> Result<Explored, Exit> {
    let progress = Progress::new("states", None);
    progress.note(format!("of {name}"));
    let lasts = progress.lasts();
    let search = || search_attended(scenario, scenario.world(), control, budget, bounds, None, Patience::new(&lasts));
    let explored = guard::guarded(search).map_err(|panic| {
        guard::internal_error(name, &panic).print();
        Exit::Internal
    })?;
    let took = progress.elapsed().as_millis();
    let rate = u128::from(explored.states) * 1000 / took.max(1);
    let megabytes = explored.bytes >> 20;
    let speed = format!("{}.{:03} s, {rate} states/s, at most about {megabytes} MB", took / 1000, took % 1000);
    output::message(format_args!("{name}: {} states in {speed}", explored.states));
    Ok(explored)
}

fn print(checked: &[Checked], not_run: &[String], format: TableFormat) -> Exit {
    match format {
        TableFormat::Text => output::result(&report::text(checked, not_run, &Style::coloured())),
        TableFormat::Json => output::result(&report::document(checked, not_run)),
    }
}
