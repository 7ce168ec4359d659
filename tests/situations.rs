//! Situations, counted from facts that are written down by hand: what reaches them, and what is close and does not.

mod common;

use common::{Recorder, scenario};
use cutline::Scenario;
use cutline::model::{ChannelId, Plan, SnapshotId, TaskId};
use cutline::trace::{Fact, Reason, Refusal, Situation, Situations};

/// Two sources into a count, and behind it a sink that commits.
fn join() -> Scenario {
    scenario(
        r#"{
          "title": "two sources",
          "operators": {
            "A": {"kind": "source", "records": 2},
            "B": {"kind": "source", "records": 2},
            "count": {"kind": "keyed_count"},
            "out": {"kind": "sink", "commit": "two_phase"}
          },
          "channels": [{"from": "A", "to": "count"}, {"from": "B", "to": "count"}, {"from": "count", "to": "out"}],
          "snapshots": {"protocol": "aligned", "at": ["1ms"]},
          "faults": [{"crash": "count", "at": "1500us"}]
        }"#,
    )
}

const A: TaskId = TaskId(0);
const B: TaskId = TaskId(1);
const COUNT: TaskId = TaskId(2);
const OUT: TaskId = TaskId(3);
const FROM_A: ChannelId = ChannelId(0);
const FROM_B: ChannelId = ChannelId(1);

fn triggered(id: u32) -> Fact {
    Fact::Triggered { snapshot: SnapshotId(id) }
}
fn barrier(channel: ChannelId, id: u32) -> Fact {
    Fact::BarrierReceived { channel, snapshot: SnapshotId(id) }
}
fn received(channel: ChannelId) -> Fact {
    Fact::Received { channel, name: 0, value: 0 }
}
fn saved(task: TaskId, id: u32) -> Fact {
    Fact::Saved { task, snapshot: SnapshotId(id), entries: 0, digest: 0 }
}
fn record_saved(channel: ChannelId, id: u32) -> Fact {
    Fact::RecordSaved { channel, snapshot: SnapshotId(id), name: 0, value: 0 }
}
fn declined(task: TaskId, id: u32, why: Refusal) -> Fact {
    Fact::Declined { task, snapshot: SnapshotId(id), why }
}
fn abort_heard(task: TaskId, id: u32) -> Fact {
    Fact::AbortHeard { task, snapshot: SnapshotId(id) }
}
fn completed(id: u32) -> Fact {
    Fact::Completed { snapshot: SnapshotId(id) }
}
fn aborted(id: u32) -> Fact {
    Fact::Aborted { snapshot: SnapshotId(id), reason: Reason::Timeout }
}
fn prepared(id: u32) -> Fact {
    Fact::Prepared { task: OUT, snapshot: SnapshotId(id) }
}
fn notified(id: u32) -> Fact {
    Fact::Notified { task: OUT, snapshot: SnapshotId(id) }
}
fn told(id: u32) -> Fact {
    Fact::TriggerReceived { task: A, snapshot: SnapshotId(id) }
}
fn repeated(task: TaskId, id: u32) -> Fact {
    Fact::NoticeRepeated { task, snapshot: SnapshotId(id) }
}
fn lost(task: TaskId, id: u32) -> Fact {
    Fact::NoticeLost { task, snapshot: SnapshotId(id) }
}
fn committed(id: u32) -> Fact {
    Fact::Committed { task: OUT, snapshot: SnapshotId(id), again: false }
}
fn crashed(task: TaskId) -> Fact {
    Fact::Crashed { task }
}
fn restoring(id: u32) -> Fact {
    Fact::Restoring { snapshot: Some(SnapshotId(id)) }
}
fn restored(task: TaskId) -> Fact {
    Fact::Restored { task, snapshot: None, digest: 0 }
}

fn fold(plan: &Plan, situations: &mut Situations, facts: &[Fact]) {
    facts.iter().for_each(|&fact| situations.fact(plan, fact));
}

