//! One run to look at, for `view` and `export`.

use super::args::OneRun;
use super::{Exit, guard, load};
use crate::explore::zoo::Mutant;
use crate::report::printable;
use crate::scenario::Recording;

/// What `show` makes of a run of which the first `most` facts are kept, or how the program has to end because
/// there is none.
pub fn recorded<T>(run: &OneRun, most: usize, show: impl FnOnce(&Recording<'_>) -> T) -> Result<T, Exit> {
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
