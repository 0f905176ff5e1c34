//! What is printed: results and events on standard output, everything said to people on standard
//! error while a program reads the other.

mod line;
mod waiting;

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use owo_colors::OwoColorize as _;
use serde::Serialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::exit::Failure;
use crate::settings::Environment;
use line::{Line, write_line};

/// How many told lines may wait for a slow reader before whoever tells waits with them.
const QUEUE: usize = 1024;

/// The widest line of progress, in columns.
const PROGRESS: usize = 72;

/// The width of a terminal that does not say how wide it is.
const WIDTH: usize = 80;

/// Where a command prints. Cheap to clone; lines come out in the order they are given, written by
/// a thread of their own, so that a reader who stops reading holds up no other task. A command's
/// own few lines wait without a bound; what a phone goes on to [`Output::tell`] waits its turn.
#[derive(Clone)]
pub(super) struct Output {
    json: bool,
    colour: bool,
    boxed: bool,
    /// True when standard error is a terminal.
    watched: bool,
    width: usize,
    lines: Arc<Mutex<Option<Sender<Entry>>>>,
    places: Arc<Semaphore>,
    /// Answers nothing, and ends with the writer's thread.
    written: Arc<Mutex<Receiver<()>>>,
    closed: CancellationToken,
    hurried: Arc<AtomicBool>,
}

/// A line, and its place among those that wait, where it had to wait for one.
struct Entry {
    line: Line,
    _place: Option<OwnedSemaphorePermit>,
}

impl Output {
    pub(super) fn new(json: bool, environment: &Environment) -> Self {
        let people = if json {
            io::stderr().is_terminal()
        } else {
            io::stdout().is_terminal()
        };
        Self::writing(people, json, environment, write_line)
    }

    fn writing(
        people: bool,
        json: bool,
        environment: &Environment,
        write: impl Fn(Line) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let (lines, queue) = channel();
        let (ended, written) = channel();
        let closed = CancellationToken::new();
        let broken = closed.clone();
        std::thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                write_lines(&queue, &broken, write);
                drop(ended);
            })
            // Without the thread its end of the queue is gone, and nothing is printed.
            .ok();
        Self {
            json,
            colour: people && !environment.no_color(),
            boxed: people,
            watched: io::stderr().is_terminal(),
            width: environment
                .columns()
                .or_else(|| columns(json))
                .unwrap_or(WIDTH),
            lines: Arc::new(Mutex::new(Some(lines))),
            places: Arc::new(Semaphore::new(QUEUE)),
            written: Arc::new(Mutex::new(written)),
            closed,
            hurried: Arc::default(),
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

    /// The program is to end now: what nobody reads is not waited for any more.
    pub(super) fn hurry(&self) {
        self.hurried.store(true, Ordering::Relaxed);
    }

    /// A line of something that goes on, on standard output; waits while too many are unread.
    pub(super) async fn tell(&self, text: String) {
        // The semaphore is never closed.
        let place = self.places.clone().acquire_owned().await.ok();
        self.enter(Line::Out(text), place);
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

    /// How far something has come, on a line of standard error that the next call writes over; on
    /// a terminal alone. An empty text leaves the line empty.
    pub(super) fn progress(&self, text: &str) {
        if self.watched {
            let width = self.width.saturating_sub(1).min(PROGRESS);
            self.put(Line::Passing(text.to_owned(), width));
        }
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

    /// Waits until everything that was said before is printed, so that a prompt stands below it;
    /// for `patience` at most.
    pub(super) fn settle(&self, patience: Duration) {
        let (reached, printed) = channel();
        self.put(Line::Reached(reached));
        // It answers nothing, and goes away as soon as its turn has come.
        printed.recv_timeout(patience).ok();
    }

    /// Prints what still waits, for as long as the reader takes; after [`Output::hurry`] for
    /// `patience` at most. Nothing is printed after it.
    pub(super) fn finish(&self, patience: Duration) {
        drop(lock(&self.lines).take());
        let written = lock(&self.written);
        while let Err(RecvTimeoutError::Timeout) = written.recv_timeout(patience) {
            if self.hurried.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn put(&self, line: Line) {
        self.enter(line, None);
    }

    fn enter(&self, line: Line, place: Option<OwnedSemaphorePermit>) {
        if let Some(lines) = &*lock(&self.lines) {
            // A reader that went away ends the command by `closed`.
            let entry = Entry {
                line,
                _place: place,
            };
            lines.send(entry).ok();
        }
    }
}

/// How wide the terminal is that people look at, where there is one.
#[cfg(unix)]
fn columns(json: bool) -> Option<usize> {
    let size = if json {
        rustix::termios::tcgetwinsize(io::stderr())
    } else {
        rustix::termios::tcgetwinsize(io::stdout())
    };
    size.ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
fn columns(_: bool) -> Option<usize> {
    None
}

/// A place for renderers that write by themselves.
pub(super) fn people(json: bool) -> Box<dyn Write + Send> {
    if json {
        Box::new(io::stderr())
    } else {
        Box::new(io::stdout())
    }
}

fn write_lines(
    queue: &Receiver<Entry>,
    broken: &CancellationToken,
    write: impl Fn(Line) -> io::Result<()>,
) {
    for Entry { line, _place } in queue {
        if write(line).is_err() {
            broken.cancel();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output whose reader takes a line for each word that is sent.
    fn slow() -> (Output, Sender<()>) {
        let (take, taken) = channel();
        let write = move |_| taken.recv().map_err(io::Error::other);
        let output = Output::writing(false, true, &Environment::default(), write);
        (output, take)
    }

    #[test]
    fn whoever_is_to_end_does_not_wait_for_a_reader_that_stopped() {
        let (output, _take) = slow();
        output.line("{}".to_owned());
        output.hurry();
        output.finish(Duration::from_millis(10));
    }

    #[test]
    fn a_slow_reader_gets_everything() {
        let (output, take) = slow();
        output.line("{}".to_owned());
        let (done, finished) = channel();
        let finishing = std::thread::spawn(move || {
            output.finish(Duration::from_millis(1));
            done.send(()).ok();
        });
        let waited = finished.recv_timeout(Duration::from_millis(50));
        assert_eq!(waited, Err(RecvTimeoutError::Timeout));
        take.send(()).unwrap();
        finishing.join().unwrap();
    }

    #[tokio::test]
    async fn who_tells_waits_its_turn_and_the_command_itself_does_not() {
        let (output, take) = slow();
        for _ in 0..QUEUE {
            output.tell("{}".to_owned()).await;
        }
        let mut late = Box::pin(output.tell("{}".to_owned()));
        assert!(futures_util::poll!(&mut late).is_pending());
        output.line("{}".to_owned());
        take.send(()).unwrap();
        late.await;
    }
}
