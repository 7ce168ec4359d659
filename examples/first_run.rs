//! A scenario in somebody else's program: run it and look at what is lost or counted twice.
//!
//! `cargo run --example first_run`
#![allow(clippy::print_stdout, reason = "an example prints")]

fn main() {
    let scenario = cutline::Scenario::from_json(
        r#"{
          "title": "a plain sink shows replayed records twice",
          "operators": {"clicks": {"kind": "source", "records": 100}, "out": {"kind": "sink", "commit": "plain"}},
          "channels": [{"from": "clicks", "to": "out", "delay": "1ms"}],
          "snapshots": {"protocol": "aligned", "interval": "20ms"},
          "faults": [{"crash": "out", "at": "57ms"}]
        }"#,
    )
    .expect("a valid scenario");
    let outcome = cutline::run(&scenario);
    for place in &outcome.places {
        println!("{}: {} lost, {} shown twice, for example {}", place.place, place.lost, place.duplicated, place.examples.join(", "));
    }
}
