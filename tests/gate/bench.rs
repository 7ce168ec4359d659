//! Plays a case to a barrier handler: a world with one operator behind as many channels as the
//! case names, and nobody who sends but the case.
//!
//! The engine's own interpreter carries out what the handler asks for. What is here is the
//! case's convention alone: what is polled next, what a sender holds back behind an aligned
//! barrier, and when timers go off.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cutline::engine::{Ahead, Lane, Observer, Setup, Stamp, Step, Touch, World};
use cutline::model::{
    Barrier, BarrierKind, ChannelId, Dictionary, EdgeSpec, Element, Kind as Operator, OperatorId, OperatorSpec, Partition, Plan, Record,
    SnapshotId, TaskId,
};
use cutline::protocol::{Aligned, Alternating, AtLeastOnce, Coordinator, CoordinatorBox, ProtocolBox, Settings};
use cutline::trace::{Fact, Refusal};

use super::case::{Case, Input, Item, Kind, Mode, Token, Why};

/// What happened, and how things stood after the last step.
pub struct Ran {
    pub tokens: Vec<Token>,
    pub blocked: Vec<u32>,
    pub undelivered: Vec<(u32, String)>,
}

/// The handler that a case is for.
pub fn handler(case: &Case) -> ProtocolBox {
    match case.mode {
        Mode::Aligned => ProtocolBox::new(Aligned::new(case.finished_tasks)),
        Mode::Unaligned | Mode::Alternating => ProtocolBox::new(Alternating::aligned_timeout(case.finished_tasks)),
        Mode::Tracker => ProtocolBox::new(AtLeastOnce::new(case.finished_tasks)),
    }
}

pub fn run(case: &Case) -> Ran {
    run_with(case, handler(case))
}

/// The same with a handler of somebody's own.
pub fn run_with(case: &Case, handler: ProtocolBox) -> Ran {
    let mut bench = Bench::new(case, handler);
    for input in &case.input {
        bench.step(input);
        if case.eager {
            bench.drain();
        }
    }
    bench.ran()
}

/// Something that is polled before all records, in the order in which it became so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Urgent {
    Announcement(ChannelId, SnapshotId),
    Barrier(ChannelId),
}

/// What is seen of the world.
#[derive(Default)]
struct Eyes {
    tokens: Vec<Token>,
    names: Vec<String>,
    blocked: BTreeMap<u32, bool>,
    urgent: VecDeque<Urgent>,
    /// The channel out of the operator: how its barrier leaves says how the snapshot was taken.
    output: ChannelId,
    arrivals: u64,
    alarmed: bool,
}

impl Eyes {
    fn name(&self, name: u64) -> String {
        self.names[name as usize].clone()
    }
}

impl Observer for Eyes {
    fn fact(&mut self, fact: Fact) {
        let token = match fact {
            Fact::Received { channel, name, .. } if channel != self.output => Token::Done { channel: channel.0, record: self.name(name) },
            Fact::Saved { snapshot, .. } => Token::Trigger { id: snapshot.0, unaligned: false },
            Fact::RecordSaved { channel, snapshot, name, .. } => {
                Token::Persist { id: snapshot.0, channel: channel.0, record: self.name(name) }
            }
            Fact::Declined { snapshot, why, .. } => Token::Abort {
                id: snapshot.0,
                why: match why {
                    Refusal::Cancelled => Why::Cancel,
                    Refusal::Subsumed => Why::Subsumed,
                    Refusal::InputEnded => Why::Eos,
                    Refusal::Finished | Refusal::Failed | Refusal::TooLarge => unreachable!("no handler says so of itself"),
                },
            },
            Fact::Blocked { channel } => {
                self.blocked.insert(channel.0, true);
                Token::Informative(format!("blk{}", channel.0))
            }
            Fact::Unblocked { channel } => {
                self.blocked.insert(channel.0, false);
                Token::Informative(format!("res{}", channel.0))
            }
            _ => return,
        };
        self.tokens.push(token);
    }

    fn sent(&mut self, _lane: Lane) -> Stamp {
        self.arrivals += 1;
        Stamp(self.arrivals)
    }

    fn ahead(&mut self, channel: ChannelId, _how: Ahead, _is_first: bool) -> Stamp {
        if channel != self.output {
            self.urgent.push_back(Urgent::Barrier(channel));
        } else if let Some(Token::Trigger { unaligned, .. }) = self.tokens.iter_mut().rfind(|token| matches!(token, Token::Trigger { .. }))
        {
            *unaligned = true;
        }
        Stamp::default()
    }

