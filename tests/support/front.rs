//! A server before the real app backend that answers fetches of payloads as a test tells it, and
//! passes everything else on.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use handset::lab::Lab;
use handset::lifecycle::Scope;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How a fetch is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// As the backend answers it.
    Pass,
    /// With this status and nothing else.
    Status(u16),
    /// 503 with this `Retry-After`.
    RetryAfter(&'static str),
    /// A redirect to another host.
    RedirectTo(&'static str),
    /// 200 with this body as JSON.
    Body(String),
    /// Not before [`Front::open_gate`].
    Gate,
}

/// The front.
pub(crate) struct Front {
    shared: Arc<Shared>,
    address: SocketAddr,
    _scope: Scope,
}

struct Shared {
    http: reqwest::Client,
    backend: String,
    script: Mutex<VecDeque<Answer>>,
    lasting: Mutex<Option<Answer>>,
    fetches: Mutex<usize>,
    gate: watch::Sender<bool>,
}

impl Front {
    /// Before the backend of `lab`; fetches pass until a script says otherwise.
    pub(crate) async fn before(lab: &Lab) -> Self {
        Self::at(lab, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// As [`Front::before`], at a known address.
    pub(crate) async fn at(lab: &Lab, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            http: reqwest::Client::builder()
                .no_proxy()
                .tls_certs_only([])
                .build()
                .unwrap(),
            backend: lab.services().http_url().to_string(),
            script: Mutex::default(),
            lasting: Mutex::default(),
            fetches: Mutex::default(),
            gate: watch::Sender::new(false),
        });
        let app = Router::new().fallback(answer).with_state(shared.clone());
        let scope = Scope::new();
        let ending = scope.token().clone();
        scope.spawn("front", async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(ending.cancelled_owned())
                .await
                .ok();
        });
        Self {
            shared,
            address,
            _scope: scope,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers the next fetch like this, after those that were told before.
    pub(crate) fn next(&self, answer: Answer) {
        self.shared.script.lock().unwrap().push_back(answer);
    }

    /// Answers every fetch like this.
    pub(crate) fn always(&self, answer: Answer) {
        *self.shared.lasting.lock().unwrap() = Some(answer);
    }

    /// Lets everything pass that waits at the gate, or will.
    pub(crate) fn open_gate(&self) {
        self.shared.gate.send_replace(true);
    }

    /// How many fetches there have been.
    pub(crate) fn fetches(&self) -> usize {
        *self.shared.fetches.lock().unwrap()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let is_fetch =
        request.method() == Method::GET && request.uri().path().starts_with("/api/notifications/");
    if !is_fetch {
        return shared.pass(request).await;
    }
    *shared.fetches.lock().unwrap() += 1;
    let scripted = shared.script.lock().unwrap().pop_front();
    let lasting = shared.lasting.lock().unwrap().clone();
    match scripted.or(lasting) {
        None | Some(Answer::Pass) => shared.pass(request).await,
        Some(Answer::Gate) => {
            shared.gate.subscribe().wait_for(|open| *open).await.ok();
            shared.pass(request).await
        }
        Some(Answer::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Answer::RetryAfter(wait)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, wait)],
        )
            .into_response(),
        Some(Answer::RedirectTo(place)) => {
            (StatusCode::FOUND, [(header::LOCATION, place)]).into_response()
        }
        Some(Answer::Body(body)) => {
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
    }
}

impl Shared {
    async fn pass(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body: Bytes = to_bytes(body, 1024 * 1024).await.unwrap();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{}", self.backend.trim_end_matches('/'), path);
        let mut passed = self.http.request(parts.method, url).body(body);
        for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
            if let Some(value) = parts.headers.get(&name) {
                passed = passed.header(name, value);
            }
        }
        let Ok(answer) = passed.send().await else {
            return StatusCode::BAD_GATEWAY.into_response();
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = Response::new(Body::from(answer.bytes().await.unwrap()));
        *response.status_mut() = status;
        if let Some(value) = headers.get(header::CONTENT_TYPE) {
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, value.clone());
        }
        response
    }
}
