//! An X server without a screen, and pictures of what is on it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::session::{Process, Session, eventually, output};

/// What is drawn on here can be looked at with [`Screen::shot`].
pub(crate) struct Screen {
    display: String,
    _server: Process,
}

impl Screen {
    /// Starts an X server on a free display and makes it the session's.
    pub(crate) fn start(session: &mut Session) -> Self {
        let mut command = session.command("Xvfb");
        command
            .args(["-displayfd", "1", "-screen", "0", "1000x600x24"])
            .args(["-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut server = Process::spawn(&mut command);
        let stdout = server.child().stdout.take().expect("its output is a pipe");
        let mut number = String::new();
        BufReader::new(stdout)
            .read_line(&mut number)
            .expect("the X server tells its display");
        let display = format!(":{}", number.trim());
        session.set_display(&display);
        Self {
            display,
            _server: server,
        }
    }

    /// A picture of the screen, kept in the target folder under `name`.
    pub(crate) fn shot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("desktop");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let path = folder.join(format!("{name}.png"));
        let mut command = Command::new("import");
        command.args(["-display", &self.display, "-window", "root"]);
        output(command.arg(&path));
        path
    }

    /// A picture of the screen once it changes no more: toasts are drawn after they are accepted.
    pub(crate) fn settled(&self, name: &str) -> PathBuf {
        let before = format!("{name}-before");
        let mut alike = 0;
        eventually("the screen changes no more", || {
            let (before, now) = (self.shot(&before), self.shot(name));
            alike = if difference(&before, &now) == 0 {
                alike + 1
            } else {
                0
            };
            alike == 3
        });
        self.shot(name)
    }
}

/// How many pixels of two pictures differ.
pub(crate) fn difference(one: &Path, other: &Path) -> u64 {
    let mut command = Command::new("compare");
    command.args(["-metric", "AE"]).arg(one).arg(other);
    let output = command.arg("null:").output().expect("compare starts");
    let text = String::from_utf8_lossy(&output.stderr);
    let number = text.split_whitespace().next().unwrap_or_default();
    let number: f64 = number
        .parse()
        .unwrap_or_else(|_| panic!("compare said {text}"));
    number as u64
}
