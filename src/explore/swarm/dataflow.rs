//! Dataflows, composed stage by stage: whoever has no receiver yet gets some.
//!
//! Most are small, since small ones find most bugs soonest. A few are wide, long or full, since a mask that is too
//! short for ten inputs shows nowhere else.

use super::draft::{Draft, operator};
use super::{Theme, chance, pick};
use crate::kernel::Stream;
use crate::protocol::ProtocolKind;
use crate::scenario::format::{CommitFile, OperatorFile, PartitionFile};

/// Pairs that a join may send at the most: each of them is followed to the end of every walk.
const MOST_PAIRS: u64 = 12;

const SOURCES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// An operator that may still get receivers.
#[derive(Clone, Debug)]
struct End {
    name: String,
    /// How many records it sends at the most.
    volume: u64,
    /// Whether their values are those of the sources, or functions of them: the order decides nothing.
    is_plain: bool,
    has_state: bool,
}

/// What is true of a whole graph.
#[derive(Clone, Copy, Debug)]
struct Style {
    /// Of this many channels in a hundred the capacity is bounded.
    bounded: u64,
    capacity: u32,
    /// So many operators in a hundred have two tasks.
    parallel: u64,
    /// Whether sources may finish.
    finishes: bool,
    /// Whether one source has many records.
    is_full: bool,
    theme: Theme,
}

struct Composer<'c> {
    draft: Draft,
    stream: &'c mut Stream,
    style: Style,
    /// Who has no receiver yet.
    ends: Vec<End>,
    multiplies: bool,
    /// Whether somebody may send to several.
    parts: bool,
    /// Whether several send to one by channels that a barrier must not overtake.
    merges: bool,
}

/// Draws one, with a loop in it or without.
pub fn draw(protocol: ProtocolKind, has_loop: bool, theme: Theme, stream: &mut Stream) -> Draft {
    let style = Style::draw(has_loop, theme, stream);
    let mut composer =
        Composer { draft: Draft::default(), stream, style, ends: Vec::new(), multiplies: false, parts: false, merges: false };
    composer.sources(has_loop);
    if has_loop {
        composer.around();
    } else {
        composer.through();
    }
    composer.sinks();
    // Where ways part and meet again in a channel that a barrier must not overtake, a barrier that has overtaken
    // records before holds that channel back while its sender's sender has not got the trigger: a bounded channel in
    // between never gets room. Such a snapshot ends by its timeout.
    let overtakes = matches!(protocol, ProtocolKind::Unaligned | ProtocolKind::AlignedTimeout);
    let Composer { mut draft, parts, merges, .. } = composer;
    if overtakes && parts && merges {
        draft.file.channels.iter_mut().for_each(|channel| channel.capacity = None);
    }
    draft
}

impl Style {
    /// Back edges have no bound: what goes round would wait for itself.
    fn draw(has_loop: bool, theme: Theme, stream: &mut Stream) -> Style {
        let is_free = has_loop || theme != Theme::Anything;
        let bounded = if is_free { 0 } else { pick(stream, &[(8, 0), (3, 100), (1, 50)]) };
        Style {
            bounded,
            capacity: pick(stream, &[(4, 1), (2, 2), (1, 3)]),
            parallel: pick(stream, &[(14, 2), (if is_free { 0 } else { 2 }, 40)]),
            finishes: theme == Theme::Ends || chance(stream, if theme == Theme::Anything { 35 } else { 0 }),
            is_full: theme == Theme::Anything && chance(stream, 1),
            theme,
        }
    }
}

