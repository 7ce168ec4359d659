//! One run to look at, for `view` and `export`.

use super::args::OneRun;
use super::progress::Progress;
use super::{Exit, guard, load, output};
use crate::explore::zoo::Mutant;
use crate::kernel::Patience;
use crate::report::printable;
use crate::scenario::Recording;
use crate::scenario::outcome::Ended;

/// What `show` makes of a run of which the first `most` facts are kept, and how the program has to end for it; only
/// the latter where there is none. Of a run that somebody interrupts there is what happened before.
pub fn recorded<T>(run: &OneRun, most: usize, show: impl FnOnce(&Recording<'_>) -> T) -> Result<(T, Exit), Exit> {
    let scenario = load::load_to_run(&run.file, run.seed, run.mutant)?;
    let progress = Progress::new("steps", None);
    let lasts = progress.lasts();
    let shown = guard::guarded(|| {
        let world = run.mutant.map_or_else(|| scenario.world(), |mutant: &Mutant| mutant.world(&scenario));
        let recording = Recording::attended(&scenario, world, most, Patience::new(&lasts));
        (show(&recording), exit_of(&recording))
    });
    shown.map_err(|panic| {
        guard::internal_error(&printable(&run.file.display().to_string()), &panic).print();
        Exit::Internal
    })
}

fn exit_of(recording: &Recording<'_>) -> Exit {
    if recording.outcome.ended != Ended::Interrupted {
        return Exit::AsExpected;
    }
    output::message(format_args!("interrupted: there is nothing after step {} of the run", recording.outcome.steps));
    Exit::Interrupted
}
