//! A profile as it stands in its file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::body::Form;
use super::codes::Statuses;
use super::field::FieldPath;
use super::headers::{PlainHeader, TokenText};
use super::shape::Shape;
use super::target::Target;
use crate::model::AuthScheme;

/// The whole file. A call whose table is not there is one that the backend does not have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) auth: AuthTable,
    #[serde(default)]
    pub(super) status: StatusTable,
    pub(super) headers: Option<Spanned<BTreeMap<PlainHeader, String>>>,
    #[serde(default)]
    pub(super) platforms: PlatformTable,
    pub(super) check: Option<Spanned<CallTable>>,
    pub(super) login: Option<Spanned<CallTable>>,
    pub(super) refresh: Option<Spanned<CallTable>>,
    pub(super) logout: Option<Spanned<CallTable>>,
    pub(super) create: Option<Spanned<CallTable>>,
    pub(super) put: Option<Spanned<CallTable>>,
    pub(super) delete: Option<Spanned<CallTable>>,
    pub(super) send: Option<Spanned<CallTable>>,
    pub(super) toast: Option<Spanned<CallTable>>,
    pub(super) fetch: Option<Spanned<CallTable>>,
    pub(super) unread: Option<Spanned<CallTable>>,
    pub(super) read: Option<Spanned<CallTable>>,
}

/// How the phone proves who its user is.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthTable {
    #[serde(default)]
    pub(super) scheme: AuthScheme,
    pub(super) header: Option<Spanned<PlainHeader>>,
    pub(super) value: Option<TokenText>,
}

/// What statuses mean, in every call that does not say otherwise.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusTable {
    pub(super) success: Option<Statuses>,
    pub(super) sign_in: Option<Statuses>,
    pub(super) gone: Option<Statuses>,
}

/// What the backend calls the platforms.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlatformTable {
    pub(super) wns: Option<PlatformName>,
    pub(super) apns: Option<PlatformName>,
    pub(super) fcm: Option<PlatformName>,
    pub(super) webpush: Option<PlatformName>,
}

/// A backend's name of a platform.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct PlatformName(pub(super) String);

impl TryFrom<String> for PlatformName {
    type Error = &'static str;
    fn try_from(name: String) -> Result<Self, &'static str> {
        let usable = (1..=64).contains(&name.len()) && !name.chars().any(char::is_control);
        usable
            .then_some(Self(name))
            .ok_or("a platform's name must have 1 to 64 bytes")
    }
}

/// One call: every key that any of them may have. Which of them it may, its kind says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallTable {
    pub(super) request: Spanned<Target>,
    pub(super) body: Option<Spanned<Shape>>,
    pub(super) form: Option<Spanned<Form>>,
    pub(super) success: Option<Statuses>,
    pub(super) sign_in: Option<Statuses>,
    pub(super) gone: Option<Statuses>,
    pub(super) token: Option<Spanned<FieldPath>>,
    pub(super) expires_in: Option<Spanned<FieldPath>>,
    pub(super) expires_at: Option<Spanned<FieldPath>>,
    pub(super) id: Option<Spanned<FieldPath>>,
    pub(super) id_header: Option<Spanned<PlainHeader>>,
    pub(super) payload: Option<Spanned<FieldPath>>,
    pub(super) read: Option<Spanned<FieldPath>>,
    pub(super) items: Option<Spanned<FieldPath>>,
    pub(super) after: Option<Spanned<ParameterName>>,
}

impl CallTable {
    /// The keys that only some calls have, each with its place in the file where it is there.
    pub(super) fn special_keys(&self) -> [(&'static str, Option<usize>); 9] {
        fn at<T>(value: Option<&Spanned<T>>) -> Option<usize> {
            value.map(|value| value.span().start)
        }
        [
            ("token", at(self.token.as_ref())),
            ("expires_in", at(self.expires_in.as_ref())),
            ("expires_at", at(self.expires_at.as_ref())),
            ("id", at(self.id.as_ref())),
            ("id_header", at(self.id_header.as_ref())),
            ("payload", at(self.payload.as_ref())),
            ("read", at(self.read.as_ref())),
            ("items", at(self.items.as_ref())),
            ("after", at(self.after.as_ref())),
        ]
    }
}

/// The name of a query's parameter.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ParameterName(pub(super) String);

impl TryFrom<String> for ParameterName {
    type Error = &'static str;
    fn try_from(name: String) -> Result<Self, &'static str> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-[]".contains(c);
        let usable = (1..=64).contains(&name.len()) && name.chars().all(allowed);
        usable
            .then_some(Self(name))
            .ok_or("a parameter's name must have 1 to 64 letters, digits or ._-[]")
    }
}
