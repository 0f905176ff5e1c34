//! A sender that posts to a WNS channel URI, as a developer's own backend does.

use handset::lab::{Lab, Phone};
use handset::wire::wns;

/// Posts to one channel URI.
pub(crate) struct WnsSender {
    http: reqwest::Client,
    token: String,
    uri: String,
}

/// What WNS answered.
#[derive(Debug)]
pub(crate) struct WnsAnswer {
    pub(crate) code: u16,
    pub(crate) status: String,
    pub(crate) message: String,
}

impl WnsSender {
    /// A sender with an access token, for the channel that `phone` has open.
    pub(crate) async fn to(lab: &Lab, phone: &Phone) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let sender = Self {
            http,
            token: String::new(),
            uri: phone.status().await.unwrap().handle.unwrap(),
        };
        sender.renewed(lab).await
    }

    /// The same with a new access token.
    pub(crate) async fn renewed(self, lab: &Lab) -> Self {
        let form = "grant_type=client_credentials&client_id=ms-app%3A%2F%2Ftest\
                    &client_secret=secret&scope=notify.windows.com";
        let answer = self
            .http
            .post(lab.services().urls().wns_token.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap();
        let answer: wns::TokenAnswer = answer.json().await.unwrap();
        Self {
            token: answer.access_token,
            ..self
        }
    }

    /// A sender to this one's channel with the other's access token.
    pub(crate) fn with_token_of(&self, other: &Self) -> Self {
        Self {
            http: self.http.clone(),
            token: other.token.clone(),
            uri: self.uri.clone(),
        }
    }

    /// Posts a raw push.
    pub(crate) async fn raw(&self, body: impl Into<Vec<u8>>) -> WnsAnswer {
        self.post("wns/raw", body, &[]).await
    }

    /// Posts a push of `kind`, with further headers.
    pub(crate) async fn post(
        &self,
        kind: &str,
        body: impl Into<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> WnsAnswer {
        let content_type = if kind == "wns/raw" {
            "application/octet-stream"
        } else {
            "text/xml"
        };
        let mut request = self
            .http
            .post(&self.uri)
            .bearer_auth(&self.token)
            .header(wns::TYPE, kind)
            .header("content-type", content_type)
            .body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        WnsAnswer::of(request.send().await.unwrap())
    }

    /// Deletes toasts (`X-WNS-Match`).
    pub(crate) async fn delete(&self, wish: &str) -> WnsAnswer {
        let request = self.http.delete(&self.uri).bearer_auth(&self.token);
        let request = request.header(wns::MATCH, wish);
        WnsAnswer::of(request.send().await.unwrap())
    }
}

impl WnsAnswer {
    fn of(answer: reqwest::Response) -> Self {
        let text = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        Self {
            code: answer.status().as_u16(),
            status: text(wns::STATUS),
            message: text(wns::MSG_ID),
        }
    }
}
