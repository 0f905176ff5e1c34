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

/// What is wrong with a part of a document: what our own types say of it, and what JSON's reader says
/// without the value that it would repeat.
pub(super) fn problem_within(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let repeats = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant `",
        "unknown field `",
    ];
    if repeats.iter().any(|beginning| text.starts_with(beginning)) {
        problem_of(error)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_told_of_in_our_own_words_or_without_its_value() {
        use crate::model::Tag;
        use serde_json::json;

        let tag = serde_json::from_value::<Vec<Tag>>(json!(["a b"])).unwrap_err();
        assert_eq!(problem_within(&tag), tag.to_string());
        for value in [json!("s3cret, expected s3cret"), json!({"s3cret": 1})] {
            let text = problem_within(&serde_json::from_value::<bool>(value).unwrap_err());
            assert_eq!(text, "something else stands in the place of a boolean");
        }
    }

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
