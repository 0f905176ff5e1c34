//! The nouns of push: ids, handles, tags, platforms, raw notifications,
//! toast content, and the conditions of a phone. Each is parsed once, at the edge, into a bounded value;
//! nothing here does I/O.

mod account;
mod badge;
mod conditions;
mod domain_name;
mod handle;
mod host_address;
mod ids;
mod manifest;
mod platform;
mod raw;
mod tag;
mod tag_expression;
mod text;
mod toast;

pub use account::{Account, AuthScheme, BackendOrigin};
pub use badge::{Badge, Glyph};
pub use conditions::{
    AppState, BackgroundAccess, Condition, Conditions, Network, Screen, SystemCondition, Throttle,
};
pub use domain_name::DomainName;
pub use handle::{Handle, Subscription, SubscriptionKeys};
pub use host_address::HostAddress;
pub use ids::{DeviceName, MessageId, NotificationId, RegistrationId, UserName};
pub use manifest::{LockScreen, Manifest, ManifestError, TaskType};
pub use platform::Platform;
pub use raw::{Priority, PushKind, RawNotification};
pub use tag::Tag;
pub use tag_expression::TagExpression;
pub use text::DisplayText;
pub use toast::{ToastAction, ToastContent, ToastImage, ToastKey, ToastTag, ToastTemplate};

/// Why a value from outside was refused: which kind of value, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct Invalid {
    /// The kind of value, as a person would name it: `notification id`.
    pub what: &'static str,
    /// What is wrong with it, with the rule it breaks.
    pub problem: String,
}

impl Invalid {
    /// Says that `what` is unusable, and why.
    pub fn new(what: &'static str, problem: impl Into<String>) -> Self {
        Self {
            what,
            problem: problem.into(),
        }
    }
}

/// Checks that `value` has 1 to `max` characters, each of them `allowed`.
fn check_chars(
    what: &'static str,
    value: &str,
    max: usize,
    rule: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<(), Invalid> {
    if value.is_empty() {
        return Err(Invalid::new(what, "is empty"));
    }
    if value.len() > max {
        return Err(Invalid::new(
            what,
            format!("is {} bytes long, at most {max} are allowed", value.len()),
        ));
    }
    match value.chars().find(|c| !allowed(*c)) {
        Some(bad) => Err(Invalid::new(
            what,
            format!("contains {bad:?}, allowed are {rule}"),
        )),
        None => Ok(()),
    }
}
