//! How long a run will be, so that what is planned for it can be spread over it.

use crate::engine::Control;
use crate::protocol::ProtocolKind;
use crate::scenario::Scenario;

/// About how many moves a run without faults has in which so many snapshots are asked for. Counted, since a run that
/// is only measured costs as much as any other.
pub(super) fn horizon(scenario: &Scenario, requests: u32, control: Control) -> u32 {
    let plan = scenario.plan();
    let (tasks, channels) = (plan.tasks().len() as u64, plan.channels().len() as u64);
    let emitted: u64 = plan.sources().iter().map(|&task| plan.log_length(task)).sum();
    // Requests that wait are one, snapshots that overlap end each other, and with the data all of it ends.
    let taken = u64::from(requests.min(2)) + u64::from(requests.saturating_sub(2)) / 6;
    let snapshots = taken + scenario.setup().initiators.len() as u64;
    // Colours come with the records.
    let barriers = if scenario.protocol() == ProtocolKind::LaiYang { 0 } else { channels };
    let kinds = [
        (Control::TRIGGERS, plan.sources().len() as u64),
        (Control::NOTICES, plan.sinks().len() as u64),
        (Control::REPORTS, tasks),
        (Control::UPLOADS, tasks),
        (Control::STORE, 1),
    ];
    let control_steps: u64 = kinds.into_iter().filter(|(kind, _)| control.has(*kind)).map(|(_, steps)| steps).sum();
    let ends = if control.has(Control::ENDS) { channels } else { 0 };
    let moves = emitted + scenario.arrivals() + u64::from(requests) + snapshots * (1 + barriers + control_steps) + ends;
    moves.clamp(4, u64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Right, Spice, Suspect, Walker, shape};
    use crate::kernel::Stream;

    #[test]
    fn runs_are_about_as_long_as_the_horizon() {
        let (mut all, mut near) = (0, 0);
        for number in 0..400 {
            let shape = shape(3, number, Right.protocols());
            let mut walker = Walker::new(&shape.scenario, shape.scenario.world(), shape.control, Spice::default());
            let mut steps = Vec::new();
            walker.walk(&mut Stream::numbered(3, "run", number), Some(&mut steps));
            let horizon = horizon(&shape.scenario, shape.scenario.setup().requests, shape.control) as usize;
            all += 1;
            near += usize::from((horizon / 2..=horizon * 2).contains(&steps.len()));
        }
        assert!(near * 10 > all * 9, "{near} of {all}");
    }
}
