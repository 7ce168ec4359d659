//! `cutline zoo`

use std::path::Path;

use super::args::{TableFormat, Zoo};
use super::output::{self, Problem};
use super::progress::Progress;
use super::{Exit, guard, keep, readback, refuse};
use crate::explore::zoo::{Effort, Matrix, Mutant, ZOO, find};
use crate::kernel::Patience;
use crate::report::text::Style;
use crate::report::{printable, zoo as report};

/// Looks for known bugs and prints what finds them.
pub fn zoo(arguments: &Zoo) -> Exit {
    let mutants = match chosen(&arguments.only) {
        Ok(mutants) => mutants,
        Err(problem) => return refuse(&problem),
    };
    if let Some(Err(problem)) = arguments.out.as_ref().map(|folder| keep::try_folder(folder)) {
        return refuse(&problem);
    }
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(jobs) = arguments.jobs {
        pool = pool.num_threads(jobs.into());
    }
    let pool = match pool.build() {
        Ok(pool) => pool,
        Err(error) => return refuse(&Problem::new(format!("cannot start the threads: {error}"), "give a smaller --jobs")),
    };
    let effort = Effort { trials: arguments.trials, seed: arguments.seed, limit: arguments.runs };

    let progress = Progress::new("trials", Some(mutants.len() as u64 * u64::from(effort.trials)));
    let lasts = progress.lasts();
    let matrix = match guard::guarded(|| pool.install(|| Matrix::attended(&mutants, effort, Patience::new(&lasts)))) {
        Ok(matrix) => matrix,
        Err(panic) => {
            guard::internal_error("the search", &panic).print();
            return Exit::Internal;
        }
    };
    let took = progress.elapsed().as_millis();
    output::message(format_args!("{} mutants in {}.{:03} s", mutants.len(), took / 1000, took % 1000));
    let found = match (matrix.interrupted, matrix.is_complete()) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::AsExpected,
        (false, false) => Exit::Unexpected,
    };
    let written = arguments.out.as_ref().map_or(Exit::AsExpected, |folder| write(folder, &matrix));
    let written = written.max(unshrunk(&matrix));
    let printed = output::result(&match arguments.format {
        TableFormat::Text => report::text(&matrix, &Style::coloured()),
        TableFormat::Json => report::document(&matrix),
    });
    found.max(written).max(printed)
}

/// The mutants of these names, each once; all when none is named.
fn chosen(names: &[String]) -> Result<Vec<&'static Mutant>, Problem> {
    let mut mutants: Vec<&'static Mutant> = Vec::new();
    for name in names {
        let Some(mutant) = find(name) else { return Err(unknown(name)) };
        if !mutants.iter().any(|known| known.name == mutant.name) {
            mutants.push(mutant);
        }
    }
    Ok(if names.is_empty() { ZOO.iter().collect() } else { mutants })
}

fn unknown(name: &str) -> Problem {
    let nearest = ZOO.iter().min_by_key(|mutant| strsim::damerau_levenshtein(name, mutant.name));
    let help = nearest.map_or("without --only all are looked for".to_owned(), |mutant| format!("did you mean {}?", mutant.name));
    Problem::new(format!("there is no mutant \"{}\"", printable(name)), help)
}

/// Writes the small scenarios, reads them back and runs them with their bugs and without.
fn write(folder: &Path, matrix: &Matrix) -> Exit {
    let files = matrix.rows.iter().filter_map(|row| Some((format!("{}.json", row.name), row.shortest.as_ref()?)));
    let files: Vec<_> = files.collect();
    if let Err(problem) = keep::write_all(folder, files.iter().map(|(name, shrunk)| (name.as_str(), shrunk.text.as_str()))) {
        return refuse(&problem);
    }
    let mutant = |name: &str| find(name.trim_end_matches(".json")).expect("a row is of a mutant");
    let confirmed = files.iter().map(|(name, shrunk)| readback::one(mutant(name), &folder.join(name), &shrunk.text, shrunk.class.word()));
    confirmed.filter_map(Result::err).max().unwrap_or(Exit::AsExpected)
}

/// What could not be made small, though it was found.
fn unshrunk(matrix: &Matrix) -> Exit {
    let mut exit = Exit::AsExpected;
    for row in matrix.rows.iter().filter(|row| row.shortest.is_none()) {
        let Some(unshrunk) = &row.unshrunk else { continue };
        guard::internal_error(&row.name, &unshrunk.to_string()).print();
        exit = Exit::Internal;
    }
    exit
}
