//! What may go wrong on the way, each with its code, its reason and the remedy.

mod told;

use std::time::Duration;

use crate::cli::exit::{Exit, Failure};
use crate::wire::push_administration::{PartnerRefusal, Refusal, ServiceOff};

/// What Lync Server says of whatever does not answer.
const TIME_OUT: &str = "504, Server time-out";

/// What is said of a place without an app backend.
const NO_BACKEND: &str = "404, No app backend";

/// Why a check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// In a few words, with a number where the originals have one.
    pub(super) error: &'static str,
    /// What programs decide by.
    pub(super) code: &'static str,
    /// Who said so, where it is not the target.
    pub(super) source: Option<String>,
    /// The cause and the remedy.
    pub(super) reason: String,
}

impl Trouble {
    fn new(error: &'static str, code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            error,
            code,
            source: None,
            reason: reason.into(),
        }
    }

    /// True when somebody said no to the push, whose rules may say more.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.code, "request_rejected" | "hub_refused" | "dropped")
    }

    /// Names who said so.
    pub(super) fn said_by(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Nothing runs that could be tried.
    pub(super) fn no_services(home: &std::path::Path, option: &str) -> Self {
        let home = home.display();
        Self::new(
            TIME_OUT,
            "no_services",
            format!("no `handset serve` runs with the home {home}: start it, or name {option}"),
        )
    }

    /// The running services are others.
    pub(super) fn no_backend_here() -> Self {
        Self::new(
            NO_BACKEND,
            "no_backend",
            "the running `handset serve` of this home serves no app backend: start it without --only, add backend to \
             what it names, or name the backend with --backend URL",
        )
    }

    /// The running services take no TLS at all.
    pub(super) fn https_off() -> Self {
        Self::new(
            "HTTPS is off",
            "https_off",
            "the running `handset serve` takes no TLS: start it without --https off, or name what does with --target",
        )
    }

    /// Something did not answer in time.
    pub(super) fn time_out(what: &str, limit: Duration) -> Self {
        let limit = limit.as_secs_f32();
        Self::new(
            TIME_OUT,
            "time_out",
            format!(
                "{what} within {limit:.1} s: check that it is up and no firewall stands before it, or allow more with \
                 --timeout"
            ),
        )
    }

    pub(super) fn name_unknown(host: &str, cause: &str) -> Self {
        Self::new(
            TIME_OUT,
            "name_unknown",
            format!("the name {host} has no address ({cause}): check its spelling and its DNS"),
        )
    }

    pub(super) fn connection_refused() -> Self {
        Self::new(
            TIME_OUT,
            "connection_refused",
            "nothing listens there: start what is to answer, or correct the port",
        )
    }

    pub(super) fn unreachable(cause: &str) -> Self {
        Self::new(
            TIME_OUT,
            "unreachable",
            format!("there is no way there ({cause}): check the network"),
        )
    }

    pub(super) fn no_tls(cause: &str) -> Self {
        Self::new(
            "TLS handshake failed",
            "tls_failed",
            format!(
                "what answers there does not agree on TLS ({cause}): check the port, and that it serves TLS 1.2 or 1.3"
            ),
        )
    }

    pub(super) fn not_trusted(code: &'static str, reason: impl Into<String>) -> Self {
        Self::new("Certificate is not trusted", code, reason)
    }

    /// The file of authorities is of no use.
    pub(super) fn no_authorities(reason: impl Into<String>) -> Self {
        Self::new("Certificate is not trusted", "no_authorities", reason)
    }

    /// The admin door or the database could not be asked.
    pub(super) fn not_asked(failure: Failure) -> Self {
        let silent = matches!(failure.exit, Exit::Unreachable | Exit::TimedOut);
        let error = if silent { TIME_OUT } else { "Rules not read" };
        Self::new(error, "not_asked", failure.message)
    }

    /// The partner rule says no.
    pub(super) fn partner(refusal: Refusal) -> Self {
        let error = match refusal.kind {
            PartnerRefusal::FederationOff => "403, Federation is off",
            PartnerRefusal::DecidedElsewhere => "Not decided here",
            PartnerRefusal::DomainBlocked
            | PartnerRefusal::DomainNotAllowed
            | PartnerRefusal::ProviderOff
            | PartnerRefusal::OtherProxy
            | PartnerRefusal::Unverifiable
            | PartnerRefusal::NotVerified
            | PartnerRefusal::NoDomain => "403, Domain is not allowed",
        };
        Self::new(error, refusal.kind.as_str(), refusal.reason)
    }

    /// The push service is switched off.
    pub(super) fn service_off(off: &ServiceOff) -> Self {
        Self::new("403, Push service is off", "service_off", off.to_string())
    }

    /// The backend or the push service does not take the push.
    pub(super) fn rejected(reason: &str) -> Self {
        Self::new(
            "403, Push notification request was rejected",
            "request_rejected",
            format!("{reason}: look at the log of who rejected it"),
        )
    }

    /// The backend knows no device of the user.
    pub(super) fn unregistered(user: &str) -> Self {
        Self::new(
            "404, Not registered",
            "unregistered",
            format!(
                "the backend found no device of {user}, though the probe had just registered: check that it keeps \
                 registrations, and adds the user's tag to them"
            ),
        )
    }

    /// The push service gave the push up.
    pub(super) fn dropped(reason: &str) -> Self {
        Self::new(
            "480, Temporarily unavailable",
            "dropped",
            format!(
                "{reason}: check that the probe's channel and the pushes go to one push service"
            ),
        )
    }

    /// The push was accepted, and the device did not get it.
    pub(super) fn not_delivered(limit: Duration) -> Self {
        let limit = limit.as_secs_f32();
        Self::new(
            "480, Temporarily unavailable",
            "not_delivered",
            format!(
                "the push service took the push, and the probe did not get it within {limit:.1} s: check that its \
                 channel is open at the same push service, or allow more with --timeout"
            ),
        )
    }

    /// The push arrived, and waits on the device.
    pub(super) fn not_started(limit: Duration) -> Self {
        let limit = limit.as_secs_f32();
        Self::on_device(
            "task_not_started",
            format!(
                "the push reached the probe, and its background task did not start within {limit:.1} s: an earlier push \
                 of this user may still be under way; try again, or allow more with --timeout"
            ),
        )
    }

    /// The task runs, and has no answer for its payload.
    pub(super) fn not_fetched(limit: Duration) -> Self {
        let limit = limit.as_secs_f32();
        Self::on_device(
            "payload_not_fetched",
            format!(
                "the background task started, and the backend did not give it the payload within {limit:.1} s: look \
                 at the backend's log, or allow more with --timeout"
            ),
        )
    }

    /// The payload is there, and no toast shows it.
    pub(super) fn not_shown(limit: Duration) -> Self {
        let limit = limit.as_secs_f32();
        Self::on_device(
            "toast_not_shown",
            format!(
                "the payload was fetched, and its toast not shown within {limit:.1} s: allow more with --timeout"
            ),
        )
    }

    /// The device gave the push up, or cannot go on with it.
    pub(super) fn on_device(code: &'static str, reason: impl Into<String>) -> Self {
        Self::new("The device did not finish it", code, reason)
    }
}
