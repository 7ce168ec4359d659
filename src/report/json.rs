//! The JSON document of `run --format json`.

use super::Batch;
use crate::scenario::outcome::{Ended, FORMAT, Report};

/// One document with all outcomes and the files that have none, ending in a line break.
pub fn document(batch: &Batch<'_>) -> String {
    let Batch { outcomes, errors, not_run } = *batch;
    let interrupted = !not_run.is_empty() || outcomes.iter().any(|outcome| outcome.ended == Ended::Interrupted);
    let report = Report { format: FORMAT, version: env!("CARGO_PKG_VERSION"), interrupted, outcomes, errors, not_run };
    let text = serde_json::to_string_pretty(&report);
    // Strings, numbers and maps with string keys: there is nothing that JSON could refuse.
    text.expect("an outcome is always JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::scenario::outcome::{FileError, Outcome};

    #[test]
    fn the_document_names_its_format_and_holds_every_outcome() {
        let text = document(&Batch::of(&[sample::as_expected(), sample::unexpected()]));
        assert!(text.ends_with("}\n"));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["format"], 1);
        assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(json["outcomes"][0]["verdict"], "as_expected");
        assert_eq!(json["outcomes"][1]["verdict"], "unexpected");
        assert_eq!(json["outcomes"][1]["snapshots"][0]["tasks"][0]["offset"], 20);
    }

    #[test]
    fn no_outcomes_are_a_document_too() {
        let json: serde_json::Value = serde_json::from_str(&document(&Batch::default())).unwrap();
        assert_eq!(json["outcomes"], serde_json::json!([]));
    }

    #[test]
    fn a_file_without_an_outcome_is_an_error() {
        let errors = [FileError { path: "b.json".into(), message: "cannot read b.json".into() }];
        let json: serde_json::Value = serde_json::from_str(&document(&Batch { errors: &errors, ..Batch::default() })).unwrap();
        assert_eq!(json["errors"], serde_json::json!([{"path": "b.json", "message": "cannot read b.json"}]));
        assert_eq!(json.get("interrupted"), None);
    }

    #[test]
    fn a_document_that_was_cut_says_so() {
        let parse = |outcomes: &[Outcome], not_run: &[String]| -> serde_json::Value {
            serde_json::from_str(&document(&Batch { not_run, ..Batch::of(outcomes) })).unwrap()
        };
        assert_eq!(parse(&[sample::as_expected()], &[]).get("interrupted"), None);
        let cut = Outcome { ended: Ended::Interrupted, ..sample::unexpected() };
        assert_eq!(parse(&[cut], &[])["interrupted"], true);
        let json = parse(&[sample::as_expected()], &["b.json".to_owned()]);
        assert_eq!((&json["interrupted"], &json["not_run"]), (&true.into(), &serde_json::json!(["b.json"])));
    }
}
