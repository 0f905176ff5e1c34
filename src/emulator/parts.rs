//! What the embedded services are made of, put together.

use std::sync::Arc;

use crate::lifecycle::{Clock, Scope};
use crate::store::Store;

use super::EmulatorError;
use super::administration::{AdminDoor, Policy};
use super::backend::{AppBackend, BackendParts, Hubs};
use super::credentials::SenderCredentials;
use super::front::Doors;
use super::hub::{
    BackendHub, Hub, HubDoor, HubName, HubParts, NotificationHub, RemoteHub, RemoteHubOptions,
};
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
        admin: Arc<AdminDoor>,
    ) -> Result<Self, EmulatorError> {
        let given = options.credentials.clone();
        let credentials = given.unwrap_or_else(SenderCredentials::generate);
        let clock = options.clock.clone();
        let policy = admin.policy().clone();
        let scope = Scope::new();
        let trace = TraceLog::new(clock.clone());
        let handles = Handles::new(store.clone(), clock.clone(), own.clone());
        let queue = queue(&store, &trace, &handles, &clock, &scope);
        let fcm_tokens = AccessTokens::default();
        let (hub, door) = hub(
            HubParts {
                store: store.clone(),
                clock: clock.clone(),
                own,
                allowed: &options.allowed_hosts,
                credentials: credentials.clone(),
                fcm_tokens: fcm_tokens.clone(),
                policy: policy.clone(),
                spawner: scope.spawner(),
                lifetime: options.hub_lifetime,
            },
            options.hub_name.clone(),
        )?;
        let backend = AppBackend::new(BackendParts {
            store: store.clone(),
            clock: clock.clone(),
            hubs: hubs(&options, &hub, &policy, &scope)?,
            policy,
            users: options.users.clone(),
            token_ttl: options.token_ttl,
            spawner: scope.spawner(),
        });
        let wns = wns(&options, &handles, &queue, &credentials);
        let timings = options.socket;
        let sockets = DeviceSockets::new(handles.clone(), queue.clone(), timings, scope.spawner());
        let doors = Doors {
            admin,
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

fn queue(
    store: &Store,
    trace: &TraceLog,
    handles: &Handles,
    clock: &Clock,
    scope: &Scope,
) -> Queue {
    Queue::new(
        store.clone(),
        clock.clone(),
        trace.clone(),
        handles.recent().clone(),
        scope.spawner(),
    )
}

/// The hub and its front door.
fn hub(parts: HubParts<'_>, name: HubName) -> Result<(NotificationHub, HubDoor), EmulatorError> {
    let (credentials, clock) = (parts.credentials.clone(), parts.clock.clone());
    let own = parts.own.clone();
    let hub = NotificationHub::new(parts)?;
    let door = HubDoor::new(hub.clone(), name, credentials, clock, own);
    Ok((hub, door))
}

fn wns(
    options: &ServicesOptions,
    handles: &Handles,
    queue: &Queue,
    credentials: &SenderCredentials,
) -> Wns {
    let strict = options.strict_credentials;
    Wns {
        handles: handles.clone(),
        queue: queue.clone(),
        tokens: AccessTokens::default(),
        only: strict.then(|| credentials.clone()),
        clock: options.clock.clone(),
        throttle: Throttle::new(options.throttle, options.clock.clone()),
        on_demand: OnDemand::default(),
    }
}

/// The hub that the app backend sends through, and the embedded one.
fn hubs(
    options: &ServicesOptions,
    hub: &NotificationHub,
    policy: &Policy,
    scope: &Scope,
) -> Result<Hubs, EmulatorError> {
    let domain = policy.domain().to_string();
    let embedded: Arc<dyn Hub> = Arc::new(BackendHub::new(hub.clone(), domain));
    let Some(remote) = &options.remote_hub else {
        return Ok(Hubs::embedded(embedded));
    };
    let name = remote.shown();
    let remote = elsewhere(remote.clone(), policy, &options.clock, scope)?;
    Ok(Hubs::elsewhere(remote, &name, embedded))
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
