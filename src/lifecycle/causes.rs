//! What stands behind an error that another library hands on.

use std::error::Error;
use std::io;

/// What the error at the bottom of the chain says: the ones above only repeat where it happened.
#[must_use]
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(below) = below(deepest) {
        deepest = below;
    }
    deepest.to_string()
}

/// Whether the error, or one below it, is what `matches` looks for.
pub fn any_cause(
    error: &(dyn Error + 'static),
    matches: impl Fn(&(dyn Error + 'static)) -> bool,
) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if matches(cause) {
            return true;
        }
        next = below(cause);
    }
    false
}

/// The cause of an error. An I/O error's own `source` leaves out the error it wraps.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_below_what_an_io_error_wraps() {
        let root = "x".parse::<u8>().unwrap_err();
        let said = root.to_string();
        let error = io::Error::other(io::Error::other(root));
        assert_eq!(innermost(&error), said);
        assert!(any_cause(&error, |cause| cause.is::<std::num::ParseIntError>()));
        assert!(!any_cause(&error, |cause| cause.is::<std::fmt::Error>()));
    }
}
