//! What passed between tasks, and between tasks and coordinator: each message with the fact that sent it and
//! the fact that took it. Arrows of every picture and every export are these.

use std::collections::VecDeque;

use crate::kernel::IdVec;
use crate::model::{ChannelId, Plan, SnapshotId, TaskId};
use crate::scenario::Happened;
use crate::trace::Fact;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A record, under its sender's name.
    Record(u64),
    /// A barrier or marker.
    Barrier(SnapshotId),
    /// Word that a snapshot is given up, in band.
    Cancel(SnapshotId),
    /// The end of a channel.
    End,
    /// The coordinator asks a task to start a snapshot.
    Trigger(SnapshotId),
    /// A task's ack.
    Ack(SnapshotId),
    /// Word from the coordinator that a snapshot is complete or given up.
    Notice(SnapshotId),
}

impl Content {
    /// The words of [`word`](Self::word), in a fixed order.
    pub const WORDS: [&str; 7] = ["record", "barrier", "cancel", "end", "trigger", "ack", "notice"];

    /// The place of the kind's word in [`WORDS`](Self::WORDS).
    pub fn kind(self) -> usize {
        match self {
            Content::Record(_) => 0,
            Content::Barrier(_) => 1,
            Content::Cancel(_) => 2,
            Content::End => 3,
            Content::Trigger(_) => 4,
            Content::Ack(_) => 5,
            Content::Notice(_) => 6,
        }
    }

    /// The word used in documents.
    pub fn word(self) -> &'static str {
        Content::WORDS[self.kind()]
    }

    /// The snapshot it is about.
    pub fn snapshot(self) -> Option<SnapshotId> {
        match self {
            Content::Record(_) | Content::End => None,
            Content::Barrier(id) | Content::Cancel(id) | Content::Trigger(id) | Content::Ack(id) | Content::Notice(id) => Some(id),
        }
    }

    /// Whether it passes between the coordinator and a task.
    pub fn is_control(self) -> bool {
        matches!(self, Content::Trigger(_) | Content::Ack(_) | Content::Notice(_))
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub content: Content,
    /// The channel it passed through; none to and from the coordinator.
    pub channel: Option<ChannelId>,
    /// Who sent it; the coordinator, if none. What a restore puts back into a channel comes from the coordinator.
    pub from: Option<TaskId>,
    /// Whom it was sent to; the coordinator, if none.
    pub to: Option<TaskId>,
    /// The fact that sent it, by its place in the recording.
    pub sent: usize,
    /// The fact that took it; none when it was thrown away, is lost, or is still there.
    pub received: Option<usize>,
}

/// The messages of a run in the order in which they were sent. Of those to and from the coordinator only
/// those that arrived: of others no fact says where they went.
pub fn messages(plan: &Plan, facts: &[Happened]) -> Vec<Message> {
    let mut post =
        Post { plan, messages: Vec::new(), under_way: plan.channels().ids().map(|_| VecDeque::new()).collect(), control: Vec::new() };
    for (at, happened) in facts.iter().enumerate() {
        post.fact(at, happened.fact);
    }
    post.messages.sort_by_key(|message| message.sent);
    post.messages
}

struct Post<'p> {
    plan: &'p Plan,
    messages: Vec<Message>,
    /// By channel: messages by number.
    under_way: IdVec<ChannelId, VecDeque<usize>>,
    /// What the coordinator or a task has said and what may have been heard.
    control: Vec<(Option<TaskId>, Content, usize)>,
}

