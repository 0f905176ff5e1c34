//! What may go wrong on the way, each with its code, its reason and the remedy.

use std::time::Duration;

use crate::backend::BackendError;
use crate::device::{DeviceError, ErrorKind};
use crate::registration::RegistrationError;
use crate::session::SessionError;
use crate::wire::push_administration::{
    ConfigurationIdentity, InForce, PartnerRefusal, PushService, Refusal,
};

/// What Lync Server says of whatever does not answer.
const TIME_OUT: &str = "504, Server time-out";

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
    pub(super) fn not_asked(reason: impl Into<String>) -> Self {
        Self::new(TIME_OUT, "not_asked", reason)
    }

    /// The partner rule says no.
    pub(super) fn partner(refusal: Refusal) -> Self {
        let error = match refusal.kind {
            PartnerRefusal::FederationOff => "403, Federation is off",
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
    pub(super) fn service_off(service: PushService, in_force: &InForce) -> Self {
        let name = service.as_str();
        let (by, identity) = match (&in_force.configuration, &in_force.site) {
            (Some(identity), _) => (
                format!("the push configuration {identity}"),
                identity.clone(),
            ),
            (None, site) => {
                let by = format!("the {} profile", in_force.profile.as_str());
                let site = site.clone().map(ConfigurationIdentity::Site);
                (by, site.unwrap_or(ConfigurationIdentity::Global))
            }
        };
        Self::new(
            "403, Push service is off",
            "service_off",
            format!(
                "the push service {name} is switched off by {by}: turn it on with `handset push-config set --{name} on \
                 --identity {identity}`"
            ),
        )
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

    /// The device gave the push up, or cannot go on with it.
    pub(super) fn on_device(code: &'static str, reason: impl Into<String>) -> Self {
        Self::new("The device did not finish it", code, reason)
    }

    /// What a phone says of its backend and its push service.
    pub(super) fn of_device(error: &DeviceError) -> Self {
        if let Some(error) = backend_error(error) {
            return Self::of_backend(error);
        }
        let text = error.to_string();
        match error.kind() {
            ErrorKind::SignInNeeded => Self::sign_in(text),
            ErrorKind::TimedOut | ErrorKind::Unreachable => Self::new(TIME_OUT, "time_out", text),
            ErrorKind::Failed | ErrorKind::Usage | ErrorKind::NoKeyring => {
                Self::new("The probe failed", "probe_failed", text)
            }
        }
    }

    /// What became of the registration, by the name of its failure.
    pub(super) fn of_registration(reason: &str, detail: &str) -> Self {
        match reason {
            "sign_in_needed" => Self::sign_in(detail.to_owned()),
            "backend_unreachable" => Self::new(TIME_OUT, "unreachable", detail),
            "backend_failed" => Self::new("The app backend failed", "backend_failed", detail),
            _ => Self::new(
                "403, Registration was rejected",
                "registration_rejected",
                detail,
            ),
        }
    }

    /// What became of a push on the device, by the name of the rule.
    pub(super) fn of_push(reason: &str, detail: &str) -> Self {
        let code = match reason {
            "refused" | "expired" | "no_token" | "forbidden" => "sign_in_refused",
            "payload_gone" => "payload_gone",
            "backend_unreachable" | "backend_failed" => "payload_not_fetched",
            _ => "dropped_on_device",
        };
        Self::on_device(code, format!("{reason}: {detail}"))
    }

    /// What the channel says of its push service, by the name of its failure.
    pub(super) fn of_channel(reason: &str, detail: &str) -> Self {
        let (error, code) = match reason {
            "unknown_host" => (TIME_OUT, "name_unknown"),
            "refused" => (TIME_OUT, "connection_refused"),
            "timed_out" => (TIME_OUT, "time_out"),
            "tls" => ("TLS handshake failed", "tls_failed"),
            "not_websocket" => ("Not a push service", "no_push_service"),
            "register_refused" => ("Handle refused", "handle_refused"),
            _ => (TIME_OUT, "unreachable"),
        };
        Self::new(error, code, detail)
    }

    /// What a backend's client says.
    pub(super) fn of_backend(error: &BackendError) -> Self {
        let text = error.to_string();
        match error {
            BackendError::SignInNeeded { .. } => Self::sign_in(text),
            BackendError::UnknownHost { .. } => Self::new(TIME_OUT, "name_unknown", text),
            BackendError::ConnectionRefused { .. } => {
                Self::new(TIME_OUT, "connection_refused", text)
            }
            BackendError::TimedOut { .. } => Self::new(TIME_OUT, "time_out", text),
            BackendError::Unreachable { .. } | BackendError::Interrupted { .. } => {
                Self::new(TIME_OUT, "unreachable", text)
            }
            BackendError::Tls { .. } => Self::new("TLS handshake failed", "tls_failed", text),
            BackendError::PlainHttp { .. } => Self::new("Not asked", "plain_http", text),
            BackendError::CaFile { .. } | BackendError::NoTrust { .. } => {
                Self::no_authorities(text)
            }
            BackendError::Throttled { .. } | BackendError::Failed { .. } => {
                Self::new("The app backend failed", "backend_failed", text)
            }
            BackendError::HubRefused { status, .. } if *status >= 500 => {
                Self::new("The hub failed", "hub_failed", text)
            }
            BackendError::HubRefused { .. } => Self::new(
                "403, Push notification request was rejected",
                "hub_refused",
                text,
            ),
            BackendError::Unusable(_)
            | BackendError::Profile(_)
            | BackendError::Redirected { .. }
            | BackendError::NotThere { .. }
            | BackendError::NoBearerSignIn { .. }
            | BackendError::NotOffered { .. }
            | BackendError::Rejected { .. }
            | BackendError::TooLarge { .. }
            | BackendError::Garbled { .. }
            | BackendError::NotJson { .. }
            | BackendError::Malformed { .. }
            | BackendError::WrongNotification { .. } => Self::rejected(&text),
        }
    }

    fn sign_in(text: String) -> Self {
        let reason = format!("{text}; name who may with --user NAME --password-stdin");
        Self::new("401, Sign-in refused", "sign_in_refused", reason)
    }
}

/// What the backend's client said, where the trouble is there.
fn backend_error(error: &DeviceError) -> Option<&BackendError> {
    match error {
        DeviceError::Backend(error)
        | DeviceError::Session(SessionError::Backend(error))
        | DeviceError::Registration(
            RegistrationError::Backend(error) | RegistrationError::GoneAgain(error),
        ) => Some(error),
        DeviceError::Folder(_)
        | DeviceError::Store(_)
        | DeviceError::Session(_)
        | DeviceError::Registration(_)
        | DeviceError::Invalid(_)
        | DeviceError::SignInNeeded { .. }
        | DeviceError::Offline
        | DeviceError::NoSuchToast { .. }
        | DeviceError::NotRegistered { .. }
        | DeviceError::NotGivenBack(_)
        | DeviceError::TimedOut { .. } => None,
    }
}
