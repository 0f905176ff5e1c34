//! A sender that posts to a phone's WNS channel URI, as a developer's own backend does.

use serde_json::Value;

use crate::world::{Served, World};

/// Posts a toast to `device`, which must be on.
#[track_caller]
pub(crate) fn post_toast(world: &World, served: &Served, device: &str, xml: &str, tag: &str) {
    let handle = world.status(device)["handle"].as_str().unwrap().to_owned();
    let token = format!("{}/accesstoken.srf", served.backend);
    // Set by an earlier call of the same process, perhaps.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (code, status) = runtime.block_on(async {
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let form = "grant_type=client_credentials&client_id=ms-app%3A%2F%2Ftest\
                    &client_secret=secret&scope=notify.windows.com";
        let asked = http
            .post(token)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = asked.send().await.unwrap().bytes().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let posted = http
            .post(handle)
            .bearer_auth(answer["access_token"].as_str().unwrap())
            .header("content-type", "text/xml")
            .header("x-wns-type", "wns/toast")
            .header("x-wns-tag", tag)
            .body(xml.to_owned())
            .send()
            .await
            .unwrap();
        let status = posted.headers()["x-wns-status"].clone();
        (posted.status().as_u16(), status)
    });
    assert_eq!((code, status.to_str().unwrap()), (200, "received"));
}
