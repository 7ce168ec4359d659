//! Pending event set of a discrete-event simulator: a monotone priority queue
//! of `(time, event)` in which equal times leave in the order they came.
//!
//! It is a hierarchical radix timing wheel behind a small sorted front:
//!
//! * The wheel has 11 levels of 64 slots. An event lies at the level of the
//!   highest 6-bit digit in which its time differs from `base`, in the slot of
//!   that digit. This holds for every event at every moment, so equal times
//!   always share a slot, and as slots are FIFO lists cascaded in list order,
//!   ties stay in order without a sequence number.
//! * The front is a short sorted ring of the earliest events. A handful of
//!   pending events never leaves it, and a thin slot is sorted into it at once
//!   instead of cascading level by level.
//!
//! An event descends at most 11 levels, whatever the number pending. The wheel
//! links and pops without branches that depend on the (random) times.
//!
//! Hold model (pop, push again at a random later time), time per event
//! relative to `BinaryHeap<Reverse<u128>>` keyed by time, sequence, event:
//! 0.77 to 0.95 at 10 and 20 pending, 0.63 to 0.86 at 100, 0.39 to 0.60 at
//! 10,000 and 0.17 to 0.36 at 1,000,000 (uniform and exponential increments of
//! mean 50, 1000 and 100,000). The weakest load is 1000 pending at mean
//! 100,000, at par: there most slots hold too many events to sort and, once
//! cascaded, hardly more than one.

use std::fmt;

/// Ring capacity of the front: a power of two, as positions are taken modulo it.
const RING: usize = 64;
/// Events the front may hold before it spills; below `RING`, so that the event
/// popped last is never overwritten (see [`Front::insert`]).
const FRONT_MAX: usize = 40;
/// A slot of at most this many events is sorted rather than cascaded.
const THIN: usize = 12;
/// A wheel of at most this many events is moved to the front altogether.
const FEW: usize = 20;

/// Sorted ring of the earliest events.
#[derive(Clone)]
struct Front {
    times: [u64; RING],
    events: [u32; RING],
    begin: usize,
    end: usize,
}

impl Front {
    fn new() -> Self {
        Self { times: [0; RING], events: [0; RING], begin: 0, end: 0 }
    }

    fn reset(&mut self) {
        (self.begin, self.end) = (0, 0);
        // What stands before the first event stops the search of `insert`.
        self.times[RING - 1] = 0;
    }

    #[inline]
    fn len(&self) -> usize {
        self.end.wrapping_sub(self.begin)
    }

    /// Insertion behind all events not later. Needs no check for the beginning:
    /// the entry before it was popped (or reset to 0), hence is not later.
    #[inline(always)]
    fn insert(&mut self, at: u64, event: u32) {
        let mut i = self.end;
        self.end = i.wrapping_add(1);
        loop {
            let before = i.wrapping_sub(1);
            let time = self.times[before % RING];
            if time <= at {
                break;
            }
            self.times[i % RING] = time;
            self.events[i % RING] = self.events[before % RING];
            i = before;
        }
        self.times[i % RING] = at;
        self.events[i % RING] = event;
    }

    #[inline]
    fn pop(&mut self) -> (u64, u32) {
        let i = self.begin % RING;
        self.begin = self.begin.wrapping_add(1);
        (self.times[i], self.events[i])
    }
}

const NIL: u32 = u32::MAX;
const LEVELS: usize = 11;
const SLOTS: usize = 64 * LEVELS;

#[derive(Clone, Copy)]
struct Node {
    at: u64,
    event: u32,
    next: u32,
}

/// The radix timing wheel. Its lists live in one slab, whose first `SLOTS`
/// nodes are the list anchors: appending to an empty list is then no special
/// case, so linking has no branch.
#[derive(Clone)]
struct Wheel {
    base: u64,
    len: usize,
    /// Non-empty levels; bit 0 may be stale, `masks[0]` is the truth.
    levels: u32,
    free: u32,
    masks: [u64; LEVELS],
    tails: [u32; SLOTS],
    nodes: Vec<Node>,
}

