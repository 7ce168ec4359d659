//! Steps that wait for their time.

use crate::engine::Step;

/// Steps that are due some time after something happened: timers, uploads, crashes.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    pub slots: Vec<Option<Step>>,
    free: Vec<u32>,
}

impl Agenda {
    pub fn add(&mut self, step: Step) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(step);
                slot
            }
            None => {
                self.slots.push(Some(step));
                (self.slots.len() - 1) as u32
            }
        }
    }

    /// The slot is free again only now, when its key has left the queue.
    pub fn take(&mut self, slot: u32) -> Option<Step> {
        self.free.push(slot);
        self.slots[slot as usize].take()
    }

    pub fn cancel(&mut self, is_void: impl Fn(Step) -> bool) {
        for slot in &mut self.slots {
            if slot.is_some_and(&is_void) {
                *slot = None;
            }
        }
    }

    pub fn clear(&mut self) {
        self.slots.clear();
        self.free.clear();
    }
}
