//! A time by which every run must have come to rest.

use super::Graph;
use crate::engine::{Fault, Link, Moment, OperatorTiming, Timing, Upload};
use crate::kernel::{Bytes, Delay, Ticks};
use crate::model::{Plan, Sizes};
use crate::protocol::{FINAL_TRIES, Settings};

impl Graph {
    /// A time by which every run must have come to rest, generously: all work done one after the
    /// other, again after every failure, with every timeout used up.
    pub fn time_bound(plan: &Plan, timing: &Timing, settings: &Settings, sizes: Option<&Sizes>, faults: &[Fault]) -> Ticks {
        let names: u64 = plan.operators().iter().map(|operator| operator.names_in.max(operator.names_out)).fold(0, u64::saturating_add);
        let longest = |of: fn(&OperatorTiming) -> Delay| timing.operators.iter().map(of).map(|delay| delay.longest().0).max().unwrap_or(0);
        let per_record =
            longest(|operator| operator.service).saturating_add(timing.delays.iter().map(|delay| delay.longest().0).max().unwrap_or(0));
        let slow: u64 = timing.slows.iter().map(|slow| slow.extra.0).max().unwrap_or(0);
        let work = names.saturating_mul(per_record.saturating_add(slow));
        let (crashes, last_fault) = fault_bound(faults);
        let late: u64 =
            faults.iter().map(|fault| if let Fault::Postpone { by, .. } = fault { by.0 } else { 0 }).fold(0, u64::saturating_add);
        let recovery =
            timing.detect.longest().0.saturating_add(timing.restart.longest().0).saturating_add(longest(|operator| operator.restore));
        let control = longest(|operator| operator.trigger)
            .saturating_add(longest(|operator| match operator.upload {
                Upload::Takes(delay) => delay,
                Upload::BySize => Delay::ZERO,
            }))
            .saturating_add(sizes.map_or(0, |sizes| longest_way(plan, &timing.link, sizes, names)))
            .saturating_add(longest(|operator| operator.ack))
            .saturating_add(longest(|operator| operator.notify));
        let try_of_last = timing.timeout.0.min(3_600_000_000).saturating_add(timing.interval.0.max(1_000));
        let tries = if settings.enabled { try_of_last.saturating_mul(u64::from(FINAL_TRIES) + 1) } else { 0 };
        let once = work.saturating_add(recovery).saturating_add(tries).saturating_add(control.saturating_mul(8));
        let emitted = plan.sources().iter().map(|&task| {
            let last = plan.log_length(task).saturating_sub(1);
            timing.of(plan.tasks()[task].operator).emit.of(last).0
        });
        let stalled = timing.stalls.iter().map(|stall| stall.until.0).chain(timing.slows.iter().map(|slow| slow.until.0));
        let asked = timing.requests.iter().map(|at| at.0);
        let started = timing.initiations.iter().map(|initiation| initiation.at.0);
        let listed: u64 = timing.listed.values().flatten().map(|delay| delay.0).fold(0, u64::saturating_add);
        let once = once.saturating_add(listed).saturating_add(late);
        let begun = emitted.chain(stalled).chain(asked).chain(started).chain([last_fault]).max().unwrap_or(0);
        Ticks(begun.saturating_add(once.saturating_mul(u64::from(crashes) + 2)).saturating_add(1_000_000))
    }
}

/// How long it takes at the most until a part of every task is stored, one after the other.
fn longest_way(plan: &Plan, link: &Link, sizes: &Sizes, names: u64) -> u64 {
    let largest = sizes.besides.iter().map(|bytes| bytes.0).max().unwrap_or(0);
    let contents = names.saturating_mul(sizes.entry.0.saturating_add(sizes.record.0));
    let all = Bytes(largest.saturating_add(contents).saturating_mul(plan.tasks().len() as u64));
    let rates = [link.own, link.shared].into_iter().flatten();
    link.latency.0.saturating_add(rates.map(|rate| all.micros_at(rate.0)).max().unwrap_or(0))
}

/// How many crashes there can be, and when the last one that has a time is.
fn fault_bound(faults: &[Fault]) -> (u32, u64) {
    let mut bound = (0u32, 0u64);
    for fault in faults {
        let (count, last) = match fault {
            Fault::Crash { moment: Moment::At(at), .. } => (1, at.0),
            Fault::Crash { moment: Moment::When(when), .. } => (1, when.after.0),
            Fault::RandomCrashes { count, every, from, .. } => {
                (*count, from.0.saturating_add(every.0.saturating_mul(43).saturating_mul(u64::from(*count))))
            }
            Fault::Lose { .. } | Fault::Repeat { .. } | Fault::Postpone { .. } | Fault::FailUpload { .. } => (0, 0),
        };
        bound = (bound.0.saturating_add(count), bound.1.max(last));
    }
    bound
}
