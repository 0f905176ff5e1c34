//! dunst, and what it says it shows.

use std::collections::HashMap;

use zbus::zvariant::OwnedValue;

use crate::session::{Process, Session, output, source_path};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Starts dunst on the session's display.
pub(crate) fn start(session: &Session) -> Process {
    let mut command = session.command("dunst");
    let dunst = Process::start(command.arg("-conf").arg(source_path("dunstrc")));
    session.await_name(NAME);
    dunst
}

/// How many toasts are displayed.
pub(crate) fn displayed(session: &Session) -> u32 {
    let mut command = session.command("dunstctl");
    let text = output(command.args(["count", "displayed"]));
    text.trim().parse().expect("dunst counts")
}

/// The texts and numbers of every closed toast, the latest one first; all are closed before.
pub(crate) fn close_and_list(session: &Session) -> Vec<HashMap<String, String>> {
    output(session.command("dunstctl").arg("close-all"));
    let bus = session.connect().expect("the bus runs");
    let interface = Some("org.dunstproject.cmd0");
    let answer = bus
        .call_method(Some(NAME), PATH, interface, "NotificationListHistory", &())
        .expect("dunst lists its history");
    let list: Vec<HashMap<String, OwnedValue>> = answer
        .body()
        .deserialize()
        .expect("dunst's history is a list");
    list.into_iter().map(texts).collect()
}

fn texts(fields: HashMap<String, OwnedValue>) -> HashMap<String, String> {
    let text = |value: OwnedValue| match String::try_from(value.try_clone().expect("it is data")) {
        Ok(text) => text,
        Err(_) => format!("{:?}", *value),
    };
    let fields = fields.into_iter();
    fields.map(|(name, value)| (name, text(value))).collect()
}
