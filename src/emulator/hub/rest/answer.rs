//! What the hub answers: each answer names its request, and what was not done is told as XML.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use url::Url;
use uuid::Uuid;

use crate::emulator::hub::HubError;
use crate::emulator::push::body::NotRead;
use crate::model::Invalid;
use crate::wire::notification_hub::{
    CORRELATION_ID, SERVICE_OFF, SasClaim, TRACKING_ID, write_error,
};
use crate::wire::push_administration::ServiceOff;

/// The longest tracking id of a client that is taken over.
const MAX_TRACKING_ID: usize = 128;

/// One registration.
pub(super) const ENTRY: &str = "application/atom+xml; type=entry; charset=utf-8";

/// A list of registrations.
pub(super) const FEED: &str = "application/atom+xml; type=feed; charset=utf-8";

/// All else, installations included, although they are JSON: so the real service has it.
pub(super) const XML: &str = "application/xml; charset=utf-8";

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Malformed(String),
    Token(TokenProblem),
    /// The token's rule does not have this claim.
    Claim(SasClaim),
    /// There is no hub of this name.
    NoHub,
    /// The hub has no such path.
    NoPath,
    /// There is no such thing, which is told in these words.
    NotFound(&'static str),
    /// The path takes these methods alone.
    Method(&'static str),
    Changed,
    /// It has more bytes than these.
    TooLarge(usize),
    /// The body is compressed.
    Encoded,
    /// The same call may be made again in so many seconds.
    TooOften(u64),
    /// The hub is full, or does not send this.
    Forbidden(String),
    /// The push service of the send is switched off.
    ServiceOff(ServiceOff),
    /// This hub does not have it.
    NotHere(&'static str),
    Unavailable(String),
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenProblem {
    Missing,
    Malformed,
    Signature,
    Expired,
    Audience,
}

/// The names of a request: the client's own, or one of the hub's, and a second one of the hub's.
#[derive(Debug, Clone)]
pub(super) struct Tracking {
    pub(super) id: String,
    correlation: Uuid,
}

impl Tracking {
    /// The tracking id of the request, where it is there once and is a short word, or a new one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let word = |text: &&str| {
            (1..=MAX_TRACKING_ID).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let mut all = headers.get_all(TRACKING_ID).iter();
        let own = all.next().and_then(|value| value.to_str().ok());
        let own = own.filter(word).filter(|_| all.next().is_none());
        let own = own.map(str::to_owned);
        Self {
            id: own.unwrap_or_else(|| Uuid::new_v4().to_string()),
            correlation: Uuid::new_v4(),
        }
    }

    /// Puts the names into the answer, which stays in no cache: it may have handles in it.
    pub(super) fn mark(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        put(headers, TRACKING_ID, &self.id);
        put(headers, CORRELATION_ID, &self.correlation.to_string());
        put(headers, header::CACHE_CONTROL.as_str(), "no-store");
        response
    }
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    status.into_response()
}

/// 200 with a body.
pub(super) fn ok(content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    let content_type = HeaderValue::from_static(content_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

/// The same answer with a URL in this header.
pub(super) fn with_url(mut response: Response, name: &HeaderName, url: &Url) -> Response {
    put(response.headers_mut(), name.as_str(), url.as_str());
    response
}

/// The same answer with this header.
pub(super) fn with(mut response: Response, name: &'static str, value: &str) -> Response {
    put(response.headers_mut(), name, value);
    response
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

impl TokenProblem {
    fn detail(self) -> &'static str {
        match self {
            Self::Missing => "MissingToken: The authorization header was not found.",
            Self::Malformed => {
                "MalformedToken: The credentials in the authorization header are not in the form of a shared access signature."
            }
            Self::Signature => "InvalidSignature: The token has an invalid signature.",
            Self::Expired => "ExpiredToken: The token is expired.",
            Self::Audience => "InvalidAudience: The token is not for this address.",
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            // Who lacks Send is answered otherwise than who lacks another claim.
            Self::Claim(SasClaim::Send) | Self::Forbidden(_) | Self::ServiceOff(_) => {
                StatusCode::FORBIDDEN
            }
            Self::Token(_) | Self::Claim(SasClaim::Listen | SasClaim::Manage) => {
                StatusCode::UNAUTHORIZED
            }
            Self::NoHub | Self::NoPath | Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Changed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotHere(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The detail; none where the body is empty.
    fn detail(&self) -> Option<String> {
        Some(match self {
            Self::Malformed(problem) => format!("The request is malformed: {problem}."),
            Self::Token(problem) => problem.detail().to_owned(),
            Self::Claim(SasClaim::Send) => return None,
            Self::Claim(SasClaim::Listen) => claim_needed("Listen"),
            Self::Claim(SasClaim::Manage) => claim_needed("Manage"),
            Self::NoHub => "No service is hosted at the specified address.".to_owned(),
            Self::NoPath => "The hub has no such path.".to_owned(),
            Self::NotFound(words) => (*words).to_owned(),
            Self::Method(allowed) => format!("The path takes {allowed} alone."),
            Self::Changed => {
                "The entity was changed since it was read: its ETag is another.".to_owned()
            }
            Self::TooLarge(most) => format!("The body is larger than {} KiB.", most / 1024),
            Self::Encoded => {
                "The body is in a content encoding: send it as it is, without Content-Encoding."
                    .to_owned()
            }
            Self::TooOften(seconds) => {
                format!("Ten test sends a minute are the most: try again in {seconds} s.")
            }
            Self::Forbidden(problem) | Self::Unavailable(problem) => format!("{problem}."),
            Self::ServiceOff(off) => format!("{off}."),
            Self::NotHere(words) => (*words).to_owned(),
        })
    }

    /// The answer to the request that `tracking` names.
    pub(super) fn answer(&self, tracking: &Tracking, now: Timestamp) -> Response {
        let status = self.status();
        let mut response = match self.detail() {
            Some(detail) => ok(
                XML,
                write_error(status.as_u16(), &detail, &tracking.id, now),
            ),
            None => empty(status),
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        match self {
            Self::Method(allowed) => put(headers, header::ALLOW.as_str(), allowed),
            Self::Unavailable(_) => put(headers, header::RETRY_AFTER.as_str(), "1"),
            Self::ServiceOff(off) => put(headers, SERVICE_OFF, off.service.as_str()),
            Self::TooOften(seconds) => {
                put(headers, header::RETRY_AFTER.as_str(), &seconds.to_string());
            }
            // What would be taken (RFC 9110 §15.5.16).
            Self::Encoded => put(headers, header::ACCEPT_ENCODING.as_str(), "identity"),
            Self::Token(_) => put(
                headers,
                header::WWW_AUTHENTICATE.as_str(),
                "SharedAccessSignature realm=\"handset\"",
            ),
            Self::Malformed(_)
            | Self::Claim(_)
            | Self::NoHub
            | Self::NoPath
            | Self::NotFound(_)
            | Self::Changed
            | Self::TooLarge(_)
            | Self::Forbidden(_)
            | Self::NotHere(_) => {}
        }
        response
    }
}

fn claim_needed(claim: &str) -> String {
    format!("{claim} claim is required for this operation.")
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Malformed(invalid.to_string())
    }
}

impl Refusal {
    /// Why a body was not read of which so many bytes are taken.
    pub(super) fn not_read(problem: NotRead, most: usize) -> Self {
        match problem {
            NotRead::TooLarge => Self::TooLarge(most),
            NotRead::BrokeOff => Self::Malformed("the body ended before it was whole".to_owned()),
        }
    }
}

impl From<HubError> for Refusal {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Invalid(invalid) => invalid.into(),
            HubError::NotFound("installation") => Self::NotFound("Installation not found"),
            HubError::NotFound(_) => Self::NotFound(""),
            HubError::Changed => Self::Changed,
            HubError::TooOften { seconds } => Self::TooOften(seconds),
            error @ (HubError::Full(_) | HubError::Partner(_) | HubError::Refused { .. }) => {
                Self::Forbidden(error.to_string())
            }
            error @ HubError::Remote { .. } => Self::Unavailable(error.to_string()),
            HubError::Store(error) => {
                tracing::warn!(%error, "a request to the hub failed in the database");
                Self::Unavailable("The hub's database did not take it: try again".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracked(id: &str) -> Tracking {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static(TRACKING_ID),
            HeaderValue::from_str(id).unwrap(),
        )]);
        Tracking::of(&headers)
    }

    #[test]
    fn a_request_keeps_its_own_name_where_that_is_a_word() {
        assert_eq!(tracked("a1b2_G1.x-9").id, "a1b2_G1.x-9");
        for odd in ["", "a b", "a<b>", "a\"", &"x".repeat(129)] {
            assert_eq!(tracked(odd).id.len(), 36, "{odd}");
        }
        let marked = tracked("mine").mark(empty(StatusCode::OK));
        assert_eq!(marked.headers()[TRACKING_ID], "mine");
        assert_eq!(marked.headers()[CORRELATION_ID].len(), 36);
    }

    #[test]
    fn claims_are_told_as_the_service_tells_them() {
        for (claim, status, detail) in [
            (SasClaim::Send, 403, None),
            (
                SasClaim::Manage,
                401,
                Some("Manage claim is required for this operation."),
            ),
            (
                SasClaim::Listen,
                401,
                Some("Listen claim is required for this operation."),
            ),
        ] {
            let refusal = Refusal::Claim(claim);
            assert_eq!(refusal.status().as_u16(), status);
            assert_eq!(refusal.detail().as_deref(), detail);
        }
    }
}
