//! Tells what happens: every event to programs, what matters to people.

mod phone;

use crate::channel::ChannelError;
use crate::cli::output::Output;
use crate::lifecycle::{Clock, Scope};
use crate::telemetry::{Event, EventName, EventReceiver, EventStream, Lagged};

/// Prints the events of `events` until the stream ends or `scope` is canceled; what was emitted
/// before that is still printed.
pub(super) fn narrate(scope: &Scope, events: &EventStream, clock: Clock, output: Output) {
    let receiver = events.listen();
    let off = scope.token().clone();
    scope.spawn_to_end("narrator", async move {
        let narrator = Narrator {
            clock,
            output,
            closed: None,
            not_registered: None,
        };
        narrator.run(receiver, off).await;
    });
}

struct Narrator {
    clock: Clock,
    output: Output,
    /// Why the channel is closed, as it was told.
    closed: Option<String>,
    /// Why the handle is not registered, as it was told.
    not_registered: Option<String>,
}

impl Narrator {
    async fn run(mut self, mut events: EventReceiver, off: tokio_util::sync::CancellationToken) {
        loop {
            let next = tokio::select! {
                next = events.next() => next,
                () = off.cancelled() => break,
            };
            match next {
                Ok(Some(event)) => self.tell(&event).await,
                Ok(None) => return,
                Err(Lagged(count)) => {
                    let lost =
                        Event::new(self.clock.now(), EventName::EventsLost).with("count", count);
                    self.tell(&lost).await;
                }
            }
        }
        while let Some(event) = events.try_next() {
            self.tell(&event).await;
        }
    }

    async fn tell(&mut self, event: &Event) {
        let text = if self.output.is_json() {
            Some(event.to_line())
        } else {
            self.words(event)
        };
        if let Some(text) = text {
            self.output.tell(text).await;
        }
    }

    /// What people want to know; the rest is in the log.
    fn words(&mut self, event: &Event) -> Option<String> {
        let text = |name: &str| event.text(name).unwrap_or("-");
        let (reason, detail) = (text("reason"), event.text("detail"));
        let output = &self.output;
        match event.event {
            EventName::ChannelOpened => self.opened(),
            EventName::ChannelClosed => self.closed(reason, detail.unwrap_or(reason)),
            EventName::PhoneReady => Some(format!(
                "{} as {} on {}; waiting for pushes, Ctrl-C switches it off",
                output.good("the phone is ready"),
                event.text("user").unwrap_or("nobody"),
                text("platform"),
            )),
            EventName::SessionSignedIn => Some(format!("signed in as {}", text("user"))),
            EventName::SessionSignedOut => Some(format!("signed out {}", text("user"))),
            EventName::SessionRequired => Some(format!(
                "{}: `handset login --user {}` ({reason})",
                output.bad("sign-in is needed"),
                text("user"),
            )),
            EventName::RegistrationFailed => self.not_registered(detail.unwrap_or(reason)),
            EventName::RegistrationUpdated => self.registered(),
            EventName::PushDropped => {
                let dropped = output.bad("a push was dropped");
                let detail = detail.map(|detail| format!(": {}", output.dim(detail)));
                Some(format!("{dropped}: {reason}{}", detail.unwrap_or_default()))
            }
            EventName::PushRetry => Some(format!(
                "a push is tried again in {} ms: {}",
                event
                    .fields
                    .get("retry_in_ms")
                    .unwrap_or(&serde_json::Value::Null),
                detail.unwrap_or(reason),
            )),
            EventName::EventsLost => {
                Some("some events were lost, the output is read too slowly".to_owned())
            }
            EventName::ServicesReady
            | EventName::PushReceived
            | EventName::TaskStarted
            | EventName::TaskCompleted
            | EventName::PayloadFetched
            | EventName::PayloadFailed
            | EventName::TaskProgress
            | EventName::ToastRemoved
            | EventName::DemoFinished => None,
            EventName::PushHeld
            | EventName::PushReleased
            | EventName::PushSuperseded
            | EventName::TaskCanceled
            | EventName::ConditionChanged
            | EventName::ToastShown
            | EventName::ToastUpdated
            | EventName::ToastTapped
            | EventName::ToastDismissed
            | EventName::BadgeChanged => phone::words(event, output),
        }
    }

    fn opened(&mut self) -> Option<String> {
        self.closed.take()?;
        Some(self.output.good("the channel is open again"))
    }

    /// A cause is told once, however often the backend is asked.
    fn not_registered(&mut self, reason: &str) -> Option<String> {
        let told = self.not_registered.replace(reason.to_owned());
        let mark = self.output.bad("not registered");
        (told.as_deref() != Some(reason)).then(|| format!("{mark}: {reason}"))
    }

    fn registered(&mut self) -> Option<String> {
        self.not_registered.take()?;
        Some(self.output.good("the handle is registered"))
    }

    /// A cause is told once, however often the channel is tried, and what the phone does itself is
    /// no news.
    fn closed(&mut self, reason: &str, detail: &str) -> Option<String> {
        let known = self.closed.as_deref() == Some(detail);
        if known || reason == ChannelError::ClosedByDevice.reason() {
            return None;
        }
        self.closed = Some(detail.to_owned());
        let mark = self.output.bad("the channel is closed");
        Some(format!("{mark}: {detail}"))
    }
}
