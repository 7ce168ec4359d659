//! Operators, one by one.

use std::sync::Arc;

use crate::engine::EmitTimes;
use crate::kernel::Ticks;
use crate::model::{Commit, Dictionary, Fold, Kind, Table};
use crate::scenario::check::{Checker, Read, pointer};
use crate::scenario::format::{CommitFile, Duration, OperatorFile};

/// The most tokens of one account.
const MAX_TOKENS: u64 = 1 << 40;

/// An operator of the file.
#[derive(Clone, Copy)]
pub(super) struct Draft<'d> {
    pub name: &'d str,
    pub file: &'d OperatorFile,
}

impl Checker<'_> {
    pub(super) fn operator_name(&mut self, name: &str) {
        let is_odd = |c: char| c.is_control() || "[]#+>/,\"".contains(c);
        if name.is_empty() || name.contains(is_odd) || name == "coordinator" {
            let at = pointer(&["operators", name]);
            let help = "use letters, digits, - and _; \"coordinator\" is taken".to_owned();
            self.mistake_in_key(&at, format!("\"{}\" cannot be an operator's name", name.escape_debug()), Some(help));
        }
    }

    pub(super) fn kind(&mut self, draft: Draft<'_>, dictionary: &mut Dictionary, read: Read<'_>) -> Kind {
        match *draft.file {
            OperatorFile::Source { .. } => self.source(draft, dictionary, read),
            OperatorFile::Pass { .. } => Kind::Pass,
            OperatorFile::Union { .. } => Kind::Union,
            OperatorFile::Map { multiply, add, .. } => Kind::Map { multiply: multiply.unwrap_or(1), add: add.unwrap_or(0) },
            OperatorFile::Filter { modulo, remainder, .. } => {
                let at = pointer(&["operators", draft.name, "remainder"]);
                let is_certain = self.file.is_certain(&pointer(&["operators", draft.name, "modulo"]));
                if modulo > 0 && remainder >= modulo && is_certain {
                    self.mistake(&at, format!("no number leaves remainder {remainder} when divided by {modulo}"), None);
                }
                Kind::Filter { modulo: modulo.max(1), remainder }
            }
            OperatorFile::FlatMap { copies, .. } => Kind::FlatMap { fan: copies, split: false },
            OperatorFile::SplitWords { .. } => Kind::FlatMap { fan: 0, split: true },
            OperatorFile::KeyedCount { keys, .. } => Kind::Keyed { keys, fold: Fold::Count },
            OperatorFile::KeyedSum { keys, .. } => Kind::Keyed { keys, fold: Fold::Sum },
            OperatorFile::Latest { keys, .. } => Kind::Keyed { keys, fold: Fold::Latest },
            OperatorFile::Average { keys, reset, .. } => Kind::Keyed { keys, fold: Fold::Average { reset: reset.max(1) } },
            OperatorFile::Join { keys, .. } => Kind::Join { keys, left: 0 },
            OperatorFile::Iterate { rounds, .. } => Kind::Iterate { rounds: rounds.max(1) },
            OperatorFile::Account { tokens, .. } => Kind::Account { tokens: self.tokens(draft, tokens), transfers: Arc::new([]) },
            OperatorFile::Automaton { .. } => Kind::Automaton(Arc::new(Table::default())),
            OperatorFile::Sink { commit, .. } => Kind::Sink {
                commit: match commit {
                    CommitFile::Plain => Commit::Plain,
                    CommitFile::Idempotent => Commit::Idempotent,
                    CommitFile::Upsert => Commit::Upsert,
                    CommitFile::Additive => Commit::Additive,
                    CommitFile::TwoPhase => Commit::TwoPhase,
                },
            },
        }
    }

    /// All tokens together have to fit a number.
    fn tokens(&mut self, draft: Draft<'_>, tokens: u64) -> u64 {
        if tokens > MAX_TOKENS {
            let at = pointer(&["operators", draft.name, "tokens"]);
            self.mistake(&at, format!("{tokens} tokens are too many; at most {MAX_TOKENS}"), None);
        }
        tokens.min(MAX_TOKENS)
    }

    fn source(&mut self, draft: Draft<'_>, dictionary: &mut Dictionary, read: Read<'_>) -> Kind {
        let OperatorFile::Source { records, file, at, every, start, replayable, finishes, .. } = draft.file else {
            unreachable!("called for sources")
        };
        let place = |field: &str| pointer(&["operators", draft.name, field]);
        let (replayable, finishes) = (replayable.unwrap_or(true), finishes.unwrap_or(false));
        if at.is_some() && (every.is_some() || start.is_some()) {
            self.mistake(&place("at"), "\"at\" cannot be combined with \"every\" or \"start\"", None);
        }
        match (records, file, at) {
            (Some(_), _, Some(_)) => {
                self.mistake(&place("records"), "\"records\" cannot be combined with \"at\", which has a record for each time", None)
            }
            (_, Some(_), Some(_)) => self.mistake(&place("at"), "\"at\" cannot be combined with \"file\"", None),
            (Some(_), Some(_), _) => self.mistake(&place("file"), "\"file\" cannot be combined with \"records\"", None),
            (None, None, None) if !["records", "file", "at"].iter().any(|field| self.is_given(&place(field))) => {
                self.mistake(&place("kind"), "a source needs \"records\", \"file\" or \"at\"", None)
            }
            _ => {}
        }
        if let Some(path) = file {
            let first = dictionary.lines() as u32;
            let lines = self.lines_of(&place("file"), path, read);
            for line in &lines {
                dictionary.add_line(line);
            }
            return Kind::Source { records: lines.len() as u64, replayable, first_line: Some(first), finishes };
        }
        let records = records.or(at.as_ref().map(|times| times.len() as u64)).unwrap_or(0);
        Kind::Source { records, replayable, first_line: None, finishes }
    }

    fn lines_of(&mut self, place: &str, path: &str, read: Read<'_>) -> Vec<String> {
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(reason) => {
                self.mistake(place, reason, Some("the path is relative to the scenario's folder".to_owned()));
                return Vec::new();
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect(),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                self.mistake(place, format!("{path} is not UTF-8 text: byte {offset} starts no character"), None);
                Vec::new()
            }
        }
    }

    pub(super) fn emit_times(&mut self, draft: Draft<'_>) -> EmitTimes {
        let place = |field: &str| pointer(&["operators", draft.name, field]);
        let OperatorFile::Source { every, start, at, .. } = draft.file else {
            return EmitTimes::Every { start: Ticks::ZERO, every: Ticks::ZERO };
        };
        if let Some(times) = at {
            let times: Vec<Ticks> = times.iter().map(|time| time.ticks()).collect();
            for (n, pair) in times.windows(2).enumerate().filter(|(_, pair)| pair[0] > pair[1]) {
                let message = format!("{} is before {}; records come in the order of their times", pair[1], pair[0]);
                self.mistake(&format!("{}/{}", place("at"), n + 1), message, None);
            }
            return EmitTimes::At(times);
        }
        let every = every.map_or(Ticks(1_000), Duration::ticks);
        EmitTimes::Every { start: start.map_or(every, Duration::ticks), every }
    }
}
