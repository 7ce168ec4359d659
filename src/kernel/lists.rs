//! Many queues in one pool of nodes: no allocation per message, one `memcpy` to clone them all.

use std::hash::{Hash, Hasher};

const NONE: u32 = u32::MAX;

#[inline(always)]
fn bit(at: usize) -> u64 {
    if at < 64 { 1 << at } else { 0 }
}

/// The numbers below `count` whose bits are set; all of them where they are more than there are bits.
#[inline(always)]
pub fn set_bits(bits: u64, count: usize) -> impl Iterator<Item = usize> {
    let (mut bits, all) = if count <= 64 { (bits, 0) } else { (0, count) };
    let next = move || {
        let at = bits.trailing_zeros();
        // Without the lowest one; of none there stays none.
        bits &= bits.wrapping_sub(1);
        (at < 64).then_some(at as usize)
    };
    std::iter::from_fn(next).chain(0..all)
}

/// One first-in-first-out list inside a [`Lists`] pool.
#[derive(Clone, Copy, Debug)]
pub struct List {
    head: u32,
    tail: u32,
    len: u32,
}

impl List {
    const EMPTY: List = List { head: NONE, tail: NONE, len: 0 };
}

#[derive(Clone, Copy, Debug)]
struct Node<T> {
    item: T,
    next: u32,
}

/// A fixed number of lists of `Copy` items that share one pool of nodes.
///
/// Equality and hash see only the items in their order, never where in the pool they lie.
#[derive(Debug)]
pub struct Lists<T> {
    lists: Vec<List>,
    nodes: Vec<Node<T>>,
    free: u32,
    /// How many items all lists hold together.
    items: u32,
    /// Which of the first 64 lists hold any.
    occupied: u64,
}

impl<T: Copy> Lists<T> {
    /// `count` empty lists.
    pub fn new(count: usize) -> Self {
        Lists { lists: vec![List::EMPTY; count], nodes: Vec::new(), free: NONE, items: 0, occupied: 0 }
    }

    /// How many lists there are.
    pub fn count(&self) -> usize {
        self.lists.len()
    }

    /// How many bytes they take up.
    pub fn footprint(&self) -> usize {
        self.lists.capacity() * size_of::<List>() + self.nodes.capacity() * size_of::<Node<T>>()
    }

    /// How many items list `at` holds.
    #[inline(always)]
    pub fn len(&self, at: usize) -> usize {
        self.lists[at].len as usize
    }

    /// Whether list `at` is empty.
    #[inline(always)]
    pub fn is_empty(&self, at: usize) -> bool {
        self.lists[at].head == NONE
    }

    /// Whether all lists are empty.
    #[inline(always)]
    pub fn are_empty(&self) -> bool {
        self.items == 0
    }

    /// Which lists hold something, a bit each: see [`set_bits`].
    #[inline(always)]
    pub fn occupied(&self) -> u64 {
        self.occupied
    }

    /// The first item of list `at`.
    #[inline(always)]
    pub fn front(&self, at: usize) -> Option<&T> {
        let head = self.lists[at].head;
        if head == NONE { None } else { Some(&self.nodes[head as usize].item) }
    }

    #[inline(always)]
    fn node(&mut self, item: T, next: u32) -> u32 {
        self.items += 1;
        let slot = self.free;
        if slot == NONE {
            self.nodes.push(Node { item, next });
            return (self.nodes.len() - 1) as u32;
        }
        let node = &mut self.nodes[slot as usize];
        self.free = node.next;
        *node = Node { item, next };
        slot
    }

    /// Appends an item to list `at`.
    #[inline(always)]
    pub fn push_back(&mut self, at: usize, item: T) {
        let slot = self.node(item, NONE);
        let list = &mut self.lists[at];
        if list.tail == NONE {
            list.head = slot;
            self.occupied |= bit(at);
        } else {
            self.nodes[list.tail as usize].next = slot;
        }
        list.tail = slot;
        list.len += 1;
    }

    /// Puts an item before all others of list `at`.
    pub fn push_front(&mut self, at: usize, item: T) {
        let slot = self.node(item, self.lists[at].head);
        let list = &mut self.lists[at];
        list.head = slot;
        if list.tail == NONE {
            list.tail = slot;
            self.occupied |= bit(at);
        }
        list.len += 1;
    }

    /// Inserts an item behind the first items that `stays_ahead` says so of.
    pub fn insert_behind(&mut self, at: usize, item: T, stays_ahead: impl Fn(&T) -> bool) {
        let ahead = self.iter(at).take_while(|item| stays_ahead(item)).count();
        self.insert(at, ahead, item);
    }

    fn insert(&mut self, at: usize, index: usize, item: T) {
        let Some(before) = index.checked_sub(1) else { return self.push_front(at, item) };
        if index == self.len(at) {
            return self.push_back(at, item);
        }
        let before = self.slot(at, before);
        let slot = self.node(item, self.nodes[before as usize].next);
        self.nodes[before as usize].next = slot;
        self.lists[at].len += 1;
    }

    /// Takes the item at `index` of list `at`.
    pub fn remove(&mut self, at: usize, index: usize) -> Option<T> {
        if index >= self.len(at) {
            return None;
        }
        let Some(before) = index.checked_sub(1) else { return self.pop_front(at) };
        let before = self.slot(at, before);
        let slot = self.nodes[before as usize].next;
        let Node { item, next } = self.nodes[slot as usize];
        self.nodes[before as usize].next = next;
        if next == NONE {
            self.lists[at].tail = before;
        }
        self.lists[at].len -= 1;
        self.release(slot);
        Some(item)
    }

