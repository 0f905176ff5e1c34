//! What the phone, its backend and its push service say of what went wrong.

use super::{NO_BACKEND, TIME_OUT, Trouble};
use crate::backend::BackendError;
use crate::device::{DeviceError, ErrorKind};
use crate::registration::RegistrationError;
use crate::session::SessionError;

impl Trouble {
    /// What a phone says of its backend and its push service.
    pub(in crate::cli::commands::test) fn of_device(error: &DeviceError) -> Self {
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

    /// What a phone says that could not sign in: a place that does not know the call is no backend.
    pub(in crate::cli::commands::test) fn of_sign_in(error: &DeviceError) -> Self {
        match backend_error(error) {
            Some(at @ BackendError::NotThere { .. }) => Self::no_backend_there(&at.to_string()),
            Some(_) | None => Self::of_device(error),
        }
    }

    /// What became of the registration, by the name of its failure.
    pub(in crate::cli::commands::test) fn of_registration(reason: &str, detail: &str) -> Self {
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
    pub(in crate::cli::commands::test) fn of_push(reason: &str, detail: &str) -> Self {
        let code = match reason {
            "refused" | "expired" | "no_token" | "forbidden" => "sign_in_refused",
            "payload_gone" => "payload_gone",
            "backend_unreachable" | "backend_failed" => "payload_not_fetched",
            _ => "dropped_on_device",
        };
        let more = match code {
            // Its sign-in is a moment old, and the same that stored the payload.
            "sign_in_refused" => {
                "; the probe had just signed in: have the backend give a payload to the user it is for"
            }
            _ => "",
        };
        Self::on_device(code, format!("{reason}: {detail}{more}"))
    }

    /// What the channel says of its push service, by the name of its failure.
    pub(in crate::cli::commands::test) fn of_channel(reason: &str, detail: &str) -> Self {
        let (error, code) = match reason {
            "unknown_host" => (TIME_OUT, "name_unknown"),
            "refused" => (TIME_OUT, "connection_refused"),
            "timed_out" => (TIME_OUT, "time_out"),
            "tls" => ("TLS handshake failed", "tls_failed"),
            "not_websocket" | "protocol" | "bad_answer" | "frame_too_large" => {
                ("Not a push service", "no_push_service")
            }
            "none_of" | "no_push_service" | "no_candidates" => {
                ("No push service", "no_push_service")
            }
            "hello_refused" => ("Device refused", "device_refused"),
            "register_refused" => ("Handle refused", "handle_refused"),
            "ca_file" | "no_authorities" => ("Certificate is not trusted", "no_authorities"),
            "closed_by_peer" => ("The push service hung up", "closed_by_service"),
            _ => (TIME_OUT, "unreachable"),
        };
        Self::new(error, code, detail)
    }

    /// What a backend's client says.
    pub(in crate::cli::commands::test) fn of_backend(error: &BackendError) -> Self {
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

    /// What is at the address answers, and is something else.
    fn no_backend_there(said: &str) -> Self {
        Self::new(
            NO_BACKEND,
            "no_backend",
            format!(
                "there is no app backend at this address: correct --backend, or, where a `handset serve` with --only \
                 is, add backend to what it names ({said})"
            ),
        )
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
