//! What the text looks like.

use expect_test::{Expect, expect};

use super::page::WIDTH;
use super::*;
use crate::report::sample;

fn check(text: String, expected: Expect) {
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(WIDTH), "a line of {longest:?} characters");
    expected.assert_eq(&text);
}

#[test]
fn a_run_as_expected() {
    check(
        outcome(&sample::as_expected(), &Style::plain()),
        expect![[r#"
        Aligned barriers keep a count exactly-once

        No failover

        Snapshots: 1 completed
          snapshot 1 completed, triggered 20ms, took 3ms
            task       recorded                           started  aligned for   acked
            clicks[0]  offset 20                             20ms            -    21ms
            out[0]     0 entries                           21.7ms            -  22.5ms
            count[0]   16 entries, 2 records in channels   20.4ms       1.25ms    23ms

        Guarantee: promised exactly_once, observed exactly_once
          place  kind   promised      observed      records  effects  lost  duplicated
          count  state  exactly_once  exactly_once      600      600     0           0

        Invariants
          held       delivery
          held       consistent_cut

        Expectations
          met        guarantee = exactly_once

        as expected: 18234 steps in 412ms of simulated time, digest 0123456789abcdef, seed 7
    "#]],
    );
}

#[test]
fn a_run_with_everything_going_wrong() {
    check(
        outcome(&sample::unexpected(), &Style::plain()),
        expect![[r#"
            Without alignment records show twice
            Question: Which records will be counted twice after the crash, and would a slower channel make them
              more or fewer?

            3 failovers, 0 records replayed
              15us   crash out[0]     restored from nothing     back up at 15.015ms
              57ms   crash count[0]   restored from snapshot 1  back up at 72ms
              410ms  crash clicks[0]  not restored              never back up

            Snapshots: 5 completed, 1 aborted, 1 pending
              snapshot 1 completed, triggered 20ms, took 3ms
                task       recorded                           started  aligned for   acked
                clicks[0]  offset 20                             20ms            -    21ms
                out[0]     0 entries                           21.7ms            -  22.5ms
                count[0]   16 entries, 2 records in channels   20.4ms       1.25ms    23ms
              snapshot 2 aborted (timeout), triggered 40ms, given up after 200ms
                task       recorded                           started  aligned for  acked
                clicks[0]  offset 20                             40ms            -   41ms
                count[0]   16 entries, 2 records in channels   40.4ms       1.25ms   43ms
                out[0]     -                                        -            -      -
              snapshot 3 completed, triggered 60ms, took 3ms
                task       recorded                           started  aligned for   acked
                clicks[0]  offset 20                             60ms            -    61ms
                out[0]     0 entries                           61.7ms            -  62.5ms
                count[0]   16 entries, 2 records in channels   60.4ms       1.25ms    63ms
              snapshot 4 completed, triggered 80ms, took 3ms
                task       recorded                           started  aligned for   acked
                clicks[0]  offset 20                             80ms            -    81ms
                out[0]     0 entries                           81.7ms            -  82.5ms
                count[0]   16 entries, 2 records in channels   80.4ms       1.25ms    83ms
              ... and 2 more snapshots
              snapshot 7 pending, triggered 400ms
                task       recorded                           started  aligned for    acked
                clicks[0]  offset 20                            400ms            -    401ms
                out[0]     0 entries                          401.7ms            -  402.5ms
                count[0]   16 entries, 2 records in channels  400.4ms       1.25ms    403ms

            Guarantee: promised at_least_once, observed none
              place  kind    promised       observed       records  effects  lost  duplicated
              count  state   at_least_once  at_least_once      600      602     0           2
              out    output  at_least_once  at_least_once      600      600     1           1
              count: shown more than once: clicks#3 x2, clicks#4 x2
              count: 2 wrong rows at the end: key 3: 41 instead of 40, key 4: 39 instead of 38
              out: not shown: clicks#1
              out: shown more than once: clicks#4 x3

            Invariants
              VIOLATED   delivery
                         B#1 is not visible at out, nor in any transaction that could still be committed;
                           expected every record at least once; found 0 effects (step 17001)
              VIOLATED   consistent_cut (not claimed by this protocol)
                         clicks#3 received before the cut
              incomplete liveness
                         the run was cut short

            Expectations
              NOT MET    failovers = 1, found 2
              met        guarantee = at_least_once

            NOT as expected: 18234 steps in 412ms of simulated time, digest 0123456789abcdef, seed 7
        "#]],
    );
}

#[test]
fn a_run_in_which_nothing_happened() {
    let nothing =
        Outcome { snapshots: Vec::new(), places: Vec::new(), expectations: Vec::new(), invariants: Vec::new(), ..sample::as_expected() };
    check(
        outcome(&nothing, &Style::plain()),
        expect![[r#"
            Aligned barriers keep a count exactly-once

            No failover

            No snapshot

            Guarantee: promised exactly_once, observed exactly_once

            No expectations

            as expected: 18234 steps in 412ms of simulated time, digest 0123456789abcdef, seed 7
        "#]],
    );
}

#[test]
fn many_runs_are_a_table() {
    let table = |outcomes: &[Outcome]| summary(&Batch::of(outcomes), &Style::plain());
    expect![[r#"
        scenario                            protocol       promised       observed      snapshots     failovers  verdict
        scenarios/aligned.json              aligned        exactly_once   exactly_once  1                     0  as expected
        scenarios/lossy/at_least_once.json  at_least_once  at_least_once  none          5, 1 aborted          3  NOT as expected

        scenarios/lossy/at_least_once.json (seed 7): NOT as expected
          expected failovers = 1, found 2
          violated delivery: B#1 is not visible at out, nor in any transaction that could still be
            committed; expected every record at least once; found 0 effects (step 17001)

        2 scenarios: 1 as expected, 1 not
    "#]]
    .assert_eq(&table(&[sample::as_expected(), sample::unexpected()]));
    expect![[r#"
        0 scenarios: 0 as expected, 0 not
    "#]]
    .assert_eq(&table(&[]));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let outcomes = [sample::as_expected(), sample::unexpected()];
    let bare = |text: String| anstream::adapter::strip_str(&text).to_string();
    assert_eq!(bare(summary(&Batch::of(&outcomes), &Style::coloured())), summary(&Batch::of(&outcomes), &Style::plain()));
    for one in &outcomes {
        assert_ne!(outcome(one, &Style::coloured()), outcome(one, &Style::plain()));
        assert_eq!(bare(outcome(one, &Style::coloured())), outcome(one, &Style::plain()));
    }
}
