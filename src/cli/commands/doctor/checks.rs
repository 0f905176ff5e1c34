//! The checks, one function each.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::{Finding, Patient, Verdict};
use crate::backend::{BackendClient, BackendOptions};
use crate::channel::{Channel, ChannelEvent, ChannelOptions, Identity, PushUrl};
use crate::cli::reach;
use crate::control;
use crate::device::{SignInCheck, VaultChoice};
use crate::lifecycle::{Clock, Scope, timeouts};
use crate::model::BackendOrigin;
use crate::settings::Settings;
use crate::toast::DesktopRenderer;
use crate::vault::Vault;

/// What the check of the backend is called.
const BACKEND: &str = "backend";

/// How far this machine's clock may be from the backend's.
const MOST_SKEW: Duration = Duration::from_secs(60);

/// A time before this handset was made: a clock that says so was never set.
const EARLIEST: &str = "2026-01-01T00:00:00Z";

/// Whether a token can be kept.
pub(super) async fn keyring(patient: &Patient, settings: &Settings) -> Finding {
    const CHECK: &str = "keyring";
    if patient.profile.vault == Some(VaultChoice::File) {
        let vault = Vault::file(settings.home.device(&settings.device).vault());
        return match vault.probe().await {
            Ok(()) => Finding::ok(CHECK, "tokens live in a private file, as you chose"),
            Err(error) => Finding::error(CHECK, Verdict::Failed, error),
        };
    }
    match Vault::os(timeouts::KEYRING).probe().await {
        Ok(()) => Finding::ok(CHECK, "the OS keyring keeps and returns a secret"),
        Err(error) => Finding::error(CHECK, Verdict::Failed, error),
    }
}

/// Whether toasts can be drawn on the desktop.
pub(super) async fn daemon() -> Finding {
    const CHECK: &str = "notification daemon";
    match DesktopRenderer::probe(timeouts::TOAST_DAEMON).await {
        Ok(daemon) => Finding::ok(
            CHECK,
            format!("{} {} by {}", daemon.name, daemon.version, daemon.vendor),
        ),
        Err(error) => Finding::error(CHECK, Verdict::Warning, error),
    }
}

/// Whether the backend answers and takes the token, and whether the clocks agree.
pub(super) async fn backend(
    patient: &Patient,
    origin: Option<&BackendOrigin>,
    settings: &Settings,
) -> (Finding, Finding) {
    let failed = |error| (Finding::error(BACKEND, Verdict::Failed, error), clock(None));
    let Some(origin) = origin else {
        let remedy =
            "sign in with `handset login --backend URL --user NAME`, or name one with --backend";
        let unknown = Finding::bad(BACKEND, Verdict::Warning, "none is known", remedy);
        return (unknown, clock(None));
    };
    let client = BackendClient::new(BackendOptions {
        ca_file: patient.profile.ca.clone(),
        allow_http: patient.profile.allow_http.clone(),
        ..BackendOptions::new(origin.clone())
    });
    let client = match client {
        Ok(client) => client,
        Err(error) => return failed(error),
    };
    match client.date().await {
        Ok(date) => (sign_in(patient, origin, settings).await, clock(date)),
        Err(error) => failed(error),
    }
}

/// Whether a backend that answers takes the token, as far as it can be asked.
async fn sign_in(patient: &Patient, origin: &BackendOrigin, settings: &Settings) -> Finding {
    let account = patient.profile.account.as_ref();
    if account.is_none_or(|account| account.backend != *origin) {
        return Finding::ok(BACKEND, format!("{origin} answers"));
    }
    let status = &patient.status;
    if !status.signed_in {
        let problem = status.vault_problem.as_deref();
        let problem = problem.unwrap_or("nobody is signed in");
        return Finding::bad(
            BACKEND,
            Verdict::Warning,
            format!("{origin} answers, but {problem}"),
            "sign in with `handset login`",
        );
    }
    let user = status.user.as_deref().unwrap_or_default();
    let asked = reach::ask(
        settings,
        async |client| client.check_sign_in().await,
        async |device| control::check_sign_in(device).await,
    );
    match asked.await {
        Ok(SignInCheck::Verified) => {
            Finding::ok(BACKEND, format!("{origin} answers, {user} is signed in"))
        }
        Ok(SignInCheck::NotVerified) => Finding::bad(
            BACKEND,
            Verdict::Warning,
            format!(
                "{origin} answers, and there is a token of {user}, which is not verified: the backend profile has no \
                 call to check with"
            ),
            "add [check] or [unread] to the profile if the backend has such a call; else the first call that is \
             refused will tell",
        ),
        Err(failure) => Finding::error(BACKEND, Verdict::Warning, failure.message),
    }
}

