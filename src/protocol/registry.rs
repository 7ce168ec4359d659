//! Which protocols there are, by name, and what each of them claims.

use super::{Aligned, AtLeastOnce, ProtocolBox, Unaligned};

/// How often the effect of a source record shows, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guarantee {
    /// Some records are lost and some show more than once.
    None,
    /// No record shows more than once; some are lost.
    AtMostOnce,
    /// No record is lost; some show more than once.
    AtLeastOnce,
    /// Every record shows once.
    ExactlyOnce,
}

impl Guarantee {
    /// The word used in files and output.
    pub fn word(self) -> &'static str {
        match self {
            Guarantee::None => "none",
            Guarantee::AtMostOnce => "at_most_once",
            Guarantee::AtLeastOnce => "at_least_once",
            Guarantee::ExactlyOnce => "exactly_once",
        }
    }

    /// The strongest guarantee under which so many may be lost and shown more than once.
    pub fn observed(lost: u64, duplicated: u64) -> Guarantee {
        match (lost, duplicated) {
            (0, 0) => Guarantee::ExactlyOnce,
            (0, _) => Guarantee::AtLeastOnce,
            (_, 0) => Guarantee::AtMostOnce,
            _ => Guarantee::None,
        }
    }

    /// Whether what was observed is at least what was promised.
    pub fn satisfies(self, promised: Guarantee) -> bool {
        match promised {
            Guarantee::ExactlyOnce => self == Guarantee::ExactlyOnce,
            Guarantee::AtLeastOnce => matches!(self, Guarantee::ExactlyOnce | Guarantee::AtLeastOnce),
            Guarantee::AtMostOnce => matches!(self, Guarantee::ExactlyOnce | Guarantee::AtMostOnce),
            Guarantee::None => true,
        }
    }

    /// What holds where both hold: losses of one and repetitions of the other add up.
    pub fn and(self, other: Guarantee) -> Guarantee {
        use Guarantee::{AtLeastOnce, AtMostOnce, ExactlyOnce, None};
        match (self, other) {
            (ExactlyOnce, same) | (same, ExactlyOnce) => same,
            (AtLeastOnce, AtLeastOnce) => AtLeastOnce,
            (AtMostOnce, AtMostOnce) => AtMostOnce,
            (None, _) | (_, None) | (AtLeastOnce, AtMostOnce) | (AtMostOnce, AtLeastOnce) => None,
        }
    }
}

/// What a protocol says of its snapshots; only claims are judged against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// State after recovery, given sources that can replay.
    pub state: Guarantee,
    /// Whether every completed snapshot is a consistent cut.
    pub consistent_cut: bool,
}

/// The protocols that come with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtocolKind {
    /// [`Aligned`].
    Aligned,
    /// [`AtLeastOnce`].
    AtLeastOnce,
    /// [`Unaligned`].
    Unaligned,
    /// No snapshots at all: every failure starts from the beginning.
    None,
}

/// Makes the protocol value of one task.
pub type ProtocolFactory = fn() -> ProtocolBox;

impl ProtocolKind {
    /// All of them.
    pub const ALL: [ProtocolKind; 4] = [ProtocolKind::Aligned, ProtocolKind::AtLeastOnce, ProtocolKind::Unaligned, ProtocolKind::None];

    /// The word used in files and output.
    pub fn word(self) -> &'static str {
        match self {
            ProtocolKind::Aligned => "aligned",
            ProtocolKind::AtLeastOnce => "at_least_once",
            ProtocolKind::Unaligned => "unaligned",
            ProtocolKind::None => "none",
        }
    }

    /// Makes the protocol value of one task.
    pub fn factory(self) -> ProtocolFactory {
        match self {
            ProtocolKind::Aligned | ProtocolKind::None => || ProtocolBox::new(Aligned::default()),
            ProtocolKind::AtLeastOnce => || ProtocolBox::new(AtLeastOnce::default()),
            ProtocolKind::Unaligned => || ProtocolBox::new(Unaligned::default()),
        }
    }

    /// What it claims.
    pub fn claims(self) -> Claims {
        match self {
            ProtocolKind::Aligned | ProtocolKind::Unaligned | ProtocolKind::None => {
                Claims { state: Guarantee::ExactlyOnce, consistent_cut: true }
            }
            // L7: what came behind an early barrier is in the snapshot and is replayed.
            ProtocolKind::AtLeastOnce => Claims { state: Guarantee::AtLeastOnce, consistent_cut: false },
        }
    }
}
