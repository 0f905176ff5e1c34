//! What a push service answered.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};

use crate::emulator::hub::outcome::Outcome;
use crate::model::{DisplayText, Platform};
use crate::wire::app_backend::{Delivery, DeliveryOutcome};

/// The longest words of a push service that are repeated, in characters.
const MOST_WORDS: usize = 200;

/// What became of a notification at one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator::hub) struct Sent {
    pub(in crate::emulator::hub) outcome: Outcome,
    /// In words, without a handle, a token or a payload.
    pub(in crate::emulator::hub) text: String,
    /// The push service's id of the message.
    pub(in crate::emulator::hub) message: Option<String>,
    /// The same may go through later.
    pub(in crate::emulator::hub) is_transient: bool,
    /// How long the push service wants to be left alone.
    pub(in crate::emulator::hub) wait: Option<Duration>,
}

impl Sent {
    /// The push service took it.
    pub(in crate::emulator::hub) fn taken(message: Option<String>) -> Self {
        Self {
            message,
            // The service's own words, which senders look for.
            ..Self::new(
                Outcome::Success,
                "The Notification was successfully sent to the Push Notification System",
            )
        }
    }

    pub(in crate::emulator::hub) fn new(outcome: Outcome, text: impl Into<String>) -> Self {
        Self {
            outcome,
            text: text.into(),
            message: None,
            is_transient: false,
            wait: None,
        }
    }

    /// The platform keeps no such push for a device that is away.
    pub(super) fn dropped(outcome: Outcome, message: Option<String>) -> Self {
        let text = "the device is offline and its platform keeps no such push";
        Self {
            message,
            ..Self::new(outcome, text)
        }
    }

    /// The push service's answer is no success; `words` are its own.
    pub(super) fn refused(answer: &Answer, outcome: Outcome, words: &str) -> Self {
        let mut text = format!("the push service answered {}", answer.status.as_u16());
        if !words.is_empty() {
            text = format!("{text} ({})", DisplayText::excerpt(words, MOST_WORDS));
        }
        if outcome.is_gone() {
            text.push_str(": the handle is gone");
        }
        Self {
            is_transient: matches!(
                outcome,
                Outcome::Throttled | Outcome::ChannelThrottled | Outcome::PnsUnavailable
            ),
            wait: answer.wait,
            ..Self::new(outcome, text)
        }
    }

    /// There was no answer. Handles are addresses of devices, so no error text shows one.
    pub(super) fn failed(error: &reqwest::Error) -> Self {
        if error.is_builder() {
            let text = "the notification has a header that no push service could be sent";
            return Self::new(Outcome::InvalidNotificationFormat, text);
        }
        let (text, is_transient) = if error.is_timeout() {
            // It may have been taken, and is not sent twice.
            ("the push service did not answer in time", false)
        } else if error.is_connect() {
            ("the push service could not be reached", true)
        } else {
            ("the push service's answer could not be read", false)
        };
        Self {
            is_transient,
            ..Self::new(Outcome::PnsUnreachable, text)
        }
    }

    /// The token endpoint could not be asked. Nothing was sent, so that it can be asked again.
    pub(super) fn without_token(error: &reqwest::Error) -> Self {
        let text = if error.is_connect() {
            "the token endpoint could not be reached"
        } else if error.is_timeout() {
            "the token endpoint did not answer in time"
        } else {
            "the token endpoint's answer could not be read"
        };
        Self {
            is_transient: error.is_connect() || error.is_timeout(),
            ..Self::new(Outcome::TokenProviderUnreachable, text)
        }
    }

    /// The token endpoint's answer is no success.
    pub(super) fn token_refused(answer: &Answer) -> Self {
        let text = format!(
            "the token endpoint answered {}: it gave no access token",
            answer.status.as_u16()
        );
        Self {
            is_transient: matches!(
                answer.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            ),
            wait: answer.wait,
            ..Self::new(Outcome::TokenProviderUnreachable, text)
        }
    }

    /// As an app backend is told it.
    pub(in crate::emulator::hub) fn into_delivery(self, platform: Platform) -> Delivery {
        let (outcome, reason) = if self.outcome == Outcome::Success {
            (DeliveryOutcome::Received, None)
        } else if self.outcome.is_dropped() {
            (DeliveryOutcome::Dropped, Some(self.text))
        } else {
            (DeliveryOutcome::Refused, Some(self.text))
        };
        Delivery {
            platform: platform.as_str().to_owned(),
            outcome,
            message: self.message,
            reason,
        }
    }
}

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    wait: Option<Duration>,
}

impl Answer {
    pub(super) fn of(response: &Response) -> Self {
        let wait = response.headers().get(RETRY_AFTER);
        let seconds = wait
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        Self {
            status: response.status(),
            wait: seconds.map(Duration::from_secs),
        }
    }

    /// What an answer is that says no more than its status.
    pub(super) fn outcome(self) -> Outcome {
        match self.status {
            StatusCode::NOT_FOUND => Outcome::BadChannel,
            StatusCode::GONE => Outcome::ExpiredChannel,
            StatusCode::BAD_REQUEST => Outcome::InvalidNotificationFormat,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::InvalidCredentials,
            StatusCode::PAYLOAD_TOO_LARGE => Outcome::InvalidNotificationSize,
            StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled,
            StatusCode::SERVICE_UNAVAILABLE => Outcome::PnsUnavailable,
            status if status.is_server_error() => Outcome::PnsServerError,
            _ => Outcome::PnsInterfaceError,
        }
    }
}
