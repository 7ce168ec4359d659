//! How long things take: drawn from the seed, listed, or given.

use std::collections::BTreeMap;

use super::{FactSink, LOOK_UP, Timed};
use crate::kernel::{Delay, Id, Stream, Ticks};
use crate::model::{ChannelId, TaskId};
use crate::protocol::Timer;

/// Everything random, one stream per purpose and entity, seeded at its first draw.
#[derive(Clone, Debug, Default)]
pub(super) struct Draws {
    seed: u64,
    /// By channel.
    delays: Vec<Option<Box<Stream>>>,
    /// By task.
    services: Vec<Option<Box<Stream>>>,
    others: BTreeMap<String, Stream>,
}

impl Draws {
    pub fn new(channels: usize, tasks: usize) -> Self {
        Draws { delays: vec![None; channels], services: vec![None; tasks], ..Draws::default() }
    }

    pub fn reset(&mut self, seed: u64) {
        self.seed = seed;
        self.delays.iter_mut().for_each(|stream| *stream = None);
        self.services.iter_mut().for_each(|stream| *stream = None);
        self.others.clear();
    }

    #[inline(always)]
    fn draw(seed: u64, slots: &mut [Option<Box<Stream>>], at: usize, delay: Delay, name: impl FnOnce() -> String) -> Ticks {
        if let Delay::Constant(ticks) = delay {
            return ticks;
        }
        let stream = match &mut slots[at] {
            Some(stream) => stream,
            empty => seeded(empty, seed, &name()),
        };
        delay.draw(stream)
    }

    fn rare(&mut self, delay: Delay, name: impl FnOnce() -> String) -> Ticks {
        match delay {
            Delay::Constant(ticks) => ticks,
            _ => delay.draw(self.stream(name())),
        }
    }

    pub fn stream(&mut self, name: String) -> &mut Stream {
        let seed = self.seed;
        self.others.entry(name).or_insert_with_key(|name| Stream::named(seed, name))
    }
}

#[cold]
#[inline(never)]
fn seeded<'s>(slot: &'s mut Option<Box<Stream>>, seed: u64, name: &str) -> &'s mut Stream {
    slot.insert(Box::new(Stream::named(seed, name)))
}

impl<S: FactSink> Timed<'_, S> {
    #[inline(always)]
    pub(super) fn draw_service(&mut self, task: TaskId, at: u64) -> u64 {
        let service = self.timing.of(self.plan.tasks()[task].operator).service;
        let (seed, plan) = (self.draws.seed, self.plan);
        let ticks = Draws::draw(seed, &mut self.draws.services, task.index(), service, || format!("service/{}", plan.task_name(task)));
        ticks.0 + self.slowed_by(task, at)
    }

    #[inline(always)]
    fn slowed_by(&mut self, task: TaskId, at: u64) -> u64 {
        let mut extra = 0;
        for (slow, count) in self.timing.slows.iter().zip(&mut self.counts.slows) {
            if slow.task == task && (slow.from.0..slow.until.0).contains(&at) {
                *count += 1;
                extra += slow.extra.0;
            }
        }
        extra
    }

    #[inline(always)]
    pub(super) fn data_arrival(&mut self, channel: ChannelId) -> u64 {
        match self.channels[channel.index()].delay {
            LOOK_UP => self.draw_data_arrival(channel),
            delay => self.departure.saturating_add(u64::from(delay)),
        }
    }

    fn draw_data_arrival(&mut self, channel: ChannelId) -> u64 {
        let ticks = self.listed_delay(channel).unwrap_or_else(|| self.draw_delay(channel));
        let mut arrival = self.departure.saturating_add(ticks.0);
        for (stall, count) in self.timing.stalls.iter().zip(&mut self.counts.stalls) {
            if stall.channel == channel && (stall.from.0..stall.until.0).contains(&arrival) {
                *count += 1;
                arrival = stall.until.0;
            }
        }
        arrival
    }

    /// The next of the delays that are listed for this channel, while there is one.
    fn listed_delay(&mut self, channel: ChannelId) -> Option<Ticks> {
        let used = self.listed.get_mut(channel.index())?;
        let delays = self.timing.listed.get(&self.plan.channels()[channel].edge)?;
        *used += 1;
        delays.get(*used as usize - 1).copied()
    }

    fn draw_delay(&mut self, channel: ChannelId) -> Ticks {
        let delay = self.timing.delays[self.plan.channels()[channel].edge as usize];
        let (seed, plan) = (self.draws.seed, self.plan);
        let name = || format!("delay/{}", plan.channel_name(channel));
        Draws::draw(seed, &mut self.draws.delays, channel.index(), delay, name)
    }

    pub(super) fn draw_control(&mut self, task: TaskId, purpose: &str, delay: Delay) -> u64 {
        let plan = self.plan;
        self.now.saturating_add(self.draws.rare(delay, || format!("{purpose}/{}", plan.task_name(task))).0)
    }

    pub(super) fn timer_delay(&mut self, timer: Timer) -> Ticks {
        match timer {
            Timer::First => self.timing.first,
            Timer::Interval => self.timing.interval,
            // A try at once would find the same records where they were.
            Timer::Final => self.timing.interval.max(Ticks(1_000)),
            Timer::Pause => self.timing.min_pause,
            Timer::Budget(_) => self.timing.budget,
            Timer::Timeout(_) => unreachable!("timeouts have a queue of their own"),
            Timer::Store(_) => self.draws.rare(self.timing.store, || "store".to_owned()),
            Timer::Detect => self.draws.rare(self.timing.detect, || "detect".to_owned()),
            Timer::Restart => self.draws.rare(self.timing.restart, || "restart".to_owned()),
        }
    }
}
