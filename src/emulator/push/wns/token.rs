//! The two OAuth token endpoints: `login.live.com`'s for UWP apps and Microsoft Entra's for the
//! Windows App SDK. Any well-formed credential passes, under strict credentials the generated
//! client's alone, in either flow; the two flows are not interchangeable.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use url::form_urlencoded;

use crate::emulator::push::{body, header as header_text};
use crate::wire::wns::{TOKEN_SECONDS, TokenAnswer};

use super::Wns;

/// The largest token request, in bytes.
const MAX_REQUEST: usize = 8 * 1024;

pub(super) fn routes(wns: Arc<Wns>) -> Router {
    Router::new()
        .route("/accesstoken.srf", post(uwp))
        .route("/{tenant}/oauth2/v2.0/token", post(entra))
        .with_state(wns)
}

async fn uwp(State(wns): State<Arc<Wns>>, headers: HeaderMap, body: Body) -> Response {
    if let Err(refusal) = check(
        &wns,
        &headers,
        body,
        "notify.windows.com",
        Some("ms-app://"),
    )
    .await
    {
        return refusal.into_response();
    }
    let answer = TokenAnswer {
        token_type: "bearer".to_owned(),
        access_token: wns.issue(),
        expires_in: TOKEN_SECONDS,
    };
    no_store(Json(answer).into_response())
}

async fn entra(State(wns): State<Arc<Wns>>, headers: HeaderMap, body: Body) -> Response {
    if let Err(refusal) = check(
        &wns,
        &headers,
        body,
        "https://wns.windows.com/.default",
        None,
    )
    .await
    {
        return refusal.into_response();
    }
    // Entra writes the number as text and the type with a capital, which this flow's clients read.
    no_store(
        Json(json!({
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS.to_string(),
            "access_token": wns.issue(),
        }))
        .into_response(),
    )
}

impl Wns {
    fn issue(&self) -> String {
        let lifetime = Duration::from_secs(TOKEN_SECONDS);
        self.tokens.issue("", lifetime, &self.clock)
    }
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

async fn check(
    wns: &Wns,
    headers: &HeaderMap,
    body: Body,
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
    let Ok(body) = body::read(body, MAX_REQUEST).await else {
        return refuse(
            "invalid_request",
            "the body is larger than 8 KiB, or broke off",
        );
    };
    let fields: HashMap<_, _> = form_urlencoded::parse(&body).collect();
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
    if let Some(only) = &wns.only
        && !only.wns().is(client, field("client_secret"))
    {
        return refuse(
            "invalid_client",
            "client_id and client_secret are not the generated ones",
        );
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
