//! The embedded hub as an app backend uses it: by its own interface, in one read of the store and
//! without a trace in telemetry, so that a push is on its way at once.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::model::{RegistrationId, TagExpression};
use crate::wire::app_backend::Delivery;
use crate::wire::notification_hub::Format;

use super::lanes::Urgency;
use super::notification_hub::NotificationHub;
use super::routing::{self, Bounds};
use super::rows::{TargetRow, devices, targets};
use super::{Content, Device, Hub, HubError};

/// How many devices are posted to at once.
const AT_ONCE: usize = 16;

/// The most devices that one send reaches.
const MOST_REACHED: usize = 1000;

/// The most targets that are looked at for one send.
const MOST_LOOKS: usize = 20_000;

/// The hub for one app backend.
#[derive(Debug)]
pub(in crate::emulator) struct BackendHub {
    hub: NotificationHub,
    /// The domain that the app backend speaks for: it must be an allowed partner to push.
    domain: String,
}

impl BackendHub {
    pub(in crate::emulator) fn new(hub: NotificationHub, domain: String) -> Self {
        Self { hub, domain }
    }

    async fn deliver(&self, target: TargetRow, form: Content) -> Option<Delivery> {
        let delivery = &self.hub.delivery;
        let sent = delivery
            .deliver(target.platform, &target.handle, &form, Urgency::Now)
            .await;
        if sent.outcome.is_gone() {
            self.hub.forget(target.handle.text).await;
        }
        Some(sent.into_delivery(target.platform.embedded()?))
    }
}

impl Hub for BackendHub {
    fn upsert(&self, device: Device) -> BoxFuture<'_, Result<(), HubError>> {
        Box::pin(async move {
            let now = self.hub.clock.now();
            let put = self
                .hub
                .store
                .write(move |c| devices::upsert(c, &device, now));
            put.await?
        })
    }

    fn remove(&self, ids: Vec<RegistrationId>) -> BoxFuture<'_, Result<(), HubError>> {
        Box::pin(async move {
            let removed = self.hub.store.write(move |c| devices::remove(c, &ids));
            Ok(removed.await?)
        })
    }

    fn send(
        &self,
        to: TagExpression,
        forms: Vec<Content>,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, HubError>> {
        Box::pin(async move {
            self.hub.delivery.policy().partner(&self.domain)?;
            let formats: Vec<Format> = forms.iter().map(|form| form.format).collect();
            let now = self.hub.clock.now();
            let found = self.hub.store.read(move |c| meant(c, &to, &formats, now));
            let meant = found.await?.into_iter().filter_map(|(target, place)| {
                let form = forms.get(place)?;
                Some((target, form.clone()))
            });
            let deliveries = stream::iter(meant.collect::<Vec<_>>())
                .map(|(target, form)| self.deliver(target, form))
                .buffer_unordered(AT_ONCE)
                .filter_map(std::future::ready)
                .collect()
                .await;
            Ok(deliveries)
        })
    }
}

/// The devices that are meant, each once, with the place of the format that is for it.
fn meant(
    c: &Connection,
    to: &TagExpression,
    formats: &[Format],
    now: Timestamp,
) -> rusqlite::Result<Vec<(TargetRow, usize)>> {
    let (mut all, mut met) = (Vec::new(), HashSet::new());
    for (place, format) in formats.iter().enumerate() {
        let bounds = Bounds {
            targets: MOST_REACHED.saturating_sub(all.len()),
            looks: MOST_LOOKS,
        };
        for target in routing::reach(c, *format, Some(to), 0, bounds)?.targets {
            if let Some(row) = targets::live(c, target, now)?
                && met.insert(row.handle.text.clone())
            {
                all.push((row, place));
            }
        }
    }
    Ok(all)
}