impl Wheel {
    fn new() -> Self {
        let anchor = Node { at: 0, event: 0, next: NIL };
        Self {
            base: 0,
            len: 0,
            levels: 0,
            free: NIL,
            masks: [0; LEVELS],
            tails: std::array::from_fn(|slot| slot as u32),
            nodes: vec![anchor; SLOTS],
        }
    }

    fn clear(&mut self) {
        (self.base, self.len, self.levels, self.free) = (0, 0, 0, NIL);
        self.masks = [0; LEVELS];
        self.tails = std::array::from_fn(|slot| slot as u32);
        self.nodes.truncate(SLOTS);
    }

    // Out of line: keeps the front's path in `EventQueue::push` short.
    #[inline(never)]
    fn push(&mut self, at: u64, event: u32) {
        let node = Node { at, event, next: NIL };
        let mut id = self.free;
        if id == NIL {
            id = u32::try_from(self.nodes.len()).expect("fewer than 2^32 pending events");
            self.nodes.push(node);
        } else {
            self.free = self.nodes[id as usize].next;
            self.nodes[id as usize] = node;
        }
        self.len += 1;
        self.link(id, at);
    }

    #[inline]
    fn link(&mut self, id: u32, at: u64) {
        let level = (((at ^ self.base) | 63).ilog2() / 6) as usize;
        let digit = (at >> (6 * level)) as usize % 64;
        self.levels |= 1 << level;
        self.masks[level] |= 1 << digit;
        let tail = &mut self.tails[64 * level + digit];
        self.nodes[*tail as usize].next = id;
        *tail = id;
    }

    /// Frees a node and returns what it held and its successor.
    #[inline]
    fn release(&mut self, id: u32) -> (u64, u32, u32) {
        let node = &mut self.nodes[id as usize];
        let next = std::mem::replace(&mut node.next, self.free);
        self.free = id;
        self.len -= 1;
        (node.at, node.event, next)
    }

    /// Pops the earliest event, which must be at level 0.
    #[inline]
    fn pop_lowest(&mut self) -> (u64, u32) {
        let slot = self.masks[0].trailing_zeros() as usize;
        let head = self.nodes[slot].next;
        let (at, event, next) = self.release(head);
        self.nodes[slot].next = next;
        let tail = self.tails[slot];
        // Selected, not branched on: whether a slot runs empty is random.
        let empty = tail == head;
        self.tails[slot] = if empty { slot as u32 } else { tail };
        self.masks[0] &= !(u64::from(empty) << slot);
        (at, event)
    }

    /// Detaches the earliest slot: its level and the head of its list.
    #[inline]
    fn detach(&mut self) -> (usize, u32) {
        let level = self.levels.trailing_zeros() as usize;
        let mask = self.masks[level];
        let slot = 64 * level + mask.trailing_zeros() as usize;
        self.tails[slot] = slot as u32;
        self.masks[level] = mask & (mask - 1);
        if self.masks[level] == 0 {
            self.levels &= self.levels - 1;
        }
        (level, self.nodes[slot].next)
    }

    fn cascade(&mut self, mut id: u32) {
        while id != NIL {
            let node = &mut self.nodes[id as usize];
            let at = node.at;
            let next = std::mem::replace(&mut node.next, NIL);
            self.link(id, at);
            id = next;
        }
    }

    /// Moves a thin list of times from `start` on, sorted, to the front, which
    /// must be reset; leaves a longer one alone and returns false.
    #[inline]
    fn sort_thin(&mut self, mut id: u32, start: u64, front: &mut Front) -> bool {
        if self.nodes[id as usize].next == NIL {
            let (at, event, _) = self.release(id);
            (front.times[0], front.events[0], front.end) = (at, event, 1);
            return true;
        }
        let mut keys = [0; THIN];
        let mut ids = [0; THIN];
        let mut n = 0;
        while id != NIL {
            if n == THIN {
                return false;
            }
            let node = &self.nodes[id as usize];
            ids[n] = id;
            id = node.next;
            // The list position breaks ties. Even a slot of the top level is
            // only 60 bits wide, so 4 bits are left for it.
            let mut key = (node.at - start) << 4 | n as u64;
            // Minimum and maximum compile to moves, not to branches.
            for other in &mut keys[..n] {
                let (low, high) = ((*other).min(key), (*other).max(key));
                (*other, key) = (low, high);
            }
            keys[n] = key;
            n += 1;
        }
        for (i, key) in keys[..n].iter().enumerate() {
            let id = ids[(key & 15) as usize];
            let node = &mut self.nodes[id as usize];
            node.next = self.free;
            self.free = id;
            (front.times[i], front.events[i]) = (node.at, node.event);
        }
        front.end = n;
        self.len -= n;
        true
    }
}