    fn touch(&mut self, touch: Touch) {
        self.alarmed |= matches!(touch, Touch::Alarm(_));
    }
}

struct Bench<'c> {
    case: &'c Case,
    world: World,
    eyes: Eyes,
    operator: TaskId,
    clock: u64,
    /// By snapshot: when it was started and how long it may align.
    budgets: BTreeMap<u32, (u64, u64)>,
    overdue: Vec<u32>,
    /// By channel: what its sender holds back behind an aligned barrier, while there is one.
    held: Vec<Option<VecDeque<Item>>>,
}

fn plan(channels: u32) -> Plan {
    let spec = |name: String, kind| OperatorSpec { name, kind, parallelism: 1 };
    let source = Operator::Source { records: 0, replayable: true, first_line: None, finishes: false };
    let mut specs: Vec<OperatorSpec> = (0..channels).map(|n| spec(format!("sender{n}"), source.clone())).collect();
    specs.extend([spec("operator".to_owned(), Operator::Union), spec("behind".to_owned(), Operator::Pass)]);
    let edge = |from, to| {
        let (from, to) = (OperatorId(from), OperatorId(to));
        EdgeSpec { from, to, partition: Partition::Rebalance, capacity: u32::MAX, is_fifo: true }
    };
    let edges = (0..channels).map(|n| edge(n, channels)).chain([edge(channels, channels + 1)]).collect();
    Plan::build(specs, edges, Dictionary::default()).expect("a star")
}

/// Nobody asks it for anything.
fn coordinator() -> CoordinatorBox {
    let settings = Settings {
        enabled: false,
        periodic: false,
        min_pause: false,
        max_concurrent: 1,
        tolerable_failures: None,
        restarts: None,
        final_checkpoint: false,
        after_end: true,
        endless: true,
    };
    CoordinatorBox::new(Coordinator::new(settings))
}

impl<'c> Bench<'c> {
    fn new(case: &'c Case, handler: ProtocolBox) -> Self {
        let setup = Setup::new(plan(case.channels));
        let operator = TaskId(case.channels);
        let idle = ProtocolBox::new(Aligned::new(true));
        let eyes = Eyes { output: setup.plan.outputs(operator)[0], ..Eyes::default() };
        let world = World::new(Arc::new(setup), |task| if task == operator { handler.clone() } else { idle.clone() }, coordinator());
        Bench {
            case,
            world,
            eyes,
            operator,
            clock: 0,
            budgets: BTreeMap::new(),
            overdue: Vec::new(),
            held: vec![None; case.channels as usize],
        }
    }

    fn step(&mut self, input: &Input) {
        match input {
            Input::Arrive(channel, item) => self.arrive(ChannelId(*channel), item.clone()),
            Input::Poll => {
                self.poll();
            }
            Input::Drain => self.drain(),
            Input::Advance { ms, fire } => {
                self.clock += ms;
                self.look_at_the_clock(*fire);
            }
            Input::Fire => self.look_at_the_clock(true),
        }
    }

    /// A timer is due when its time has come; without one a task sees that the time has passed.
    fn look_at_the_clock(&mut self, fire: bool) {
        let clock = self.clock;
        let is_over = |(started, budget): (u64, u64)| clock > started + budget || (fire && clock == started + budget);
        let over: Vec<u32> = self.budgets.iter().filter(|(_, at)| is_over(**at)).map(|(id, _)| *id).collect();
        for id in over {
            if !self.overdue.contains(&id) {
                self.overdue.push(id);
                self.world.use_up_budget(SnapshotId(id), &mut self.eyes);
            }
        }
        if fire && std::mem::take(&mut self.eyes.alarmed) && self.world.ready(Step::Alarm(self.operator)).is_ok() {
            self.apply(Step::Alarm(self.operator));
        }
    }

    fn arrive(&mut self, channel: ChannelId, item: Item) {
        match &mut self.held[channel.0 as usize] {
            Some(held) => held.push_back(item),
            None => self.let_in(channel, item),
        }
    }

