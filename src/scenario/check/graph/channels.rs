//! Channels, one by one.

use std::collections::BTreeMap;

use crate::kernel::{Delay, Id, Ticks};
use crate::model::{EdgeSpec, OperatorId, OperatorSpec, Partition};
use crate::scenario::check::{Checker, list, nearest};
use crate::scenario::format::{ChannelFile, OrderFile, PartitionFile};
use crate::scenario::json::quoted;

/// The times of all channels, edge by edge.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    pub delays: Vec<Delay>,
    pub listed: BTreeMap<u32, Vec<Ticks>>,
}

impl Checker<'_> {
    /// The channels of the file, each with its number.
    pub(super) fn channels(&mut self, names: &[String]) -> Vec<(usize, ChannelFile)> {
        let mut channels = Vec::new();
        self.has_all_channels = !self.file.is_doubtful("/channels");
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for at in 0..self.length("/channels") {
            let place = format!("/channels/{at}");
            let Some(channel) = self.read::<ChannelFile>(&place) else {
                self.has_all_channels = false;
                continue;
            };
            let ends =
                [("from", &channel.from), ("to", &channel.to)].map(|(field, name)| self.end(names, &format!("{place}/{field}"), name));
            self.has_all_channels &= ends == [true, true];
            if seen.insert((channel.from.clone(), channel.to.clone()), at).is_some() && ends == [true, true] {
                let message = format!("there is a second channel from {} to {}", quoted(&channel.from), quoted(&channel.to));
                self.mistake(&place, message, Some("take one of them away".to_owned()));
            }
            channels.push((at, channel));
        }
        channels
    }

    /// Whether an end of a channel is certain to be at an operator.
    fn end(&mut self, names: &[String], place: &str, name: &str) -> bool {
        let is_there = names.iter().any(|other| other == name);
        if !is_there && !self.file.is_doubtful("/operators") {
            let names = || names.iter().map(String::as_str);
            let help = nearest(name, names()).unwrap_or_else(|| list(names()));
            self.mistake(place, format!("there is no operator {}", quoted(name)), Some(help));
        }
        is_there && self.file.is_certain(place)
    }

    pub(super) fn edges(&mut self, specs: &[OperatorSpec], channels: &[(usize, ChannelFile)]) -> (Vec<EdgeSpec>, Ways) {
        let find = |name: &str| specs.iter().position(|spec| spec.name == name);
        let (mut edges, mut ways) = (Vec::new(), Ways::default());
        for (at, channel) in channels {
            let place = format!("/channels/{at}");
            let delay = self.delay(&format!("{place}/delay"), channel.delay.as_ref());
            let listed: Vec<Ticks> = channel.delays.iter().map(|delay| delay.ticks()).collect();
            let (Some(from), Some(to)) = (find(&channel.from), find(&channel.to)) else { continue };
            let partition = self.partition(*at, channel, &specs[from], &specs[to]);
            if !listed.is_empty() {
                ways.listed.insert(edges.len() as u32, listed);
            }
            ways.delays.push(delay);
            let capacity = channel.capacity.unwrap_or(u32::MAX);
            let is_fifo = channel.order != Some(OrderFile::Any);
            edges.push(EdgeSpec { from: OperatorId::from_index(from), to: OperatorId::from_index(to), partition, capacity, is_fifo });
        }
        (edges, ways)
    }

    fn partition(&mut self, at: usize, channel: &ChannelFile, from: &OperatorSpec, to: &OperatorSpec) -> Partition {
        let is_equal = from.parallelism == to.parallelism;
        let place = format!("/channels/{at}/partition");
        match channel.partition.filter(|_| self.file.is_certain(&place)) {
            Some(PartitionFile::Hash) => Partition::Hash,
            Some(PartitionFile::Rebalance) => Partition::Rebalance,
            Some(PartitionFile::Broadcast) => Partition::Broadcast,
            Some(PartitionFile::Forward) => {
                if !is_equal && [from, to].iter().all(|end| !self.unknown.contains(&end.name)) {
                    let message = format!(
                        "a forward channel joins equal parallelisms, but \"{}\" has {} and \"{}\" has {}",
                        from.name, from.parallelism, to.name, to.parallelism
                    );
                    let help = "use \"rebalance\" or \"hash\", or give both the same parallelism".to_owned();
                    self.mistake(&place, message, Some(help));
                }
                Partition::Forward
            }
            None if to.kind.is_stateful() => Partition::Hash,
            None if is_equal => Partition::Forward,
            None => Partition::Rebalance,
        }
    }
}
