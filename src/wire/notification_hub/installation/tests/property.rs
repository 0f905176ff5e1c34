//! What is written is read again, and nothing panics.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn tag_lists() -> impl Strategy<Value = Vec<Tag>> {
    let tags = prop::collection::btree_set("[a-z0-9_@#.:-]{1,16}", 0..5);
    tags.prop_map(|tags| {
        tags.into_iter()
            .map(|tag| Tag::parse(tag).unwrap())
            .collect()
    })
}

fn template_maps() -> impl Strategy<Value = BTreeMap<String, InstallationTemplate>> {
    let headers = prop::collection::btree_map("[a-z][a-z0-9-]{0,12}", "[!-~]{0,20}", 0..4);
    let template = (
        ".{0,40}x",
        headers,
        tag_lists(),
        prop::option::of("[!-~]{1,10}"),
    )
        .prop_map(|(body, headers, tags, expiry)| InstallationTemplate {
            body,
            headers,
            tags,
            expiry,
        });
    prop::collection::btree_map("[^\\p{C}\\s]{1,20}", template, 0..3)
}

fn tile_maps() -> impl Strategy<Value = BTreeMap<String, SecondaryTile>> {
    let tile = ("[!-~]{0,20}", any::<bool>(), tag_lists(), template_maps()).prop_map(
        |(path, channel_expired, tags, templates)| SecondaryTile {
            handle: PnsHandle::parse(
                HubPlatform::Windows,
                &format!("https://a.example/{path}"),
                None,
            )
            .unwrap(),
            channel_expired,
            tags,
            templates,
        },
    );
    prop::collection::btree_map("[A-Za-z0-9/~ ]{0,9}x", tile, 0..2)
}

fn installations() -> impl Strategy<Value = Installation> {
    let named = (
        "[-_@#.:=A-Za-z0-9]{1,102}",
        prop::option::of("[-_@#.:=A-Za-z0-9]{1,110}"),
    );
    let expires = prop::option::of(0_i64..250_000_000_000_000);
    let variables = prop::collection::btree_map(".{0,10}", ".{0,20}", 0..4);
    let inner = (tag_lists(), variables, template_maps(), tile_maps());
    (named, any::<bool>(), expires, inner).prop_map(
        |(
            (id, user_id),
            channel_expired,
            expires,
            (tags, push_variables, templates, secondary_tiles),
        )| Installation {
            id,
            platform: HubPlatform::Windows,
            handle: PnsHandle::parse(HubPlatform::Windows, "https://a.example/1", None).unwrap(),
            channel_expired,
            tags,
            user_id,
            expires: expires.map(|millis| Timestamp::from_millisecond(millis).unwrap()),
            push_variables,
            templates,
            secondary_tiles,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(installation in installations()) {
        let written = installation.write();
        prop_assert_eq!(Installation::read(written.as_bytes()).unwrap(), installation.clone());
        prop_assert_eq!(installation.patched(b"[]").unwrap(), installation);
    }

    #[test]
    fn a_removed_template_is_gone_and_nothing_else_is(installation in installations()) {
        let mut expected = installation.clone();
        let Some((name, _)) = expected.templates.pop_first() else { return Ok(()) };
        let path = format!("/templates/{}", name.replace('~', "~0").replace('/', "~1"));
        let patch = json!([{ "op": "remove", "path": path }]).to_string();
        prop_assert_eq!(installation.patched(patch.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn no_patch_panics(
        op in "(add|remove|replace|move)",
        path in "(/|tags|templates|secondaryTiles|userId|headers|body|pushChannel|~1|~|t|tile){0,8}",
        value in "(\\{|\\}|\"|:|,|\\[|\\]|a|1|null){0,12}",
    ) {
        let installation = read(FULL).unwrap();
        let as_text = json!([{ "op": op.clone(), "path": path.clone(), "value": value.clone() }]);
        drop(installation.patched(as_text.to_string().as_bytes()));
        drop(installation.patched(format!(r#"[{{"op":"{op}","path":"{path}","value":{value}}}]"#).as_bytes()));
        drop(installation.patched(value.as_bytes()));
        drop(read(&value));
    }
}
