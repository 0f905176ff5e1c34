//! A topic's name.

/// The longest name, in bytes.
const LONGEST: usize = 900;

/// A topic: letters, digits and `-_.~%`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Topic(String);

impl Topic {
    /// Reads a name, with or without `/topics/` before it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let name = text.strip_prefix("/topics/").unwrap_or(text);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte);
        let named = (1..=LONGEST).contains(&name.len()) && name.bytes().all(fits);
        named.then(|| Self(name.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_no_part_of_the_name() {
        assert_eq!(Topic::read("/topics/news"), Topic::read("news"));
        assert!(Topic::read("a-_.~%Z9").is_some());
        let long = "x".repeat(901);
        for junk in ["", "/topics/", "a b", "a/b", "/topics/a/b", "ü", &long] {
            assert_eq!(Topic::read(junk), None, "{junk}");
        }
    }
}
