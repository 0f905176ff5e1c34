//! Setting up the client: what it may reach, whom it trusts, how long it waits.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::error::tame;
use super::profile::Api;
use super::{BackendError, BackendProfile};
use crate::lifecycle::{self, Clock, timeouts};
use crate::model::{BackendOrigin, UserName};

/// Which backend is meant, and what is allowed on the way there.
#[derive(Debug, Clone)]
pub struct BackendOptions {
    /// The backend's base URL.
    pub origin: BackendOrigin,
    /// A PEM file with certificate authorities that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Hosts beyond this machine to which plain http is allowed.
    pub allow_http: Vec<String>,
    /// How it is spoken to.
    pub profile: BackendProfile,
    /// Whom `{user}` in the profile stands for.
    pub user: Option<UserName>,
}

impl BackendOptions {
    /// The options for `origin` without anything out of the ordinary.
    #[must_use]
    pub fn new(origin: BackendOrigin) -> Self {
        Self {
            origin,
            ca_file: None,
            allow_http: Vec::new(),
            profile: BackendProfile::default(),
            user: None,
        }
    }
}

/// How long the client waits.
#[derive(Debug, Clone, Copy)]
pub struct TimeOuts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For one whole request, from the connection to the last byte of the answer.
    pub request: Duration,
}

impl Default for TimeOuts {
    fn default() -> Self {
        Self {
            connect: timeouts::BACKEND_CONNECT,
            request: timeouts::BACKEND_REQUEST,
        }
    }
}

/// A client of one app backend. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct BackendClient {
    pub(super) http: reqwest::Client,
    pub(super) origin: Arc<BackendOrigin>,
    pub(super) profile: BackendProfile,
    /// What the profile says.
    pub(super) api: Arc<Api>,
    pub(super) user: Option<UserName>,
    pub(super) time_outs: TimeOuts,
    pub(super) clock: Clock,
}

impl BackendClient {
    /// A client with the usual time-outs and the system's clock. Nothing is connected yet.
    ///
    /// # Errors
    /// [`BackendError::PlainHttp`], [`BackendError::CaFile`], [`BackendError::NoTrust`], or
    /// [`BackendError::Unusable`] for a built-in profile that cannot be read.
    pub fn new(options: BackendOptions) -> Result<Self, BackendError> {
        Self::with(options, TimeOuts::default(), Clock::system())
    }

    /// As [`BackendClient::new`], with time-outs and a clock of the caller's. The clock is read for
    /// when a token ends, where the profile has a moment for that (`expires_at`), and for a
    /// `Retry-After` date in an answer that does not say what time it is.
    ///
    /// # Errors
    /// As [`BackendClient::new`].
    pub fn with(
        options: BackendOptions,
        time_outs: TimeOuts,
        clock: Clock,
    ) -> Result<Self, BackendError> {
        check_plain_http(&options)?;
        let origin = options.origin.url();
        let builder = lifecycle::http_client()
            .connect_timeout(time_outs.connect)
            .timeout(time_outs.request);
        let ca_file = options.ca_file.as_deref();
        let builder = lifecycle::trust(builder, origin, ca_file).map_err(|cause| {
            let path = ca_file.map_or_else(String::new, |path| path.display().to_string());
            let cause = tame(&cause);
            BackendError::CaFile { path, cause }
        })?;
        let builder = if options.origin.is_loopback() {
            lifecycle::stay_here(builder, origin)
        } else {
            builder
        };
        let http = builder.build().map_err(|error| BackendError::NoTrust {
            cause: tame(&lifecycle::innermost(&error)),
        })?;
        Ok(Self {
            http,
            origin: Arc::new(options.origin),
            api: options.profile.api()?,
            profile: options.profile,
            user: options.user,
            time_outs,
            clock,
        })
    }

    /// The backend it speaks to.
    #[must_use]
    pub fn origin(&self) -> &BackendOrigin {
        &self.origin
    }
}

fn check_plain_http(options: &BackendOptions) -> Result<(), BackendError> {
    let url = options.origin.url();
    if url.scheme() == "https" || options.origin.is_loopback() {
        return Ok(());
    }
    let host = url.host_str().unwrap_or_default();
    let bare = |name: &str| name.trim_matches(['[', ']']).to_ascii_lowercase();
    let allowed = options
        .allow_http
        .iter()
        .any(|name| bare(name) == bare(host));
    if allowed {
        return Ok(());
    }
    Err(BackendError::PlainHttp {
        host: host.to_owned(),
    })
}
