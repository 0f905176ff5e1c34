//! How a command that runs on is told to end.

use super::exit::{Exit, Failure};
use super::output::Output;

/// Waits until somebody ends the program, and says with which exit code: an interrupt from the
/// terminal is 130, a termination is an orderly end. From `listen` on no signal ends the process by
/// itself, and one that came before anybody waited is not lost.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let deaf =
            |error: std::io::Error| Failure::failed(format!("signals cannot be heard: {error}"));
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt()).map_err(deaf)?,
                terminate: signal(SignalKind::terminate()).map_err(deaf)?,
            })
        }
        #[cfg(windows)]
        Ok(Self {
            interrupt: tokio::signal::windows::ctrl_c().map_err(deaf)?,
        })
    }

    /// From here on a write past the process's limit on file sizes (`ulimit -f`) fails as one on a
    /// full disk does, and no longer ends the process by a signal.
    pub(super) fn outlive_file_limits() {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            // Whoever has listened once is never ended by the signal again.
            let limit = rustix::process::Signal::XFSZ.as_raw();
            if let Err(error) = signal(SignalKind::from_raw(limit)) {
                tracing::debug!(%error, "a limit on file sizes would end this process");
            }
        }
    }

    pub(super) async fn ended(&mut self, output: &Output) -> Exit {
        tokio::select! {
            exit = self.signalled() => {
                output.hurry();
                exit
            }
            // Nobody reads any more, as after `| head`.
            () = output.closed() => Exit::Done,
        }
    }

    #[cfg(unix)]
    async fn signalled(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Done,
        }
    }

    #[cfg(windows)]
    async fn signalled(&mut self) -> Exit {
        self.interrupt.recv().await;
        Exit::Interrupted
    }
}
