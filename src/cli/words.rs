//! Names, times and shares that can be typed.

use std::time::Duration;

use crate::explore::Feature;
use crate::explore::zoo::{self, Mutant, ZOO};
use crate::kernel::Ticks;
use crate::report::frame::Place;
use crate::trace::Situation;

/// A mutant by its name.
pub fn mutant(name: &str) -> Result<&'static Mutant, String> {
    zoo::find(name).ok_or_else(|| unknown("mutant", name, ZOO.iter().map(|mutant| mutant.name)))
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seed = is_whole.then(|| text.parse().ok()).flatten();
    seed.ok_or_else(|| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// What a campaign has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// Every situation and every feature.
    All,
    /// The one of this name.
    One(&'static str),
}

/// A situation or a feature by its name, or all.
pub fn required(name: &str) -> Result<Required, String> {
    let situations = Situation::ALL.iter().map(|situation| situation.word());
    let known = situations.chain(Feature::ALL.iter().map(|feature| feature.word()));
    match name {
        "all" => Ok(Required::All),
        _ => known.clone().find(|word| *word == name).map(Required::One).ok_or_else(|| unknown("situation or feature", name, known)),
    }
}

fn unknown<'w>(what: &str, name: &str, known: impl Iterator<Item = &'w str>) -> String {
    let nearest = known.min_by_key(|other| (strsim::damerau_levenshtein(name, other), *other));
    let help = nearest.map_or(String::new(), |nearest| format!("; did you mean \"{nearest}\"?"));
    format!("there is no {what} of that name{help}")
}

/// The longest campaign: a year.
const LONGEST: Ticks = Ticks(365 * 24 * 60 * 60 * 1_000_000);

/// A time as in `60s`, `15m` or `1h30min`.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text.parse::<u64>().is_ok_and(|number| number > 0) {
        return Err(format!("{text} has no unit; \"{text}s\"? \"{text}m\"?"));
    }
    let time = Ticks::parse_up_to(text, LONGEST).map_err(|error| error.to_string())?;
    match time {
        Ticks::ZERO => Err("a time above 0 is needed, as in \"60s\" or \"15m\"".to_owned()),
        Ticks(micros) => Ok(Duration::from_micros(micros)),
    }
}

/// A place in a run: `4711` for a step, `1.5s` for a time, `fault:2` for a fault of the scenario.
pub fn place(text: &str) -> Result<Place, String> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    if let Some(fault) = text.strip_prefix("fault:") {
        let fault = number(fault).and_then(|fault| usize::try_from(fault).ok()).filter(|fault| *fault > 0);
        return fault.map(Place::Fault).ok_or_else(|| "faults are numbered from 1, as in \"fault:2\"".to_owned());
    }
    if let Some(step) = number(text) {
        return Ok(Place::Step(step));
    }
    let form = "a place is a step (4711), a time with its unit (1.5s), or a fault of the scenario (fault:2)";
    text.parse().map(Place::Time).map_err(|_| form.to_owned())
}

/// A whole number above 0.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a whole number above 0 is needed".to_owned())
}

/// The `index`th, from 1, of so many shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl Shard {
    /// All runs.
    pub const WHOLE: Shard = Shard { index: 1, of: 1 };

    /// Whether a run is one of the shard's.
    pub fn has(self, run: u64) -> bool {
        run % u64::from(self.of) == u64::from(self.index - 1)
    }
}

/// A shard as in `2/8`.
pub fn shard(text: &str) -> Result<Shard, String> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    let numbers = text.split_once('/').and_then(|(index, of)| number(index).zip(number(of)));
    let shard = numbers.map(|(index, of)| Shard { index, of }).filter(|shard| (1..=shard.of).contains(&shard.index));
    shard.ok_or_else(|| "a shard is K/N with K from 1 to N, as in 2/8".to_owned())
}

/// The variables in which schedulers say which of several jobs this is, and from what they count.
pub const INDICES: [(&str, u32); 4] =
    [("SLURM_ARRAY_TASK_ID", 0), ("JOB_COMPLETION_INDEX", 0), ("AWS_BATCH_JOB_ARRAY_INDEX", 0), ("CI_NODE_INDEX", 1)];

