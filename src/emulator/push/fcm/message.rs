//! The body of `messages:send`, checked as Firebase documents it (REST resource
//! `projects.messages`), and what of it a device gets.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::emulator::push::queue::AwayRule;
use crate::model::Platform;
use crate::wire::fcm::{MAX_MESSAGE, MAX_TOPIC_MESSAGE, MAX_TTL};
use crate::wire::push_socket::NotificationHeaders;

use super::answer::Refusal;
use super::condition::{Condition, NoCondition};
use super::fields::{Fields, duration, weight};
use super::topic::Topic;

/// The longest target, in bytes.
const MAX_TARGET: usize = 4096;

/// The parts of a message, by both names that JSON may give them.
const MESSAGE: [&str; 12] = [
    "name",
    "data",
    "notification",
    "android",
    "webpush",
    "apns",
    "fcmOptions",
    "token",
    "topic",
    "condition",
    "fid",
    "fcm_options",
];

/// The parts that a device gets.
const DELIVERED: [&str; 3] = ["data", "notification", "android"];

/// A request that may be carried out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FcmRequest {
    pub(super) target: Target,
    /// Everything is to be checked and nothing sent.
    pub(super) validate_only: bool,
    /// What the device gets: the message without its target, and without what is meant for other
    /// platforms.
    pub(super) content: Bytes,
    /// How long it is stored; zero is now or never.
    pub(super) ttl: Duration,
    collapse: Option<String>,
    /// The platform shows it.
    visible: bool,
    high: bool,
    /// The sender named a time to live.
    limited: bool,
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A registration token.
    Token(String),
    /// The id of an app's installation.
    Installation(String),
    /// The devices for which a condition over topics holds.
    Topics(Condition),
}

impl FcmRequest {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let body: Value =
            serde_json::from_slice(body).map_err(|_| Refusal::invalid("body", "is not JSON"))?;
        let request = Fields::of("request", &body)?;
        request.only(&["message", "validateOnly", "validate_only"])?;
        let message = request
            .object("message")?
            .ok_or_else(|| Refusal::invalid("message", "is missing"))?;
        message.only(&MESSAGE)?;
        let target = read_target(&message)?;
        let android = message.object("android")?.unwrap_or_default();
        check_data(&message)?;
        check_data(&android)?;
        let most = match target {
            Target::Topics(_) => MAX_TOPIC_MESSAGE,
            Target::Token(_) | Target::Installation(_) => MAX_MESSAGE,
        };
        check_weight(&message, &android, most)?;
        let visible =
            message.object("notification")?.is_some() || android.object("notification")?.is_some();
        let ttl = android.text("ttl")?;
        Ok(Self {
            target,
            validate_only: request.flag("validate_only", "validateOnly")?,
            content: delivered(&message),
            ttl: ttl.map_or(Ok(MAX_TTL), read_ttl)?,
            collapse: collapse_key(&android)?,
            visible,
            high: read_priority(&android)?.unwrap_or(visible),
            limited: ttl.is_some(),
        })
    }

    /// Notifications take each other's place, whatever key they name; messages without one are
    /// kept side by side.
    pub(super) fn away_rule(&self) -> AwayRule {
        match &self.collapse {
            _ if self.ttl.is_zero() => AwayRule::Drop,
            _ if self.visible => AwayRule::Collapse(String::new()),
            Some(key) => AwayRule::Collapse(key.clone()),
            None => AwayRule::Pending,
        }
    }

    /// What the device is told about it.
    pub(super) fn to_frame_headers(
        &self,
        sent_at: Timestamp,
        traceparent: Option<String>,
    ) -> NotificationHeaders {
        NotificationHeaders {
            platform: Some(Platform::Fcm),
            priority: Some(if self.high { "high" } else { "normal" }.to_owned()),
            collapse: self.collapse.clone(),
            ttl: self.limited.then_some(self.ttl.as_secs()),
            sent_at: Some(sent_at),
            traceparent,
            ..NotificationHeaders::default()
        }
    }
}

