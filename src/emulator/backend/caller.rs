//! Who calls: read from the `Authorization` header before anything else of a request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::model::UserName;

use super::AppBackend;
use super::answer::Refusal;
use super::tokens::TokenHash;

/// The longest `Authorization` header that is read.
const MAX_HEADER: usize = 4096;

/// Clients write base64 with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A signed-in user.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user: UserName,
    /// The bearer token they came with; none with Basic.
    pub(super) token: Option<TokenHash>,
}

/// What stands in an `Authorization` header.
enum Presented {
    Basic {
        user: UserName,
        password: SecretString,
    },
    Bearer(TokenHash),
}

impl FromRequestParts<Arc<AppBackend>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        backend: &Arc<AppBackend>,
    ) -> Result<Self, Refusal> {
        match read(&parts.headers).ok_or(Refusal::SignInNeeded)? {
            Presented::Basic { user, password } => {
                backend.credentials.check(&user, password).await?;
                Ok(Self { user, token: None })
            }
            Presented::Bearer(token) => {
                let user = backend.tokens.user_of(token.clone()).await?;
                let user = user.ok_or(Refusal::SignInNeeded)?;
                Ok(Self {
                    user,
                    token: Some(token),
                })
            }
        }
    }
}

/// Reads the one `Authorization` header; none where it is missing, doubled or malformed.
fn read(headers: &HeaderMap) -> Option<Presented> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() || value.len() > MAX_HEADER {
        return None;
    }
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = Zeroizing::new(BASE64.decode(rest).ok()?);
        let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        let user = UserName::parse(user).ok()?;
        Some(Presented::Basic {
            user,
            password: password.to_owned().into(),
        })
    } else if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
        Some(Presented::Bearer(TokenHash::of(rest)))
    } else {
        None
    }
}
