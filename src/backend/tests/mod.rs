//! The client against servers that behave, and against every kind that does not.

mod answers;
mod calls;
mod in_other_words;
mod pages;
mod profiles;
mod tls;
mod transport;

use super::Credential;
use crate::model::{NotificationId, UserName};

fn alice() -> Credential {
    Credential::basic(&UserName::parse("alice").unwrap(), &"hunter2-secret".into()).unwrap()
}

fn one() -> NotificationId {
    NotificationId::parse("1").unwrap()
}

/// Holds that an error's text has each of `parts` and nothing secret.
fn assert_says(error: &super::BackendError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
    for secret in ["hunter2", "aHVudGVy", "YWxpY2U6", "the-payload", "Basic "] {
        assert!(!text.contains(secret), "{text:?} shows a secret");
    }
    assert!(text.len() < 600, "{text:?} is too long");
    assert!(
        !text.chars().any(char::is_control),
        "{text:?} has control characters"
    );
}
