//! Where a phone finds its push service, and whom it may speak to.

use std::path::PathBuf;

use clap::Args;

/// What a phone, or the probe of a test, is told of the network.
#[derive(Debug, Args)]
pub(in crate::cli) struct Network {
    /// Where the push channel is opened: ws, wss, http or https [default: at the backend, else at a
    /// `serve` on this machine's usual port]
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) push: Option<String>,
    /// Certificate authorities to trust besides the system's, PEM
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) ca: Option<PathBuf>,
    /// A host that may be spoken to in plain http although it is not this machine; repeat for more
    #[arg(long, value_name = "HOST")]
    pub(in crate::cli) allow_http: Vec<String>,
}
