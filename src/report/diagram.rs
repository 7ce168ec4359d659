//! A run drawn in characters: a lane for every task, time downwards, a row for every step that shows
//! something. An arrow stands where its message is taken; when it was sent is the row with its name.

use std::collections::BTreeSet;
use std::ops::Range;

use super::frame::Frame;
use super::messages::{Content, Message, messages};
use super::{guarantee, printable};
use crate::kernel::{Id, IdVec, counted};
use crate::model::{Plan, TaskId};
use crate::scenario::outcome::NOT_JUDGED;
use crate::scenario::{Happened, Recording};
use crate::trace::Fact;

/// What lines and marks are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    up: char,
    blocked: char,
    down: char,
    record: char,
    barrier: char,
    right: char,
    left: char,
    sends: char,
    takes: char,
    marker: char,
    saves: char,
    commits: char,
    crashes: char,
    restored: char,
}

impl Glyphs {
    /// Line drawing characters.
    pub const UNICODE: Glyphs = Glyphs {
        up: '│',
        blocked: '┃',
        down: ' ',
        record: '─',
        barrier: '╌',
        right: '▶',
        left: '◀',
        sends: '○',
        takes: '●',
        marker: '◇',
        saves: '◆',
        commits: '■',
        crashes: '╳',
        restored: '┬',
    };
    /// Nothing but ASCII.
    pub const ASCII: Glyphs = Glyphs {
        up: '|',
        blocked: '#',
        down: ' ',
        record: '-',
        barrier: '=',
        right: '>',
        left: '<',
        sends: 'o',
        takes: '*',
        marker: 'v',
        saves: 'S',
        commits: 'C',
        crashes: 'X',
        restored: '+',
    };

    fn legend(&self) -> String {
        let Glyphs { record, barrier, right, sends, takes, marker, saves, commits, crashes, restored, blocked, .. } = *self;
        format!(
            "{record}{record}{right} record  {barrier}{barrier}{right} barrier  {sends} emits  {takes} takes  {marker} barrier taken  {saves} saves its state\n\
             {commits} commits  {crashes} crashes  {restored} is up again  {blocked} holds an input back  ' again\n"
        )
    }
}

/// How a run is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// With what.
    pub glyphs: Glyphs,
    /// Most rows; what comes before and after them is counted.
    pub rows: usize,
}

/// Names longer than this are cut.
const LONGEST_NAME: usize = 12;
/// The least distance of two lanes.
const LANE: usize = 10;

/// The diagram of a run, or of a part of it, with a line on what it came to.
pub fn diagram(recording: &Recording<'_>, options: Options, frame: &Frame) -> String {
    let plan = recording.scenario.plan();
    let all = messages(plan, &recording.facts);
    let mut picture = Picture::new(recording, &all, options.glyphs);
    let rows = picture.rows();
    let shown = frame.part(&rows, |facts| recording.facts[facts.start].step, options.rows);
    let mut text = format!("{}\n", printable(recording.scenario.title()));
    if let Some(question) = recording.scenario.question() {
        text += &format!("Question: {}\n", printable(question));
    }
    text += &format!("\n{}\n{}\n", options.glyphs.legend(), picture.head());
    let step = |row: usize| rows.get(row).map_or(0, |facts| recording.facts[facts.start].step);
    if shown.start > 0 {
        let before = counted(shown.start as u64, "row", "rows");
        text += &format!("... {before} before, up to step {}: --from 1 begins with the first\n", step(shown.start - 1));
    }
    text.extend(rows[shown.clone()].iter().map(|facts| picture.row(facts.clone())));
    if shown.end < rows.len() {
        let (more, next) = (counted((rows.len() - shown.end) as u64, "more row", "more rows"), step(shown.end));
        text += &format!("... {more}: --rows N draws more, --from {next} goes on, -o page.html makes a page\n");
    }
    if recording.left_out > 0 {
        text += &format!(
            "... and {} at the end of the run, which is too long to be kept whole\n",
            counted(recording.left_out, "fact", "facts")
        );
    }
    text + &end(recording)
}

