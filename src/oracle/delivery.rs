//! Delivery: for every stateful operator and every sink, how often each source record's effect shows,
//! by lineage, and what the place holds at the end. Exactly once: all 1, and the contents are those of a
//! run without failures. At least once: all >= 1. At most once: all <= 1.

use super::contents::{Astray, Contents, RowOf, Table, WrongRow};
use super::state::unordered;
use super::{End, First, Names, Reference, Verdict};
use crate::kernel::{Id, clone_fields};
use crate::model::{Fold, Kind, OperatorId, Plan, SnapshotId, TaskId};
use crate::protocol::Guarantee;
use crate::trace::Fact;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// Where effects are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// In the state of a stateful operator.
    State,
    /// In what a sink made visible.
    Output,
}

impl PlaceKind {
    /// The word used in output.
    pub fn word(self) -> &'static str {
        match self {
            PlaceKind::State => "state",
            PlaceKind::Output => "output",
        }
    }
}

/// A place and what the configuration promises there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The operator.
    pub operator: OperatorId,
    /// What protocol, sources and sink promise together.
    pub guarantee: Guarantee,
}

/// How often names have shown.
#[derive(Debug)]
enum Counts {
    /// One byte per name; 255 stands for that or more.
    Dense(Vec<u8>),
    /// For name spaces that are mostly empty.
    Sparse(BTreeMap<u64, u32>),
}

/// Name spaces up to this size get a byte per name.
const DENSE: u64 = 1 << 27;

impl Counts {
    fn new(names: u64) -> Self {
        if names <= DENSE { Counts::Dense(vec![0; names as usize]) } else { Counts::Sparse(BTreeMap::new()) }
    }

    fn clear(&mut self) {
        match self {
            Counts::Dense(counts) => counts.fill(0),
            Counts::Sparse(counts) => counts.clear(),
        }
    }

    /// Says whether it is the first time.
    #[inline(always)]
    fn add(&mut self, name: u64) -> bool {
        match self {
            Counts::Dense(counts) => {
                let count = &mut counts[name as usize];
                *count = count.saturating_add(1);
                *count == 1
            }
            Counts::Sparse(counts) => {
                let count = counts.entry(name).or_default();
                *count += 1;
                *count == 1
            }
        }
    }

    /// How many different names there are.
    fn names(&self) -> u64 {
        match self {
            Counts::Dense(counts) => counts.iter().filter(|count| **count > 0).count() as u64,
            Counts::Sparse(counts) => counts.len() as u64,
        }
    }

    /// The names that are not among these.
    fn strays(&self, names: &Names) -> Vec<u64> {
        match self {
            Counts::Dense(counts) => {
                let shown = (0..).zip(counts).filter(|(_, count)| **count > 0);
                shown.map(|(name, _)| name).filter(|name| !names.contains(*name)).collect()
            }
            Counts::Sparse(counts) => counts.keys().copied().filter(|name| !names.contains(*name)).collect(),
        }
    }

    fn of(&self, name: u64) -> u64 {
        match self {
            Counts::Dense(counts) => u64::from(counts[name as usize]),
            Counts::Sparse(counts) => u64::from(counts.get(&name).copied().unwrap_or(0)),
        }
    }

    fn total(&self) -> u64 {
        match self {
            Counts::Dense(counts) => counts.iter().map(|&count| u64::from(count)).sum(),
            Counts::Sparse(counts) => counts.values().map(|&count| u64::from(count)).sum(),
        }
    }
}

