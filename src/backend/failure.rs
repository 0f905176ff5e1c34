//! What the HTTP library's errors mean.

use std::error::Error;
use std::io;

use super::error::tame;
use super::{BackendClient, BackendError};
use crate::lifecycle::{any_cause, innermost};

impl BackendClient {
    /// An exchange that brought no answer, or not the whole of it.
    pub(super) fn failure(&self, request: &str, error: &reqwest::Error) -> BackendError {
        let request = request.to_owned();
        if error.is_timeout() {
            let (what, limit) = if error.is_connect() {
                ("no connection", self.time_outs.connect)
            } else {
                ("no whole answer", self.time_outs.request)
            };
            return BackendError::TimedOut {
                request,
                what,
                limit,
            };
        }
        if error.is_dns() {
            let host = self.origin.url().host_str().unwrap_or_default().to_owned();
            return BackendError::UnknownHost { request, host };
        }
        let cause = tame(&innermost(error));
        if any_cause(error, |cause| cause.is::<rustls::Error>()) {
            return BackendError::Tls { request, cause };
        }
        if error.is_connect() {
            return no_connection(request, cause, error);
        }
        if error.is_decode() && any_cause(error, is_unpacking) {
            return BackendError::Garbled { request, cause };
        }
        BackendError::Interrupted { request, cause }
    }
}

fn no_connection(request: String, cause: String, error: &reqwest::Error) -> BackendError {
    if any_cause(error, |cause| {
        io_kind(cause) == Some(io::ErrorKind::ConnectionRefused)
    }) {
        return BackendError::ConnectionRefused { request };
    }
    BackendError::Unreachable { request, cause }
}

fn is_unpacking(cause: &(dyn Error + 'static)) -> bool {
    matches!(
        io_kind(cause),
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    )
}

fn io_kind(cause: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    cause.downcast_ref::<io::Error>().map(io::Error::kind)
}
