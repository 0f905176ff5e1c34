//! JSON Patch, a table of it.

use serde_json::{Value, json};

use super::*;

pub(super) fn patched(patch: &Value) -> Result<Value, String> {
    let patched = read(FULL).unwrap().patched(patch.to_string().as_bytes());
    let patched = patched.map_err(|error| error.to_string())?;
    Ok(serde_json::from_str(&patched.write()).unwrap())
}

/// One operation, and what stands at `place` after it.
fn becomes(op: &str, path: &str, value: &Value, place: &str, expected: &Value) {
    let mut operation = json!({ "op": op, "path": path });
    if !value.is_null() {
        operation["value"] = value.clone();
    }
    let after = patched(&json!([operation])).unwrap_or_else(|error| panic!("{operation}: {error}"));
    assert_eq!(
        after.pointer(place).unwrap_or(&Value::Null),
        expected,
        "{operation}"
    );
}

#[test]
fn tags_are_a_set() {
    let tags = |op: &str, path: &str, value: Value, expected: Value| {
        becomes(op, path, &value, "/tags", &expected)
    };
    tags("add", "/tags", json!("c"), json!(["a", "B", "c"]));
    tags(
        "add",
        "/tags",
        json!(["c", "b", "d"]),
        json!(["a", "B", "c", "d"]),
    );
    tags(
        "add",
        "/tags",
        json!("[\"c\",\"A\"]"),
        json!(["a", "B", "c"]),
    );
    tags("add", "/tags/c", Value::Null, json!(["a", "B", "c"]));
    tags("add", "/tags/-", json!("c"), json!(["a", "B", "c"]));
    tags("remove", "/tags/b", Value::Null, json!(["a"]));
    tags("remove", "/tags/none", Value::Null, json!(["a", "B"]));
    tags("remove", "/tags", Value::Null, Value::Null);
    tags("replace", "/tags", json!(["c"]), json!(["c"]));
    tags("replace", "/tags", json!("c"), json!(["c"]));
    tags("replace", "/tags/a", json!("c"), json!(["B", "c"]));
}

#[test]
fn the_last_tag_takes_the_property_with_it() {
    let patch = json!([{"op":"remove","path":"/tags/a"},{"op":"remove","path":"/tags/b"}]);
    assert!(patched(&patch).unwrap().get("tags").is_none());
    let patch = json!([{"op":"remove","path":"/tags"},{"op":"add","path":"/tags","value":"n"}]);
    assert_eq!(patched(&patch).unwrap()["tags"], json!(["n"]));
}

#[test]
fn plain_properties_are_set_and_removed() {
    let none = &Value::Null;
    becomes(
        "add",
        "/userId",
        &json!("alice"),
        "/userId",
        &json!("alice"),
    );
    becomes(
        "replace",
        "/userId",
        &json!("alice"),
        "/userId",
        &json!("alice"),
    );
    becomes("remove", "/userId", none, "/userId", none);
    let never = json!("9999-12-31T23:59:59.9999999Z");
    becomes("remove", "/expirationTime", none, "/expirationTime", &never);
    becomes(
        "add",
        "/expirationTime",
        &json!("2031-01-01T00:00:00Z"),
        "/expirationTime",
        &json!("2031-01-01T00:00:00.000Z"),
    );
    becomes(
        "replace",
        "/pushChannel",
        &json!("https://a.example/9"),
        "/pushChannel",
        &json!("https://a.example/9"),
    );
    // A new channel is not the one that expired.
    becomes(
        "add",
        "/pushChannel",
        &json!("https://a.example/9"),
        "/pushChannelExpired",
        &json!(false),
    );
}

