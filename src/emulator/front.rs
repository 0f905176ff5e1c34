//! The one router in front of every service, with the limits that hold for all of them.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::lifecycle::timeouts;

use super::backend::{self, AppBackend};
use super::push::apns::{self, Apns};
use super::push::fcm::{self, Fcm};
use super::push::socket::DeviceSockets;
use super::push::webpush::{self, WebPush};
use super::push::wns::{self, Wns};

/// How many requests are worked on at once; more are answered 503.
const MOST_AT_ONCE: usize = 1024;

/// What stands behind the router.
#[derive(Debug, Clone)]
pub(super) struct Doors {
    pub(super) backend: Arc<AppBackend>,
    pub(super) wns: Arc<Wns>,
    pub(super) apns: Arc<Apns>,
    pub(super) fcm: Arc<Fcm>,
    pub(super) web_push: Arc<WebPush>,
    pub(super) sockets: Arc<DeviceSockets>,
}

/// The router of every embedded service.
pub(super) fn router(doors: Doors) -> Router {
    let places = Arc::new(Semaphore::new(MOST_AT_ONCE));
    let index = get(index).with_state(doors.sockets.clone());
    let at_root = post(wns::accept)
        .delete(wns::remove)
        .with_state(doors.wns.clone());
    Router::new()
        .route("/", index.merge(at_root))
        .merge(backend::routes(doors.backend))
        .merge(wns::routes(doors.wns))
        .merge(apns::routes(doors.apns))
        .merge(fcm::routes(doors.fcm))
        .merge(webpush::routes(doors.web_push))
        .fallback_service(get(anywhere).fallback(not_found).with_state(doors.sockets))
        .layer(middleware::from_fn(apns::keep_to_own_paths))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            timeouts::SERVICE_REQUEST,
        ))
        .layer(middleware::from_fn_with_state(places, one_place))
        .layer(middleware::from_fn(log))
}

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `GET /`: the device socket, or a few words for who looks in with a browser.
async fn index(State(sockets): State<Arc<DeviceSockets>>, upgrade: Upgrade) -> Response {
    match upgrade {
        Ok(upgrade) => sockets.upgrade(upgrade),
        Err(_) => (
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            "handset's embedded services\n\n\
             app backend   /api/login /api/register /api/notifications\n\
             device socket / (WebSocket, Mozilla push protocol)\n\
             WNS           /accesstoken.srf and /w/?token=\n\
             APNs          /3/device/\n\
             FCM           /token and /v1/projects/{project}/messages:send\n\
             Web Push      /wpush/v1/ and /wpush/v2/\n",
        )
            .into_response(),
    }
}

/// Devices may open their socket under any path.
async fn anywhere(State(sockets): State<Arc<DeviceSockets>>, upgrade: Upgrade) -> Response {
    match upgrade {
        Ok(upgrade) => sockets.upgrade(upgrade),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn not_found() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// Works on so many requests at once; a socket gives its place back as soon as it is open.
async fn one_place(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let Ok(_place) = places.try_acquire() else {
        let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
        let wait = HeaderValue::from_static("1");
        response.headers_mut().insert(header::RETRY_AFTER, wait);
        return response;
    };
    next.run(request).await
}

/// Logs method, route and status: never a path with a token in it, a header or a body.
async fn log(request: Request, next: Next) -> Response {
    let method: Method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    tracing::debug!(
        %method,
        route = route.as_ref().map_or("-", MatchedPath::as_str),
        status = response.status().as_u16(),
        "request"
    );
    response
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    tracing::error!("a request failed inside handset: this is a fault worth reporting");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
