use std::time::Duration;

use super::*;
use crate::background::{MIGRATION, MIGRATION_2};
use crate::model::{Account, BackendOrigin, MessageId, Platform, Priority, PushKind, UserName};
use crate::store::{Location, Schema};
use bytes::Bytes;

const SCHEMA: Schema = Schema {
    application_id: 1,
    migrations: &[MIGRATION, MIGRATION_2],
};

pub(super) fn account(user: &str) -> Owner {
    Owner::from(&Account {
        user: UserName::parse(user).unwrap(),
        backend: BackendOrigin::parse("http://127.0.0.1:1").unwrap(),
    })
}

pub(super) fn push(message: &str) -> RawNotification {
    let message = MessageId::parse(message).unwrap();
    RawNotification {
        priority: Priority::High,
        collapse: Some("news".to_owned()),
        expires_at: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(48)),
        traceparent: Some("00-1".to_owned()),
        ..RawNotification::new(message, Platform::Wns, Bytes::from_static(b"sec-1"))
    }
}

fn awaits(code: &'static str, refused_under: Option<i64>) -> Outcome {
    Outcome::AwaitingSignIn {
        reason: Reason::new(code),
        refused_under,
    }
}

pub(super) async fn store() -> Store {
    Store::open(Location::Memory, SCHEMA).await.unwrap()
}

async fn inbox(store: &Store) -> Inbox {
    inbox_at(store, &Clock::simulated(Timestamp::UNIX_EPOCH)).await
}

pub(super) async fn inbox_at(store: &Store, clock: &Clock) -> Inbox {
    Inbox::open(store.clone(), 1, clock.clone()).await.unwrap()
}

#[tokio::test]
async fn the_same_message_is_accepted_once_even_after_a_restart() {
    let store = store().await;
    let first = inbox(&store).await;
    assert!(matches!(
        first.accept(push("a"), &account("alice"), || {}).await,
        Ok(Accepted::New(_))
    ));
    assert_eq!(
        first.accept(push("a"), &account("alice"), || {}).await,
        Ok(Accepted::Before)
    );
    let entry = first.lease(&account("alice"), Part::Task).unwrap();
    first.finish(entry.id, &Outcome::Shown).await.unwrap();
    let again = inbox(&store).await;
    assert_eq!(
        again.accept(push("a"), &account("alice"), || {}).await,
        Ok(Accepted::Before)
    );
    assert_eq!(again.lease(&account("alice"), Part::Task), None);
}

#[tokio::test]
async fn two_copies_at_once_are_written_once() {
    let store = store().await;
    let inbox = inbox(&store).await;
    let alice = account("alice");
    let (release, held) = std::sync::mpsc::channel::<()>();
    let slow_disk = store.write(move |_| {
        held.recv().ok();
        Ok(())
    });
    let second = async {
        let answer = inbox.accept(push("a"), &alice, || {}).await;
        drop(release);
        answer
    };
    let (_, one, two) = tokio::join!(slow_disk, inbox.accept(push("a"), &alice, || {}), second);
    assert!(matches!(one, Ok(Accepted::New(_))), "{one:?}");
    assert_eq!(two, Ok(Accepted::Underway));
    assert_eq!(inbox.counts().waiting, 1);
}

#[tokio::test]
async fn an_unfinished_lease_is_ready_again_after_a_restart_with_every_field() {
    let store = store().await;
    let first = inbox(&store).await;
    first
        .accept(push("a"), &account("alice"), || {})
        .await
        .unwrap();
    let leased = first.lease(&account("alice"), Part::Task).unwrap();
    let again = inbox(&store)
        .await
        .lease(&account("alice"), Part::Task)
        .unwrap();
    assert_eq!(again, leased);
}

#[tokio::test]
async fn the_journal_stays_bounded_while_the_phone_is_on() {
    let store = store().await;
    let inbox = inbox(&store).await;
    let earlier = store.write(|connection| {
        connection.execute_batch(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20479)
             INSERT INTO inbox(entry, device, owner, message, platform, kind, content, sent_at, traceparent, received_at)
             SELECT n, 1, 'alice', 'm' || n, 'wns', 'raw', x'01', NULL, NULL, 0 FROM n;
             INSERT INTO inbox_state(entry, state, reason, attempts, due_at, changed_at)
             SELECT entry, 'shown', NULL, 1, NULL, 0 FROM inbox;
             UPDATE inbox_state SET state = 'awaiting_sign_in' WHERE entry = 7;",
        )
    });
    earlier.await.unwrap();
    let accepted = inbox.accept(push("a"), &account("alice"), || {}).await;
    assert_eq!(accepted, Ok(Accepted::New(20480)));
    let left = store.read(|connection| {
        let count = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM inbox_state),
             (SELECT sum(length(content)) FROM inbox)";
        connection.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    });
    // The latest 16,384, and the one that still waits; only that and the new one keep what they say.
    assert_eq!(left.await, Ok((16_385_i64, 16_384_i64, 6_i64)));
}

