use super::*;
use crate::explore::{Right, Suspect};

/// What is drawn is made into a scenario without being written down; a failure is written down without having been read.
#[test]
fn a_drawn_scenario_is_what_its_file_says() {
    for number in 0..4_000 {
        let shape = shape(7, number, Right.protocols());
        let file = shape.file();
        let read = Scenario::from_json(&file.to_string()).unwrap_or_else(|mistakes| panic!("{number}: {mistakes:?}\n{file:#}"));
        assert_eq!(format!("{:?}", shape.scenario), format!("{read:?}"), "{number}\n{file:#}");
    }
}