/// Monotone event queue in order of time, then of pushing.
#[derive(Clone)]
pub struct EventQueue {
    front: Front,
    wheel: Wheel,
    /// Times in the front are below it, times in the wheel are not. Wider than
    /// a time, as it must also be able to exceed the latest one.
    limit: u128,
    last: u64,
}

impl EventQueue {
    /// An empty queue at time 0.
    pub fn new() -> Self {
        Self { front: Front::new(), wheel: Wheel::new(), limit: u128::MAX, last: 0 }
    }

    /// Adds an event. Its time must not precede that of the last pop; if it
    /// does, it is taken as the time of the last pop.
    #[inline]
    pub fn push(&mut self, at: u64, event: u32) {
        debug_assert!(at >= self.last, "event at {at} pushed at time {}", self.last);
        let at = at.max(self.last);
        if u128::from(at) >= self.limit {
            return self.wheel.push(at, event);
        }
        self.front.insert(at, event);
        if self.front.len() == FRONT_MAX {
            self.spill();
        }
    }

    /// Removes the earliest event, of equal times the one pushed first.
    #[inline]
    pub fn pop(&mut self) -> Option<(u64, u32)> {
        if self.front.len() == 0 && self.wheel.masks[0] == 0 {
            self.refill();
        }
        let first = if self.front.len() != 0 {
            self.front.pop()
        } else if self.wheel.masks[0] != 0 {
            self.wheel.pop_lowest()
        } else {
            return None;
        };
        self.last = first.0;
        Some(first)
    }

    /// Number of pending events.
    pub fn len(&self) -> usize {
        self.front.len() + self.wheel.len
    }

    /// Whether no event is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all events and returns to time 0; keeps the memory.
    pub fn clear(&mut self) {
        self.front.reset();
        self.wheel.clear();
        self.limit = u128::MAX;
        self.last = 0;
    }

    /// Empties an overfull front into the wheel. Everything there is later, so
    /// no tie can come out of order.
    #[cold]
    #[inline(never)]
    fn spill(&mut self) {
        if self.wheel.len == 0 {
            self.wheel.base = self.last;
        }
        while self.front.len() != 0 {
            let (at, event) = self.front.pop();
            self.wheel.push(at, event);
        }
        self.front.reset();
        self.limit = 0;
    }

    /// Brings the earliest events of the wheel to the front or to level 0. Only
    /// `pop` may do this: `base` may pass the present only up to a time that
    /// is popped before the next push.
    #[inline(never)]
    fn refill(&mut self) {
        self.front.reset();
        self.wheel.levels &= !1;
        if self.wheel.len <= FEW {
            return self.drain();
        }
        while self.wheel.masks[0] == 0 {
            let (level, head) = self.wheel.detach();
            let width = 1 << (6 * level);
            let start = self.wheel.nodes[head as usize].at & !(width - 1);
            if self.wheel.sort_thin(head, start, &mut self.front) {
                self.limit = u128::from(start) + u128::from(width);
                return;
            }
            self.wheel.base = start;
            self.wheel.cascade(head);
        }
    }

    /// Moves the whole wheel to the front.
    fn drain(&mut self) {
        while self.wheel.len != 0 {
            let (_, mut id) = self.wheel.detach();
            while id != NIL {
                let (at, event, next) = self.wheel.release(id);
                self.front.insert(at, event);
                id = next;
            }
        }
        self.limit = u128::MAX;
    }
}