#[tokio::test]
async fn entries_belong_to_an_account_and_come_in_order() {
    let inbox = inbox(&store().await).await;
    for (message, user) in [("a", "alice"), ("b", "bob"), ("c", "alice")] {
        inbox
            .accept(push(message), &account(user), || {})
            .await
            .unwrap();
    }
    let order: Vec<_> = std::iter::from_fn(|| inbox.lease(&account("alice"), Part::Task))
        .map(|entry| entry.raw.message.to_string())
        .collect();
    assert_eq!(order, ["a", "c"]);
}

#[tokio::test]
async fn a_sign_in_under_a_running_instance_is_not_waited_for_again() {
    let store = store().await;
    let (inbox, alice) = (inbox(&store).await, account("alice"));
    inbox.accept(push("a"), &alice, || {}).await.unwrap();
    let entry = inbox.lease(&alice, Part::Task).unwrap();
    assert_eq!(inbox.signed_in(&alice).await, Ok(0));
    let refused = awaits("refused", Some(1));
    inbox.finish(entry.id, &refused).await.unwrap();
    assert_eq!(inbox.counts().awaiting_sign_in, 0);
    let again = inbox.lease(&alice, Part::Task).unwrap();
    inbox.finish(again.id, &refused).await.unwrap();
    assert_eq!(inbox.counts().awaiting_sign_in, 1);
}

#[tokio::test]
async fn a_push_waits_for_sign_in_across_a_restart() {
    let store = store().await;
    let first = inbox(&store).await;
    first
        .accept(push("a"), &account("alice"), || {})
        .await
        .unwrap();
    let entry = first.lease(&account("alice"), Part::Task).unwrap();
    let waits = awaits("no_token", None);
    first.finish(entry.id, &waits).await.unwrap();
    assert_eq!(first.lease(&account("alice"), Part::Task), None);
    let again = inbox(&store).await;
    assert_eq!(
        again.counts(),
        InboxCounts {
            waiting: 0,
            awaiting_sign_in: 1
        }
    );
    assert_eq!(again.signed_in(&account("bob")).await, Ok(0));
    assert_eq!(again.signed_in(&account("alice")).await, Ok(1));
    assert!(again.lease(&account("alice"), Part::Task).is_some());
}

#[tokio::test]
async fn a_retry_is_due_when_its_time_has_come() {
    let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
    let inbox = inbox_at(&store().await, &clock).await;
    let alice = account("alice");
    inbox.accept(push("a"), &alice, || {}).await.unwrap();
    let entry = inbox.lease(&alice, Part::Task).unwrap();
    let retry = Outcome::Retry {
        after: Duration::from_secs(5),
        reason: Reason::new("503"),
    };
    inbox.finish(entry.id, &retry).await.unwrap();
    assert_eq!(inbox.lease(&alice, Part::Task), None);
    assert!(inbox.next_due(&alice, Part::Task).is_some());
    clock.set_by(SignedDuration::from_secs(5));
    assert_eq!(inbox.lease(&alice, Part::Task).unwrap().attempts, 2);
}

#[tokio::test]
async fn what_could_not_be_written_may_come_again() {
    let store = store().await;
    let inbox = inbox(&store).await;
    let broken = store
        .write(|c| c.execute_batch("ALTER TABLE inbox RENAME TO gone"))
        .await;
    broken.unwrap();
    assert!(matches!(
        inbox.accept(push("a"), &account("alice"), || {}).await,
        Err(AcceptError::Store(_))
    ));
    store
        .write(|c| c.execute_batch("ALTER TABLE gone RENAME TO inbox"))
        .await
        .unwrap();
    assert!(matches!(
        inbox.accept(push("a"), &account("alice"), || {}).await,
        Ok(Accepted::New(_))
    ));
}

