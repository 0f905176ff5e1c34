//! The event type: one line of NDJSON each, stable.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The name of an event, as other programs match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventName {
    /// Every listener of the embedded services is bound.
    #[serde(rename = "services.ready")]
    ServicesReady,
    /// The channel is open and the handle registered.
    #[serde(rename = "phone.ready")]
    PhoneReady,
    /// A token was stored.
    #[serde(rename = "session.signed_in")]
    SessionSignedIn,
    /// The registration is gone and the token deleted.
    #[serde(rename = "session.signed_out")]
    SessionSignedOut,
    /// A push waits because the user must sign in.
    #[serde(rename = "session.required")]
    SessionRequired,
    /// The push channel is open.
    #[serde(rename = "channel.opened")]
    ChannelOpened,
    /// The push channel is closed; `reason` says why, `retry_in_ms` when it is tried again.
    #[serde(rename = "channel.closed")]
    ChannelClosed,
    /// The backend has the handle and the tags.
    #[serde(rename = "registration.updated")]
    RegistrationUpdated,
    /// The backend could not be told the handle.
    #[serde(rename = "registration.failed")]
    RegistrationFailed,
    /// A push is durable at the device.
    #[serde(rename = "push.received")]
    PushReceived,
    /// A push waits for a condition, named in `reason`.
    #[serde(rename = "push.held")]
    PushHeld,
    /// What a push waited for is met.
    #[serde(rename = "push.released")]
    PushReleased,
    /// A newer push took the place of one that waited; `by` names it.
    #[serde(rename = "push.superseded")]
    PushSuperseded,
    /// A push was given up, by the rule named in `reason`.
    #[serde(rename = "push.dropped")]
    PushDropped,
    /// A push is tried again later.
    #[serde(rename = "push.retry")]
    PushRetry,
    /// A background task instance runs.
    #[serde(rename = "task.started")]
    TaskStarted,
    /// A background task instance says how far it is, in per cent.
    #[serde(rename = "task.progress")]
    TaskProgress,
    /// A background task instance ended by itself.
    #[serde(rename = "task.completed")]
    TaskCompleted,
    /// A background task instance was ended; `reason` says why.
    #[serde(rename = "task.canceled")]
    TaskCanceled,
    /// The secure payload is here.
    #[serde(rename = "payload.fetched")]
    PayloadFetched,
    /// The secure payload could not be fetched.
    #[serde(rename = "payload.failed")]
    PayloadFailed,
    /// A toast was shown.
    #[serde(rename = "toast.shown")]
    ToastShown,
    /// A toast replaced an earlier one with the same key.
    #[serde(rename = "toast.updated")]
    ToastUpdated,
    /// A toast is gone because its reason is, such as the one that asked to sign in.
    #[serde(rename = "toast.removed")]
    ToastRemoved,
    /// The user tapped a toast; `launch` is what the app is told.
    #[serde(rename = "toast.tapped")]
    ToastTapped,
    /// The user swept a toast away.
    #[serde(rename = "toast.dismissed")]
    ToastDismissed,
    /// The badge on the app's icon is another.
    #[serde(rename = "badge.changed")]
    BadgeChanged,
    /// A condition of the phone is another.
    #[serde(rename = "condition.changed")]
    ConditionChanged,
    /// The demo is over.
    #[serde(rename = "demo.finished")]
    DemoFinished,
    /// A program read events too slowly and some are missing; `count` says how many.
    #[serde(rename = "events.lost")]
    EventsLost,
}

/// The toast of a `toast.*` event: the only place where a payload's text appears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToastFields {
    /// Its number in the action centre.
    pub id: i64,
    /// Its heading.
    pub title: String,
    /// Its text.
    pub body: String,
    /// What makes a later toast replace it: the sender's name for it, or handset's own key.
    pub tag: String,
    /// The sender's name for its group.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<String>,
    /// The layout's name.
    pub template: String,
    /// Which renderer drew it: `desktop`, `terminal`, `json`, `recorder` or `none`.
    pub renderer: String,
}

/// Something that happened, with the fields that apply to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, in UTC, with milliseconds.
    #[serde(serialize_with = "with_millis")]
    pub ts: Timestamp,
    /// What.
    pub event: EventName,
    /// The device it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The toast, in `toast.*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toast: Option<ToastFields>,
    /// Every other field: `user`, `notification`, `message`, `task`, `reason`, `elapsed_ms`, ….
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Event {
    /// An event at `ts` without fields.
    #[must_use]
    pub fn new(ts: Timestamp, event: EventName) -> Self {
        Self {
            // Milliseconds are what a reader needs, and keep the lines alike.
            ts: ts.round(jiff::Unit::Millisecond).unwrap_or(ts),
            event,
            device: None,
            toast: None,
            fields: Map::new(),
        }
    }

    /// Names the device.
    #[must_use]
    pub fn on(mut self, device: impl Into<String>) -> Self {
        self.device = Some(device.into());
        self
    }

    /// Adds a field. Never a token, and no payload text: that belongs in [`Event::toast`].
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a field where there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds the toast.
    #[must_use]
    pub fn with_toast(mut self, toast: ToastFields) -> Self {
        self.toast = Some(toast);
        self
    }

    /// A text field, for tests and people.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// The event for a log, which shows no toast's text: that may be a secret payload.
    #[must_use]
    pub fn to_log(&self) -> String {
        if self.toast.is_none() {
            return self.to_line();
        }
        let mut bare = self.clone();
        bare.toast = None;
        bare.to_line()
    }

    /// The event as one line of NDJSON, without the line break.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Maps with text keys always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Always three digits, so that lines stay alike.
fn with_millis<S: serde::Serializer>(ts: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{ts:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_stable_line() {
        let ts: Timestamp = "2026-11-20T18:00:00.1004Z".parse().unwrap();
        let event = Event::new(ts, EventName::PushDropped)
            .on("phone")
            .with("reason", "no_notification_id");
        let line = event.to_line();
        assert_eq!(
            line,
            r#"{"ts":"2026-11-20T18:00:00.100Z","event":"push.dropped","device":"phone","reason":"no_notification_id"}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }
}
