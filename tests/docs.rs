//! What the documentation shows is what happens.

use cutline::Scenario;
use cutline::scenario::outcome::Judgement;

/// Every complete scenario on the format page is valid and comes out as it expects.
#[test]
fn the_format_page_shows_scenarios_that_run() {
    let page = include_str!("../docs/format.md");
    let blocks = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let scenarios: Vec<&str> = blocks.filter(|block| block.contains("\"title\"")).collect();
    assert_eq!(scenarios.len(), 3);
    for text in scenarios {
        let scenario = Scenario::from_json(text).unwrap_or_else(|mistakes| panic!("{text}\n{mistakes:#?}"));
        let outcome = cutline::run(&scenario);
        assert_eq!(outcome.verdict, Judgement::AsExpected, "{text}\n{:#?}", outcome.expectations);
    }
}

/// Every word that a file may hold is explained.
#[test]
fn the_format_page_names_every_field_and_word() {
    let page = include_str!("../docs/format.md");
    let schema = cutline::scenario::schema();
    let mut missing = Vec::new();
    for (_, definition) in schema["$defs"].as_object().expect("definitions").iter().chain([(&String::new(), schema)]) {
        for variant in definition["oneOf"].as_array().into_iter().flatten().chain([definition]) {
            let properties = variant["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            let words = variant["const"]
                .as_str()
                .into_iter()
                .chain(variant["enum"].as_array().into_iter().flatten().filter_map(|word| word.as_str()));
            missing.extend(properties.chain(words).filter(|word| !page.contains(word)).map(str::to_owned));
        }
    }
    missing.sort();
    missing.dedup();
    // Situations are explained where verdicts are, and invariants too.
    let readme = include_str!("../README.md");
    missing.retain(|word| !readme.contains(word.as_str()));
    assert!(missing.is_empty(), "{missing:?}");
}

/// The runs that the README shows are runs: every line of them is printed, in this order.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = include_str!("../README.md");
    let mut shown = 0;
    for block in readme.split("```console\n$ ").skip(1).filter_map(|rest| rest.split("```").next()) {
        let (command, lines) = block.split_once('\n').expect("a command");
        let arguments = command.strip_prefix("cutline ").or(command.split_once(" -- ").map(|(_, after)| after)).expect("a command of ours");
        let output = assert_cmd::cargo::cargo_bin_cmd!("cutline").args(arguments.split_whitespace()).output().expect("it ran");
        let output = String::from_utf8(output.stdout).expect("UTF-8");
        let mut printed = output.lines();
        for line in lines.lines().filter(|line| line.trim() != "...") {
            assert!(printed.any(|other| other == line), "not printed by `{command}`, or not in this place:\n{line}\n\n{output}");
        }
        shown += 1;
    }
    assert!(shown >= 3, "{shown}");
}
