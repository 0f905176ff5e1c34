//! Finds the rules of push administration that a command is about: those of the running `serve` of
//! this home, else those in a data folder.

mod differences;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::exit::{Exit, Failure};
use super::output::Output;
use super::serve_file::HomeLock;
use differences::Told;

use crate::control::{AdminClient, AdminError, AdminKey, Administration};
use crate::emulator::{AdministrationError, AdministrationOptions, PushAdministration};
use crate::settings::Settings;
use crate::store::StoreError;
use crate::wire::push_administration::{Change, ChangeRequest};

/// How long services may be on their way up or down before a command gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often they are looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// What is said while nothing answers yet.
const WAITING: &str = "waiting for the rules of push administration…";

/// What is said of rules that no running services go by.
pub(super) const NEXT_TIME: &str = "no `handset serve` runs with this home: it counts for the next one (as do its --strict and --site)";

/// What is done with the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// They are looked at: nothing is made where nothing is.
    Look,
    /// They are changed.
    Change,
}

/// Has the rules asked or changed, and lets go of them again.
pub(super) async fn ask<T>(
    settings: &Settings,
    data: Option<&Path>,
    purpose: Purpose,
    output: &Output,
    work: impl AsyncFnOnce(&Administration) -> Result<T, AdminError>,
) -> Result<T, Failure> {
    let asked = async {
        let administration = reach(settings, data, purpose).await?;
        let done = work(&administration).await;
        administration.close().await;
        Ok(done?)
    };
    output.waiting(WAITING, asked).await
}

/// Makes a change, or rehearses it, and prints what it changes.
pub(super) async fn change(
    settings: &Settings,
    data: Option<&Path>,
    request: ChangeRequest,
    output: &Output,
) -> Result<Exit, Failure> {
    let (purpose, what_if) = match request.what_if {
        true => (Purpose::Look, true),
        false => (Purpose::Change, false),
    };
    let named = if let Change::SetConfiguration { identity, .. } = &request.change {
        Some(identity.clone())
    } else {
        None
    };
    let (changed, running) = ask(settings, data, purpose, output, async |rules| {
        Ok((rules.change(request).await?, rules.is_running()))
    })
    .await?;
    let told = Told {
        made_anew: named.filter(|identity| changed.before.rules.configuration(identity).is_none()),
        what_if,
        running,
        changed,
    };
    told.print(output);
    Ok(Exit::Done)
}

/// The way to the rules.
async fn reach(
    settings: &Settings,
    data: Option<&Path>,
    purpose: Purpose,
) -> Result<Administration, Failure> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let problem = match attempt(settings, data, purpose).await {
            Ok(administration) => return Ok(administration),
            Err(problem) => problem,
        };
        if !problem.may_pass || Instant::now() >= give_up {
            return Err(problem.failure);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// There is no way to the rules at this moment.
struct Obstacle {
    failure: Failure,
    /// Services are on their way up or down.
    may_pass: bool,
}

async fn attempt(
    settings: &Settings,
    data: Option<&Path>,
    purpose: Purpose,
) -> Result<Administration, Obstacle> {
    let taken = HomeLock::is_taken(&settings.home.serve_lock());
    if taken != Some(false) {
        let key = AdminKey::read(&settings.home.admin_key());
        let known = key.is_some();
        match key.filter(|key| data.is_none_or(|data| is_of(key, data))) {
            Some(key) => match running(key).await {
                Ok(administration) => return Ok(administration),
                Err(obstacle) if taken == Some(true) => return Err(obstacle),
                // The file is left from services that were killed.
                Err(_) => {}
            },
            None if known || taken.is_none() => {}
            None => return Err(Obstacle::starting(settings)),
        }
    }
    let folder = data.map_or_else(|| settings.home.services(), Path::to_owned);
    stored(folder, purpose).await
}

async fn running(key: AdminKey) -> Result<Administration, Obstacle> {
    let client = AdminClient::new(key)?;
    client.state().await?;
    Ok(Administration::Running(client))
}

async fn stored(folder: PathBuf, purpose: Purpose) -> Result<Administration, Obstacle> {
    let options = AdministrationOptions::default();
    let opened = match purpose {
        Purpose::Look => PushAdministration::open_to_look(&folder, options).await,
        Purpose::Change => PushAdministration::open(&folder, options).await,
    };
    let rules = opened.map_err(AdminError::from)?;
    Ok(Administration::Stored(rules))
}

/// Whether the running services have their data in this folder.
fn is_of(key: &AdminKey, data: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let own = key.data.as_deref();
    own.is_some_and(|own| real(own) == real(data))
}

impl Obstacle {
    fn starting(settings: &Settings) -> Self {
        let home = settings.home.path().display();
        Self {
            failure: Failure::failed(format!(
                "a `handset serve` runs with the home {home}, and does not say there how it is administered: wait \
                 until it is ready, or start it anew"
            )),
            may_pass: true,
        }
    }
}

impl From<AdminError> for Obstacle {
    fn from(error: AdminError) -> Self {
        let may_pass = match &error {
            AdminError::NoAnswer { .. } => true,
            AdminError::Stored(AdministrationError::Store(error)) => {
                matches!(error, StoreError::Busy { .. })
            }
            AdminError::Stored(_)
            | AdminError::Refused(_)
            | AdminError::TimedOut { .. }
            | AdminError::Unreadable { .. } => false,
        };
        Self {
            failure: error.into(),
            may_pass,
        }
    }
}
