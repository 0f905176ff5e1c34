//! A throw-away home with a private bus, and the processes on it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything in a session may take to come about.
const PATIENCE: Duration = Duration::from_secs(20);

/// One session at a time: some tests measure how long something takes, and a machine is small.
static ALONE: Mutex<()> = Mutex::new(());

/// A home, a runtime folder and a bus that is there or not.
pub(crate) struct Session {
    bus: Option<Process>,
    display: Option<String>,
    home: TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// A process that ends with its owner.
pub(crate) struct Process(Child);

impl Session {
    /// A session whose bus does not run yet.
    pub(crate) fn without_bus() -> Self {
        let home = tempfile::tempdir().expect("a folder can be made");
        let runtime = home.path().join("run");
        std::fs::create_dir(&runtime).expect("a folder can be made");
        let owner_alone = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(runtime, owner_alone).expect("a mode can be set");
        Self {
            bus: None,
            display: None,
            home,
            _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// A session with a bus and nobody on it.
    pub(crate) fn start() -> Self {
        let mut session = Self::without_bus();
        session.start_bus();
        session
    }

    /// Starts the bus, always at the same address.
    pub(crate) fn start_bus(&mut self) {
        let config = source_path("bus.conf");
        let mut command = self.command("dbus-daemon");
        command
            .arg("--nofork")
            .arg(format!("--config-file={}", config.display()))
            .arg(format!("--address={}", self.bus_address()));
        self.bus = Some(Process::start(&mut command));
        eventually("the bus answers", || self.connect().is_ok());
    }

    /// Ends the bus, and with it the connections of everybody on it.
    pub(crate) fn stop_bus(&mut self) {
        self.bus = None;
        std::fs::remove_file(self.bus_path()).ok();
    }

    /// The display that programs of this session draw on.
    pub(crate) fn set_display(&mut self, display: &str) {
        self.display = Some(display.to_owned());
    }

    /// A program with this session's environment and nothing else of the tester's own session.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for name in ["WAYLAND_DISPLAY", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env_remove(name);
        }
        for name in ["XDG_CACHE_HOME", "XDG_STATE_HOME", "GNOME_KEYRING_CONTROL"] {
            command.env_remove(name);
        }
        command
            .env("HOME", self.home.path())
            .env("TMPDIR", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path().join("run"))
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus_address());
        match &self.display {
            Some(display) => command.env("DISPLAY", display),
            None => command.env_remove("DISPLAY"),
        };
        command.stdin(Stdio::null());
        command
    }

    /// A connection of the test's own to the bus.
    pub(crate) fn connect(&self) -> zbus::Result<zbus::blocking::Connection> {
        zbus::blocking::connection::Builder::address(self.bus_address().as_str())?.build()
    }

    /// Waits until somebody on the bus has `name`.
    pub(crate) fn await_name(&self, name: &'static str) {
        let bus = self.connect().expect("the bus runs");
        let proxy = zbus::blocking::fdo::DBusProxy::new(&bus).expect("the bus answers");
        let name = zbus::names::BusName::try_from(name).expect("a name on the bus");
        eventually(&format!("{name} is on the bus"), || {
            proxy.name_has_owner(name.clone()).unwrap_or(false)
        });
    }

    /// A file in the session's home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn bus_path(&self) -> PathBuf {
        self.path("run/bus")
    }

    fn bus_address(&self) -> String {
        format!("unix:path={}", self.bus_path().display())
    }
}

impl Process {
    /// Starts a program without output.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self::spawn(command)
    }

    /// Starts a program as `command` says.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        match command.spawn() {
            Ok(child) => Self(child),
            Err(error) => {
                panic!("{name} does not start ({error}): tests/run brings what is needed")
            }
        }
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Stops the process where it is, as a hang would.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a frozen process go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        let pid = pid.expect("a process has an id");
        kill_process(pid, signal).expect("the process runs");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A file beside this one.
pub(crate) fn source_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/desktop")
        .join(name)
}

/// What a program of the session printed, with its errors; the program must succeed.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.stderr.as_slice().read_to_string(&mut text).ok();
    assert!(output.status.success(), "{command:?} failed: {text}");
    text
}

/// Waits for something outside this process.
pub(crate) fn eventually(what: &str, condition: impl FnMut() -> bool) {
    eventually_within(PATIENCE, what, condition);
}

/// Waits for something outside this process, at most `limit`.
pub(crate) fn eventually_within(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < limit, "never came about: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
