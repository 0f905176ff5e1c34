//! Where a value stands in an answer.

use serde::Deserialize;

use crate::model::Invalid;

/// The most names of one path, and the longest of them in bytes.
const MAX_DEPTH: usize = 8;
const MAX_NAME: usize = 64;

/// Names from the outermost object inwards: `data.attributes.text`. A number counts the entries of
/// a list from 0. Names are matched in any case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::backend) struct FieldPath(Vec<String>);

impl FieldPath {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        let bad = |problem: String| Err(Invalid::new("path", problem));
        let names: Vec<String> = text.split('.').map(str::to_owned).collect();
        if names.len() > MAX_DEPTH {
            return bad(format!("has more than {MAX_DEPTH} names"));
        }
        let usable = |name: &String| {
            !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control)
        };
        if !names.iter().all(usable) {
            return bad(format!(
                "must be names with dots between them, such as data.id, each of 1 to {MAX_NAME} bytes"
            ));
        }
        Ok(Self(names))
    }

    pub(in crate::backend) fn names(&self) -> &[String] {
        &self.0
    }

    /// As it was written.
    pub(in crate::backend) fn dotted(&self) -> String {
        self.0.join(".")
    }
}

impl TryFrom<String> for FieldPath {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_names_with_dots_between_them() {
        let path = FieldPath::parse("data.0.id").unwrap();
        assert_eq!(path.names(), ["data", "0", "id"]);
        assert_eq!(path.dotted(), "data.0.id");
        for bad in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a.b\u{1b}",
            "a.b.c.d.e.f.g.h.i",
        ] {
            assert!(FieldPath::parse(bad).is_err(), "{bad:?}");
        }
        assert!(FieldPath::parse(&"a".repeat(65)).is_err());
    }
}