    fn let_in(&mut self, channel: ChannelId, item: Item) {
        let element = self.element(&item);
        if self.case.script {
            return self.world.hand(channel, element, &mut self.eyes);
        }
        self.world.put(channel, element, &mut self.eyes);
        let Element::Barrier(barrier) = element else { return };
        if let (BarrierKind::Timed { .. }, false) = (barrier.kind, self.case.local[channel.0 as usize]) {
            self.eyes.urgent.push_back(Urgent::Announcement(channel, barrier.snapshot));
        }
        if self.case.mode != Mode::Tracker && !matches!(barrier.kind, BarrierKind::Unaligned { .. }) {
            self.held[channel.0 as usize] = Some(VecDeque::new());
        }
    }

    fn element(&mut self, item: &Item) -> Element {
        match item {
            Item::Record(name) => {
                self.eyes.names.push(name.clone());
                Element::Record(Record { name: self.eyes.names.len() as u64 - 1, key: 0, stamp: 0, value: 0 })
            }
            Item::Cancel(id) => Element::Cancel(SnapshotId(*id)),
            Item::End => Element::End,
            Item::Barrier { id, kind } => Element::Barrier(match *kind {
                Kind::Aligned => Barrier::aligned(SnapshotId(*id)),
                Kind::Unaligned { .. } => Barrier { snapshot: SnapshotId(*id), kind: BarrierKind::Unaligned { overtook: 0 } },
                Kind::Timeout { after_ms, stamp_ms } => {
                    self.budgets.entry(*id).or_insert((stamp_ms.unwrap_or(self.clock), after_ms));
                    self.look_at_the_clock(false);
                    Barrier::timed(SnapshotId(*id))
                }
            }),
        }
    }

    fn apply(&mut self, step: Step) {
        self.world.apply(step, &mut self.eyes);
        self.resume();
    }

    /// A sender goes on once its aligned barrier was taken and the channel is not blocked.
    fn resume(&mut self) {
        for at in 0..self.held.len() {
            let channel = ChannelId(at as u32);
            let has_barrier =
                self.world.contents(channel).any(|element| matches!(element, Element::Barrier(barrier) if !is_unaligned(barrier)));
            if has_barrier || self.eyes.blocked.get(&channel.0).copied().unwrap_or(false) {
                continue;
            }
            for item in self.held[at].take().into_iter().flatten() {
                self.arrive(channel, item);
            }
        }
    }

    fn drain(&mut self) {
        while self.poll() {}
    }

    /// Delivers one element: what is urgent first, else what came first.
    fn poll(&mut self) -> bool {
        for at in 0..self.eyes.urgent.len() {
            let step = match self.eyes.urgent[at] {
                Urgent::Announcement(channel, id) => Step::Announce(channel, id),
                Urgent::Barrier(channel) => Step::Deliver(channel),
            };
            if self.world.ready(step).is_ok() {
                self.eyes.urgent.remove(at);
                self.apply(step);
                return true;
            }
        }
        let channels = (0..self.case.channels).map(ChannelId).filter(|&channel| self.world.ready(Step::Deliver(channel)).is_ok());
        let first = channels.min_by_key(|&channel| self.world.data_stamp(channel).map_or(0, |stamp| stamp.0));
        if let Some(channel) = first {
            self.apply(Step::Deliver(channel));
        }
        first.is_some()
    }

    fn ran(self) -> Ran {
        let blocked = self.eyes.blocked.iter().filter(|(_, is_blocked)| **is_blocked).map(|(channel, _)| *channel).collect();
        let word = |element: Element| match element {
            Element::Record(record) => self.eyes.name(record.name),
            Element::Cancel(id) => format!("C{id}"),
            Element::EndOfData => "D".to_owned(),
            Element::End => "E".to_owned(),
            Element::Barrier(Barrier { snapshot, kind }) => match kind {
                BarrierKind::Unaligned { .. } => format!("B{snapshot}u"),
                BarrierKind::Timed { .. } => format!("B{snapshot}t"),
                BarrierKind::Aligned | BarrierKind::Counting { .. } => format!("B{snapshot}"),
            },
        };
        let mut undelivered = Vec::new();
        for (at, held) in self.held.iter().enumerate() {
            let channel = at as u32;
            undelivered.extend(self.world.contents(ChannelId(channel)).map(|element| (channel, word(element))));
            undelivered.extend(held.iter().flatten().map(|item| (channel, item.to_string())));
        }
        Ran { tokens: self.eyes.tokens, blocked, undelivered }
    }
}

fn is_unaligned(barrier: Barrier) -> bool {
    matches!(barrier.kind, BarrierKind::Unaligned { .. })
}