#[test]
fn variables_are_patched_whole_and_one_by_one() {
    let none = &Value::Null;
    becomes(
        "add",
        "/pushVariables",
        &json!({"m":"1"}),
        "/pushVariables",
        &json!({"m":"1"}),
    );
    becomes(
        "add",
        "/pushVariables",
        &json!("{\"m\":\"1\"}"),
        "/pushVariables",
        &json!({"m":"1"}),
    );
    becomes(
        "add",
        "/pushVariables/m",
        &json!("{}"),
        "/pushVariables",
        &json!({"m":"{}","n":"v"}),
    );
    becomes("remove", "/pushVariables/n", none, "/pushVariables", none);
}

#[test]
fn templates_are_patched_whole() {
    let none = &Value::Null;
    let whole = json!({"body":"x","tags":["y"]});
    becomes("add", "/templates/new", &whole, "/templates/new", &whole);
    becomes(
        "add",
        "/templates/new",
        &json!(whole.to_string()),
        "/templates/new",
        &whole,
    );
    becomes("replace", "/templates/t", &whole, "/templates/t", &whole);
    becomes("remove", "/templates/t", none, "/templates", none);
    let odd = "/templates/a~1b~0~01";
    becomes("add", odd, &whole, odd, &whole);
    becomes(
        "replace",
        "/templates",
        &json!({"only":{"body":"x"}}),
        "/templates",
        &json!({"only":{"body":"x"}}),
    );
}

#[test]
fn parts_of_a_template_are_patched() {
    let none = &Value::Null;
    let body = json!("{\"aps\":\"$(m)\"}");
    becomes(
        "replace",
        "/templates/t/body",
        &body,
        "/templates/t/body",
        &body,
    );
    becomes(
        "add",
        "/templates/t/headers",
        &json!("{\"X-WNS-Type\":\"wns/raw\"}"),
        "/templates/t/headers",
        &json!({"X-WNS-Type":"wns/raw"}),
    );
    becomes(
        "add",
        "/templates/t/headers/X-WNS-Tag",
        &json!("g"),
        "/templates/t/headers",
        &json!({"X-WNS-Tag":"g","X-WNS-Type":"wns/toast"}),
    );
    becomes(
        "remove",
        "/templates/t/headers/X-WNS-Type",
        none,
        "/templates/t/headers",
        none,
    );
    becomes(
        "remove",
        "/templates/t/expiry",
        none,
        "/templates/t/expiry",
        none,
    );
    becomes(
        "add",
        "/templates/t/tags",
        &json!("n"),
        "/templates/t/tags",
        &json!(["tt", "n"]),
    );
    becomes(
        "remove",
        "/templates/t/tags/TT",
        none,
        "/templates/t/tags",
        none,
    );
}

#[test]
fn tiles_are_patched_like_the_installation() {
    becomes(
        "add",
        "/secondaryTiles/tile/pushChannel",
        &json!("https://a.example/9"),
        "/secondaryTiles/tile/pushChannel",
        &json!("https://a.example/9"),
    );
    becomes(
        "add",
        "/secondaryTiles/tile/tags",
        &json!("y"),
        "/secondaryTiles/tile/tags",
        &json!(["x", "y"]),
    );
    becomes(
        "replace",
        "/secondaryTiles/tile/templates/u/body",
        &json!("c"),
        "/secondaryTiles/tile/templates/u/body",
        &json!("c"),
    );
    becomes(
        "add",
        "/secondaryTiles/two",
        &json!({"pushChannel":"https://a.example/3"}),
        "/secondaryTiles/two/pushChannel",
        &json!("https://a.example/3"),
    );
    becomes(
        "remove",
        "/secondaryTiles/tile",
        &Value::Null,
        "/secondaryTiles",
        &Value::Null,
    );
}

#[test]
fn a_patch_may_be_long_or_empty() {
    assert_eq!(patched(&json!([])).unwrap().to_string().len(), FULL.len());
    let many = |count: usize| vec![json!({"op":"add","path":"/userId","value":"u"}); count];
    assert!(patched(&json!(many(256))).is_ok());
    assert!(
        patched(&json!(many(257)))
            .unwrap_err()
            .contains("256 operations")
    );
}