fn read_target(message: &Fields<'_>) -> Result<Target, Refusal> {
    let named: Vec<&str> = ["token", "topic", "condition", "fid"]
        .into_iter()
        .filter(|name| message.has(name))
        .collect();
    let &[name] = named.as_slice() else {
        let problem = "needs exactly one of token, fid, topic and condition";
        return Err(Refusal::invalid("message", problem));
    };
    let value = message.text(name)?.unwrap_or_default();
    let bad = |problem: &str| Refusal::invalid(format!("message.{name}"), problem);
    match name {
        "token" if is_token(value) => Ok(Target::Token(value.to_owned())),
        "token" => Err(bad("is not a registration token")),
        "fid" if is_target(value) && !value.contains(':') => {
            Ok(Target::Installation(value.to_owned()))
        }
        "fid" => Err(bad("is not an installation id")),
        "topic" => {
            let topic = Topic::read(value).ok_or_else(|| bad("is not a topic's name"))?;
            Ok(Target::Topics(Condition::of_topic(topic)))
        }
        _ => {
            let condition = Condition::read(value);
            condition
                .map(Target::Topics)
                .map_err(|NoCondition(problem)| bad(problem))
        }
    }
}

/// True for text that may be a registration token.
pub(super) fn is_token(text: &str) -> bool {
    is_target(text) && text.contains(':')
}

fn is_target(text: &str) -> bool {
    let usable = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:.%".contains(&byte);
    (1..=MAX_TARGET).contains(&text.len()) && text.bytes().all(usable)
}

/// Values are text; some keys are FCM's own.
fn check_data(fields: &Fields<'_>) -> Result<(), Refusal> {
    let Some(data) = fields.object("data")? else {
        return Ok(());
    };
    for (key, value) in data.entries() {
        let field = data.path(key);
        if !value.is_string() {
            return Err(Refusal::invalid(field, "is not a string"));
        }
        let own = ["google", "gcm"].iter().any(|own| key.starts_with(own));
        if own || matches!(key.as_str(), "from" | "message_type") {
            return Err(Refusal::invalid(field, "is a key that FCM keeps to itself"));
        }
    }
    Ok(())
}

fn check_weight(message: &Fields<'_>, android: &Fields<'_>, most: usize) -> Result<(), Refusal> {
    let parts = ["data", "notification"];
    let sum = |fields: &Fields<'_>| -> usize {
        let values = parts.iter().filter_map(|name| fields.get(name));
        values.map(weight).sum()
    };
    let bytes = sum(message) + sum(android);
    if bytes > most {
        let problem = format!("is too big: {bytes} bytes, at most {most} are taken");
        return Err(Refusal::invalid("message", problem));
    }
    Ok(())
}

