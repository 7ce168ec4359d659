//! Chandy and Lamport 1985, section 4: the recorded state of the two-process example never occurred,
//! and lies between a state that did before the snapshot and one that did after it. Found by going
//! through every order of events.

use std::collections::VecDeque;

use cutline::Scenario;
use cutline::engine::{Step, World};
use cutline::model::{Element, TaskState};
use cutline::scenario::outcome::{GlobalState, Shown};

fn scenario() -> Scenario {
    let text = include_str!("../scenarios/course/02-never-occurred.json");
    Scenario::from_json(text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

/// What processes are in and what channels hold, in the scenario's words.
fn seen(world: &World) -> (Vec<String>, Vec<Vec<String>>) {
    let plan = world.plan();
    let table = |task| match plan.kind(task) {
        cutline::model::Kind::Automaton(table) => table.clone(),
        kind => panic!("{kind:?} is no automaton"),
    };
    let processes = plan.tasks().ids().map(|task| match world.state(task) {
        TaskState::Automaton { state, .. } => table(task).state_name(u64::from(*state)).to_owned(),
        state => panic!("{state:?} is no automaton's"),
    });
    let channels = plan.channels().pairs().map(|(id, channel)| {
        let messages = world.contents(id).filter_map(|element| match element {
            Element::Record(record) => Some(table(channel.from).message_name(record.value).to_owned()),
            _ => None,
        });
        messages.collect()
    });
    (processes.collect(), channels.collect())
}

fn recorded(state: &GlobalState) -> (Vec<String>, Vec<Vec<String>>) {
    let text = |shown: &Shown| shown.to_string();
    let processes = state.processes.iter().map(|process| text(&process.value)).collect();
    (processes, state.channels.iter().map(|channel| channel.messages.iter().map(text).collect()).collect())
}

/// Every world that can come after `start` without any snapshot being taken.
fn reachable(start: World) -> Vec<World> {
    let mut found = vec![start.clone()];
    let mut open = VecDeque::from([start]);
    let mut steps = Vec::new();
    while let Some(world) = open.pop_front() {
        steps.clear();
        world.enabled(&mut steps);
        for &step in steps.iter().filter(|step| !matches!(step, Step::Initiate(_))) {
            let mut next = world.clone();
            next.apply(step, &mut ());
            if !found.contains(&next) {
                found.push(next.clone());
                open.push_back(next);
            }
        }
    }
    found
}

#[test]
fn the_recorded_state_was_not_visited_but_could_have_been() {
    let scenario = scenario();
    let outcome = cutline::run(&scenario);
    let state = outcome.snapshots[0].state.as_ref().expect("a snapshot of processes");
    assert_eq!(state.visited, Some(false));
    let target = recorded(state);
    assert_eq!(target, (vec!["send".to_owned(), "wait".to_owned()], vec![vec!["M'".to_owned()], vec![]]), "P's input comes first");

    let all = reachable(scenario.world());
    let between: Vec<&World> = all.iter().filter(|world| seen(world) == target).collect();
    assert!(!between.is_empty(), "not reachable in {} worlds", all.len());

    // And from there the run's own last state can still be reached.
    let (last, ..) = scenario.drive(());
    let goes_on = between.into_iter().any(|world| reachable(world.clone()).iter().any(|world| seen(world) == seen(&last)));
    assert!(goes_on, "{:?} cannot be reached from {target:?}", seen(&last));
}
