//! A toast as a test sees it.

use crate::model::ToastContent;

/// A toast that a phone has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// The heading.
    pub title: String,
    /// The text.
    pub body: String,
    /// What makes a later toast replace it.
    pub key: String,
    asks_to_sign_in: bool,
}

impl Toast {
    /// True for the generic toast that asks the user to sign in.
    #[must_use]
    pub fn asks_to_sign_in(&self) -> bool {
        self.asks_to_sign_in
    }
}

impl From<ToastContent> for Toast {
    fn from(content: ToastContent) -> Self {
        Self {
            title: content.title.to_string(),
            body: content.body.to_string(),
            key: content.key.to_string(),
            asks_to_sign_in: content.key.is_sign_in(),
        }
    }
}
