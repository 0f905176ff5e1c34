//! Linux: the notification daemon on the session bus (Desktop Notifications Specification 1.2).
//!
//! `notify-rust` sends each toast on a connection of its own and waits without end. So before,
//! a second connection that does have a time-out asks the daemon what it can do: that finds a
//! stopped daemon, and tells whether the body must be escaped, anew each time, since another
//! daemon may have taken the place of the last.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use notify_rust::{Hint, Notification, Timeout};
use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;

use super::{DaemonInfo, Order, gave_up};
use crate::model::{DisplayText, ToastContent, ToastKey};
use crate::toast::ToastError;
use crate::toast::error::quoted;

const DAEMON: &str = "org.freedesktop.Notifications";
const DAEMON_PATH: &str = "/org/freedesktop/Notifications";
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// The capability of a daemon that interprets markup in a body.
const BODY_MARKUP: &str = "body-markup";

/// How many toasts are remembered so that a later one can take their place.
const MOST_REMEMBERED: usize = 256;

/// How many capabilities of a daemon are told.
const MOST_CAPABILITIES: usize = 64;

/// The connection that asks questions.
#[derive(Default)]
pub(super) struct Link {
    bus: Option<Connection>,
}

/// The daemon's ids of the latest toasts. They mean something to the one daemon that gave them.
#[derive(Default)]
pub(super) struct ShownToasts {
    daemon: String,
    ids: VecDeque<(ToastKey, u32)>,
}

/// The daemon as it is now.
struct Daemon {
    /// Its own name on the bus, which no later daemon gets.
    owner: String,
    interprets_markup: bool,
}

impl Link {
    pub(super) fn show(&mut self, order: &Order) -> Result<(), ToastError> {
        let daemon = self.find(order.patience)?;
        let replaced = lock(&order.shown).id(&daemon.owner, &order.content.key);
        let mut toast = compose(order, &daemon);
        if let Some(id) = replaced {
            toast.id(id);
        }
        if order.asked.strong_count() == 0 {
            return Err(gave_up(order));
        }
        let handle = toast.show().map_err(|error| explain_text(&error))?;
        lock(&order.shown).remember(daemon.owner, &order.content.key, handle.id());
        Ok(())
    }

    pub(super) fn remove(
        &mut self,
        key: &ToastKey,
        shown: &Mutex<ShownToasts>,
        patience: Duration,
    ) -> Result<(), ToastError> {
        if lock(shown).ids.is_empty() {
            return Ok(());
        }
        let daemon = self.find(patience)?;
        let Some(id) = lock(shown).forget(&daemon.owner, key) else {
            return Ok(());
        };
        let closed = self.bus(patience).and_then(|bus| {
            bus.call_method(
                Some(DAEMON),
                DAEMON_PATH,
                Some(DAEMON),
                "CloseNotification",
                &id,
            )
        });
        match closed {
            // The specification's answer for a toast that is gone by itself.
            Ok(_) | Err(zbus::Error::MethodError(..)) => Ok(()),
            Err(error) => Err(explain(&error, patience)),
        }
    }

    /// Finds the daemon, on a new connection when the last one is of no use any more.
    fn find(&mut self, patience: Duration) -> Result<Daemon, ToastError> {
        let kept = self.bus.is_some();
        let mut found = self.try_find(patience);
        if kept && found.as_ref().is_err_and(is_lost) {
            self.bus = None;
            found = self.try_find(patience);
        }
        found.map_err(|error| {
            if is_lost(&error) {
                self.bus = None;
            }
            explain(&error, patience)
        })
    }

    fn try_find(&mut self, patience: Duration) -> Result<Daemon, zbus::Error> {
        let bus = self.bus(patience)?;
        let capabilities: Vec<String> = bus
            .call_method(
                Some(DAEMON),
                DAEMON_PATH,
                Some(DAEMON),
                "GetCapabilities",
                &(),
            )?
            .body()
            .deserialize()?;
        let owner: String = bus
            .call_method(Some(BUS), BUS_PATH, Some(BUS), "GetNameOwner", &DAEMON)?
            .body()
            .deserialize()?;
        Ok(Daemon {
            owner,
            interprets_markup: capabilities.iter().any(|can| can == BODY_MARKUP),
        })
    }

    fn bus(&mut self, patience: Duration) -> Result<&Connection, zbus::Error> {
        let bus = match self.bus.take() {
            Some(bus) => bus,
            None => Builder::session()?.method_timeout(patience).build()?,
        };
        Ok(self.bus.insert(bus))
    }
}

impl ShownToasts {
    /// The id of the toast with `key`, when this very daemon gave it.
    fn id(&self, daemon: &str, key: &ToastKey) -> Option<u32> {
        let mut ids = self.ids.iter().filter(|_| self.daemon == daemon);
        ids.find(|(known, _)| known == key).map(|(_, id)| *id)
    }