#[tokio::test]
async fn what_is_held_stays_held_across_a_restart_and_is_told_once() {
    let store = store().await;
    let (first, alice) = (inbox(&store).await, account("alice"));
    for message in ["a", "b"] {
        first.accept(push(message), &alice, || {}).await.unwrap();
    }
    let doze = Reason::because("doze", "the phone sleeps");
    let entry = first.lease(&alice, Part::Task).unwrap();
    assert!(first.hold(entry.id, &doze));
    assert!(!first.hold(entry.id, &doze), "told once");
    first.flush().await.unwrap();

    let again = inbox(&store).await;
    let held = again.held(&alice, Part::Task);
    assert_eq!((held.len(), held[0].put_off, held[0].attempts), (1, 1, 0));
    assert!(!again.hold(entry.id, &doze), "not told again");
    assert!(again.hold(entry.id, &Reason::new("battery_saver")));
    assert_eq!(
        again
            .lease(&alice, Part::Task)
            .unwrap()
            .raw
            .message
            .as_str(),
        "b"
    );
    assert_eq!(
        again.release_held(entry.id).as_deref(),
        Some("battery_saver")
    );
    assert_eq!(again.release_held(entry.id), None);
    assert_eq!(again.lease(&alice, Part::Task).unwrap().id, entry.id);
}

#[tokio::test]
async fn a_refusal_is_remembered_across_a_restart() {
    let store = store().await;
    let (first, alice) = (inbox(&store).await, account("alice"));
    first.accept(push("a"), &alice, || {}).await.unwrap();
    let message = push("a").message;
    assert_eq!(first.refused_under(&message), None);
    let entry = first.lease(&alice, Part::Task).unwrap();
    let refused = awaits("refused", Some(7));
    first.finish(entry.id, &refused).await.unwrap();
    first.signed_in(&alice).await.unwrap();

    let again = inbox(&store).await;
    let entry = again.lease(&alice, Part::Task).unwrap();
    assert!(entry.by_app, "the app fetches what the user signed in for");
    assert_eq!(entry.refused_under, Some(7));
    let no_token = awaits("no_token", None);
    again.finish(entry.id, &no_token).await.unwrap();
    assert_eq!(again.refused_under(&message), Some(7));
}

#[tokio::test]
async fn a_push_with_two_parts_is_finished_when_both_are() {
    let store = store().await;
    let (first, alice) = (inbox(&store).await, account("alice"));
    let both = RawNotification {
        kind: PushKind::ToastAndRaw,
        ..push("a")
    };
    first.accept(both, &alice, || {}).await.unwrap();
    assert_eq!(first.lease(&alice, Part::Task), None, "it is shown first");
    let entry = first.lease(&alice, Part::Visible).unwrap();
    first.finish(entry.id, &Outcome::Shown).await.unwrap();
    assert_eq!(first.lease(&alice, Part::Visible), None);

    let again = inbox(&store).await;
    assert_eq!(again.lease(&alice, Part::Visible), None, "not shown again");
    let entry = again.lease(&alice, Part::Task).unwrap();
    assert_eq!((entry.visible_shown, entry.attempts), (Some(true), 1));
    let dropped = Outcome::Dropped(Reason::new("payload_gone"));
    again.finish(entry.id, &dropped).await.unwrap();
    assert_eq!(again.counts(), InboxCounts::default());
    let state = store.read(|connection| {
        connection.query_row("SELECT state FROM inbox_state", [], |row| {
            row.get::<_, String>(0)
        })
    });
    assert_eq!(state.await.unwrap(), "shown", "the user has seen it");
}

