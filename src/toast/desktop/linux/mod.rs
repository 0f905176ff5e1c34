//! Linux: the notification daemon on the session bus (Desktop Notifications Specification 1.2).
//!
//! Everything goes over one connection of handset's own, which has a time-out: daemons tell what
//! the user did with a toast to the connection that it came from. Before each toast the daemon is
//! asked what it can do, since another may have taken the place of the last.

mod compose;
mod error;
mod listen;
mod shown;

pub(super) use listen::{Ears, listen};
pub(super) use shown::ShownToasts;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;

use super::{DaemonInfo, Order, gave_up};
use crate::model::{DisplayText, ToastKey};
use crate::toast::ToastError;
use error::{explain, explain_text, is_lost};

const DAEMON: &str = "org.freedesktop.Notifications";
const DAEMON_PATH: &str = "/org/freedesktop/Notifications";
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// The capability of a daemon that interprets markup in a body.
const BODY_MARKUP: &str = "body-markup";

/// The capability of a daemon that offers buttons, and says which was pressed.
const ACTIONS: &str = "actions";

/// How many capabilities of a daemon are told.
const MOST_CAPABILITIES: usize = 64;

/// The connection to the session bus.
#[derive(Default)]
pub(super) struct Link {
    bus: Option<Connection>,
    /// Which listener hears what comes on this connection; zero where none does.
    heard_by: u64,
}

/// The daemon as it is now.
struct Daemon {
    /// Its own name on the bus, which no later daemon gets.
    owner: String,
    interprets_markup: bool,
    offers_actions: bool,
}

impl Link {
    pub(super) fn show(&mut self, order: &Order) -> Result<(), ToastError> {
        let daemon = self.find(order.patience)?;
        // Before the toast is there: its tap could come before anybody listens.
        self.let_hear(&order.ears);
        let key = &order.content.key;
        let replaces = lock(&order.shown).id(&daemon.owner, key).unwrap_or(0);
        let toast = compose::compose(order, &daemon, replaces);
        if order.asked.strong_count() == 0 {
            return Err(gave_up(order));
        }
        let answered = self.bus(order.patience).and_then(|bus| {
            let answer =
                bus.call_method(Some(DAEMON), DAEMON_PATH, Some(DAEMON), "Notify", &toast)?;
            answer.body().deserialize::<u32>()
        });
        let id = answered.map_err(|error| self.give_up_if_lost(&error, order.patience))?;
        let arguments = order.content.actions.iter();
        let arguments = arguments.map(|action| action.arguments.clone()).collect();
        lock(&order.shown).remember(daemon.owner, key, id, arguments);
        Ok(())
    }

    pub(super) fn remove(
        &mut self,
        key: &ToastKey,
        shown: &Mutex<ShownToasts>,
        patience: Duration,
    ) -> Result<(), ToastError> {
        if lock(shown).is_empty() {
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
            Err(error) => Err(self.give_up_if_lost(&error, patience)),
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
        found.map_err(|error| self.give_up_if_lost(&error, patience))
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
        let can = |what: &str| capabilities.iter().any(|can| can == what);
        Ok(Daemon {
            owner,
            interprets_markup: can(BODY_MARKUP),
            offers_actions: can(ACTIONS),
        })
    }

    fn bus(&mut self, patience: Duration) -> Result<&Connection, zbus::Error> {
        let bus = match self.bus.take() {
            Some(bus) => bus,
            None => {
                self.heard_by = 0;
                Builder::session()?.method_timeout(patience).build()?
            }
        };
        Ok(self.bus.insert(bus))
    }

    /// Lets the listener there is now, if any, hear what comes on this connection.
    fn let_hear(&mut self, ears: &Arc<Ears>) {
        if let Some(bus) = &self.bus {
            self.heard_by = ears.attach(bus, self.heard_by);
        }
    }

    fn give_up_if_lost(&mut self, error: &zbus::Error, patience: Duration) -> ToastError {
        if is_lost(error) {
            self.bus = None;
        }
        explain(error, patience)
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

fn lock(shown: &Mutex<ShownToasts>) -> std::sync::MutexGuard<'_, ShownToasts> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
