//! What a toast says.

mod parts;
mod template;

pub use parts::{ToastAction, ToastImage, ToastTag};
pub use template::ToastTemplate;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Account, DisplayText, NotificationId};

/// What makes two toasts the same: a second one with the same key replaces the first. It is
/// handset's own, longer than a WinRT tag (16 or 64 characters).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToastKey(String);

impl ToastKey {
    /// The key of the toast that shows a secure payload.
    #[must_use]
    pub fn of_notification(account: &Account, id: &NotificationId) -> Self {
        Self(format!("payload:{account}:{id}"))
    }

    /// The key of the one toast that asks an account's user to sign in.
    #[must_use]
    pub fn of_sign_in(account: &Account) -> Self {
        Self(format!("sign-in:{account}"))
    }

    /// True for the toast that asks a user to sign in.
    #[must_use]
    pub fn is_sign_in(&self) -> bool {
        self.0.starts_with("sign-in:")
    }

    /// Whom the toast asks to sign in; none for every other toast.
    #[must_use]
    pub fn sign_in_account(&self) -> Option<Account> {
        self.0.strip_prefix("sign-in:")?.parse().ok()
    }

    /// The key of a toast that a visible push brought, by the push service's message id.
    #[must_use]
    pub fn of_message(id: &super::MessageId) -> Self {
        Self(format!("message:{id}"))
    }

    /// The key of a toast whose sender named it: a later one of the same name and group replaces it.
    ///
    /// A colon ends the group in a key, so one within it is written otherwise: no two pairs of
    /// names have one key.
    #[must_use]
    pub fn of_tag(tag: &ToastTag, group: Option<&ToastTag>) -> Self {
        let group = group.map_or("", ToastTag::as_str);
        let group = group.replace('%', "%25").replace(':', "%3a");
        Self(format!("tag:{group}:{tag}"))
    }

    /// A key that was kept as text.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToastKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A toast to be shown. Its texts are harmless data, see [`DisplayText`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToastContent {
    /// What makes a later toast replace this one.
    pub key: ToastKey,
    /// The heading: the app's name where a template has none of its own.
    pub title: DisplayText,
    /// The text; a line break stands between the strings of a layout that has several.
    pub body: DisplayText,
    /// The layout.
    pub template: ToastTemplate,
    /// The image beside the text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image: Option<ToastImage>,
    /// The buttons, at most [`ToastContent::MOST_ACTIONS`].
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub actions: Vec<ToastAction>,
    /// What the app is told when the toast is tapped (`launch`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub launch: Option<String>,
    /// The sender's name for it: within its group, a later toast of that name takes its place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tag: Option<ToastTag>,
    /// The sender's name for the group it belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<ToastTag>,
    /// When it leaves the action centre by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
    /// True when it goes to the action centre without being drawn (`SuppressPopup`).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub suppress_popup: bool,
}

impl ToastContent {
    /// The most buttons of a toast (the toast schema's limit).
    pub const MOST_ACTIONS: usize = 5;

    /// The longest launch argument, in bytes: no platform lets a push be larger.
    pub const MAX_LAUNCH: usize = 4096;

    /// A toast of text alone.
    #[must_use]
    pub fn new(
        key: ToastKey,
        title: impl Into<DisplayText>,
        body: impl Into<DisplayText>,
        template: ToastTemplate,
    ) -> Self {
        Self {
            key,
            title: title.into(),
            body: body.into(),
            template,
            image: None,
            actions: Vec::new(),
            launch: None,
            tag: None,
            group: None,
            expires_at: None,
            suppress_popup: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_pairs_of_names_have_one_key() {
        let name = |text: &str| ToastTag::parse(text).unwrap();
        let pairs = [
            (None, "a:b"),
            (None, ":a:b"),
            (Some("a"), "b"),
            (Some("a"), "b:c"),
            (Some("a:b"), "c"),
            (Some(":a"), "b"),
            (Some("a%3ab"), "c"),
            (Some("%"), "c"),
            (Some("%25"), "c"),
        ];
        let keys: std::collections::HashSet<String> = pairs
            .iter()
            .map(|(group, tag)| {
                let group = group.map(name);
                ToastKey::of_tag(&name(tag), group.as_ref()).to_string()
            })
            .collect();
        assert_eq!(keys.len(), pairs.len(), "{keys:?}");
    }
}
