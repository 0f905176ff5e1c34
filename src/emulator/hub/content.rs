//! What a sender gives to the hub.

use axum::body::Bytes;

use crate::wire::notification_hub::Format;

/// A notification in one format. `Debug` does not show what it says.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::emulator) struct Content {
    pub(in crate::emulator) format: Format,
    /// Headers for the push service (`X-WNS-Type`, `apns-priority`, …), names in lower case.
    pub(in crate::emulator) headers: Vec<(String, String)>,
    pub(in crate::emulator) content_type: Option<String>,
    pub(in crate::emulator) body: Bytes,
}

impl Content {
    /// A notification without headers.
    pub(in crate::emulator) fn new(format: Format, body: impl Into<Bytes>) -> Self {
        Self {
            format,
            headers: Vec::new(),
            content_type: None,
            body: body.into(),
        }
    }

    pub(in crate::emulator) fn of_type(mut self, content_type: &str) -> Self {
        self.content_type = Some(content_type.to_owned());
        self
    }

    pub(in crate::emulator) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// With this value of a header instead of any other.
    pub(in crate::emulator) fn replacing(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.with(name, value)
    }

    /// The header's value, by its name in lower case.
    pub(in crate::emulator) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("format", &self.format)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
