//! The probe: a phone in this process, in a temporary home, with its token in memory.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::Instant;

use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::reach;
use crate::device::{Device, DeviceOptions, Vaults};
use crate::lifecycle::{Scope, timeouts};
use crate::model::DeviceName;
use crate::store::Location;
use crate::telemetry::{Event, EventReceiver, EventStream};
use crate::toast::{RecorderRenderer, Toaster};

/// How many of its events may wait to be looked at.
const MOST_EVENTS: usize = 4096;

/// The longest that what it registered may take to be removed.
const TIDY_UP: Duration = Duration::from_secs(10);

/// A phone that nobody but this command sees.
pub(super) struct Probe {
    pub(super) device: Device,
    name: DeviceName,
    scope: Scope,
    _home: TempDir,
}

/// What happens on the probe, with the moment it was told.
pub(super) struct Happenings(Receiver<(Instant, Event)>);

impl Probe {
    /// A probe that waits no longer than `limit` for its backend.
    pub(super) async fn open(limit: Duration) -> Result<(Self, Happenings), Failure> {
        let home = tempfile::Builder::new()
            .prefix("handset-probe-")
            .tempdir()
            .map_err(|error| {
                Failure::failed(format!("no temporary folder could be made: {error}"))
            })?;
        let name = DeviceName::parse(format!("probe-{:08x}", rand::random::<u32>()))
            .map_err(|error| Failure::failed(error.to_string()))?;
        let location = Location::File(home.path().join("handset.db"));
        let events = EventStream::default();
        let mut options = options(name.clone(), location, limit);
        options.events = events.clone();
        let scope = Scope::new();
        let (tell, told) = channel(MOST_EVENTS);
        let mut heard = events.listen();
        scope.spawn("probe's events", async move {
            while let Some(event) = next(&mut heard).await {
                if tell.send((Instant::now(), event)).await.is_err() {
                    break;
                }
            }
        });
        let device = Device::open(options).await?;
        let probe = Self {
            device,
            name,
            scope,
            _home: home,
        };
        Ok((probe, Happenings(told)))
    }

    pub(super) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Removes the registration and the handle, and switches the phone off.
    pub(super) async fn tidy_up(self, output: &Output) {
        let removed = async {
            // Without an open channel there is no handle, or nobody to give it back to.
            if self.device.status().await.handle.is_some()
                && let Err(error) = self.device.give_back_handle(TIDY_UP).await
            {
                tracing::info!(%error, "the probe's handle was not given back");
            }
            if self.device.profile().account.is_some() {
                match self.device.sign_out().await {
                    Ok(true) => {}
                    Ok(false) => output
                        .warning("the probe's registration may still be at the backend, which did not remove it"),
                    Err(error) => output
                        .warning(&format!("the probe's registration may still be at the backend: {error}")),
                }
            }
        };
        if tokio::time::timeout(TIDY_UP, removed).await.is_err() {
            output.warning(
                "what the probe registered may still be there: it was not removed in time",
            );
        }
        self.device.shutdown().await;
        self.scope.shutdown(timeouts::SHUTDOWN).await;
    }
}

/// What the probe is made of: it finds its push service as phones do.
fn options(name: DeviceName, location: Location, limit: Duration) -> DeviceOptions {
    let mut options = DeviceOptions::new(name, location, Vaults::memory());
    options.toaster = Toaster::new(vec![Arc::new(RecorderRenderer::new())]);
    options.backend.connect = options.backend.connect.min(limit);
    options.backend.request = options.backend.request.min(limit);
    options.local_service = Some(reach::local_service());
    options
}

async fn next(heard: &mut EventReceiver) -> Option<Event> {
    loop {
        // Some that were lost are none that are waited for in vain: the time is limited.
        if let Ok(event) = heard.next().await {
            return event;
        }
    }
}

impl Happenings {
    /// The first thing that `wanted` makes something of, and when it happened; what is before it is
    /// looked at once.
    pub(super) async fn find<T>(
        &mut self,
        mut wanted: impl FnMut(&Event) -> Option<T>,
    ) -> Option<(Instant, T)> {
        while let Some((at, event)) = self.0.recv().await {
            if let Some(found) = wanted(&event) {
                return Some((at, found));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_looks_for_a_push_service_where_phones_do() {
        let name = DeviceName::parse("probe").unwrap();
        let options = options(name, Location::Memory, Duration::from_secs(1));
        assert_eq!(options.local_service, Some(reach::local_service()));
    }
}
