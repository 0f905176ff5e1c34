//! Where the services are reached.

use serde::Serialize;
use url::Url;

use crate::model::Invalid;

/// Where the services are reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceUrls {
    /// The base of everything below.
    pub http: Url,
    /// The same base over HTTPS, where it is served.
    pub https: Option<Url>,
    /// The CONNECT proxy for the push hosts, where there is one, as `HTTPS_PROXY` takes it.
    pub proxy: Option<Url>,
    /// The app backend, as `handset login --backend` takes it.
    pub backend: Url,
    /// The hub: its name behind the base that connection strings have, over HTTPS where that is
    /// served.
    pub hub: Url,
    /// The device socket, as `handset run --push` takes it.
    pub push: Url,
    /// WNS's token endpoint for UWP apps.
    pub wns_token: Url,
    /// The base of APNs, as senders name its host.
    pub apns: Url,
    /// The base of FCM, as senders name its host.
    pub fcm: Url,
    /// Google's token endpoint, as a service account's `token_uri`.
    pub fcm_token: Url,
    /// The base of Web Push endpoints.
    pub webpush: Url,
}

impl ServiceUrls {
    pub(super) fn new(
        http: Url,
        https: Option<Url>,
        proxy: Option<Url>,
        hub: Url,
    ) -> Result<Self, Invalid> {
        let join = |path: &str| {
            http.join(path)
                .map_err(|error| Invalid::new("service URL", error.to_string()))
        };
        let mut push = http.clone();
        push.set_scheme("ws")
            .map_err(|()| Invalid::new("service URL", "cannot be a WebSocket URL"))?;
        Ok(Self {
            backend: http.clone(),
            hub,
            push,
            wns_token: join("accesstoken.srf")?,
            apns: http.clone(),
            fcm: http.clone(),
            fcm_token: join("token")?,
            webpush: join("wpush/")?,
            https,
            proxy,
            http,
        })
    }
}
