//! Text that people see.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text for a person's eyes, made harmless: no NUL, no control characters but line breaks, no
/// characters that override the direction of writing, and a bounded length. Markup stays as it
/// is: it is data, and a renderer that would interpret it escapes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct DisplayText(String);

impl DisplayText {
    /// The most characters that are kept; the rest is cut and marked with `…`.
    pub const MAX_CHARS: usize = 2000;

    /// Makes `text` harmless and cuts it to [`Self::MAX_CHARS`].
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut kept = String::with_capacity(text.len().min(4 * Self::MAX_CHARS));
        let mut harmless = text.chars().filter_map(harmless);
        for character in harmless.by_ref().take(Self::MAX_CHARS) {
            kept.push(character);
        }
        if harmless.next().is_some() {
            kept.pop();
            kept.push('…');
        }
        Self(kept)
    }

    /// Foreign text, made fit to be repeated in an error or a log: one harmless line of at most
    /// `most` characters.
    #[must_use]
    pub fn excerpt(text: &str, most: usize) -> String {
        let start: String = text.chars().take(most).collect();
        Self::new(&start).0.replace('\n', " ")
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when nothing is left to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The character to show, if any: tabs become spaces, separators become line breaks.
fn harmless(c: char) -> Option<char> {
    match c {
        '\n' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' => Some(' '),
        c if c.is_control() => None,
        // Direction marks, embeddings, overrides and isolates (Unicode TR9 §2), and the invisible
        // deprecated and tag characters.
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' => None,
        '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' => None,
        '\u{E0000}'..='\u{E007F}' => None,
        c => Some(c),
    }
}

impl From<String> for DisplayText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&str> for DisplayText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<DisplayText> for String {
    fn from(text: DisplayText) -> Self {
        text.0
    }
}

impl fmt::Display for DisplayText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_or_a_daemon_survives() {
        let text = DisplayText::new("a\0b\x1b[31mc\u{202E}d\u{2066}e\u{9b}f\r\ng\th");
        assert_eq!(text.as_str(), "ab[31mcdef\ng h");
    }

    #[test]
    fn markup_is_kept_as_data() {
        assert_eq!(DisplayText::new("<b>1 & 2</b>").as_str(), "<b>1 & 2</b>");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let text = DisplayText::new(&"ä".repeat(5000));
        assert_eq!(text.as_str().chars().count(), DisplayText::MAX_CHARS);
        assert!(text.as_str().ends_with('…'));
        let whole = "ä".repeat(DisplayText::MAX_CHARS);
        assert_eq!(DisplayText::new(&whole).as_str(), whole);
    }
}