/// What the facts reach of the situations named, in their order.
#[track_caller]
fn check<const N: usize>(facts: &[Fact], expected: [(Situation, u64); N]) {
    let world = join().world();
    let mut situations = Situations::new(world.plan());
    fold(world.plan(), &mut situations, facts);
    assert_eq!(expected.map(|(situation, _)| (situation, situations.count(situation))), expected);
}

#[test]
fn records_taken_between_the_first_barrier_and_the_copy() {
    use Situation::{RecordSlippedIntoSnapshot, RecordTakenWhileAligning};
    let begun = [triggered(1), received(FROM_A), barrier(FROM_A, 1), received(FROM_B), received(FROM_B), received(FROM_A)];
    let ends = |facts: &[Fact]| [&begun, facts].concat();
    check(&begun, [(RecordTakenWhileAligning, 2), (RecordSlippedIntoSnapshot, 1)]);
    for end in [&[barrier(FROM_B, 1), saved(COUNT, 1)][..], &[saved(COUNT, 1)], &[declined(COUNT, 1, Refusal::Cancelled)], &[aborted(1)]] {
        let facts = [&ends(end)[..], &[received(FROM_A), received(FROM_B)]].concat();
        check(&facts, [(RecordTakenWhileAligning, 2), (RecordSlippedIntoSnapshot, 1)]);
    }
    // The new attempt waits for nothing.
    let again = ends(&[crashed(COUNT), Fact::Failover, restoring(0), received(FROM_A), received(FROM_B)]);
    check(&again, [(RecordTakenWhileAligning, 2), (RecordSlippedIntoSnapshot, 1)]);
}

#[test]
fn a_newer_barrier_in_an_open_alignment() {
    use Situation::{ObsoleteBarrierReceived, SnapshotsInterleaved};
    let two = [triggered(1), triggered(2)];
    let facts = |facts: &[Fact]| [&two, facts].concat();
    check(&facts(&[barrier(FROM_A, 1), barrier(FROM_B, 2)]), [(SnapshotsInterleaved, 1), (ObsoleteBarrierReceived, 0)]);
    // All barriers of the first were in, though its word of abort kept the task from saving.
    check(&facts(&[barrier(FROM_A, 1), barrier(FROM_B, 1), barrier(FROM_A, 2)]), [(SnapshotsInterleaved, 0)]);
    // The end of an input takes the place of its barrier, once.
    let end = |channel| Fact::InputEnded { channel };
    check(&facts(&[barrier(FROM_A, 1), end(FROM_B), barrier(FROM_A, 2)]), [(SnapshotsInterleaved, 0)]);
    check(&facts(&[barrier(FROM_A, 1), end(FROM_A), barrier(FROM_B, 2)]), [(SnapshotsInterleaved, 1)]);
    check(&[triggered(1), aborted(1), barrier(FROM_A, 1)], [(ObsoleteBarrierReceived, 1)]);
}

#[test]
fn an_end_as_the_last_that_is_waited_for() {
    use Situation::EndCompletedAlignment;
    let end = |channel| Fact::InputEnded { channel };
    check(&[triggered(1), barrier(FROM_A, 1), end(FROM_B), saved(COUNT, 1)], [(EndCompletedAlignment, 1)]);
    // Its own barrier had come before.
    check(&[triggered(1), barrier(FROM_A, 1), end(FROM_A), barrier(FROM_B, 1), saved(COUNT, 1)], [(EndCompletedAlignment, 0)]);
    // Nothing was saved at that end, and the next copy is another one's.
    let later = [barrier(FROM_A, 1), end(FROM_B), triggered(2), barrier(FROM_A, 2), saved(COUNT, 2)];
    check(&[&[triggered(1)], &later[..]].concat(), [(EndCompletedAlignment, 0)]);
}

