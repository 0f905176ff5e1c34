//! The toast a WNS `wns/toast` notification carries: XML of the toast schema.
//!
//! Read are the texts, the first image, the buttons and the launch argument of the binding that
//! Windows 10 takes: `ToastGeneric` where there is one, else the first. What else the schema has
//! (`duration`, `scenario`, `displayTimestamp`, `header`, inputs, groups, hints) is let through.

mod layout;
mod parse;
#[cfg(test)]
mod tests;

use super::xml;
use crate::model::{Invalid, RawNotification, ToastAction, ToastImage, ToastTemplate};

/// What a toast's XML says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToastXml {
    /// The layout; one that handset does not draw is drawn as `ToastText02`, as Windows Phone does.
    pub template: ToastTemplate,
    /// The `<text>` elements of the binding, an attribution last.
    pub texts: Vec<String>,
    /// Its first `<image>`.
    pub image: Option<ToastImage>,
    /// The buttons, at most [`crate::model::ToastContent::MOST_ACTIONS`].
    pub actions: Vec<ToastAction>,
    /// `launch`: what the app is told when the toast is tapped.
    pub launch: Option<String>,
}

/// Reads a toast. A document type is refused, so no entity is ever expanded but the predefined.
///
/// # Errors
/// [`Invalid`] when it is not well-formed, shows nothing, or has an argument over
/// [`crate::model::ToastContent::MAX_LAUNCH`].
pub fn read_toast(content: &[u8]) -> Result<ToastXml, Invalid> {
    let mut parse = parse::Parse::default();
    let limit = RawNotification::MAX_CONTENT;
    xml::read(WHAT, "toast", limit, content, &mut parse)?;
    parse.finish()
}

/// What it is called in errors.
const WHAT: &str = "toast";
