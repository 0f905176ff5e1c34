//! Tracing: what goes to the log, and in which form.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How the log is written. It goes to standard error.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogOptions {
    /// 0 warnings, 1 information, 2 details, 3 everything of handset, 4 of its libraries as well.
    pub verbosity: u8,
    /// No colour even on a terminal (`NO_COLOR`).
    pub plain: bool,
}

impl LogOptions {
    fn filter(self) -> &'static str {
        match self.verbosity {
            // What a certificate lacks handset itself says, with the host and the remedy.
            0 => "warn,rustls_platform_verifier=off",
            1 => "warn,rustls_platform_verifier=off,handset=info",
            2 => "info,rustls_platform_verifier=off,handset=debug",
            3 => "info,rustls_platform_verifier=off,handset=trace",
            _ => "debug,handset=trace,zbus=info",
        }
    }
}

/// Sets up the log of this process. A second call changes nothing, so that tests may all call it.
pub fn init_logging(options: LogOptions) {
    let ansi = !options.plain && std::io::stderr().is_terminal();
    let done = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(options.filter()))
        .with_writer(std::io::stderr)
        .with_ansi(ansi)
        .with_target(options.verbosity > 1)
        .try_init();
    if let Err(error) = done {
        tracing::debug!(%error, "the log was set up before");
    }
}
