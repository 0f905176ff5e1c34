//! Patches that are refused, and their bounds.

use serde_json::{Value, json};

use super::super::super::MAX_BODY;
use super::patches::patched;
use super::*;

/// A bad operation, and a part of what is said of it.
const BAD: [(&str, &str); 31] = [
    (
        r#"{"op":"move","path":"/tags","from":"/x"}"#,
        "cannot be read",
    ),
    (
        r#"{"op":"test","path":"/userId","value":"bob"}"#,
        "cannot be read",
    ),
    (r#"{"op":"add","value":"x"}"#, "cannot be read"),
    (r#"{"path":"/tags","value":"x"}"#, "cannot be read"),
    (r#""s3cret""#, "cannot be read"),
    (
        r#"{"op":"add","path":"","value":{}}"#,
        "operation 2 has a path that does not begin with /",
    ),
    (
        r#"{"op":"add","path":"tags","value":"x"}"#,
        "does not begin with /",
    ),
    (
        r#"{"op":"add","path":"/s3cret","value":"x"}"#,
        "cannot be patched",
    ),
    (
        r#"{"op":"add","path":"/platform","value":"gcm"}"#,
        "cannot be patched",
    ),
    (
        r#"{"op":"replace","path":"/installationId","value":"x"}"#,
        "cannot be patched",
    ),
    (
        r#"{"op":"add","path":"/tags/a/b","value":"x"}"#,
        "cannot be patched",
    ),
    (
        r#"{"op":"add","path":"/templates/t/body/x","value":"x"}"#,
        "cannot be patched",
    ),
    (
        r#"{"op":"add","path":"/secondaryTiles/tile/userId","value":"x"}"#,
        "cannot be patched",
    ),
    (r#"{"op":"add","path":"/tags/~2","value":"x"}"#, "~"),
    (r#"{"op":"add","path":"/tags/~~01","value":"x"}"#, "~"),
    (r#"{"op":"remove","path":"/pushChannel"}"#, "pushChannel"),
    (r#"{"op":"add","path":"/userId"}"#, "no value"),
    (r#"{"op":"add","path":"/userId","value":null}"#, "no value"),
    (
        r#"{"op":"add","path":"/userId","value":{"a":"s3cret"}}"#,
        "no text",
    ),
    (
        r#"{"op":"add","path":"/userId","value":"s3cret bob"}"#,
        "userId is not",
    ),
    (
        r#"{"op":"add","path":"/tags","value":{"a":"s3cret"}}"#,
        "neither a tag nor a list",
    ),
    (
        r#"{"op":"add","path":"/tags","value":[1]}"#,
        "neither a tag nor a list",
    ),
    (
        r#"{"op":"add","path":"/tags","value":"[s3cret"}"#,
        "neither a tag nor a list",
    ),
    (
        r#"{"op":"add","path":"/tags","value":"(s3cret)"}"#,
        "tag contains",
    ),
    (
        r#"{"op":"add","path":"/templates/t","value":"s3cret"}"#,
        "no object",
    ),
    (
        r#"{"op":"add","path":"/templates/t","value":{"body":{}}}"#,
        "leaves no installation",
    ),
    (
        r#"{"op":"add","path":"/templates","value":{"t":["s3cret"]}}"#,
        "leaves no installation",
    ),
    (
        r#"{"op":"add","path":"/templates/new/expiry","value":"x"}"#,
        "no body",
    ),
    (r#"{"op":"remove","path":"/templates/t/body"}"#, "no body"),
    (
        r#"{"op":"add","path":"/pushChannel","value":"s3cret"}"#,
        "absolute URL",
    ),
    (
        r#"{"op":"remove","path":"/secondaryTiles/tile/pushChannel"}"#,
        "pushChannel",
    ),
];

#[test]
fn a_bad_operation_undoes_all_of_them() {
    for (operation, word) in BAD {
        let operation: Value = serde_json::from_str(operation).unwrap();
        let patch = json!([{"op":"add","path":"/tags","value":"fine"}, operation]);
        let error = patched(&patch).expect_err(&operation.to_string());
        assert!(error.contains(word), "{operation}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn what_is_no_patch_is_refused() {
    for junk in [
        "",
        "{}",
        "null",
        "[[]]",
        r#"[["add","/tags","x"]]"#,
        "[",
        "\"[]\"",
    ] {
        assert!(
            read(FULL).unwrap().patched(junk.as_bytes()).is_err(),
            "{junk}"
        );
    }
}

#[test]
fn what_comes_of_a_patch_is_bounded() {
    let numbered = |from: usize, to: usize| (from..to).map(|n| format!("t{n}")).collect::<Vec<_>>();
    let add = |tags: Vec<String>| json!({"op":"add","path":"/tags","value":tags});
    assert!(patched(&json!([add(numbered(0, 58))])).is_ok());
    assert!(
        patched(&json!([add(vec!["t".repeat(121)])]))
            .unwrap_err()
            .contains("121")
    );
    assert!(
        patched(&json!([add(numbered(0, 59))]))
            .unwrap_err()
            .contains("60 tags")
    );
    // Too many between two operations are no matter.
    let removal = json!({"op":"remove","path":"/tags/a"});
    assert!(patched(&json!([add(numbered(0, 59)), removal])).is_ok());
    assert!(
        patched(&json!([add(numbered(0, 5_000))]))
            .unwrap_err()
            .contains("operation 1")
    );

    let large = json!([{"op":"add","path":"/templates/big","value":{"body":"x".repeat(60_000)}}])
        .to_string();
    let once = read(FULL).unwrap().patched(large.as_bytes()).unwrap();
    let error = once
        .patched(large.replace("big", "bigger").as_bytes())
        .unwrap_err();
    assert!(error.to_string().contains("65536"), "{error}");
    let huge = format!("[{}]", " ".repeat(MAX_BODY));
    assert!(
        once.patched(huge.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("at most 65536")
    );
    let deep = "[".repeat(60_000);
    assert!(once.patched(deep.as_bytes()).is_err());
}
