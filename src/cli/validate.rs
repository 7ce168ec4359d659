//! `cutline validate`

use std::path::PathBuf;

use super::{Exit, files, load, output, refuse};

/// Checks scenarios without running them.
pub fn validate(paths: &[PathBuf]) -> Exit {
    let found = files::find(paths);
    let mut exit = Exit::AsExpected;
    for (_, problem) in &found.problems {
        exit = exit.max(refuse(problem));
    }
    let mut valid = 0;
    for file in &found.files {
        match load::load(file) {
            Ok(_) => valid += 1,
            Err(failure) => exit = exit.max(failure.exit),
        }
    }
    exit.max(output::result(&counted(valid, found.files.len())))
}

fn counted(valid: usize, all: usize) -> String {
    let plural = if all == 1 { "" } else { "s" };
    if valid == all { format!("{all} scenario{plural} valid\n") } else { format!("{valid} of {all} scenario{plural} valid\n") }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn what_is_valid_is_counted() {
        assert_eq!(counted(1, 1), "1 scenario valid\n");
        assert_eq!(counted(17, 17), "17 scenarios valid\n");
        assert_eq!(counted(16, 17), "16 of 17 scenarios valid\n");
    }
}
