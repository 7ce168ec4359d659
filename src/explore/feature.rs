//! What a campaign's scenarios and walks are like, so that a report can say what was tried and how often.

use crate::engine::Control;
use crate::kernel::set_bits;
use crate::model::{Commit, Kind, OperatorId, Partition, Plan, TaskId};
use crate::protocol::{ProtocolKind, Settings};
use crate::scenario::Scenario;
use crate::trace::{Situation, Situations};

macro_rules! features {
    ($(#[doc = $sentence:literal] $name:ident = $word:literal,)*) => {
        /// Something that a run has or has not: in its graph, its rules, or what went wrong in it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Feature { $(#[doc = $sentence] $name,)* }

        impl Feature {
            /// All of them.
            pub const ALL: &'static [Feature] = &[$(Feature::$name,)*];

            /// The word used in output.
            pub fn word(self) -> &'static str {
                match self { $(Feature::$name => $word,)* }
            }

            /// What it means.
            pub fn sentence(self) -> &'static str {
                match self { $(Feature::$name => $sentence,)* }.trim()
            }
        }
    };
}

features! {
    /// A task has two inputs.
    TwoInputs = "two_inputs",
    /// A task has three inputs.
    ThreeInputs = "three_inputs",
    /// A task has four inputs or more.
    ManyInputs = "four_or_more_inputs",
    /// Two tasks or more with one input each stand in a row in front of a task with several.
    ChainBeforeFanIn = "chain_before_fan_in",
    /// An operator sends to several others.
    FanOut = "fan_out",
    /// An operator with a state gets what another with a state sends.
    StatesInARow = "states_in_a_row",
    /// An operator that is no source has several tasks.
    ParallelTasks = "parallel_tasks",
    /// Every task of an operator gets a copy of each record.
    Broadcast = "broadcast",
    /// Every channel has a capacity.
    AllBounded = "all_channels_bounded",
    /// Some channels have a capacity, and some have none.
    SomeBounded = "some_channels_bounded",
    /// A source finishes.
    FinishingSource = "finishing_source",
    /// A source cannot replay.
    UnreplayableSource = "unreplayable_source",
    /// A source has ten records or more.
    ManyRecords = "ten_records_or_more",
    /// There is a join.
    Join = "join",
    /// There is a state that depends on the order of its records.
    StateByOrder = "state_by_order",
    /// There is a filter.
    Filter = "filter",
    /// There is a sink that commits in two phases.
    TwoPhaseSink = "two_phase_sink",
    /// There is a sink that writes by identity.
    IdempotentSink = "idempotent_sink",
    /// There is a sink that writes by key.
    UpsertSink = "upsert_sink",
    /// There is a sink that adds up.
    AdditiveSink = "additive_sink",
    /// There is a sink that writes at once and again.
    PlainSink = "plain_sink",
    /// There is a loop.
    Loop = "loop",
    /// Several inputs lead into a loop.
    LoopWithInputs = "loop_with_several_inputs",
    /// A source finishes in a graph with a loop.
    LoopAndFinish = "loop_and_finishing_source",
    /// There are two loops.
    TwoLoops = "two_loops",
    /// The graph has two processes.
    TwoProcesses = "two_processes",
    /// The graph has three processes.
    ThreeProcesses = "three_processes",
    /// The graph has four processes or more.
    FourProcesses = "four_processes",
    /// Processes have more channels than a ring.
    MoreThanARing = "more_than_a_ring",
    /// No channel keeps order.
    NoOrder = "no_channel_ordered",
    /// Some channels keep order, and some do not.
    SomeOrder = "some_channels_ordered",
    /// Snapshots may overlap under `aligned`.
    OverlapAligned = "overlap_aligned",
    /// Snapshots may overlap under `at_least_once`.
    OverlapAtLeastOnce = "overlap_at_least_once",
    /// Snapshots may overlap under `unaligned`.
    OverlapUnaligned = "overlap_unaligned",
    /// Snapshots may overlap under `aligned_timeout`.
    OverlapTimeout = "overlap_aligned_timeout",
    /// Snapshots may overlap under `aligned_cyclic`.
    OverlapCyclic = "overlap_aligned_cyclic",
    /// Snapshots may overlap under `chandy_lamport`.
    OverlapChandyLamport = "overlap_chandy_lamport",
    /// Snapshots may overlap under `lai_yang`.
    OverlapLaiYang = "overlap_lai_yang",
    /// More than sixteen snapshots are asked for.
    ManySnapshots = "more_than_16_snapshots",
    /// Snapshots are asked for periodically.
    Periodic = "periodic_snapshots",
    /// Two completed snapshots are kept.
    RetainsTwo = "two_retained",
    /// No snapshot may fail.
    ToleratesNone = "no_failure_tolerated",
    /// One snapshot in a row may fail.
    ToleratesOne = "one_failure_tolerated",
    /// Two snapshots in a row may fail.
    ToleratesTwo = "two_failures_tolerated",
    /// There is a pause behind each completion.
    MinPause = "pause_after_completion",
    /// No last snapshot is taken.
    NoLast = "no_last_snapshot",
    /// An input that ends voids the snapshot that is being aligned.
    GivesUp = "given_up_at_end",
    /// The number of restarts is limited.
    FewRestarts = "few_restarts",
    /// All that passes between tasks and coordinator happens at once.
    ControlAtOnce = "control_at_once",
    /// Some kinds of it take steps of their own.
    ControlMixed = "control_mixed",
    /// All of it takes steps of its own.
    ControlBySteps = "control_by_steps",
    /// The job was restored twice.
    TwoFailovers = "two_failovers",
    /// The job was restored three times or more.
    ThreeFailovers = "three_failovers",
}

