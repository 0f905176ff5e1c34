//! What may be said of JSON that does not read.

/// What is wrong, without a value of the document: a push's texts are for its toast alone.
pub(super) fn problem_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() {
        return text;
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("something else stands in the place of {expected}"),
        None => "it is of another shape".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_repeated() {
        let problem = |json: &str| problem_of(&serde_json::from_str::<Vec<u8>>(json).unwrap_err());
        for json in [
            "\"s3cret\"",
            "[\"s3cret, expected s3cret\"]",
            "{\"s3cret\":1}",
            "[4711]",
        ] {
            let text = problem(json);
            assert!(!text.contains("s3cret") && !text.contains("4711"), "{text}");
            assert!(text.contains("in the place of"), "{text}");
        }
        assert!(problem("[1").starts_with("EOF"), "{}", problem("[1"));
    }
}
