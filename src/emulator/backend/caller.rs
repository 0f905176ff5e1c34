//! Who calls: read from the `Authorization` header before anything else of a request, or, where there
//! is none, from `X-ZUMO-AUTH`, in which clients of Mobile Services bring their token.

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

/// The header with the token of Mobile Services' clients, as it stands.
const ZUMO_AUTH: &str = "x-zumo-auth";

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

/// Reads the one header; none where it is missing, doubled or malformed.
fn read(headers: &HeaderMap) -> Option<Presented> {
    if !headers.contains_key(header::AUTHORIZATION) {
        let token = the_one(headers, ZUMO_AUTH)?.trim();
        return (!token.is_empty()).then(|| Presented::Bearer(TokenHash::of(token)));
    }
    let value = the_one(headers, header::AUTHORIZATION.as_str())?;
    let (scheme, rest) = value.split_once(' ')?;
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

fn the_one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() || value.len() > MAX_HEADER {
        return None;
    }
    value.to_str().ok()
}
