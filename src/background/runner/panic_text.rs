//! What may be said of a panic.

use std::any::Any;

use crate::model::DisplayText;

/// What a panic carries.
pub(super) type Panic = Box<dyn Any + Send>;

/// The most characters that are kept.
const MOST_CHARS: usize = 200;

/// How messages begin that Rust's own checks make at run time; what follows shows values.
const KNOWN_BEGINNINGS: [&str; 6] = [
    "called `Result::unwrap()` on an `Err` value",
    "index out of bounds",
    "assertion `left == right` failed",
    "assertion `left != right` failed",
    "slice index",
    "byte index",
];

/// Says what is known of a panic without repeating a value: a payload or a token may stand in a
/// message that was made at run time, but not in one that stands in the code as it is.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    if let Some(literal) = panic.downcast_ref::<&'static str>() {
        return format!("panicked: {}", DisplayText::excerpt(literal, MOST_CHARS));
    }
    let made = panic.downcast_ref::<String>().map(String::as_str);
    let known = made.and_then(|text| {
        KNOWN_BEGINNINGS
            .into_iter()
            .find(|beginning| text.starts_with(beginning))
    });
    match known {
        Some(beginning) => format!("panicked: {beginning}"),
        None => "panicked; its message was made at run time and may hold a secret: standard error has it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_kept_and_values_are_not() {
        let text = |panic: Panic| panic_text(&*panic);
        assert_eq!(
            text(Box::new("no  route\nhere")),
            "panicked: no  route here"
        );
        let made = "called `Result::unwrap()` on an `Err` value: Token(\"s3cret\")";
        let made = text(Box::new(made.to_owned()));
        assert_eq!(
            made,
            "panicked: called `Result::unwrap()` on an `Err` value"
        );
        for panic in [Box::new("s3cret".to_owned()) as Panic, Box::new(5)] {
            assert!(!text(panic).contains("s3cret"));
        }
        assert!(text(Box::new("a")).len() < 20);
    }
}
