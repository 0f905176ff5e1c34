//! The server of the control API.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use serde::Serialize;
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::address::ControlAddress;
use super::api::{ConditionsBody, ControlFailure, LoginBody, MAX_BODY, RegisterBody, SendBody};
use super::commands;
use crate::device::{Device, DeviceError, ErrorKind};
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
        .route("/v1/login", post(login))
        .route("/v1/logout", post(logout))
        .route("/v1/register", post(register))
        .route("/v1/unregister", post(unregister))
        .route("/v1/send", post(send))
        .route("/v1/conditions", get(conditions).post(set_conditions))
        .route("/v1/status", get(status))
        .route("/v1/profile", get(profile))
        .route("/v1/toasts", get(toasts))
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

async fn login(State(shared): Shares, Json(body): Json<LoginBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::login(&device, &body).await)
    })
    .await
}

async fn logout(State(shared): Shares) -> Response {
    let device = shared.device.clone();
    to_its_end(
        &shared,
        async move { answer(commands::logout(&device).await) },
    )
    .await
}

async fn register(State(shared): Shares, Json(body): Json<RegisterBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::register(&device, &body).await)
    })
    .await
}

async fn unregister(State(shared): Shares) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::unregister(&device).await)
    })
    .await
}

async fn send(State(shared): Shares, Json(body): Json<SendBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::send(&device, &body).await)
    })
    .await
}

/// Runs a call to its end even when whoever asked goes away, so that none stops half way.
async fn to_its_end(
    shared: &Shared,
    call: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let (done, answer) = oneshot::channel();
    shared.calls.spawn("control call", async move {
        // Whoever asked may be gone: then nobody reads the answer.
        done.send(call.await).ok();
    });
    // A call that was dropped was ended by the phone's switching off.
    answer
        .await
        .unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

async fn conditions(State(shared): Shares) -> Response {
    Json(commands::conditions(&shared.device)).into_response()
}

async fn set_conditions(State(shared): Shares, Json(body): Json<ConditionsBody>) -> Response {
    let device = shared.device.clone();
    to_its_end(&shared, async move {
        answer(commands::set_conditions(&device, &body).await)
    })
    .await
}

async fn status(State(shared): Shares) -> Response {
    Json(commands::status(&shared.device).await).into_response()
}

async fn profile(State(shared): Shares) -> Response {
    Json(commands::profile(&shared.device)).into_response()
}

async fn toasts(State(shared): Shares) -> Response {
    answer(commands::toasts(&shared.device).await)
}

fn answer(done: Result<impl Serialize, DeviceError>) -> Response {
    match done {
        Ok(value) => Json(value).into_response(),
        Err(error) => {
            let status = match error.kind() {
                ErrorKind::Usage => StatusCode::BAD_REQUEST,
                ErrorKind::SignInNeeded => StatusCode::FORBIDDEN,
                ErrorKind::TimedOut | ErrorKind::Unreachable => StatusCode::BAD_GATEWAY,
                ErrorKind::Failed | ErrorKind::NoKeyring => StatusCode::INTERNAL_SERVER_ERROR,
            };
            let failure = ControlFailure {
                error: error.to_string(),
                kind: error.kind(),
            };
            (status, Json(failure)).into_response()
        }
    }
}
