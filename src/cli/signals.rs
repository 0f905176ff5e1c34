//! How a command that runs on is told to end.

use super::exit::{Exit, Failure};
use super::output::Output;

/// Waits until somebody ends the program, and says with which exit code: an interrupt from the
/// terminal is 130, a termination is an orderly end.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        #[cfg(unix)]
        {
            let kind = tokio::signal::unix::SignalKind::terminate();
            let terminate = tokio::signal::unix::signal(kind)
                .map_err(|error| Failure::failed(format!("signals cannot be heard: {error}")))?;
            Ok(Self { terminate })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    pub(super) async fn ended(&mut self, output: &Output) -> Exit {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => match interrupted {
                Ok(()) => Exit::Interrupted,
                Err(_) => Exit::Failed,
            },
            () = self.terminated() => Exit::Done,
            // Nobody reads any more, as after `| head`.
            () = output.closed() => Exit::Done,
        }
    }

    #[cfg(unix)]
    async fn terminated(&mut self) {
        self.terminate.recv().await;
    }

    #[cfg(not(unix))]
    async fn terminated(&mut self) {
        std::future::pending().await
    }
}
