//! The hops of a push, one after the other, until one fails.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::Way;
use super::probe::{Happenings, Probe};
use crate::backend::SentPush;
use crate::cli::administer::{self, Purpose};
use crate::cli::arguments::TestPush;
use crate::cli::commands::test::report::Report;
use crate::cli::commands::test::trouble::Trouble;
use crate::device::{Mode, RegisterRequest, SignInRequest, SignInSecret};
use crate::model::AuthScheme;
use crate::settings::Settings;
use crate::telemetry::{Event, EventName};
use crate::wire::app_backend::{Delivery, DeliveryOutcome, SecurePushRequest};
use crate::wire::push_administration::{PermissionRequest, PushService};

pub(super) const SIGN_IN: &str = "sign-in";
const CHANNEL: &str = "channel";
const REGISTRATION: &str = "registration";
const PAYLOAD: &str = "payload";
const PUSH: &str = "push";
const DEVICE: &str = "device";
const TASK: &str = "task";
const FETCH: &str = "fetch";
const TOAST: &str = "toast";

/// A walk along all hops.
pub(super) struct Walk<'a, 'o> {
    wish: &'a TestPush,
    way: &'a Way,
    probe: &'a Probe,
    happenings: Happenings,
    settings: &'a Settings,
    report: &'a mut Report<'o>,
    until: Instant,
    backend: String,
}

/// A push on its way.
struct Sent {
    /// The payload's ID, where the backend told it.
    id: Option<String>,
    text: String,
    begun: Instant,
}

impl<'a, 'o> Walk<'a, 'o> {
    pub(super) fn new(
        wish: &'a TestPush,
        way: &'a Way,
        probe: &'a Probe,
        happenings: Happenings,
        settings: &'a Settings,
        report: &'a mut Report<'o>,
    ) -> Self {
        Self {
            until: Instant::now() + wish.timeout,
            backend: way.backend.to_string(),
            wish,
            way,
            probe,
            happenings,
            settings,
            report,
        }
    }

    /// Goes as far as it can; the last line of the report says how far that was.
    pub(super) async fn all(mut self, secret: SignInSecret) -> Option<()> {
        self.sign_in(secret).await?;
        self.open_channel().await?;
        self.register().await?;
        let sent = self.send().await?;
        let (arrived, message) = self.arrive(&sent).await?;
        let started = self.start_task(arrived, &message).await?;
        let fetched = self.fetch(started, &message).await?;
        self.show(fetched, &message, &sent).await
    }

    /// Writes a hop down: how long it took, or why it was the last.
    fn note<T>(
        &mut self,
        check: &'static str,
        target: &str,
        latency: Duration,
        done: Result<T, Trouble>,
    ) -> Option<T> {
        match done {
            Ok(done) => {
                self.report.good(check, target, latency);
                Some(done)
            }
            Err(trouble) => {
                self.report.bad(check, target, latency, trouble);
                None
            }
        }
    }

