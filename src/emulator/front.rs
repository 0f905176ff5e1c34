//! The one router in front of every service, with the limits that hold for all of them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

use crate::lifecycle::timeouts;

use super::backend::{self, AppBackend};
use super::hub::HubDoor;
use super::push::apns::{self, Apns};
use super::push::fcm::{self, Fcm};
use super::push::socket::DeviceSockets;
use super::push::webpush::{self, WebPush};
use super::push::wns::{self, Wns};

/// How many requests are worked on at once, those that still wait for their body included; more are
/// answered 503. One HTTP/2 connection may have a thousand, and two of them must not lock out others.
const MOST_AT_ONCE: usize = 8192;

/// What stands behind the router.
#[derive(Debug, Clone)]
pub(super) struct Doors {
    pub(super) backend: Arc<AppBackend>,
    pub(super) hub: Arc<HubDoor>,
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
        .fallback_service(any(anywhere).with_state((doors.sockets, doors.hub)))
        .layer(middleware::from_fn_with_state(places, limited))
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
             hub           /{hub}/registrations /{hub}/installations /{hub}/messages\n\
             WNS           /accesstoken.srf and /w/?token=\n\
             APNs          /3/device/\n\
             FCM           /token and /v1/projects/{project}/messages:send\n\
             Web Push      /wpush/v1/ and /wpush/v2/\n",
        )
            .into_response(),
    }
}

/// Devices may open their socket under any path; the hub has those below its name.
async fn anywhere(
    State((sockets, hub)): State<(Arc<DeviceSockets>, Arc<HubDoor>)>,
    upgrade: Upgrade,
    request: Request,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return sockets.upgrade(upgrade);
    }
    let answer = hub.answer(request).await;
    answer.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// The limits of every request, in one layer, as each one costs every push. Method, route and
/// status are logged: never a path with a token in it, a header or a body.
async fn limited(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let method: Method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = match places.try_acquire() {
        Ok(_place) => answered(request, next).await,
        Err(_) => too_many(),
    };
    tracing::debug!(
        %method,
        route = route.as_ref().map_or("-", MatchedPath::as_str),
        status = response.status().as_u16(),
        "request"
    );
    response
}

/// In time, and without a panic; a socket's answer is there as soon as it is open.
async fn answered(request: Request, next: Next) -> Response {
    if let Some(refusal) = apns::refuse_foreign_path(&request) {
        return refusal;
    }
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(timeouts::SERVICE_REQUEST, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a request failed inside handset: this is a fault worth reporting");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn too_many() -> Response {
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    let wait = HeaderValue::from_static("1");
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}
