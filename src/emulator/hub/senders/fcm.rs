//! FCM: a message, to which the hub adds the registration token, with an access token.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::emulator::hub::Content;
use crate::emulator::hub::outcome::Outcome;
use crate::emulator::push::access_tokens::AccessTokens;
use crate::lifecycle::Clock;
use crate::model::{Handle, Invalid};
use crate::wire::fcm::TOKEN_SECONDS;

use super::json;
use super::sent::{Answer, Sent};

/// How long before its end a token is replaced.
const MARGIN: Duration = Duration::from_secs(300);

/// The hub's access token. It comes from the token endpoint's own store: an assertion would need the
/// service account's key, which takes seconds to make and is left until a sender wants it.
pub(in crate::emulator::hub) struct FcmToken {
    tokens: AccessTokens,
    project: String,
    clock: Clock,
    current: Mutex<Option<(SecretString, Timestamp)>>,
}

impl FcmToken {
    pub(in crate::emulator::hub) fn new(tokens: AccessTokens, project: &str, clock: Clock) -> Self {
        Self {
            tokens,
            project: project.to_owned(),
            clock,
            current: Mutex::new(None),
        }
    }

    /// Where to post: the service account's project.
    pub(super) fn path(&self) -> [&str; 4] {
        ["v1", "projects", &self.project, "messages:send"]
    }

    /// The token; a new one if the current one is `refused` or old.
    fn get(&self, refused: Option<&SecretString>) -> SecretString {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let is_refused = |token: &SecretString| {
            refused.is_some_and(|bad| bad.expose_secret() == token.expose_secret())
        };
        if let Some((token, until)) = &*current
            && *until > self.clock.now()
            && !is_refused(token)
        {
            return token.clone();
        }
        let lifetime = Duration::from_secs(TOKEN_SECONDS);
        let token: SecretString = self.tokens.issue("ya29.", lifetime, &self.clock).into();
        let until = self.clock.after(lifetime.saturating_sub(MARGIN));
        *current = Some((token.clone(), until));
        token
    }
}

impl fmt::Debug for FcmToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FcmToken").finish_non_exhaustive()
    }
}

/// Checks that there is a message, to which a registration token can be added.
pub(super) fn complete(content: Content) -> Result<Content, Invalid> {
    let whole: Value = serde_json::from_slice(&content.body).unwrap_or_default();
    if !whole["message"].is_object() {
        let problem = "is not a JSON object with a message, such as {\"message\":{\"notification\":{\"body\":\"hello\"}}}";
        return Err(Invalid::new("FCM notification", problem));
    }
    Ok(content)
}

pub(super) async fn send(
    client: &Client,
    token: &FcmToken,
    url: Url,
    to: &Handle,
    content: &Content,
) -> Result<Sent, reqwest::Error> {
    let Some(body) = addressed(&content.body, to) else {
        let text = "the notification is not a JSON object with a message";
        return Ok(Sent::new(Outcome::InvalidNotificationFormat, text));
    };
    let post = async |token: &SecretString| {
        client
            .post(url.clone())
            .header(AUTHORIZATION, format!("Bearer {}", token.expose_secret()))
            .header(CONTENT_TYPE, "application/json")
            .body(body.clone())
            .send()
            .await
    };
    let first = token.get(None);
    let mut response = post(&first).await?;
    if response.status() == StatusCode::UNAUTHORIZED {
        response = post(&token.get(Some(&first))).await?;
    }
    let answer = Answer::of(&response);
    let body = json(response).await;
    if answer.status != StatusCode::OK {
        let error = &body["error"];
        let words = error["message"].as_str().unwrap_or_default();
        return Ok(Sent::refused(&answer, outcome(answer, error), words));
    }
    let name = body["name"].as_str().unwrap_or_default();
    // The message's id is the last part of its name.
    let message = name.rsplit('/').next().filter(|id| !id.is_empty());
    Ok(Sent::taken(message.map(str::to_owned)))
}

/// What FCM's error says (Firebase, "ErrorCode").
fn outcome(answer: Answer, error: &Value) -> Outcome {
    let details = || error["details"].as_array().into_iter().flatten();
    let code = details().find_map(|detail| detail["errorCode"].as_str());
    let violations = details().flat_map(|detail| detail["fieldViolations"].as_array());
    let about_token = violations
        .flatten()
        .any(|violation| violation["field"] == "message.token");
    let words = error["message"].as_str().unwrap_or_default();
    match (answer.status, code) {
        (_, Some("UNREGISTERED")) => Outcome::ExpiredChannel,
        (_, Some("SENDER_ID_MISMATCH")) => Outcome::WrongChannel,
        (StatusCode::BAD_REQUEST, _) if about_token => Outcome::BadChannel,
        (StatusCode::BAD_REQUEST, _) if words.contains("too big") => {
            Outcome::InvalidNotificationSize
        }
        // There is no such project: the device's address is not what is wrong.
        (StatusCode::NOT_FOUND, _) => Outcome::PnsInterfaceError,
        (_, _) => answer.outcome(),
    }
}

/// The notification with the registration token in it, as the only target.
fn addressed(notification: &[u8], to: &Handle) -> Option<String> {
    let mut whole: Value = serde_json::from_slice(notification).ok()?;
    let message = whole.get_mut("message")?.as_object_mut()?;
    for other in ["topic", "condition", "fid"] {
        message.remove(other);
    }
    message.insert("token".to_owned(), to.as_str().into());
    Some(whole.to_string())
}