    #[inline(always)]
    fn release(&mut self, slot: u32) {
        self.nodes[slot as usize].next = self.free;
        self.free = slot;
        self.items -= 1;
    }

    fn slot(&self, at: usize, index: usize) -> u32 {
        (0..index).fold(self.lists[at].head, |slot, _| self.nodes[slot as usize].next)
    }

    /// Takes the first item of list `at`.
    #[inline(always)]
    pub fn pop_front(&mut self, at: usize) -> Option<T> {
        let list = &mut self.lists[at];
        let slot = list.head;
        if slot == NONE {
            return None;
        }
        let Node { item, next } = self.nodes[slot as usize];
        list.head = next;
        list.len -= 1;
        if next == NONE {
            list.tail = NONE;
            self.occupied &= !bit(at);
        }
        self.release(slot);
        Some(item)
    }

    /// Empties list `at`.
    pub fn clear(&mut self, at: usize) {
        let list = std::mem::replace(&mut self.lists[at], List::EMPTY);
        if list.tail != NONE {
            self.nodes[list.tail as usize].next = self.free;
            self.free = list.head;
            self.items -= list.len;
            self.occupied &= !bit(at);
        }
    }

    /// Empties all lists.
    pub fn clear_all(&mut self) {
        self.lists.fill(List::EMPTY);
        self.nodes.clear();
        (self.free, self.items, self.occupied) = (NONE, 0, 0);
    }

    /// The items of list `at`, first to last.
    pub fn iter(&self, at: usize) -> impl Iterator<Item = &T> {
        let mut slot = self.lists[at].head;
        std::iter::from_fn(move || {
            let node = self.nodes.get(slot as usize)?;
            slot = node.next;
            Some(&node.item)
        })
    }

    /// Changes every item of list `at` in place.
    pub fn for_each_mut(&mut self, at: usize, mut change: impl FnMut(&mut T)) {
        let mut slot = self.lists[at].head;
        while slot != NONE {
            let node = &mut self.nodes[slot as usize];
            change(&mut node.item);
            slot = node.next;
        }
    }
}

// By hand for the sake of `clone_from`, which reuses both allocations.
impl<T: Copy> Clone for Lists<T> {
    fn clone(&self) -> Self {
        Lists { lists: self.lists.clone(), nodes: self.nodes.clone(), free: self.free, items: self.items, occupied: self.occupied }
    }
    fn clone_from(&mut self, source: &Self) {
        self.lists.clone_from(&source.lists);
        self.nodes.clone_from(&source.nodes);
        (self.free, self.items, self.occupied) = (source.free, source.items, source.occupied);
    }
}

impl<T: Copy + PartialEq> PartialEq for Lists<T> {
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count() && (0..self.count()).all(|at| self.iter(at).eq(other.iter(at)))
    }
}

impl<T: Copy + Eq> Eq for Lists<T> {}

impl<T: Copy + Hash> Hash for Lists<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for at in 0..self.count() {
            state.write_u32(self.lists[at].len);
            self.iter(at).for_each(|item| item.hash(state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Digest;

    fn items(lists: &Lists<u32>, at: usize) -> Vec<u32> {
        lists.iter(at).copied().collect()
    }

    #[test]
    fn lists_are_independent_fifos() {
        let mut lists = Lists::new(2);
        for item in 0..4 {
            lists.push_back(item as usize % 2, item);
        }
        assert_eq!(lists.pop_front(0), Some(0));
        lists.push_back(0, 4);
        lists.push_front(1, 9);
        assert_eq!((items(&lists, 0), items(&lists, 1)), (vec![2, 4], vec![9, 1, 3]));
        assert_eq!((lists.len(0), lists.len(1)), (2, 3));
        lists.clear(1);
        assert_eq!((lists.front(1).copied(), lists.pop_front(1)), (None, None));
        lists.push_front(1, 7);
        lists.push_back(1, 8);
        assert_eq!((items(&lists, 0), items(&lists, 1)), (vec![2, 4], vec![7, 8]));
        lists.clear(0);
        assert!(!lists.are_empty());
        assert_eq!((lists.remove(1, 1), lists.pop_front(1)), (Some(8), Some(7)));
        assert!(lists.are_empty());
    }

    #[test]
    fn bits_say_which_lists_hold_something() {
        let occupied = |lists: &Lists<u32>| set_bits(lists.occupied(), lists.count()).collect::<Vec<_>>();
        let mut lists = Lists::new(64);
        [0, 5, 63, 5].into_iter().for_each(|at| lists.push_back(at, 1));
        assert_eq!(occupied(&lists), [0, 5, 63]);
        lists.pop_front(0);
        lists.pop_front(5);
        lists.clear(63);
        lists.push_front(2, 1);
        assert_eq!(occupied(&lists), [2, 5]);
        // Too many to tell.
        assert_eq!(occupied(&Lists::new(65)).len(), 65);
    }

    #[test]
    fn equality_and_hash_ignore_the_pool() {
        let hash = |lists: &Lists<u32>| {
            let mut digest = Digest::new();
            lists.hash(&mut digest);
            digest.value()
        };
        let mut reused = Lists::new(2);
        (0..5).for_each(|item| reused.push_back(0, item));
        reused.clear(0);
        reused.push_back(1, 1);
        reused.push_back(0, 2);
        let mut fresh = Lists::new(2);
        fresh.push_back(0, 2);
        fresh.push_back(1, 1);
        assert_eq!(reused, fresh);
        assert_eq!(hash(&reused), hash(&fresh));
        fresh.push_back(1, 1);
        assert_ne!(reused, fresh);
        assert_ne!(hash(&reused), hash(&fresh));
    }
}