#[tokio::test]
async fn what_waited_too_long_is_given_up_but_never_the_first_try() {
    let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
    let (inbox, alice) = (inbox_at(&store().await, &clock).await, account("alice"));
    let lasting = |message| RawNotification {
        expires_at: None,
        ..push(message)
    };
    for raw in [push("a"), lasting("b"), push("c"), lasting("d"), push("e")] {
        inbox.accept(raw, &alice, || {}).await.unwrap();
    }
    for outcome in [None, None, Some("no_token"), Some("no_token")] {
        let entry = inbox.lease(&alice, Part::Task).unwrap();
        match outcome {
            None => assert!(inbox.hold(entry.id, &Reason::new("doze"))),
            Some(code) => inbox.finish(entry.id, &awaits(code, None)).await.unwrap(),
        }
    }
    let expired = || {
        let gone = inbox.expire(&Reason::new("expired"));
        let names = gone.into_iter().map(|entry| entry.raw.message.to_string());
        names.collect::<Vec<_>>()
    };
    assert!(expired().is_empty());
    clock.set_by(SignedDuration::from_hours(48));
    assert_eq!(expired(), ["a", "c"]);
    clock.set_by(SignedDuration::from_hours(24 * 26));
    assert_eq!(expired(), ["b"], "no platform keeps a message for longer");
    assert_eq!(
        inbox
            .lease(&alice, Part::Task)
            .unwrap()
            .raw
            .message
            .as_str(),
        "e"
    );
    assert_eq!(
        inbox.awaiting_sign_in(&alice),
        1,
        "the backend says whether d is gone"
    );
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_park_a_retry() {
    let clock = Clock::simulated(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(48));
    let (inbox, alice) = (inbox_at(&store().await, &clock).await, account("alice"));
    inbox.accept(push("a"), &alice, || {}).await.unwrap();
    let entry = inbox.lease(&alice, Part::Task).unwrap();
    let retry = Outcome::Retry {
        after: Duration::from_secs(5),
        reason: Reason::new("503"),
    };
    inbox.finish(entry.id, &retry).await.unwrap();
    assert_eq!(inbox.lease(&alice, Part::Task), None);
    clock.set_by(SignedDuration::from_hours(-24));
    assert!(inbox.lease(&alice, Part::Task).is_some());
}

#[tokio::test]
async fn an_end_that_could_not_be_written_is_written_with_the_next() {
    let store = store().await;
    let (first, alice) = (inbox(&store).await, account("alice"));
    for message in ["a", "b"] {
        first.accept(push(message), &alice, || {}).await.unwrap();
    }
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        let store = store.clone();
        async move { store.write(move |c| c.execute_batch(&sql)).await.unwrap() }
    };
    rename("inbox_state", "gone").await;
    let entry = first.lease(&alice, Part::Task).unwrap();
    first.finish(entry.id, &Outcome::Shown).await.unwrap_err();
    assert_eq!(
        first.counts().waiting,
        1,
        "not shown twice while the phone is on"
    );
    rename("gone", "inbox_state").await;
    let entry = first.lease(&alice, Part::Task).unwrap();
    first.finish(entry.id, &Outcome::Shown).await.unwrap();
    assert_eq!(inbox(&store).await.counts().waiting, 0);
}

#[tokio::test]
async fn a_full_inbox_says_so_at_once_and_when_there_is_room() {
    let store = store().await;
    let fill = store.write(|connection| {
        connection.execute_batch(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
             INSERT INTO inbox(entry, device, owner, message, platform, kind, content, received_at)
             SELECT n, 1, '', 'm' || n, 'wns', 'raw', x'01', 0 FROM n;",
        )
    });
    fill.await.unwrap();
    let (inbox, alice) = (inbox(&store).await, account("alice"));
    let nobody = Owner::nobody();
    let full = inbox.accept(push("a"), &nobody, || {}).await;
    assert_eq!(full, Err(AcceptError::Full(5000)));
    let theirs = inbox.accept(push("a"), &alice, || {}).await;
    assert!(matches!(theirs, Ok(Accepted::New(_))), "{theirs:?}");
    let free = async {
        for _ in 0..1250 {
            let entry = inbox.lease(&nobody, Part::Task).unwrap();
            drop(inbox.give_up(entry.id, &Reason::new("test")).unwrap());
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), inbox.room(&nobody));
    let (room, ()) = tokio::join!(waited, free);
    room.unwrap();
    let taken = inbox.accept(push("b"), &nobody, || {}).await;
    assert!(matches!(taken, Ok(Accepted::New(_))), "{taken:?}");
}

#[tokio::test]
async fn wakes_are_read_from_the_journal() {
    let clock = Clock::simulated(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1));
    let store = store().await;
    let (first, alice) = (inbox_at(&store, &clock).await, account("alice"));
    for (message, outcome) in [
        ("a", Outcome::Shown),
        ("b", Outcome::Dropped(Reason::new("payload_gone"))),
        ("c", awaits("no_token", None)),
    ] {
        first.accept(push(message), &alice, || {}).await.unwrap();
        let entry = first.lease(&alice, Part::Task).unwrap();
        first.woken(entry.id, clock.now());
        first.finish(entry.id, &outcome).await.unwrap();
    }
    let wakes = || async { inbox_at(&store, &clock).await.wakes().await.unwrap() };
    let shown: Vec<bool> = wakes().await.into_iter().map(|wake| wake.shown).collect();
    assert_eq!(shown, [true, false, true]);
    clock.set_by(SignedDuration::from_hours(24 * 7 + 1));
    assert_eq!(wakes().await, []);
}
