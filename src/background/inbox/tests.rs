use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::background::MIGRATION;
use crate::model::{Account, BackendOrigin, MessageId, Platform, UserName};
use crate::store::{Location, Schema};

const SCHEMA: Schema = Schema {
    application_id: 1,
    migrations: &[MIGRATION],
};

fn account(user: &str) -> Owner {
    Owner::from(&Account {
        user: UserName::parse(user).unwrap(),
        backend: BackendOrigin::parse("http://127.0.0.1:1").unwrap(),
    })
}

fn push(message: &str) -> RawNotification {
    let message = MessageId::parse(message).unwrap();
    RawNotification {
        traceparent: Some("00-1".to_owned()),
        ..RawNotification::new(message, Platform::Wns, Bytes::from_static(b"sec-1"))
    }
}

async fn store() -> Store {
    Store::open(Location::Memory, SCHEMA).await.unwrap()
}

async fn inbox(store: &Store) -> Inbox {
    inbox_at(store, &Clock::simulated(Timestamp::UNIX_EPOCH)).await
}

async fn inbox_at(store: &Store, clock: &Clock) -> Inbox {
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
    let entry = first.lease(&account("alice")).unwrap();
    first.finish(entry.id, &Outcome::Shown).await.unwrap();
    let again = inbox(&store).await;
    assert_eq!(
        again.accept(push("a"), &account("alice"), || {}).await,
        Ok(Accepted::Before)
    );
    assert_eq!(again.lease(&account("alice")), None);
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
    let leased = first.lease(&account("alice")).unwrap();
    let again = inbox(&store).await.lease(&account("alice")).unwrap();
    assert_eq!(again, leased);
}

#[tokio::test]
async fn the_journal_stays_bounded_while_the_phone_is_on() {
    let store = store().await;
    let inbox = inbox(&store).await;
    let earlier = store.write(|connection| {
        connection.execute_batch(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20479)
             INSERT INTO inbox SELECT n, 1, 'alice', 'm' || n, 'wns', 'raw', x'', NULL, NULL, 0 FROM n;
             INSERT INTO inbox_state SELECT entry, 'shown', NULL, 1, NULL, 0 FROM inbox;
             UPDATE inbox_state SET state = 'awaiting_sign_in' WHERE entry = 7;",
        )
    });
    earlier.await.unwrap();
    let accepted = inbox.accept(push("a"), &account("alice"), || {}).await;
    assert_eq!(accepted, Ok(Accepted::New(20480)));
    let left = store.read(|connection| {
        let count = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM inbox_state)";
        connection.query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?)))
    });
    // The latest 16,384, and the one that still waits.
    assert_eq!(left.await, Ok((16_385_i64, 16_384_i64)));
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
    let order: Vec<_> = std::iter::from_fn(|| inbox.lease(&account("alice")))
        .map(|entry| entry.raw.message.to_string())
        .collect();
    assert_eq!(order, ["a", "c"]);
}

#[tokio::test]
async fn a_sign_in_under_a_running_instance_is_not_waited_for_again() {
    let store = store().await;
    let (inbox, alice) = (inbox(&store).await, account("alice"));
    inbox.accept(push("a"), &alice, || {}).await.unwrap();
    let entry = inbox.lease(&alice).unwrap();
    assert_eq!(inbox.signed_in(&alice).await, Ok(0));
    let refused = Outcome::AwaitingSignIn(Reason::new("refused"));
    inbox.finish(entry.id, &refused).await.unwrap();
    assert_eq!(inbox.counts().awaiting_sign_in, 0);
    let again = inbox.lease(&alice).unwrap();
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
    let entry = first.lease(&account("alice")).unwrap();
    let waits = Outcome::AwaitingSignIn(Reason::new("no_token"));
    first.finish(entry.id, &waits).await.unwrap();
    assert_eq!(first.lease(&account("alice")), None);
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
    assert!(again.lease(&account("alice")).is_some());
}

#[tokio::test]
async fn a_retry_is_due_when_its_time_has_come() {
    let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
    let inbox = inbox_at(&store().await, &clock).await;
    let alice = account("alice");
    inbox.accept(push("a"), &alice, || {}).await.unwrap();
    let entry = inbox.lease(&alice).unwrap();
    let retry = Outcome::Retry {
        after: Duration::from_secs(5),
        reason: Reason::new("503"),
    };
    inbox.finish(entry.id, &retry).await.unwrap();
    assert_eq!(inbox.lease(&alice), None);
    assert!(inbox.next_due(&alice).is_some());
    clock.set_by(jiff::SignedDuration::from_secs(5));
    assert_eq!(inbox.lease(&alice).unwrap().attempts, 2);
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

/// What may happen to an inbox, in any order.
#[derive(Debug, Clone)]
enum Step {
    Offer(u8),
    Lease,
    Finish(u8),
    SignIn,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u8..12).prop_map(Step::Offer),
        4 => Just(Step::Lease),
        4 => (0_u8..4).prop_map(Step::Finish),
        1 => Just(Step::SignIn),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever happens, each accepted message is finished once or still there, never both.
    #[test]
    fn nothing_is_lost_and_nothing_is_finished_twice(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(steps));
    }
}

async fn play(steps: Vec<Step>) {
    let store = store().await;
    let mut inbox = inbox(&store).await;
    let alice = account("alice");
    let mut accepted = std::collections::BTreeSet::new();
    let mut finished = std::collections::BTreeSet::new();
    let mut leased = Vec::new();
    for step in steps {
        match step {
            Step::Offer(n) => {
                let answer = inbox
                    .accept(push(&n.to_string()), &alice, || {})
                    .await
                    .unwrap();
                let new = accepted.insert(n.to_string());
                assert_eq!(matches!(answer, Accepted::New(_)), new);
            }
            Step::Lease => leased.extend(inbox.lease(&alice)),
            Step::Finish(how) => {
                let Some(entry) = leased.pop() else { continue };
                let reason = Reason::new("test");
                let outcome = match how {
                    0 => Outcome::Shown,
                    1 => Outcome::Dropped(reason),
                    2 => Outcome::AwaitingSignIn(reason),
                    _ => Outcome::Retry {
                        after: Duration::ZERO,
                        reason,
                    },
                };
                inbox.finish(entry.id, &outcome).await.unwrap();
                if matches!(outcome, Outcome::Shown | Outcome::Dropped(_)) {
                    assert!(
                        finished.insert(entry.raw.message.to_string()),
                        "finished twice"
                    );
                }
            }
            Step::SignIn => drop(inbox.signed_in(&alice).await.unwrap()),
            Step::Restart => {
                leased.clear();
                inbox = self::inbox(&store).await;
            }
        }
    }
    let counts = inbox.counts();
    let unfinished = counts.waiting + counts.awaiting_sign_in;
    assert_eq!(unfinished, accepted.len() - finished.len());
}
