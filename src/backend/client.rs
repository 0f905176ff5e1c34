//! Setting up the client: what it may reach, whom it trusts, how long it waits.

use std::fs::File;
use std::io::Read as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder};

use super::error::tame;
use super::{BackendError, BackendProfile};
use crate::lifecycle::{Clock, innermost, timeouts};
use crate::model::{BackendOrigin, UserName};

/// The largest file of certificate authorities, in bytes.
const MAX_CA_FILE: u64 = 1024 * 1024;

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
    pub(super) user: Option<UserName>,
    pub(super) time_outs: TimeOuts,
    pub(super) clock: Clock,
}

impl BackendClient {
    /// A client with the usual time-outs and the system's clock. Nothing is connected yet.
    ///
    /// # Errors
    /// [`BackendError::PlainHttp`], [`BackendError::CaFile`] or [`BackendError::NoTrust`].
    pub fn new(options: BackendOptions) -> Result<Self, BackendError> {
        Self::with(options, TimeOuts::default(), Clock::system())
    }

    /// As [`BackendClient::new`], with time-outs and a clock of the caller's. The clock is read only
    /// for a `Retry-After` date in an answer that does not say what time it is.
    ///
    /// # Errors
    /// As [`BackendClient::new`].
    pub fn with(
        options: BackendOptions,
        time_outs: TimeOuts,
        clock: Clock,
    ) -> Result<Self, BackendError> {
        check_plain_http(&options)?;
        // The process has one TLS provider; whoever came first installed the same one.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("handset/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .pool_idle_timeout(timeouts::HTTP_IDLE)
            .connect_timeout(time_outs.connect)
            .timeout(time_outs.request);
        let builder = trust(builder, &options)?;
        let http = stay_here(builder, &options.origin)
            .build()
            .map_err(|error| BackendError::NoTrust {
                cause: tame(&innermost(&error)),
            })?;
        Ok(Self {
            http,
            origin: Arc::new(options.origin),
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

/// Sets the certificate authorities. Plain http needs none, so that a machine without any, such as
/// a bare container, still reaches a local backend.
fn trust(builder: ClientBuilder, options: &BackendOptions) -> Result<ClientBuilder, BackendError> {
    let extra = match &options.ca_file {
        Some(path) => authorities(path).map_err(|cause| BackendError::CaFile {
            path: path.display().to_string(),
            cause,
        })?,
        None => Vec::new(),
    };
    if options.origin.url().scheme() == "http" {
        return Ok(builder.tls_certs_only([]));
    }
    Ok(builder.tls_certs_merge(extra))
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        return Err("it is not a file".to_owned());
    }
    let mut pem = Vec::new();
    file.take(MAX_CA_FILE + 1)
        .read_to_end(&mut pem)
        .map_err(|error| error.to_string())?;
    if pem.len() as u64 > MAX_CA_FILE {
        return Err(format!("it is larger than {MAX_CA_FILE} bytes"));
    }
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| tame(&innermost(&error)))?;
    if found.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(found)
}

/// Keeps a loopback name on this machine: no proxy, and no name server that says otherwise.
fn stay_here(builder: ClientBuilder, origin: &BackendOrigin) -> ClientBuilder {
    if !origin.is_loopback() {
        return builder;
    }
    let builder = builder.no_proxy();
    match origin.url().domain() {
        Some(name) => builder.resolve_to_addrs(
            name,
            &[
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
            ],
        ),
        None => builder,
    }
}
