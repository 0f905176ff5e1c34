//! What became of a push, told from the phone's events.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::{LabError, Phone};
use crate::model::NotificationId;
use crate::telemetry::{Event, EventName};

/// Where a push stands on its phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It did not arrive, or not yet.
    NotArrived,
    /// It is durable, and nothing was decided yet.
    Accepted,
    /// It waits for a condition, by this rule.
    Held(String),
    /// It waits for the user to sign in.
    AwaitingSignIn,
    /// It is tried again, for this reason.
    Retrying(String),
    /// Its toast was drawn.
    Shown,
    /// Its toast stands in the action centre and was not drawn, for this reason.
    ActionCentre(String),
    /// A newer one took its place.
    Superseded,
    /// It was given up, by this rule.
    Dropped(String),
}

impl Fate {
    /// True when somebody must do something before anything more happens to it, or nothing will.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::NotArrived | Self::Accepted | Self::Retrying(_))
    }

    /// True when nothing more happens to it at all.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.is_settled() && !matches!(self, Self::Held(_) | Self::AwaitingSignIn)
    }

    /// Where the push with this payload stands after `events`.
    fn told_by(events: &VecDeque<Event>, id: &NotificationId) -> Self {
        let arrived = events.iter().find(|event| {
            event.event == EventName::PushReceived
                && event.text("notification") == Some(id.as_str())
        });
        let Some(message) = arrived.and_then(|event| event.text("message")) else {
            return Self::NotArrived;
        };
        events
            .iter()
            .filter(|event| event.text("message") == Some(message))
            .fold(Self::NotArrived, Self::after)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about where a push stands"
    )]
    fn after(self, event: &Event) -> Self {
        let reason = || event.text("reason").unwrap_or("unknown").to_owned();
        match event.event {
            EventName::PushReceived | EventName::PushReleased => Self::Accepted,
            EventName::PushHeld => Self::Held(reason()),
            EventName::PushRetry => Self::Retrying(reason()),
            EventName::SessionRequired => Self::AwaitingSignIn,
            EventName::PushSuperseded => Self::Superseded,
            EventName::PushDropped => Self::Dropped(reason()),
            EventName::ToastShown | EventName::ToastUpdated => match event.text("reason") {
                Some(reason) => Self::ActionCentre(reason.to_owned()),
                None => Self::Shown,
            },
            _ => self,
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotArrived => f.write_str("not delivered"),
            Self::Accepted => f.write_str("accepted"),
            Self::Held(reason) => write!(f, "held: {reason}"),
            Self::AwaitingSignIn => f.write_str("awaits sign-in"),
            Self::Retrying(reason) => write!(f, "tried again: {reason}"),
            Self::Shown => f.write_str("shown"),
            Self::ActionCentre(reason) => write!(f, "action centre: {reason}"),
            Self::Superseded => f.write_str("superseded"),
            Self::Dropped(reason) => write!(f, "dropped: {reason}"),
        }
    }
}

impl Phone {
    /// Where the push that carried this payload's ID stands.
    #[must_use]
    pub fn fate(&self, id: &NotificationId) -> Fate {
        self.station.log.ask(|events| Fate::told_by(events, id))
    }

    /// Where that push stands as soon as `wanted` takes it.
    ///
    /// # Errors
    /// [`LabError::NoEvent`], with what happened on the phone instead.
    pub async fn fate_when(
        &self,
        id: &NotificationId,
        limit: Duration,
        wanted: impl Fn(&Fate) -> bool,
    ) -> Result<Fate, LabError> {
        let wanted = |events: &VecDeque<Event>| Some(Fate::told_by(events, id)).filter(&wanted);
        let fate = self.station.log.wait_until(limit, wanted).await;
        fate.ok_or_else(|| LabError::NoEvent {
            what: format!("the end of push {id}"),
            phone: self.name().to_owned(),
            limit,
            story: self.station.log.story(),
        })
    }
}
