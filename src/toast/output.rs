//! Where the renderers that write put their lines.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::ToastError;
use crate::lifecycle::{Worker, timeouts};

/// A terminal, pipe or file that may stop to take what is written: it is written to on a thread
/// of its own, with a time-out.
pub(super) struct Output {
    worker: Worker<()>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl Output {
    pub(super) fn new(what: &'static str, writer: Box<dyn Write + Send>) -> Self {
        Self {
            worker: Worker::new(what, || ()),
            writer: Arc::new(Mutex::new(writer)),
        }
    }

    /// Writes `text` and flushes it.
    pub(super) async fn write(&self, text: String) -> Result<(), ToastError> {
        let writer = Arc::clone(&self.writer);
        let written = self
            .worker
            .call(timeouts::TOAST_OUTPUT, move |()| put(&writer, &text))
            .await?;
        written.map_err(|source| ToastError::Write { source })
    }

    pub(super) fn revive(&self) {
        self.worker.revive();
    }
}

fn put(writer: &Mutex<Box<dyn Write + Send>>, text: &str) -> io::Result<()> {
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    writer.write_all(text.as_bytes())?;
    writer.flush()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A writer whose text a test can read.
    #[derive(Clone, Default)]
    pub(in crate::toast) struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        pub(in crate::toast) fn text(&self) -> String {
            let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct ClosedPipe;

    impl Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_closed_pipe_is_an_error_and_no_more() {
        let output = Output::new("the pipe", Box::new(ClosedPipe));
        for _ in 0..5 {
            let error = output.write("text".to_owned()).await.unwrap_err();
            assert!(matches!(error, ToastError::Write { .. }), "{error}");
        }
    }

    struct StoppedTerminal(std::sync::mpsc::Receiver<()>);

    impl Write for StoppedTerminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().ok();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_terminal_that_takes_nothing_is_left_alone() {
        let (resume, stopped) = std::sync::mpsc::channel();
        let output = Output::new("the terminal", Box::new(StoppedTerminal(stopped)));
        let error = output.write("text".to_owned()).await.unwrap_err();
        assert!(matches!(error, ToastError::Slow { .. }), "{error}");
        drop(resume);
    }
}