#[test]
fn word_of_an_abort_before_in_and_after_the_alignment() {
    use Situation::{AbortHeardBeforeStart, AbortHeardWhileAligning};
    let told = |before: &[Fact]| [&[triggered(1)], before, &[abort_heard(COUNT, 1)]].concat();
    check(&told(&[]), [(AbortHeardBeforeStart, 1), (AbortHeardWhileAligning, 0)]);
    check(&told(&[barrier(FROM_A, 1)]), [(AbortHeardBeforeStart, 0), (AbortHeardWhileAligning, 1)]);
    for settled in [[barrier(FROM_A, 1), saved(COUNT, 1)], [barrier(FROM_A, 1), declined(COUNT, 1, Refusal::Cancelled)]] {
        check(&told(&settled), [(AbortHeardBeforeStart, 0), (AbortHeardWhileAligning, 0)]);
    }
    check(&told(&[triggered(2), barrier(FROM_A, 2)]), [(AbortHeardBeforeStart, 0), (AbortHeardWhileAligning, 0)]);
}

#[test]
fn an_alignment_that_goes_on_unaligned() {
    use Situation::AlignmentTurnedUnaligned;
    let (blocked, unblocked) = (Fact::Blocked { channel: FROM_A }, Fact::Unblocked { channel: FROM_A });
    let begun = [triggered(1), barrier(FROM_A, 1), blocked];
    let turned = [&begun[..], &[saved(COUNT, 1), barrier(FROM_B, 1), unblocked]].concat();
    check(&turned, [(AlignmentTurnedUnaligned, 1)]);
    let aligned = [&begun[..], &[barrier(FROM_B, 1), saved(COUNT, 1), unblocked]].concat();
    check(&aligned, [(AlignmentTurnedUnaligned, 0)]);
    // Blocked for another one.
    let other = [triggered(1), triggered(2), saved(COUNT, 1), barrier(FROM_A, 2), blocked, barrier(FROM_B, 1)];
    check(&other, [(AlignmentTurnedUnaligned, 0)]);
}

#[test]
fn channel_contents_over_a_restore() {
    use Situation::{ChannelStateRestored, CompletedWithChannelState, CrashWithChannelStatePending, RestoredRecordsSavedAgain};
    let back = Fact::Reinstated { channel: FROM_B, name: 0, value: 0 };
    let first =
        [triggered(1), record_saved(FROM_B, 1), record_saved(FROM_B, 1), completed(1), crashed(COUNT), Fact::Failover, restoring(1)];
    let first = [&first[..], &[back, back, triggered(2)]].concat();
    let expect = |again| {
        [(ChannelStateRestored, 2), (CompletedWithChannelState, 1), (CrashWithChannelStatePending, 0), (RestoredRecordsSavedAgain, again)]
    };
    let then = |facts: &[Fact]| [&first[..], facts].concat();
    check(&then(&[record_saved(FROM_A, 2)]), expect(0));
    check(&then(&[record_saved(FROM_B, 2), record_saved(FROM_B, 2)]), expect(1));
    check(&then(&[record_saved(FROM_B, 2), received(FROM_B), triggered(3), record_saved(FROM_B, 3)]), expect(2));
    check(&then(&[received(FROM_B), received(FROM_B), record_saved(FROM_B, 2)]), expect(0));
    check(&then(&[record_saved(FROM_B, 2), crashed(A)])[..], [(CrashWithChannelStatePending, 1)]);
    check(&then(&[record_saved(FROM_B, 2), aborted(2), crashed(A)])[..], [(CrashWithChannelStatePending, 0)]);
}