// By hand for the sake of `clone_from`.
impl Clone for Counts {
    fn clone(&self) -> Self {
        match self {
            Counts::Dense(counts) => Counts::Dense(counts.clone()),
            Counts::Sparse(counts) => Counts::Sparse(counts.clone()),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        match (self, source) {
            (Counts::Dense(to), Counts::Dense(from)) => to.clone_from(from),
            (to, from) => *to = from.clone(),
        }
    }
}

/// One stateful operator or sink.
#[derive(Debug)]
pub struct Place {
    /// The operator.
    pub operator: OperatorId,
    /// State or output.
    pub kind: PlaceKind,
    promised: Guarantee,
    absorbs: bool,
    counts: Counts,
    table: Table,
    /// Records in transactions that were never committed; known at the end.
    waiting: u64,
}

clone_fields!(Place { operator, kind, promised, absorbs, counts, table, waiting });

/// What a task has taken into its state, as a log that a restore cuts back.
#[derive(Debug, Default)]
struct TaskLog {
    names: Vec<u64>,
    marks: Vec<(SnapshotId, usize)>,
}

clone_fields!(TaskLog { names, marks });

/// Logs longer than this are folded into counts up to the latest completed snapshot, so that a
/// long run's memory does not grow with its length. Shorter ones are kept whole: a restore of an
/// older snapshot than the latest, which only a wrong coordinator does, is judged exactly.
const FOLD_BEYOND: usize = 1 << 16;

/// See the module.
#[derive(Debug)]
pub struct Delivery<'p> {
    plan: &'p Plan,
    reference: &'p Reference,
    places: Vec<Place>,
    /// By operator: its place.
    place_of: Vec<u32>,
    logs: Vec<TaskLog>,
    is_settled: bool,
}

clone_fields!(Delivery<'p> { plan, reference, places, place_of, logs, is_settled });

/// How often each record's effect shows at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceReport {
    /// The operator.
    pub operator: OperatorId,
    /// State or output.
    pub kind: PlaceKind,
    /// What the configuration promises.
    pub promised: Guarantee,
    /// The strongest guarantee that what was seen satisfies.
    pub observed: Guarantee,
    /// Records that should show.
    pub records: u64,
    /// Effects that do show.
    pub effects: u64,
    /// Records that show less often than once.
    pub lost: u64,
    /// Records that show more often than once.
    pub duplicated: u64,
    /// The first few that do not show exactly once, and how often they do.
    pub examples: Vec<(u64, u64)>,
    /// What the place holds beside what it should hold; nothing is judged of a run that did not come to
    /// its end.
    pub contents: Contents,
    /// In which direction names and rows are wrong.
    pub astray: Astray,
    /// Records in transactions that were never committed.
    pub waiting: u64,
}

impl PlaceReport {
    /// What is wrong, row by row: `A#3 x2`, `key 7: 3 instead of 2`.
    pub fn wrongs(&self, plan: &Plan) -> Vec<String> {
        let shown = self.examples.iter().map(|&(name, count)| format!("{} x{count}", plan.describe(self.operator, name)));
        shown.chain(self.wrong_values(plan)).collect()
    }

    /// Wrong rows but those of records that are named anyway, because they do not show or show again.
    pub fn wrong_values(&self, plan: &Plan) -> Vec<String> {
        let is_named = |row: &&WrongRow| matches!(row.of, RowOf::Record(_)) && (row.found.is_none() || row.wanted.is_empty());
        self.contents.examples.iter().filter(|row| !is_named(row)).map(|row| self.wrong_row(plan, row)).collect()
    }

    /// `key 7: 3 instead of 2`, `A#3: nothing instead of 4`.
    pub fn wrong_row(&self, plan: &Plan, row: &WrongRow) -> String {
        let of = match row.of {
            RowOf::Key(_) if plan.operators()[self.operator].kind.is_process() => "tokens".to_owned(),
            RowOf::Key(key) => format!("key {}", plan.key_text(self.operator, key)),
            RowOf::Record(name) => plan.describe(self.operator, name),
        };
        let numbers = |numbers: &[u64]| match numbers {
            [] => "nothing".to_owned(),
            numbers => numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(" or "),
        };
        format!("{of}: {} instead of {}", numbers(row.found.as_slice()), numbers(&row.wanted))
    }
}

/// How many examples a report names.
const EXAMPLES: usize = 8;

impl Place {
    /// Whether some name of these shows more than once.
    fn repeats<'n>(&self, names: impl Iterator<Item = &'n u64>) -> bool {
        // In small runs, which are the ones that are asked about at each step, a word is enough.
        let (mut seen, mut others) = (0_u64, Vec::new());
        for &name in names {
            match 1_u64.checked_shl(u32::try_from(name).unwrap_or(u32::MAX)) {
                Some(bit) if seen & bit != 0 => return true,
                Some(bit) => seen |= bit,
                None if others.contains(&name) => return true,
                None => others.push(name),
            }
        }
        match &self.counts {
            Counts::Dense(counts) => counts.iter().any(|&count| count > 1),
            Counts::Sparse(counts) => counts.values().any(|&count| count > 1),
        }
    }
}

