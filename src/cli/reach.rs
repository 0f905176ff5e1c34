//! Finds the device a command is about: a running phone through its control API, else the device
//! itself, locked for as long as the command takes.

use std::time::Duration;

use tokio::time::Instant;

use super::exit::Failure;
use crate::control::{ControlClient, ControlError};
use crate::device::{Device, DeviceError, DeviceLock, DeviceOptions, FolderError, Vaults};
use crate::lifecycle::timeouts;
use crate::settings::{DEFAULT_HTTP, Settings};
use crate::store::Location;

/// How long another command may hold the device before this one gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// The device a command is about.
enum Reach {
    /// It is on, in another process.
    Running(ControlClient),
    /// It is this command's.
    Own(OwnDevice),
}

/// A device that this process holds.
struct OwnDevice {
    device: Device,
    _lock: DeviceLock,
}

/// Finds the device, or takes it.
async fn find(settings: &Settings) -> Result<Reach, Failure> {
    let folder = settings.home.device(&settings.device);
    let give_up = Instant::now() + PATIENCE;
    loop {
        let owner = match folder.lock() {
            Ok(lock) => return Ok(Reach::Own(open(settings, lock).await?)),
            Err(FolderError::Taken { owner, .. }) => owner,
            Err(error) => return Err(error.into()),
        };
        let running = ControlClient::find(&folder);
        match running {
            // A file of another process than the owner is left from one that was killed.
            Some(client) if owner.is_none_or(|pid| pid == client.pid()) => {
                return Ok(Reach::Running(client));
            }
            Some(_) | None if Instant::now() < give_up => tokio::time::sleep(LOOK).await,
            Some(_) | None => {
                let who = owner.map_or_else(String::new, |pid| format!(" (process {pid})"));
                return Err(Failure::failed(format!(
                    "another command{who} holds the device {} and does not let go: wait for it, or stop it",
                    settings.device
                )));
            }
        }
    }
}

/// Has the device do something: `running` asks a phone that is on in another process, `own` does
/// it with the device in this one.
pub(super) async fn ask<T>(
    settings: &Settings,
    running: impl AsyncFnOnce(&ControlClient) -> Result<T, ControlError>,
    own: impl AsyncFnOnce(&Device) -> Result<T, DeviceError>,
) -> Result<T, Failure> {
    match find(settings).await? {
        Reach::Running(client) => Ok(running(&client).await?),
        Reach::Own(OwnDevice { device, _lock }) => {
            let done = own(&device).await;
            device.shutdown().await;
            Ok(done?)
        }
    }
}

/// Takes the device, which must not be on: for `run`.
pub(super) fn take(settings: &Settings) -> Result<DeviceLock, Failure> {
    let folder = settings.home.device(&settings.device);
    folder.lock().map_err(|error| match error {
        FolderError::Taken { .. } => Failure::failed(error.to_string()),
        FolderError::Unusable { .. } => error.into(),
    })
}

/// The usual options of the device.
pub(super) fn options(settings: &Settings) -> DeviceOptions {
    let folder = settings.home.device(&settings.device);
    let mut options = DeviceOptions::new(
        settings.device.clone(),
        Location::File(folder.database()),
        Vaults::of_device(folder.vault(), timeouts::KEYRING),
    );
    options.local_service = Some(format!("http://{DEFAULT_HTTP}"));
    options
}

async fn open(settings: &Settings, lock: DeviceLock) -> Result<OwnDevice, Failure> {
    let device = Device::open(options(settings)).await?;
    Ok(OwnDevice {
        device,
        _lock: lock,
    })
}
