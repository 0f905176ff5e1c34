//! A machine of its own for each test: home, temporary folder, environment.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::child::{Ended, PATIENCE, Running};

/// The binary under test.
pub(crate) const HANDSET: &str = env!("CARGO_BIN_EXE_handset");

/// A machine without desktop, bus or keyring.
pub(crate) struct World {
    folder: TempDir,
    variables: Vec<(String, String)>,
    /// The process in whose mount namespace everything runs.
    mounts_of: Option<u32>,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["user", "tmp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            variables: Vec::new(),
            mounts_of: None,
        }
    }

    /// The same, with one more variable for every process.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, with every process in the mount namespace of process `pid`, which root alone can do.
    pub(crate) fn with_mounts_of(mut self, pid: u32) -> Self {
        self.mounts_of = Some(pid);
        self
    }

    /// What `HANDSET_HOME` says.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A place for the test's own files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of a device.
    pub(crate) fn device(&self, name: &str) -> PathBuf {
        self.home().join("devices").join(name)
    }

    /// What is left in the folder for temporary files.
    pub(crate) fn left_in_tmp(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("tmp")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(HANDSET);
        command.args(arguments);
        command
    }

    /// Another program with the same environment.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = match self.mounts_of {
            Some(pid) => {
                // It becomes the program, under its own process id.
                let mut command = Command::new("nsenter");
                command.arg(format!("--mount=/proc/{pid}/ns/mnt"));
                command.arg("--").arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .env_clear()
            .env("PATH", path())
            .env("HOME", self.folder.path().join("user"))
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("HANDSET_HOME", self.home())
            // Without it the default bus of a desktop that happens to run would be found.
            .env("XDG_RUNTIME_DIR", self.folder.path().join("no-runtime"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }

    /// Runs to the end, with nothing on standard input.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).ended()
    }

    /// Runs to the end with `input` on standard input.
    #[track_caller]
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ended {
        let mut running = self.start(arguments);
        let mut stdin = running.take_stdin();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || {
            // Who reads may have read enough.
            std::io::Write::write_all(&mut stdin, &input).ok();
        });
        let ended = running.ended();
        writer.join().unwrap();
        ended
    }

    /// Starts the embedded services, and waits until they are ready.
    #[track_caller]
    pub(crate) fn serve(&self, more: &[&str]) -> Served {
        let mut arguments = vec!["serve", "--json"];
        if !more.contains(&"--http") {
            arguments.extend(["--http", "127.0.0.1:0"]);
        } else if !more.contains(&"--https") {
            // Beside a chosen port the others would be the usual ones, which all tests share.
            arguments.extend(["--https", "off", "--proxy", "off"]);
        }
        arguments.extend(more);
        let mut running = self.start(&arguments);
        let ready = running.event("services.ready");
        let backend = ready["urls"]["backend"].as_str().unwrap();
        Served {
            backend: backend.trim_end_matches('/').to_owned(),
            running,
        }
    }

    /// Signs `user` in on `device` under the demo rule, with the token in a file.
    #[track_caller]
    pub(crate) fn login(&self, device: &str, user: &str, backend: &str) -> Value {
        let arguments = [
            "--device",
            device,
            "--json",
            "login",
            "--vault",
            "file",
            "--backend",
            backend,
            // The phone must not look for another service when this one is gone.
            "--push",
            backend,
            "--user",
            user,
            "--password-stdin",
        ];
        self.run_with(&arguments, user.as_bytes())
            .with_code(0)
            .json()
    }

    /// Switches `device` on, and waits until it is ready.
    #[track_caller]
    pub(crate) fn phone(&self, device: &str) -> Running {
        let mut running = self.start(&["--device", device, "run", "--json", "--toast", "none"]);
        running.event("phone.ready");
        running
    }

    /// Sends a text, and returns what became of it at the user's only device.
    #[track_caller]
    pub(crate) fn send(&self, from: &str, to: &str, text: &str) -> String {
        let arguments = ["--device", from, "--json", "send", "--to", to, text];
        let sent = self.run(&arguments).with_code(0).json();
        let deliveries = sent["deliveries"].as_array().unwrap();
        assert_eq!(deliveries.len(), 1, "{sent}");
        deliveries[0]["outcome"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn status(&self, device: &str) -> Value {
        self.run(&["--device", device, "--json", "status"])
            .with_code(0)
            .json()
    }

    /// The texts of the toasts in the action centre, sorted.
    #[track_caller]
    pub(crate) fn toasts(&self, device: &str) -> Vec<String> {
        let listed = self
            .run(&["--device", device, "--json", "toasts"])
            .with_code(0);
        let text = |toast: Value| toast["body"].as_str().unwrap().to_owned();
        let mut texts: Vec<String> = listed.json_lines().into_iter().map(text).collect();
        texts.sort();
        texts
    }
}

/// Running embedded services.
pub(crate) struct Served {
    pub(crate) running: Running,
    pub(crate) backend: String,
}

/// Asks again, as fast as the answer comes, until it is yes.
#[track_caller]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !condition() {
        assert!(
            Instant::now() < until,
            "{what} did not happen within {PATIENCE:?}"
        );
    }
}

/// An address that nobody is given by chance, for a service that must come back to its own.
pub(crate) fn quiet_address() -> String {
    // Below the range that systems choose from for port 0.
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let port = std::iter::repeat_with(|| rand::random_range(20_000..32_000))
        .take(100)
        .find(free)
        .unwrap();
    format!("127.0.0.1:{port}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the programs of this machine are found by its own path"
)]
fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
