//! What a place holds: the numbers of a state, the rows of a sink. At the end of a run they are
//! compared with what a run without failures leaves.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::expected::{Cells, Expected, Named, Wanted};
use super::rows::Sure;
use crate::kernel::{Digest, clone_fields};
use crate::model::{Commit, Kind};

/// What a place holds now.
#[derive(Debug, Default)]
pub(super) struct Table {
    form: Form,
    /// By key, or the last one by name: what was not written means nothing.
    values: Vec<u64>,
    /// By key: whether it was written. By name the counts of delivery say so.
    written: Vec<bool>,
    /// What nobody has asked for, by key, and second rows of a name.
    more: Vec<(u64, u64)>,
}

clone_fields!(Table { form, values, written, more });

/// What becomes of what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// It is not looked at.
    #[default]
    Nothing,
    /// A key has the value that was written last.
    Upsert,
    /// A key has all that was written, added up.
    Sum,
    /// A name has the value that was written last.
    Replace,
    /// A name has a row for each time that it was written.
    Append,
}

/// A row that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongRow {
    /// Whose row it is.
    pub of: RowOf,
    /// What is there; nothing where the row is missing.
    pub found: Option<u64>,
    /// What should be there: one of these, or nothing.
    pub wanted: Vec<u64>,
}

/// Whose row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOf {
    /// A key's.
    Key(u32),
    /// A record's, by its name at the place.
    Record(u64),
}

/// In which direction rows are wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Astray {
    /// There is more than there should be, as when records show more than once.
    pub more: bool,
    /// There is less than there should be, as when records are lost.
    pub less: bool,
    /// What is there has nothing to do with what should be.
    pub other: bool,
}

impl Astray {
    /// Both together.
    pub fn or(self, other: Astray) -> Astray {
        Astray { more: self.more || other.more, less: self.less || other.less, other: self.other || other.other }
    }

    /// Whether there is any.
    pub fn is_any(self) -> bool {
        self.more || self.less || self.other
    }
}

/// What a place holds at the end, beside what it should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Rows that should be there, and that can be judged.
    pub rows: u64,
    /// Rows that are wrong, that are missing, or that should not be there.
    pub wrong: u64,
    /// Rows that are not judged.
    pub open: u64,
    /// Why rows are not judged.
    pub why: Option<&'static str>,
    /// In which direction rows are wrong.
    pub astray: Astray,
    /// The first few wrong rows.
    pub examples: Vec<WrongRow>,
}

impl Contents {
    /// The word used in output.
    pub fn verdict(&self) -> &'static str {
        match (self.wrong, self.why) {
            (0, None) => "right",
            (0, Some(_)) => "not_judged",
            _ => "wrong",
        }
    }
}

/// How many wrong rows a report names.
const EXAMPLES: usize = 8;
/// Why rows of a place are not judged.
const ORDER: &str = "what is right depends on the order of arrival";

impl Table {
    /// For a place of this kind.
    pub fn new(kind: &Kind, names: u64, expected: &Expected) -> Table {
        let form = match (kind, expected) {
            (_, Expected::Unknown(_) | Expected::Nothing) => Form::Nothing,
            (Kind::Sink { commit }, _) => match commit {
                Commit::Plain | Commit::TwoPhase => Form::Append,
                Commit::Idempotent => Form::Replace,
                Commit::Upsert => Form::Upsert,
                Commit::Additive => Form::Sum,
            },
            _ => Form::Sum,
        };
        let (rows, keys) = match expected {
            Expected::ByName(_) => (names as usize, 0),
            Expected::ByKey(cells) => (cells.keys(), cells.keys()),
            _ => (0, 0),
        };
        Table { form, values: vec![0; rows], written: vec![false; keys], more: Vec::new() }
    }

    pub fn clear(&mut self) {
        self.written.fill(false);
        self.more.clear();
    }

    /// A record is written; `is_first` says whether its name was not written before.
    #[inline(always)]
    pub fn write(&mut self, name: u64, key: u32, value: u64, is_first: bool) {
        match self.form {
            Form::Nothing => {}
            Form::Append if !is_first => self.more.push((name, value)),
            Form::Append | Form::Replace => self.values[name as usize] = value,
            Form::Upsert | Form::Sum => self.put(key, value),
        }
    }