/// The shard that a scheduler's variables say this job is. `of` is never taken from one: a shard that is
/// submitted again may be an array of one.
///
/// # Errors
/// What is wrong with the variables, with their names and values.
pub fn shard_of_job(of: u32, variable: impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let set = INDICES.iter().filter_map(|&(name, first)| Some((name, first, variable(name).filter(|value| !value.is_empty())?)));
    let set: Vec<(&str, u32, String)> = set.collect();
    let shown = || set.iter().map(|(name, _, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
    let Some((_, first, value)) = set.first() else {
        let names = INDICES.map(|(name, _)| name).join(", ");
        return Err(format!("--shards {of}: none of the variables that number the jobs is set ({names})"));
    };
    let index = |first: u32, value: &str| value.parse::<u32>().ok().and_then(|value| value.checked_sub(first)).filter(|index| *index < of);
    let found = index(*first, value);
    if let Some(wrong) = set.iter().find(|(_, first, value)| index(*first, value).is_none()) {
        let (name, first, value) = wrong;
        let last = u64::from(of) + u64::from(*first) - 1;
        return Err(format!("--shards {of}: {name}={value} is no number from {first} to {last}"));
    }
    if set.iter().any(|(_, first, value)| index(*first, value) != found) {
        return Err(format!("--shards {of}: the variables that number the jobs disagree: {}", shown()));
    }
    Ok(found.map_or(Shard::WHOLE, |index| Shard { index: index + 1, of }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_shards_are_read() {
        assert_eq!(
            ["250ms", "60s", "2m", "1h"].map(|text| duration(text).map(|time| time.as_millis())),
            [Ok(250), Ok(60_000), Ok(120_000), Ok(3_600_000)]
        );
        assert!(["", "0", "0s", "60", "-1s", "0.5us", "s", "9999999h", "60 S", "366d"].iter().all(|text| duration(text).is_err()));
        assert_eq!(shard("2/8"), Ok(Shard { index: 2, of: 8 }));
        assert!(["", "0/8", "9/8", "1/0", "2", "/8", "+1/8", "1/8/9", "a/b"].iter().all(|text| shard(text).is_err()));
        let shards = [1, 2, 3].map(|index| Shard { index, of: 3 });
        assert!((0..10).all(|run| shards.iter().filter(|shard| shard.has(run)).count() == 1));
    }

    #[test]
    fn seeds_are_whole_numbers() {
        assert_eq!((seed("0"), seed("18446744073709551615")), (Ok(0), Ok(u64::MAX)));
        for text in ["", "-1", "+1", "1.5", "x", "18446744073709551616"] {
            assert!(seed(text).is_err_and(|message| message.contains("a whole number from 0 to 18446744073709551615")), "{text}");
        }
    }

    #[test]
    fn places_are_steps_times_and_faults() {
        assert_eq!(place("4711"), Ok(Place::Step(4711)));
        assert_eq!(place("1.5s"), Ok(Place::Time(Ticks(1_500_000))));
        assert_eq!(place("fault:2"), Ok(Place::Fault(2)));
        assert!(
            ["", "fault", "fault:0", "fault:", "fault:x", "fault 2", "-1", "1.5", "99999999999999999999"]
                .iter()
                .all(|text| place(text).is_err())
        );
    }

    #[test]
    fn names_have_suggestions() {
        assert_eq!(required("all"), Ok(Required::All));
        assert_eq!(required("job_failed"), Ok(Required::One("job_failed")));
        assert!(required("job_fialed").is_err_and(|text| text.contains("\"job_failed\"")));
        assert!(required("fan_uot").is_err_and(|text| text.contains("\"fan_out\"")));
        assert!(mutant("restores_nothin").is_err_and(|text| text.contains("\"restores_nothing\"")));
    }

    #[test]
    fn schedulers_number_their_jobs() {
        let job = |set: &[(&str, &str)], of| {
            shard_of_job(of, |name| set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(job(&[("SLURM_ARRAY_TASK_ID", "0")], 4), Ok(Shard { index: 1, of: 4 }));
        assert_eq!(job(&[("CI_NODE_INDEX", "4")], 4), Ok(Shard { index: 4, of: 4 }));
        assert_eq!(job(&[("JOB_COMPLETION_INDEX", "2"), ("CI_NODE_INDEX", "3")], 4), Ok(Shard { index: 3, of: 4 }));
        assert!(job(&[], 4).is_err_and(|text| text.contains("AWS_BATCH_JOB_ARRAY_INDEX")));
        let disagree = job(&[("JOB_COMPLETION_INDEX", "2"), ("SLURM_ARRAY_TASK_ID", "1")], 4);
        assert!(disagree.is_err_and(|text| text.contains("SLURM_ARRAY_TASK_ID=1, JOB_COMPLETION_INDEX=2")));
        for (name, value) in
            [("SLURM_ARRAY_TASK_ID", "4"), ("CI_NODE_INDEX", "0"), ("CI_NODE_INDEX", "5"), ("AWS_BATCH_JOB_ARRAY_INDEX", "x")]
        {
            assert!(job(&[(name, value)], 4).is_err_and(|text| text.contains(&format!("{name}={value}"))), "{name}={value}");
        }
    }
}
