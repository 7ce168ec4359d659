//! Durable storage: the snapshots that are pending, and those that can be restored.

use std::sync::Arc;

use crate::kernel::{Printed, Prints, clone_fields};
use crate::model::{Part, SnapshotId, TaskId};

/// A snapshot in durable storage, whole or not.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Stored {
    pub id: SnapshotId,
    pub completed: bool,
    pub parts: Vec<Option<Arc<Part>>>,
}

clone_fields!(Stored { id, completed, parts });

/// What survives every crash of the job.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::engine) struct Durable {
    /// Ascending by id.
    pub snapshots: Printed<Vec<Stored>>,
    /// The highest number that a snapshot has had.
    pub newest: Option<SnapshotId>,
}

clone_fields!(Durable { snapshots, newest });

impl Durable {
    pub fn find(&self, id: SnapshotId) -> Option<&Stored> {
        self.snapshots.iter().find(|stored| stored.id == id)
    }

    /// The newest that can be restored.
    pub fn latest(&self) -> Option<SnapshotId> {
        self.snapshots.iter().rev().find(|stored| stored.completed).map(|stored| stored.id)
    }

    /// A task's part of a snapshot is there. What comes for a snapshot that is complete, or void, changes
    /// nothing (C10).
    pub fn put(&mut self, id: SnapshotId, task: TaskId, part: Arc<Part>) {
        if let Some(stored) = self.snapshots.iter_mut().find(|stored| stored.id == id && !stored.completed) {
            stored.parts[task.0 as usize] = Some(part);
        }
    }

    /// The snapshot is complete; the oldest beyond `retain` are dropped only after that (C12), and are told of.
    pub fn complete(&mut self, id: SnapshotId, retain: u32, mut dropped: impl FnMut(SnapshotId)) {
        if let Some(stored) = self.snapshots.iter_mut().find(|stored| stored.id == id) {
            stored.completed = true;
        }
        let completed = self.snapshots.iter().filter(|stored| stored.completed).count();
        let mut surplus = completed.saturating_sub(retain as usize);
        self.snapshots.retain(|stored| {
            let drop = stored.completed && surplus > 0;
            if drop {
                surplus -= 1;
                dropped(stored.id);
            }
            !drop
        });
    }

    /// What is there of a snapshot that was given up goes (C11).
    pub fn discard(&mut self, id: SnapshotId) {
        self.snapshots.retain(|stored| stored.id != id || stored.completed);
    }

    pub fn print(&mut self, prints: &mut Prints) {
        prints.add_small(&self.newest);
        prints.add(&mut self.snapshots);
    }

    pub fn footprint(&self) -> usize {
        self.snapshots.iter().map(|stored| size_of::<Stored>() + 16 * stored.parts.capacity()).sum()
    }
}