    /// Under its key.
    #[inline(always)]
    pub fn put(&mut self, key: u32, value: u64) {
        let at = key as usize;
        match self.written.get_mut(at) {
            None => self.put_stray(key, value),
            Some(written) => {
                let before = if std::mem::replace(written, true) && self.form == Form::Sum { self.values[at] } else { 0 };
                self.values[at] = before.wrapping_add(value);
            }
        }
    }

    #[cold]
    fn put_stray(&mut self, key: u32, value: u64) {
        if self.form != Form::Nothing {
            self.more.push((u64::from(key), value));
        }
    }

    /// What one row after the other has come to decides what will be said; what a sink appends or adds is
    /// known by what is visible.
    pub fn hash_state<H: Hasher>(&self, is_written: impl Fn(usize) -> bool, state: &mut H) {
        let is_upsert = match self.form {
            Form::Upsert => true,
            Form::Replace => false,
            Form::Nothing | Form::Sum | Form::Append => return,
        };
        let is_there = |at: &usize| if is_upsert { self.written[*at] } else { is_written(*at) };
        (0..self.values.len()).filter(is_there).for_each(|at| (at, self.values[at]).hash(state));
    }

    fn of_key(&self, key: u32) -> Option<u64> {
        let at = key as usize;
        (at < self.written.len() && self.written[at]).then(|| self.values[at])
    }

    /// Whether all is as it should be. `count` says how often a name was written, `written` how many
    /// different ones were.
    pub fn is_right(&self, expected: &Expected, count: &impl Fn(u64) -> u64, written: impl FnOnce() -> u64) -> bool {
        match expected {
            Expected::Nothing | Expected::Unknown(_) => true,
            Expected::ByKey(cells) => {
                let is_right = |wanted: Wanted<'_>| match self.of_key(wanted.key) {
                    Some(value) => wanted.right.is_empty() || wanted.right.contains(&value),
                    None => false,
                };
                self.more.is_empty() && self.keys_written() == cells.len() && cells.iter().all(is_right)
            }
            Expected::ByName(rows) => {
                self.more.is_empty()
                    && rows.chunk_by(|a, b| a.key == b.key).all(|rows| self.is_key_right(rows, count))
                    && written() == rows.len() as u64
            }
        }
    }

    fn keys_written(&self) -> usize {
        self.written.iter().filter(|written| **written).count()
    }

    /// Values that are shared are compared as a sum in which order does not count.
    fn is_key_right(&self, rows: &[Named], count: &impl Fn(u64) -> u64) -> bool {
        let mut balance = 0_u64;
        for row in rows {
            let value = self.values[row.name as usize];
            match row.sure {
                _ if count(row.name) == 0 => return false,
                Sure::Own if value != row.value => return false,
                Sure::Shared => {
                    balance = balance.wrapping_add(Digest::of_pair(row.value, 0)).wrapping_sub(Digest::of_pair(value, 0));
                }
                _ => {}
            }
        }
        balance == 0
    }

    /// What is there beside what should be. `counts` says whether the numbers are of records, so that what is too
    /// much is known by itself.
    pub fn report(&self, expected: &Expected, counts: bool, count: &impl Fn(u64) -> u64, strays: impl FnOnce() -> Vec<u64>) -> Contents {
        let mut report = Report { contents: Contents::default(), counts };
        match expected {
            Expected::Nothing => {}
            Expected::Unknown(why) => report.contents.why = Some(why),
            Expected::ByKey(cells) => self.report_keys(cells, &mut report),
            Expected::ByName(rows) => {
                rows.chunk_by(|a, b| a.key == b.key).for_each(|rows| self.report_key(rows, count, &mut report));
                for name in strays() {
                    report.wrong(RowOf::Record(name), Some(self.values[name as usize]), &[]);
                }
            }
        }
        if report.contents.open > 0 {
            report.contents.why = Some(ORDER);
        }
        report.contents
    }

    fn report_keys(&self, cells: &Cells, report: &mut Report) {
        let mut next = 0;
        let stray = |from: u32, to: u32, report: &mut Report| {
            let there = (from..to).filter_map(|key| Some((key, self.of_key(key)?)));
            there.for_each(|(key, value)| report.wrong(RowOf::Key(key), Some(value), &[]));
        };
        for wanted in cells.iter() {
            stray(next, wanted.key, report);
            next = wanted.key + 1;
            report.key(wanted, self.of_key(wanted.key));
        }
        stray(next, self.written.len() as u32, report);
        let more: BTreeMap<u64, u64> = self.more.iter().copied().collect();
        more.into_iter().for_each(|(key, value)| report.wrong(RowOf::Key(key as u32), Some(value), &[]));
    }

    /// All rows of one key: first what each record must have, then what they share.
    fn report_key(&self, rows: &[Named], count: &impl Fn(u64) -> u64, report: &mut Report) {
        let (mut wanted, mut found) = (Vec::new(), Vec::new());
        for row in rows {
            let value = (count(row.name) > 0).then(|| self.values[row.name as usize]);
            let more = self.more.iter().filter(|(name, _)| *name == row.name).map(|(_, value)| *value);
            match row.sure {
                Sure::Own => {
                    report.row(RowOf::Record(row.name), value, &[row.value]);
                    more.for_each(|value| report.wrong(RowOf::Record(row.name), Some(value), &[]));
                }
                Sure::Shared => {
                    wanted.push(row.value);
                    found.extend(value.into_iter().chain(more));
                }
                Sure::Not => report.contents.open += 1,
            }
        }
        report.shared(rows[0].key, wanted, found);
    }
}

