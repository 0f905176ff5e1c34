//! A notification daemon of the tests' own, which says what it was sent and fails as it is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use zbus::blocking::Connection;
use zbus::blocking::connection::Builder;
use zbus::zvariant::OwnedValue;

use crate::actor::{AMPLE, Actor, Answer, Request};
use crate::session::Session;

/// A toast as it came over the bus.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    app_name: String,
    replaces: u32,
    icon: String,
    title: String,
    body: String,
    pub(crate) actions: Vec<String>,
    pub(crate) hints: HashMap<String, String>,
    expires_ms: i32,
}

#[derive(Default, Clone)]
pub(crate) struct Records(Arc<Mutex<(Vec<Sent>, Vec<u32>)>>);

struct Impostor {
    records: Records,
    capabilities: Vec<String>,
    full: bool,
}

#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.Notifications")]
enum Refusal {
    #[zbus(error)]
    ZBus(zbus::Error),
    MaxNotificationsExceeded(String),
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Impostor {
    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.clone()
    }

    #[expect(clippy::too_many_arguments, reason = "the specification has as many")]
    fn notify(
        &self,
        app_name: String,
        replaces: u32,
        icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expires_ms: i32,
    ) -> Result<u32, Refusal> {
        if self.full {
            return Err(Refusal::MaxNotificationsExceeded("too many".to_owned()));
        }
        let hints = hints.into_iter();
        let sent = Sent {
            app_name,
            replaces,
            icon,
            title,
            body,
            actions,
            hints: hints
                .map(|(name, hint)| (name, format!("{:?}", *hint)))
                .collect(),
            expires_ms,
        };
        let mut records = self.records.lock();
        records.0.push(sent);
        Ok(if replaces == 0 {
            records.0.len() as u32
        } else {
            replaces
        })
    }

    fn close_notification(&self, id: u32) {
        self.records.lock().1.push(id);
    }
}

impl Records {
    pub(crate) fn lock(&self) -> std::sync::MutexGuard<'_, (Vec<Sent>, Vec<u32>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a daemon with `capabilities` on the session's bus, until the connection is dropped.
pub(crate) fn start(session: &Session, capabilities: &[&str], full: bool) -> (Records, Connection) {
    let records = Records::default();
    let impostor = Impostor {
        records: records.clone(),
        capabilities: capabilities.iter().map(|&name| name.to_owned()).collect(),
        full,
    };
    let address = session.command("true");
    let address = address
        .get_envs()
        .find(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS");
    let address = address
        .and_then(|(_, value)| value?.to_str())
        .expect("a bus has an address");
    let connection = Builder::address(address)
        .and_then(|bus| bus.name("org.freedesktop.Notifications"))
        .and_then(|bus| bus.serve_at("/org/freedesktop/Notifications", impostor))
        .and_then(Builder::build);
    (records, connection.expect("the bus runs"))
}

fn shown_on(renderer: &str) -> Answer {
    Answer::Shown {
        renderer: renderer.to_owned(),
        failures: Vec::new(),
    }
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn every_field_is_as_the_specification_wants_it() {
    let session = Session::start();
    let (records, _bus) = start(&session, &["body"], false);
    let mut actor = Actor::start(&session, AMPLE);
    let shown = actor.show("m", "two\nlines\0", "<b>1 & 2</b>\0\u{202E}\x1b[31m");
    assert_eq!(shown, shown_on("desktop"));
    assert_eq!(actor.show("m", "t", "second"), shown_on("desktop"));
    assert_eq!(actor.show("n", "t", "other"), shown_on("desktop"));
    assert_eq!(actor.ask(Request::Remove("m".to_owned())), Answer::Done);
    assert_eq!(actor.ask(Request::Remove("m".to_owned())), Answer::Done);
    let records = records.lock();
    let first = &records.0[0];
    assert_eq!(first.app_name, "handset");
    assert_eq!(first.title, "two lines");
    assert_eq!(first.body, "<b>1 & 2</b>[31m");
    assert_eq!(first.expires_ms, 7000);
    assert!(first.hints["category"].contains("im.received"), "{first:?}");
    let icon = std::fs::read(&first.icon).expect("the icon is a file");
    assert_eq!(&icon[1..4], b"PNG");
    let replaced: Vec<u32> = records.0.iter().map(|sent| sent.replaces).collect();
    assert_eq!(replaced, [0, 1, 0]);
    assert_eq!(records.1, [1]);
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_body_is_escaped_for_the_daemon_that_is_there_now() {
    let session = Session::start();
    let mut actor = Actor::start(&session, AMPLE);
    for (capability, expected) in [("body-markup", "&lt;i&gt;"), ("body", "<i>")] {
        let (records, bus) = start(&session, &[capability], false);
        assert_eq!(actor.show("m", "<t>", "<i>"), shown_on("desktop"));
        let first = records.lock().0[0].clone();
        assert_eq!(
            (first.title.as_str(), first.body.as_str()),
            ("<t>", expected)
        );
        // The id that the daemon before gave means nothing to this one.
        assert_eq!(first.replaces, 0);
        bus.close().expect("the connection closes");
    }
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_daemon_that_is_full_costs_one_toast_of_its_own() {
    let session = Session::start();
    let mut actor = Actor::start(&session, AMPLE);
    let (_, full) = start(&session, &["body"], true);
    let failures = vec![("desktop".to_owned(), "Full".to_owned())];
    let renderer = "terminal".to_owned();
    let expected = Answer::Shown { renderer, failures };
    assert_eq!(actor.show("m", "t", "b"), expected);
    full.close().expect("the connection closes");
    let (_, _bus) = start(&session, &["body"], false);
    assert_eq!(actor.show("m", "t", "b"), shown_on("desktop"));
}
