//! A profile as the client goes by it.

use reqwest::header::{HeaderMap, HeaderName};

use super::body::Body;
use super::codes::Codes;
use super::field::FieldPath;
use super::headers::Auth;
use super::placeholder::Placeholder;
use super::target::Target;
use crate::model::Platform;

/// Everything that a profile says. A call that is not there the backend does not have.
#[derive(Debug)]
pub(in crate::backend) struct Api {
    pub(in crate::backend) auth: Auth,
    pub(in crate::backend) headers: HeaderMap,
    pub(in crate::backend) codes: Codes,
    /// The names of [`Platform::ALL`], in that order.
    pub(super) platforms: [String; 4],
    pub(in crate::backend) check: Option<CallSpec>,
    pub(in crate::backend) login: Option<TokenCall>,
    pub(in crate::backend) refresh: Option<TokenCall>,
    pub(in crate::backend) logout: Option<CallSpec>,
    pub(in crate::backend) create: Option<IdCall>,
    pub(in crate::backend) put: IdCall,
    pub(in crate::backend) delete: Option<CallSpec>,
    pub(in crate::backend) send: Option<SendCall>,
    pub(in crate::backend) toast: Option<CallSpec>,
    pub(in crate::backend) fetch: FetchCall,
    pub(in crate::backend) unread: Option<UnreadCall>,
    pub(in crate::backend) read: Option<CallSpec>,
}

/// What is asked in one call, and what its answers' statuses mean.
#[derive(Debug)]
pub(in crate::backend) struct CallSpec {
    pub(in crate::backend) target: Target,
    pub(in crate::backend) body: Body,
    pub(in crate::backend) codes: Codes,
}

/// A call whose answer has a token.
#[derive(Debug)]
pub(in crate::backend) struct TokenCall {
    pub(in crate::backend) call: CallSpec,
    pub(in crate::backend) token: FieldPath,
    /// How long it lasts, in seconds.
    pub(in crate::backend) expires_in: Option<FieldPath>,
    /// When it ends: a date and time of RFC 3339, or seconds since 1970.
    pub(in crate::backend) expires_at: Option<FieldPath>,
}

/// A call whose answer may have a registration's id.
#[derive(Debug)]
pub(in crate::backend) struct IdCall {
    pub(in crate::backend) call: CallSpec,
    pub(in crate::backend) id: AnswerId,
}

/// Where an answer has a registration's id.
#[derive(Debug)]
pub(in crate::backend) enum AnswerId {
    /// Nowhere.
    Nowhere,
    /// It is the body: a JSON string, or bare text.
    Body,
    /// In a field of the body.
    Field(FieldPath),
    /// It is the last segment of a header's value, such as `Location`.
    Header(HeaderName),
}

/// The call that stores a payload and sends its id.
#[derive(Debug)]
pub(in crate::backend) struct SendCall {
    pub(in crate::backend) call: CallSpec,
    pub(in crate::backend) id: Option<FieldPath>,
}

/// The call that brings one payload.
#[derive(Debug)]
pub(in crate::backend) struct FetchCall {
    pub(in crate::backend) call: CallSpec,
    pub(in crate::backend) id: Option<FieldPath>,
    pub(in crate::backend) payload: FieldPath,
    pub(in crate::backend) read: Option<FieldPath>,
}

/// The call that brings every unread payload.
#[derive(Debug)]
pub(in crate::backend) struct UnreadCall {
    pub(in crate::backend) call: CallSpec,
    /// Where the list is, if not the whole answer.
    pub(in crate::backend) items: Option<FieldPath>,
    pub(in crate::backend) id: FieldPath,
    pub(in crate::backend) payload: FieldPath,
    pub(in crate::backend) read: Option<FieldPath>,
    /// The parameter that takes the last id of a page and asks for the next.
    pub(in crate::backend) after: Option<String>,
}

impl Api {
    /// What the backend calls a platform.
    pub(in crate::backend) fn platform(&self, platform: Platform) -> &str {
        let all = Platform::ALL.iter().zip(&self.platforms);
        let mut named = all.filter(|(known, _)| **known == platform);
        named.next().map_or("", |(_, name)| name.as_str())
    }
}

impl SendCall {
    /// True where what is sent can have this.
    pub(in crate::backend) fn can_say(&self, what: Placeholder) -> bool {
        let mut in_target = self.call.target.placeholders();
        in_target.any(|one| one == what) || self.call.body.placeholders().contains(&what)
    }
}
