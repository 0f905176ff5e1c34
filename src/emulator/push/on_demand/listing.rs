//! Every error on demand, and what it answers.

use axum::http::header;
use axum::response::Response;
use serde::Serialize;
use url::Url;

use crate::emulator::push::{apns, fcm, webpush, wns};
use crate::model::Platform;

use super::handle::token_for;

/// An error that a push service answers on demand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorOnDemand {
    /// Whose error it is.
    pub platform: Platform,
    /// Its name: APNs's reason, FCM's code, a status or a word of WNS, status and errno of Web
    /// Push.
    pub error: String,
    /// The HTTP status.
    pub status: u16,
    /// After how many seconds the sender is asked to try again, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The handle that asks for it: a token, or for WNS and Web Push a URL, without a base its
    /// path.
    pub handle: String,
}

/// Every error on demand of every platform, in each platform's own order. Handles that are URLs
/// stand below `base`, the address of the running services.
///
/// ```
/// use handset::emulator::errors_on_demand;
/// use handset::model::Platform;
///
/// let all = errors_on_demand(None);
/// let gone = all.iter().find(|one| one.platform == Platform::Wns && one.error == "410");
/// assert_eq!(gone.map(|one| one.handle.as_str()), Some("/w/?token=error-410"));
/// ```
#[must_use]
pub fn errors_on_demand(base: Option<&Url>) -> Vec<ErrorOnDemand> {
    let of = |platform, answers: Vec<(&'static str, Response)>| {
        let answers = answers.into_iter();
        answers.map(move |(error, response)| ErrorOnDemand {
            platform,
            error: error.to_owned(),
            status: response.status().as_u16(),
            retry_after: retry_after(&response),
            handle: handle(platform, error, base),
        })
    };
    of(Platform::Wns, wns::answers_on_demand())
        .chain(of(Platform::Apns, apns::answers_on_demand()))
        .chain(of(Platform::Fcm, fcm::answers_on_demand()))
        .chain(of(Platform::WebPush, webpush::answers_on_demand()))
        .collect()
}

fn retry_after(response: &Response) -> Option<u64> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    value.to_str().ok()?.parse().ok()
}

fn handle(platform: Platform, error: &str, base: Option<&Url>) -> String {
    let token = token_for(platform, error);
    let base = base.map_or("", |base| base.as_str().trim_end_matches('/'));
    match platform {
        Platform::Apns | Platform::Fcm => token,
        Platform::Wns => format!("{base}/w/?token={token}"),
        Platform::WebPush => format!("{base}/wpush/v1/{token}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_error_has_a_handle_of_its_own() {
        let base = Url::parse("http://127.0.0.1:8480/").unwrap();
        let all = errors_on_demand(Some(&base));
        let handles: HashSet<&str> = all.iter().map(|one| one.handle.as_str()).collect();
        assert_eq!(handles.len(), all.len());
        for platform in Platform::ALL {
            assert!(all.iter().any(|one| one.platform == platform));
        }
        let gone = all.iter().filter(|one| one.status == 410).count();
        assert!(gone >= 6, "{gone}");
    }
}