impl Default for EventQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for EventQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("EventQueue");
        out.field("last", &self.last).field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    struct Lcg(u64);

    impl Lcg {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (self.0 >> 33) % n
        }
    }

    /// Increments of all magnitudes, with many ties and some at the very end.
    fn increment(rng: &mut Lcg, bits: u64) -> u64 {
        match rng.below(8) {
            0 => 0,
            1 => rng.below(4),
            2 if bits == 63 => u64::MAX,
            _ => (rng.below(1 << 31) << 31 | rng.below(1 << 31)) >> (62 - rng.below(bits).min(62)),
        }
    }

    /// Random pushes and pops around a wandering population, against a map.
    fn run(queue: &mut EventQueue, seed: u64, bits: u64, most: u64) -> Vec<(u64, u32)> {
        let (mut rng, mut map, mut out) = (Lcg(seed), BTreeMap::new(), Vec::new());
        let (mut now, mut target) = (0u64, 0);
        for seq in 0..20_000u32 {
            if seq % 500 == 0 {
                target = rng.below(most);
            }
            if (map.len() as u64) < target + rng.below(4) {
                let at = now.saturating_add(increment(&mut rng, bits));
                queue.push(at, seq);
                map.insert((at, seq), ());
            } else {
                let first = map.pop_first().map(|(key, ())| key);
                assert_eq!(queue.pop(), first);
                now = first.map_or(now, |(at, _)| at);
                out.extend(first);
            }
            assert_eq!(queue.len(), map.len());
        }
        while let Some((first, ())) = map.pop_first() {
            assert_eq!(queue.pop(), Some(first));
        }
        assert!(queue.pop().is_none() && queue.is_empty());
        out
    }

    #[test]
    fn agrees_with_ordered_map() {
        for (seed, most) in [3, 30, 60, 200, 2000].into_iter().enumerate() {
            for bits in [2, 7, 12, 20, 40] {
                run(&mut EventQueue::new(), seed as u64 + 100 * bits, bits, most);
            }
        }
    }

    #[test]
    fn agrees_up_to_the_end_of_time() {
        for seed in 0..40 {
            run(&mut EventQueue::default(), seed, 63, 10 + 20 * seed);
        }
    }

    #[test]
    fn clear_returns_to_new() {
        let mut queue = EventQueue::new();
        for (seed, most) in [(1, 500), (2, 20), (3, 500)] {
            (0..most as u32).for_each(|event| queue.push(u64::from(event) * 999, event));
            queue.pop();
            queue.clear();
            assert!(queue.is_empty());
            let fresh = run(&mut EventQueue::new(), seed, 12, most);
            assert_eq!(run(&mut queue, seed, 12, most), fresh);
            queue.clear();
        }
    }

    #[test]
    fn ties_are_first_in_first_out() {
        for at in [0, 1, 4096, u64::MAX] {
            let mut queue = EventQueue::new();
            (0..1000).for_each(|event| queue.push(at, event));
            // Pushing at the present time while its burst is being popped.
            for event in 0..3000 {
                assert_eq!(queue.pop(), Some((at, event)));
                queue.push(at, event + 1000);
            }
        }
    }

    #[test]
    fn spill_keeps_ties_at_the_end_of_time() {
        let mut queue = EventQueue::new();
        (0..50).for_each(|event| queue.push(if event < 48 { 5 } else { u64::MAX }, event));
        assert_eq!(queue.pop(), Some((5, 0)));
        (50..100).for_each(|event| queue.push(if event % 2 == 0 { 6 } else { u64::MAX }, event));
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest.len(), 99);
        assert!(rest.is_sorted());
    }

    #[test]
    #[cfg_attr(debug_assertions, should_panic(expected = "pushed at time 9"))]
    fn past_is_taken_as_present() {
        let mut queue = EventQueue::new();
        queue.push(9, 0);
        queue.pop();
        queue.push(3, 1);
        assert_eq!(queue.pop(), Some((9, 1)));
    }
}
