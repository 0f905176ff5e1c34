//! Direct sends to many handles at once: `multipart/mixed` (RFC 2046 §5.1) with one part for the
//! notification and one for the handles.

mod handles;
mod multipart;
#[cfg(test)]
mod tests;

use crate::model::{Handle, Invalid};

use multipart::{Boundary, Part};

/// The most handles of one direct send (Microsoft, "Direct batch send").
pub const MAX_BATCH_HANDLES: usize = 1000;

/// The largest body of a batch, in bytes (4 MiB): a notification, and a thousand of the longest
/// handles with room for their escapes in JSON. The limit of other bodies holds for the
/// notification in it; whoever takes the request checks both.
pub const MAX_BATCH_BODY: usize = 4 * 1024 * 1024;

/// The names of the parts, in `Content-Disposition`.
const NOTIFICATION: &str = "notification";
const DEVICES: &str = "devices";

/// A batch of direct sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendBatch {
    /// The notification's content type, where its part names one.
    pub content_type: Option<String>,
    /// The notification.
    pub notification: Vec<u8>,
    /// Whom it goes to: 1 to [`MAX_BATCH_HANDLES`].
    pub handles: Vec<Handle>,
}

/// Reads a batch; `content_type` is the request's, with white space around its `=` or without. Parts
/// in any order, lines that end with CRLF or LF; what stands before the first part and behind the
/// last, and parts of other names, are passed over.
///
/// # Errors
/// [`Invalid`] says what is malformed or too many.
pub fn read_send_batch(content_type: &str, body: &[u8]) -> Result<SendBatch, Invalid> {
    if body.len() > MAX_BATCH_BODY {
        return Err(bad(format!(
            "is {} bytes long, at most {MAX_BATCH_BODY} are allowed",
            body.len()
        )));
    }
    let boundary = Boundary::of(content_type)?;
    let mut notification = None;
    let mut devices = None;
    for part in multipart::parts(body, &boundary)? {
        let place = match part.name.as_deref() {
            Some(name) if name.eq_ignore_ascii_case(NOTIFICATION) => &mut notification,
            Some(name) if name.eq_ignore_ascii_case(DEVICES) => &mut devices,
            Some(_) | None => continue,
        };
        let name = part.name.clone().unwrap_or_default();
        if place.replace(part).is_some() {
            return Err(bad(format!("has two parts named {name}")));
        }
    }
    let notification: Part<'_> = notification.ok_or_else(|| missing(NOTIFICATION))?;
    let devices: Part<'_> = devices.ok_or_else(|| missing(DEVICES))?;
    Ok(SendBatch {
        content_type: notification.content_type,
        notification: notification.content.to_vec(),
        handles: handles::read(devices.content)?,
    })
}

fn missing(part: &str) -> Invalid {
    bad(format!(
        "has no part named {part}: it needs one with Content-Disposition: inline; name={part}"
    ))
}

fn bad(problem: impl Into<String>) -> Invalid {
    Invalid::new("batch", problem)
}
