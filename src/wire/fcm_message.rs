//! What an FCM message says to a device: the `message` object of the v1 API, as far as it reaches
//! Android (`notification`, `data`, `android.notification`).
//!
//! The phone has no string resources: a localised string is shown as its key with its arguments.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::json::problem_of;
use super::localised::localised;
use crate::model::{
    Badge, DisplayText, Invalid, PushKind, RawNotification, ToastContent, ToastImage, ToastKey,
    ToastTag, ToastTemplate,
};

/// A message as FCM delivers it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FcmMessage {
    notification: Option<Notification>,
    data: Map<String, Value>,
    android: Option<Android>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Android {
    notification: Option<Notification>,
}

/// `Notification`, and the further fields of `AndroidNotification`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Notification {
    title: Option<String>,
    body: Option<String>,
    image: Option<String>,
    tag: Option<String>,
    click_action: Option<String>,
    notification_count: Option<Value>,
    title_loc_key: Option<String>,
    title_loc_args: Option<Vec<Value>>,
    body_loc_key: Option<String>,
    body_loc_args: Option<Vec<Value>>,
}

/// The message may stand by itself or, as a sender wrote it, under `message`.
#[derive(Deserialize)]
struct Envelope {
    message: FcmMessage,
}

/// Reads a message.
///
/// # Errors
/// [`Invalid`] when it is larger than any push, or no JSON object of that shape.
pub fn read_message(content: &[u8]) -> Result<FcmMessage, Invalid> {
    let bad = |problem: String| Invalid::new("FCM message", problem);
    if content.len() > RawNotification::MAX_CONTENT {
        return Err(bad(format!("has {} bytes", content.len())));
    }
    let unread =
        |error: serde_json::Error| bad(format!("is of another shape: {}", problem_of(&error)));
    let object: Map<String, Value> = serde_json::from_slice(content).map_err(unread)?;
    if object.contains_key("message") {
        let envelope = Envelope::deserialize(Value::Object(object)).map_err(unread)?;
        return Ok(envelope.message);
    }
    FcmMessage::deserialize(Value::Object(object)).map_err(unread)
}

impl FcmMessage {
    /// With something to show it is a notification message, which the system shows while the app is
    /// not in the foreground, its data waiting for the tap; else a data message.
    #[must_use]
    pub fn kind(&self) -> PushKind {
        if self.title().is_some() || self.body().is_some() {
            PushKind::Toast
        } else {
            PushKind::Raw
        }
    }

    /// The badge that `notification_count` asks for, where it does.
    #[must_use]
    pub fn badge(&self) -> Option<Badge> {
        let count = self.android()?.notification_count.as_ref()?.as_u64()?;
        Some(Badge::of_number(u32::try_from(count).unwrap_or(u32::MAX)))
    }

    /// The toast, where there is something to show. `android.notification.tag` makes a later one
    /// replace it.
    #[must_use]
    pub fn toast(&self, key: ToastKey, app_name: &DisplayText) -> Option<ToastContent> {
        let (title, body) = (self.title(), self.body());
        if title.is_none() && body.is_none() {
            return None;
        }
        let tag = self.android().and_then(|android| android.tag.as_deref());
        let tag = tag.and_then(|name| ToastTag::parse(name).ok());
        let key = tag.as_ref().map_or(key, |tag| ToastKey::of_tag(tag, None));
        let image = self.field(|notification| notification.image.clone());
        let image = image.and_then(|source| ToastImage::parse(source, "").ok());
        let template = match (&title, &image) {
            (None, None) => ToastTemplate::ToastText01,
            (Some(_), None) => ToastTemplate::ToastText02,
            (None, Some(_)) => ToastTemplate::ToastImageAndText01,
            (Some(_), Some(_)) => ToastTemplate::ToastImageAndText02,
        };
        let title = title.map_or_else(|| app_name.clone(), |title| DisplayText::new(&title));
        Some(ToastContent {
            image,
            launch: self.launch(),
            tag,
            ..ToastContent::new(key, title, body.unwrap_or_default(), template)
        })
    }

    /// What the app is told when the toast is tapped: the data, as JSON, with `click_action`
    /// beside it, as the extras and the action of its intent.
    fn launch(&self) -> Option<String> {
        let mut told = self.data.clone();
        if let Some(action) = self.field(|notification| notification.click_action.clone()) {
            told.insert("click_action".to_owned(), Value::String(action));
        }
        if told.is_empty() {
            return None;
        }
        // Maps with text keys always serialise.
        let launch = serde_json::to_string(&told).ok()?;
        (launch.len() <= ToastContent::MAX_LAUNCH).then_some(launch)
    }

    fn title(&self) -> Option<String> {
        self.field(|notification| {
            let key = notification.title_loc_key.as_deref();
            let arguments = notification.title_loc_args.as_deref();
            let localised = || Some(localised(key?, arguments));
            filled(notification.title.clone()).or_else(localised)
        })
    }

