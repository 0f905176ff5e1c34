//! Direct sends to many handles at once: `multipart/mixed` (RFC 2046 §5.1) with one part for the
//! notification and one for the handles.

use crate::model::{Handle, Invalid};

/// A batch of direct sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendBatch {
    /// The notification's content type, where its part names one.
    pub content_type: Option<String>,
    /// The notification.
    pub notification: Vec<u8>,
    /// Whom it goes to.
    pub handles: Vec<Handle>,
}

/// Reads a batch; `content_type` is the request's, with white space around its `=` or without.
///
/// # Errors
/// [`Invalid`] says what is malformed or too many.
pub fn read_send_batch(_content_type: &str, _body: &[u8]) -> Result<SendBatch, Invalid> {
    unimplemented!()
}
