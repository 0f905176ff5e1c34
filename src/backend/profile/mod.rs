//! How a team's own backend is spoken to: its paths, its way to sign in, its property names, its
//! statuses.
//!
//! A [`BackendProfile`] is parsed once, from a TOML file or one of the built-in ones, and checked
//! then: a call stays below the backend's URL, a credential goes into the one header that is named
//! for it and into no body but those that sign in, renew a token or revoke it, and what is put into a
//! path is one segment of it. How many bytes are read, which ids are taken and that no redirect is
//! followed no profile changes.

mod api;
mod body;
mod codes;
mod error;
mod field;
mod file;
mod headers;
mod kind;
mod placeholder;
mod resolve;
mod shape;
mod target;
mod template;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

pub(super) use api::{AnswerId, Api, CallSpec, FetchCall, SendCall, TokenCall, UnreadCall};
pub(super) use codes::{Codes, Meaning};
pub use error::BackendProfileError;
pub(super) use field::FieldPath;
pub(super) use kind::Kind;
pub(super) use placeholder::{Placeholder, Values};

use self::file::File;
use crate::model::{AuthScheme, DisplayText, Invalid};

/// The names of the built-in profiles, and their files. The first is the usual one.
const BUILT_IN: [(&str, &str); 3] = [
    (
        "embedded",
        include_str!("../../../assets/backend-profiles/embedded.toml"),
    ),
    (
        "tutorial",
        include_str!("../../../assets/backend-profiles/tutorial.toml"),
    ),
    (
        "aspnetcore",
        include_str!("../../../assets/backend-profiles/aspnetcore.toml"),
    ),
];

static PARSED: LazyLock<[BackendProfile; BUILT_IN.len()]> = LazyLock::new(|| {
    BUILT_IN.map(|(name, text)| {
        let source = Source {
            name: name.to_owned(),
            text: None,
        };
        let api = read(text).map(Arc::new);
        BackendProfile(Arc::new(Inner { source, api }))
    })
});

/// How the phone speaks to a backend. Cheap to clone. It is kept and sent as the text it was parsed
/// from, or as its name where it is built in, and holds no secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Source", into = "Source")]
pub struct BackendProfile(Arc<Inner>);

struct Inner {
    source: Source,
    /// A file was read; a built-in profile may say that it could not be, which a test rules out.
    api: Result<Arc<Api>, String>,
}

/// What a profile was parsed from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Source {
    /// The built-in profile, or the file.
    name: String,
    /// The file's text; none where it is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl BackendProfile {
    /// The largest file that is read, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Reads a profile; `origin` is the file's name, for errors and for `status`.
    ///
    /// # Errors
    /// [`BackendProfileError`] with the line.
    pub fn parse(origin: &str, text: &str) -> Result<Self, BackendProfileError> {
        let api = read(text).map_err(|problem| BackendProfileError {
            origin: DisplayText::excerpt(origin, MAX_ORIGIN),
            problem,
        })?;
        let source = Source {
            name: origin.to_owned(),
            text: Some(text.to_owned()),
        };
        let api = Ok(Arc::new(api));
        Ok(Self(Arc::new(Inner { source, api })))
    }

    /// The built-in profile of this name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let found = PARSED.iter().find(|one| one.0.source.name == name);
        found.cloned()
    }

    /// The names of the built-in profiles.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The file of a built-in profile, with comments: to be changed.
    #[must_use]
    pub fn built_in_text(name: &str) -> Option<&'static str> {
        let found = BUILT_IN.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| *text)
    }

    /// The built-in profile's name, or the file's, fit to be shown.
    #[must_use]
    pub fn name(&self) -> String {
        DisplayText::excerpt(&self.0.source.name, MAX_ORIGIN)
    }

    /// The file it was read from, and its text at that time; none where it is built in.
    #[must_use]
    pub fn file(&self) -> Option<(&str, &str)> {
        let Source { name, text } = &self.0.source;
        Some((name, text.as_deref()?))
    }

    /// True for the profile of the embedded backend, which is the usual one.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// How a password is used where nobody says.
    #[must_use]
    pub fn auth_scheme(&self) -> AuthScheme {
        let api = self.0.api.as_ref();
        api.map_or_else(|_| AuthScheme::default(), |api| api.auth.scheme)
    }

    /// True where the backend can be told that a payload was read (`[read]`).
    #[must_use]
    pub fn tells_reads(&self) -> bool {
        let api = self.0.api.as_ref();
        api.is_ok_and(|api| api.read.is_some())
    }

    /// True where the backend can be asked whether a sign-in is good (`[check]`, or `[unread]`).
    #[must_use]
    pub fn checks_sign_in(&self) -> bool {
        let api = self.0.api.as_ref();
        api.is_ok_and(|api| api.check.is_some() || api.unread.is_some())
    }

    /// What the profile says.
    ///
    /// # Errors
    /// [`Invalid`] for a built-in profile that cannot be read.
    pub(super) fn api(&self) -> Result<Arc<Api>, Invalid> {
        let api = self.0.api.as_ref().map(Arc::clone);
        api.map_err(|problem| {
            let problem = format!("{} cannot be read: {problem}", self.name());
            Invalid::new("backend profile", problem)
        })
    }
}

/// The longest name of a file that is shown, in characters.
const MAX_ORIGIN: usize = 200;

impl Default for BackendProfile {
    fn default() -> Self {
        let [usual, ..] = &*PARSED;
        usual.clone()
    }
}

impl PartialEq for BackendProfile {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}

impl Eq for BackendProfile {}

impl fmt::Debug for BackendProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BackendProfile").field(&self.name()).finish()
    }
}

impl TryFrom<Source> for BackendProfile {
    type Error = BackendProfileError;
    fn try_from(source: Source) -> Result<Self, BackendProfileError> {
        match &source.text {
            Some(text) => Self::parse(&source.name, text),
            None => Self::built_in(&source.name).ok_or_else(|| BackendProfileError {
                origin: DisplayText::excerpt(&source.name, MAX_ORIGIN),
                problem: "no profile of this name is built in".to_owned(),
            }),
        }
    }
}

impl From<BackendProfile> for Source {
    fn from(profile: BackendProfile) -> Self {
        profile.0.source.clone()
    }
}

/// Reads a file; what is wrong with it is told with its line.
fn read(text: &str) -> Result<Api, String> {
    if text.len() > BackendProfile::MAX_BYTES {
        return Err(format!(
            "it has {} bytes, at most {} are read",
            text.len(),
            BackendProfile::MAX_BYTES
        ));
    }
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let message = DisplayText::new(error.message());
        format!("line {line}: {}", message.as_str().replace('\n', ", "))
    })?;
    Api::of(file).map_err(|problem| format!("line {}: {}", line_of(text, problem.at), problem.text))
}

fn line_of(text: &str, place: usize) -> usize {
    let before = text.as_bytes().iter().take(place);
    before.filter(|byte| **byte == b'\n').count() + 1
}
