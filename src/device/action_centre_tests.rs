//! What becomes of toasts once they are shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, put};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::action_centre::serve_feedback;
use super::toasts::Origin;
use super::{Device, DeviceError, DeviceOptions, SignInRequest, SignInSecret, Vaults};
use crate::backend::testing::FakeBackend;
use crate::lifecycle::{Clock, Scope};
use crate::model::{
    Account, Badge, DeviceName, MessageId, NotificationId, ToastAction, ToastContent, ToastKey,
    ToastTemplate, UserName,
};
use crate::store::Location;
use crate::telemetry::{Event, EventName, EventReceiver};
use crate::toast::{
    FeedbackKind, FeedbackSender, RecorderRenderer, Renderer, ToastError, ToastFeedback, Toaster,
};

struct Stage {
    device: Device,
    recorder: RecorderRenderer,
    events: EventReceiver,
    clock: Clock,
}

impl Stage {
    async fn start() -> Self {
        let recorder = RecorderRenderer::new();
        let clock = Clock::simulated("2026-11-20T18:00:00Z".parse().unwrap());
        let options = DeviceOptions {
            toaster: Toaster::new(vec![Arc::new(recorder.clone())]),
            clock: clock.clone(),
            ..DeviceOptions::new(DeviceName::default(), Location::Memory, Vaults::memory())
        };
        let device = Device::open(options).await.unwrap();
        let events = device.events().listen();
        Self {
            device,
            recorder,
            events,
            clock,
        }
    }

    async fn show(&mut self, content: &ToastContent) -> Event {
        let shown = self.device.core.show(content, Origin::default()).await;
        assert_eq!(shown, Ok(()));
        self.next()
    }

    fn next(&mut self) -> Event {
        self.events.try_next().unwrap()
    }
}

fn toast(key: &str) -> ToastContent {
    ToastContent {
        launch: Some("app=1".to_owned()),
        actions: vec![ToastAction {
            content: "Reply".into(),
            arguments: "reply=1".to_owned(),
        }],
        ..ToastContent::new(
            ToastKey::of_message(&MessageId::parse(key).unwrap()),
            "t",
            key,
            ToastTemplate::ToastGeneric,
        )
    }
}