/// A set of features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features(u64);

const _: () = assert!(Feature::ALL.len() <= 64, "a feature has a bit");

impl FromIterator<(Feature, bool)> for Features {
    fn from_iter<I: IntoIterator<Item = (Feature, bool)>>(features: I) -> Self {
        features
            .into_iter()
            .fold(Features::default(), |Features(set), (feature, is_there)| Features(set | u64::from(is_there) << feature as u32))
    }
}

impl Features {
    /// Those of a scenario that is walked through.
    pub fn of(scenario: &Scenario, control: Control) -> Features {
        let features = of_graph(scenario.plan()).into_iter().chain(of_processes(scenario.plan())).chain(of_rules(scenario));
        features.chain(of_control(control)).collect()
    }

    /// Those of one walk, by what it has reached.
    pub fn of_walk(situations: &Situations) -> Features {
        let restored = situations.count(Situation::RestoredFromSnapshot) + situations.count(Situation::RestoredFromNothing);
        [(Feature::TwoFailovers, restored == 2), (Feature::ThreeFailovers, restored > 2)].into_iter().collect()
    }

    /// Which they are.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        set_bits(self.0, Feature::ALL.len()).map(|at| Feature::ALL[at])
    }

    /// Those of either.
    #[must_use]
    pub fn or(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }
}

fn of_graph(plan: &Plan) -> impl IntoIterator<Item = (Feature, bool)> {
    let is_dataflow = !plan.has_processes();
    let has = |is_it: fn(&Kind) -> bool| is_dataflow && plan.operators().iter().any(|operator| is_it(&operator.kind));
    let has_sink =
        |commit: Commit| plan.operators().iter().any(|operator| matches!(operator.kind, Kind::Sink { commit: own } if own == commit));
    let has_task_with = |is_it: fn(usize) -> bool| is_dataflow && plan.tasks().ids().any(|task| is_it(plan.inputs(task).len()));
    let bounded = plan.channels().iter().filter(|channel| channel.capacity != u32::MAX).count();
    let receivers = |id: OperatorId| plan.edges().iter().filter(|edge| edge.from == id).count();
    let is_head = |id: &OperatorId| matches!(plan.operators()[*id].kind, Kind::Iterate { .. });
    let heads = || plan.operators().ids().filter(is_head);
    let finishes = has(Kind::finishes);
    let keeps = |id: OperatorId| plan.operators()[id].kind.is_stateful();
    [
        (Feature::TwoInputs, has_task_with(|inputs| inputs == 2)),
        (Feature::ThreeInputs, has_task_with(|inputs| inputs == 3)),
        (Feature::ManyInputs, has_task_with(|inputs| inputs >= 4)),
        (Feature::ChainBeforeFanIn, is_dataflow && plan.tasks().ids().any(|task| waits_for_chain(plan, task))),
        (Feature::FanOut, is_dataflow && !plan.has_loops() && plan.operators().ids().any(|id| receivers(id) > 1)),
        (Feature::StatesInARow, is_dataflow && plan.edges().iter().any(|edge| !edge.is_back && keeps(edge.from) && keeps(edge.to))),
        (Feature::ParallelTasks, plan.operators().iter().any(|operator| !operator.kind.emits() && operator.tasks.len() > 1)),
        (Feature::Broadcast, plan.edges().iter().any(|edge| edge.partition == Partition::Broadcast)),
        (Feature::AllBounded, bounded > 0 && bounded == plan.channels().len()),
        (Feature::SomeBounded, bounded > 0 && bounded < plan.channels().len()),
        (Feature::FinishingSource, finishes),
        (Feature::UnreplayableSource, has(|kind| matches!(kind, Kind::Source { replayable: false, .. }))),
        (Feature::ManyRecords, has(|kind| matches!(kind, Kind::Source { records: 10.., .. }))),
        (Feature::StateByOrder, has(Kind::goes_by_order)),
        (Feature::Join, has(|kind| matches!(kind, Kind::Join { .. }))),
        (Feature::Filter, has(|kind| matches!(kind, Kind::Filter { .. }))),
        (Feature::TwoPhaseSink, has_sink(Commit::TwoPhase)),
        (Feature::IdempotentSink, has_sink(Commit::Idempotent)),
        (Feature::UpsertSink, has_sink(Commit::Upsert)),
        (Feature::AdditiveSink, has_sink(Commit::Additive)),
        (Feature::PlainSink, has_sink(Commit::Plain)),
        (Feature::Loop, heads().next().is_some()),
        (Feature::LoopWithInputs, heads().any(|head| plan.edges().iter().filter(|edge| edge.to == head && !edge.is_back).count() > 1)),
        (Feature::LoopAndFinish, finishes && heads().next().is_some()),
        (Feature::TwoLoops, heads().nth(1).is_some()),
    ]
}

