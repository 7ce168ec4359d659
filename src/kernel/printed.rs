//! Parts of a state that know their own fingerprints.

use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

use super::{Fingerprint, Fingerprinter};

/// A part of a larger state together with its fingerprint, as long as that is known, and with the
/// number of the state in which it became what it is. Whoever changes the part makes both unknown:
/// there is no way to the part but [`DerefMut`].
///
/// One step changes few parts of a state, so only those are hashed again; and only those are copied
/// again, since parts that come from one state are equal to the last bit.
#[derive(Debug, Default)]
pub struct Printed<T> {
    part: T,
    /// Means something unless `origin` is [`UNKNOWN`].
    print: [u64; 2],
    // One word says all that a change makes untrue: runs that nobody takes fingerprints of pay for it, too.
    origin: u32,
}

/// Nobody has asked for the fingerprint since the part changed.
const UNKNOWN: u32 = 0;
/// The fingerprint is known, and no state that anybody numbered has the part.
const NOWHERE: u32 = 1;

impl<T> Printed<T> {
    /// A part whose fingerprint nobody has asked for yet.
    pub fn new(part: T) -> Self {
        Printed { part, print: [0; 2], origin: UNKNOWN }
    }

    /// Whether it is known to be equal to `source`, and with it what else its fingerprint tells of.
    #[inline(always)]
    pub fn is_from(&self, source: &Self) -> bool {
        self.origin > NOWHERE && self.origin == source.origin
    }

    /// As if the part had changed: something else that its fingerprint tells of has, or is about to.
    #[inline(always)]
    pub fn touch(&mut self) {
        self.origin = UNKNOWN;
    }
}

impl<T> Deref for Printed<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.part
    }
}

impl<T> DerefMut for Printed<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        self.touch();
        &mut self.part
    }
}

impl<T: Clone> Clone for Printed<T> {
    fn clone(&self) -> Self {
        Printed { part: self.part.clone(), print: self.print, origin: self.origin }
    }

    #[inline]
    fn clone_from(&mut self, source: &Self) {
        if !self.is_from(source) {
            self.part.clone_from(&source.part);
        }
        (self.print, self.origin) = (source.print, source.origin);
    }
}

impl<T: PartialEq> PartialEq for Printed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.part == other.part
    }
}

impl<T: Eq> Eq for Printed<T> {}

impl<T: Hash> Hash for Printed<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.part.hash(state);
    }
}

/// The fingerprint of a state from those of its parts, added up. The place of a part is in its
/// fingerprint, so sums agree by chance only, as fingerprints do.
#[derive(Clone, Copy, Debug)]
pub struct Prints {
    sum: u128,
    parts: u64,
    /// Of the parts that have none yet.
    origin: u32,
}

impl Prints {
    /// Of a state that has no number: it may be known already.
    pub fn unkept() -> Self {
        Prints { sum: 0, parts: 0, origin: NOWHERE }
    }

    /// Of a state that is kept under a number of its own, less than [`u32::MAX`]` - 1`: its parts remember
    /// where they became what they are.
    pub fn kept(number: u32) -> Self {
        Prints { origin: NOWHERE + 1 + number, ..Self::unkept() }
    }

    /// The next part.
    #[inline]
    pub fn add<T: Hash>(&mut self, part: &mut Printed<T>) {
        self.add_by(part, |part, state| part.hash(state));
    }

    /// The next part, of which `hash` writes what counts.
    #[inline]
    pub fn add_by<T>(&mut self, part: &mut Printed<T>, hash: impl FnOnce(&T, &mut Fingerprinter)) {
        if part.origin == UNKNOWN {
            part.print = Self::print(self.parts, |state| hash(&part.part, state));
        }
        if part.origin <= NOWHERE {
            part.origin = self.origin;
        }
        self.count(part.print);
    }

    /// The next part, one that is so small that nobody keeps its fingerprint.
    pub fn add_small(&mut self, part: &impl Hash) {
        self.count(Self::print(self.parts, |state| part.hash(state)));
    }

    fn print(place: u64, hash: impl FnOnce(&mut Fingerprinter)) -> [u64; 2] {
        let mut state = Fingerprinter::new();
        state.write_u64(place);
        hash(&mut state);
        let Fingerprint(print) = state.value();
        [print as u64, (print >> 64) as u64]
    }

    #[inline(always)]
    fn count(&mut self, [low, high]: [u64; 2]) {
        self.sum = self.sum.wrapping_add(u128::from(high) << 64 | u128::from(low));
        self.parts += 1;
    }

    /// The fingerprint of the whole.
    pub fn value(self) -> Fingerprint {
        Fingerprint(self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    type Parts = [Printed<Vec<u32>>; 3];

    fn parts(words: [u32; 3]) -> Parts {
        words.map(|word| Printed::new(vec![word]))
    }

    fn of(parts: &mut Parts) -> Fingerprint {
        let mut prints = Prints::unkept();
        parts.iter_mut().for_each(|part| prints.add(part));
        prints.value()
    }

    /// What is kept of the unchanged parts makes no difference, and a change is seen.
    #[test]
    fn a_change_is_never_missed() {
        let mut state = parts([1, 2, 3]);
        let before = of(&mut state);
        state[1].push(7);
        let after = of(&mut state);
        assert_ne!(before, after);
        assert_eq!(state[1].pop(), Some(7));
        assert_eq!(of(&mut state), before);
        assert_eq!(of(&mut parts([1, 2, 3])), before);
    }

    #[test]
    fn places_count() {
        let mut seen = BTreeSet::new();
        for at in 0..1_000 {
            assert!(seen.insert(of(&mut parts([at % 10, at / 10 % 10, at / 100]))), "{at}");
        }
    }

    /// A part that has changed is copied; one that comes from the same state is left alone.
    #[test]
    fn copies_are_equal() {
        let kept = |state: &mut Parts, number| {
            let mut prints = Prints::kept(number);
            state.iter_mut().for_each(|part| prints.add(part));
        };
        let (mut source, mut copy) = (parts([1, 2, 3]), parts([4, 5, 6]));
        kept(&mut source, 1);
        kept(&mut copy, 2);
        copy.clone_from(&source);
        assert_eq!(copy, source);
        copy[2].clear();
        // Fingerprints alone do not make a part one of a state's.
        of(&mut copy);
        copy.clone_from(&source);
        assert_eq!(copy, source);
        assert_eq!(of(&mut copy), of(&mut source));
        let mut unknown = parts([7, 8, 9]);
        unknown.clone_from(&parts([1, 1, 1]));
        assert_eq!(unknown, parts([1, 1, 1]));
    }
}
