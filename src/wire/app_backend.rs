//! The app backend's REST API: JSON bodies of sign-in, registration and secure notifications.
//!
//! Property names are PascalCase on the wire, as in the ASP.NET Web API tutorials this follows;
//! ASP.NET Core answers camelCase. Both are read, in any case.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::json::problem_within;
use crate::model::{Handle, NotificationId, RegistrationId, SubscriptionKeys, Tag};

use super::notification_hub::MOST_TAGS;

/// The largest body either side reads, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// The longest payload of a secure notification, in bytes.
pub const MAX_PAYLOAD: usize = 16 * 1024;

/// The longest text of a plain toast, in bytes, the sender's name included: room for it in every
/// platform's shape.
pub const MAX_TOAST: usize = 2048;

/// The most tags that a device puts under one registration, 59: a hub takes 60, and one of them is the
/// user's own, which the backend adds.
pub const MAX_TAGS: usize = MOST_TAGS - 1;

/// Body of `POST /api/login`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The user's name, in any case.
    pub username: String,
    /// The password.
    pub password: secrecy::SecretString,
}

/// Answer of `POST /api/login` and `POST /api/login/refresh`.
#[derive(Deserialize)]
pub struct LoginAnswer {
    /// The bearer token, opaque.
    pub token: secrecy::SecretString,
    /// How long it lasts, in seconds.
    #[serde(default)]
    pub expires_in: Option<u64>,
}

/// Body of `PUT /api/register/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegistrationBody {
    /// The platform, by the backend's name: `wns`, `apns`, `fcmv1`, `browser`, …
    pub platform: String,
    /// The handle.
    pub handle: Handle,
    /// The keys of a Web Push subscription: only for `browser`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<SubscriptionKeys>,
    /// The tags, without the user's own, which the backend adds.
    pub tags: Vec<Tag>,
}

impl<'de> Deserialize<'de> for RegistrationBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Lower {
            platform: String,
            handle: Handle,
            #[serde(default)]
            keys: Option<SubscriptionKeys>,
            #[serde(default)]
            tags: Option<Vec<Tag>>,
        }
        let lower: Lower = any_case(deserializer)?;
        Ok(Self {
            platform: lower.platform,
            handle: lower.handle,
            keys: lower.keys,
            tags: lower.tags.unwrap_or_default(),
        })
    }
}

/// A secure notification as its owner reads it: `GET /api/notifications/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Notification {
    /// The payload's id.
    pub id: NotificationId,
    /// The secret text.
    pub payload: String,
    /// Whether the toast was tapped.
    pub read: bool,
}

impl<'de> Deserialize<'de> for Notification {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Lower {
            #[serde(deserialize_with = "number_or_string")]
            id: NotificationId,
            payload: String,
            #[serde(default)]
            read: bool,
        }
        let lower: Lower = any_case(deserializer)?;
        Ok(Self {
            id: lower.id,
            payload: lower.payload,
            read: lower.read,
        })
    }
}

/// Body of `POST /api/notifications` (secure push): what to send, and to whom.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SecurePushRequest {
    /// The secret text; the backend has a default where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// The user it is for; the sender where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How urgent the push is; high where the request does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<SendPriority>,
    /// False where the payload is only to be stored, for a sender that pushes its ID itself; a
    /// backend other than the embedded one may push all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<bool>,
}

/// How urgent a secure push is, in each platform's own way: WNS `X-WNS-Priority` 1 or 2, FCM
/// `android.priority`, Web Push `Urgency`. APNs has one priority for a push without UI, 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SendPriority {
    /// It may wait until the phone is awake.
    Normal,
    /// It wakes the phone.
    #[default]
    High,
}

impl SendPriority {
    /// The name in JSON and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// Answer of `POST /api/notifications?pns=…&to_tag=…` (notify users), 200: what became of a plain
/// toast at each device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ToastAnswer {
    /// The user it was sent to.
    pub to: String,
    /// One entry a device.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
}

