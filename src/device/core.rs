//! What every part of a device shares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::error::ErrorKind;
use super::options::{DeviceOptions, Vaults};
use super::profile::{self, ChannelMemory, Profile};
use crate::action_centre::ActionCentre;
use crate::backend::{BackendClient, TimeOuts};
use crate::background::{Inbox, Owner, TaskRegistry};
use crate::channel::Identity;
use crate::lifecycle::Clock;
use crate::model::{Account, Conditions, DeviceName, Handle, Manifest, Platform, Subscription};
use crate::registration::Registrar;
use crate::session::Session;
use crate::store::Store;
use crate::telemetry::{Event, EventName, EventStream};
use crate::toast::Toaster;
use crate::wire::webpush::DeviceKeys;

/// The way to one backend as one user.
pub(super) struct Link {
    pub(super) account: Account,
    pub(super) client: BackendClient,
    pub(super) session: Session,
}

/// The channel as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Not open; what went wrong last, if anything did.
    Closed(Option<LineProblem>),
    /// Open, with a handle.
    Open(OpenLine),
}

/// Why the channel is not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineProblem {
    pub(super) text: String,
    /// What kind of trouble it is, where trying again changes nothing until somebody changes
    /// something.
    pub(super) lasting: Option<ErrorKind>,
}

/// An open channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenLine {
    pub(super) service: String,
    pub(super) platform: Platform,
    pub(super) handle: Handle,
    pub(super) subscription: Option<Subscription>,
}

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
    pub(super) registrar: Registrar,
    profile: Mutex<Profile>,
    channel: Mutex<(ChannelMemory, Arc<DeviceKeys>)>,
    /// Guards no data, only the order: signing in, signing out and giving the registration back
    /// take turns, so that each finds what the one before it left.
    pub(super) account_turn: tokio::sync::Mutex<()>,
    /// Who is signed in, or was, and where.
    pub(super) link: watch::Sender<Option<Arc<Link>>>,
    /// Whose pushes are handled.
    pub(super) owner: watch::Sender<Option<Owner>>,
    pub(super) line: watch::Sender<Line>,
    /// The registration must be looked at again.
    pub(super) registration_due: Notify,
    /// The handle and tags the backend has acknowledged.
    pub(super) registered: watch::Sender<Registered>,
    /// Counts the changes after which the channel must be opened anew.
    pub(super) channel_version: watch::Sender<u64>,
}

/// Whether the backend has the handle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Registered {
    /// Not yet, or not any more; what went wrong last, if anything did.
    #[default]
    No,
    /// It could not be done yet.
    Failed(String),
    /// It cannot be done until somebody changes something: what kind of trouble it is, and why.
    Refused(ErrorKind, String),
    /// Under this id.
    As(String),
    /// There is no backend to tell.
    NotNeeded,
}

impl Registered {
    /// True when waiting changes nothing any more.
    pub(super) fn is_settled(&self) -> bool {
        match self {
            Self::As(_) | Self::NotNeeded | Self::Refused(..) => true,
            Self::No | Self::Failed(_) => false,
        }
    }
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
        self.link.borrow().clone()
    }

    pub(super) fn conditions(&self) -> Conditions {
        Conditions::default()
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

    /// What the channel is opened with has changed.
    pub(super) fn reopen_channel(&self) {
        self.line.send_replace(Line::Closed(None));
        self.registered.send_replace(Registered::No);
        self.channel_version.send_modify(|version| *version += 1);
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
pub(super) async fn open(options: DeviceOptions) -> Result<Core, super::DeviceError> {
    let store = Store::open(options.location.clone(), super::SCHEMA).await?;
    let kept = profile::load(&store, &options.name).await?;
    let clock = options.clock.clone();
    let inbox = Inbox::open(store.clone(), kept.device, clock.clone()).await?;
    let centre = ActionCentre::open(store.clone(), kept.device, clock.clone()).await?;
    let tasks = TaskRegistry::open(store.clone(), kept.device, clock.clone()).await?;
    let keys = kept
        .channel_keys
        .as_deref()
        .and_then(|bytes| DeviceKeys::from_bytes(bytes).ok())
        .unwrap_or_else(DeviceKeys::generate);
    let memory = kept.channel.unwrap_or_else(|| ChannelMemory {
        channel_id: uuid::Uuid::new_v4(),
        ..ChannelMemory::default()
    });
    Ok(Core {
        name: options.name,
        row: kept.device,
        tasks,
        registrar: Registrar::new(store.clone(), kept.device),
        store,
        clock,
        events: options.events,
        toaster: options.toaster,
        manifest: Arc::new(Manifest::built_in()),
        vaults: options.vaults,
        time_outs: options.backend,
        inbox,
        centre,
        profile: Mutex::new(kept.profile),
        channel: Mutex::new((memory, Arc::new(keys))),
        account_turn: tokio::sync::Mutex::default(),
        link: watch::Sender::new(None),
        owner: watch::Sender::new(None),
        line: watch::Sender::new(Line::Closed(None)),
        registration_due: Notify::new(),
        registered: watch::Sender::new(Registered::No),
        channel_version: watch::Sender::new(0),
    })
}
