//! A record on its way through the graph, with what of it holds in every order of arrival.

/// How far a value is known before the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sure {
    /// The record has it, whatever the order of arrival.
    Own,
    /// Some record of its key has it, whatever the order; which one depends on the order. Along a line
    /// the place is the value's own.
    Shared,
    /// It depends on the order.
    Not,
}

/// The task of an operator that a record comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    Task(u32),
    /// The one of its key, taken modulo this.
    Key(u32),
    /// It depends on the order.
    Anywhere,
}

/// Records that arrive in one order, whatever else happens: from one task through single channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    /// Whether there is such an order; without it the record stands for itself.
    pub is_ordered: bool,
    /// Which line.
    pub id: u64,
    /// The place on it.
    pub place: u32,
    /// The source task that all of it derives from; [`SEVERAL`](Line::SEVERAL) when there are more.
    pub source: u32,
}

impl Line {
    pub const SEVERAL: u32 = u32::MAX;
}

/// A record as it arrives at an operator, or as it is sent by one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub name: u64,
    pub key: u32,
    pub value: u64,
    pub sure: Sure,
    pub line: Line,
    pub at: At,
}

impl Row {
    /// The value, if it is one that some record has in every order.
    pub fn known(&self) -> Option<u64> {
        (self.sure != Sure::Not).then_some(self.value)
    }
}

/// Where every operator has at most so many different records, all of them are listed.
pub(super) const LISTED: u64 = 1 << 21;