fn end(recording: &Recording<'_>) -> String {
    let outcome = &recording.outcome;
    let mut text = match outcome.ended.reason() {
        Some(stopped) => format!("\nended early: {stopped}\n"),
        None => "\n".to_owned(),
    };
    let subject = if outcome.guarantee.observed == NOT_JUDGED { "guarantee " } else { "" };
    text += &format!("{subject}{}\n", guarantee(&outcome.guarantee));
    for place in outcome.places.iter().filter(|place| place.lost + place.duplicated > 0) {
        let examples = place.examples.join(", ");
        let line = format!("{}: {} lost, {} duplicated: {examples}", place.place, place.lost, place.duplicated);
        text += &format!("{}\n", printable(&line));
    }
    for place in outcome.places.iter().filter(|place| place.contents.wrong > 0) {
        let line = format!("{} at the end: {}", place.place, place.contents.examples.join(", "));
        text += &format!("{}\n", printable(&line));
    }
    for invariant in outcome.invariants.iter().filter(|invariant| invariant.verdict == "violated") {
        text += &format!("violated {}{}\n", invariant.name, printable(&super::reason(invariant)));
    }
    text
}

/// What is true of the lanes between one row and the next.
struct Picture<'r> {
    recording: &'r Recording<'r>,
    plan: &'r Plan,
    glyphs: Glyphs,
    /// By fact: the message that it takes.
    taken: Vec<Option<&'r Message>>,
    /// By task: how many inputs it holds back.
    blocked: IdVec<TaskId, u32>,
    down: IdVec<TaskId, bool>,
    /// By fact: whether it emits or sends what was emitted or sent before.
    again: Vec<bool>,
    /// So many facts are behind what is true now.
    followed: usize,
    lane: usize,
    moment: usize,
}

/// What a row shows.
#[derive(Default)]
struct Row {
    /// By task.
    marks: Vec<(TaskId, char)>,
    arrow: Option<(TaskId, TaskId, char, String)>,
    words: Vec<String>,
    /// Records that became visible.
    visible: Vec<String>,
}

impl<'r> Picture<'r> {
    fn new(recording: &'r Recording<'r>, all: &'r [Message], glyphs: Glyphs) -> Self {
        let plan = recording.scenario.plan();
        let mut taken = vec![None; recording.facts.len()];
        for message in all {
            if let Some(received) = message.received {
                taken[received] = Some(message);
            }
        }
        let longest = plan.tasks().ids().map(|task| name(plan, task).chars().count()).max().unwrap_or(0);
        let moments = recording.facts.iter().map(|happened| recording.outcome.clock().moment(happened.at.0).chars().count());
        Picture {
            recording,
            plan,
            glyphs,
            taken,
            blocked: plan.tasks().ids().map(|_| 0).collect(),
            down: plan.tasks().ids().map(|_| false).collect(),
            again: repetitions(&recording.facts),
            followed: 0,
            lane: LANE.max(longest + 2),
            moment: moments.max().unwrap_or(0),
        }
    }

    fn head(&self) -> String {
        let names = self.plan.tasks().ids().map(|task| format!("{:<width$}", name(self.plan, task), width = self.lane));
        format!("{:>width$}  {}", "", names.collect::<String>(), width = self.moment).trim_end().to_owned()
    }

    /// The facts of each step that shows anything.
    fn rows(&self) -> Vec<Range<usize>> {
        let facts = &self.recording.facts;
        let mut rows = Vec::new();
        let mut start = 0;
        for step in facts.chunk_by(|a, b| a.step == b.step) {
            let row = start..start + step.len();
            start = row.end;
            if row.clone().any(|at| self.shows(at, facts[at].fact)) {
                rows.push(row);
            }
        }
        rows
    }

