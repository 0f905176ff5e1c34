//! What is printed: results and events on standard output, everything said to people on standard
//! error while a program reads the other.

use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use owo_colors::OwoColorize as _;
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::exit::Failure;
use crate::settings::Environment;

/// How many lines may wait for a slow reader before the program waits with it.
const QUEUE: usize = 1024;

/// The width of a terminal that does not say how wide it is.
const WIDTH: usize = 80;

/// Where a command prints. Cheap to clone; lines come out in the order they are given, written by
/// a thread of their own, so that a reader who stops reading stops no task.
#[derive(Clone)]
pub(super) struct Output {
    json: bool,
    colour: bool,
    boxed: bool,
    width: usize,
    lines: Arc<Mutex<Option<SyncSender<Line>>>>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
    closed: CancellationToken,
}

enum Line {
    Out(String),
    Err(String),
}

impl Output {
    pub(super) fn new(json: bool, environment: &Environment) -> Self {
        let people = if json {
            io::stderr().is_terminal()
        } else {
            io::stdout().is_terminal()
        };
        let (lines, queue) = sync_channel(QUEUE);
        let closed = CancellationToken::new();
        let broken = closed.clone();
        let writer = std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || write_lines(&queue, &broken))
            .ok();
        Self {
            json,
            colour: people && !environment.no_color(),
            boxed: people,
            width: environment.columns().unwrap_or(WIDTH),
            lines: Arc::new(Mutex::new(Some(lines))),
            writer: Arc::new(Mutex::new(writer)),
            closed,
        }
    }

    /// True when a program reads standard output.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// True when people look at a terminal that has colour.
    pub(super) fn has_colour(&self) -> bool {
        self.colour
    }

    /// True when people look at a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        self.boxed
    }

    /// How wide that terminal is, in columns.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Ends when nobody reads standard output any more.
    pub(super) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// A line of NDJSON for programs.
    pub(super) fn line(&self, line: String) {
        self.put(Line::Out(line));
    }

    /// A command's result: an object for programs, a text for people.
    pub(super) fn result(&self, value: &impl Serialize, text: impl FnOnce(&Self) -> String) {
        if self.json {
            // Results are plain values, which always serialise.
            self.line(serde_json::to_string(value).unwrap_or_default());
        } else {
            self.put(Line::Out(text(self)));
        }
    }

    /// Something said to people on the way.
    pub(super) fn note(&self, text: impl Into<String>) {
        let text = text.into();
        self.put(if self.json {
            Line::Err(text)
        } else {
            Line::Out(text)
        });
    }

    /// Something people should not miss, on standard error in any case.
    pub(super) fn warning(&self, text: &str) {
        let mark = "warning:";
        let mark = if self.colour {
            mark.yellow().bold().to_string()
        } else {
            mark.to_owned()
        };
        self.put(Line::Err(format!("{mark} {text}")));
    }

    /// The end of a command that failed.
    pub(super) fn failure(&self, failure: &Failure) {
        if self.json {
            let error = json!({"message": failure.message, "exit": failure.exit as u8});
            self.line(json!({"ok": false, "error": error}).to_string());
        }
        let mark = "error:";
        let mark = if self.colour {
            mark.red().bold().to_string()
        } else {
            mark.to_owned()
        };
        self.put(Line::Err(format!("{mark} {}", failure.message)));
    }

    /// Text in bold, where there is colour.
    pub(super) fn bold(&self, text: &str) -> String {
        if self.colour {
            text.bold().to_string()
        } else {
            text.to_owned()
        }
    }

    /// Text that steps back, where there is colour.
    pub(super) fn dim(&self, text: &str) -> String {
        if self.colour {
            text.dimmed().to_string()
        } else {
            text.to_owned()
        }
    }

    /// A mark for something that went well.
    pub(super) fn good(&self, text: &str) -> String {
        if self.colour {
            text.green().to_string()
        } else {
            text.to_owned()
        }
    }

    /// A mark for something that went wrong.
    pub(super) fn bad(&self, text: &str) -> String {
        if self.colour {
            text.red().to_string()
        } else {
            text.to_owned()
        }
    }

    /// Prints what still waits; nothing is printed after it.
    pub(super) fn finish(&self) {
        drop(lock(&self.lines).take());
        if let Some(writer) = lock(&self.writer).take() {
            writer.join().ok();
        }
    }

    fn put(&self, line: Line) {
        let lines = lock(&self.lines).clone();
        if let Some(lines) = lines {
            // A reader that went away ends the command by `closed`.
            lines.send(line).ok();
        }
    }
}

/// A place for renderers that write by themselves.
pub(super) fn people(json: bool) -> Box<dyn Write + Send> {
    if json {
        Box::new(io::stderr())
    } else {
        Box::new(io::stdout())
    }
}

fn write_lines(queue: &Receiver<Line>, broken: &CancellationToken) {
    for line in queue {
        let written = match line {
            Line::Out(text) => write_line(&mut io::stdout().lock(), &text),
            Line::Err(text) => write_line(&mut io::stderr().lock(), &text),
        };
        if written.is_err() {
            broken.cancel();
        }
    }
}

fn write_line(to: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