fn delivered(message: &Fields<'_>) -> Bytes {
    let kept: Map<String, Value> = message
        .entries()
        .filter(|(name, _)| DELIVERED.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(kept).to_string().into()
}

fn collapse_key(android: &Fields<'_>) -> Result<Option<String>, Refusal> {
    let key = match android.text("collapse_key")? {
        Some(key) => Some(key),
        None => android.text("collapseKey")?,
    };
    match key {
        Some(key) if key.len() > MAX_MESSAGE || key.chars().any(char::is_control) => Err(
            Refusal::invalid(android.path("collapse_key"), "is not a collapse key"),
        ),
        Some("") | None => Ok(None),
        Some(key) => Ok(Some(key.to_owned())),
    }
}

fn read_priority(android: &Fields<'_>) -> Result<Option<bool>, Refusal> {
    match android.text("priority")? {
        None => Ok(None),
        Some(word) if word.eq_ignore_ascii_case("high") => Ok(Some(true)),
        Some(word) if word.eq_ignore_ascii_case("normal") => Ok(Some(false)),
        Some(_) => Err(Refusal::invalid(
            android.path("priority"),
            "is neither NORMAL nor HIGH",
        )),
    }
}

/// A duration such as `3.5s`, of at most four weeks.
fn read_ttl(text: &str) -> Result<Duration, Refusal> {
    let field = "message.android.ttl";
    let ttl = duration(text)
        .ok_or_else(|| Refusal::invalid(field, "is not a duration such as 60s or 3.5s"))?;
    if ttl > MAX_TTL {
        return Err(Refusal::invalid(field, "is longer than four weeks"));
    }
    Ok(ttl)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TOKEN: &str = "c-1:APA91b";

    fn read(mut message: Value) -> Result<FcmRequest, Refusal> {
        if message.get("token").is_none() {
            message["token"] = json!(TOKEN);
        }
        FcmRequest::read(json!({ "message": message }).to_string().as_bytes())
    }

    fn headers(message: Value) -> NotificationHeaders {
        read(message)
            .unwrap()
            .to_frame_headers(Timestamp::UNIX_EPOCH, None)
    }

    #[test]
    fn a_device_gets_the_message_without_its_target_and_other_platforms() {
        let request = read(json!({
            "data": {"secureId": "1"}, "android": {"ttl": "60s", "priority": "high"},
            "apns": {"headers": {}}, "webpush": {}, "fcmOptions": {},
        }))
        .unwrap();
        let content: Value = serde_json::from_slice(&request.content).unwrap();
        let kept =
            json!({"data": {"secureId": "1"}, "android": {"ttl": "60s", "priority": "high"}});
        assert_eq!(content, kept);
        assert_eq!(request.target, Target::Token(TOKEN.to_owned()));
        assert!(!request.validate_only);
    }

    #[test]
    fn notifications_are_high_and_collapse_and_data_is_normal_and_does_not() {
        let data = json!({"data": {"a": "b"}});
        assert_eq!(headers(data.clone()).priority.as_deref(), Some("normal"));
        assert_eq!(read(data).unwrap().away_rule(), AwayRule::Pending);
        for visible in [
            json!({"notification": {"title": "t"}, "android": {"collapse_key": "k"}}),
            json!({"android": {"notification": {"title": "t"}}}),
        ] {
            assert_eq!(headers(visible.clone()).priority.as_deref(), Some("high"));
            let rule = read(visible).unwrap().away_rule();
            assert_eq!(rule, AwayRule::Collapse(String::new()));
        }
        for key in ["collapse_key", "collapseKey"] {
            let message = json!({"android": {key: "k", "priority": "HIGH", "ttl": "3.5s"}});
            let told = headers(message.clone());
            assert_eq!(told.collapse.as_deref(), Some("k"));
            assert_eq!(
                (told.priority.as_deref(), told.ttl),
                (Some("high"), Some(4))
            );
            let rule = read(message).unwrap().away_rule();
            assert_eq!(rule, AwayRule::Collapse("k".to_owned()));
        }
        let never = read(json!({"android": {"ttl": "0s"}})).unwrap();
        assert_eq!(never.away_rule(), AwayRule::Drop);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (message, field) in [
            (json!({"data": {"a": 1}}), "message.data.a"),
            (json!({"data": []}), "message.data"),
            (json!({"data": {"from": "x"}}), "message.data.from"),
            (json!({"data": {"google.x": "x"}}), "message.data.google.x"),
            (json!({"data": {"gcm": "x"}}), "message.data.gcm"),
            (
                json!({"android": {"data": {"a": 1}}}),
                "message.android.data.a",
            ),
            (json!({"android": {"ttl": "60"}}), "message.android.ttl"),
            (json!({"android": {"ttl": 60}}), "message.android.ttl"),
            (json!({"android": {"ttl": "-1s"}}), "message.android.ttl"),
            (
                json!({"android": {"ttl": "2419201s"}}),
                "message.android.ttl",
            ),
            (
                json!({"android": {"priority": "max"}}),
                "message.android.priority",
            ),
            (json!({"notification": "x"}), "message.notification"),
            (json!({"wat": 1}), "message.wat"),
            (json!({"token": "junk"}), "message.token"),
            (json!({"token": "a b:c"}), "message.token"),
            (json!({"token": TOKEN, "fid": "x"}), "message"),
            (json!({"data": {"a": "x".repeat(4096)}}), "message"),
        ] {
            let Err(Refusal::InvalidArgument { field: named, .. }) = read(message.clone()) else {
                panic!("{message} was taken");
            };
            assert_eq!(named, field, "{message}");
        }
        assert!(read(json!({"data": {"a": "x".repeat(4095)}})).is_ok());
        for body in [
            "",
            "[]",
            "{}",
            r#"{"message":1}"#,
            r#"{"message":{},"x":1}"#,
        ] {
            assert!(FcmRequest::read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_message_to_topics_is_half_as_large() {
        let to = |target: Value, size: usize| {
            let mut message = target;
            message["data"] = json!({"a": "x".repeat(size - 1)});
            FcmRequest::read(json!({ "message": message }).to_string().as_bytes())
        };
        assert!(to(json!({"topic": "news"}), 2048).is_ok());
        assert!(to(json!({"topic": "news"}), 2049).is_err());
        assert!(to(json!({"topic": "/topics/news"}), 9).is_ok());
        assert!(to(json!({"condition": "'a' in topics"}), 2048).is_ok());
        assert!(to(json!({"condition": "'a' in topics"}), 2049).is_err());
        for bad in [
            json!({"topic": "a b"}),
            json!({"topic": ""}),
            json!({"condition": "a"}),
            json!({"topic": "a", "condition": "'a' in topics"}),
            json!({"topic": "a", "token": TOKEN}),
        ] {
            assert!(to(bad.clone(), 9).is_err(), "{bad}");
        }
    }
}
