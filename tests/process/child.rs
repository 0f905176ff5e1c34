//! A process that a test started, and how it ended.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::Value;

/// How long a test waits for anything before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How a process ended, and everything it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; none after a signal that it did not handle.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The exit code is this one, and nothing looks like an accident.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for text in [&self.out, &self.err] {
            assert!(!text.contains("panicked at"), "a panic: {text}");
            assert!(!text.contains("RUST_BACKTRACE"), "a panic: {text}");
        }
        self
    }

    /// What standard error says after `error: `, which must be one line without a debug dump.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        let said = self
            .err
            .lines()
            .find_map(|line| line.strip_prefix("error: "));
        let said = said.unwrap_or_else(|| panic!("no error was printed: {self:#?}"));
        for debris in ["Error {", "Err(", "Some(", "Error(", "kind:", "{ "] {
            assert!(!said.contains(debris), "a debug dump: {said}");
        }
        said
    }

    /// The one error, printed on the one line of standard error.
    #[track_caller]
    pub(crate) fn only_error(&self) -> &str {
        assert_eq!(self.err.trim_end().lines().count(), 1, "{}", self.err);
        self.error()
    }

    /// Standard output as one JSON value a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
        };
        self.out.lines().map(parse).collect()
    }

    /// Standard output as one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let lines = self.json_lines();
        assert_eq!(lines.len(), 1, "{self:#?}");
        lines.into_iter().next().unwrap()
    }
}

/// A running process. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    stderr: Option<JoinHandle<String>>,
    exited: Receiver<()>,
    gone: bool,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (line, lines) = channel();
        std::thread::spawn(move || {
            for text in BufReader::new(stdout).split(b'\n') {
                let Ok(text) = text else { break };
                // A test that has seen enough lets go of the other end, and this pipe closes.
                if line
                    .send(String::from_utf8_lossy(&text).into_owned())
                    .is_err()
                {
                    break;
                }
            }
        });
        let stderr = child.stderr.take().map(read_in_background);
        let exited = watch(&child);
        Self {
            child,
            lines,
            seen: Vec::new(),
            stderr,
            exited,
            gone: false,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes to standard input, which stays open.
    pub(crate) fn type_in(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(bytes).and_then(|()| stdin.flush()).unwrap();
    }

    /// Standard input, to be written or closed by the caller.
    pub(crate) fn take_stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.exited.try_recv().is_err()
    }

    /// Waits for the event `name`, however many others come before it.
    #[track_caller]
    pub(crate) fn event(&mut self, name: &str) -> Value {
        let found = self.wait_for(name, |line| {
            let value: Value = serde_json::from_str(line).unwrap();
            (value["event"] == name).then_some(value)
        });
        found.unwrap_or_else(|missed| panic!("{missed}"))
    }

    /// Waits for a line with this text in it.
    #[track_caller]
    pub(crate) fn line_with(&mut self, text: &str) {
        let found = self.wait_for(text, |line| line.contains(text).then_some(()));
        found.unwrap_or_else(|missed| panic!("{missed}"));
    }

    /// What `wanted` makes of the first line that it takes, or a text about its absence.
    fn wait_for<T>(&mut self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> Result<T, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                self.signal(Signal::KILL);
                let (seen, complaints) = (self.seen.join("\n"), self.complaints());
                return Err(format!(
                    "{what} did not come; instead:\n{seen}\n{complaints}"
                ));
            };
            let found = wanted(&line);
            self.seen.push(line);
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    /// Waits for the `count`-th next event `name`.
    #[track_caller]
    pub(crate) fn nth_event(&mut self, name: &str, count: usize) -> Value {
        let mut last = Value::Null;
        for _ in 0..count {
            last = self.event(name);
        }
        last
    }

    /// Reads what it prints until `enough` of the line that came last, at most for `time`.
    pub(crate) fn watch(&mut self, time: Duration, mut enough: impl FnMut(&str) -> bool) {
        let until = Instant::now() + time;
        let left = || until.saturating_duration_since(Instant::now());
        while let Ok(line) = self.lines.recv_timeout(left()) {
            let enough = enough(&line);
            self.seen.push(line);
            if enough {
                break;
            }
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // The process is reaped by this value alone, so its id is still its own.
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            kill_process(pid, signal).ok();
        }
    }

    /// Waits for the end, at most `limit`.
    #[track_caller]
    pub(crate) fn ended_within(mut self, limit: Duration) -> Ended {
        drop(self.child.stdin.take());
        if self.exited.recv_timeout(limit).is_err() {
            self.signal(Signal::KILL);
            panic!("it did not end within {limit:?}: {}", self.complaints());
        }
        let status = self.child.wait().unwrap();
        self.gone = true;
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        let mut out = self.seen.join("\n");
        if !out.is_empty() {
            out.push('\n');
        }
        Ended {
            code: status.code(),
            out,
            err: self.complaints(),
        }
    }

    #[track_caller]
    pub(crate) fn ended(self) -> Ended {
        self.ended_within(PATIENCE)
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    #[track_caller]
    pub(crate) fn killed(self) -> Ended {
        self.signal(Signal::KILL);
        self.ended()
    }

    /// Closes the reading end of its standard output.
    pub(crate) fn stop_reading(&mut self) {
        let (_, nothing) = channel();
        self.lines = nothing;
    }

    fn complaints(&mut self) -> String {
        let stderr = self.stderr.take();
        stderr.map_or_else(String::new, |stderr| stderr.join().unwrap_or_default())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.gone {
            self.signal(Signal::KILL);
            self.child.wait().ok();
        }
    }
}

/// Tells when the process has ended, and leaves its status to be collected.
fn watch(child: &Child) -> Receiver<()> {
    let (ended, exited) = channel();
    let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
    std::thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == Errno::INTR) {}
        ended.send(()).ok();
    });
    exited
}

fn read_in_background(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
