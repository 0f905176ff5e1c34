//! What a toast says.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Account, DisplayText, Invalid, NotificationId};

/// The layout of a toast, by its name in the toast schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ToastTemplate {
    /// One string, wrapped over up to three lines.
    #[default]
    ToastText01,
    /// One bold line and one string wrapped over two.
    ToastText02,
}

impl ToastTemplate {
    /// The name in the toast schema.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToastText01 => "ToastText01",
            Self::ToastText02 => "ToastText02",
        }
    }
}

impl FromStr for ToastTemplate {
    type Err = Invalid;
    fn from_str(name: &str) -> Result<Self, Invalid> {
        [Self::ToastText01, Self::ToastText02]
            .into_iter()
            .find(|template| template.as_str() == name)
            .ok_or_else(|| Invalid::new("toast template", "is none that handset knows"))
    }
}

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

    /// The key of a toast that a visible push brought, by the push service's message id.
    #[must_use]
    pub fn of_message(id: &super::MessageId) -> Self {
        Self(format!("message:{id}"))
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
    /// The text.
    pub body: DisplayText,
    /// The layout.
    pub template: ToastTemplate,
}