struct Report {
    contents: Contents,
    counts: bool,
}

impl Report {
    fn key(&mut self, wanted: Wanted<'_>, found: Option<u64>) {
        match found {
            Some(_) if wanted.right.is_empty() => self.contents.open += 1,
            // What has been replaced for good is what a lost record leaves.
            Some(value) if wanted.replaced.contains(&value) => {
                self.contents.rows += 1;
                self.note(RowOf::Key(wanted.key), found, wanted.right, Astray { less: true, ..Astray::default() });
            }
            _ => self.row(RowOf::Key(wanted.key), found, wanted.right),
        }
    }

    /// A row that is wanted.
    fn row(&mut self, of: RowOf, found: Option<u64>, wanted: &[u64]) {
        self.contents.rows += 1;
        if !found.is_some_and(|value| wanted.contains(&value)) {
            self.wrong(of, found, wanted);
        }
    }

    fn wrong(&mut self, of: RowOf, found: Option<u64>, wanted: &[u64]) {
        let astray = match (found, wanted) {
            (None, _) => Astray { less: true, ..Astray::default() },
            (Some(_), []) => Astray { more: true, ..Astray::default() },
            (Some(value), [wanted]) if self.counts => Astray { more: value > *wanted, less: value < *wanted, other: false },
            _ => Astray { other: true, ..Astray::default() },
        };
        self.note(of, found, wanted, astray);
    }

    fn note(&mut self, of: RowOf, found: Option<u64>, wanted: &[u64], astray: Astray) {
        self.contents.wrong += 1;
        self.contents.astray = self.contents.astray.or(astray);
        if self.contents.examples.len() < EXAMPLES {
            self.contents.examples.push(WrongRow { of, found, wanted: wanted.to_vec() });
        }
    }

    /// Values that some rows of a key share, smallest first: one by one, or what is on one side only where one side
    /// has more of them.
    fn shared(&mut self, key: u32, mut wanted: Vec<u64>, mut found: Vec<u64>) {
        self.contents.rows += wanted.len() as u64;
        wanted.sort_unstable();
        found.sort_unstable();
        let (missing, extra) = match wanted.len() == found.len() {
            true => wanted.into_iter().zip(found).filter(|(wanted, found)| wanted != found).unzip(),
            false => (without(&wanted, &found), without(&found, &wanted)),
        };
        for at in 0..missing.len().max(extra.len()) {
            self.wrong(RowOf::Key(key), extra.get(at).copied(), missing.get(at).map_or(&[], std::slice::from_ref));
        }
    }
}

/// The numbers of one sorted list that the other one does not have, each as often as it has it more.
fn without(list: &[u64], other: &[u64]) -> Vec<u64> {
    let mut rest = other.iter().peekable();
    let is_missing = |value: &&u64| {
        while rest.next_if(|next| next < value).is_some() {}
        rest.next_if(|next| next == value).is_none()
    };
    list.iter().filter(is_missing).copied().collect()
}
