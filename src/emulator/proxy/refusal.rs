//! Why the proxy does not do what it was asked, in words for whoever set it up.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

use crate::model::DisplayText;

/// The longest host that is repeated, in characters.
const MAX_SHOWN: usize = 255;

/// Why a request to the proxy was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// CONNECT names a host that the embedded services do not stand for.
    #[error(
        "handset's proxy stands for the push services' hosts alone, and {} is none of them: leave that host out with NO_PROXY, or start `handset serve --proxy-pass`, which tunnels to all other hosts",
        shown(.0)
    )]
    NoPushHost(String),
    /// A request for a whole `http://` URL.
    #[error(
        "handset's proxy takes CONNECT alone, as push services are reached over https: do not set HTTP_PROXY, only HTTPS_PROXY (--proxy-pass changes nothing about this)"
    )]
    PlainHttp,
    /// A request for a path, as to a server.
    #[error(
        "this is handset's CONNECT proxy, not a server: set it as HTTPS_PROXY (`handset env --proxy` prints it); the services themselves are at the URLs that `handset serve` prints (--proxy-pass changes nothing about this)"
    )]
    NoProxyRequest,
    /// CONNECT without a host and port.
    #[error("CONNECT needs a host and a port, such as fcm.googleapis.com:443")]
    NoTarget,
    /// The host's name leads nowhere.
    #[error("the name {} cannot be resolved: check it, and this machine's network", shown(.0))]
    Unresolved(String),
    /// Every address of the host is one that no tunnel leads to.
    #[error(
        "{} leads to a link-local, multicast or unspecified address, to which handset's proxy makes no tunnel: leave that host out with NO_PROXY",
        shown(.0)
    )]
    SpecialAddress(String),
    /// The host does not take the connection.
    #[error("{} cannot be reached: {cause}", shown(.host))]
    Unreachable { host: String, cause: std::io::Error },
    /// The host does not answer.
    #[error("{} did not answer in time", shown(.0))]
    TimedOut(String),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoPushHost(_) | Self::SpecialAddress(_) => StatusCode::FORBIDDEN,
            Self::PlainHttp => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoProxyRequest | Self::NoTarget => StatusCode::BAD_REQUEST,
            Self::Unresolved(_) | Self::Unreachable { .. } => StatusCode::BAD_GATEWAY,
            Self::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The answer, after which the connection ends: what else would come on it is as unwelcome.
    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, text);
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        if matches!(self, Self::PlainHttp) {
            headers.insert(header::ALLOW, HeaderValue::from_static("CONNECT"));
        }
        response
    }
}

fn shown(host: &str) -> String {
    DisplayText::excerpt(host, MAX_SHOWN)
}