#[tokio::test]
async fn a_tap_tells_the_app_its_argument_and_takes_the_toast_away() {
    let mut stage = Stage::start().await;
    for (button, launch) in [
        (None, "app=1"),
        (Some("reply=1"), "reply=1"),
        (Some("Reply"), "reply=1"),
    ] {
        let content = toast("m");
        let id = stage.show(&content).await.toast.unwrap().id;
        let tapped = stage.device.tap(id, button).await.unwrap();
        assert_eq!(tapped.launch.as_deref(), Some(launch));
        assert!(!tapped.opens_sign_in);
        let event = stage.next();
        assert_eq!(event.event, EventName::ToastTapped);
        assert_eq!(event.text("launch"), Some(launch));
        assert_eq!(stage.recorder.removed().pop(), Some(content.key));
        let again = stage.device.tap(id, None).await.unwrap_err();
        assert!(matches!(again, DeviceError::NoSuchToast { .. }), "{again}");
    }
    let id = stage.show(&toast("m")).await.toast.unwrap().id;
    let unknown = stage.device.tap(id, Some("Nope")).await.unwrap_err();
    assert!(unknown.to_string().contains("it has Reply"), "{unknown}");
    assert_eq!(stage.device.toasts().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_toast_that_asks_to_sign_in_opens_that() {
    let mut stage = Stage::start().await;
    let account = Account {
        backend: crate::model::BackendOrigin::parse("http://127.0.0.1:1").unwrap(),
        user: UserName::parse("alice").unwrap(),
    };
    let content = stage.device.core.sign_in_toast(&account, 2);
    let id = stage.show(&content).await.toast.unwrap().id;
    let tapped = stage.device.tap(id, None).await.unwrap();
    assert!(tapped.opens_sign_in);
    assert_eq!(tapped.launch.as_deref(), Some("sign-in"));
    let again = stage.device.tap(id, None).await.unwrap();
    assert!(again.opens_sign_in, "it stands until somebody signed in");
}

#[tokio::test]
async fn what_leaves_the_action_centre_says_why() {
    let mut stage = Stage::start().await;
    let timed = ToastContent {
        expires_at: Some(stage.clock.after(Duration::from_secs(60))),
        ..toast("timed")
    };
    stage.show(&timed).await;
    let swept = stage.show(&toast("swept")).await.toast.unwrap().id;
    stage.show(&toast("left")).await;
    assert_eq!(stage.device.dismiss(swept).await.unwrap().id, swept);
    assert_eq!(stage.next().event, EventName::ToastDismissed);
    stage.clock.set_by(SignedDuration::from_secs(61));
    assert_eq!(stage.device.toasts().await.unwrap().len(), 1);
    let expired = stage.next();
    assert_eq!(expired.event, EventName::ToastRemoved);
    assert_eq!(expired.text("reason"), Some("expired"));
    assert_eq!(stage.device.clear().await.unwrap(), 1);
    assert_eq!(stage.next().text("reason"), Some("cleared"));
    assert_eq!(stage.recorder.removed().len(), 3);
}

#[tokio::test]
async fn a_toast_expires_by_itself_while_the_phone_is_on() {
    let mut stage = Stage::start().await;
    stage.device.serve_action_centre();
    let timed = ToastContent {
        expires_at: Some(stage.clock.after(Duration::from_millis(50))),
        ..toast("timed")
    };
    stage.show(&timed).await;
    let removed = stage.events.next().await.unwrap().unwrap();
    assert_eq!(removed.text("reason"), Some("expired"));
    assert!(stage.clock.now() >= timed.expires_at.unwrap());
}

#[tokio::test]
async fn a_toast_that_is_not_to_be_drawn_stands_in_the_action_centre_alone() {
    let mut stage = Stage::start().await;
    let quiet = ToastContent {
        suppress_popup: true,
        ..toast("quiet")
    };
    let event = stage.show(&quiet).await;
    assert_eq!(event.event, EventName::ToastShown);
    assert_eq!(event.text("reason"), Some("suppress_popup"));
    assert_eq!(event.toast.unwrap().renderer, "none");
    assert!(stage.recorder.shown().is_empty());
    assert_eq!(stage.device.toasts().await.unwrap()[0].content, quiet);
}

#[tokio::test]
async fn a_changed_badge_is_told_once() {
    let mut stage = Stage::start().await;
    assert!(stage.device.set_badge(Badge::Number(120)).await.unwrap());
    assert!(!stage.device.set_badge(Badge::Number(120)).await.unwrap());
    let event = stage.next();
    assert_eq!(event.event, EventName::BadgeChanged);
    assert_eq!(
        (event.text("badge"), event.text("shown")),
        (Some("120"), Some("99+"))
    );
    assert!(stage.events.try_next().is_none());
    assert_eq!(stage.device.status().await.badge.as_deref(), Some("99+"));
}

/// A desktop whose user dismisses one toast and taps a button of another, and of one that is gone.
struct Desktop;

impl Renderer for Desktop {
    fn name(&self) -> &'static str {
        "desktop"
    }
    fn show<'a>(&'a self, _: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(async { Ok(()) })
    }
    fn remove<'a>(&'a self, _: &'a ToastKey) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(async { Ok(()) })
    }
    fn serve<'a>(
        &'a self,
        feedback: &'a FeedbackSender,
        off: &'a CancellationToken,
    ) -> BoxFuture<'a, ()> {
        let arguments = Some("reply=1".to_owned());
        for (key, kind) in [
            ("gone", FeedbackKind::Dismissed),
            ("a", FeedbackKind::Dismissed),
            ("b", FeedbackKind::Tapped { arguments }),
        ] {
            let key = toast(key).key;
            feedback.send(ToastFeedback { key, kind });
        }
        Box::pin(off.cancelled())
    }
}