impl<'p> Delivery<'p> {
    /// Whether effects show more than once now: in the output of a sink, for good, or in the state of
    /// a task that is up. First whether that breaks what is promised, then whether it happens at
    /// all. `is_down` says of which tasks the log is that of a state which is gone.
    pub(super) fn repeats(&self, is_down: impl Fn(TaskId) -> bool) -> (bool, bool) {
        let (mut breaks, mut happens) = (false, false);
        for place in self.places.iter().filter(|place| !place.absorbs) {
            let is_here = |task: TaskId| self.plan.tasks()[task].operator == place.operator && !is_down(task);
            let logs = self.logs.iter().zip(self.plan.stateful()).filter(|(_, task)| is_here(**task));
            if place.repeats(logs.flat_map(|(log, _)| &log.names)) {
                happens = true;
                breaks |= place.promised.forbids_duplicates();
            }
        }
        (breaks, happens)
    }

    /// What a log holds between two marks that a restore can go back to is a multiset: no cut ever
    /// goes between. Marks of snapshots that can no more be restored have no future.
    pub(super) fn hash_state<H: Hasher>(&self, alive: &[SnapshotId], state: &mut H) {
        for place in &self.places {
            match &place.counts {
                Counts::Dense(counts) => {
                    // The length says which zeros are left out.
                    let used = counts.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
                    state.write_usize(used);
                    state.write(&counts[..used]);
                }
                Counts::Sparse(counts) => counts.hash(state),
            }
            place.table.hash_state(|name| place.counts.of(name as u64) > 0, state);
        }
        let words = |names: &[u64], state: &mut H| unordered(names.iter().map(|&name| (name, 0, 0)), state);
        for log in &self.logs {
            let mut from = 0;
            for (id, to) in log.marks.iter().filter(|(id, _)| alive.contains(id)) {
                id.hash(state);
                words(&log.names[from..*to], state);
                from = *to;
            }
            words(&log.names[from..], state);
        }
    }

    /// For one scenario.
    pub fn new(plan: &'p Plan, reference: &'p Reference, promises: &[Promise]) -> Self {
        let mut place_of = vec![u32::MAX; plan.operators().len()];
        let mut places = Vec::with_capacity(promises.len());
        for promise in promises {
            let operator = &plan.operators()[promise.operator];
            place_of[promise.operator.index()] = places.len() as u32;
            places.push(Place {
                operator: promise.operator,
                kind: if operator.kind.is_sink() { PlaceKind::Output } else { PlaceKind::State },
                promised: promise.guarantee,
                absorbs: matches!(operator.kind, Kind::Sink { commit } if commit.absorbs()),
                counts: Counts::new(operator.names_in),
                table: Table::new(&operator.kind, operator.names_in, reference.left(promise.operator)),
                waiting: 0,
            });
        }
        let logs = vec![TaskLog::default(); plan.stateful().len()];
        Delivery { plan, reference, places, place_of, logs, is_settled: false }
    }

    pub(super) fn reset(&mut self) {
        for place in &mut self.places {
            place.counts.clear();
            place.table.clear();
            place.waiting = 0;
        }
        for log in &mut self.logs {
            log.names.clear();
            log.marks.clear();
        }
        self.is_settled = false;
    }

    #[inline(always)]
    fn place(&self, task: TaskId) -> usize {
        self.place_of[self.plan.tasks()[task].operator.index()] as usize
    }

    #[inline(always)]
    fn log(&mut self, task: TaskId) -> &mut TaskLog {
        &mut self.logs[self.plan.tasks()[task].rank as usize]
    }

    #[inline(always)]
    pub(super) fn applied(&mut self, task: TaskId, name: u64) {
        self.log(task).names.push(name);
    }

    #[inline(always)]
    pub(super) fn output(&mut self, task: TaskId, name: u64, key: u32, value: u64) {
        let place = self.place(task);
        let Place { counts, table, .. } = &mut self.places[place];
        table.write(name, key, value, counts.add(name));
    }

