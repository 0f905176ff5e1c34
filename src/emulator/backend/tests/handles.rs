//! A handle belongs to one registration, and the hub hears of its change in the right order.

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

use super::{Asked, Bench, Scripted};
use crate::emulator::hub::HubError;

fn down() -> HubError {
    HubError::Remote {
        hub: "hub.example".to_owned(),
        problem: "cannot be reached".to_owned(),
        transient: true,
        in_doubt: false,
    }
}

fn put(id: &str) -> Asked {
    Asked::Put(id.to_owned())
}

fn removed(id: &str) -> Asked {
    Asked::Removed(id.to_owned())
}

#[tokio::test]
async fn a_handle_leaves_one_user_in_the_hub_before_another_has_it() {
    let bench = Bench::new().await;
    let alices = bench.id("alice", "").await;
    let bobs = bench.id("bob", "").await;
    assert_eq!(bench.put("alice", &alices, "wns", "http://x/1").await, 200);
    assert_eq!(bench.hub.asked(), [put(&alices)]);
    bench.hub.refuse(Some(down));
    assert_eq!(bench.put("bob", &bobs, "wns", "http://x/1").await, 503);
    bench.hub.refuse(None);
    // What failed changed nothing, neither here nor there.
    assert_eq!(bench.id("alice", "?handle=http://x/1").await, alices);
    assert_eq!(bench.put("bob", &bobs, "wns", "http://x/1").await, 200);
    assert_eq!(bench.hub.asked(), [removed(&alices), put(&bobs)]);
    assert_ne!(bench.id("alice", "?handle=http://x/1").await, alices);
    assert_eq!(bench.id("bob", "?Handle=http://x/1").await, bobs);
    // Her id is still hers, for another handle.
    assert_eq!(bench.put("alice", &alices, "wns", "http://x/2").await, 200);
    assert_eq!(bench.hub.asked(), [put(&alices)]);
    bench.backend.sweep().await.unwrap();
    assert_eq!(bench.hub.asked(), [], "nobody is to be taken out");
}

#[tokio::test]
async fn the_others_of_a_user_with_the_same_handle_are_deleted() {
    let bench = Bench::new().await;
    let first = bench.id("alice", "").await;
    let second = bench.id("alice", "").await;
    let token = "ab".repeat(32);
    assert_eq!(bench.put("alice", &first, "apns", &token).await, 200);
    // Device tokens are the same in either case.
    let upper = token.to_uppercase();
    let query = format!("?handle={upper}");
    assert_eq!(bench.id("alice", &query).await, first);
    assert_eq!(bench.put("alice", &second, "apns", &upper).await, 200);
    assert_eq!(bench.put("alice", &first, "apns", &token).await, 410);
    assert_eq!(bench.id("alice", &query).await, second);
    let asked = bench.hub.asked();
    assert_eq!(asked, [put(&first), removed(&first), put(&second)]);
}

#[tokio::test]
async fn what_the_hub_did_not_let_go_is_taken_out_later() {
    let bench = Bench::new().await;
    let id = bench.id("alice", "").await;
    assert_eq!(bench.put("alice", &id, "wns", "http://x/1").await, 200);
    bench.hub.refuse(Some(down));
    assert_eq!(bench.delete("alice", &id).await, 503);
    assert_eq!(bench.put("alice", &id, "wns", "http://x/1").await, 410);
    assert!(bench.backend.sweep().await.is_err());
    bench.hub.refuse(None);
    bench.hub.asked();
    bench.backend.sweep().await.unwrap();
    assert_eq!(bench.hub.asked(), [removed(&id)]);
    bench.backend.sweep().await.unwrap();
    assert_eq!(bench.hub.asked(), []);
    assert_eq!(bench.delete("alice", &id).await, 200, "repeated");
    assert_eq!(bench.delete("bob", &id).await, 200, "nobody's");
}

#[tokio::test]
async fn a_registration_that_expired_is_taken_out_and_never_one_that_the_hub_does_not_know() {
    let bench = Bench::new().await;
    let known = bench.id("alice", "").await;
    let unknown = bench.id("alice", "").await;
    assert_eq!(bench.put("alice", &known, "wns", "http://x/1").await, 200);
    bench.hub.asked();
    assert_eq!(bench.backend.expire_registrations().await.unwrap(), 2);
    bench.backend.sweep().await.unwrap();
    assert_eq!(bench.hub.asked(), [removed(&known)]);
    for id in [&known, &unknown] {
        assert_eq!(bench.put("alice", id, "wns", "http://x/1").await, 410);
        assert_eq!(bench.put("bob", id, "wns", "http://x/1").await, 404);
    }
    assert_eq!(bench.delete("alice", &unknown).await, 200);
    assert_eq!(bench.hub.asked(), []);
}

#[tokio::test]
async fn a_removal_never_overtakes_the_put_before_it() {
    let bench = Bench::with(Scripted {
        gate: Some(Semaphore::new(0)),
        ..Scripted::default()
    })
    .await;
    let id = bench.id("alice", "").await;
    let mut putting = Box::pin(bench.put("alice", &id, "wns", "http://x/1"));
    // Until the put waits for the hub.
    while bench
        .backend
        .store
        .read(|c| {
            c.query_row(
                "SELECT count(*) FROM registration WHERE in_hub = 1",
                [],
                |row| row.get::<_, i64>(0),
            )
        })
        .await
        .unwrap()
        == 0
    {
        assert!((&mut putting).now_or_never().is_none());
    }
    let mut deleting = Box::pin(bench.delete("alice", &id));
    for _ in 0..100 {
        assert!((&mut deleting).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.hub.asked(), []);
    bench.hub.gate.as_ref().unwrap().add_permits(1);
    let (status, deleted) = futures_util::join!(putting, deleting);
    assert_eq!((status, deleted), (200, 200));
    assert_eq!(bench.hub.asked(), [put(&id), removed(&id)]);
}

#[tokio::test]
async fn many_puts_of_one_handle_leave_it_to_one() {
    let bench = Bench::new().await;
    let mut ids = Vec::new();
    for n in 0..24 {
        let user = format!("user{}", n % 3);
        let id = bench.id(&user, "").await;
        ids.push((user, id));
    }
    let puts = ids
        .iter()
        .map(|(user, id)| bench.put(user, id, "wns", "http://x/1"));
    let answers = futures_util::future::join_all(puts).await;
    assert!(answers.contains(&200), "{answers:?}");
    let mut known = std::collections::BTreeSet::new();
    for asked in bench.hub.asked() {
        match asked {
            Asked::Put(id) => {
                known.insert(id);
                assert_eq!(known.len(), 1, "two had the handle at once");
            }
            Asked::Removed(id) => {
                known.remove(&id);
            }
            Asked::Sent(_) => {}
        }
    }
    assert_eq!(known.len(), 1);
}
