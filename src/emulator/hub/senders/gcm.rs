//! GCM: Google's legacy form, which SDKs still send, as the message of FCM HTTP v1 that it became
//! (Firebase, "Migrate from legacy FCM APIs to HTTP v1").

use serde_json::{Map, Value, json};

use crate::emulator::hub::Content;
use crate::model::Invalid;

/// What the title and the text of a notification are called in both forms.
const SHARED: [&str; 3] = ["title", "body", "image"];

/// Names that stand elsewhere, or under another name, in a message for Android.
const ANDROID: [(&str, &str); 10] = [
    ("icon", "icon"),
    ("color", "color"),
    ("sound", "sound"),
    ("tag", "tag"),
    ("click_action", "click_action"),
    ("body_loc_key", "body_loc_key"),
    ("body_loc_args", "body_loc_args"),
    ("title_loc_key", "title_loc_key"),
    ("title_loc_args", "title_loc_args"),
    ("android_channel_id", "channel_id"),
];

/// The notification as a message of HTTP v1; one that is a message already stays as it is.
pub(super) fn complete(mut content: Content) -> Result<Content, Invalid> {
    let bad = || {
        let problem = "is not a JSON object such as {\"data\":{\"message\":\"hello\"}}";
        Invalid::new("GCM notification", problem)
    };
    let legacy: Map<String, Value> = serde_json::from_slice(&content.body).map_err(|_| bad())?;
    if legacy.get("message").is_some_and(Value::is_object) {
        return Ok(content);
    }
    content.body = json!({ "message": message(&legacy) }).to_string().into();
    Ok(content)
}

fn message(legacy: &Map<String, Value>) -> Value {
    let mut message = Map::new();
    if let Some(data) = legacy.get("data").and_then(Value::as_object) {
        let texts = data.iter().map(|(name, value)| (name.clone(), text(value)));
        message.insert("data".to_owned(), Value::Object(texts.collect()));
    }
    let mut android = Map::new();
    if let Some(notification) = legacy.get("notification").and_then(Value::as_object) {
        let picked = pick(notification, SHARED.map(|name| (name, name)));
        message.insert("notification".to_owned(), picked.into());
        let own = pick(notification, ANDROID);
        if !own.is_empty() {
            android.insert("notification".to_owned(), own.into());
        }
    }
    for (from, to) in [
        ("collapse_key", "collapse_key"),
        ("restricted_package_name", "restricted_package_name"),
        ("priority", "priority"),
    ] {
        if let Some(value) = legacy.get(from) {
            android.insert(to.to_owned(), text(value));
        }
    }
    if let Some(seconds) = legacy.get("time_to_live") {
        let seconds = seconds
            .as_str()
            .map_or_else(|| seconds.to_string(), str::to_owned);
        android.insert("ttl".to_owned(), format!("{seconds}s").into());
    }
    if !android.is_empty() {
        message.insert("android".to_owned(), android.into());
    }
    message.into()
}

fn pick<const N: usize>(from: &Map<String, Value>, names: [(&str, &str); N]) -> Map<String, Value> {
    let named = names.into_iter().filter_map(|(old, new)| {
        let value = from.get(old)?;
        let value = if value.is_array() {
            value.clone()
        } else {
            text(value)
        };
        Some((new.to_owned(), value))
    });
    named.collect()
}

/// Values are texts in HTTP v1; the legacy form had others too.
fn text(value: &Value) -> Value {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Null => String::new().into(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string().into()
        }
    }
}
