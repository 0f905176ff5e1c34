//! WNS: a notification with its `X-WNS-` headers and an access token from the token endpoint.

use std::sync::{Mutex, PoisonError};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::emulator::credentials::SenderCredentials;
use crate::emulator::hub::Content;
use crate::wire::wns::{MSG_ID, STATUS, TokenAnswer};

use super::{Sent, header, pass, refusal};

/// What a raw notification is.
const RAW: &str = "application/octet-stream";

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

    /// The token, fetched if there is none or if the current one is `refused`.
    async fn get(
        &self,
        client: &Client,
        refused: Option<&SecretString>,
    ) -> Result<Option<SecretString>, reqwest::Error> {
        if let Some(token) = self.lock().clone()
            && refused.is_none_or(|bad| bad.expose_secret() != token.expose_secret())
        {
            return Ok(Some(token));
        }
        let fetched = self.fetch(client).await?;
        self.lock().clone_from(&fetched);
        Ok(fetched)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SecretString>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, client: &Client) -> Result<Option<SecretString>, reqwest::Error> {
        let Ok(url) = self.local.join("/accesstoken.srf") else {
            return Ok(None);
        };
        let client_of_wns = self.credentials.wns();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", client_of_wns.id())
            .append_pair("client_secret", client_of_wns.secret().expose_secret())
            .append_pair("scope", "notify.windows.com")
            .finish();
        let answer = client
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await?
            .error_for_status()?;
        if answer
            .content_length()
            .is_none_or(|length| length > MAX_TOKEN_ANSWER)
        {
            return Ok(None);
        }
        let answer: TokenAnswer = answer.json().await?;
        Ok(Some(answer.access_token.into()))
    }
}

pub(super) async fn send(
    client: &Client,
    token: &WnsToken,
    url: Url,
    content: &Content,
) -> Result<Sent, reqwest::Error> {
    let no_token = || Sent::Refused("the token endpoint gave no access token".to_owned());
    let Some(first) = token.get(client, None).await? else {
        return Ok(no_token());
    };
    let mut response = post(client, &first, url.clone(), content).await?;
    if response.status() == StatusCode::UNAUTHORIZED {
        let Some(second) = token.get(client, Some(&first)).await? else {
            return Ok(no_token());
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
    if response.status() != StatusCode::OK {
        return refusal(response.status());
    }
    let message = header(response, MSG_ID);
    match header(response, STATUS).as_deref() {
        Some("received") => Sent::Received(message),
        Some("dropped") => Sent::Dropped(message),
        _ => Sent::Refused("the push service did not say what became of the push".to_owned()),
    }
}
