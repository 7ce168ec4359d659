//! What places hold at the end of a run: compared with a run without failures, and with what these tests
//! work out for themselves.

mod common;

use std::collections::BTreeMap;

use common::{Recorder, Shape, scenario, shapes};
use cutline::engine::Stop;
use cutline::explore::zoo;
use cutline::scenario::outcome::{ContentsOutcome, PlaceOutcome};
use cutline::trace::Fact;
use cutline::{Outcome, Scenario, run};
use proptest::prelude::*;

const PROTOCOLS: [&str; 4] = ["aligned", "unaligned", "at_least_once", "none"];

fn place<'o>(outcome: &'o Outcome, name: &str) -> &'o PlaceOutcome {
    outcome.places.iter().find(|place| place.place == name).expect("the place is there")
}

fn contents<'o>(outcome: &'o Outcome, name: &str) -> &'o ContentsOutcome {
    &place(outcome, name).contents
}

/// Sources into operators in a row, each the input of the next, and a sink.
fn row(sources: &str, operators: &str, names: &[&str], commit: &str, rest: &str) -> Scenario {
    let from: Vec<&str> = sources.split(',').collect();
    let mut channels: Vec<String> = from.iter().map(|source| format!(r#"{{"from": "{source}", "to": "{}"}}"#, names[0])).collect();
    channels.extend(names.windows(2).map(|pair| format!(r#"{{"from": "{}", "to": "{}"}}"#, pair[0], pair[1])));
    let sources: Vec<String> = from.iter().map(|source| format!(r#""{source}": {{"kind": "source", "records": 6}}"#)).collect();
    scenario(&format!(
        r#"{{
          "title": "a row", "operators": {{{}, {operators} "out": {{"kind": "sink", "commit": "{commit}"}}}},
          "channels": [{}] {rest}
        }}"#,
        sources.join(", "),
        channels.join(", ")
    ))
}

// --- right programs ------------------------------------------------------------------------------

fn without_crashes(mut shape: Shape) -> Shape {
    shape.crashes.clear();
    shape
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// No false alarm: what is right for one order of arrival is right for all of them.
    #[test]
    fn without_faults_everything_is_right(shape in shapes(), protocol in 0..4_usize) {
        let outcome = run(&without_crashes(shape).scenario(PROTOCOLS[protocol]));
        for place in &outcome.places {
            // Without snapshots a two-phase sink never commits.
            prop_assert_eq!(place.contents.wrong > 0, place.lost > 0, "{:?}", place);
            let is_behind_counts = matches!(&*place.place, "count" | "out");
            prop_assert!(!is_behind_counts || place.contents.not_judged == 0, "{:?}", place);
        }
    }

    /// Exactly once speaks of contents, too, whatever crashes.
    #[test]
    fn exactly_once_leaves_what_no_failure_leaves(shape in shapes(), protocol in 0..2_usize) {
        let outcome = run(&shape.scenario(PROTOCOLS[protocol]));
        for place in outcome.places.iter().filter(|place| place.declared == "exactly_once") {
            prop_assert_eq!(place.contents.wrong, 0, "{:?}", place);
        }
    }

    /// With crashes and without alignment some of it is wrong: exactly what these tests find wrong.
    #[test]
    fn wrong_rows_are_those_that_differ_from_a_run_without_failures(shape in shapes()) {
        let (shaken, calm) = (shape.scenario("at_least_once"), without_crashes(shape.clone()).scenario("at_least_once"));
        let (outcome, ours, theirs) = (run(&shaken), end(&shaken, &shape), end(&calm, &shape));
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return Ok(()) };
        for (name, (rows, expected)) in ours.iter().map(|(name, rows)| (name, (rows, &theirs[name]))) {
            let says = contents(&outcome, name);
            prop_assert_eq!(says.verdict == "wrong", rows != expected, "{}: {:?} and {:?}, {:?}", name, rows, expected, says);
            prop_assert_eq!(place(&outcome, name).observed == "exactly_once", rows == expected, "{}", name);
        }
    }
}

/// What the last count and the sink of a shape hold at the end, worked out from the world and the facts: a list of
/// numbers for each key. Both are the same for any order of arrival.
fn end(scenario: &Scenario, shape: &Shape) -> Option<BTreeMap<String, BTreeMap<u32, Vec<u64>>>> {
    let (world, recorder, stop) = scenario.drive(Recorder::default());
    if stop != Stop::Quiet {
        return None;
    }
    let plan = scenario.plan();
    let mut state: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for task in plan.stateful().iter().filter(|task| &*plan.operator_of(**task).name == "count") {
        world.state(*task).show(plan.kind(*task), |key, count| state.entry(key).or_default().push(count));
    }
    let mut table: BTreeMap<u32, BTreeMap<u64, Vec<u64>>> = BTreeMap::new();
    for fact in recorder.facts {
        let Fact::Output { name, key, value, .. } = fact else { continue };
        let rows = table.entry(key).or_default();
        match shape.commit {
            // By name, the last one.
            1 => drop(rows.insert(name, vec![value])),
            // By key, the last one.
            3 => drop(rows.insert(0, vec![value])),
            // By key, all added up.
            4 => rows.entry(0).or_insert_with(|| vec![0])[0] += value,
            // All of them.
            _ => rows.entry(name).or_default().push(value),
        }
    }
    let listed = |rows: BTreeMap<u64, Vec<u64>>| {
        let mut values: Vec<u64> = rows.into_values().flatten().collect();
        values.sort_unstable();
        values
    };
    let table = table.into_iter().map(|(key, rows)| (key, listed(rows))).collect();
    Some([("count".to_owned(), state), ("out".to_owned(), table)].into())
}

// --- what is known, and what is not --------------------------------------------------------------

/// One line of arrival: every value is the record's own.
#[test]
fn a_sum_behind_one_source_is_known_record_by_record() {
    let sum = r#""sum": {"kind": "keyed_sum", "keys": 2},"#;
    for commit in ["plain", "idempotent", "upsert", "additive", "two_phase"] {
        let outcome = run(&row("A", sum, &["sum", "out"], commit, r#", "snapshots": {"protocol": "aligned", "interval": "2ms"}"#));
        let says = contents(&outcome, "out");
        assert_eq!((says.verdict, says.not_judged), ("right", 0), "{commit}: {says:?}");
        assert_eq!(says.rows, if matches!(commit, "upsert" | "additive") { 2 } else { 6 }, "{commit}");
    }
}

/// Two sources into a sum: which record makes it 5 depends on the order, and the end does not.
#[test]
fn running_sums_of_two_sources_are_not_judged_and_their_end_is() {
    let sum = r#""sum": {"kind": "keyed_sum", "keys": 1},"#;
    let says = |commit: &str| contents(&run(&row("A,B", sum, &["sum", "out"], commit, "")), "out").clone();
    assert_eq!((says("upsert").verdict, says("upsert").rows), ("right", 1));
    for (commit, rows) in [("plain", 12), ("idempotent", 12), ("additive", 1)] {
        assert_eq!((says(commit).verdict, says(commit).not_judged), ("not_judged", rows), "{commit}");
        assert!(says(commit).why.is_some_and(|why| why.contains("order of arrival")), "{commit}");
    }
    let outcome = run(&row("A,B", sum, &["sum", "out"], "upsert", ""));
    assert_eq!(contents(&outcome, "sum").verdict, "right");
}

/// Running counts of two sources: which record is the third depends on the order, and that there is one does not.
#[test]
fn running_counts_of_two_sources_are_known_as_a_list() {
    let count = r#""count": {"kind": "keyed_count", "keys": 2},"#;
    for commit in ["plain", "idempotent", "upsert", "additive"] {
        let outcome = run(&row("A,B", count, &["count", "out"], commit, ""));
        assert_eq!((contents(&outcome, "out").verdict, contents(&outcome, "out").not_judged), ("right", 0), "{commit}");
    }
}

/// Two sources race into one table: the last record of either may be the last of all.
#[test]
fn a_race_into_a_table_may_end_with_either() {
    let race = |delay: &str, partition: &str| {
        let outcome = run(&scenario(&format!(
            r#"{{
              "title": "a race",
              "operators": {{
                "A": {{"kind": "source", "records": 3}}, "B": {{"kind": "source", "records": 3}},
                "a": {{"kind": "map", "multiply": 10}}, "b": {{"kind": "map", "multiply": 100, "parallelism": 2}},
                "out": {{"kind": "sink", "commit": "upsert"}}
              }},
              "channels": [{{"from": "A", "to": "a", "delay": "{delay}"}}, {{"from": "B", "to": "b", "partition": "{partition}"}},
                           {{"from": "a", "to": "out"}}, {{"from": "b", "to": "out"}}]
            }}"#
        )));
        let row = outcome.outputs[0].rows["3"].value;
        (row, contents(&outcome, "out").verdict)
    };
    assert_eq!(race("0us", "hash"), (300, "right"));
    assert_eq!(race("1s", "hash"), (30, "right"));
}

/// Copies of a record take turns between two tasks; which one comes last depends on the order.
#[test]
fn rows_whose_last_writer_nobody_knows_are_not_judged() {
    let operators = r#""twice": {"kind": "flat_map", "copies": 2}, "count": {"kind": "keyed_count", "keys": 1}, "turn": {"kind": "pass", "parallelism": 2},"#;
    let outcome = run(&row("A", operators, &["twice", "count", "turn", "out"], "upsert", ""));
    let says = contents(&outcome, "out");
    assert_eq!((says.verdict, says.not_judged, says.rows), ("not_judged", 1, 0), "{says:?}");
    assert_eq!(contents(&outcome, "count").verdict, "right");
}

/// One line of arrival: the last of it is known. Two of them: either may come last.
#[test]
fn a_latest_value_is_one_that_a_source_has_sent_last() {
    let latest = r#""last": {"kind": "latest", "keys": 1},"#;
    for (sources, rest) in [("A", ""), ("A,B", ""), ("A,B", r#", "faults": [{"crash": "last", "at": "4ms"}]"#)] {
        let says = contents(&run(&row(sources, latest, &["last", "out"], "upsert", rest)), "last").clone();
        assert_eq!((says.verdict, says.rows, says.not_judged), ("right", 1, 0), "{sources}: {says:?}");
    }
    // One of them is late, and its last record takes the place of the other's.
    let race = |delay: &str| {
        let scenario = scenario(&format!(
            r#"{{
              "title": "a race",
              "operators": {{
                "A": {{"kind": "source", "records": 3}}, "B": {{"kind": "source", "records": 5}},
                "last": {{"kind": "latest", "keys": 1}}
              }},
              "channels": [{{"from": "A", "to": "last", "delay": "{delay}"}}, {{"from": "B", "to": "last"}}]
            }}"#
        ));
        let mut shown = Vec::new();
        let (world, ..) = scenario.drive(());
        let last = scenario.plan().find_task("last").expect("a task");
        world.state(last).show(scenario.plan().kind(last), |_, value| shown.push(value));
        (shown, contents(&run(&scenario), "last").verdict)
    };
    assert_eq!(race("0us"), (vec![5], "right"));
    assert_eq!(race("1s"), (vec![3], "right"));
}

/// Several tasks have the key, and what they show of it is added up; which of them has which records may be anybody's guess.
#[test]
fn latest_values_of_several_tasks_are_judged_together() {
    let says = |partition: &str| {
        let outcome = run(&scenario(&format!(
            r#"{{
              "title": "two tasks",
              "operators": {{
                "A": {{"kind": "source", "records": 7, "parallelism": 2}}, "twice": {{"kind": "flat_map", "copies": 2, "parallelism": 2}},
                "last": {{"kind": "latest", "keys": 1, "parallelism": 2}}
              }},
              "channels": [{{"from": "A", "to": "twice"}}, {{"from": "twice", "to": "last", "partition": "{partition}"}}]
            }}"#
        )));
        let says = contents(&outcome, "last");
        (says.verdict, says.rows, says.not_judged)
    };
    assert_eq!(says("forward"), ("right", 1, 0));
    assert_eq!(says("broadcast"), ("not_judged", 0, 1), "two sources race in each task");
    assert_eq!(says("rebalance"), ("not_judged", 0, 1));
}

/// Along one line an average is known. Of two lines it is where nothing starts it anew: else it hangs on what came after.
#[test]
fn averages_are_judged_as_far_as_the_order_does_not_decide() {
    let says = |sources: &str, reset: u64, place: &str, commit: &str| {
        let average = format!(r#""mean": {{"kind": "average", "keys": 1, "reset": {reset}}},"#);
        let says = contents(&run(&row(sources, &average, &["mean", "out"], commit, "")), place).clone();
        (says.verdict, says.rows, says.not_judged)
    };
    assert_eq!(says("A", 4, "mean", "plain"), ("right", 1, 0));
    assert_eq!(says("A", 4, "out", "plain"), ("right", 6, 0));
    assert_eq!(says("A,B", 7, "mean", "plain"), ("right", 1, 0));
    assert_eq!(says("A,B", 7, "out", "plain"), ("not_judged", 0, 12));
    assert_eq!(says("A,B", 7, "out", "upsert"), ("right", 1, 0));
    assert_eq!(says("A,B", 4, "mean", "plain"), ("not_judged", 0, 1));
    assert_eq!(says("A,B", 4, "out", "upsert"), ("not_judged", 0, 1));
}

/// 1, 2, 3 and, where 4 starts anew, 4, 5, 6.
#[test]
fn an_average_is_rounded_down_and_starts_anew_with_the_record_that_says_so() {
    let shown = |reset: u64| {
        let average = format!(r#""mean": {{"kind": "average", "keys": 1, "reset": {reset}}},"#);
        let (_, recorder, _) = row("A", &average, &["mean", "out"], "plain", "").drive(Recorder::default());
        let value = |fact: &Fact| if let Fact::Output { value, .. } = fact { Some(*value) } else { None };
        recorder.facts.iter().filter_map(value).collect::<Vec<u64>>()
    };
    assert_eq!(shown(7), [1, 1, 2, 2, 3, 3]);
    assert_eq!(shown(4), [1, 1, 2, 4, 4, 5]);
    assert_eq!(shown(1), [1, 2, 3, 4, 5, 6]);
}

/// What a barrier went ahead of is saved before what had come earlier by the same channel: b3, b4, b2. After a restore
/// 2 is the latest value, and starts the average anew. Nothing is lost, nothing shows twice, and a sum is none the wiser.
#[test]
fn records_in_another_order_show_in_what_goes_by_order() {
    let ends = |kind: &str| {
        let scenario = scenario(&format!(
            r#"{{
              "title": "one record of B comes between the barriers, and two are overtaken",
              "operators": {{
                "A": {{"kind": "source", "records": 0}}, "B": {{"kind": "source", "records": 4, "told": "1ms"}},
                "op": {{"kind": {kind}, "keys": 1}}
              }},
              "channels": [{{"from": "A", "to": "op"}}, {{"from": "B", "to": "op", "delay": "3ms"}}],
              "snapshots": {{"protocol": "unaligned", "at": ["4500us"], "final": false}},
              "faults": [{{"crash": "op", "when": {{"reaches": "completed"}}}}]
            }}"#
        ));
        let swapped = zoo::find("batches_swapped").expect("a mutant").world(&scenario);
        [run(&scenario), scenario.run_world(swapped)].map(|outcome| {
            let place = place(&outcome, "op");
            assert_eq!((outcome.failovers.len(), place.lost, place.duplicated), (1, 0, 0), "{kind}");
            (place.observed, place.contents.examples.clone())
        })
    };
    let right = || ("exactly_once", vec![]);
    assert_eq!(ends(r#""latest""#), [right(), ("none", vec!["key 0: 2 instead of 4".to_owned()])]);
    assert_eq!(ends(r#""average", "reset": 2"#), [right(), ("none", vec!["key 0: 2 instead of 4".to_owned()])]);
    assert_eq!(ends(r#""keyed_sum""#), [right(), right()]);
}

#[test]
fn a_run_that_did_not_come_to_its_end_is_not_judged() {
    let rest = r#", "snapshots": {"protocol": "aligned"}, "recovery": {"restarts": 0}, "faults": [{"crash": "count", "at": "3ms"}]"#;
    let outcome = run(&row("A", r#""count": {"kind": "keyed_count"},"#, &["count", "out"], "upsert", rest));
    assert!(outcome.places.iter().all(|place| place.contents.verdict == "not_judged"), "{:?}", outcome.places);
}

/// Accounts: each has enough for all that it pays, or nobody knows who pays what.
#[test]
fn accounts_that_can_always_pay_are_judged() {
    let bank = |tokens: u64| {
        let outcome = run(&scenario(&format!(
            r#"{{
              "title": "two payments",
              "operators": {{"P": {{"kind": "account", "tokens": {tokens}}}, "Q": {{"kind": "account", "tokens": 0}}}},
              "channels": [{{"from": "P", "to": "Q"}}, {{"from": "Q", "to": "P"}}],
              "snapshots": {{"protocol": "chandy_lamport"}},
              "script": [{{"at": 0, "send": 2, "from": "P", "to": "Q"}}, {{"at": "1us", "send": 1, "from": "P", "to": "Q"}}]
            }}"#
        )));
        contents(&outcome, "P").verdict
    };
    assert_eq!((bank(3), bank(2)), ("right", "not_judged"));
}

// --- promises ------------------------------------------------------------------------------------

/// What each kind of sink makes of repetitions: those of the protocol, of values that hang on nothing and of counts.
#[test]
fn promises_say_what_survives_a_repetition() {
    let promise = |commit: &str, protocol: &str, operator: &str| {
        let operators = format!(r#""op": {operator},"#);
        let rest = format!(r#", "snapshots": {{"protocol": "{protocol}"}}"#);
        run(&row("A", &operators, &["op", "out"], commit, &rest)).places.pop().expect("the sink").declared
    };
    let (map, count) = (r#"{"kind": "map"}"#, r#"{"kind": "keyed_count"}"#);
    for commit in ["idempotent", "upsert"] {
        assert_eq!(promise(commit, "aligned", count), "exactly_once", "{commit}");
        assert_eq!(promise(commit, "at_least_once", count), "at_least_once", "{commit}");
        assert_eq!(promise(commit, "at_least_once", map), "exactly_once", "{commit}");
        assert_eq!(promise(commit, "none", count), "exactly_once", "{commit}");
    }
    for commit in ["plain", "additive"] {
        for (protocol, operator) in [("aligned", count), ("aligned", map), ("at_least_once", map), ("none", map)] {
            assert_eq!(promise(commit, protocol, operator), "at_least_once", "{commit} {protocol}");
        }
    }
    assert_eq!(promise("two_phase", "aligned", count), "exactly_once");
    assert_eq!(promise("two_phase", "at_least_once", map), "at_least_once");
    assert_eq!(promise("two_phase", "none", map), "at_most_once");
}
