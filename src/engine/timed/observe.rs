//! What the driver makes of what a step did: when messages arrive, what can go on.

use super::{FRESH_LANE, FactSink, IDLE, NONE, PARKED, Timed, WAITING};
use crate::engine::{Ahead, Lane, Observer, Stamp, Step, Touch, Upload};
use crate::kernel::{Bytes, Id, Ticks};
use crate::model::{ChannelId, Kind, TaskId};
use crate::protocol::Timer;
use crate::trace::Fact;

impl<S: FactSink> Observer for Timed<'_, S> {
    #[inline(always)]
    fn fact(&mut self, fact: Fact) {
        self.sink.fact(Ticks(self.now), fact);
        if !self.watch.is_idle() {
            self.watch.see(fact, self.plan);
        }
        match fact {
            Fact::Crashed { .. } | Fact::Failover => self.forget(fact),
            Fact::Sized { bytes, .. } => self.sized = Bytes(bytes),
            _ => {}
        }
    }

    #[inline(always)]
    fn shown(&mut self, task: TaskId, key: u32, value: u64) {
        self.sink.shown(task, key, value);
    }

    #[inline(always)]
    fn sent(&mut self, lane: Lane) -> Stamp {
        let channels = self.channels.len() as u32;
        let (number, arrival) = match lane {
            Lane::Data(channel) => (channel.0, self.data_arrival(channel)),
            Lane::Tell(task, notice) => return self.notice_sent(task, notice),
            Lane::Hear(task) => {
                let ack = self.timing.of(self.plan.tasks()[task].operator).ack;
                let number = channels + self.plan.tasks().len() as u32 + task.0;
                (number, self.draw_control(task, "ack", ack))
            }
        };
        if let (false, Lane::Data(channel)) = (self.is_ordered, lane)
            && !self.plan.channels()[channel].is_fifo
        {
            return self.sent_unordered(number, arrival);
        }
        let clock = &mut self.lanes[number as usize];
        // FIFO: nothing overtakes on a lane.
        let arrival = arrival.max(clock.last);
        clock.last = arrival;
        if clock.due == IDLE {
            self.queue_lane(number, arrival);
        }
        Stamp(arrival)
    }

    /// The barrier takes the channel's delay, unless it has arrived, and what it overtook follows it.
    fn ahead(&mut self, channel: ChannelId, how: Ahead, is_first: bool) -> Stamp {
        let due = self.lanes[channel.index()].due;
        let arrival = match how {
            // What it overtakes follows it. Behind another one that did so it comes with that, or one barrier after the
            // other could hold up what is there for ever.
            Ahead::Entering if !is_first && due < WAITING => self.data_arrival(channel).min(due.max(self.now)),
            Ahead::Entering => self.data_arrival(channel),
            Ahead::Waiting => self.now,
        };
        // Where nothing keeps order nothing is overtaken: what is due before it is taken before it.
        if !self.is_ordered && !self.plan.channels()[channel].is_fifo && how == Ahead::Entering {
            return self.sent_unordered(channel.0, arrival);
        }
        if is_first && due != PARKED && due != WAITING {
            // Whatever key the overtaken head has in the queue is stale now.
            self.queue_lane(channel.0, arrival);
        }
        Stamp(arrival)
    }

    fn touch(&mut self, touch: Touch) {
        match touch {
            Touch::Unblocked(channel) => self.unpark(channel.0),
            // It leaves at once, not at the end of the receiver's service.
            Touch::Refilling(_) => self.departure = self.now,
            Touch::Cleared(channel) => self.lanes[channel.index()] = FRESH_LANE,
            Touch::Room(task) => {
                let free = self.desks[task.index()].busy_until.max(self.now);
                self.queue_wake(task, free);
                self.resume_source(task);
            }
            Touch::Coming(channel, id) => self.schedule(Step::Announce(channel, id), self.lanes[channel.index()].last),
            Touch::Alarm(task) => self.schedule(Step::Alarm(task), self.now),
            Touch::Woke(task) => {
                self.plan.inputs(task).for_each(|channel| self.unpark(channel.0));
                self.unpark(self.plan.channels().len() as u32 + task.0);
                self.resume_source(task);
                if self.has_mail(task) {
                    self.queue_wake(task, self.now);
                }
            }
            Touch::Saving(task, id) => {
                let at = match self.timing.of(self.plan.tasks()[task].operator).upload {
                    Upload::Takes(delay) => self.draw_control(task, "upload", delay),
                    Upload::BySize => {
                        let (stored, free) = self.timing.link.stored(Ticks(self.now), self.link_free, self.sized);
                        self.link_free = free;
                        stored.0
                    }
                };
                let fails = self.failing.contains(&(task, id));
                self.schedule(if fails { Step::FailUpload(task, Some(id)) } else { Step::Upload(task, Some(id)) }, at);
            }
            Touch::Restoring(task) => {
                let restore = self.timing.of(self.plan.tasks()[task].operator).restore;
                let at = self.draw_control(task, "restore", restore);
                self.schedule(Step::Restore(task), at);
            }
            Touch::Armed(Timer::Timeout(_)) if self.timing.timeout == Ticks::NEVER => {}
            Touch::Armed(Timer::Timeout(id)) => {
                self.timeouts.push_back((self.now.saturating_add(self.timing.timeout.0), id));
                self.queue_timeout();
            }
            Touch::Disarmed(Timer::Timeout(id)) => self.timeouts.retain(|&(_, armed)| armed != id),
            Touch::Armed(timer) => {
                let delay = self.timer_delay(timer);
                if delay < Ticks::NEVER {
                    self.schedule(Step::Fire(timer), self.now.saturating_add(delay.0));
                }
            }
            Touch::Disarmed(timer) => self.agenda.cancel(|step| step == Step::Fire(timer)),
        }
    }
}

