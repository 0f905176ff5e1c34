//! Handles: minted for a device's channel, found again when a sender posts to one, given back.

mod recent;
mod rows;
mod shape;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::emulator::origins::Origins;
use crate::lifecycle::Clock;
use crate::model::{Handle, Platform};
use crate::store::{Store, StoreError};

use recent::Key;
pub(in crate::emulator) use recent::Recent;
use rows::{FoundRow, Tokens};
use shape::Lifetime;

/// The most handles of one device, those given back and not yet forgotten included.
const MOST_PER_AGENT: i64 = 256;

/// The most handles of all devices together. Beyond, those given back or expired are forgotten
/// early, and where all live, more are refused.
const MOST_IN_ALL: i64 = 200_000;

/// How long a handle that was given back or expired is answered as gone before it is forgotten.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The longest token that is looked for; FCM's have 163 characters.
const MAX_TOKEN: usize = 256;

/// Mints and finds handles.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Handles {
    store: Store,
    clock: Clock,
    own: Arc<Origins>,
    recent: Recent,
}

/// A device's channel behind a handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::emulator) struct Channel {
    pub(super) id: i64,
    pub(super) agent: i64,
    pub(super) uaid: Uuid,
    /// As the device calls it.
    pub(super) channel_id: Uuid,
    pub(super) platform: Platform,
    /// The only one who may send, where the device said so: the VAPID public key (Web Push), the
    /// bundle id (APNs), the project id (FCM).
    pub(super) sender: Option<Vec<u8>>,
    /// The device asked with handset's `platform` extension, so it reads extended headers.
    pub(super) extended: bool,
}

impl Channel {
    /// True when `sender`, in the platform's own sense, may send here.
    pub(super) fn is_open_to(&self, sender: &str) -> bool {
        self.sender
            .as_ref()
            .is_none_or(|only| only == sender.as_bytes())
    }
}

/// What stands behind a token that a sender used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Live(Channel),
    /// Given back or expired, and when.
    Gone(Timestamp),
    Unknown,
}

/// What a device asks a handle for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) uaid: Uuid,
    pub(super) channel_id: Uuid,
    pub(super) platform: Platform,
    /// See [`Channel::sender`].
    pub(super) sender: Option<Vec<u8>>,
    pub(super) extended: bool,
}

/// A handle as the device gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Minted {
    pub(super) agent: i64,
    pub(super) handle: Handle,
    pub(super) expires_in: Option<u64>,
}

impl Handles {
    pub(in crate::emulator) fn new(store: Store, clock: Clock, own: Arc<Origins>) -> Self {
        Self {
            store,
            clock,
            own,
            recent: Recent::default(),
        }
    }

    /// The handles that senders used lately.
    pub(in crate::emulator) fn recent(&self) -> &Recent {
        &self.recent
    }

    /// The names under which handles are minted and senders come.
    pub(super) fn origins(&self) -> &Origins {
        &self.own
    }

    /// The channel's handle: the one it has while that has half its life before it, otherwise a
    /// new one, which leaves the earlier valid until it expires. None when the device has too many.
    pub(super) async fn mint(&self, wanted: Wanted) -> Result<Option<Minted>, StoreError> {
        let now = self.clock.now();
        let keyed = wanted.sender.is_some();
        let platform = wanted.platform;
        let row = self
            .store
            .write(move |c| rows::mint(c, &wanted, now))
            .await?;
        Ok(row.and_then(|row| {
            let handle = shape::handle(self.own.base(platform), platform, keyed, &row.token);
            let expires_in = match Lifetime::of(platform) {
                Lifetime::Endless | Lifetime::Idle(_) => None,
                Lifetime::Fixed(_) => row.expires_at.map(|at| {
                    let left = at.saturating_sub(now.as_millisecond()) / 1000;
                    u64::try_from(left).unwrap_or(0)
                }),
            };
            Some(Minted {
                agent: row.agent,
                handle: Handle::parse(handle).ok()?,
                expires_in,
            })
        }))
    }

    /// The channel behind the `token` that a sender of `platform` used.
    pub(super) async fn find(&self, platform: Platform, token: &str) -> Result<Found, StoreError> {
        let key = Key::of(platform, token);
        let now = self.clock.now().as_millisecond();
        let since = match self.recent.find(key, now) {
            Ok(channel) => return Ok(Found::Live(Channel::clone(&channel))),
            Err(since) => since,
        };
        let row = self
            .look_up(platform, token, |token| Tokens::One(token.to_owned()))
            .await?;
        if let Found::Live(channel) = &row.found {
            let channel = channel.clone();
            self.recent.remember(key, since, channel, row.expires_at);
        }
        Ok(row.found)
    }

    /// The channel of the app's installation: its id is what stands before the colon of an FCM
    /// registration token.
    pub(super) async fn find_installation(&self, id: &str) -> Result<Found, StoreError> {
        self.look_up(Platform::Fcm, id, |id| Tokens::Under {
            first: format!("{id}:"),
            // The character behind the colon in ASCII.
            end: format!("{id};"),
        })
        .await
        .map(|row| row.found)
    }

    async fn look_up(
        &self,
        platform: Platform,
        token: &str,
        tokens: impl FnOnce(&str) -> Tokens,
    ) -> Result<FoundRow, StoreError> {
        if token.is_empty() || token.len() > MAX_TOKEN {
            return Ok(FoundRow::UNKNOWN);
        }
        let now = self.clock.now().as_millisecond();
        let tokens = tokens(token);
        self.store
            .read(move |c| rows::find(c, platform, &tokens, now))
            .await
    }

    /// Forgets handles that have been gone for long.
    pub(in crate::emulator) async fn sweep(&self) -> Result<(), StoreError> {
        let cut = self
            .clock
            .now()
            .saturating_sub(REMEMBERED)
            .unwrap_or(Timestamp::MIN);
        let cut = cut.as_millisecond();
        self.store
            .write(move |c| rows::sweep(c, cut))
            .await
            .map(drop)
    }
}
