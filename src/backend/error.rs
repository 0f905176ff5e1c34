//! What can go wrong between the phone and its app backend.

use std::time::Duration;

use crate::model::{DisplayText, Invalid, NotificationId};

/// The longest text of a foreign cause that an error repeats, in characters.
const MAX_CAUSE: usize = 200;

/// Why a call to the app backend failed. `request` is the method and the URL without its query,
/// which may hold a handle; no token, password or payload is in any text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// The backend is not on this machine and its URL is plain http.
    #[error(
        "plain http to {host} would show tokens and payloads to the network: use https, or allow this host with --allow-http {host}"
    )]
    PlainHttp {
        /// The host that would have to be allowed.
        host: String,
    },
    /// The file with extra certificate authorities is unusable.
    #[error(
        "the certificate file {path} cannot be used: {cause}; give --ca a file of PEM certificates"
    )]
    CaFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The https client could not be made, most often because this machine trusts no authority.
    #[error(
        "no https connection can be checked here: {cause}; install the system's CA certificates or name a PEM file with --ca"
    )]
    NoTrust {
        /// What the TLS library said.
        cause: String,
    },
    /// Something given by the caller cannot be sent.
    #[error("{0}")]
    Unusable(#[from] Invalid),
    /// The backend's host name does not resolve.
    #[error(
        "{request}: the host {host} is unknown; check the spelling of --backend and the network"
    )]
    UnknownHost {
        /// What was asked.
        request: String,
        /// The name that does not resolve.
        host: String,
    },
    /// Nothing listens there.
    #[error(
        "{request}: the connection was refused; start the backend there or correct the port in --backend"
    )]
    ConnectionRefused {
        /// What was asked.
        request: String,
    },
    /// There is no way there, for another reason.
    #[error("{request}: no connection: {cause}; check the network and --backend")]
    Unreachable {
        /// What was asked.
        request: String,
        /// What the system said.
        cause: String,
    },
    /// The TLS handshake failed.
    #[error(
        "{request}: the TLS handshake failed: {cause}; check that the server speaks https at this port, and name a private authority with --ca FILE"
    )]
    Tls {
        /// What was asked.
        request: String,
        /// What the TLS library said.
        cause: String,
    },
    /// No connection, or no whole answer, in time.
    #[error("{request}: {what} within {} s; check that the backend is well, then try again", .limit.as_secs_f32())]
    TimedOut {
        /// What was asked.
        request: String,
        /// What did not happen.
        what: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// The connection broke in the middle of the exchange.
    #[error(
        "{request}: the connection broke off: {cause}; try again, or look at the backend's log"
    )]
    Interrupted {
        /// What was asked.
        request: String,
        /// What the HTTP library said.
        cause: String,
    },
    /// The backend wants to send the phone elsewhere. It is not followed: the token would go along.
    #[error(
        "{request}: answered {status}, a redirect to {to}, which is not followed with a token; give --backend the final URL"
    )]
    Redirected {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// Where it points: scheme and host alone.
        to: String,
    },
    /// 401 or 403, or what the profile says instead: the user must sign in.
    #[error(
        "{request}: answered {status}, the sign-in is missing, expired or refused; run `handset login`"
    )]
    SignInNeeded {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
    },
    /// 404 or 410, or what the profile says instead: what was asked for is not there, or not for this user.
    #[error(
        "{request}: answered {status}, it is not there, no longer there, or not this user's; if nothing else works either, check --backend"
    )]
    NotThere {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
    },
    /// The backend has no bearer sign-in.
    #[error(
        "{request}: answered {status}, this backend gives out no bearer tokens; sign in with --auth basic or bring a token with --token-stdin"
    )]
    NoBearerSignIn {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
    },
    /// The backend does not have the call, as its profile says.
    #[error("the backend profile {profile} has no [{call}]: {instead}")]
    NotOffered {
        /// The call, by the name of its table.
        call: &'static str,
        /// The profile.
        profile: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// 429: too many requests.
    #[error("{request}: answered 429, the backend wants fewer requests; try again {}", waiting(*.retry_after))]
    Throttled {
        /// What was asked.
        request: String,
        /// How long to wait, where the backend said so.
        retry_after: Option<Duration>,
    },
    /// 5xx: the backend failed.
    #[error("{request}: answered {status}, the backend failed; look at its log and try again {}", waiting(*.retry_after))]
    Failed {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// How long to wait, where the backend said so.
        retry_after: Option<Duration>,
    },
    /// The hub behind the backend did not do its part.
    #[error("{request}: answered {status}, the hub behind the backend did not take it: {reason}")]
    HubRefused {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
        /// The hub's reason, with the remedy.
        reason: String,
        /// How long to wait, where the backend said so.
        retry_after: Option<Duration>,
    },
    /// Another status that is no success, such as 400.
    #[error(
        "{request}: answered {status}, the backend does not accept this request; check what is sent and that --backend is the app backend"
    )]
    Rejected {
        /// What was asked.
        request: String,
        /// The status.
        status: u16,
    },
    /// The answer's body is larger than the client reads.
    #[error(
        "{request}: the answer's body is larger than {limit} bytes and was not read; check that --backend is the app backend"
    )]
    TooLarge {
        /// What was asked.
        request: String,
        /// The limit, in bytes, after decompression.
        limit: usize,
    },
    /// The answer's body cannot be decoded at all.
    #[error(
        "{request}: the answer's body cannot be unpacked: {cause}; look at the backend or the proxy before it"
    )]
    Garbled {
        /// What was asked.
        request: String,
        /// What the decoder said.
        cause: String,
    },
    /// The answer's body is not JSON.
    #[error(
        "{request}: the answer is not JSON ({found}); check that --backend is the app backend and not a web page before it"
    )]
    NotJson {
        /// What was asked.
        request: String,
        /// What it is instead, as far as it says so.
        found: String,
    },
    /// The answer can be read and lacks what belongs in it.
    #[error(
        "{request}: the answer cannot be used: {problem}; check the backend's version of the API"
    )]
    Malformed {
        /// What was asked.
        request: String,
        /// What is missing or wrong, without the value.
        problem: String,
    },
    /// The backend answered with another notification than the one asked for.
    #[error(
        "{request}: the answer is notification {got}, not the one asked for; the backend or a cache before it mixes up answers"
    )]
    WrongNotification {
        /// What was asked.
        request: String,
        /// The id in the answer.
        got: NotificationId,
    },
}

