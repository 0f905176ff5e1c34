//! A sender that posts to an APNs device token, as a developer's own provider does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use handset::lab::{Lab, Phone};
use handset::lifecycle::Clock;
use handset::wire::apns;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate as _;
use serde_json::{Value, json};

/// Posts to one device token.
pub(crate) struct ApnsSender {
    http: reqwest::Client,
    authorization: String,
    url: String,
}

impl ApnsSender {
    /// A sender with a provider token, for the handle that `phone` has.
    pub(crate) async fn to(lab: &Lab, phone: &Phone) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let handle = phone.status().await.unwrap().handle.unwrap();
        let path = format!("3/device/{handle}");
        Self {
            http,
            authorization: format!("bearer {}", provider_token()),
            url: lab.services().urls().apns.join(&path).unwrap().to_string(),
        }
    }

    /// Posts an alert with these further headers.
    pub(crate) async fn alert(&self, payload: &Value, headers: &[(&str, &str)]) {
        let mut all = vec![(apns::PUSH_TYPE, "alert")];
        all.extend_from_slice(headers);
        self.post(payload, &all).await;
    }

    /// Posts a payload with these headers beside topic and token.
    pub(crate) async fn post(&self, payload: &Value, headers: &[(&str, &str)]) {
        let mut request = self
            .http
            .post(&self.url)
            .header("authorization", &self.authorization)
            .header(apns::TOPIC, "handset.app")
            .body(payload.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
    }
}

fn provider_token() -> String {
    let head = json!({"alg": "ES256", "kid": "TESTKEY890"});
    let claims = json!({"iss": "TESTTEAM90", "iat": Clock::system().now().as_second()});
    let parts = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = parts.join(".");
    let signature: Signature = SigningKey::generate().sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}
