//! The two OAuth token endpoints: `login.live.com`'s for UWP apps and Microsoft Entra's for the
//! Windows App SDK. Any well-formed credential passes; the two flows are not interchangeable.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use crate::emulator::push::header as header_text;
use crate::emulator::random;
use crate::lifecycle::Clock;
use crate::wire::wns::{TOKEN_SECONDS, TokenAnswer};

use super::Wns;

/// The largest token request, in bytes.
const MAX_REQUEST: usize = 8 * 1024;

/// The most access tokens that live at once; beyond that the one that expires first goes.
const MOST_TOKENS: usize = 4096;

/// The access tokens that were given out, by their hashes.
#[derive(Debug, Default)]
pub(in crate::emulator) struct AccessTokens(Mutex<HashMap<[u8; 32], Timestamp>>);

impl AccessTokens {
    fn issue(&self, clock: &Clock) -> String {
        let token = random::token_256();
        let expires = clock.after(Duration::from_secs(TOKEN_SECONDS));
        let mut tokens = self.lock();
        if tokens.len() >= MOST_TOKENS {
            let now = clock.now();
            tokens.retain(|_, expires| *expires > now);
        }
        if tokens.len() >= MOST_TOKENS {
            let first = tokens.iter().min_by_key(|(_, expires)| **expires);
            if let Some(hash) = first.map(|(hash, _)| *hash) {
                tokens.remove(&hash);
            }
        }
        tokens.insert(hash(&token), expires);
        token
    }

    /// True when the request carries a live access token.
    pub(super) fn allows(&self, headers: &HeaderMap, clock: &Clock) -> bool {
        let value = header_text(headers, header::AUTHORIZATION.as_str()).unwrap_or_default();
        let Some((scheme, token)) = value.split_once(' ') else {
            return false;
        };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return false;
        }
        let expires = self.lock().get(&hash(token.trim())).copied();
        expires.is_some_and(|expires| expires > clock.now())
    }

    /// Forgets every token: senders have to ask for new ones.
    pub(in crate::emulator) fn revoke_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

pub(super) fn routes(wns: Arc<Wns>) -> Router {
    Router::new()
        .route("/accesstoken.srf", post(uwp))
        .route("/{tenant}/oauth2/v2.0/token", post(entra))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(wns)
}

async fn uwp(State(wns): State<Arc<Wns>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = check(&headers, &body, "notify.windows.com", Some("ms-app://")) {
        return refusal.into_response();
    }
    let answer = TokenAnswer {
        token_type: "bearer".to_owned(),
        access_token: wns.tokens.issue(&wns.clock),
        expires_in: TOKEN_SECONDS,
    };
    no_store(Json(answer).into_response())
}

async fn entra(State(wns): State<Arc<Wns>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = check(&headers, &body, "https://wns.windows.com/.default", None) {
        return refusal.into_response();
    }
    // Entra writes the number as text and the type with a capital, which this flow's clients read.
    no_store(
        Json(json!({
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS.to_string(),
            "access_token": wns.tokens.issue(&wns.clock),
        }))
        .into_response(),
    )
}

/// An OAuth error (RFC 6749 §5.2).
struct OAuthRefusal {
    error: &'static str,
    description: &'static str,
}

impl OAuthRefusal {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        no_store((StatusCode::BAD_REQUEST, Json(body)).into_response())
    }
}

fn check(
    headers: &HeaderMap,
    body: &[u8],
    scope: &str,
    client_prefix: Option<&str>,
) -> Result<(), OAuthRefusal> {
    let refuse = |error, description| Err(OAuthRefusal { error, description });
    let content_type = header_text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if !content_type
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded")
    {
        return refuse("invalid_request", "the body must be a form");
    }
    let fields: HashMap<_, _> = form_urlencoded::parse(body).collect();
    let field = |name: &str| fields.get(name).map(AsRef::as_ref).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        return refuse(
            "unsupported_grant_type",
            "grant_type must be client_credentials",
        );
    }
    let client = field("client_id");
    if client.is_empty() || client_prefix.is_some_and(|prefix| !client.starts_with(prefix)) {
        return refuse("invalid_client", "client_id is not one of this flow");
    }
    if field("client_secret").is_empty() {
        return refuse("invalid_client", "client_secret is missing");
    }
    if field("scope") != scope {
        return refuse("invalid_scope", "the scope is not the one of this flow");
    }
    Ok(())
}

fn no_store(mut response: Response) -> Response {
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}
