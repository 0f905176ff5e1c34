//! WNS: a notification with its `X-WNS-` headers and an access token from the token endpoint.

use std::sync::{Mutex, PoisonError};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::hub::Content;
use crate::emulator::hub::outcome::Outcome;
use crate::wire::wns::{
    DEVICE_CONNECTION_STATUS, ERROR_DESCRIPTION, MSG_ID, STATUS, TYPE, TokenAnswer,
};

use super::sent::{Answer, Sent};
use super::{header, pass};

/// What a raw notification is.
const RAW: &str = "application/octet-stream";

/// What a toast, a tile and a badge are.
const XML: &str = "text/xml";

/// The largest token answer that is read, in bytes.
const MAX_TOKEN_ANSWER: u64 = 16 * 1024;

/// The hub's access token, fetched when it is first needed and again when it is refused.
#[derive(Debug)]
pub(in crate::emulator::hub) struct WnsToken {
    local: Url,
    credentials: SenderCredentials,
    current: Mutex<Option<SecretString>>,
}

impl WnsToken {
    pub(in crate::emulator::hub) fn new(local: Url, credentials: SenderCredentials) -> Self {
        Self {
            local,
            credentials,
            current: Mutex::new(None),
        }
    }

    /// The token, fetched if there is none or if the current one is `refused`; or what became of the
    /// notification without one.
    async fn get(
        &self,
        client: &Client,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, Sent> {
        if let Some(token) = self.lock().clone()
            && refused.is_none_or(|bad| bad.expose_secret() != token.expose_secret())
        {
            return Ok(token);
        }
        let fetched = self.fetch(client).await?;
        *self.lock() = Some(fetched.clone());
        Ok(fetched)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SecretString>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, client: &Client) -> Result<SecretString, Sent> {
        let unreadable = || {
            let text = "the token endpoint's answer is no access token";
            Sent::new(Outcome::TokenProviderUnreachable, text)
        };
        let url = self.local.join("/accesstoken.srf");
        let url = url.map_err(|_| unreadable())?;
        let client_of_wns = self.credentials.wns();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", client_of_wns.id())
            .append_pair("client_secret", client_of_wns.secret().expose_secret())
            .append_pair("scope", "notify.windows.com")
            .finish();
        let response = client
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .map_err(|error| Sent::without_token(&error))?;
        if !response.status().is_success() {
            return Err(Sent::token_refused(&Answer::of(&response)));
        }
        if response
            .content_length()
            .is_none_or(|length| length > MAX_TOKEN_ANSWER)
        {
            return Err(unreadable());
        }
        let body = response.bytes().await;
        let body = body.map_err(|error| Sent::without_token(&error))?;
        let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| unreadable())?;
        Ok(answer.access_token.into())
    }
}

/// The notification with what its sender left out: the type follows from the root of its XML, and the
/// content type from that. XML says `utf-16` where .NET wrote it, although it came as UTF-8.
pub(super) fn complete(content: Content) -> Content {
    let root = xml_root(&content.body);
    let kind = match content.header(TYPE) {
        Some(kind) => kind.to_ascii_lowercase(),
        None => match root {
            Some(root @ ("toast" | "tile" | "badge")) => format!("wns/{root}"),
            _ => "wns/raw".to_owned(),
        },
    };
    let is_raw = kind == "wns/raw";
    let mut content = content
        .replacing(TYPE, kind)
        .of_type(if is_raw { RAW } else { XML });
    if !is_raw && let Some(body) = without_wide_encoding(&content.body) {
        content.body = body.into();
    }
    content
}

/// The name of a document's root element; none where it is no XML.
fn xml_root(body: &[u8]) -> Option<&str> {
    let mut rest = unmarked(std::str::from_utf8(body).ok()?).trim_start();
    loop {
        let end = if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else {
            break;
        };
        rest = rest.split_once(end)?.1.trim_start();
    }
    let name = rest.strip_prefix('<')?;
    let end = name.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
    Some(&name[..end])
}

/// The document without the encoding that its declaration names, where that is UTF-16 and wrong.
fn without_wide_encoding(body: &[u8]) -> Option<String> {
    let text = unmarked(std::str::from_utf8(body).ok()?);
    let (declaration, rest) = text.strip_prefix("<?xml")?.split_once("?>")?;
    let (before, after) = declaration.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (encoding, after) = value[1..].split_once(quote)?;
    let is_wide = encoding
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("utf-16"));
    is_wide.then(|| format!("<?xml{}{after}?>{rest}", before.trim_end()))
}

fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

pub(super) async fn send(
    client: &Client,
    token: &WnsToken,
    url: Url,
    content: &Content,
) -> Result<Sent, reqwest::Error> {
    let first = match token.get(client, None).await {
        Ok(first) => first,
        Err(sent) => return Ok(sent),
    };
    let mut response = post(client, &first, url.clone(), content).await?;
    if response.status() == StatusCode::UNAUTHORIZED {
        let second = match token.get(client, Some(&first)).await {
            Ok(second) => second,
            Err(sent) => return Ok(sent),
        };
        response = post(client, &second, url, content).await?;
    }
    Ok(read(&response))
}

async fn post(
    client: &Client,
    token: &SecretString,
    url: Url,
    content: &Content,
) -> Result<Response, reqwest::Error> {
    let kind = content.content_type.as_deref().unwrap_or(RAW);
    let request = client
        .post(url)
        .header(AUTHORIZATION, format!("Bearer {}", token.expose_secret()))
        .header(CONTENT_TYPE, kind)
        .body(content.body.clone());
    pass(request, content, "x-wns-").send().await
}

fn read(response: &Response) -> Sent {
    let status = header(response, STATUS).unwrap_or_default();
    let answer = Answer::of(response);
    if response.status() == StatusCode::OK {
        let message = header(response, MSG_ID);
        return match status.as_str() {
            "received" => Sent::taken(message),
            "dropped" => {
                let away = header(response, DEVICE_CONNECTION_STATUS);
                let away = away.is_some_and(|state| state != "connected");
                let outcome = if away {
                    Outcome::ChannelDisconnected
                } else {
                    Outcome::Dropped
                };
                Sent::dropped(outcome, message)
            }
            "channelthrottled" => Sent::refused(&answer, Outcome::ChannelThrottled, &status),
            _ => {
                let text = "the push service did not say what became of the push";
                Sent::new(Outcome::PnsInterfaceError, text)
            }
        };
    }
    let outcome = match response.status() {
        StatusCode::UNAUTHORIZED => Outcome::InvalidToken,
        StatusCode::FORBIDDEN => Outcome::WrongToken,
        StatusCode::NOT_ACCEPTABLE if status == "channelthrottled" => Outcome::ChannelThrottled,
        StatusCode::NOT_ACCEPTABLE => Outcome::Throttled,
        _ => answer.outcome(),
    };
    let words = header(response, ERROR_DESCRIPTION).unwrap_or_default();
    Sent::refused(&answer, outcome, &words)
}