impl Post<'_> {
    fn fact(&mut self, at: usize, fact: Fact) {
        match fact {
            Fact::Sent { channel, name, .. } => self.send(at, channel, Content::Record(name), false),
            Fact::BarrierSent { channel, snapshot } => self.send(at, channel, Content::Barrier(snapshot), false),
            Fact::CancelSent { channel, snapshot } => self.send(at, channel, Content::Cancel(snapshot), false),
            Fact::EndSent { channel } => self.send(at, channel, Content::End, false),
            Fact::Reinstated { channel, name, .. } => self.send(at, channel, Content::Record(name), true),
            Fact::Received { channel, name, .. } => self.receive(at, channel, Content::Record(name)),
            Fact::BarrierReceived { channel, snapshot } => self.receive(at, channel, Content::Barrier(snapshot)),
            Fact::CancelReceived { channel, snapshot } => self.receive(at, channel, Content::Cancel(snapshot)),
            Fact::InputEnded { channel } => self.receive(at, channel, Content::End),
            Fact::Cleared { channel, .. } => self.under_way[channel].clear(),
            Fact::Triggered { snapshot } => self.control.push((None, Content::Trigger(snapshot), at)),
            Fact::Completed { snapshot } | Fact::Aborted { snapshot, .. } => self.control.push((None, Content::Notice(snapshot), at)),
            Fact::Uploaded { task, snapshot } => self.control.push((Some(task), Content::Ack(snapshot), at)),
            Fact::TriggerReceived { task, snapshot } => self.hear(at, None, Some(task), Content::Trigger(snapshot)),
            Fact::Notified { task, snapshot } | Fact::AbortHeard { task, snapshot } => {
                self.hear(at, None, Some(task), Content::Notice(snapshot));
            }
            Fact::Acked { task, snapshot } | Fact::AckIgnored { task, snapshot } => {
                self.hear(at, Some(task), None, Content::Ack(snapshot));
            }
            _ => {}
        }
    }

    fn send(&mut self, at: usize, channel: ChannelId, content: Content, is_restored: bool) {
        let ends = &self.plan.channels()[channel];
        self.under_way[channel].push_back(self.messages.len());
        self.messages.push(Message {
            content,
            channel: Some(channel),
            from: (!is_restored).then_some(ends.from),
            to: Some(ends.to),
            sent: at,
            received: None,
        });
    }

    /// The oldest of that kind and name: a barrier may have gone ahead of records, and records of others.
    fn receive(&mut self, at: usize, channel: ChannelId, content: Content) {
        let under_way = &mut self.under_way[channel];
        let Some(place) = under_way.iter().position(|&message| self.messages[message].content == content) else { return };
        if let Some(message) = under_way.remove(place) {
            self.messages[message].received = Some(at);
        }
    }

    /// What is said to several is heard several times, an ack only once, the latest one first.
    fn hear(&mut self, at: usize, from: Option<TaskId>, to: Option<TaskId>, content: Content) {
        let Some(&(_, _, sent)) = self.control.iter().rev().find(|(who, what, _)| (*who, *what) == (from, content)) else { return };
        self.messages.push(Message { content, channel: None, from, to, sent, received: Some(at) });
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::scenario::{Recording, Scenario};

    /// Two records of one source, by these steps; messages as `what from->to sent->received`, by step.
    fn check(protocol: &str, schedule: &str, expected: Expect) {
        let scenario = format!(
            r#"{{
              "title": "two records",
              "operators": {{"a": {{"kind": "source", "records": 2}}, "count": {{"kind": "keyed_count"}}}},
              "channels": [{{"from": "a", "to": "count"}}],
              "snapshots": {{"protocol": "{protocol}"}},
              "schedule": {schedule}
            }}"#
        );
        let scenario = Scenario::from_json(&scenario).expect("a valid scenario");
        let recording = Recording::of(&scenario, scenario.world(), usize::MAX);
        let plan = scenario.plan();
        let name = |task: Option<TaskId>| task.map_or("coordinator".to_owned(), |task| plan.task_name(task));
        let step = |fact: usize| recording.facts[fact].step;
        let line = |message: &Message| {
            let received = message.received.map_or("never".to_owned(), |fact| step(fact).to_string());
            format!("{} {}->{} {}->{received}\n", message.content.word(), name(message.from), name(message.to), step(message.sent))
        };
        expected.assert_eq(&messages(plan, &recording.facts).iter().map(line).collect::<String>());
    }

    #[test]
    fn what_is_sent_is_received_and_heard() {
        check(
            "aligned",
            r#"["emit a", "trigger", "emit a", "deliver a->count"]"#,
            expect![[r#"
                record a->count 2->9
                trigger coordinator->a 3->4
                barrier a->count 4->10
                ack a->coordinator 5->6
                record a->count 7->14
                ack count->coordinator 11->12
                trigger coordinator->a 16->17
                barrier a->count 17->20
                ack a->coordinator 18->19
                ack count->coordinator 21->22
            "#]],
        );
    }

    #[test]
    fn a_barrier_that_goes_ahead_is_received_first() {
        check(
            "unaligned",
            r#"["emit a", "trigger", "deliver a->count"]"#,
            expect![[r#"
                record a->count 2->11
                trigger coordinator->a 3->4
                barrier a->count 4->7
                ack a->coordinator 5->6
                ack count->coordinator 8->9
                record a->count 12->14
                trigger coordinator->a 16->17
                barrier a->count 17->20
                ack a->coordinator 18->19
                ack count->coordinator 21->22
            "#]],
        );
    }

    #[test]
    fn what_a_crash_throws_away_is_never_received() {
        check(
            "aligned",
            r#"["emit a", "crash count"]"#,
            expect![[r#"
                record a->count 2->never
                record a->count 8->9
                record a->count 10->12
                trigger coordinator->a 14->15
                barrier a->count 15->18
                ack a->coordinator 16->17
                ack count->coordinator 19->20
            "#]],
        );
    }
}
