//! Sign-in is needed: the push waits, the user is asked once, nothing is lost.

use futures_util::future::join_all;
use handset::background::InboxCounts;
use handset::device::Vaults;
use handset::lab::{Lab, Phone};
use handset::model::{BackendOrigin, DeviceName, UserName};
use handset::telemetry::EventName;
use handset::vault::VaultKey;

use crate::support::front::{Answer, Front};
use crate::support::{LIMIT, dropped_because, events_of, eventually, next_payload};

fn awaiting(count: usize) -> InboxCounts {
    InboxCounts {
        waiting: 0,
        awaiting_sign_in: count,
    }
}

async fn settles_at(phone: &Phone, counts: InboxCounts) {
    eventually("the inbox settles", || phone.inbox().unwrap() == counts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_token_asks_once_and_what_waited_is_shown_after_sign_in() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    assert_eq!(lab.backend().expire_tokens().await.unwrap(), 1);
    lab.backend()
        .send_secure("alice", "Meeting at 3")
        .await
        .unwrap();
    let asking = phone.next_toast(LIMIT).await.unwrap();
    assert!(
        asking.asks_to_sign_in() && !asking.body.contains("Meeting"),
        "{asking:?}"
    );
    settles_at(&phone, awaiting(1)).await;
    assert!(!phone.status().await.unwrap().signed_in);

    lab.backend()
        .send_secure("alice", "Meeting at 4")
        .await
        .unwrap();
    let again = phone.next_toast(LIMIT).await.unwrap();
    assert_eq!(again.key, asking.key, "one toast, brought up to date");
    settles_at(&phone, awaiting(2)).await;
    assert_eq!(phone.toasts().await.unwrap().len(), 1);

    phone.sign_in("alice", "alice").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "Meeting at 3");
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "Meeting at 4");
    settles_at(&phone, awaiting(0)).await;
    assert_eq!(phone.removed_toasts(), [asking.key]);
    assert_eq!(phone.toasts().await.unwrap().len(), 2);
    assert_eq!(phone.shown_toasts().len(), 4);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_else_who_signs_in_leaves_what_waits_alone() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    lab.backend().expire_tokens().await.unwrap();
    lab.backend()
        .send_secure("alice", "for alice")
        .await
        .unwrap();
    assert!(phone.next_toast(LIMIT).await.unwrap().asks_to_sign_in());
    settles_at(&phone, awaiting(1)).await;

    phone.sign_in("bob", "bob").await.unwrap();
    let bobs = |event: &handset::telemetry::Event| {
        event.event == EventName::RegistrationUpdated && event.text("user") == Some("bob")
    };
    phone
        .wait_for("bob's registration", LIMIT, bobs)
        .await
        .unwrap();
    lab.backend().send_secure("bob", "for bob").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "for bob");
    settles_at(&phone, awaiting(1)).await;

    phone.sign_in("alice", "alice").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "for alice");
    settles_at(&phone, awaiting(0)).await;
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_sign_in_survives_a_kill() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    lab.backend().expire_tokens().await.unwrap();
    lab.backend()
        .send_secure("alice", "Meeting at 3")
        .await
        .unwrap();
    assert!(phone.next_toast(LIMIT).await.unwrap().asks_to_sign_in());
    settles_at(&phone, awaiting(1)).await;
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();
    settles_at(&phone, awaiting(1)).await;
    phone.sign_in("alice", "alice").await.unwrap();
    assert_eq!(next_payload(&phone).await, "Meeting at 3");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lasting_refusal_ends_as_forbidden() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    front.always(Answer::Status(403));
    let device = lab.device("phone").user("alice").backend(front.url());
    let phone = device.start().await.unwrap();
    lab.backend()
        .send_secure("alice", "never shown")
        .await
        .unwrap();
    assert!(phone.next_toast(LIMIT).await.unwrap().asks_to_sign_in());
    settles_at(&phone, awaiting(1)).await;
    phone.sign_in("alice", "alice").await.unwrap();
    dropped_because(&phone, "forbidden").await;
    settles_at(&phone, awaiting(0)).await;
    assert_eq!(front.fetches(), 2);
    assert_eq!(events_of(&phone, EventName::PushDropped).len(), 1);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_removes_the_registration_and_the_token() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    phone.sign_out().await.unwrap();
    let status = phone.status().await.unwrap();
    assert!(!status.signed_in && status.registration_id.is_none());
    assert_eq!(lab.backend().expire_tokens().await.unwrap(), 0);
    let sent = lab
        .backend()
        .send_secure("alice", "nowhere to go")
        .await
        .unwrap();
    assert!(sent.deliveries.is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_sign_in_at_once_one_stays_and_no_token_of_the_others() {
    let lab = Lab::start().await.unwrap();
    let vaults = Vaults::memory();
    let device = lab.device("phone").user("alice");
    let device = device.adjust(|options| options.vaults = vaults.clone());
    let phone = device.start().await.unwrap();
    let mut names: Vec<String> = (0..8).map(|number| format!("user{number}")).collect();
    let sign_ins = names.iter().map(|name| phone.sign_in(name, name.as_str()));
    for signed_in in join_all(sign_ins).await {
        signed_in.unwrap();
    }
    let stays = phone.status().await.unwrap().user.unwrap();
    names.push("alice".to_owned());
    let (_, vault) = vaults.pick(None);
    for name in names {
        let key = VaultKey {
            backend: BackendOrigin::parse(lab.services().urls().backend.as_str()).unwrap(),
            user: UserName::parse(&name).unwrap(),
            device: DeviceName::parse("phone").unwrap(),
        };
        let kept = vault.get(&key).await.unwrap().is_some();
        assert_eq!(
            kept,
            name == stays,
            "the token of {name}, where {stays} stays"
        );
    }
    lab.finish().await.unwrap();
}