/// Which backend profile is used, where it is not the usual one, and whether it is still the file's.
pub(super) fn backend_profile(patient: &Patient) -> Option<Finding> {
    const CHECK: &str = "backend profile";
    let profile = patient.profile.backend_profile.as_ref()?;
    let name = profile.name();
    let Some((path, text)) = profile.file() else {
        return Some(Finding::ok(CHECK, format!("{name}, which is built in")));
    };
    let now = std::fs::metadata(path).and_then(|file| match file.len() == text.len() as u64 {
        true => std::fs::read_to_string(path).map(|now| now == text),
        false => Ok(false),
    });
    Some(match now {
        Ok(true) => Finding::ok(CHECK, name),
        Ok(false) => Finding::bad(
            CHECK,
            Verdict::Warning,
            format!("{name} has changed, the phone goes by what it said at the sign-in"),
            "sign in again with `handset login --backend-profile FILE`",
        ),
        Err(_) => Finding::ok(
            CHECK,
            format!("a copy of {name}, which cannot be read any more"),
        ),
    })
}

/// Whether the push channel can be opened.
pub(super) async fn channel(
    patient: &Patient,
    backend: Option<&BackendOrigin>,
    push: Option<String>,
) -> Finding {
    const CHECK: &str = "push channel";
    if patient.on {
        return match &patient.status.channel_problem {
            None => Finding::ok(
                CHECK,
                format!("open on {}, the phone is on", patient.status.platform),
            ),
            Some(problem) => Finding::error(CHECK, Verdict::Failed, problem),
        };
    }
    let allowed = &patient.profile.allow_http;
    let local = reach::local_service();
    let candidates = match PushUrl::candidates(push.as_deref(), backend, Some(&local), allowed) {
        Ok(candidates) => candidates,
        Err(error) => return Finding::error(CHECK, Verdict::Failed, error),
    };
    match open_once(patient, candidates).await {
        Ok(found) => Finding::ok(CHECK, found),
        Err(problem) => Finding::error(CHECK, Verdict::Failed, problem),
    }
}

/// Opens a channel as a device that nobody knows, and gives its handle back.
async fn open_once(patient: &Patient, candidates: Vec<PushUrl>) -> Result<String, String> {
    let mut options = ChannelOptions::new(patient.profile.platform, candidates);
    options.ca_file = patient.profile.ca.clone();
    let (driver, mut receiver, control) =
        Channel::open(options, Identity::fresh()).map_err(|error| error.to_string())?;
    let scope = Scope::new();
    scope.spawn_to_end("channel", driver.run(scope.token().clone()));
    let found = loop {
        match receiver.next().await {
            Some(ChannelEvent::Opened { url, platform, .. }) => {
                if let Err(error) = control.unregister().await {
                    tracing::debug!(%error, "the probe's handle was not given back");
                }
                break Ok(format!("{url} opens and gives a {platform} handle"));
            }
            // It is told once every candidate was tried.
            Some(ChannelEvent::Closed { reason, .. }) => break Err(reason.to_string()),
            Some(
                ChannelEvent::Identity { .. }
                | ChannelEvent::Delivery(_)
                | ChannelEvent::Dropped { .. },
            ) => {}
            None => break Err("the channel was closed".to_owned()),
        }
    };
    scope.shutdown(timeouts::SHUTDOWN).await;
    found
}

/// Whether this machine's clock can be right: expiry and time-to-live go by it.
fn clock(of_backend: Option<String>) -> Finding {
    const CHECK: &str = "clock";
    const REMEDY: &str = "set the clock, or let a time server do it";
    let now = Clock::system().now();
    if EARLIEST
        .parse::<Timestamp>()
        .is_ok_and(|earliest| now < earliest)
    {
        return Finding::bad(
            CHECK,
            Verdict::Failed,
            format!("it says {now:.0}, which is long past"),
            REMEDY,
        );
    }
    let theirs = of_backend
        .and_then(|date| rfc2822::parse(&date).ok())
        .map(|date| date.timestamp());
    match theirs {
        None => Finding::ok(
            CHECK,
            format!("it says {now:.0}; there is no other to compare it with"),
        ),
        Some(theirs) => {
            let skew = now.duration_since(theirs).unsigned_abs();
            if skew > MOST_SKEW {
                let finding = format!("it says {now:.0}, the backend's says {theirs:.0}");
                Finding::bad(CHECK, Verdict::Warning, finding, REMEDY)
            } else {
                Finding::ok(CHECK, "it agrees with the backend's")
            }
        }
    }
}
