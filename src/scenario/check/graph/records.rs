//! What the records are that an operator is sent, and how many.

use crate::kernel::Id;
use crate::model::{Dictionary, EdgeSpec, Fold, Kind, OperatorSpec, Partition, Plan, back_edges};
use crate::scenario::check::{Checker, pointer};
use crate::scenario::json::quoted;

/// The most different keys of a keyed operator.
const MAX_KEYS: u64 = 1_000_000;

/// The most records that any operator may send: each has a byte in every place that counts it.
const MAX_VOLUME: u128 = 1 << 27;

/// What the records on an edge are.
#[derive(Clone, Copy)]
struct Stuff {
    keys: Keys,
    /// Whether their values depend on the order of arrival.
    is_by_order: bool,
}

/// What keys mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// Numbers, up to this.
    Numbers(u64),
    Lines,
    Words,
}

impl Checker<'_> {
    /// Fills in what depends on other operators: a join's left side, a split's width.
    pub(super) fn finish_kinds(&mut self, specs: &mut [OperatorSpec], edges: &[EdgeSpec], dictionary: &Dictionary) {
        for spec in &mut *specs {
            if let Kind::FlatMap { fan, split: true } = &mut spec.kind {
                *fan = dictionary.longest_line().max(1) as u32;
            }
        }
        if !specs.iter().any(|spec| matches!(spec.kind, Kind::Join { .. })) {
            return;
        }
        // A join's left names are those of its first edge; a trial layout knows how many.
        let Ok(trial) = Plan::build(specs.to_vec(), edges.to_vec(), dictionary.clone()) else { return };
        for (index, spec) in specs.iter_mut().enumerate() {
            if let Kind::Join { left, .. } = &mut spec.kind {
                let first = edges.iter().find(|edge| edge.to.index() == index).expect("a join has inputs");
                let copies = if first.partition == Partition::Broadcast { u64::from(spec.parallelism) } else { 1 };
                *left = trial.operators()[first.from].names_out * copies;
            }
        }
    }

    /// Checks that every operator can make sense of what it is sent.
    pub(super) fn stuff(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        let mut sent: Vec<Option<Stuff>> = vec![None; specs.len()];
        let is_back = back_edges(specs, edges);
        // Without back edges the graph has no cycle, so one pass per operator settles everybody.
        for _ in 0..specs.len() {
            for (index, spec) in specs.iter().enumerate() {
                let into = edges.iter().zip(&is_back).filter(|(edge, is_back)| edge.to.index() == index && !**is_back);
                let arriving: Option<Vec<Stuff>> = into.map(|(edge, _)| sent[edge.from.index()]).collect();
                if let (None, Some(arriving)) = (sent[index], arriving) {
                    sent[index] = Some(self.stuff_of(spec, &arriving));
                }
            }
        }
    }

    /// How many records can reach each operator at the most, before anything is laid out for them.
    pub(super) fn volumes(&mut self, specs: &[OperatorSpec], edges: &[EdgeSpec]) {
        let mut sent: Vec<Option<u128>> = vec![None; specs.len()];
        let is_back = back_edges(specs, edges);
        for _ in 0..specs.len() {
            for (index, spec) in specs.iter().enumerate() {
                let copies = |edge: &EdgeSpec| if edge.partition == Partition::Broadcast { u128::from(spec.parallelism) } else { 1 };
                let into = edges.iter().zip(&is_back).filter(|(edge, is_back)| edge.to.index() == index && !**is_back);
                let arriving: Option<Vec<u128>> = into.map(|(edge, _)| sent[edge.from.index()].map(|count| count * copies(edge))).collect();
                if let (None, Some(arriving)) = (sent[index], arriving) {
                    sent[index] = Some(self.volume(spec, &arriving));
                }
            }
        }
    }

    fn volume(&mut self, spec: &OperatorSpec, arriving: &[u128]) -> u128 {
        let total: u128 = arriving.iter().sum();
        let sent = match spec.kind {
            Kind::Source { records, .. } => u128::from(records),
            Kind::FlatMap { fan, .. } => total * u128::from(fan),
            Kind::Iterate { rounds } => total * (u128::from(rounds) + 1),
            // Every pair of records that share a key; without "keys" each side has a key once.
            Kind::Join { keys: Some(keys), .. } => arriving.iter().product::<u128>() / u128::from(keys),
            _ => total,
        };
        if sent > MAX_VOLUME {
            let place = pointer(&["operators", &spec.name]);
            let message = format!("{} would send about {sent} records; at most {MAX_VOLUME} can be followed", quoted(&spec.name));
            self.mistake(&place, message, Some("use fewer records, or more keys".to_owned()));
        }
        sent.min(MAX_VOLUME)
    }

    fn stuff_of(&mut self, spec: &OperatorSpec, arriving: &[Stuff]) -> Stuff {
        let place = pointer(&["operators", &spec.name, "kind"]);
        let name = &spec.name;
        let largest = |stuff: &Stuff| if let Keys::Numbers(largest) = stuff.keys { Some(largest) } else { None };
        let top = arriving.iter().filter_map(largest).max().unwrap_or(0);
        let text = arriving.iter().map(|stuff| stuff.keys).find(|keys| matches!(keys, Keys::Lines | Keys::Words));
        if text.is_some() && arriving.iter().any(|stuff| Some(stuff.keys) != text) {
            self.mistake(&place, format!("\"{name}\" is sent text and something else; their keys mean different things"), None);
        }
        let (keys, is_by_order) = (text.unwrap_or(Keys::Numbers(top)), arriving.iter().any(|stuff| stuff.is_by_order));
        match spec.kind {
            Kind::Source { first_line: Some(_), .. } => Stuff { keys: Keys::Lines, is_by_order },
            Kind::Source { records, .. } => Stuff { keys: Keys::Numbers(records), is_by_order },
            Kind::FlatMap { split: true, .. } => {
                if text != Some(Keys::Lines) {
                    let help = "it must be sent the lines of a file source".to_owned();
                    self.mistake(&place, format!("\"{name}\" splits lines into words and is not sent any"), Some(help));
                }
                Stuff { keys: Keys::Words, is_by_order: false }
            }
            Kind::Filter { .. } if is_by_order => {
                let message = format!("\"{name}\" would filter by values that depend on the order of arrival, so no run could be judged");
                self.mistake(&place, message, Some("filter before the keyed operator".to_owned()));
                Stuff { keys, is_by_order }
            }
            // What a record's value is after some rounds is nothing that later operators may go by.
            Kind::Iterate { .. } => {
                if top > MAX_KEYS {
                    self.mistake(&place, format!("\"{name}\" would have up to {top} keys; at most {MAX_KEYS}"), None);
                }
                Stuff { keys, is_by_order: true }
            }
            Kind::Keyed { keys: modulo, .. } | Kind::Join { keys: modulo, .. } => {
                if modulo.is_none() && top > MAX_KEYS {
                    let help = format!("give \"keys\", at most {MAX_KEYS}");
                    self.mistake(&place, format!("\"{name}\" would have up to {top} keys"), Some(help));
                }
                // A latest value is a record's own.
                let is_own = matches!(spec.kind, Kind::Keyed { fold: Fold::Latest, .. });
                Stuff { keys: modulo.map_or(keys, |keys| Keys::Numbers(u64::from(keys))), is_by_order: is_by_order || !is_own }
            }
            _ => Stuff { keys, is_by_order },
        }
    }
}
