//! gnome-keyring in its states.

use std::io::Write as _;
use std::process::Stdio;

use crate::session::{Process, Session};

const PASSWORD: &[u8] = b"tests";
const NAME: &str = "org.freedesktop.secrets";

/// Starts gnome-keyring with an unlocked keyring, which is made if there is none.
pub(crate) fn unlocked(session: &Session) -> Process {
    let mut command = session.command("gnome-keyring-daemon");
    command
        .args(["--foreground", "--components=secrets", "--unlock"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut keyring = Process::spawn(&mut command);
    let mut input = keyring.child().stdin.take().expect("its input is a pipe");
    input.write_all(PASSWORD).expect("it reads a password");
    drop(input);
    session.await_name(NAME);
    keyring
}

/// Starts gnome-keyring as it is in this home: locked, or without any keyring.
pub(crate) fn as_it_is(session: &Session) -> Process {
    let mut command = session.command("gnome-keyring-daemon");
    command.args(["--foreground", "--components=secrets"]);
    let keyring = Process::start(&mut command);
    session.await_name(NAME);
    keyring
}

/// What `secret-tool` finds of handset.
pub(crate) fn found(session: &Session) -> String {
    let mut command = session.command("secret-tool");
    crate::session::output(command.args(["search", "--all", "service", "handset"]))
}
