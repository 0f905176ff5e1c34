//! A sender that posts to an FCM registration token, as a developer's own server does.

use handset::lab::{Lab, Phone};
use serde_json::{Value, json};

/// Posts to one registration token.
pub(crate) struct FcmSender {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl FcmSender {
    /// A sender for the handle that `phone` has.
    pub(crate) async fn to(lab: &Lab, phone: &Phone) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let path = "v1/projects/my-project/messages:send";
        Self {
            http,
            url: lab.services().urls().fcm.join(path).unwrap().to_string(),
            token: phone.status().await.unwrap().handle.unwrap(),
        }
    }

    /// Posts a message, given without its target.
    pub(crate) async fn send(&self, mut message: Value) {
        message["token"] = json!(self.token);
        self.publish(message).await;
    }

    /// Subscribes the token to a topic (`batchAdd`), or ends that (`batchRemove`).
    pub(crate) async fn change_topic(&self, verb: &str, topic: &str) {
        let url = self
            .url
            .replace("v1/projects/my-project/messages:send", "iid/v1:");
        let answer = self
            .http
            .post(format!("{url}{verb}"))
            .bearer_auth("ya29.test")
            .json(&json!({"to": format!("/topics/{topic}"), "registration_tokens": [self.token]}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.text().await.unwrap(), r#"{"results":[{}]}"#);
    }

    /// Posts a message with its target.
    pub(crate) async fn publish(&self, message: Value) {
        let answer = self
            .http
            .post(&self.url)
            .bearer_auth("ya29.test")
            .json(&json!({ "message": message }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
    }
}