/// Whether a task has several inputs, and before one of them two tasks stand in a row that have one each.
fn waits_for_chain(plan: &Plan, task: TaskId) -> bool {
    let only_sender = |task: TaskId| {
        let mut inputs = plan.inputs(task);
        Some(plan.channels()[inputs.next()?].from).filter(|_| inputs.next().is_none())
    };
    let is_chain = |task: TaskId| only_sender(task).and_then(only_sender).is_some();
    plan.inputs(task).len() > 1 && plan.inputs(task).any(|input| is_chain(plan.channels()[input].from))
}

fn of_processes(plan: &Plan) -> impl IntoIterator<Item = (Feature, bool)> {
    let processes = if plan.has_processes() { plan.operators().len() } else { 0 };
    let ordered = plan.channels().iter().filter(|channel| channel.is_fifo).count();
    [
        (Feature::TwoProcesses, processes == 2),
        (Feature::ThreeProcesses, processes == 3),
        (Feature::FourProcesses, processes > 3),
        (Feature::MoreThanARing, processes > 0 && plan.channels().len() > processes),
        (Feature::NoOrder, ordered == 0),
        (Feature::SomeOrder, ordered > 0 && ordered < plan.channels().len()),
    ]
}

fn of_rules(scenario: &Scenario) -> impl IntoIterator<Item = (Feature, bool)> {
    let &Settings { max_concurrent, tolerable_failures, restarts, final_checkpoint, after_end, min_pause, periodic, .. } =
        scenario.settings();
    let setup = scenario.setup();
    let asked = setup.requests as usize + setup.initiators.len();
    let overlap = |protocol| scenario.protocol() == protocol && max_concurrent > 1 && asked > 1;
    [
        (Feature::OverlapAligned, overlap(ProtocolKind::Aligned)),
        (Feature::OverlapAtLeastOnce, overlap(ProtocolKind::AtLeastOnce)),
        (Feature::OverlapUnaligned, overlap(ProtocolKind::Unaligned)),
        (Feature::OverlapTimeout, overlap(ProtocolKind::AlignedTimeout)),
        (Feature::OverlapCyclic, overlap(ProtocolKind::AlignedCyclic)),
        (Feature::OverlapChandyLamport, overlap(ProtocolKind::ChandyLamport)),
        (Feature::OverlapLaiYang, overlap(ProtocolKind::LaiYang)),
        (Feature::ManySnapshots, asked > 16),
        (Feature::Periodic, periodic),
        (Feature::RetainsTwo, setup.retain == 2),
        (Feature::ToleratesNone, tolerable_failures == Some(0)),
        (Feature::ToleratesOne, tolerable_failures == Some(1)),
        (Feature::ToleratesTwo, tolerable_failures == Some(2)),
        (Feature::MinPause, min_pause),
        (Feature::NoLast, !final_checkpoint),
        (Feature::GivesUp, !after_end),
        (Feature::FewRestarts, restarts.is_some()),
    ]
}

fn of_control(control: Control) -> impl IntoIterator<Item = (Feature, bool)> {
    [
        (Feature::ControlAtOnce, control == Control::INSTANT),
        (Feature::ControlMixed, control != Control::INSTANT && control != Control::CHANNEL),
        (Feature::ControlBySteps, control == Control::CHANNEL),
    ]
}