#[test]
fn what_a_notice_or_a_restore_commits() {
    use Situation::{AbortedTransactionCommitted, CommittedByRestore, CompletionLost, CrashBetweenPrepareAndCommit, LostNoticeMadeGood};
    let expect = |lost, void, restore| [(LostNoticeMadeGood, lost), (AbortedTransactionCommitted, void), (CommittedByRestore, restore)];
    let second = [triggered(2), prepared(2), completed(2), notified(2), committed(1), committed(2)];
    let after = |facts: &[Fact], then: &[Fact]| [&[triggered(1), prepared(1)], facts, then].concat();
    check(&after(&[completed(1), lost(OUT, 1)], &second), expect(1, 0, 0));
    check(&after(&[aborted(1)], &second), expect(0, 1, 0));
    check(&after(&[completed(1), notified(1), committed(1)], &second[..4]), expect(0, 0, 0));
    let restart = [crashed(OUT), Fact::Failover, restoring(1), restored(OUT), committed(1), Fact::Resumed];
    check(
        &after(&[completed(1), lost(OUT, 1)], &restart),
        [(CommittedByRestore, 1), (CompletionLost, 1), (CrashBetweenPrepareAndCommit, 1)],
    );
    // What is committed is not lost with the sink, nor with the one that dies after it was restored.
    check(&after(&[completed(1), notified(1), committed(1)], &[crashed(OUT)]), [(CrashBetweenPrepareAndCommit, 0)]);
    check(&[&after(&[completed(1)], &restart)[..], &[crashed(OUT)]].concat(), [(CrashBetweenPrepareAndCommit, 1)]);
}

#[test]
fn messages_that_come_twice_or_late() {
    use Situation::{CompletionHeardAgain, CrashBetweenCompletionAndNotice, NoticeRepeated, OldCompletionHeard, OldTriggerHeard};
    check(&[triggered(1), told(1), triggered(2), told(2)], [(OldTriggerHeard, 0)]);
    check(&[triggered(1), repeated(A, 1), told(1), told(1)], [(NoticeRepeated, 1), (OldTriggerHeard, 1)]);
    check(&[triggered(1), told(1), triggered(2), told(2), told(1)], [(OldTriggerHeard, 1)]);
    // What an earlier attempt was told is forgotten.
    check(&[triggered(1), told(1), crashed(A), restored(A), told(1)], [(OldTriggerHeard, 0)]);
    let both = [triggered(1), completed(1), triggered(2), completed(2)];
    let told_of = |ids: &[u32]| [&both[..], &ids.iter().map(|id| notified(*id)).collect::<Vec<_>>()].concat();
    check(&told_of(&[1, 2]), [(CompletionHeardAgain, 0), (OldCompletionHeard, 0)]);
    check(&told_of(&[1, 2, 2]), [(CompletionHeardAgain, 1), (OldCompletionHeard, 0)]);
    check(&told_of(&[2, 1]), [(CompletionHeardAgain, 0), (OldCompletionHeard, 1)]);
    // The copy is under way, too.
    let copied = [triggered(1), completed(1), repeated(OUT, 1), notified(1), crashed(A)];
    check(&copied, [(CrashBetweenCompletionAndNotice, 1)]);
}

#[test]
fn lost_messages_by_what_they_said() {
    use Situation::{CompletionLost, CrashBetweenCompletionAndNotice, NoticeLost, TriggerLost};
    check(&[triggered(1), lost(A, 1)], [(NoticeLost, 1), (TriggerLost, 1), (CompletionLost, 0)]);
    check(&[triggered(1), aborted(1), lost(A, 1)], [(NoticeLost, 1), (TriggerLost, 0), (CompletionLost, 0)]);
    let facts = [triggered(1), completed(1), triggered(2), aborted(2), lost(OUT, 1), crashed(A)];
    // Lost is not under way.
    check(&facts, [(NoticeLost, 1), (TriggerLost, 0), (CompletionLost, 1), (CrashBetweenCompletionAndNotice, 0)]);
    // One of two has arrived.
    let facts = [triggered(1), completed(1), triggered(2), completed(2), notified(1), crashed(A)];
    check(&facts, [(CrashBetweenCompletionAndNotice, 1)]);
}

