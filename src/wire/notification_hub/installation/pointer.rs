//! The paths of a patch: JSON pointers (RFC 6901), and what they lead to.

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The address, which cannot be removed.
    Channel,
    /// One text.
    Text,
    /// An object, which is added as a whole.
    Object,
    /// A list of tags.
    Tags,
    /// One tag, by its name.
    Tag,
}

/// The segments of a JSON pointer (RFC 6901 §3, §4).
pub(super) fn unescaped(path: &str) -> Result<Vec<String>, String> {
    let inner = path
        .strip_prefix('/')
        .ok_or("has a path that does not begin with /")?;
    let segment = |escaped: &str| {
        if escaped
            .split('~')
            .skip(1)
            .any(|rest| !rest.starts_with(['0', '1']))
        {
            return Err("has a path with ~ before something else than 0 or 1".to_owned());
        }
        Ok(escaped.replace("~1", "/").replace("~0", "~"))
    };
    inner.split('/').map(segment).collect()
}

pub(super) fn target_of(path: &[&str]) -> Option<Target> {
    match path {
        ["pushChannel"] | ["secondaryTiles", _, "pushChannel"] => Some(Target::Channel),
        ["userId" | "expirationTime"] | ["pushVariables", _] => Some(Target::Text),
        ["pushVariables" | "secondaryTiles"] | ["secondaryTiles", _] => Some(Target::Object),
        ["secondaryTiles", _, inner @ ..] => target_of_tagged(inner),
        _ => target_of_tagged(path),
    }
}

/// What an installation and its tiles both have.
fn target_of_tagged(path: &[&str]) -> Option<Target> {
    match path {
        ["templates"] | ["templates", _] | ["templates", _, "headers"] => Some(Target::Object),
        ["templates", _, "body" | "expiry"] | ["templates", _, "headers", _] => Some(Target::Text),
        ["tags"] | ["templates", _, "tags"] => Some(Target::Tags),
        ["tags", _] | ["templates", _, "tags", _] => Some(Target::Tag),
        _ => None,
    }
}
