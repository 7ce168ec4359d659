//! Which protocols there are, by name, and what each of them claims.

use super::{Aligned, AlignedCyclic, Alternating, AtLeastOnce, ChandyLamport, LaiYang, NoMarkers, ProtocolBox};

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

    /// The one of that word.
    pub fn of_word(word: &str) -> Option<Guarantee> {
        use Guarantee::{AtLeastOnce, AtMostOnce, ExactlyOnce, None};
        [None, AtMostOnce, AtLeastOnce, ExactlyOnce].into_iter().find(|guarantee| guarantee.word() == word)
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

    /// Whether showing more than once breaks it.
    pub fn forbids_duplicates(self) -> bool {
        matches!(self, Guarantee::ExactlyOnce | Guarantee::AtMostOnce)
    }

    /// Whether showing less than once breaks it.
    pub fn forbids_losses(self) -> bool {
        matches!(self, Guarantee::ExactlyOnce | Guarantee::AtLeastOnce)
    }

    /// What is left of it where repetitions do not show.
    pub fn absorbed(self) -> Guarantee {
        match self {
            Guarantee::AtLeastOnce => Guarantee::ExactlyOnce,
            Guarantee::None => Guarantee::AtMostOnce,
            other => other,
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
    /// [`Alternating`], unaligned from the sources on.
    Unaligned,
    /// [`Alternating`], aligned until the budget is used up.
    AlignedTimeout,
    /// [`AlignedCyclic`].
    AlignedCyclic,
    /// [`ChandyLamport`].
    ChandyLamport,
    /// [`LaiYang`].
    LaiYang,
    /// [`NoMarkers`].
    NoMarkers,
    /// No snapshots at all: every failure starts from the beginning.
    None,
}

/// What a scenario can choose about a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Whether checkpoints are taken after inputs have ended (B6, else B7).
    pub after_end: bool,
    /// Whether the records of back edges are logged (Y2).
    pub back_edges_logged: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { after_end: true, back_edges_logged: true }
    }
}

/// Who is told that a snapshot starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    /// Whoever the barrier has to start from: sources, and tasks whose inputs have all ended (P2).
    Roots,
    /// Everybody, each by a message of its own.
    Everybody,
}

impl ProtocolKind {
    /// All of them.
    pub const ALL: [ProtocolKind; 9] = [
        ProtocolKind::Aligned,
        ProtocolKind::AtLeastOnce,
        ProtocolKind::Unaligned,
        ProtocolKind::AlignedTimeout,
        ProtocolKind::AlignedCyclic,
        ProtocolKind::ChandyLamport,
        ProtocolKind::LaiYang,
        ProtocolKind::NoMarkers,
        ProtocolKind::None,
    ];

    /// The word used in files and output.
    pub fn word(self) -> &'static str {
        match self {
            ProtocolKind::Aligned => "aligned",
            ProtocolKind::AtLeastOnce => "at_least_once",
            ProtocolKind::Unaligned => "unaligned",
            ProtocolKind::AlignedTimeout => "aligned_timeout",
            ProtocolKind::AlignedCyclic => "aligned_cyclic",
            ProtocolKind::ChandyLamport => "chandy_lamport",
            ProtocolKind::LaiYang => "lai_yang",
            ProtocolKind::NoMarkers => "no_markers",
            ProtocolKind::None => "none",
        }
    }

    /// Makes the protocol value of one task.
    pub fn make(self, options: Options) -> ProtocolBox {
        let Options { after_end, back_edges_logged } = options;
        match self {
            ProtocolKind::Aligned | ProtocolKind::None => ProtocolBox::new(Aligned::new(after_end)),
            ProtocolKind::AtLeastOnce => ProtocolBox::new(AtLeastOnce::new(after_end)),
            ProtocolKind::Unaligned => ProtocolBox::new(Alternating::unaligned(after_end)),
            ProtocolKind::AlignedTimeout => ProtocolBox::new(Alternating::aligned_timeout(after_end)),
            ProtocolKind::AlignedCyclic => ProtocolBox::new(AlignedCyclic::new(back_edges_logged, after_end)),
            ProtocolKind::ChandyLamport => ProtocolBox::new(ChandyLamport::default()),
            ProtocolKind::LaiYang => ProtocolBox::new(LaiYang::default()),
            ProtocolKind::NoMarkers => ProtocolBox::new(NoMarkers),
        }
    }

    /// Who is told that a snapshot starts, where it is not one process that initiates it.
    pub fn told(self) -> Told {
        if self == ProtocolKind::NoMarkers { Told::Everybody } else { Told::Roots }
    }

    /// Whether it can run on a graph of processes, any graph.
    pub fn is_classic(self) -> bool {
        matches!(self, ProtocolKind::ChandyLamport | ProtocolKind::LaiYang | ProtocolKind::NoMarkers | ProtocolKind::None)
    }

    /// The bytes that every record carries through channels for the protocol's sake. Barriers need none.
    pub fn record_overhead(self) -> u64 {
        if self == ProtocolKind::LaiYang { 4 } else { 0 }
    }

    /// What it claims.
    pub fn claims(self) -> Claims {
        match self {
            // L7: what came behind an early barrier is in the snapshot and is replayed.
            ProtocolKind::AtLeastOnce => Claims { state: Guarantee::AtLeastOnce, consistent_cut: false },
            ProtocolKind::NoMarkers => Claims { state: Guarantee::None, consistent_cut: false },
            _ => Claims { state: Guarantee::ExactlyOnce, consistent_cut: true },
        }
    }
}