impl Composer<'_> {
    fn sources(&mut self, has_loop: bool) {
        let theme = self.style.theme;
        if theme == Theme::Anything && chance(self.stream, 1) {
            return self.many_inputs();
        }
        let number = match theme {
            Theme::Many | Theme::Failures => 1,
            // Two tasks of one source part as well as two sources do.
            Theme::Ends if chance(self.stream, 60) => return self.source(SOURCES[0], 2, true),
            Theme::Ends => 2,
            // What goes round makes a run long enough.
            _ => pick(self.stream, &[(if has_loop { 16 } else { 8 }, 1), (10, 2), (1, 3)]),
        };
        for name in &SOURCES[..number] {
            let parallelism = self.parallelism();
            // Of two, one that goes on shows what is missed when the other is gone.
            let may_finish = match theme {
                Theme::Ends => *name == SOURCES[0],
                _ => self.style.finishes && (number == 1 || self.stream.below(3) > 0),
            };
            self.source(name, parallelism, may_finish);
        }
    }

    /// Four to ten inputs of one task, from as many sources or from the tasks of one.
    fn many_inputs(&mut self) {
        let number = 4 + self.stream.below(7);
        if chance(self.stream, 50) {
            return self.source(SOURCES[0], number as u32, self.style.finishes);
        }
        for name in &SOURCES[..number as usize] {
            let may_finish = self.style.finishes && self.stream.below(3) > 0;
            self.source(name, 1, may_finish);
        }
    }

    fn source(&mut self, name: &str, parallelism: u32, may_finish: bool) {
        // One that finishes comes to its end soon, so that it is gone while others still send.
        let least = match may_finish {
            true => u64::from(chance(self.stream, 30)),
            false => 1 + 2 * u64::from(self.style.theme == Theme::Ends),
        };
        let mut records = u64::from(parallelism) * (least + self.stream.below(2)) + self.stream.below(2);
        if self.style.is_full && name == SOURCES[0] {
            records += 10 + self.stream.below(10);
        }
        let replayable = (!may_finish && chance(self.stream, 4)).then_some(false);
        let finishes = may_finish.then_some(true);
        let source = operator!(
            Source { records: Some(records), file: None, at: None, every: None, start: None, replayable: replayable, finishes: finishes },
            parallelism
        );
        self.draft.operator(name, source);
        self.ends.push(End { name: name.to_owned(), volume: records, is_plain: true, has_state: false });
    }

    /// From the sources on without a loop.
    fn through(&mut self) {
        let stages = match self.style.theme {
            Theme::Anything => pick(self.stream, &[(60, 1), (12, 2), (2, 3), (1, 5)]),
            _ => 1,
        };
        for _ in 1..stages {
            self.stage();
        }
        if self.ends.len() > 1 && (self.ends.len() > 3 || chance(self.stream, 85)) {
            self.fan_in();
        }
        // Something with state in the middle, so that there is much to judge.
        if !self.ends.iter().any(|end| end.has_state) && chance(self.stream, 85) {
            let end = self.some_end();
            self.keyed(vec![end]);
        }
    }

    fn stage(&mut self) {
        match pick(self.stream, &[(3, 'c'), (3, 'k'), (3, 'i'), (3, 'o')]) {
            'c' => {
                let end = self.some_end();
                self.chain(end);
            }
            'k' => {
                let end = self.some_end();
                self.keyed(vec![end]);
            }
            'i' if self.ends.len() > 1 => self.fan_in(),
            _ => self.fan_out(),
        }
    }

    /// Tasks with a single input one behind the other: one that waits for others waits for what they hold, too.
    fn chain(&mut self, mut end: End) {
        for _ in 0..pick(self.stream, &[(4, 1), (3, 2), (1, 3)]) {
            end = self.stateless(end);
        }
        self.ends.push(end);
    }

    fn fan_out(&mut self) {
        self.parts = true;
        let end = self.some_end();
        for _ in 0..2 {
            let end = self.stateless(end.clone());
            self.ends.push(end);
        }
    }

    /// Several into one; mostly all.
    fn fan_in(&mut self) {
        let mut ends = std::mem::take(&mut self.ends);
        if ends.len() > 2 && chance(self.stream, 20) {
            let left_out = self.stream.below(ends.len() as u64) as usize;
            self.ends.push(ends.remove(left_out));
        }
        match pick(self.stream, &[(10, 'k'), (1, 'u'), (1, 'p'), (1, 'j')]) {
            'u' => self.merge(ends, "merge", operator!(Union {}, 1)),
            'p' => self.merge(ends, "through", operator!(Pass {}, 1)),
            'j' if ends.len() == 2 && ends[0].volume * ends[1].volume <= MOST_PAIRS => self.join(ends),
            _ => self.keyed(ends),
        }
    }

    fn merge(&mut self, from: Vec<End>, word: &str, operator: OperatorFile) {
        self.merges |= from.len() > 1;
        let is_plain = from.iter().all(|end| end.is_plain);
        let volume = from.iter().map(|end| end.volume).sum();
        let name = self.behind(&from, word, operator);
        self.ends.push(End { name, volume, is_plain, has_state: false });
    }

    fn join(&mut self, from: Vec<End>) {
        let volume = from.iter().map(|end| end.volume).product();
        let name = self.behind(&from, "pairs", operator!(Join { keys: Some(1) }, 1));
        self.ends.push(End { name, volume, is_plain: false, has_state: true });
    }

    fn keyed(&mut self, from: Vec<End>) {
        let (keys, parallelism) = (Some(1 + self.stream.below(3) as u32), self.parallelism());
        let volume = from.iter().map(|end| end.volume).sum();
        let (word, operator) = match pick(self.stream, &[(9, 'c'), (3, 's'), (1, 'l'), (1, 'a')]) {
            'c' => ("count", operator!(KeyedCount { keys: keys }, parallelism)),
            's' => ("sum", operator!(KeyedSum { keys: keys }, parallelism)),
            'l' => ("last", operator!(Latest { keys: keys }, parallelism)),
            _ => ("mean", operator!(Average { keys: keys, reset: 2 }, parallelism)),
        };
        let is_plain = word == "last" && from.iter().all(|end| end.is_plain);
        let name = self.behind(&from, word, operator);
        self.ends.push(End { name, volume, is_plain, has_state: true });
    }

    fn stateless(&mut self, from: End) -> End {
        let parallelism = self.parallelism();
        let End { mut volume, is_plain, .. } = from;
        let operator = match self.stream.below(6) {
            0 => operator!(Map { multiply: Some(3), add: Some(1) }, parallelism),
            // Once is enough: each of them doubles all that comes behind.
            1 if !std::mem::replace(&mut self.multiplies, true) => {
                volume *= 2;
                operator!(FlatMap { copies: 2 }, parallelism)
            }
            // What depends on the order decides nothing that could be judged.
            2 if is_plain => operator!(Filter { modulo: 2, remainder: self.stream.below(2) }, parallelism),
            _ => operator!(Pass {}, parallelism),
        };
        let name = self.behind(&[from], "step", operator);
        End { name, volume, is_plain, has_state: false }
    }

    /// One loop or two, with what comes into them and out of them.
    fn around(&mut self) {
        if chance(self.stream, 15) {
            let end = self.some_end();
            self.chain(end);
        }
        let heads = pick(self.stream, &[(7, 1), (1, 2)]);
        for _ in 0..heads {
            self.round();
        }
        if chance(self.stream, 20) {
            self.stage();
        }
    }

    /// The head of a loop, and its body.
    fn round(&mut self) {
        let ends = match chance(self.stream, 80) {
            true => std::mem::take(&mut self.ends),
            false => vec![self.some_end()],
        };
        let volume = ends.iter().map(|end| end.volume).sum();
        let rounds = pick(self.stream, &[(2, 1), (1, 2)]);
        let head = self.behind(&ends, "loop", operator!(Iterate { rounds: rounds }, 1));
        // It has a state, but needs a receiver: records have to leave the loop.
        let end = End { name: head.clone(), volume, is_plain: false, has_state: false };
        let mut body = end.clone();
        for _ in 0..pick(self.stream, &[(5, 1), (1, 2)]) {
            let operator = match self.stream.below(6) {
                0 => operator!(Map { multiply: Some(3), add: Some(1) }, 1),
                1 => operator!(KeyedCount { keys: None }, 1),
                _ => operator!(Pass {}, 1),
            };
            body.name = self.behind(&[body.clone()], "body", operator);
        }
        self.draft.connect(&body.name, &head, None);
        self.ends.push(end);
    }

    /// What nobody takes goes out. What keeps a state can be judged by that alone.
    fn sinks(&mut self) {
        for end in std::mem::take(&mut self.ends) {
            // The shorter the way, the sooner a snapshot is complete while the next one is under way.
            let left_out = if self.style.theme == Theme::Ends { 60 } else { 20 };
            if end.has_state && chance(self.stream, left_out) {
                continue;
            }
            self.sink(&end);
            if chance(self.stream, 5) {
                self.sink(&end);
            }
        }
    }

    fn sink(&mut self, from: &End) {
        use CommitFile::{Additive, Idempotent, Plain, TwoPhase, Upsert};
        let two_phase = if self.style.theme == Theme::Notices { 1_000 } else { 6 };
        let commit = pick(self.stream, &[(two_phase, TwoPhase), (1, Idempotent), (1, Plain), (1, Upsert), (1, Additive)]);
        let parallelism = self.parallelism();
        self.behind(std::slice::from_ref(from), "out", operator!(Sink { commit: commit }, parallelism));
        if parallelism > 1 && chance(self.stream, 30) {
            let channel = self.draft.file.channels.last_mut().expect("the sink has an input");
            channel.partition = Some(PartitionFile::Broadcast);
            self.merges = true;
        }
    }

    fn some_end(&mut self) -> End {
        let at = self.stream.below(self.ends.len() as u64) as usize;
        self.ends.remove(at)
    }

    fn parallelism(&mut self) -> u32 {
        let is_parallel = chance(self.stream, self.style.parallel);
        self.parts |= is_parallel;
        1 + u32::from(is_parallel)
    }

    /// Adds an operator behind others and returns its name.
    fn behind(&mut self, from: &[End], word: &str, operator: OperatorFile) -> String {
        let name = self.draft.unused(word);
        self.draft.operator(&name, operator);
        for end in from {
            let capacity = chance(self.stream, self.style.bounded).then_some(self.style.capacity);
            self.draft.connect(&end.name, &name, capacity);
        }
        name
    }
}