    fn shows(&self, at: usize, fact: Fact) -> bool {
        let is_arrow = || self.taken[at].is_some_and(|message| message.from.is_some() && message.to.is_some());
        self.mark(fact).is_some() || matches!(fact, Fact::Output { .. }) || self.is_told(fact) || is_arrow()
    }

    /// The row of a step.
    fn row(&mut self, facts: Range<usize>) -> String {
        let happened = &self.recording.facts;
        for skipped in &happened[self.followed..facts.start] {
            self.follow(skipped.fact);
        }
        self.followed = facts.end;
        let mut row = Row::default();
        for at in facts.clone() {
            self.fact(at, happened[at].fact, &mut row);
        }
        if !row.visible.is_empty() {
            row.words.push(format!("visible: {}", row.visible.join(", ")));
        }
        self.draw(happened[facts.start], &row)
    }

    fn fact(&mut self, at: usize, fact: Fact, row: &mut Row) {
        let fields = fact.fields(self.plan);
        if let Some(message) = self.taken[at] {
            self.arrow(message, row);
        }
        row.marks.extend(fields.task.zip(self.mark(fact)));
        self.follow(fact);
        match (fact, fields.record) {
            (Fact::Output { .. }, Some(record)) => row.visible.push(record.text(self.plan)),
            _ if self.is_told(fact) => row.words.push(fact.describe(self.plan) + self.prime(at)),
            _ => {}
        }
    }

    /// What stands on the lane of the fact's task.
    fn mark(&self, fact: Fact) -> Option<char> {
        let glyphs = self.glyphs;
        match fact {
            Fact::Emitted { .. } => Some(glyphs.sends),
            Fact::Received { .. } => Some(glyphs.takes),
            Fact::BarrierReceived { .. } | Fact::CancelReceived { .. } | Fact::InputEnded { .. } => Some(glyphs.marker),
            Fact::Saved { .. } => Some(glyphs.saves),
            Fact::Committed { .. } => Some(glyphs.commits),
            Fact::Crashed { .. } => Some(glyphs.crashes),
            Fact::Restored { .. } => Some(glyphs.restored),
            _ => None,
        }
    }

