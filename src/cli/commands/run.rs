//! `handset run`

use std::sync::Arc;

use crate::background::TaskOptions;
use crate::cli::arguments::Run;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::signals::Signals;
use crate::cli::{narrator, reach, secrets, toasters};
use crate::control::ControlServer;
use crate::device::{
    Device, Mode, RegisterRequest, SignInRequest, SignInSecret, VaultChoice, Vaults,
};
use crate::lifecycle::{Clock, Scope, timeouts};
use crate::model::{Condition, UserName};
use crate::settings::{AppPackage, Settings};

pub(super) async fn run(wish: Run, settings: Settings, output: &Output) -> Result<Exit, Failure> {
    // Whoever is asked for the password may still interrupt in the usual way.
    let secret = match &wish.user {
        Some(user) => Some((user.clone(), secrets::from_stdin("password")?)),
        None => None,
    };
    let manifest = wish
        .manifest
        .as_deref()
        .or(settings.file.manifest.as_deref());
    let package = AppPackage::read(manifest)?;
    let mut signals = Signals::listen()?;
    let choice = wish.toast.map(Into::into).or(settings.file.toast);
    // Another command or a notification daemon that hangs takes seconds to be given up.
    let begun = async {
        let lock = reach::take(&settings).await?;
        let chosen = toasters::choose(
            choice,
            timeouts::TOAST_DAEMON,
            &settings.home,
            &package,
            output,
        )
        .await;
        Ok::<_, Failure>((lock, chosen))
    };
    let (_lock, chosen) = tokio::select! {
        begun = begun => begun?,
        exit = signals.ended(output) => return Ok(exit),
    };
    let mut options = reach::options(&settings);
    options.toaster = chosen.toaster;
    options.manifest = Arc::new(package.manifest);
    if let Some(budget) = wish.task_budget {
        options.budgets = TaskOptions::with_budget(budget);
    }
    if secret.is_some() {
        options.vaults = Vaults::memory();
    }
    let events = options.events.clone();
    let device = Device::open(options).await?;
    let told = Scope::new();
    narrator::narrate(&told, &events, Clock::system(), output.clone());
    let device = Arc::new(device);
    let done = tokio::select! {
        prepared = prepare(&device, &wish, secret, &settings) => prepared.map(|()| None),
        exit = signals.ended(output) => Ok(Some(exit)),
    };
    let done = match done {
        Ok(Some(exit)) => Ok(exit),
        Ok(None) => {
            output.note(output.dim(&chosen.why));
            serve_and_wait(&device, &wish, &settings, &mut signals, output).await
        }
        Err(failure) => Err(failure),
    };
    if let Some(device) = Arc::into_inner(device) {
        device.shutdown().await;
    }
    told.shutdown(timeouts::SHUTDOWN).await;
    done
}

/// Signs in where that was asked for.
async fn prepare(
    device: &Device,
    wish: &Run,
    secret: Option<(UserName, secrecy::SecretString)>,
    settings: &Settings,
) -> Result<(), Failure> {
    if let Some(access) = wish.background_access {
        device
            .set_conditions(&[Condition::BackgroundAccess(access)])
            .await?;
    }
    let push = wish.push.clone().or_else(|| settings.file.push.clone());
    if let Some(push) = push {
        device
            .configure(RegisterRequest {
                push: Some(push),
                ..RegisterRequest::default()
            })
            .await?;
    }
    if let Some((user, password)) = secret {
        sign_in(device, wish, settings, user, password).await?;
    }
    if device.profile().account.is_none() && !wish.no_backend {
        return Err(Failure::new(
            Exit::SignInNeeded,
            format!(
                "nobody is signed in on {}: sign in with `handset login --backend URL --user NAME` first",
                settings.device
            ),
        ));
    }
    Ok(())
}

async fn sign_in(
    device: &Device,
    wish: &Run,
    settings: &Settings,
    user: UserName,
    password: secrecy::SecretString,
) -> Result<(), Failure> {
    let remembered = device.profile();
    let backend = wish
        .backend
        .clone()
        .or_else(|| settings.file.backend.clone())
        .or_else(|| remembered.account.map(|account| account.backend))
        .ok_or_else(|| Failure::usage("which backend? name it with --backend URL"))?;
    device
        .sign_in(SignInRequest {
            backend,
            user,
            secret: SignInSecret::Password(password),
            auth: None,
            backend_profile: settings.backend_profile(wish.backend_profile.as_deref())?,
            vault: Some(VaultChoice::Memory),
            push: None,
            ca: None,
            allow_http: Vec::new(),
        })
        .await?;
    Ok(())
}

/// Switches the phone on, once other commands find it: who reads that it is ready may use it.
async fn serve_and_wait(
    device: &Arc<Device>,
    wish: &Run,
    settings: &Settings,
    signals: &mut Signals,
    output: &Output,
) -> Result<Exit, Failure> {
    let file = settings.home.device(&settings.device).control();
    let control = ControlServer::start(device.clone(), file)
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    let mode = if wish.no_backend {
        Mode::WithoutBackend
    } else {
        Mode::Whole
    };
    let done = match device.turn_on(mode).await {
        Ok(()) => Ok(signals.ended(output).await),
        Err(error) => Err(error.into()),
    };
    control.shutdown().await;
    done
}
