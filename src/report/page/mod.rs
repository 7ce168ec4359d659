//! A run as one self-contained page to step through, forwards and backwards.
//!
//! The page is a skeleton, a style sheet and plain scripts, each in a file of its own here, and the run as
//! JSON in their middle: what the scripts show they work out from facts, as an oracle would.

mod data;
mod earlier;

pub use data::{Page, data};

use std::ops::Range;

use crate::scenario::Recording;

/// Most facts that a page shows by default: so many open in a few seconds.
pub const MOST_FACTS: usize = 100_000;

const SKELETON: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
/// In the order in which they need each other.
const SCRIPTS: [&str; 19] = [
    include_str!("dom.js"),
    include_str!("run.js"),
    include_str!("fold.js"),
    include_str!("spans.js"),
    include_str!("moments.js"),
    include_str!("story.js"),
    include_str!("layout.js"),
    include_str!("routes.js"),
    include_str!("diagram.js"),
    include_str!("marks.js"),
    include_str!("overlay.js"),
    include_str!("graph.js"),
    include_str!("table.js"),
    include_str!("ledger.js"),
    include_str!("answer.js"),
    include_str!("legend.js"),
    include_str!("transport.js"),
    include_str!("place.js"),
    include_str!("main.js"),
];

/// The page of a part of a run as one HTML document.
pub fn document(recording: &Recording<'_>, shown: &Range<usize>) -> String {
    let run = serde_json::to_string(&data(recording, shown)).expect("plain data");
    // In a script element only "<" can end it; in JSON it stands in strings alone.
    let run = run.replace('<', "\\u003c");
    let mut page = String::with_capacity(SKELETON.len() + STYLE.len() + run.len());
    // One pass, so that nothing in the data is taken for a place to fill.
    for (at, part) in SKELETON.split("{{").enumerate() {
        let (name, rest) = if at == 0 { ("", part) } else { part.split_once("}}").expect("places are closed") };
        match name {
            "style" => page.push_str(STYLE),
            "scripts" => SCRIPTS.iter().for_each(|script| page.push_str(script)),
            "run" => page.push_str(&run),
            "title" => page.push_str(&escaped(recording.scenario.title())),
            _ => {}
        }
        page.push_str(rest);
    }
    page
}

/// Text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
