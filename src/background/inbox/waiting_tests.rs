//! What waits: held, for sign-in, for its retry, for its second part.

use std::time::Duration;

use super::tests::{account, awaits, inbox, inbox_at, push, store};
use super::*;
use crate::model::PushKind;

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

/// How long it takes to look at the next push some hundred times.
fn cost_of_leases(inbox: &Inbox, owner: &Owner) -> Duration {
    let begun = std::time::Instant::now();
    for _ in 0..500 {
        let entry = inbox.lease(owner, Part::Task).unwrap();
        assert!(inbox.is_for(&entry.raw.message, owner));
        assert!(inbox.replaced_by(&entry).is_empty());
        assert_eq!(inbox.awaiting_sign_in(owner), 0);
        assert!(inbox.next_due(owner, Part::Task).is_some());
        inbox.release(entry.id);
    }
    begun.elapsed()
}

#[tokio::test]
async fn thousands_that_wait_slow_nobody_down() {
    let (inbox, alice) = (inbox(&store().await).await, account("alice"));
    inbox.accept(push("alone"), &alice, || {}).await.unwrap();
    let alone = cost_of_leases(&inbox, &alice);
    let entry = inbox.lease(&alice, Part::Task).unwrap();
    inbox.finish(entry.id, &Outcome::Shown).await.unwrap();
    let names: Vec<String> = (0..4000).map(|number| format!("m{number}")).collect();
    let accepted = names
        .iter()
        .map(|name| inbox.accept(push(name), &alice, || {}));
    for accepted in futures_util::future::join_all(accepted).await {
        accepted.unwrap();
    }
    for _ in 0..3999 {
        let entry = inbox.lease(&alice, Part::Task).unwrap();
        assert!(inbox.hold(entry.id, &Reason::new("doze")));
    }
    assert_eq!(inbox.held_count(), 3999);
    let among_many = cost_of_leases(&inbox, &alice);
    assert!(among_many < alone * 20, "{among_many:?}, alone {alone:?}");
}
