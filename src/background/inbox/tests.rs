use std::time::Duration;

use super::*;
use crate::background::{MIGRATION, MIGRATION_2};
use crate::model::{Account, BackendOrigin, MessageId, Platform, Priority, UserName};
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

pub(super) fn awaits(code: &'static str, refused_under: Option<i64>) -> Outcome {
    Outcome::AwaitingSignIn {
        reason: Reason::new(code),
        refused_under,
    }
}

pub(super) async fn store() -> Store {
    Store::open(Location::Memory, SCHEMA).await.unwrap()
}

pub(super) async fn inbox(store: &Store) -> Inbox {
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
            awaiting_sign_in: 1,
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
