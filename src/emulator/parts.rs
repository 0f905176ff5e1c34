//! What the embedded services are made of, put together.

use std::sync::Arc;

use crate::lifecycle::{Clock, Scope};
use crate::store::Store;

use super::EmulatorError;
use super::administration::Policy;
use super::backend::AppBackend;
use super::credentials::SenderCredentials;
use super::front::Doors;
use super::hub::{BackendHub, HubDoor, HubParts, NotificationHub};
use super::options::ServicesOptions;
use super::origins::Origins;
use super::push::access_tokens::AccessTokens;
use super::push::apns::Apns;
use super::push::fcm::{Fcm, Topics};
use super::push::handles::Handles;
use super::push::on_demand::OnDemand;
use super::push::queue::Queue;
use super::push::socket::DeviceSockets;
use super::push::throttle::Throttle;
use super::push::webpush::WebPush;
use super::push::wns::Wns;
use super::trace::TraceLog;

/// The domain that the embedded app backend speaks for.
const BACKEND_DOMAIN: &str = "localhost";

/// Everything that runs behind one listener.
pub(super) struct Parts {
    pub(super) doors: Doors,
    pub(super) credentials: SenderCredentials,
    pub(super) clock: Clock,
    pub(super) trace: TraceLog,
    pub(super) queue: Queue,
    pub(super) handles: Handles,
    pub(super) hub: NotificationHub,
    pub(super) store: Store,
    pub(super) scope: Scope,
}

impl Parts {
    pub(super) fn build(
        options: ServicesOptions,
        store: Store,
        own: Arc<Origins>,
    ) -> Result<Self, EmulatorError> {
        let clock = options.clock.clone();
        let credentials = options.credentials.clone();
        let credentials = credentials.unwrap_or_else(SenderCredentials::generate);
        let scope = Scope::new();
        let trace = TraceLog::new(clock.clone());
        let handles = Handles::new(store.clone(), clock.clone(), own.clone());
        let queue = Queue::new(
            store.clone(),
            clock.clone(),
            trace.clone(),
            handles.recent().clone(),
            scope.spawner(),
        );
        let fcm_tokens = AccessTokens::default();
        let hub = hub(
            &options,
            &store,
            own.clone(),
            &credentials,
            &fcm_tokens,
            &scope,
        )?;
        let wns = wns(&options, &handles, &queue, &credentials);
        let for_door = Arc::new(hub.clone());
        let door = HubDoor::new(
            for_door,
            options.hub_name,
            credentials.clone(),
            clock.clone(),
            own,
        );
        let (users, token_ttl) = (options.users, options.token_ttl);
        let for_backend = Arc::new(BackendHub::new(hub.clone(), BACKEND_DOMAIN.to_owned()));
        let backend = AppBackend::new(store.clone(), clock.clone(), for_backend, users, token_ttl);
        let sockets = DeviceSockets::new(
            handles.clone(),
            queue.clone(),
            options.socket,
            scope.spawner(),
        );
        let doors = Doors {
            backend: Arc::new(backend),
            hub: Arc::new(door),
            apns: Arc::new(apns(&wns)),
            web_push: Arc::new(web_push(&wns)),
            fcm: Arc::new(fcm(&wns, fcm_tokens, &store)),
            wns: Arc::new(wns),
            sockets: Arc::new(sockets),
        };
        Ok(Self {
            doors,
            credentials,
            clock,
            trace,
            queue,
            handles,
            hub,
            store,
            scope,
        })
    }
}

fn hub(
    options: &ServicesOptions,
    store: &Store,
    own: Arc<Origins>,
    credentials: &SenderCredentials,
    fcm_tokens: &AccessTokens,
    scope: &Scope,
) -> Result<NotificationHub, EmulatorError> {
    NotificationHub::new(HubParts {
        store: store.clone(),
        clock: options.clock.clone(),
        own,
        allowed: &options.allowed_hosts,
        credentials: credentials.clone(),
        fcm_tokens: fcm_tokens.clone(),
        policy: Policy::quick_start(),
        spawner: scope.spawner(),
        lifetime: options.hub_lifetime,
    })
}

/// What all push services share stands in each of them; first in this one.
fn wns(
    options: &ServicesOptions,
    handles: &Handles,
    queue: &Queue,
    credentials: &SenderCredentials,
) -> Wns {
    Wns {
        handles: handles.clone(),
        queue: queue.clone(),
        tokens: AccessTokens::default(),
        only: options.strict_credentials.then(|| credentials.clone()),
        clock: options.clock.clone(),
        throttle: Throttle::new(options.throttle, options.clock.clone()),
        on_demand: OnDemand::default(),
    }
}

fn fcm(wns: &Wns, tokens: AccessTokens, store: &Store) -> Fcm {
    Fcm {
        handles: wns.handles.clone(),
        queue: wns.queue.clone(),
        tokens,
        only: wns.only.clone(),
        clock: wns.clock.clone(),
        throttle: wns.throttle.clone(),
        on_demand: wns.on_demand.clone(),
        topics: Topics::new(store.clone(), wns.clock.clone()),
    }
}

fn apns(wns: &Wns) -> Apns {
    Apns {
        handles: wns.handles.clone(),
        queue: wns.queue.clone(),
        only: wns.only.clone(),
        clock: wns.clock.clone(),
        throttle: wns.throttle.clone(),
        on_demand: wns.on_demand.clone(),
    }
}

fn web_push(wns: &Wns) -> WebPush {
    WebPush {
        handles: wns.handles.clone(),
        queue: wns.queue.clone(),
        only: wns.only.clone(),
        clock: wns.clock.clone(),
        throttle: wns.throttle.clone(),
        on_demand: wns.on_demand.clone(),
    }
}
