//! The snapshots of a run, each with the table that its tasks filled in.

use super::page::{Page, count, ends, table};
use crate::kernel::Bytes;
use crate::report::printable;
use crate::scenario::outcome::{ChannelState, Clock, GlobalState, Outcome, Shown, SnapshotReport, TaskRow};

/// Snapshots shown in full before the last one.
const SNAPSHOTS: usize = 4;
/// Tasks shown of one snapshot.
const TASKS: usize = 16;

impl Page {
    pub(super) fn snapshots(&mut self, outcome: &Outcome) {
        let (snapshots, clock) = (&outcome.snapshots, outcome.clock());
        self.heading(snapshot_counts(snapshots));
        let (first, last) = ends(snapshots, SNAPSHOTS);
        for snapshot in first {
            self.snapshot(snapshot, clock);
        }
        self.more(2, snapshots.len() - first.len() - last.len(), "snapshot");
        for snapshot in last {
            self.snapshot(snapshot, clock);
        }
    }

    fn snapshot(&mut self, snapshot: &SnapshotReport, clock: Clock) {
        self.line(2, snapshot_line(snapshot, clock));
        // In the order in which the coordinator got to know them, which is how the table fills up.
        let mut rows: Vec<&TaskRow> = snapshot.tasks.iter().collect();
        rows.sort_by_key(|row| (row.acked_us.is_none() && !row.finished, row.acked_us.or(row.started_us)));
        let mut table = table();
        let has_sizes = rows.iter().any(|row| row.bytes.is_some());
        let headings = ["task", "recorded", "started", "aligned for", "acked"].into_iter();
        table.set_header(headings.chain(["size", "uploaded in"].into_iter().filter(|_| has_sizes)));
        let cells = |row: &&TaskRow| {
            let sizes = size_cells(row, clock).into_iter().filter(|_| has_sizes);
            task_cells(row, clock, snapshot.state.as_ref()).into_iter().chain(sizes).collect::<Vec<_>>()
        };
        table.add_rows(rows.iter().take(TASKS).map(cells));
        self.table(4, &mut table, &[2, 3, 4, 5, 6]);
        self.more(4, rows.len().saturating_sub(TASKS), "task");
        for row in rows.iter().take(TASKS) {
            if let Some(why) = &row.refused {
                self.wrapped(4, &format!("{} refused: {why}", row.task));
            }
        }
        if let Some(bytes) = snapshot.bytes() {
            self.line(4, format!("{bytes} to store in all"));
        }
        if let Some(state) = &snapshot.state {
            self.global_state(state);
        }
    }

    fn global_state(&mut self, state: &GlobalState) {
        let contents = state.channels.iter().filter(|channel| !channel.messages.is_empty());
        for ChannelState { channel, messages } in contents.clone() {
            let messages: Vec<String> = messages.iter().map(ToString::to_string).collect();
            self.wrapped(4, &format!("in {}: {}", printable(channel), printable(&messages.join(", "))));
        }
        if contents.count() == 0 {
            self.line(4, "nothing in channels");
        }
        if let Some(total) = tokens(state) {
            self.line(4, total);
        }
        match state.visited {
            Some(true) => self.line(4, "the run was in this state"),
            Some(false) => self.line(4, "the run was never in this state"),
            None => {}
        }
    }
}

fn snapshot_counts(snapshots: &[SnapshotReport]) -> String {
    let counts = ["completed", "aborted", "pending"].map(|status| (count_of(snapshots, status), status));
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, status)| format!("{count} {status}"));
    match counts.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "No snapshot".into(),
        counts => format!("Snapshots: {counts}"),
    }
}

pub(super) fn count_of(snapshots: &[SnapshotReport], status: &str) -> usize {
    snapshots.iter().filter(|snapshot| snapshot.status == status).count()
}

fn snapshot_line(snapshot: &SnapshotReport, clock: Clock) -> String {
    let SnapshotReport { id, status, .. } = snapshot;
    let triggered = match clock {
        Clock::Time => clock.moment(snapshot.triggered_us),
        Clock::Steps => format!("at {}", clock.moment(snapshot.triggered_us)),
    };
    let reason = snapshot.reason.map_or(String::new(), |reason| format!(" ({reason})"));
    let took = snapshot.ended_us.map(|ended| clock.span(ended.saturating_sub(snapshot.triggered_us)));
    let took = took.map_or(String::new(), |span| match *status {
        "aborted" => format!(", given up after {span}"),
        _ => format!(", took {span}"),
    });
    format!("snapshot {id} {status}{reason}, triggered {triggered}{took}")
}

fn task_cells(row: &TaskRow, clock: Clock, state: Option<&GlobalState>) -> [String; 5] {
    let time = |at: Option<u64>| at.map_or("-".into(), |at| clock.moment(at));
    let aligned = if row.alignment_us == 0 { "-".into() } else { clock.span(row.alignment_us) };
    [
        printable(&row.task),
        state.map_or_else(|| recorded(row), |state| process_state(row, state)),
        time(row.started_us),
        aligned,
        time(row.acked_us),
    ]
}

fn size_cells(row: &TaskRow, clock: Clock) -> [String; 2] {
    let size = row.bytes.map_or("-".into(), |bytes| Bytes(bytes).to_string());
    [size, row.upload_us.map_or("-".into(), |span| clock.span(span))]
}

/// `10 tokens in all: 8 with processes, 2 in channels`, once every process is recorded.
fn tokens(state: &GlobalState) -> Option<String> {
    state.visited?;
    let number = |shown: &Shown| match shown {
        Shown::Number(number) => Some(*number),
        Shown::Word(_) => None,
    };
    let held: u64 = state.processes.iter().map(|process| number(&process.value)).sum::<Option<u64>>()?;
    let moving: u64 = state.channels.iter().flat_map(|channel| &channel.messages).map(number).sum::<Option<u64>>()?;
    Some(format!("{} in all: {held} with processes, {moving} in channels", count(held + moving, "token")))
}

/// What a snapshot recorded of a process itself.
fn process_state(row: &TaskRow, state: &GlobalState) -> String {
    match state.processes.iter().find(|process| process.process == row.task).map(|process| &process.value) {
        None => "-".into(),
        Some(Shown::Number(tokens)) => count(tokens, "token"),
        Some(Shown::Word(word)) => printable(word),
    }
}

/// What a task put into a snapshot: its offset or its state, and what was in its channels.
fn recorded(row: &TaskRow) -> String {
    let own = match row.offset {
        _ if row.acked_us.is_none() && row.state_entries == 0 && row.offset.is_none() => "-".into(),
        Some(offset) if row.finished => format!("finished at offset {offset}"),
        Some(offset) => format!("offset {offset}"),
        None if row.state_entries == 1 => "1 entry".into(),
        None => format!("{} entries", row.state_entries),
    };
    match row.channel_records {
        0 => own,
        1 => own + ", 1 record in channels",
        records => format!("{own}, {records} records in channels"),
    }
}
