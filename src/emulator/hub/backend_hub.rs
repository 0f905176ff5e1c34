//! The embedded hub as an app backend uses it: by its own interface, in one read of the store and
//! without a trace in telemetry, so that a push is on its way at once.

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::model::{RegistrationId, TagExpression};
use crate::wire::app_backend::Delivery;
use crate::wire::notification_hub::{Format, HubPlatform};

use super::lanes::Urgency;
use super::notification_hub::NotificationHub;
use super::routing::{self, Bounds};
use super::rows::{TargetRow, devices, targets};
use super::{Content, Device, Hub, HubError};

/// How many devices are posted to at once.
const AT_ONCE: usize = 16;

/// The most devices that one send reaches.
const MOST_REACHED: usize = 1000;

/// The most targets that are looked at in one read, matches or not.
const MOST_LOOKS: usize = 5000;

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
            let (mut found, mut next) = (Found::default(), Some(Place::default()));
            while let Some(place) = next {
                let (to, formats) = (to.clone(), formats.clone());
                let read = move |c: &Connection| more(c, &to, &formats, place, now);
                let (rows, behind) = self.hub.store.read(read).await?;
                let has_room = found.add(rows);
                next = behind.filter(|_| has_room);
            }
            let meant = found.all.into_iter().filter_map(|(target, place)| {
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

/// How far the devices were looked for: in which format, and behind which of its targets.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    format: usize,
    after: i64,
}

/// Devices, each with the place of the format that is for it.
type Meant = Vec<(TargetRow, usize)>;

/// The devices that are meant, each once.
#[derive(Debug, Default)]
struct Found {
    all: Meant,
    met: HashSet<(HubPlatform, String)>,
}

impl Found {
    /// True while there is room for more.
    fn add(&mut self, rows: Meant) -> bool {
        for (row, place) in rows {
            let (platform, handle) = row.device();
            if self.met.insert((platform, handle.into_owned())) {
                self.all.push((row, place));
            }
        }
        self.all.truncate(MOST_REACHED);
        self.all.len() < MOST_REACHED
    }
}

/// The devices from a place on, and where to go on. In all but the largest hubs that is all of them.
fn more(
    c: &Connection,
    to: &TagExpression,
    formats: &[Format],
    from: Place,
    now: Timestamp,
) -> rusqlite::Result<(Meant, Option<Place>)> {
    let mut found = Vec::new();
    let mut after = from.after;
    for (place, format) in formats.iter().enumerate().skip(from.format) {
        let bounds = Bounds {
            targets: MOST_REACHED,
            looks: MOST_LOOKS,
        };
        let reached = routing::reach(c, *format, Some(to), after, bounds)?;
        for target in reached.targets {
            found.extend(targets::live(c, target, now)?.map(|row| (row, place)));
        }
        if let Some(after) = reached.next {
            let format = place;
            return Ok((found, Some(Place { format, after })));
        }
        after = 0;
    }
    Ok((found, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::schema::SCHEMA;
    use crate::model::{Handle, Platform, Tag};

    fn hub() -> Connection {
        let c = Connection::open_in_memory().unwrap();
        for migration in SCHEMA.migrations {
            c.execute_batch(migration).unwrap();
        }
        c.execute_batch("BEGIN").unwrap();
        c
    }

    fn device(number: usize, platform: Platform, tags: &[&str]) -> Device {
        Device {
            id: RegistrationId::parse(format!("{platform}{number}")).unwrap(),
            platform,
            handle: Handle::parse(format!("handle-{platform}-{number}")).unwrap(),
            keys: None,
            tags: tags.iter().map(|tag| Tag::parse(*tag).unwrap()).collect(),
        }
    }

    fn put(c: &Connection, device: &Device) {
        devices::upsert(c, device, Timestamp::UNIX_EPOCH)
            .unwrap()
            .unwrap();
    }

    #[test]
    fn a_device_token_is_met_once_in_whatever_case() {
        let c = hub();
        let token = |id: usize, platform, handle: &str| {
            let handle = Handle::parse(handle).unwrap();
            let device = Device {
                handle,
                ..device(id, platform, &["a"])
            };
            put(&c, &device);
        };
        token(1, Platform::Apns, "ab01");
        token(2, Platform::Apns, "AB01");
        token(3, Platform::Fcm, "cd01");
        token(4, Platform::Fcm, "CD01");
        let formats =
            [Platform::Apns, Platform::Fcm].map(|platform| Format::Native(platform.into()));
        let (to, now) = (TagExpression::parse("a").unwrap(), Timestamp::UNIX_EPOCH);
        let (rows, next) = more(&c, &to, &formats, Place::default(), now).unwrap();
        let mut found = Found::default();
        assert!(found.add(rows) && next.is_none());
        let ids = found.all.iter().map(|(row, _)| row.registration.as_str());
        assert_eq!(ids.collect::<Vec<_>>(), ["apns1", "fcm3", "fcm4"]);
    }

    #[test]
    fn devices_are_looked_for_until_all_are_found_or_enough() {
        let c = hub();
        for number in 0..MOST_LOOKS + 10 {
            let first_or_last = number == 0 || number == MOST_LOOKS + 9;
            let tags: &[&str] = if first_or_last { &["a"] } else { &["a", "b"] };
            put(&c, &device(number, Platform::Apns, tags));
        }
        put(&c, &device(0, Platform::Fcm, &["a"]));
        let formats = [Platform::Wns, Platform::Apns, Platform::Fcm]
            .map(|platform| Format::Native(platform.into()));
        let find = |expression: &str| {
            let to = TagExpression::parse(expression).unwrap();
            let (mut found, mut place, mut reads) = (Found::default(), Place::default(), 0);
            loop {
                let now = Timestamp::UNIX_EPOCH;
                let (rows, next) = more(&c, &to, &formats, place, now).unwrap();
                reads += 1;
                match (found.add(rows), next) {
                    (true, Some(next)) => place = next,
                    (_, _) => return (found.all, reads),
                }
            }
        };
        let (found, reads) = find("a && !b");
        let ids: Vec<&str> = found
            .iter()
            .map(|(row, _)| row.registration.as_str())
            .collect();
        assert_eq!(ids, ["apns0", "apns5009", "fcm0"]);
        assert_eq!(
            found.iter().map(|(_, place)| *place).collect::<Vec<_>>(),
            [1, 1, 2]
        );
        assert_eq!(reads, 2);
        assert_eq!(find("a").0.len(), MOST_REACHED);
        assert_eq!(find("b && c").1, 1, "nothing leads anywhere");
    }
}
