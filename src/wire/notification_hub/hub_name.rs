//! Names of hubs.

use crate::model::Invalid;

/// The longest name of a hub, in characters (Azure Notification Hubs).
const LONGEST: usize = 260;

/// Checks the name of a hub: 1 to 260 letters, digits and `._-` that begin and end with a letter or
/// digit, so that it is a segment of a path as it stands.
///
/// # Errors
/// [`Invalid`] says what of it is wrong.
pub fn check_hub_name(name: &str) -> Result<(), Invalid> {
    let invalid = |problem: &str| Err(Invalid::new("hub name", problem));
    if name.is_empty() || name.len() > LONGEST {
        return invalid("must have 1 to 260 characters");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.chars().all(allowed) {
        return invalid("may have letters, digits, periods, underscores and hyphens alone");
    }
    let is_end = |c: char| c.is_ascii_alphanumeric();
    if !name.starts_with(is_end) || !name.ends_with(is_end) {
        return invalid("must begin and end with a letter or a digit");
    }
    Ok(())
}
