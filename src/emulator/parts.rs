//! What the embedded services are made of, put together.

use std::sync::Arc;

use crate::lifecycle::{Clock, Scope};
use crate::store::Store;

use super::EmulatorError;
use super::administration::{AdminDoor, Policy, PushAdministration};
use super::backend::AppBackend;
use super::credentials::SenderCredentials;
use super::front::Doors;
use super::hub::{BackendHub, Hub, HubParts, NotificationHub, RemoteHub, RemoteHubOptions};
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

/// Everything that runs behind one listener.
pub(super) struct Parts {
    pub(super) doors: Doors,
    pub(super) policy: Policy,
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
        administration: PushAdministration,
    ) -> Result<Self, EmulatorError> {
        let ServicesOptions {
            users,
            token_ttl,
            clock,
            socket,
            allowed_hosts,
            credentials,
            strict_credentials,
            throttle,
            hub_lifetime,
            remote_hub,
            ..
        } = options;
        let credentials = credentials.unwrap_or_else(SenderCredentials::generate);
        let policy = administration.policy().clone();
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
        let hub = NotificationHub::new(HubParts {
            store: store.clone(),
            clock: clock.clone(),
            own,
            allowed: &allowed_hosts,
            credentials: credentials.clone(),
            fcm_tokens: fcm_tokens.clone(),
            policy: policy.clone(),
            spawner: scope.spawner(),
            lifetime: hub_lifetime,
        })?;
        let for_backend = match remote_hub {
            Some(remote) => elsewhere(remote, &policy, &clock, &scope)?,
            None => Arc::new(BackendHub::new(hub.clone(), policy.domain().to_string())),
        };
        let (store_too, clock_too) = (store.clone(), clock.clone());
        let backend = AppBackend::new(
            store_too,
            clock_too,
            for_backend,
            policy.clone(),
            users,
            token_ttl,
        );
        let wns = Wns {
            handles: handles.clone(),
            queue: queue.clone(),
            tokens: AccessTokens::default(),
            only: strict_credentials.then(|| credentials.clone()),
            clock: clock.clone(),
            throttle: Throttle::new(throttle, clock.clone()),
            on_demand: OnDemand::default(),
        };
        let sockets = DeviceSockets::new(handles.clone(), queue.clone(), socket, scope.spawner());
        let doors = Doors {
            admin: Arc::new(AdminDoor::new(Arc::new(administration))),
            backend: Arc::new(backend),
            apns: Arc::new(apns(&wns)),
            web_push: Arc::new(web_push(&wns)),
            fcm: Arc::new(fcm(&wns, fcm_tokens, &store)),
            wns: Arc::new(wns),
            sockets: Arc::new(sockets),
        };
        Ok(Self {
            doors,
            policy,
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

/// The hub elsewhere, which is asked beside the start whether it can be used.
fn elsewhere(
    options: RemoteHubOptions,
    policy: &Policy,
    clock: &Clock,
    scope: &Scope,
) -> Result<Arc<dyn Hub>, EmulatorError> {
    let domain = policy.domain().to_string();
    let hub = RemoteHub::new(options, policy.clone(), domain, clock.clone())?;
    let hub = Arc::new(hub);
    let checked = hub.clone();
    scope.spawn("check of the hub elsewhere", async move {
        checked.check().await;
    });
    Ok(hub)
}

/// What all push services share stands in each of them.
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
