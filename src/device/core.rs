//! What every part of a device shares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use super::give_back::GiveBack;
use super::options::{DeviceOptions, Vaults};
use super::profile::{self, ChannelMemory, Profile};
use super::state::{Link, State};
use crate::action_centre::ActionCentre;
use crate::backend::TimeOuts;
use crate::background::{Inbox, TaskHistory, TaskRegistry};
use crate::channel::Identity;
use crate::lifecycle::{Clock, Spawner};
use crate::model::{Conditions, DeviceName, Handle, Manifest};
use crate::registration::Registrar;
use crate::store::Store;
use crate::telemetry::{Event, EventName, EventStream};
use crate::toast::Toaster;
use crate::wire::webpush::DeviceKeys;

/// What every part of a device shares. The locks are held for a moment only, never across an await.
pub(super) struct Core {
    pub(super) name: DeviceName,
    pub(super) row: i64,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) events: EventStream,
    pub(super) toaster: Toaster,
    pub(super) manifest: Arc<Manifest>,
    pub(super) vaults: Vaults,
    pub(super) time_outs: TimeOuts,
    pub(super) inbox: Inbox,
    pub(super) centre: ActionCentre,
    pub(super) tasks: TaskRegistry,
    pub(super) history: TaskHistory,
    pub(super) registrar: Registrar,
    profile: Mutex<Profile>,
    channel: Mutex<(ChannelMemory, Arc<DeviceKeys>)>,
    /// Guards no data, only the order: signing in, signing out and giving the registration back
    /// take turns, so that each finds what the one before it left.
    pub(super) account_turn: tokio::sync::Mutex<()>,
    /// As `account_turn`, for writing the conditions down.
    pub(super) conditions_turn: tokio::sync::Mutex<()>,
    /// What the phone is at the moment.
    pub(super) state: State,
    /// For what goes on after its caller has gone on.
    pub(super) spawner: Spawner,
    /// The registration must be looked at again.
    pub(super) registration_due: Notify,
    /// The handle is to be given back to the push service.
    pub(super) give_back: GiveBack,
}

impl Core {
    pub(super) fn profile(&self) -> Profile {
        lock(&self.profile).clone()
    }

    /// Changes the profile and makes that durable.
    pub(super) async fn change_profile(
        &self,
        change: impl FnOnce(&mut Profile) + Send,
    ) -> Result<(), crate::store::StoreError> {
        let changed = {
            let mut profile = lock(&self.profile);
            change(&mut profile);
            profile.clone()
        };
        profile::save_profile(&self.store, self.row, &changed).await
    }

    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.state.link()
    }

    pub(super) fn conditions(&self) -> Conditions {
        self.state.conditions()
    }

    /// Who the device is to `service`, one of the candidates; a service that never saw it gets a
    /// fresh identity.
    pub(super) fn identity(&self, candidates: &[String]) -> Identity {
        let channel = lock(&self.channel);
        let (memory, keys) = &*channel;
        let known = memory
            .service
            .as_ref()
            .is_some_and(|service| candidates.contains(service));
        Identity {
            uaid: memory.uaid.clone().filter(|_| known),
            channel_id: memory.channel_id,
            keys: keys.clone(),
            handle: memory
                .handle
                .clone()
                .filter(|_| known)
                .and_then(|handle| Handle::parse(handle).ok()),
        }
    }

    /// The channel that is the phone's own.
    pub(super) fn channel_id(&self) -> Uuid {
        lock(&self.channel).0.channel_id
    }

    /// The service whose channel was open last.
    pub(super) fn last_service(&self) -> Option<String> {
        lock(&self.channel).0.service.clone()
    }

    /// Changes what is remembered of the channel and makes that durable.
    pub(super) async fn change_channel(&self, change: impl FnOnce(&mut ChannelMemory) + Send) {
        let (memory, keys) = {
            let mut channel = lock(&self.channel);
            change(&mut channel.0);
            (channel.0.clone(), channel.1.to_bytes().to_vec())
        };
        if let Err(error) = profile::save_channel(&self.store, self.row, &memory, keys).await {
            tracing::warn!(%error, "the channel's identity was not kept: the next start asks for a new one");
        }
    }

    pub(super) fn event(&self, name: EventName) -> Event {
        Event::new(self.clock.now(), name).on(self.name.as_str())
    }

    pub(super) fn emit(&self, event: Event) {
        self.events.emit(event);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the database and everything that stands in it.
pub(super) async fn open(
    options: DeviceOptions,
    spawner: Spawner,
) -> Result<Core, super::DeviceError> {
    let store = Store::open(options.location.clone(), super::SCHEMA).await?;
    let kept = profile::load(&store, &options.name).await?;
    let clock = options.clock.clone();
    let inbox = Inbox::open(store.clone(), kept.device, clock.clone()).await?;
    let centre = ActionCentre::open(store.clone(), kept.device, clock.clone()).await?;
    let state = State::new(kept.conditions, kept.profile.platform);
    let tasks = TaskRegistry::open(
        store.clone(),
        kept.device,
        clock.clone(),
        (*options.manifest).clone(),
        state.watch_conditions(),
    )
    .await?;
    let history =
        TaskHistory::open(store.clone(), kept.device, clock.clone(), spawner.clone()).await?;
    let keys = kept
        .channel_keys
        .as_deref()
        .and_then(|bytes| DeviceKeys::from_bytes(bytes).ok())
        .unwrap_or_else(DeviceKeys::generate);
    let memory = kept.channel.unwrap_or_else(|| ChannelMemory {
        channel_id: Uuid::new_v4(),
        ..ChannelMemory::default()
    });
    Ok(Core {
        name: options.name,
        row: kept.device,
        tasks,
        history,
        registrar: Registrar::new(store.clone(), kept.device, clock.clone()),
        store,
        clock,
        events: options.events,
        toaster: options.toaster,
        manifest: options.manifest,
        vaults: options.vaults,
        time_outs: options.backend,
        inbox,
        centre,
        profile: Mutex::new(kept.profile),
        channel: Mutex::new((memory, Arc::new(keys))),
        account_turn: tokio::sync::Mutex::default(),
        conditions_turn: tokio::sync::Mutex::default(),
        state,
        spawner,
        registration_due: Notify::new(),
        give_back: GiveBack::default(),
    })
}