impl<S: FactSink> Timed<'_, S> {
    /// What a dead task had under way is void.
    fn forget(&mut self, fact: Fact) {
        let is_void = |task: TaskId| match fact {
            Fact::Crashed { task: dead } => dead == task,
            _ => true,
        };
        self.agenda.cancel(|step| matches!(step, Step::Upload(task, _) | Step::FailUpload(task, _) | Step::Restore(task) | Step::Alarm(task) if is_void(task)));
        // A process that is down starts its snapshot when it is up again.
        self.mail.retain(|(task, step)| !is_void(*task) || matches!(step, Step::Initiate(_)));
        match fact {
            Fact::Crashed { task } => self.clear_desk(task),
            _ => {
                self.plan.tasks().ids().for_each(|task| self.clear_desk(task));
                // Nothing of the old attempt is on its way to storage any more.
                self.link_free = Ticks(self.now);
            }
        }
    }

    /// Nobody works here any more: what waits in the ring is parked until the task is up.
    fn clear_desk(&mut self, task: TaskId) {
        let desk = &mut self.desks[task.index()];
        (desk.busy_until, desk.wake) = (self.now, IDLE);
        // A source that is set back emits at once what has been there for long; what cannot be
        // replayed goes by in the meantime.
        if !matches!(self.plan.kind(task), Kind::Source { replayable: false, .. }) {
            desk.emit = IDLE;
        }
        let mut lane = std::mem::replace(&mut desk.ring, NONE);
        desk.ring_end = NONE;
        while lane != NONE {
            let clock = &mut self.lanes[lane as usize];
            clock.due = PARKED;
            lane = clock.next;
        }
    }

    fn sent_unordered(&mut self, lane: u32, arrival: u64) -> Stamp {
        self.lanes[lane as usize].last = arrival;
        let due = self.lanes[lane as usize].due;
        // Not for lanes that wait: their marks are beyond any time.
        if due == IDLE || (due < WAITING && arrival < due) {
            self.queue_lane(lane, arrival);
        }
        Stamp(arrival)
    }

    fn unpark(&mut self, lane: u32) {
        if self.lanes[lane as usize].due == PARKED {
            self.queue_lane(lane, self.now);
        }
    }

    fn resume_source(&mut self, task: TaskId) {
        if self.plan.kind(task).emits() && self.desks[task.index()].emit == IDLE {
            self.queue_emit(task, self.now);
        }
    }
}
