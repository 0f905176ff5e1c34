//! What the bus and the daemon say when something goes wrong.

use std::io;
use std::time::Duration;

use crate::toast::ToastError;
use crate::toast::error::quoted;

/// True when the connection itself is of no use any more.
pub(super) fn is_lost(error: &zbus::Error) -> bool {
    if let zbus::Error::InputOutput(cause) = error {
        return cause.kind() != io::ErrorKind::TimedOut;
    }
    !matches!(error, zbus::Error::MethodError(..))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what has a remedy of its own is told apart"
)]
pub(super) fn explain(error: &zbus::Error, patience: Duration) -> ToastError {
    let problem = quoted(error);
    match error {
        zbus::Error::InputOutput(cause) if cause.kind() == io::ErrorKind::TimedOut => {
            ToastError::Slow {
                what: crate::toast::desktop::WHAT,
                limit: patience,
            }
        }
        zbus::Error::InputOutput(_)
        | zbus::Error::Connection(..)
        | zbus::Error::Address(_)
        | zbus::Error::Handshake(_) => ToastError::NoBus { problem },
        zbus::Error::MethodError(name, _, _) => explain_named(name.as_str(), problem),
        _ => ToastError::Other { problem },
    }
}

/// `notify-rust` hands out its errors as text alone, which begins with the error's name when the
/// daemon or the bus answered with one.
pub(super) fn explain_text(error: &notify_rust::error::Error) -> ToastError {
    let problem = quoted(error);
    let name = problem.split(':').next().unwrap_or_default().to_owned();
    if problem.contains("failed to connect") || problem.contains("Failed to connect") {
        return ToastError::NoBus { problem };
    }
    explain_named(&name, problem)
}

/// An error by its name on the bus.
fn explain_named(name: &str, problem: String) -> ToastError {
    match name.rsplit_once(".Error.").map_or(name, |(_, end)| end) {
        "ServiceUnknown" | "NameHasNoOwner" => ToastError::NoDaemon,
        spawn if spawn.starts_with("Spawn.") => ToastError::NoDaemon,
        other if other.ends_with("MaxNotificationsExceeded") => ToastError::Full,
        _ => ToastError::Other { problem },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_their_names() {
        let named = |name: &str| explain_named(name, name.to_owned());
        let full = "org.freedesktop.Notifications.MaxNotificationsExceeded";
        assert!(matches!(named(full), ToastError::Full));
        let nobody = "org.freedesktop.DBus.Error.ServiceUnknown";
        assert!(matches!(named(nobody), ToastError::NoDaemon));
        let crashed = "org.freedesktop.DBus.Error.Spawn.ChildSignaled";
        assert!(matches!(named(crashed), ToastError::NoDaemon));
        let late = "org.freedesktop.DBus.Error.NoReply";
        assert!(matches!(named(late), ToastError::Other { .. }));
    }
}
