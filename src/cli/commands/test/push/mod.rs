//! `handset test push`

mod arriving;
mod hops;
mod probe;
mod sending;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::place::Place;
use super::report::Report;
use super::trouble::Trouble;
use crate::backend::BackendProfile;
use crate::cli::arguments::TestPush;
use crate::cli::commands::env;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::secrets;
use crate::cli::serve_file::ServeFile;
use crate::cli::signals::Signals;
use crate::device::SignInSecret;
use crate::model::BackendOrigin;
use crate::settings::Settings;
use hops::Walk;
use probe::Probe;

pub(super) async fn run(
    wish: TestPush,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let secret = match wish.password_stdin {
        true => secrets::from_stdin("password")?,
        // The demo rule of the embedded backend.
        false => SecretString::from(wish.user.as_str()),
    };
    let profile = settings.backend_profile(wish.backend_profile.as_deref())?;
    let running = env::running(settings).await;
    let mut report = Report::new(output);
    let way = match Way::find(&wish, running.as_ref(), settings) {
        Ok(way) => Way { profile, ..way },
        Err((target, trouble)) => {
            report.bad(hops::SIGN_IN, &target, Duration::ZERO, trouble);
            return Ok(report.finish());
        }
    };
    let (probe, happenings) = Probe::open(wish.timeout).await?;
    let walk = Walk::new(&wish, &way, &probe, happenings, settings, &mut report);
    let interrupted = tokio::select! {
        _ = walk.all(SignInSecret::Password(secret)) => None,
        exit = signals.ended(output) => Some(exit),
    };
    probe.tidy_up(output).await;
    match interrupted {
        Some(exit) => Ok(exit),
        None => Ok(report.finish()),
    }
}

/// Which way the push goes.
struct Way {
    backend: BackendOrigin,
    push: Option<String>,
    ca: Option<PathBuf>,
    /// How the backend is spoken to, where somebody says.
    profile: Option<BackendProfile>,
    /// The backend is that of the running `serve`, which says more where it refuses.
    own: bool,
}

impl Way {
    /// The backend that was named, else the running one; or where there is none, and why.
    fn find(
        wish: &TestPush,
        running: Option<&ServeFile>,
        settings: &Settings,
    ) -> Result<Self, (String, Trouble)> {
        let nothing = || {
            let trouble = Trouble::no_services(settings.home.path(), "--backend URL");
            ("-".to_owned(), trouble)
        };
        let backend = match (&wish.backend, running) {
            (Some(backend), _) => backend.clone(),
            (None, Some(file)) => BackendOrigin::parse(&file.http).map_err(|_| nothing())?,
            (None, None) => return Err(nothing()),
        };
        let place = Place::of_url(backend.url());
        let own = running.filter(|file| place.is_some_and(|place| place.is_of(file)));
        if own.is_some_and(|file| file.backend.is_none()) {
            return Err((backend.to_string(), Trouble::no_backend_here()));
        }
        let secure = backend.url().scheme() == "https";
        let of_own = own.and_then(|file| file.ca.clone()).filter(|_| secure);
        Ok(Self {
            push: wish.network.push.clone(),
            ca: wish.network.ca.clone().or(of_own),
            own: own.is_some(),
            profile: None,
            backend,
        })
    }
}
