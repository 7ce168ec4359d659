//! `cutline compare`

use super::args::{Compare, TableFormat};
use super::output::{self, Problem};
use super::progress::Progress;
use super::{Exit, guard, load, refuse};
use crate::kernel::Patience;
use crate::protocol::ProtocolKind;
use crate::report::text::Style;
use crate::report::{compare as report, printable};
use crate::scenario::{self, Comparison, LeftOut, Scenario};

/// Runs one scenario under several protocols and prints a table.
pub fn compare(arguments: &Compare) -> Exit {
    let scenario = match load::load(&arguments.path) {
        Ok(scenario) => scenario,
        Err(failure) => return failure.exit,
    };
    if scenario.schedule().is_some() {
        let message = "the scenario has a \"schedule\": its steps are those of one protocol, and no seed changes them";
        return refuse(&Problem::new(message, "take \"schedule\" away to compare protocols by simulated time"));
    }
    let first = arguments.seed.unwrap_or(scenario.seed());
    let Some(last) = first.checked_add(u64::from(arguments.seeds) - 1) else {
        let message = format!("there are no {} seeds from {first} on; the largest is {}", arguments.seeds, u64::MAX);
        return refuse(&Problem::new(message, "give a smaller --seed or fewer --seeds"));
    };
    let seeds: Vec<u64> = (first..=last).collect();
    let protocols = match chosen(&arguments.protocols, &scenario) {
        Ok(protocols) => protocols,
        Err(problem) => return refuse(&problem),
    };
    let name = printable(&arguments.path.display().to_string());
    let progress = Progress::new("runs", Some(protocols.len() as u64 * u64::from(arguments.seeds)));
    let lasts = progress.lasts();
    let compared = guard::guarded(|| scenario::compare_attended(&scenario, &protocols, &seeds, Patience::new(&lasts)));
    match compared {
        Ok(mut comparison) => {
            if arguments.protocols.is_empty() {
                comparison.left_out = scenario.protocols_left_out().into_iter().map(LeftOut::from).collect();
            }
            exit_of(&comparison).max(print(&comparison, arguments.format))
        }
        Err(panic) => {
            guard::internal_error(&format!("{name} with seeds {first} to {last}"), &panic).print();
            Exit::Internal
        }
    }
}

/// The protocols that were named, if the scenario can run under each of them; all that make sense if none was.
fn chosen(named: &[ProtocolKind], scenario: &Scenario) -> Result<Vec<ProtocolKind>, Problem> {
    if named.is_empty() {
        return Ok(scenario.protocols());
    }
    let Some((unfit, why)) = named.iter().find_map(|&protocol| Some((protocol, scenario.refusal(protocol)?))) else {
        return Ok(distinct(named));
    };
    let fit: Vec<&str> = scenario.protocols().into_iter().map(ProtocolKind::word).collect();
    let message = format!("the scenario cannot run under {}: {why}", unfit.word());
    Err(Problem::new(message, format!("choose from: {}", fit.join(", "))))
}

/// Each protocol once, where it is named first.
fn distinct(protocols: &[ProtocolKind]) -> Vec<ProtocolKind> {
    let is_first = |(at, protocol): &(usize, &ProtocolKind)| !protocols[..*at].contains(protocol);
    protocols.iter().enumerate().filter(is_first).map(|(_, &protocol)| protocol).collect()
}

fn exit_of(comparison: &Comparison) -> Exit {
    if comparison.interrupted {
        return Exit::Interrupted;
    }
    let is_limited = comparison.protocols.iter().any(|summary| summary.runs_limited > 0);
    if is_limited { Exit::Limit } else { Exit::AsExpected }
}

fn print(comparison: &Comparison, format: TableFormat) -> Exit {
    output::result(&match format {
        TableFormat::Text => report::text(comparison, &Style::coloured()),
        TableFormat::Json => report::document(comparison),
    })
}