    fn remember(&mut self, daemon: String, key: &ToastKey, id: u32) {
        if self.daemon != daemon {
            self.ids.clear();
            self.daemon = daemon;
        }
        self.ids.retain(|(known, _)| known != key);
        if self.ids.len() == MOST_REMEMBERED {
            self.ids.pop_front();
        }
        self.ids.push_back((key.clone(), id));
    }

    fn forget(&mut self, daemon: &str, key: &ToastKey) -> Option<u32> {
        let id = self.id(daemon, key);
        self.ids.retain(|(known, _)| known != key);
        id
    }
}

/// Asks the daemon who it is.
pub(super) fn ask() -> Result<DaemonInfo, ToastError> {
    let server = notify_rust::get_server_information().map_err(|error| explain_text(&error))?;
    let capabilities = notify_rust::get_capabilities().map_err(|error| explain_text(&error))?;
    Ok(DaemonInfo {
        name: server.name.into(),
        vendor: server.vendor.into(),
        version: server.version.into(),
        capabilities: capabilities
            .into_iter()
            .take(MOST_CAPABILITIES)
            .map(DisplayText::from)
            .collect(),
    })
}

fn compose(order: &Order, daemon: &Daemon) -> Notification {
    let ToastContent { title, body, .. } = &order.content;
    let look = &order.look;
    let mut toast = Notification::new();
    toast
        .appname(&look.app_name)
        .summary(&title.as_str().replace('\n', " "))
        .body(&body_for(body, daemon.interprets_markup))
        .timeout(Timeout::from(look.visible))
        .hint(Hint::Category("im.received".to_owned()));
    if let Some(icon) = look.icon() {
        toast.icon(icon);
    }
    toast
}

/// The body so that the daemon draws it as it is.
fn body_for(body: &DisplayText, interprets_markup: bool) -> Cow<'_, str> {
    let text = body.as_str();
    if !interprets_markup || !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 32);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// True when the connection itself is of no use any more.
fn is_lost(error: &zbus::Error) -> bool {
    if let zbus::Error::InputOutput(cause) = error {
        return cause.kind() != io::ErrorKind::TimedOut;
    }
    !matches!(error, zbus::Error::MethodError(..))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "only what has a remedy of its own is told apart"
)]
fn explain(error: &zbus::Error, patience: Duration) -> ToastError {
    let problem = quoted(error);
    match error {
        zbus::Error::InputOutput(cause) if cause.kind() == io::ErrorKind::TimedOut => {
            ToastError::Slow {
                what: super::WHAT,
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
fn explain_text(error: &notify_rust::error::Error) -> ToastError {
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

fn lock(shown: &Mutex<ShownToasts>) -> std::sync::MutexGuard<'_, ShownToasts> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toast::tests::toast;

    #[test]
    fn a_body_is_escaped_only_for_a_daemon_that_interprets_it() {
        let body = DisplayText::new("<b>1 & 2</b> \"x\" 'y' \0\u{202E}");
        assert_eq!(
            body_for(&body, true),
            "&lt;b&gt;1 &amp; 2&lt;/b&gt; &quot;x&quot; &#39;y&#39; "
        );
        assert_eq!(body_for(&body, false), "<b>1 & 2</b> \"x\" 'y' ");
    }

    #[test]
    fn no_nul_ever_reaches_a_daemon() {
        let content = toast("m", "a\0b", "c\0d");
        assert!(!content.title.as_str().contains('\0'));
        assert!(!body_for(&content.body, false).contains('\0'));
        assert!(!body_for(&content.body, true).contains('\0'));
    }

    #[test]
    fn ids_belong_to_the_daemon_that_gave_them() {
        let key = toast("m", "", "").key;
        let mut shown = ShownToasts::default();
        shown.remember(":1.5".to_owned(), &key, 7);
        assert_eq!(shown.id(":1.5", &key), Some(7));
        assert_eq!(shown.id(":1.9", &key), None);
        shown.remember(":1.9".to_owned(), &toast("n", "", "").key, 1);
        assert_eq!(shown.id(":1.9", &key), None);
        assert_eq!(shown.id(":1.5", &key), None);
    }

    #[test]
    fn as_many_toasts_are_remembered_as_there_is_room_for() {
        let mut shown = ShownToasts::default();
        for number in 0..1000 {
            let key = toast(&format!("m{number}"), "", "").key;
            shown.remember(":1.5".to_owned(), &key, number);
        }
        assert_eq!(shown.ids.len(), MOST_REMEMBERED);
        let latest = toast("m999", "", "").key;
        assert_eq!(shown.forget(":1.5", &latest), Some(999));
        assert_eq!(shown.forget(":1.5", &latest), None);
    }

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
