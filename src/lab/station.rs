//! A phone's place in the lab: what survives when the phone is killed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::LabError;
use super::event_log::EventLog;
use crate::device::{Device, DeviceError, DeviceFolder, DeviceLock, DeviceOptions, Mode};
use crate::lifecycle::timeouts;
use crate::model::AuthScheme;
use crate::toast::RecorderRenderer;

/// How often a database that is still being closed is tried again.
const REOPEN: Duration = Duration::from_millis(20);

pub(super) struct Station {
    pub(super) folder: DeviceFolder,
    /// Its vaults are in here: a token survives the phone.
    pub(super) options: DeviceOptions,
    pub(super) mode: Mode,
    pub(super) auth: AuthScheme,
    pub(super) backend: String,
    pub(super) recorder: RecorderRenderer,
    pub(super) log: EventLog,
    pub(super) on: Mutex<Option<Running>>,
    /// How many events there had been when it was last switched on.
    pub(super) since: AtomicUsize,
}

/// A phone that is on.
pub(super) struct Running {
    device: Arc<Device>,
    _lock: DeviceLock,
}

impl Station {
    pub(super) fn name(&self) -> &str {
        self.options.name.as_str()
    }

    /// Opens the phone and switches it on; `prepare` has it in between.
    pub(super) async fn turn_on_with(
        &self,
        prepare: impl AsyncFnOnce(&Device) -> Result<(), LabError>,
    ) -> Result<(), LabError> {
        let lock = self.folder.lock().map_err(DeviceError::from)?;
        self.since.store(self.log.count(), Ordering::Relaxed);
        let device = self.open().await?;
        prepare(&device).await?;
        device.turn_on(self.mode).await?;
        *self.running() = Some(Running {
            device: Arc::new(device),
            _lock: lock,
        });
        Ok(())
    }

    pub(super) async fn turn_on(&self) -> Result<(), LabError> {
        self.turn_on_with(async |_| Ok(())).await
    }

    /// A phone that was killed a moment ago may still be giving its database back.
    async fn open(&self) -> Result<Device, LabError> {
        let again = async {
            loop {
                match Device::open(self.options.clone()).await {
                    Err(DeviceError::Store(error)) if error.is_transient() => {
                        tokio::time::sleep(REOPEN).await;
                    }
                    opened => return opened,
                }
            }
        };
        let opened = tokio::time::timeout(timeouts::LAB_RESUME, again).await;
        Ok(opened.unwrap_or(Err(DeviceError::TimedOut {
            what: "the opening of the database",
            limit: timeouts::LAB_RESUME,
            last: None,
        }))?)
    }

    pub(super) fn since(&self) -> usize {
        self.since.load(Ordering::Relaxed)
    }

    pub(super) fn device(&self) -> Result<Arc<Device>, LabError> {
        self.running()
            .as_ref()
            .map(|running| running.device.clone())
            .ok_or_else(|| LabError::PhoneIsOff(self.name().to_owned()))
    }

    /// Drops the phone as it is.
    pub(super) fn kill(&self) {
        let killed = self.running().take();
        drop(killed);
    }

    /// Switches the phone off in good order; returns how many tasks did not end.
    pub(super) async fn turn_off(&self) -> usize {
        let Some(Running { device, _lock }) = self.running().take() else {
            return 0;
        };
        match Arc::try_unwrap(device) {
            Ok(device) => device.shutdown().await,
            // Somebody still works with it: that call is the leak.
            Err(_) => 1,
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
