//! The parts of a toast besides its texts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{DisplayText, Invalid};

/// An image of a toast. It comes from a push: a renderer draws what the app itself brought
/// (`ms-appx:///`), and fetches nothing from anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToastImage {
    /// Where it is, as the sender wrote it.
    pub source: String,
    /// What it shows, for those who do not see it.
    #[serde(skip_serializing_if = "DisplayText::is_empty", default)]
    pub alt: DisplayText,
}

impl ToastImage {
    /// The longest source, in bytes.
    pub const MAX_SOURCE: usize = 2048;

    /// Takes the source and description of an image.
    ///
    /// # Errors
    /// [`Invalid`] when the source is empty, too long, or has control characters.
    pub fn parse(source: impl Into<String>, alt: &str) -> Result<Self, Invalid> {
        let source = source.into();
        if source.is_empty() || source.len() > Self::MAX_SOURCE {
            return Err(Invalid::new(
                "toast image",
                format!(
                    "has a source of {} bytes, 1 to {} are taken",
                    source.len(),
                    Self::MAX_SOURCE
                ),
            ));
        }
        if source.chars().any(char::is_control) {
            return Err(Invalid::new(
                "toast image",
                "has control characters in its source",
            ));
        }
        Ok(Self {
            source,
            alt: DisplayText::new(alt),
        })
    }

    /// The path within the app's own package, where the image is of the app (`ms-appx:///`): plain
    /// segments, none of which leads out.
    #[must_use]
    pub fn package_path(&self) -> Option<&str> {
        let path = self.source.strip_prefix("ms-appx:///")?;
        let plain = |segment: &str| {
            !segment.is_empty()
                && segment != "."
                && segment != ".."
                && !segment.contains(['\\', ':', '\0'])
        };
        path.split('/').all(plain).then_some(path)
    }
}

/// A button of a toast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToastAction {
    /// What stands on it.
    pub content: DisplayText,
    /// What the app is told when it is pressed, at most [`super::ToastContent::MAX_LAUNCH`] bytes.
    pub arguments: String,
}

/// A sender's name for a toast or a group: at most 64 characters (Windows 10 1703; 16 before).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ToastTag(String);

impl ToastTag {
    /// The most characters.
    pub const MAX_CHARS: usize = 64;

    /// Parses a name from outside.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty, too long, or has control characters.
    pub fn parse(value: impl Into<String>) -> Result<Self, Invalid> {
        let value = value.into();
        let characters = value.chars().count();
        if characters == 0 || characters > Self::MAX_CHARS {
            return Err(Invalid::new(
                "toast tag",
                format!(
                    "has {characters} characters, 1 to {} are allowed",
                    Self::MAX_CHARS
                ),
            ));
        }
        if DisplayText::new(&value).as_str() != value {
            return Err(Invalid::new(
                "toast tag",
                "has characters that are not to be seen, or change the direction of writing",
            ));
        }
        Ok(Self(value))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToastTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ToastTag {
    type Error = Invalid;
    fn try_from(value: String) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}

impl From<ToastTag> for String {
    fn from(value: ToastTag) -> Self {
        value.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_apps_own_images_have_a_path() {
        let path = |source: &str| {
            ToastImage::parse(source, "")
                .unwrap()
                .package_path()
                .map(str::to_owned)
        };
        assert_eq!(
            path("ms-appx:///Assets/a.png").as_deref(),
            Some("Assets/a.png")
        );
        for source in [
            "ms-appx:///../a.png",
            "ms-appx:////etc/passwd",
            "ms-appx:///a/../../b",
            "ms-appx:///C:/a",
            "ms-appx:///",
            "file:///etc/passwd",
            "https://example.org/a.png",
        ] {
            assert_eq!(path(source), None, "{source}");
        }
        assert!(ToastImage::parse("x".repeat(2049), "").is_err());
    }

    #[test]
    fn a_tag_has_at_most_64_characters() {
        assert!(ToastTag::parse("ä".repeat(64)).is_ok());
        assert!(ToastTag::parse("ä".repeat(65)).is_err());
        assert!(ToastTag::parse("").is_err());
        assert!(ToastTag::parse("a\tb").is_err());
        assert!(ToastTag::parse("a\u{202e}b").is_err());
    }
}