    /// What `work` comes to in the time that is left; `what` says what did not happen.
    async fn in_time<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let done = tokio::time::timeout_at(self.until, work).await;
        done.unwrap_or_else(|_| Err(Trouble::time_out(what, self.wish.timeout)))
    }

    /// The first of the probe's events that `wanted` takes, in the time that is left.
    async fn wait<T>(
        &mut self,
        missing: Trouble,
        wanted: impl FnMut(&Event) -> Option<Result<T, Trouble>>,
    ) -> (Instant, Result<T, Trouble>) {
        let found = tokio::time::timeout_at(self.until, self.happenings.find(wanted)).await;
        let (at, found) = found
            .ok()
            .flatten()
            .unwrap_or_else(|| (Instant::now(), Err(missing)));
        (at, found)
    }

    async fn sign_in(&mut self, secret: SignInSecret) -> Option<()> {
        let request = SignInRequest {
            backend: self.way.backend.clone(),
            user: self.wish.user.clone(),
            secret,
            auth: Some(AuthScheme::Basic),
            vault: None,
            push: self.way.push.clone(),
            ca: self.way.ca.clone(),
            allow_http: self.wish.allow_http.clone(),
            backend_profile: None,
        };
        let device = &self.probe.device;
        let begun = Instant::now();
        let signed = async {
            let signed = device.sign_in(request).await;
            signed.map_err(|error| Trouble::of_device(&error))
        };
        let done = self.in_time("the backend did not answer", signed).await;
        let target = self.backend.clone();
        self.note(SIGN_IN, &target, begun.elapsed(), done)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    async fn open_channel(&mut self) -> Option<()> {
        let begun = Instant::now();
        let request = RegisterRequest {
            platform: Some(self.wish.platform),
            ..RegisterRequest::default()
        };
        let device = &self.probe.device;
        let on = async {
            device.configure(request).await?;
            device.turn_on(Mode::Whole).await
        };
        let on = on.await.map_err(|error| Trouble::of_device(&error));
        let target = self.way.push.clone();
        let target = target.unwrap_or_else(|| self.backend.clone());
        if let Err(trouble) = on {
            return self.note(CHANNEL, &target, begun.elapsed(), Err(trouble));
        }
        let missing = Trouble::time_out("the push service did not answer", self.wish.timeout);
        let (at, opened) = self
            .wait(missing, |event| match event.event {
                EventName::ChannelOpened => Some(Ok(())),
                // It is told once every address was tried.
                EventName::ChannelClosed => {
                    let (reason, detail) = reason_of(event);
                    Some(Err(Trouble::of_channel(&reason, &detail)))
                }
                _ => None,
            })
            .await;
        self.note(CHANNEL, &target, at - begun, opened)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    async fn register(&mut self) -> Option<()> {
        let begun = Instant::now();
        let missing = Trouble::time_out("the handle was not registered", self.wish.timeout);
        let (at, registered) = self
            .wait(missing, |event| match event.event {
                EventName::PhoneReady => Some(Ok(())),
                EventName::RegistrationFailed => {
                    let (reason, detail) = reason_of(event);
                    Some(Err(Trouble::of_registration(&reason, &detail)))
                }
                _ => None,
            })
            .await;
        let target = self.backend.clone();
        self.note(
            REGISTRATION,
            &target,
            at.saturating_duration_since(begun),
            registered,
        )
    }

    /// Asks for the push. A backend that says nothing about devices is believed.
    async fn send(&mut self) -> Option<Sent> {
        let text = format!("a test of handset, {:08x}", rand::random::<u32>());
        let request = SecurePushRequest {
            payload: Some(text.clone()),
            ..SecurePushRequest::default()
        };
        let begun = Instant::now();
        let device = &self.probe.device;
        let asked = async {
            let sent = device.send(&request).await;
            sent.map_err(|error| Trouble::of_device(&error))
        };
        let mut done = self.in_time("the backend did not answer", asked).await;
        if let Err(trouble) = done {
            done = Err(self.by_administration(trouble).await);
        }
        let (target, latency) = (self.backend.clone(), begun.elapsed());
        let sent = self.note(PAYLOAD, &target, latency, done)?;
        let mut pushed = self.pushed(&sent);
        if let Err(trouble) = pushed {
            pushed = Err(self.by_administration(trouble).await);
        }
        self.note(PUSH, self.wish.platform.as_str(), latency, pushed)?;
        Some(Sent {
            id: sent.id.map(|id| id.to_string()),
            text,
            begun,
        })
    }

    /// What the push service answered for the probe.
    fn pushed(&self, sent: &SentPush) -> Result<(), Trouble> {
        let platform = self.wish.platform.as_str();
        let own = |delivery: &&Delivery| delivery.platform == platform;
        let own: Vec<&Delivery> = sent.deliveries.iter().filter(own).collect();
        if own.is_empty() {
            // The original backend says nothing at all.
            let silent = sent.id.is_none() && sent.deliveries.is_empty();
            let nobody = Trouble::unregistered(self.wish.user.as_str());
            return if silent { Ok(()) } else { Err(nobody) };
        }
        let with = |outcome| own.iter().find(|delivery| delivery.outcome == outcome);
        if with(DeliveryOutcome::Received).is_some() {
            return Ok(());
        }
        let reason = |delivery: &Delivery| {
            let reason = delivery.reason.as_deref();
            reason
                .unwrap_or("the push service gave no reason")
                .to_owned()
        };
        match (
            with(DeliveryOutcome::Refused),
            with(DeliveryOutcome::Dropped),
        ) {
            (Some(refused), _) => Err(Trouble::rejected(&reason(refused))),
            (None, Some(dropped)) => Err(Trouble::dropped(&reason(dropped))),
            (None, None) => Ok(()),
        }
    }

    /// The trouble, or push administration where that is behind it: the running services are asked,
    /// who know better than their answer to a push.
    async fn by_administration(&self, trouble: Trouble) -> Trouble {
        if !self.way.own {
            return trouble;
        }
        let asked = administer::ask(self.settings, None, Purpose::Look, async |rules| {
            let permission = rules.permission(&PermissionRequest::default()).await?;
            Ok((rules.state().await?.in_force, permission))
        });
        let Ok((in_force, permission)) = asked.await else {
            return trouble;
        };
        let service = PushService::from(self.wish.platform);
        if let Some(refusal) = permission.refusal {
            return Trouble::partner(refusal).said_by("push administration");
        }
        if !in_force.services.is_on(service) {
            return Trouble::service_off(service, &in_force).said_by("push administration");
        }
        trouble
    }

    /// The push reaches the probe; the answer is when, and as which message.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    async fn arrive(&mut self, sent: &Sent) -> Option<(Instant, String)> {
        let missing = Trouble::not_delivered(self.wish.timeout);
        let id = sent.id.clone();
        let (at, arrived) = self
            .wait(missing, |event| {
                let this = id.is_none() || event.text("notification") == id.as_deref();
                match event.event {
                    EventName::PushReceived if this => {
                        Some(Ok(event.text("message").unwrap_or_default().to_owned()))
                    }
                    // It was given up before it could be read.
                    EventName::PushDropped => Some(Err(given_up(event))),
                    _ => None,
                }
            })
            .await;
        let latency = at.saturating_duration_since(sent.begun);
        let message = self.note(DEVICE, self.probe.name(), latency, arrived)?;
        Some((at, message))
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    async fn start_task(&mut self, arrived: Instant, message: &str) -> Option<Instant> {
        let missing = Trouble::time_out("the background task did not start", self.wish.timeout);
        let (at, started) = self
            .wait(missing, |event| {
                if event.text("message") != Some(message) {
                    return None;
                }
                match event.event {
                    EventName::TaskStarted => {
                        Some(Ok(event.text("task").unwrap_or_default().to_owned()))
                    }
                    EventName::PushDropped | EventName::PushHeld => Some(Err(given_up(event))),
                    _ => None,
                }
            })
            .await;
        let latency = at.saturating_duration_since(arrived);
        let target = started
            .clone()
            .unwrap_or_else(|_| self.probe.name().to_owned());
        self.note(TASK, &target, latency, started)?;
        Some(at)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    async fn fetch(&mut self, started: Instant, message: &str) -> Option<Instant> {
        let missing = Trouble::time_out("the payload was not fetched", self.wish.timeout);
        let (at, fetched) = self
            .wait(missing, |event| {
                if event.text("message") != Some(message) {
                    return None;
                }
                match event.event {
                    EventName::PayloadFetched => Some(Ok(())),
                    EventName::PayloadFailed
                    | EventName::SessionRequired
                    | EventName::TaskCanceled
                    | EventName::PushDropped => Some(Err(given_up(event))),
                    _ => None,
                }
            })
            .await;
        let (target, latency) = (self.backend.clone(), at.saturating_duration_since(started));
        self.note(FETCH, &target, latency, fetched)?;
        Some(at)
    }

    async fn show(&mut self, fetched: Instant, message: &str, sent: &Sent) -> Option<()> {
        let missing = Trouble::time_out("the toast was not shown", self.wish.timeout);
        let text = sent.text.clone();
        let (at, shown) = self
            .wait(missing, |event| {
                if event.text("message") != Some(message) {
                    return None;
                }
                match (event.event, &event.toast) {
                    (EventName::ToastShown | EventName::ToastUpdated, Some(toast)) => {
                        Some(match toast.body == text {
                            true => Ok(()),
                            false => Err(Trouble::on_device(
                                "other_text",
                                "the toast shows another text than the payload: look at the backend, or a cache before it",
                            )),
                        })
                    }
                    (EventName::PushDropped, _) => Some(Err(given_up(event))),
                    _ => None,
                }
            })
            .await;
        let latency = at.saturating_duration_since(fetched);
        self.note(TOAST, self.probe.name(), latency, shown)
    }
}

/// What an event says of why something went wrong: a name, and words.
fn reason_of(event: &Event) -> (String, String) {
    let reason = event.text("reason").unwrap_or("unknown").to_owned();
    let detail = event.text("detail").unwrap_or(&reason).to_owned();
    (reason, detail)
}

/// The probe gave the push up, or it waits for what will not come.
fn given_up(event: &Event) -> Trouble {
    let (reason, detail) = reason_of(event);
    Trouble::of_push(&reason, &detail)
}