    fn body(&self) -> Option<String> {
        self.field(|notification| {
            let key = notification.body_loc_key.as_deref();
            let arguments = notification.body_loc_args.as_deref();
            let localised = || Some(localised(key?, arguments));
            filled(notification.body.clone()).or_else(localised)
        })
    }

    fn android(&self) -> Option<&Notification> {
        self.android.as_ref()?.notification.as_ref()
    }

    /// Android's own value before that for every platform.
    fn field(&self, read: impl Fn(&Notification) -> Option<String>) -> Option<String> {
        let android = self.android().and_then(&read);
        android.or_else(|| self.notification.as_ref().and_then(&read))
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MessageId;

    fn read(json: &str) -> FcmMessage {
        read_message(json.as_bytes()).unwrap()
    }

    fn toast(json: &str) -> ToastContent {
        let key = ToastKey::of_message(&MessageId::parse("m").unwrap());
        read(json).toast(key, &DisplayText::new("Contoso")).unwrap()
    }

    #[test]
    fn the_kind_follows_from_what_the_message_has() {
        for (json, kind) in [
            (r#"{"data":{"secureId":"1"}}"#, PushKind::Raw),
            (r#"{"message":{"data":{"secureId":"1"}}}"#, PushKind::Raw),
            (
                r#"{"notification":{"title":"t"},"data":{"a":"b"}}"#,
                PushKind::Toast,
            ),
            (
                r#"{"android":{"priority":"high","notification":{"body":"b"}}}"#,
                PushKind::Toast,
            ),
            (r#"{"notification":{}}"#, PushKind::Raw),
            ("{}", PushKind::Raw),
        ] {
            assert_eq!(read(json).kind(), kind, "{json}");
        }
    }

    #[test]
    fn androids_own_values_come_first() {
        let json = r#"{"token":"t","fcm_options":{},"notification":{"title":"T","body":"B","image":"https://example.org/i.png"},
            "data":{"order":"7"},"apns":{"payload":{"aps":{"alert":"x"}}},
            "android":{"ttl":"60s","notification":{"body":"droid","tag":"order","click_action":"OPEN","notification_count":3}}}"#;
        let shown = toast(json);
        assert_eq!((shown.title.as_str(), shown.body.as_str()), ("T", "droid"));
        assert_eq!(shown.template, ToastTemplate::ToastImageAndText02);
        assert_eq!(shown.image.unwrap().package_path(), None);
        assert_eq!(
            shown.launch.as_deref(),
            Some(r#"{"click_action":"OPEN","order":"7"}"#)
        );
        assert_eq!(shown.tag.as_ref().map(ToastTag::as_str), Some("order"));
        assert_eq!(
            shown.key,
            ToastKey::of_tag(&ToastTag::parse("order").unwrap(), None)
        );
        assert_eq!(read(json).badge(), Some(Badge::Number(3)));
    }

    #[test]
    fn a_body_alone_stands_under_the_apps_name() {
        let shown = toast(
            r#"{"notification":{"body_loc_key":"%1$s wrote %2$d","body_loc_args":["Adam",2]}}"#,
        );
        assert_eq!(
            (shown.title.as_str(), shown.body.as_str()),
            ("Contoso", "Adam wrote 2")
        );
        assert_eq!(
            (shown.template, shown.launch),
            (ToastTemplate::ToastText01, None)
        );
    }

    #[test]
    fn hostile_messages_are_refused_or_bounded() {
        let deep = format!("{{\"data\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
        let large = format!(r#"{{"notification":{{"body":"{}"}}}}"#, "x".repeat(9000));
        for json in [
            "",
            "[]",
            "{",
            r#"{"data":7}"#,
            r#"{"notification":"x"}"#,
            &deep,
            &large,
        ] {
            assert!(read_message(json.as_bytes()).is_err(), "{json:.40}");
        }
        for json in [
            r#""s3cret""#,
            r#"{"notification":"s3cret"}"#,
            r#"{"message":"s3cret"}"#,
        ] {
            let error = read_message(json.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let tag = "t".repeat(65);
        let shown = toast(&format!(
            r#"{{"notification":{{"body":"b"}},"android":{{"notification":{{"tag":"{tag}"}}}}}}"#
        ));
        assert_eq!(shown.tag, None);
    }

    proptest::proptest! {
        #[test]
        fn no_message_panics(text in r#"(\{|\}|"notification":|"data":|"body":|"%1\$s"|"aps":|"alert":|,|[0-9]|null|\[|\]){0,30}"#) {
            drop(read_message(text.as_bytes()));
            drop(crate::wire::apns_push::read_push(text.as_bytes()));
        }
    }
}
