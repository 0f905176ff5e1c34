//! An entry of the inbox and what becomes of it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::{Account, PushKind, RawNotification};

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
    AwaitingSignIn {
        /// Why the user must.
        reason: Reason,
        /// The generation of the token that was refused, where one was. It is kept with the push
        /// ([`Entry::refused_under`]), so that a second refusal under a newer token is known as one.
        refused_under: Option<i64>,
    },
    /// It is tried again.
    Retry {
        /// The least time to wait.
        after: Duration,
        /// What failed.
        reason: Reason,
    },
}

/// How long a push may wait whose sender did not say when it is worth nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// While it is held (FCM keeps a message for 28 days at most, the longest of all platforms).
    pub held: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            held: Duration::from_secs(28 * 24 * 3600),
        }
    }
}

/// What is to be done for a push, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The platform itself shows something.
    Visible,
    /// The app's background task runs.
    Task,
}

impl Part {
    /// What comes first for a push of that kind.
    pub(in super::super) fn first_of(kind: PushKind) -> Self {
        match kind.is_visible() {
            true => Self::Visible,
            false => Self::Task,
        }
    }

    /// The part as events name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Task => "task",
        }
    }
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
    /// What is to be done for it now.
    pub part: Part,
    /// Whether the platform showed its visible part; none where that is still to be done or there
    /// is none.
    pub visible_shown: Option<bool>,
    /// How many instances have run for this part.
    pub attempts: u32,
    /// The generation of the token it was refused under last, if it was.
    pub refused_under: Option<i64>,
    /// How often its start was put off by a condition.
    pub put_off: u32,
    /// When the platform first woke the task for it, where the platform counts that.
    pub woken_at: Option<Timestamp>,
    /// The user signed in for it: the app itself fetches it, which no rule about waking forbids.
    pub by_app: bool,
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
            part: Part::first_of(raw.kind),
            raw,
            owner,
            received_at,
            visible_shown: None,
            attempts: 0,
            refused_under: None,
            put_off: 0,
            woken_at: None,
            by_app: false,
        }
    }

    /// When it is worth nothing any more: when its sender said, else `life` after it came.
    pub(in super::super) fn expires_at(&self, life: Duration) -> Timestamp {
        self.raw.expires_at.unwrap_or_else(|| {
            let life = SignedDuration::try_from(life).unwrap_or(SignedDuration::MAX);
            let end = self.received_at.saturating_add(life);
            end.unwrap_or(Timestamp::MAX)
        })
    }

    /// True when the task is still to run after this part.
    pub(super) fn task_follows(&self) -> bool {
        self.part == Part::Visible && self.raw.kind.wakes()
    }

    /// What it takes in memory, roughly, in bytes.
    pub(super) fn size(raw: &RawNotification) -> usize {
        let texts = [&raw.collapse, &raw.traceparent];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        raw.content.len() + raw.message.as_str().len() + texts
    }
}