#[tokio::test]
async fn what_the_user_does_on_the_desktop_does_the_same() {
    let options = DeviceOptions {
        toaster: Toaster::new(vec![Arc::new(Desktop)]),
        ..DeviceOptions::new(DeviceName::default(), Location::Memory, Vaults::memory())
    };
    let device = Device::open(options).await.unwrap();
    for key in ["a", "b", "c"] {
        let shown = device.core.show(&toast(key), Origin::default()).await;
        assert_eq!(shown, Ok(()));
    }
    let mut events = device.events().listen();
    let scope = Scope::new();
    let off = scope.token().clone();
    scope.spawn_to_end("toasts", serve_feedback(device.core.clone(), off));
    let dismissed = events.next().await.unwrap().unwrap();
    assert_eq!(dismissed.event, EventName::ToastDismissed);
    assert_eq!(dismissed.toast.unwrap().body, "a");
    let tapped = events.next().await.unwrap().unwrap();
    assert_eq!(tapped.event, EventName::ToastTapped);
    assert_eq!(tapped.text("launch"), Some("reply=1"));
    assert_eq!(device.toasts().await.unwrap().len(), 1);
    assert_eq!(scope.shutdown(Duration::from_secs(1)).await, 0);
}

/// A backend that is away for the first `away` times it is told what was read, and the count of
/// those.
async fn backend(away: usize) -> (FakeBackend, Arc<AtomicUsize>) {
    let told = Arc::new(AtomicUsize::new(0));
    let count = told.clone();
    let read = move || async move {
        match count.fetch_add(1, Ordering::Relaxed) < away {
            true => StatusCode::SERVICE_UNAVAILABLE,
            false => StatusCode::NO_CONTENT,
        }
    };
    let router = Router::new()
        .route("/api/notifications", get(async || "[]"))
        .route("/api/notifications/{id}/read", put(read));
    (FakeBackend::serve(router).await, told)
}

#[tokio::test]
async fn a_payload_is_marked_as_read_even_when_its_backend_was_away() {
    let (backend, told) = backend(1).await;
    let stage = Stage::start().await;
    let (device, core) = (&stage.device, &stage.device.core);
    let wish = SignInRequest {
        backend: backend.origin(),
        user: UserName::parse("alice").unwrap(),
        secret: SignInSecret::Password("alice".into()),
        auth: None,
        backend_profile: None,
        vault: None,
        push: None,
        ca: None,
        allow_http: Vec::new(),
    };
    device.sign_in(wish).await.unwrap();
    let id = NotificationId::parse("7").unwrap();
    let account = core.link().unwrap().account.clone();
    let content = core.payload_toast(&account, &id, "secret");
    let origin = || Origin {
        notification: Some(&id),
        ..Origin::default()
    };
    core.show(&content, origin()).await.unwrap();
    let place = core.centre.id_of(&content.key).unwrap();
    let tapped = device.tap(place, None).await.unwrap();
    assert_eq!(tapped.notification.as_deref(), Some("7"));
    assert_eq!(told.load(Ordering::Relaxed), 1);
    assert_eq!(core.centre.pending_reads().await.unwrap().len(), 1);
    assert!(core.tell_reads().await);
    assert_eq!(core.centre.pending_reads().await.unwrap(), []);
    assert_eq!(told.load(Ordering::Relaxed), 2);
    // What another user read is not told in this one's name.
    let other = Account {
        user: UserName::parse("bob").unwrap(),
        ..account
    };
    let content = core.payload_toast(&other, &id, "secret");
    core.show(&content, origin()).await.unwrap();
    device
        .tap(core.centre.id_of(&content.key).unwrap(), None)
        .await
        .unwrap();
    assert!(!core.tell_reads().await);
    assert_eq!(told.load(Ordering::Relaxed), 2);
    let month = SignedDuration::from_hours(24 * 31);
    stage.clock.set_by(month);
    assert!(core.tell_reads().await);
    assert!(core.centre.pending_reads().await.unwrap().is_empty());
}

/// A renderer that never ends.
struct Hangs;

impl Renderer for Hangs {
    fn name(&self) -> &'static str {
        "hangs"
    }

    fn show<'a>(&'a self, _content: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(std::future::pending())
    }

    fn remove<'a>(&'a self, _key: &'a ToastKey) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test]
async fn a_toast_that_was_given_up_while_it_was_drawn_stands_nowhere() {
    let options = DeviceOptions {
        toaster: Toaster::new(vec![Arc::new(Hangs)]),
        ..DeviceOptions::new(DeviceName::default(), Location::Memory, Vaults::memory())
    };
    let device = Device::open(options).await.unwrap();
    let content = toast("m");
    let shown = device.core.show(&content, Origin::default());
    assert_eq!(shown.now_or_never(), None);
    assert_eq!(device.core.centre.id_of(&content.key), None);
    assert_eq!(device.toasts().await.unwrap(), []);
}
