//! Another user signs in while pushes of the one before are on their way.

use std::sync::Arc;

use handset::background::{ForegroundAnswer, ForegroundApp};
use handset::lab::Lab;
use handset::model::RawNotification;
use handset::telemetry::{Event, EventName};
use tokio::sync::Semaphore;

use crate::support::{LIMIT, eventually};

/// An app that takes its time with each push.
struct Slow {
    asked: Semaphore,
    answers: Semaphore,
}

struct App(Arc<Slow>);

impl ForegroundApp for App {
    async fn push_received(&self, _push: &RawNotification) -> ForegroundAnswer {
        self.0.asked.add_permits(1);
        self.0.answers.acquire().await.unwrap().forget();
        ForegroundAnswer::Proceed
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_was_about_to_run_waits_for_its_own_user() {
    let slow = Arc::new(Slow {
        asked: Semaphore::new(0),
        answers: Semaphore::new(0),
    });
    let lab = Lab::start().await.unwrap();
    let device = lab.device("phone").user("alice");
    let device = device.adjust(|options| options.foreground = Some(Arc::new(App(slow.clone()))));
    let phone = device.start().await.unwrap();
    phone.set(&["app=foreground"]).await.unwrap();
    lab.backend()
        .send_secure("alice", "for alice")
        .await
        .unwrap();
    slow.asked.acquire().await.unwrap().forget();
    phone.sign_in("bob", "bob").await.unwrap();
    slow.answers.add_permits(1000);
    let bobs = |event: &Event| {
        event.event == EventName::RegistrationUpdated && event.text("user") == Some("bob")
    };
    phone
        .wait_for("bob's registration", LIMIT, bobs)
        .await
        .unwrap();
    lab.backend().send_secure("bob", "for bob").await.unwrap();
    let only_bobs = phone.next_toast(LIMIT).await.unwrap();
    assert_eq!(only_bobs.body, "for bob");

    phone.sign_in("alice", "alice").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "for alice");
    eventually("the inbox is empty", || phone.inbox().unwrap().waiting == 0).await;
    lab.finish().await.unwrap();
}
