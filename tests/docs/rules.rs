//! The table of rules names what holds each of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cutline::explore::zoo::ZOO;
use cutline::scenario::INVARIANTS;

use crate::page::{Page, files};

/// What can hold a rule: invariants, bugs that are found when it is broken, tests, cases of barrier handlers, scenarios.
fn holders() -> BTreeSet<String> {
    let mut names: BTreeSet<String> = INVARIANTS.iter().map(|name| (*name).to_owned()).collect();
    names.extend(ZOO.iter().map(|mutant| mutant.name.to_owned()));
    for path in ["tests", "src"].into_iter().flat_map(|folder| files(Path::new(folder))) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let tests = lines.windows(2).filter(|pair| pair[0] == "#[test]").filter_map(|pair| pair[1].strip_prefix("fn "));
        names.extend(tests.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
        names.extend(lines.iter().filter_map(|line| line.strip_prefix("case ")).map(str::to_owned));
    }
    let scenarios = files(Path::new("scenarios")).into_iter().filter_map(|path| Some(path.rsplit('/').next()?.to_owned()));
    names.extend(scenarios.filter(|name| name.ends_with(".json")));
    names
}

#[test]
fn every_rule_that_is_followed_names_what_holds_it() {
    let (page, holders) = (Page::read("docs/rules.md").text, holders());
    let mut rules = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| rule ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [rule, _, here, held_by] = cells[..] else { panic!("four cells: {row}") };
        let names: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
        let is_followed = here.starts_with("yes") || here.starts_with("partly");
        assert!(is_followed || here.starts_with("no"), "{rule} is followed, partly or not: {here}");
        assert_eq!(is_followed, !names.is_empty(), "{rule}: {held_by}");
        let unknown: Vec<&&str> = names.iter().filter(|name| !holders.contains(**name)).collect();
        assert!(unknown.is_empty(), "{rule} is held by what there is not: {unknown:?}");
        rules += usize::from(is_followed);
    }
    assert!(rules >= 60, "{rules}");
}

/// Every invariant that judges dataflows, and every bug of the coordinator, is there because of a rule.
#[test]
fn what_holds_no_rule_is_not_there() {
    let page = Page::read("docs/rules.md").text;
    let is_named = |name: &str| page.contains(&format!("`{name}`"));
    // What any program owes its users is no rule of checkpointing.
    let invariants = INVARIANTS.iter().filter(|name| !matches!(**name, "delivery" | "state_equals_replay"));
    let missing: Vec<_> = invariants.filter(|name| !is_named(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let coordinators = ZOO.iter().filter(|mutant| mutant.caught_by == "coordinator_rules").map(|mutant| mutant.name);
    let missing: Vec<_> = coordinators.filter(|name| !is_named(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
