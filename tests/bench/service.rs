//! The real program, and other processes, as the benchmarks start them.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A process that is killed when the benchmark lets go of it.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// `handset serve --ephemeral` in its own home.
    pub(crate) fn services(home: &std::path::Path, cpu: Option<usize>) -> Self {
        let mut command = on(cpu, env!("CARGO_BIN_EXE_handset"));
        command
            .args(["--json", "serve", "--ephemeral", "--http", "127.0.0.1:0"])
            .env("HANDSET_HOME", home);
        Self::start(command, |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            let http = event["urls"]["http"].as_str()?;
            let address = http.strip_prefix("http://")?.trim_end_matches('/');
            address.parse().ok()
        })
    }

    /// This benchmark again, as the other side of its floor.
    pub(crate) fn floor(cpu: Option<usize>) -> Self {
        let own = std::env::current_exe().unwrap();
        let mut command = on(cpu, own.to_str().unwrap());
        command.arg(FLOOR);
        Self::start(command, |line| line.parse().ok())
    }

    fn start(mut command: Command, address: impl Fn(&str) -> Option<SocketAddr>) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let found = lines.map_while(Result::ok).find_map(|line| address(&line));
        Self {
            child,
            address: found.unwrap(),
        }
    }

    /// How long it has been on a processor, all its threads together, in nanoseconds; none where
    /// the system does not say.
    pub(crate) fn processor_time(&self) -> Option<u64> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        let of_task = |task: std::io::Result<std::fs::DirEntry>| -> Option<u64> {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok()
        };
        tasks.map(of_task).sum()
    }

    /// What of it is in memory, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.unwrap().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The argument that makes a benchmark the other side of its floor.
pub(crate) const FLOOR: &str = "--floor";

/// True in the process that [`Process::floor`] started.
pub(crate) fn is_floor() -> bool {
    std::env::args().any(|argument| argument == FLOOR)
}

/// `program` on one processor, where `taskset` is there to say so.
fn on(cpu: Option<usize>, program: &str) -> Command {
    match cpu {
        Some(cpu) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &cpu.to_string(), program]);
            command
        }
        None => Command::new(program),
    }
}
