//! What an APNs push says: the `aps` dictionary, and the app's own keys beside it.
//!
//! Follows Apple's "Generating a remote notification". The phone has no string tables: a localised
//! string is shown as its key with its arguments, which is what a tester wants to see.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::json::problem_of;
use super::localised::localised;
use crate::model::{
    Badge, DisplayText, Invalid, PushKind, RawNotification, ToastContent, ToastKey, ToastTag,
    ToastTemplate,
};

/// A push as APNs delivers it.
#[derive(Debug, Clone, PartialEq)]
pub struct ApnsPush {
    aps: Aps,
    /// The app's own keys.
    own: Map<String, Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Aps {
    alert: Option<Alert>,
    badge: Option<Value>,
    content_available: Option<Value>,
    thread_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Alert {
    Text(String),
    Parts(Box<Parts>),
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Parts {
    title: Option<String>,
    subtitle: Option<String>,
    body: Option<String>,
    title_loc_key: Option<String>,
    title_loc_args: Option<Vec<Value>>,
    subtitle_loc_key: Option<String>,
    subtitle_loc_args: Option<Vec<Value>>,
    loc_key: Option<String>,
    loc_args: Option<Vec<Value>>,
}

/// Reads a push.
///
/// # Errors
/// [`Invalid`] when it is larger than any push, no JSON object, or has an `aps` of another shape.
pub fn read_push(content: &[u8]) -> Result<ApnsPush, Invalid> {
    let bad = |problem: String| Invalid::new("APNs push", problem);
    if content.len() > RawNotification::MAX_CONTENT {
        return Err(bad(format!("has {} bytes", content.len())));
    }
    let mut own: Map<String, Value> = serde_json::from_slice(content)
        .map_err(|error| bad(format!("is no JSON object: {}", problem_of(&error))))?;
    let aps = match own.remove("aps") {
        Some(aps) => Aps::deserialize(aps)
            .map_err(|error| bad(format!("has a bad `aps`: {}", problem_of(&error))))?,
        None => Aps::default(),
    };
    Ok(ApnsPush { aps, own })
}

impl ApnsPush {
    /// An alert is shown, `content-available` wakes the task, and a badge alone is neither; a badge
    /// beside `content-available` is both, since it must be put on the icon as well. What has none
    /// of them is for the app alone.
    #[must_use]
    pub fn kind(&self) -> PushKind {
        let shown = self.texts().is_some();
        let marked = self.badge().is_some();
        match (shown, self.is_content_available(), marked) {
            (true, true, _) | (false, true, true) => PushKind::ToastAndRaw,
            (true, false, _) => PushKind::Toast,
            (false, false, true) => PushKind::Badge,
            (false, _, false) => PushKind::Raw,
        }
    }

    /// The badge, where the push has one: zero clears it. What is no number from 0 is ignored, as
    /// iOS does.
    #[must_use]
    pub fn badge(&self) -> Option<Badge> {
        let number = self.aps.badge.as_ref()?.as_u64()?;
        Some(Badge::of_number(u32::try_from(number).unwrap_or(u32::MAX)))
    }

    /// The toast of its alert, where there is one. `collapse` is the `apns-collapse-id`: it makes a
    /// later toast replace this one, in whatever thread that stands.
    #[must_use]
    pub fn toast(
        &self,
        key: ToastKey,
        collapse: Option<&str>,
        app_name: &DisplayText,
    ) -> Option<ToastContent> {
        let [title, subtitle, body] = self.texts()?;
        let tag = collapse.and_then(|name| ToastTag::parse(name).ok());
        let key = tag.as_ref().map_or(key, |tag| ToastKey::of_tag(tag, None));
        let group = self.aps.thread_id.as_deref();
        let template = match (&title, &subtitle) {
            (_, Some(_)) => ToastTemplate::ToastGeneric,
            (Some(_), None) => ToastTemplate::ToastText02,
            (None, None) => ToastTemplate::ToastText01,
        };
        let title = title.map_or_else(|| app_name.clone(), |title| DisplayText::new(&title));
        let lines: Vec<String> = subtitle.into_iter().chain(body).collect();
        Some(ToastContent {
            launch: self.launch(),
            tag,
            group: group.and_then(|name| ToastTag::parse(name).ok()),
            ..ToastContent::new(key, title, lines.join("\n"), template)
        })
    }

    /// What the app is told when the toast is tapped: the app's own keys, as JSON.
    fn launch(&self) -> Option<String> {
        if self.own.is_empty() {
            return None;
        }
        // Maps with text keys always serialise.
        let launch = serde_json::to_string(&self.own).ok()?;
        (launch.len() <= ToastContent::MAX_LAUNCH).then_some(launch)
    }

    fn is_content_available(&self) -> bool {
        match &self.aps.content_available {
            Some(Value::Bool(available)) => *available,
            Some(value) => value.as_i64() == Some(1),
            None => false,
        }
    }

    /// Title, subtitle and body; none where there is nothing to show.
    fn texts(&self) -> Option<[Option<String>; 3]> {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let texts = match self.aps.alert.as_ref()? {
            Alert::Text(body) => [None, None, filled(Some(body.clone()))],
            Alert::Parts(parts) => parts.texts().map(filled),
        };
        texts.iter().any(Option::is_some).then_some(texts)
    }
}

impl Parts {
    fn texts(&self) -> [Option<String>; 3] {
        let text = |text: &Option<String>, key: &Option<String>, args: &Option<Vec<Value>>| {
            let localised = || Some(localised(key.as_deref()?, args.as_deref()));
            text.clone().or_else(localised)
        };
        [
            text(&self.title, &self.title_loc_key, &self.title_loc_args),
            text(
                &self.subtitle,
                &self.subtitle_loc_key,
                &self.subtitle_loc_args,
            ),
            text(&self.body, &self.loc_key, &self.loc_args),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MessageId;

    fn read(json: &str) -> ApnsPush {
        read_push(json.as_bytes()).unwrap()
    }

    fn toast(json: &str, collapse: Option<&str>) -> ToastContent {
        let key = ToastKey::of_message(&MessageId::parse("m").unwrap());
        read(json)
            .toast(key, collapse, &DisplayText::new("Contoso"))
            .unwrap()
    }

    #[test]
    fn the_kind_follows_from_what_the_push_has() {
        for (json, kind) in [
            (r#"{"aps":{"alert":"hi"}}"#, PushKind::Toast),
            (
                r#"{"aps":{"alert":"hi","badge":3,"sound":"default"}}"#,
                PushKind::Toast,
            ),
            (
                r#"{"aps":{"content-available":1},"secureId":"1"}"#,
                PushKind::Raw,
            ),
            (
                r#"{"aps":{"alert":{"title":"t"},"content-available":1}}"#,
                PushKind::ToastAndRaw,
            ),
            (r#"{"aps":{"badge":0}}"#, PushKind::Badge),
            (
                r#"{"aps":{"badge":2,"content-available":true}}"#,
                PushKind::ToastAndRaw,
            ),
            (r#"{"aps":{"alert":""}}"#, PushKind::Raw),
            (
                r#"{"aps":{"alert":{"body":" "},"badge":1}}"#,
                PushKind::Badge,
            ),
            (r#"{"secureId":"1"}"#, PushKind::Raw),
        ] {
            assert_eq!(read(json).kind(), kind, "{json}");
        }
    }

    #[test]
    fn an_alert_becomes_a_toast() {
        let plain = toast(r#"{"aps":{"alert":"hi"}}"#, None);
        assert_eq!(
            (plain.title.as_str(), plain.body.as_str()),
            ("Contoso", "hi")
        );
        assert_eq!(
            (plain.template, plain.launch),
            (ToastTemplate::ToastText01, None)
        );
        let whole = toast(
            r#"{"aps":{"alert":{"title":"Adam","subtitle":"now","body":"Lunch?"},"thread-id":"chat",
                "category":"REPLY","interruption-level":"time-sensitive","mutable-content":1},"chat":{"id":7}}"#,
            Some("lunch"),
        );
        assert_eq!(
            (whole.title.as_str(), whole.body.as_str()),
            ("Adam", "now\nLunch?")
        );
        assert_eq!(whole.launch.as_deref(), Some(r#"{"chat":{"id":7}}"#));
        assert_eq!(whole.group.unwrap().as_str(), "chat");
        let elsewhere = toast(
            r#"{"aps":{"alert":"hi","thread-id":"other"}}"#,
            Some("lunch"),
        );
        assert_eq!(whole.key, elsewhere.key);
    }

    #[test]
    fn a_localised_string_is_its_key_with_its_arguments() {
        let toast = toast(
            r#"{"aps":{"alert":{"title-loc-key":"%2$@ to %1$@","title-loc-args":["a",2],"loc-key":"GAME","loc-args":["Jenna","Frank"]}}}"#,
            None,
        );
        assert_eq!(toast.title.as_str(), "2 to a");
        assert_eq!(toast.body.as_str(), "GAME (Jenna, Frank)");
    }

    #[test]
    fn badges_are_numbers_from_zero() {
        for (value, badge) in [
            ("0", Some(Badge::Clear)),
            ("7", Some(Badge::Number(7))),
            ("99999999999", Some(Badge::Number(u32::MAX))),
            ("-1", None),
            ("1.5", None),
            ("\"7\"", None),
        ] {
            let json = format!(r#"{{"aps":{{"badge":{value}}}}}"#);
            assert_eq!(read(&json).badge(), badge, "{value}");
        }
    }

    #[test]
    fn hostile_pushes_are_refused_or_bounded() {
        let deep = format!("{{\"aps\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
        let large = format!(r#"{{"aps":{{"alert":"{}"}}}}"#, "x".repeat(9000));
        for json in [
            "",
            "[]",
            "7",
            "{",
            r#"{"aps":7}"#,
            r#"{"aps":{"alert":7}}"#,
            &deep,
            &large,
        ] {
            assert!(read_push(json.as_bytes()).is_err(), "{json:.40}");
        }
        for json in [
            r#""s3cret""#,
            r#"{"aps":"s3cret"}"#,
            r#"{"aps":{"thread-id":{"s3cret":1}}}"#,
        ] {
            let error = read_push(json.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let collapse = "c".repeat(65);
        let unnamed = toast(
            r#"{"aps":{"alert":"\u0000a\u202e"},"k":"v"}"#,
            Some(&collapse),
        );
        assert_eq!(unnamed.body.as_str(), "a");
        assert_eq!(unnamed.tag, None);
        let own = format!(r#"{{"aps":{{"alert":"a"}},"k":"{}"}}"#, "x".repeat(5000));
        assert_eq!(toast(&own, None).launch, None);
    }
}
