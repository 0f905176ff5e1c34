//! The whole phone, while its keyring or its notification daemon hangs and comes back: it goes on,
//! says what is wrong, and recovers by itself.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::screen::Screen;
use crate::session::{Process, Session, eventually, eventually_within, output};
use crate::{daemon, keyring};

const HANDSET: &str = env!("CARGO_BIN_EXE_handset");

/// The pause of a keyring or a daemon that hung (60 s), then the longest backoff of the push that
/// waits for it (60 s), and some.
const PAUSES: Duration = Duration::from_secs(150);

/// A process that prints events into a file.
struct Told {
    file: PathBuf,
    _process: Process,
}

impl Told {
    fn start(session: &Session, name: &str, arguments: &[&str]) -> Self {
        let file = session.path(name);
        let mut command = session.command(HANDSET);
        command.args(["--json"]).args(arguments);
        command
            .stdout(File::create(&file).expect("a file can be made"))
            .stderr(Stdio::null());
        Self {
            file,
            _process: Process::spawn(&mut command),
        }
    }

    fn events(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(&self.file).expect("its output is a file");
        let events = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        events
            .filter(|event: &Value| event["event"] == name)
            .collect()
    }

    /// The first event of this name.
    fn event(&self, name: &str) -> Value {
        eventually(name, || !self.events(name).is_empty());
        self.events(name).swap_remove(0)
    }

    /// The renderers of the toasts with this text, so far.
    fn renderers_of(&self, text: &str) -> Vec<String> {
        let toasts = ["toast.shown", "toast.updated"].map(|name| self.events(name));
        let toasts = toasts.into_iter().flatten();
        let toasts = toasts.filter(|event| event["toast"]["body"] == text);
        toasts
            .map(|event| event["toast"]["renderer"].to_string())
            .collect()
    }
}

/// Services with alice's phone signed in through the keyring, and bob who sends.
fn signed_in(session: &Session) -> Told {
    let serve = ["serve", "--ephemeral", "--http", "127.0.0.1:0"];
    let served = Told::start(session, "serve", &serve);
    let ready = served.event("services.ready");
    let backend = ready["urls"]["backend"].as_str().expect("it has a URL");
    for (device, user, vault) in [("phone", "alice", "os"), ("sender", "bob", "file")] {
        let mut command = session.command(HANDSET);
        command.args(["--device", device, "login", "--vault", vault]);
        command.args(["--backend", backend, "--push", backend]);
        command.args(["--user", user, "--password-stdin"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut login = command.spawn().expect("the program starts");
        let mut input = login.stdin.take().expect("its input is a pipe");
        input
            .write_all(user.as_bytes())
            .expect("it reads a password");
        drop(input);
        assert!(login.wait().expect("it ends").success(), "{user} signs in");
    }
    served
}

fn phone(session: &Session, name: &str) -> Told {
    Told::start(session, name, &["--device", "phone", "run"])
}

fn send(session: &Session, text: &str) {
    let mut command = session.command(HANDSET);
    command.args([
        "--device", "sender", "--json", "send", "--to", "alice", text,
    ]);
    let told = output(&mut command);
    assert!(told.contains("\"received\""), "{told}");
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_phone_whose_keyring_hangs_recovers_by_itself_in_earnest() {
    let session = Session::start();
    let keyring = keyring::unlocked(&session);
    let _served = signed_in(&session);
    phone(&session, "before").event("phone.ready");

    keyring.freeze();
    let phone = phone(&session, "phone");
    phone.event("channel.opened");
    send(&session, "kept");
    assert_eq!(phone.event("session.required")["reason"], "no_keyring");
    // It hangs often enough to be left alone.
    let told_of_pause = || {
        let retries = phone.events("push.retry");
        let mut details = retries.iter().filter_map(|event| event["detail"].as_str());
        details.any(|detail| detail.contains("left alone"))
    };
    eventually_within(PAUSES, "the keyring is left alone", told_of_pause);
    let asked = phone.events("session.required").len();
    assert_eq!(asked, 1, "the user is told once");

    keyring.thaw();
    let shown = || !phone.renderers_of("kept").is_empty();
    eventually_within(PAUSES, "the push is shown", shown);
    send(&session, "next");
    eventually("the next is shown", || {
        phone.renderers_of("next").len() == 1
    });
    assert_eq!(phone.renderers_of("kept").len(), 1);
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_phone_whose_notification_daemon_hangs_recovers_by_itself_in_earnest() {
    let mut session = Session::start();
    let _screen = Screen::start(&mut session);
    let dunst = daemon::start(&session);
    let _keyring = keyring::unlocked(&session);
    let _served = signed_in(&session);
    let phone = phone(&session, "phone");
    phone.event("phone.ready");
    let shown = |text: &str| {
        send(&session, text);
        eventually("it is shown", || !phone.renderers_of(text).is_empty());
        phone.renderers_of(text)
    };
    assert_eq!(shown("first"), ["\"desktop\""]);
    dunst.freeze();
    for text in ["second", "third"] {
        let renderers = shown(text);
        assert_ne!(renderers, ["\"desktop\""]);
        assert_eq!(renderers.len(), 1);
    }
    dunst.thaw();
    let (mut next, mut number) = (Instant::now(), 0);
    eventually_within(PAUSES, "the desktop shows toasts again", || {
        // A toast every now and then, as in life.
        if Instant::now() < next {
            return false;
        }
        next += Duration::from_secs(3);
        number += 1;
        shown(&format!("again {number}")) == ["\"desktop\""]
    });
}
