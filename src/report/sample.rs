//! Hand-made outcomes that the tests of the reports share.

use crate::scenario::outcome::*;

fn row(task: &str, started_us: u64, acked_us: Option<u64>) -> TaskRow {
    TaskRow {
        task: task.into(),
        started_us: Some(started_us),
        acked_us,
        alignment_us: 0,
        state_entries: 0,
        channel_records: 0,
        bytes: None,
        upload_us: None,
        refused: None,
        offset: None,
        finished: false,
    }
}

fn snapshot(id: u32, triggered_us: u64) -> SnapshotReport {
    let tasks = vec![
        TaskRow { offset: Some(20), ..row("clicks[0]", triggered_us, Some(triggered_us + 1_000)) },
        TaskRow {
            alignment_us: 1_250,
            state_entries: 16,
            channel_records: 2,
            ..row("count[0]", triggered_us + 400, Some(triggered_us + 3_000))
        },
        row("out[0]", triggered_us + 1_700, Some(triggered_us + 2_500)),
    ];
    let ended_us = Some(triggered_us + 3_000);
    SnapshotReport { id, status: "completed", reason: None, triggered_us, ended_us, state: None, tasks }
}

fn invariant(name: &'static str) -> InvariantOutcome {
    InvariantOutcome { name, verdict: "held", claimed: true, detail: None, step: None }
}

fn met(expect: &str, actual: &str) -> ExpectationOutcome {
    ExpectationOutcome { expect: expect.into(), met: true, actual: actual.into() }
}

/// A run of aligned barriers without a crash.
pub fn as_expected() -> Outcome {
    Outcome {
        scenario: "scenarios/aligned.json".into(),
        title: "Aligned barriers keep a count exactly-once".into(),
        question: None,
        seed: 7,
        protocol: "aligned",
        verdict: Judgement::AsExpected,
        complaints: Vec::new(),
        ended: Ended::Quiet,
        job: JobEnd::Finished,
        scheduled: false,
        skipped: Vec::new(),
        virtual_time_us: 412_000,
        steps: 18_234,
        digest: "0123456789abcdef".into(),
        faults: Vec::new(),
        notes: Vec::new(),
        snapshots: vec![snapshot(1, 20_000)],
        failovers: Vec::new(),
        guarantee: GuaranteePair { declared: "exactly_once", observed: "exactly_once" },
        places: vec![PlaceOutcome {
            place: "count".into(),
            kind: "state",
            declared: "exactly_once",
            observed: "exactly_once",
            kept: true,
            records: 600,
            effects: 600,
            lost: 0,
            duplicated: 0,
            examples: Vec::new(),
            contents: contents(16, &[]),
            uncommitted: 0,
        }],
        invariants: vec![invariant("delivery"), invariant("consistent_cut")],
        expectations: vec![met("guarantee = exactly_once", "exactly_once")],
        situations: [("alignment_blocked_channel", 3)].into(),
        costs: Costs::default(),
        outputs: Vec::new(),
    }
}

fn contents(rows: u64, wrong: &[&str]) -> ContentsOutcome {
    let verdict = if wrong.is_empty() { "right" } else { "wrong" };
    let examples = wrong.iter().map(|example| example.to_string()).collect();
    ContentsOutcome { verdict, rows, wrong: wrong.len() as u64, examples, ..ContentsOutcome::default() }
}

/// A run without alignment, two crashes, and more going wrong than expected.
pub fn unexpected() -> Outcome {
    let mut snapshots: Vec<_> = (1..=7).map(|id| snapshot(id, 20_000 * u64::from(id))).collect();
    snapshots[1] = SnapshotReport { status: "aborted", reason: Some("timeout"), ended_us: Some(240_000), ..snapshot(2, 40_000) };
    snapshots[1].tasks[2] = TaskRow { started_us: None, ..row("out[0]", 0, None) };
    snapshots[6] = SnapshotReport { status: "pending", ended_us: None, ..snapshot(7, 400_000) };
    let failover = |at_us, cause: &str, restored_snapshot, resumed_us: Option<u64>| FailoverReport {
        at_us,
        cause: cause.into(),
        tasks: vec!["clicks[0]".into(), "count[0]".into(), "out[0]".into()],
        restarted: resumed_us.is_some(),
        restored_snapshot,
        resumed_us,
    };
    let place = |place: &str, kind, lost, duplicated, examples: &[&str]| PlaceOutcome {
        place: place.into(),
        kind,
        declared: "at_least_once",
        observed: "at_least_once",
        kept: true,
        records: 600,
        effects: 600 - lost + duplicated,
        lost,
        duplicated,
        examples: examples.iter().map(|example| example.to_string()).collect(),
        contents: contents(16, if kind == "state" { &["key 3: 41 instead of 40", "key 4: 39 instead of 38"] } else { &[] }),
        uncommitted: 0,
    };
    let detail = "B#1 is not visible at out, nor in any transaction that could still be committed; expected every record at least once; found 0 effects";
    Outcome {
        scenario: "scenarios/lossy/at_least_once.json".into(),
        title: "Without alignment records show twice".into(),
        question: Some("Which records will be counted twice after the crash, and would a slower channel make them more or fewer?".into()),
        protocol: "at_least_once",
        verdict: Judgement::Unexpected,
        complaints: vec!["expected failovers = 1, found 2".into(), format!("violated delivery: {detail} (step 17001)")],
        snapshots,
        failovers: vec![
            failover(15, "crash out[0]", None, Some(15_015)),
            failover(57_000, "crash count[0]", Some(1), Some(72_000)),
            failover(410_000, "crash clicks[0]", None, None),
        ],
        guarantee: GuaranteePair { declared: "at_least_once", observed: "none" },
        places: vec![
            place("count", "state", 0, 2, &["clicks#3 x2", "clicks#4 x2"]),
            place("out", "output", 1, 1, &["clicks#1 x0", "clicks#4 x3"]),
        ],
        invariants: vec![
            InvariantOutcome { verdict: "violated", detail: Some(detail.into()), step: Some(17_001), ..invariant("delivery") },
            InvariantOutcome {
                verdict: "violated",
                claimed: false,
                detail: Some("clicks#3 received before the cut".into()),
                ..invariant("consistent_cut")
            },
            InvariantOutcome { verdict: "incomplete", detail: Some("the run was cut short".into()), ..invariant("liveness") },
        ],
        expectations: vec![
            ExpectationOutcome { expect: "failovers = 1".into(), met: false, actual: "2".into() },
            met("guarantee = at_least_once", "at_least_once"),
        ],
        ..as_expected()
    }
}
