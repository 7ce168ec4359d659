//! The states that a search has been to.

use hashbrown::HashTable;

use crate::kernel::Fingerprint;

/// What is kept of every state.
#[derive(Debug, Default)]
pub(super) struct Visited {
    fingerprints: Vec<Fingerprint>,
    parents: Vec<u32>,
    choices: Vec<u32>,
    /// Only asked whether a state is in it, never listed.
    table: HashTable<u32>,
}

impl Visited {
    pub fn len(&self) -> usize {
        self.fingerprints.len()
    }

    pub fn contains(&self, fingerprint: Fingerprint) -> bool {
        self.table.find(fingerprint.0 as u64, |&at| self.fingerprints[at as usize] == fingerprint).is_some()
    }

    pub fn insert(&mut self, fingerprint: Fingerprint, parent: u32, choice: u32) -> Option<u32> {
        let Visited { fingerprints, parents, choices, table } = self;
        let is_it = |at: &u32| fingerprints[*at as usize] == fingerprint;
        let entry = table.entry(fingerprint.0 as u64, is_it, |&at| fingerprints[at as usize].0 as u64);
        let hashbrown::hash_table::Entry::Vacant(entry) = entry else { return None };
        let id = fingerprints.len() as u32;
        entry.insert(id);
        fingerprints.push(fingerprint);
        parents.push(parent);
        choices.push(choice);
        Some(id)
    }

    /// The choices that lead to a state.
    pub fn path(&self, mut id: u32) -> Vec<u32> {
        let mut path = Vec::new();
        while id != 0 {
            path.push(self.choices[id as usize]);
            id = self.parents[id as usize];
        }
        path.reverse();
        path
    }

    pub fn bytes(&self) -> usize {
        let kept = size_of::<Fingerprint>() + 2 * size_of::<u32>();
        self.fingerprints.capacity() * kept + self.table.capacity() * 6
    }
}
