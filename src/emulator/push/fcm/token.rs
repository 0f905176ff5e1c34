//! Google's OAuth token endpoint, as far as senders of FCM use it: a service account's assertion
//! (RFC 7523) or a refresh token for an access token. Any well-formed credential passes; under strict
//! credentials the generated service account's assertions alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::push::body;
use crate::emulator::push::jwt::Jwt;
use crate::wire::fcm::TOKEN_SECONDS;

use super::Fcm;

/// The largest token request, in bytes.
const MAX_REQUEST: usize = 16 * 1024;

/// The longest life of an assertion, in seconds.
const LONGEST: i64 = 3600;

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 60;

/// `grant_type` of a service account.
const ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(super) fn routes(fcm: Arc<Fcm>) -> Router {
    Router::new().route("/token", post(token)).with_state(fcm)
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    /// Some libraries leave it out, and Google does without.
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    scope: String,
    iat: i64,
    exp: i64,
}

async fn token(State(fcm): State<Arc<Fcm>>, body: Body) -> Response {
    let Ok(body) = body::read(body, MAX_REQUEST).await else {
        return refused(
            "invalid_request",
            "the body is larger than 16 KiB, or broke off",
        );
    };
    let fields: HashMap<_, _> = form_urlencoded::parse(&body).collect();
    let field = |name: &str| fields.get(name).map(AsRef::as_ref).unwrap_or_default();
    let checked = match field("grant_type") {
        ASSERTION => check_assertion(field("assertion"), fcm.clock.now(), fcm.only.as_ref()),
        "refresh_token" if fcm.only.is_some() => Err((
            "invalid_grant",
            "a refresh token is not the generated service account's",
        )),
        "refresh_token" => check_refresh(&field),
        _ => Err(("unsupported_grant_type", "the grant type is not known")),
    };
    let mut answer = match checked {
        Ok(()) => {
            // Google says a second less, so that no client uses a token in its last one.
            let seconds = TOKEN_SECONDS - 1;
            Json(json!({
                "access_token": fcm.tokens.issue("ya29.", Duration::from_secs(TOKEN_SECONDS), &fcm.clock),
                "expires_in": seconds,
                "token_type": "Bearer",
            }))
            .into_response()
        }
        Err((error, description)) => return refused(error, description),
    };
    keep_out_of_caches(&mut answer);
    answer
}

/// An OAuth error (RFC 6749 §5.2).
fn refused(error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    let mut answer = (StatusCode::BAD_REQUEST, Json(body)).into_response();
    keep_out_of_caches(&mut answer);
    answer
}

fn keep_out_of_caches(answer: &mut Response) {
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, no_store);
}

type OAuthError = (&'static str, &'static str);

fn check_assertion(
    assertion: &str,
    now: Timestamp,
    only: Option<&SenderCredentials>,
) -> Result<(), OAuthError> {
    let invalid = |problem| ("invalid_grant", problem);
    let jwt = Jwt::read(assertion).ok_or(invalid("the assertion is not a JSON Web Token"))?;
    let head: Head = jwt
        .head()
        .ok_or(invalid("the assertion's head is not readable"))?;
    if head.alg != "RS256" || jwt.signature.is_empty() {
        return Err(invalid("the assertion must be signed with RS256"));
    }
    let claims: Claims = jwt
        .claims()
        .ok_or(invalid("the assertion needs iss, aud, scope, iat and exp"))?;
    if claims.iss.is_empty() || claims.scope.is_empty() || !claims.aud.ends_with("/token") {
        return Err(invalid("the assertion is for something else"));
    }
    if let Some(only) = only {
        check_signer(&jwt, &head, &claims, only)?;
    }
    let now = now.as_second();
    let timely = claims.iat <= now.saturating_add(LEEWAY)
        && claims.exp > now.saturating_sub(LEEWAY)
        && claims.exp.saturating_sub(claims.iat) <= LONGEST + LEEWAY;
    if !timely {
        return Err(invalid(
            "the assertion must be short-lived (60 minutes) and in a reasonable timeframe",
        ));
    }
    Ok(())
}

/// In Google's words for an account and a key that it does not know.
fn check_signer(
    jwt: &Jwt<'_>,
    head: &Head,
    claims: &Claims,
    only: &SenderCredentials,
) -> Result<(), OAuthError> {
    let account = only
        .known_service_account()
        .filter(|account| account.client_email() == claims.iss)
        .ok_or(("invalid_grant", "Invalid grant: account not found"))?;
    let is_its_key = head.kid.as_ref().is_none_or(|kid| kid == account.key_id());
    if is_its_key && account.signed(jwt.signed, &jwt.signature) {
        Ok(())
    } else {
        Err(("invalid_grant", "Invalid JWT Signature."))
    }
}

fn check_refresh<'a>(field: &impl Fn(&str) -> &'a str) -> Result<(), OAuthError> {
    let all = ["client_id", "client_secret", "refresh_token"];
    if all.iter().any(|name| field(name).is_empty()) {
        return Err((
            "invalid_grant",
            "client_id, client_secret and refresh_token are needed",
        ));
    }
    Ok(())
}
