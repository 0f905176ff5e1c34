//! Where the ID of a secure payload stands in a push, in each platform's own shape.

use serde::Deserialize;

use crate::model::{Invalid, NotificationId};

/// Reads the ID from a push's content, whatever platform shaped it:
///
/// - WNS raw body and Web Push body: the ID itself, `1`, or an object with `secureId`;
/// - APNs: `{"aps":{"content-available":1},"secureId":"1"}`;
/// - FCM: `{"message":{"data":{"secureId":"1"}}}`, and GCM's `{"data":{"secureId":"1"}}`.
///
/// # Errors
/// [`Invalid`] when there is no ID, or it breaks the rule of [`NotificationId`].
pub fn read_notification_id(content: &[u8]) -> Result<NotificationId, Invalid> {
    let text = std::str::from_utf8(content)
        .map_err(|_| Invalid::new("push", "is binary: it carries no notification id"))?
        .trim();
    if text.is_empty() {
        return Err(Invalid::new(
            "push",
            "is empty: it carries no notification id",
        ));
    }
    if !text.starts_with('{') {
        return NotificationId::parse(text.trim_matches('"'));
    }
    let shape: Shape = serde_json::from_str(text).map_err(|_| {
        Invalid::new(
            "push",
            "is not JSON of a known shape: it carries no notification id",
        )
    })?;
    match shape.id() {
        Some(id) => NotificationId::parse(id.into_text()),
        None => Err(Invalid::new("push", "has no secureId")),
    }
}

#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "secureId")]
    secure_id: Option<Id>,
    data: Option<Box<Shape>>,
    message: Option<Box<Shape>>,
}

impl Shape {
    fn id(self) -> Option<Id> {
        self.secure_id
            .or_else(|| self.data.and_then(|data| data.id()))
            .or_else(|| self.message.and_then(|message| message.id()))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platforms_shape_is_read() {
        for push in [
            "1",
            "\"1\"",
            r#"{"secureId":"1"}"#,
            r#"{"aps":{"content-available":1},"secureId":"1"}"#,
            r#"{"aps":{"content-available":1},"secureId":1}"#,
            r#"{"message":{"data":{"secureId":"1"}}}"#,
            r#"{"data":{"secureId":"1"}}"#,
        ] {
            assert_eq!(
                read_notification_id(push.as_bytes()).unwrap().as_str(),
                "1",
                "{push}"
            );
        }
    }

    #[test]
    fn a_push_without_a_usable_id_is_refused() {
        let long = "x".repeat(10_240);
        let deep = format!("{}1{}", r#"{"data":"#.repeat(500), "}".repeat(500));
        for push in [
            "",
            "  ",
            "../../admin",
            "{}",
            "{",
            r#"{"secureId":null}"#,
            r#"{"secureId":"a/b"}"#,
            &long,
            &deep,
        ] {
            assert!(read_notification_id(push.as_bytes()).is_err(), "{push:.40}");
        }
        assert!(read_notification_id(&[0xff, 0xfe, 0]).is_err());
    }
}
