//! Finds the device a command is about: a running phone through its control API, else the device
//! itself, locked for as long as the command takes.

use std::time::Duration;

use tokio::time::Instant;

use super::exit::Failure;
use crate::control::{ControlClient, ControlError};
use crate::device::{Device, DeviceError, DeviceLock, DeviceOptions, FolderError, Vaults};
use crate::emulator::ServicesOptions;
use crate::lifecycle::timeouts;
use crate::settings::Settings;
use crate::store::Location;

/// How long another command may hold the device before this one gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// Has the device do something: `running` asks a phone that is on in another process, `own` does
/// it with the device in this one.
pub(super) async fn ask<T>(
    settings: &Settings,
    running: impl AsyncFnOnce(&ControlClient) -> Result<T, ControlError>,
    own: impl AsyncFnOnce(&Device) -> Result<T, DeviceError>,
) -> Result<T, Failure> {
    match approach(settings).await? {
        Approach::Running { client, .. } => Ok(running(&client).await?),
        Approach::Lock(_lock) => {
            let device = Device::open(options(settings)).await?;
            let done = own(&device).await;
            device.shutdown().await;
            Ok(done?)
        }
    }
}

/// Takes the device, which must not be on: for `run`.
pub(super) async fn take(settings: &Settings) -> Result<DeviceLock, Failure> {
    match approach(settings).await? {
        Approach::Lock(lock) => Ok(lock),
        Approach::Running { taken, .. } => Err(taken.into()),
    }
}

/// What stands at a device's door: nobody, or a phone that is on.
enum Approach {
    Lock(DeviceLock),
    Running {
        client: ControlClient,
        taken: FolderError,
    },
}

/// Locks the device or finds the phone that has; waits for another command to be done with it.
async fn approach(settings: &Settings) -> Result<Approach, Failure> {
    let folder = settings.home.device(&settings.device);
    let give_up = Instant::now() + PATIENCE;
    loop {
        let taken = match folder.lock() {
            Ok(lock) => return Ok(Approach::Lock(lock)),
            Err(taken @ FolderError::Taken { .. }) => taken,
            Err(error) => return Err(error.into()),
        };
        let owner = taken.owner();
        match ControlClient::find(&folder) {
            // A file of another process than the owner is left from one that was killed.
            Some(client) if owner.is_none_or(|pid| pid == client.pid()) => {
                return Ok(Approach::Running { client, taken });
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

/// The usual options of the device.
pub(super) fn options(settings: &Settings) -> DeviceOptions {
    let folder = settings.home.device(&settings.device);
    let mut options = DeviceOptions::new(
        settings.device.clone(),
        Location::File(folder.database()),
        Vaults::of_device(folder.vault(), timeouts::KEYRING),
    );
    options.local_service = Some(local_service());
    options
}

/// Where a `serve` on this machine listens unless it was told otherwise.
pub(super) fn local_service() -> String {
    format!("http://{}", ServicesOptions::DEFAULT_HTTP)
}