#[test]
fn parts_that_are_dropped_or_refused_are_not_being_saved() {
    use Situation::{CrashBetweenSaveAndAck, LateDecline, PartialSnapshotDiscarded, UploadFailed, UploadOrphaned};
    let dies = |facts: &[Fact]| [&[triggered(1), saved(COUNT, 1)], facts, &[crashed(COUNT)]].concat();
    let uploaded = Fact::Uploaded { task: COUNT, snapshot: SnapshotId(1) };
    check(&dies(&[]), [(CrashBetweenSaveAndAck, 1)]);
    check(&dies(&[uploaded]), [(CrashBetweenSaveAndAck, 0), (UploadOrphaned, 0)]);
    check(&dies(&[uploaded, aborted(1)]), [(PartialSnapshotDiscarded, 1), (UploadOrphaned, 0)]);
    check(&dies(&[aborted(1), uploaded]), [(PartialSnapshotDiscarded, 0), (UploadOrphaned, 1)]);
    check(&dies(&[declined(COUNT, 1, Refusal::Failed)]), [(CrashBetweenSaveAndAck, 0), (UploadFailed, 1), (LateDecline, 0)]);
    check(&dies(&[aborted(1), declined(COUNT, 1, Refusal::Subsumed)]), [(CrashBetweenSaveAndAck, 0), (UploadFailed, 0), (LateDecline, 1)]);
    check(&dies(&[Fact::PartDropped { task: COUNT, snapshot: SnapshotId(1) }]), [(CrashBetweenSaveAndAck, 0)]);
}

#[test]
fn deaths_and_what_they_meet() {
    use Situation::{CompletedWithTaskDown, CrashBeforeDetection, CrashBetweenAckAndCompletion, FailoverBySnapshotFailures};
    let all_acked = Fact::AllAcked { snapshot: SnapshotId(1) };
    let two = [triggered(1), triggered(2), all_acked];
    let facts = [&two[..], &[crashed(COUNT), completed(1), crashed(A), Fact::Failover]].concat();
    let expect = |acked, down, second, alone| {
        let (acked, down) = ((CrashBetweenAckAndCompletion, acked), (CompletedWithTaskDown, down));
        [acked, down, (CrashBeforeDetection, second), (FailoverBySnapshotFailures, alone)]
    };
    check(&facts, expect(1, 1, 1, 0));
    check(&[&facts[..], &[crashed(A), Fact::Failover, Fact::Failover]].concat(), expect(1, 1, 1, 1));
    // Given up though all acks were in, while another one goes on.
    check(&[&two[..], &[aborted(1), crashed(COUNT)]].concat(), expect(0, 0, 0, 0));
}

#[test]
fn restores_again_and_of_what_was_restored() {
    use Situation::{RestoredAgain, RestoredSecondGeneration};
    let expect = |again, second| [(RestoredAgain, again), (RestoredSecondGeneration, second)];
    let restart = |id| [Fact::Failover, restoring(id)];
    let first = [&[triggered(1), completed(1)], &restart(1)[..]].concat();
    check(&first, expect(0, 0));
    check(&[&first[..], &restart(1)].concat(), expect(1, 0));
    let second = [&first[..], &[triggered(2), completed(2)], &restart(2)].concat();
    check(&second, expect(0, 1));
    check(&[&second[..], &restart(2)].concat(), expect(1, 2));
    // A start from nothing is no generation.
    let nothing = [Fact::Failover, Fact::Restoring { snapshot: None }, Fact::Failover, Fact::Restoring { snapshot: None }];
    check(&[&nothing[..], &[triggered(1), completed(1)], &restart(1)].concat(), expect(0, 0));
}