/// Answer of `POST /api/notifications`, 201: the id, and what became of the push at each device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurePushAnswer {
    /// The payload's id.
    pub id: NotificationId,
    /// The user it was sent to.
    pub to: String,
    /// One entry a device.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
}

/// What a push service answered for one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Delivery {
    /// The platform, by the device socket's name.
    pub platform: String,
    /// What the service answered.
    pub outcome: DeliveryOutcome,
    /// The service's message id, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why it was not received, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a push, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryOutcome {
    /// The service keeps it until the device acknowledges it.
    Received,
    /// The platform's offline rule dropped it.
    Dropped,
    /// The service did not take it.
    Refused,
    /// A hub elsewhere has taken it, for all devices of the platform: it answers before it delivers.
    Enqueued,
}

impl DeliveryOutcome {
    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
            Self::Enqueued => "enqueued",
        }
    }
}

/// Body of an answer that refuses a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RefusalBody {
    /// Why, for people.
    pub message: String,
}

/// The header of an answer that says who refused, where it was not the backend itself: `hub`. A 403
/// with it says nothing about the sign-in.
pub const REFUSED_BY: &str = "x-handset-refused-by";

impl Delivery {
    /// A push that was not sent, to one device or to all of a platform.
    #[must_use]
    pub fn refused(platform: &str, reason: impl Into<String>) -> Self {
        Self {
            platform: platform.to_owned(),
            outcome: DeliveryOutcome::Refused,
            message: None,
            reason: Some(reason.into()),
        }
    }
}

/// Reads a registration id as `POST /api/register` answers it: a JSON string with quotes, as
/// ASP.NET writes it, or bare text.
///
/// # Errors
/// Text for people when it is neither.
pub fn read_registration_id(body: &str) -> Result<RegistrationId, crate::model::Invalid> {
    let trimmed = body.trim();
    let text = serde_json::from_str::<String>(trimmed).unwrap_or_else(|_| trimmed.to_owned());
    RegistrationId::parse(text)
}

/// Reads an object whose property names are in any case. An error does not repeat its values.
pub(super) fn any_case<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let Value::Object(map) = value else {
        return Err(D::Error::custom("expected a JSON object"));
    };
    let lower = map
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    serde_json::from_value(Value::Object(lower))
        .map_err(|error| D::Error::custom(problem_within(&error)))
}

fn number_or_string<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<NotificationId, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(D::Error::custom("the id is neither a number nor a string"));
        }
    };
    NotificationId::parse(text).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_are_read_in_either_case_with_either_id() {
        for json in [
            r#"{"Id":1,"Payload":"p","Read":false}"#,
            r#"{"id":"1","payload":"p"}"#,
            r#"{"ID":"1","PAYLOAD":"p","Read":false,"More":[]}"#,
        ] {
            let notification: Notification = serde_json::from_str(json).unwrap();
            assert_eq!(notification.id.as_str(), "1");
            assert_eq!(notification.payload, "p");
        }
        for json in [
            r#"{"Id":1}"#,
            r#"[1]"#,
            r#"{"Id":"../x","Payload":"p"}"#,
            r#"{"Id":[],"Payload":"p"}"#,
        ] {
            assert!(
                serde_json::from_str::<Notification>(json).is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn a_registration_without_tags_has_none() {
        let body: RegistrationBody =
            serde_json::from_str(r#"{"platform":"WNS","handle":"http://x/?token=a"}"#).unwrap();
        assert!(body.tags.is_empty());
        let json = serde_json::to_string(&body).unwrap();
        assert_eq!(
            json,
            r#"{"Platform":"WNS","Handle":"http://x/?token=a","Tags":[]}"#
        );
    }

    #[test]
    fn registration_ids_come_quoted_or_bare() {
        assert_eq!(read_registration_id("\"12-3\"").unwrap().as_str(), "12-3");
        assert_eq!(read_registration_id("12-3\n").unwrap().as_str(), "12-3");
        assert!(read_registration_id("<html>no way</html>").is_err());
    }
}