    /// What a state shows for a key at the end of the run.
    pub(super) fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        let place = self.place(task);
        self.places[place].table.put(key, value);
    }

    /// What [`rare_fact`](Self::rare_fact) does something with.
    #[inline(always)]
    pub(super) fn reads(fact: Fact) -> bool {
        matches!(fact, Fact::Saved { .. } | Fact::Completed { .. } | Fact::Restored { .. } | Fact::LeftOpen { .. })
    }

    pub(super) fn rare_fact(&mut self, fact: Fact) {
        match fact {
            Fact::Saved { task, snapshot, .. } if self.plan.kind(task).is_stateful() => {
                let log = self.log(task);
                log.marks.push((snapshot, log.names.len()));
            }
            Fact::Completed { snapshot } => self.fold(snapshot),
            Fact::LeftOpen { task, records } => {
                let place = self.place(task);
                self.places[place].waiting += u64::from(records);
            }
            Fact::Restored { task, snapshot, .. } if self.plan.kind(task).is_stateful() => {
                let log = self.log(task);
                let mark = log.marks.iter().find(|(id, _)| Some(*id) == snapshot);
                let keep = mark.map_or(0, |&(_, length)| length);
                log.names.truncate(keep);
                log.marks.retain(|&(id, length)| length <= keep && Some(id) <= snapshot);
            }
            _ => {}
        }
    }

    fn fold(&mut self, completed: SnapshotId) {
        for (log, &task) in self.logs.iter_mut().zip(self.plan.stateful()) {
            if log.names.len() < FOLD_BEYOND {
                continue;
            }
            let place = self.place_of[self.plan.tasks()[task].operator.index()] as usize;
            let Some(&(_, length)) = log.marks.iter().find(|(id, _)| *id == completed) else { continue };
            log.names.drain(..length).for_each(|name| _ = self.places[place].counts.add(name));
            log.marks.retain(|(id, _)| *id >= completed);
            log.marks.iter_mut().for_each(|(_, mark)| *mark -= length);
        }
    }

    /// Counts what is in the state at the end; once per run.
    fn settle(&mut self) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        for (log, &task) in self.logs.iter_mut().zip(self.plan.stateful()) {
            let place = self.place_of[self.plan.tasks()[task].operator.index()] as usize;
            let counts = &mut self.places[place].counts;
            log.names.drain(..).for_each(|name| _ = counts.add(name));
        }
    }

    /// Every place with its counts, in the order of the promises. Called at the end of a run; `settled` says
    /// whether everything has come to its end, so that contents can be judged.
    pub(super) fn reports(&mut self, settled: bool) -> Vec<PlaceReport> {
        self.settle();
        self.places.iter().map(|place| self.report(place, settled)).collect()
    }

    /// The places that do not show every record exactly once, or hold something else than they should: none,
    /// after most runs.
    pub(super) fn faults(&mut self, settled: bool) -> impl Iterator<Item = PlaceReport> {
        self.settle();
        let this = &*self;
        let is_right = move |place: &&Place| this.shows_each_once(place) && (!settled || this.is_right(place));
        self.places.iter().filter(move |place| !is_right(place)).map(move |place| this.report(place, settled))
    }

    fn shows_each_once(&self, place: &Place) -> bool {
        match (&place.counts, self.reference.arriving(place.operator)) {
            (Counts::Dense(counts), Names::All(_)) if !place.absorbs => counts.iter().all(|&count| count == 1),
            (counts, names) => names.iter().all(|name| {
                let count = counts.of(name);
                count == 1 || count > 1 && place.absorbs
            }),
        }
    }

    fn is_right(&self, place: &Place) -> bool {
        let expected = self.reference.left(place.operator);
        place.table.is_right(expected, &|name| place.counts.of(name), || place.counts.names())
    }

    fn contents(&self, place: &Place) -> Contents {
        let (expected, counts) = (self.reference.left(place.operator), &place.counts);
        let is_count = matches!(self.plan.operators()[place.operator].kind, Kind::Keyed { fold: Fold::Count, .. } | Kind::Iterate { .. });
        let strays = || counts.strays(self.reference.arriving(place.operator));
        place.table.report(expected, is_count, &|name| counts.of(name), strays)
    }

    fn report(&self, place: &Place, settled: bool) -> PlaceReport {
        let mut report = self.by_lineage(place);
        report.contents = match settled {
            true => self.contents(place),
            false => Contents { why: Some("the run did not come to its end"), ..Contents::default() },
        };
        let mut astray = report.contents.astray;
        if astray.other {
            // Wrong values are what follows from repetitions or losses, where there are any on the way.
            let causes = self.causes(place).or(report.astray);
            if causes.more || causes.less {
                astray = Astray { other: false, ..astray.or(causes) };
            }
        }
        report.astray = report.astray.or(astray);
        report.observed = observed(report.astray);
        report
    }

    /// What the places that a place gets its records from show.
    fn causes(&self, place: &Place) -> Astray {
        let mut open = vec![place.operator];
        let mut seen = open.clone();
        let mut causes = Astray::default();
        while let Some(to) = open.pop() {
            let from = self.plan.edges().iter().filter(|edge| edge.to == to).map(|edge| edge.from);
            let new: Vec<OperatorId> = from.filter(|from| !seen.contains(from)).collect();
            for other in self.places.iter().filter(|other| new.contains(&other.operator)) {
                causes = causes.or(self.by_lineage(other).astray).or(self.contents(other).astray);
            }
            seen.extend(&new);
            open.extend(new);
        }
        Astray { other: false, ..causes }
    }

    fn by_lineage(&self, place: &Place) -> PlaceReport {
        let expected = self.reference.arriving(place.operator);
        let (mut lost, mut duplicated, mut examples) = (0, 0, Vec::new());
        let mut note = |name: u64, count: u64| {
            // Where writing again changes nothing nobody sees how often it was done.
            let count = if place.absorbs { count.min(1) } else { count };
            lost += u64::from(count == 0);
            duplicated += u64::from(count > 1);
            if count != 1 && examples.len() < EXAMPLES {
                examples.push((name, count));
            }
        };
        match (&place.counts, expected) {
            (Counts::Dense(counts), Names::All(_)) => {
                // The usual case is that nothing is to be noted: found at memory speed.
                if counts.iter().any(|&count| count != 1) {
                    (0..).zip(counts).for_each(|(name, &count)| note(name, u64::from(count)));
                }
            }
            (counts, names) => names.iter().for_each(|name| note(name, counts.of(name))),
        }
        let astray = Astray { more: duplicated > 0, less: lost > 0, other: false };
        PlaceReport {
            operator: place.operator,
            kind: place.kind,
            promised: place.promised,
            observed: observed(astray),
            waiting: place.waiting,
            records: expected.len(),
            effects: if place.absorbs { expected.len() - lost } else { place.counts.total() },
            lost,
            duplicated,
            examples,
            contents: Contents::default(),
            astray,
        }
    }

    pub(super) fn verdict(&mut self, end: End, settled: bool) -> Verdict {
        let (plan, mut first) = (self.plan, First::default());
        for report in self.faults(settled) {
            if report.observed.satisfies(report.promised) {
                continue;
            }
            // What is not there before the drain may still come; what shows twice for good was forbidden, or is no
            // reason.
            let is_repeated = report.duplicated > 0 && report.promised.forbids_duplicates();
            if !settled && !is_repeated {
                return Verdict::Incomplete("the run ended before everything was delivered".to_owned());
            }
            let place = &plan.operators()[report.operator].name;
            let what = format!("{} of {place}: {}", report.kind.word(), report.wrongs(plan).join(", "));
            let observed = if report.observed == Guarantee::None { "no guarantee at all" } else { report.observed.word() };
            first.note(end.moment, what, report.promised.word(), observed);
        }
        first.verdict()
    }
}

/// The strongest guarantee that what is wrong allows.
fn observed(astray: Astray) -> Guarantee {
    match astray {
        Astray { other: true, .. } | Astray { more: true, less: true, .. } => Guarantee::None,
        Astray { more: true, .. } => Guarantee::AtLeastOnce,
        Astray { less: true, .. } => Guarantee::AtMostOnce,
        _ => Guarantee::ExactlyOnce,
    }
}