    /// What is said again is marked so.
    fn prime(&self, at: usize) -> &'static str {
        if self.again[at] { "'" } else { "" }
    }

    /// Whether a fact is told in words beside the lanes.
    fn is_told(&self, fact: Fact) -> bool {
        match fact {
            // What a source saves is its position.
            Fact::Saved { task, .. } => !self.plan.kind(task).is_source(),
            Fact::OffsetSaved { task, .. } => self.plan.kind(task).is_source(),
            _ => is_told(fact),
        }
    }

    fn arrow(&self, message: &Message, row: &mut Row) {
        let (Some(from), Some(to)) = (message.from, message.to) else { return };
        let fact = self.recording.facts[message.sent].fact;
        let (line, label) = match message.content {
            Content::Record(_) => {
                let name = fact.fields(self.plan).record.map_or(String::new(), |record| record.text(self.plan));
                (self.glyphs.record, name + self.prime(message.sent))
            }
            Content::End => (self.glyphs.barrier, "end".to_owned()),
            Content::Cancel(id) => (self.glyphs.barrier, format!("x{id}")),
            other => (self.glyphs.barrier, other.snapshot().map_or(String::new(), |id| format!("B{id}"))),
        };
        row.arrow = Some((from, to, line, label));
    }

    /// What the fact changes for the rows below.
    fn follow(&mut self, fact: Fact) {
        let plan = self.plan;
        match fact {
            Fact::Blocked { channel } => self.blocked[plan.channels()[channel].to] += 1,
            Fact::Unblocked { channel } => {
                let held = &mut self.blocked[plan.channels()[channel].to];
                *held = held.saturating_sub(1);
            }
            Fact::Crashed { task } => (self.down[task], self.blocked[task]) = (true, 0),
            Fact::Failover => plan.tasks().ids().for_each(|task| (self.down[task], self.blocked[task]) = (true, 0)),
            Fact::Restored { task, .. } => self.down[task] = false,
            _ => {}
        }
    }

    fn draw(&self, happened: Happened, row: &Row) -> String {
        let tasks = self.plan.tasks().len();
        let mut cells = vec![' '; tasks * self.lane];
        for task in self.plan.tasks().ids() {
            cells[task.index() * self.lane] = match (self.down[task], self.blocked[task]) {
                (true, _) => self.glyphs.down,
                (false, 0) => self.glyphs.up,
                (false, _) => self.glyphs.blocked,
            };
        }
        if let Some((from, to, line, label)) = &row.arrow {
            self.draw_arrow(&mut cells, (from.index() * self.lane, to.index() * self.lane), *line, label);
        }
        for &(task, glyph) in &row.marks {
            cells[task.index() * self.lane] = glyph;
        }
        let lanes: String = cells.into_iter().collect();
        let moment = self.recording.outcome.clock().moment(happened.at.0);
        let words = printable(&row.words.join("; "));
        format!("{moment:>width$}  {lanes}{words}", width = self.moment).trim_end().to_owned() + "\n"
    }

    /// The label stands beside the sender, as much of it as there is room for.
    fn draw_arrow(&self, cells: &mut [char], (from, to): (usize, usize), line: char, label: &str) {
        let (start, end) = (from.min(to) + 1, from.max(to));
        cells[start..end].fill(line);
        let room = (end - start).saturating_sub(3).min(self.lane.saturating_sub(4));
        let label: Vec<char> = label.chars().take(room).collect();
        let at = if from < to { start + 1 } else { end - 1 - label.len() };
        cells[at..at + label.len()].copy_from_slice(&label);
        match from < to {
            true => cells[end - 1] = self.glyphs.right,
            false => cells[start] = self.glyphs.left,
        }
    }
}

/// By fact: whether it emits or sends what was emitted or sent before.
fn repetitions(facts: &[Happened]) -> Vec<bool> {
    let mut said = BTreeSet::new();
    let is_again = |happened: &Happened| match happened.fact {
        Fact::Emitted { task, position } => !said.insert((true, task.0, position)),
        Fact::Sent { channel, name, .. } => !said.insert((false, channel.0, name)),
        _ => false,
    };
    facts.iter().map(is_again).collect()
}

/// A task's name as far as it fits a lane.
fn name(plan: &Plan, task: TaskId) -> String {
    let name = plan.task_name(task);
    if name.chars().count() <= LONGEST_NAME { name } else { name.chars().take(LONGEST_NAME - 1).collect::<String>() + "~" }
}

/// The same of all other facts.
fn is_told(fact: Fact) -> bool {
    matches!(
        fact,
        Fact::Emitted { .. }
            | Fact::Missed { .. }
            | Fact::Applied { .. }
            | Fact::Posted { .. }
            | Fact::Became { .. }
            | Fact::Blocked { .. }
            | Fact::Unblocked { .. }
            | Fact::RecordSaved { .. }
            | Fact::ProcessSaved { .. }
            | Fact::BarrierOvertook { .. }
            | Fact::Reinstated { .. }
            | Fact::Triggered { .. }
            | Fact::Completed { .. }
            | Fact::Aborted { .. }
            | Fact::Committed { .. }
            | Fact::RolledBack { .. }
            | Fact::Crashed { .. }
            | Fact::Failover
            | Fact::Cleared { .. }
            | Fact::Restoring { .. }
            | Fact::Resumed
            | Fact::TaskFinished { .. }
            | Fact::NoticeLost { .. }
            | Fact::NoticeRepeated { .. }
            | Fact::NoticePostponed { .. }
            | Fact::Declined { .. }
            | Fact::JobFailed
    )
}
