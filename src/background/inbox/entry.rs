//! An entry of the inbox and what becomes of it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Account, RawNotification};

/// Whom an entry belongs to: an account, or nobody while the device has no backend. Entries are
/// leased only under their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner(String);

impl Owner {
    /// The device without a backend.
    #[must_use]
    pub fn nobody() -> Self {
        Self(String::new())
    }

    /// The owner as text; empty for nobody.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }
}

impl From<&Account> for Owner {
    fn from(account: &Account) -> Self {
        Self(account.to_string())
    }
}

/// The journal's number of an entry.
pub type EntryId = i64;

/// Why something ended as it did: a short name that programs can match, such as
/// `no_notification_id`, and, where there is more to say, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The name, snake case.
    pub code: Cow<'static, str>,
    /// The sentence.
    pub detail: Option<String>,
}

impl Reason {
    /// A reason that its name explains.
    #[must_use]
    pub const fn new(code: &'static str) -> Self {
        Self {
            code: Cow::Borrowed(code),
            detail: None,
        }
    }

    /// A reason with a sentence.
    #[must_use]
    pub fn because(code: &'static str, detail: impl fmt::Display) -> Self {
        Self {
            code: Cow::Borrowed(code),
            detail: Some(detail.to_string()),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{}: {detail}", self.code),
            None => f.write_str(&self.code),
        }
    }
}

/// What a task instance made of its push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The user was shown it.
    Shown,
    /// It is given up, by a rule.
    Dropped(Reason),
    /// It waits until the user signed in.
    AwaitingSignIn(Reason),
    /// It is tried again.
    Retry {
        /// The least time to wait.
        after: Duration,
        /// What failed.
        reason: Reason,
    },
}

/// An accepted push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: EntryId,
    /// The push.
    pub raw: RawNotification,
    /// Whom it belongs to.
    pub owner: Owner,
    /// When it became durable.
    pub received_at: Timestamp,
    /// How many instances have run for it.
    pub attempts: u32,
}

impl Entry {
    pub(super) fn new(
        id: EntryId,
        raw: RawNotification,
        owner: Owner,
        received_at: Timestamp,
    ) -> Self {
        Self {
            id,
            raw,
            owner,
            received_at,
            attempts: 0,
        }
    }
}
