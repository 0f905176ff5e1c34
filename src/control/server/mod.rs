//! The server of the control API.

mod action_centre;
mod calls;
mod tasks;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;

use super::address::ControlAddress;
use super::api::MAX_BODY;
use crate::device::Device;
use crate::lifecycle::{Scope, Spawner, serve_http, timeouts};

/// The most connections at once.
const MOST_CONNECTIONS: usize = 64;

/// The control API could not be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// No port on loopback.
    #[error("the control API cannot listen on 127.0.0.1: {0}")]
    Bind(String),
    /// The address file could not be written.
    #[error("{path} cannot be written: {cause}; other commands would not find this phone")]
    AddressFile {
        /// The file.
        path: String,
        /// What the system said.
        cause: String,
    },
}

/// Serves the control API of one running device.
#[derive(Debug)]
pub struct ControlServer {
    address: SocketAddr,
    file: PathBuf,
    scope: Scope,
}

struct Shared {
    device: Arc<Device>,
    token: String,
    hosts: [String; 2],
    calls: Spawner,
}

impl ControlServer {
    /// Binds a free loopback port, writes the address file, and serves.
    ///
    /// # Errors
    /// [`ServerError`]
    pub async fn start(device: Arc<Device>, file: PathBuf) -> Result<Self, ServerError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(|error| ServerError::Bind(error.to_string()))?;
        let address = listener
            .local_addr()
            .map_err(|error| ServerError::Bind(error.to_string()))?;
        let token = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 32]>());
        let written = ControlAddress {
            address,
            token: token.clone(),
            pid: std::process::id(),
        }
        .write(&file);
        written.map_err(|error| ServerError::AddressFile {
            path: file.display().to_string(),
            cause: error.to_string(),
        })?;
        let scope = Scope::new();
        let shared = Arc::new(Shared {
            device,
            token,
            hosts: [address.to_string(), format!("localhost:{}", address.port())],
            calls: scope.spawner(),
        });
        let served = serve_http(listener, router(shared), MOST_CONNECTIONS, scope.spawner());
        scope.spawn("control", served);
        Ok(Self {
            address,
            file,
            scope,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it and takes the address file away.
    pub async fn shutdown(self) {
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::debug!(%error, "the address file was gone already");
        }
        self.scope.shutdown(timeouts::SHUTDOWN).await;
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(calls::routes())
        .merge(action_centre::routes())
        .merge(tasks::routes())
        .layer(middleware::from_fn_with_state(shared.clone(), authorise))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

/// Lets in who knows the token and calls the server by its own name: a web page does neither.
async fn authorise(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if !shared.admits(request.headers()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    next.run(request).await
}

impl Shared {
    fn admits(&self, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let token = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let known = token.is_some_and(|token| token.as_bytes().ct_eq(self.token.as_bytes()).into());
        known && text(header::HOST).is_some_and(|host| self.hosts.iter().any(|own| own == host))
    }
}

type Shares = State<Arc<Shared>>;