impl BackendError {
    /// True for 401 and 403, or what the profile says instead: the token is missing, expired or
    /// refused.
    #[must_use]
    pub fn needs_sign_in(&self) -> bool {
        matches!(self, Self::SignInNeeded { .. })
    }

    /// True when the backend does not have the call at all, as its profile says: nothing was sent.
    #[must_use]
    pub fn is_not_offered(&self) -> bool {
        matches!(self, Self::NotOffered { .. })
    }

    /// True for 404 and 410, or what the profile says instead: the payload or registration is gone,
    /// or another user's.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::NotThere { .. })
    }

    /// True when the same call may succeed later without anybody doing anything: 429, 5xx, no
    /// connection, a time-out, a connection that broke off.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        if let Self::HubRefused { status, .. } = self {
            return *status >= 500;
        }
        let for_now = matches!(self, Self::Throttled { .. } | Self::Failed { .. });
        for_now || self.is_connection_trouble()
    }

    /// True when no answer came from a backend, for whatever reason, or none from the hub behind it
    /// (503): exit code 5.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        self.is_connection_trouble()
            || matches!(
                self,
                Self::Tls { .. } | Self::HubRefused { status: 503, .. }
            )
    }

    /// How long the backend asked to wait before the next try, at most an hour.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::Throttled { retry_after, .. }
        | Self::Failed { retry_after, .. }
        | Self::HubRefused { retry_after, .. } = self
        {
            return *retry_after;
        }
        None
    }

    fn is_connection_trouble(&self) -> bool {
        matches!(
            self,
            Self::UnknownHost { .. }
                | Self::ConnectionRefused { .. }
                | Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::Interrupted { .. }
        )
    }
}

/// Foreign text made fit for an error: one harmless line of bounded length.
pub(super) fn tame(text: &str) -> String {
    DisplayText::excerpt(text, MAX_CAUSE)
}

fn waiting(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(wait) => format!("in {} s", wait.as_secs()),
        None => "later".to_owned(),
    }
}
