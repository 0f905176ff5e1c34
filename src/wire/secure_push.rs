//! Where the ID of a secure payload stands in a push, in each platform's own shape.

use serde_json::{Map, Value};

use crate::model::{Invalid, NotificationId};

/// Where an object may carry the ID, the first that does counts: beside `aps` (the tutorial for
/// iOS), below `data` (the tutorials for Android, GCM and FCM), below `aps`, or alone.
const PLACES: [&[&str]; 7] = [
    &["secureId"],
    &["data", "secureId"],
    &["message", "data", "secureId"],
    &["message", "secureId"],
    &["aps", "secureId"],
    &["aps", "data", "secureId"],
    &["id"],
];

/// The byte order mark, which some senders write before UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads the ID from a push's content, whatever platform shaped it:
///
/// - WNS raw body and Web Push body: the ID itself, `1` or `"1"`, or an object with `secureId` or
///   `id`;
/// - APNs: `{"aps":{"content-available":1},"secureId":"1"}`;
/// - FCM: `{"message":{"data":{"secureId":"1"}}}`, and GCM's `{"data":{"secureId":"1"}}`.
///
/// The ID may be a text or a whole number. A byte order mark and white space around it all are
/// passed over; anything else beside the ID is the app's own.
///
/// # Errors
/// [`Invalid`] when there is no ID, or it breaks the rule of [`NotificationId`].
pub fn read_notification_id(content: &[u8]) -> Result<NotificationId, Invalid> {
    let bad = |rule| Invalid::new("push", rule);
    let text = std::str::from_utf8(content)
        .map_err(|_| bad("is binary: it carries no notification id"))?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).trim();
    if text.is_empty() {
        return Err(bad("is empty: it carries no notification id"));
    }
    if text.starts_with('{') {
        let shape: Map<String, Value> = serde_json::from_str(text)
            .map_err(|_| bad("is not JSON of a known shape: it carries no notification id"))?;
        let id = PLACES.iter().find_map(|place| id_at(&shape, place));
        return NotificationId::parse(id.ok_or_else(|| bad("has no secureId"))?);
    }
    if text.starts_with('"') {
        let id: String = serde_json::from_str(text)
            .map_err(|_| bad("is not JSON of a known shape: it carries no notification id"))?;
        return NotificationId::parse(id.trim());
    }
    NotificationId::parse(text)
}

/// The ID at a place, where a text or a whole number stands there.
fn id_at(shape: &Map<String, Value>, place: &[&str]) -> Option<String> {
    let (name, folders) = place.split_last()?;
    let mut shape = shape;
    for folder in folders {
        shape = shape.get(*folder)?.as_object()?;
    }
    let id = shape.get(*name)?;
    match id.as_str() {
        Some(text) => Some(text.trim().to_owned()),
        None => id.as_u64().map(|number| number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_reads(pushes: &[&str]) {
        for push in pushes {
            let id = read_notification_id(push.as_bytes());
            assert_eq!(id.unwrap().as_str(), "sec-1", "{push}");
        }
    }

    #[test]
    fn a_windows_push_is_the_id_or_an_object_with_it() {
        assert_reads(&[
            "sec-1",
            "\"sec-1\"",
            " \t\r\nsec-1\r\n ",
            "\u{feff}sec-1",
            "\u{feff}{\"secureId\":\"sec-1\"}",
            "\"\\u0073ec-1\"",
            r#"{"secureId":"sec-1"}"#,
            r#"{"id":"sec-1"}"#,
            r#" { "id" : " sec-1 " , "kind" : "chat" } "#,
            r#"{"id":"other","secureId":"sec-1"}"#,
        ]);
    }

    #[test]
    fn an_apple_push_has_the_id_beside_aps_or_in_it() {
        assert_reads(&[
            r#"{"aps":{"content-available":1},"secureId":"sec-1"}"#,
            r#"{"aps":{"content-available":1,"sound":""},"secureId":"sec-1"}"#,
            r#"{"secureId":"sec-1","aps":{"alert":"You have mail","badge":1}}"#,
            r#"{"aps":{"content-available":1},"data":{"secureId":"sec-1"}}"#,
            r#"{"aps":{"content-available":1,"secureId":"sec-1"}}"#,
            r#"{"aps":{},"message":"hi","data":"x","secureId":"sec-1"}"#,
        ]);
    }

    #[test]
    fn an_android_push_has_the_id_in_its_data() {
        assert_reads(&[
            r#"{"data":{"secureId":"sec-1"}}"#,
            r#"{"data":{"secureId":"sec-1"},"collapse_key":"k"}"#,
            r#"{"message":{"data":{"secureId":"sec-1"}}}"#,
            r#"{"message":{"token":"t","android":{"priority":"high"},"data":{"secureId":"sec-1","message":"x"}}}"#,
            r#"{"data":{"message":"hello","secureId":"sec-1"}}"#,
        ]);
    }

    #[test]
    fn a_number_is_an_id_as_well() {
        for push in [
            "7",
            r#"{"secureId":7}"#,
            r#"{"id":7}"#,
            r#"{"aps":{"content-available":1},"secureId":7}"#,
            r#"{"data":{"secureId":"7"}}"#,
        ] {
            let id = read_notification_id(push.as_bytes()).unwrap();
            assert_eq!(id.as_str(), "7", "{push}");
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
            "\u{feff}",
            "\"",
            "\"a",
            "\"\"",
            "a b",
            "sec-1\u{0}",
            "[\"sec-1\"]",
            r#"{"secureId":null}"#,
            r#"{"secureId":1.5}"#,
            r#"{"secureId":-1}"#,
            r#"{"secureId":["1"]}"#,
            r#"{"secureId":""}"#,
            r#"{"aps":{"id":"1"}}"#,
            r#"{"secureId":"1"} trailing"#,
            r#"{"secureId":"a/b"}"#,
            &long,
            &deep,
        ] {
            assert!(read_notification_id(push.as_bytes()).is_err(), "{push:.40}");
        }
        let utf_16 = [0xff, 0xfe, b'1', 0];
        for binary in [&utf_16[..], &[0xc3], &[b'1', 0xff]] {
            assert!(read_notification_id(binary).is_err(), "{binary:?}");
        }
    }
}
