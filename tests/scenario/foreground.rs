//! The app in the foreground is asked first about each push.

use std::future::pending;
use std::sync::{Arc, Mutex};

use handset::background::{ForegroundAnswer, ForegroundApp};
use handset::lab::{Fate, Lab, Phone};
use handset::lifecycle::timeouts;
use handset::model::RawNotification;
use handset::telemetry::EventName;

use crate::support::{LIMIT, dropped_because, events_of, eventually};

/// An app that does with a push what it was told last.
#[derive(Default)]
struct App {
    mood: Mutex<Mood>,
    asked: Mutex<usize>,
}

#[derive(Clone, Copy, Default)]
enum Mood {
    #[default]
    Takes,
    Proceeds,
    Hangs,
    Panics,
}

impl ForegroundApp for App {
    async fn push_received(&self, _: &RawNotification) -> ForegroundAnswer {
        *self.asked.lock().unwrap() += 1;
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Takes => ForegroundAnswer::Cancel,
            Mood::Proceeds => ForegroundAnswer::Proceed,
            Mood::Hangs => pending().await,
            Mood::Panics => panic!("the app panics, as it was told"),
        }
    }
}

impl App {
    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

async fn phone_with(lab: &Lab, app: &Arc<App>) -> Phone {
    let device = lab.device("phone").user("alice");
    let device = device.adjust(|options| options.foreground = Some(app.clone()));
    device.condition("app=foreground").start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_may_take_a_push_or_leave_it_and_is_not_asked_in_the_background() {
    let lab = Lab::start().await.unwrap();
    let app = Arc::new(App::default());
    let phone = phone_with(&lab, &app).await;
    let sent = lab.backend().send_secure("alice", "taken").await.unwrap();
    dropped_because(&phone, "taken_by_foreground_app").await;
    let taken = Fate::Dropped("taken_by_foreground_app".to_owned());
    assert_eq!(phone.fate(&sent.id.unwrap()), taken);
    eventually("it is finished", || phone.inbox().unwrap().waiting == 0).await;
    assert!(phone.toasts().await.unwrap().is_empty());
    assert!(events_of(&phone, EventName::TaskStarted).is_empty());

    for (mood, text) in [(Mood::Proceeds, "left"), (Mood::Panics, "panicked")] {
        app.is(mood);
        lab.backend().send_secure("alice", text).await.unwrap();
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
    }
    assert_eq!(app.asked(), 3);
    app.is(Mood::Takes);
    phone.set(&["app=background"]).await.unwrap();
    lab.backend().send_secure("alice", "unasked").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "unasked");
    assert_eq!(app.asked(), 3);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_hangs_holds_a_push_up_for_its_time_and_no_longer() {
    let lab = Lab::start().await.unwrap();
    let app = Arc::new(App::default());
    app.is(Mood::Hangs);
    let phone = phone_with(&lab, &app).await;
    lab.backend()
        .send_secure("alice", "in spite")
        .await
        .unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "in spite");
    let received = phone.event(EventName::PushReceived, LIMIT).await.unwrap();
    let shown = phone.event(EventName::ToastShown, LIMIT).await.unwrap();
    let waited = shown.ts.duration_since(received.ts).unsigned_abs();
    assert!(waited >= timeouts::FOREGROUND_ANSWER, "{waited:?}");
    assert_eq!(app.asked(), 1);
    lab.finish().await.unwrap();
}
