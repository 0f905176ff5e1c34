//! What the embedded services are made of, put together.

use std::sync::Arc;

use crate::lifecycle::{Clock, Scope};
use crate::store::Store;

use super::EmulatorError;
use super::backend::AppBackend;
use super::credentials::SenderCredentials;
use super::front::Doors;
use super::hub::{OwnOrigin, TagHub};
use super::options::ServicesOptions;
use super::push::access_tokens::AccessTokens;
use super::push::apns::Apns;
use super::push::fcm::Fcm;
use super::push::handles::Handles;
use super::push::queue::Queue;
use super::push::socket::DeviceSockets;
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
    pub(super) store: Store,
    pub(super) scope: Scope,
}

impl Parts {
    pub(super) fn build(
        options: ServicesOptions,
        store: Store,
        own: OwnOrigin,
    ) -> Result<Self, EmulatorError> {
        let ServicesOptions {
            users,
            token_ttl,
            clock,
            socket,
            allowed_hosts,
            credentials,
            strict_credentials,
            ..
        } = options;
        let credentials = credentials.unwrap_or_else(SenderCredentials::generate);
        let only = strict_credentials.then(|| credentials.clone());
        let scope = Scope::new();
        let trace = TraceLog::new(clock.clone());
        let handles = Handles::new(store.clone(), clock.clone(), own.public.clone());
        let queue = Queue::new(store.clone(), clock.clone(), trace.clone(), scope.spawner());
        let fcm_tokens = AccessTokens::default();
        let hub = TagHub::new(
            store.clone(),
            clock.clone(),
            own,
            &allowed_hosts,
            credentials.clone(),
            fcm_tokens.clone(),
        )?;
        let hub = Arc::new(hub);
        let backend = AppBackend::new(store.clone(), clock.clone(), hub, users, token_ttl);
        let wns = Wns {
            handles: handles.clone(),
            queue: queue.clone(),
            tokens: AccessTokens::default(),
            only: only.clone(),
            clock: clock.clone(),
        };
        let fcm = Fcm {
            handles: handles.clone(),
            queue: queue.clone(),
            tokens: fcm_tokens,
            only: only.clone(),
            clock: clock.clone(),
        };
        let sockets = DeviceSockets::new(handles.clone(), queue.clone(), socket, scope.spawner());
        let doors = Doors {
            backend: Arc::new(backend),
            wns: Arc::new(wns),
            apns: Arc::new(apns(&handles, &queue, &clock, only.clone())),
            fcm: Arc::new(fcm),
            web_push: Arc::new(web_push(&handles, &queue, &clock, only)),
            sockets: Arc::new(sockets),
        };
        Ok(Self {
            doors,
            credentials,
            clock,
            trace,
            queue,
            handles,
            store,
            scope,
        })
    }
}

fn apns(handles: &Handles, queue: &Queue, clock: &Clock, only: Option<SenderCredentials>) -> Apns {
    Apns {
        only,
        handles: handles.clone(),
        queue: queue.clone(),
        clock: clock.clone(),
    }
}

fn web_push(
    handles: &Handles,
    queue: &Queue,
    clock: &Clock,
    only: Option<SenderCredentials>,
) -> WebPush {
    WebPush {
        only,
        handles: handles.clone(),
        queue: queue.clone(),
        clock: clock.clone(),
    }
}