#[test]
fn the_end_of_the_data() {
    use Situation::{CrashAfterFinish, CrashAfterLastRecord, FinalSnapshotRepeated, FinishedTaskNoted, FinishedTaskRestored};
    let exhausted = |task| Fact::Exhausted { task };
    let expect = |repeated, last, over| [(FinalSnapshotRepeated, repeated), (CrashAfterLastRecord, last), (CrashAfterFinish, over)];
    let one = [triggered(1), completed(1)];
    let tasks: Vec<Fact> = join().plan().tasks().ids().map(exhausted).collect();
    let drained = &tasks[..];
    check(&[&one[..], drained, &[triggered(2), aborted(2), triggered(3), crashed(A)]].concat(), expect(1, 1, 0));
    // The one before was no last one, or did not fail.
    check(&[drained, &[triggered(2), completed(2), triggered(3)]].concat(), expect(0, 0, 0));
    check(&[&[triggered(1)][..], drained, &[aborted(1), triggered(2)]].concat(), expect(0, 0, 0));
    // The sources' end is enough for a late crash.
    check(&[exhausted(A), exhausted(B), crashed(A)], expect(0, 1, 0));
    check(&[&drained[..1], &[crashed(A)]].concat(), expect(0, 0, 0));
    check(&[drained, &[Fact::Finished, crashed(A), Fact::Failover, crashed(A)]].concat(), expect(0, 0, 1));
    let finished = Fact::TaskFinished { task: A };
    check(&[finished, triggered(1), saved(A, 1)], [(FinishedTaskNoted, 1), (FinishedTaskRestored, 0)]);
    check(&[restored(A), finished], [(FinishedTaskRestored, 1)]);
    check(&[restored(B), finished], [(FinishedTaskRestored, 0)]);
    check(&[restored(A), Fact::Emitted { task: A, position: 1 }, finished], [(FinishedTaskRestored, 0)]);
}

/// Messages of processes that arrive in the order of sending overtake nothing.
#[test]
fn overtaken_messages_are_those_that_arrive_late() {
    let overtaken = |delays: &str| {
        let accounts = format!(
            r#"{{
              "title": "three payments",
              "operators": {{"P": {{"kind": "account", "tokens": 9}}, "Q": {{"kind": "account", "tokens": 0}}}},
              "channels": [{{"from": "P", "to": "Q", "order": "any", "delays": {delays}}}, {{"from": "Q", "to": "P"}}],
              "snapshots": {{"protocol": "lai_yang"}},
              "script": [
                {{"at": "1ms", "send": 1, "from": "P", "to": "Q"}},
                {{"at": "1ms", "send": 1, "from": "P", "to": "Q"}},
                {{"at": "1ms", "send": 1, "from": "P", "to": "Q"}}
              ]
            }}"#
        );
        cutline::run(&scenario(&accounts)).situations.get("message_overtaken").copied()
    };
    assert_eq!(overtaken(r#"["1ms", "2ms", "3ms"]"#), None);
    assert_eq!(overtaken(r#"["3ms", "1ms", "2ms"]"#), Some(1));
    assert_eq!(overtaken(r#"["3ms", "2ms", "1ms"]"#), Some(2));
}

/// What a campaign does: the same counter for many runs, and the sum of counters.
#[test]
fn a_counter_that_was_reset_counts_like_a_new_one() {
    let (world, recorder, _) = join().drive(Recorder::default());
    let plan = world.plan();
    // Whatever a run leaves behind.
    let back = Fact::Reinstated { channel: FROM_B, name: 0, value: 0 };
    let rest = [triggered(90), barrier(FROM_A, 90), saved(OUT, 90), prepared(90), crashed(A), restoring(90), back, restored(A)];
    let mut fresh = Situations::new(plan);
    fold(plan, &mut fresh, &recorder.facts);
    let mut used = Situations::new(plan);
    fold(plan, &mut used, &recorder.facts);
    fold(plan, &mut used, &rest);
    used.reset();
    assert!(used.counts().iter().all(|&count| count == 0));
    fold(plan, &mut used, &recorder.facts);
    assert_eq!(used.counts(), fresh.counts());
    used.merge(&fresh);
    assert!(fresh.count(Situation::RestoredFromNothing) + fresh.count(Situation::RestoredFromSnapshot) == 1);
    assert!(used.counts().iter().zip(fresh.counts()).all(|(twice, once)| *twice == 2 * once));
    assert_eq!(fresh.counts().len(), Situation::ALL.len());
}
