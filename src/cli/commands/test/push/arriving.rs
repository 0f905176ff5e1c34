//! The hops of a push on the probe: arrived, its task started, its payload fetched and shown.

use tokio::time::Instant;

use super::hops::{Walk, reason_of};
use super::sending::Sent;
use crate::cli::commands::test::trouble::Trouble;
use crate::telemetry::{Event, EventName};

const DEVICE: &str = "device";
const TASK: &str = "task";
const FETCH: &str = "fetch";
const TOAST: &str = "toast";

impl Walk<'_, '_> {
    /// The push reaches the probe; the answer is when, and as which message.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    pub(super) async fn arrive(&mut self, sent: &Sent) -> Option<(Instant, String)> {
        let missing = Trouble::not_delivered(self.wish.timeout);
        let id = sent.id.clone();
        let mut dropped = None;
        let (at, mut arrived) = self
            .wait(missing, |event| {
                let of = event.text("notification");
                let this = id.is_none() || of == id.as_deref();
                match event.event {
                    EventName::PushReceived if this => {
                        Some(Ok(event.text("message").unwrap_or_default().to_owned()))
                    }
                    EventName::PushDropped if this => Some(Err(given_up(event))),
                    // It was given up before it could be read: this one, or another of this user's.
                    EventName::PushDropped if of.is_none() => {
                        dropped = Some(given_up(event));
                        None
                    }
                    _ => None,
                }
            })
            .await;
        if let (true, Some(dropped)) = (arrived.is_err(), dropped) {
            arrived = Err(dropped);
        }
        let latency = at.saturating_duration_since(sent.begun);
        let message = self.note(DEVICE, self.probe.name(), latency, arrived)?;
        Some((at, message))
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    pub(super) async fn start_task(&mut self, arrived: Instant, message: &str) -> Option<Instant> {
        let missing = Trouble::not_started(self.wish.timeout);
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
    pub(super) async fn fetch(&mut self, started: Instant, message: &str) -> Option<Instant> {
        let missing = Trouble::not_fetched(self.wish.timeout);
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

    pub(super) async fn show(
        &mut self,
        fetched: Instant,
        message: &str,
        sent: &Sent,
    ) -> Option<()> {
        let missing = Trouble::not_shown(self.wish.timeout);
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

/// The probe gave the push up, or it waits for what will not come.
fn given_up(event: &Event) -> Trouble {
    let (reason, detail) = reason_of(event);
    Trouble::of_push(&reason, &detail)
}
