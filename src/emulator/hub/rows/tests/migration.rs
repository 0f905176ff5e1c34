use super::*;
use crate::emulator::hub::routing::{self, Bounds};
use crate::model::TagExpression;
use crate::wire::notification_hub::Format;

/// The format before the hub, with what it held.
fn before() -> Connection {
    let c = Connection::open_in_memory().unwrap();
    let hub = SCHEMA
        .migrations
        .iter()
        .position(|m| m.contains("CREATE TABLE hub_target"));
    for migration in &SCHEMA.migrations[..hub.unwrap()] {
        c.execute_batch(migration).unwrap();
    }
    for (id, platform) in [("w", "wns"), ("a", "apns"), ("f", "fcm"), ("b", "webpush")] {
        let keys = (platform == "webpush").then_some("key");
        c.execute(
            "INSERT INTO installation(id, platform, handle, p256dh, auth) VALUES (?1, ?2, 'h-' || ?1, ?3, ?3)",
            (id, platform, keys),
        )
        .unwrap();
        for tag in ["username:alice", platform] {
            let insert = "INSERT INTO installation_tag(tag, installation) VALUES (?1, ?2)";
            c.execute(insert, (tag, id)).unwrap();
        }
    }
    let bare = "INSERT INTO installation(id, platform, handle) VALUES ('x', 'wns', 'bare')";
    c.execute(bare, []).unwrap();
    c
}

#[test]
fn the_installations_of_the_format_before_are_still_reached() {
    let c = before();
    let hub = SCHEMA
        .migrations
        .iter()
        .position(|m| m.contains("CREATE TABLE hub_target"));
    for migration in &SCHEMA.migrations[hub.unwrap()..] {
        c.execute_batch(migration).unwrap();
    }
    let all = listed(&c, &Listing::All, 1);
    assert_eq!(all.registrations.len(), 5);
    let bounds = Bounds {
        targets: 10,
        looks: 10,
    };
    for (platform, id, own) in [
        (HubPlatform::Windows, "w", "wns"),
        (HubPlatform::Apple, "a", "apns"),
        (HubPlatform::FcmV1, "f", "fcm"),
        (HubPlatform::Browser, "b", "webpush"),
    ] {
        let to = TagExpression::parse(&format!("username:Alice && {own}")).unwrap();
        let reached = routing::reach(&c, Format::Native(platform), Some(&to), 0, bounds).unwrap();
        let [target] = reached.targets.as_slice() else {
            panic!("{platform}: {reached:?}");
        };
        let stored = all
            .registrations
            .iter()
            .find(|stored| stored.id.as_str() == id)
            .unwrap();
        let registration = &stored.registration;
        assert_eq!((registration.platform, stored.etag), (platform, 1));
        assert_eq!(registration.handle.text.as_str(), format!("h-{id}"));
        assert_eq!(
            registration.handle.keys.is_some(),
            platform == HubPlatform::Browser
        );
        let mut tags: Vec<&str> = registration.tags.iter().map(Tag::as_str).collect();
        tags.sort_unstable();
        let mut expected = [own, "username:alice"];
        expected.sort_unstable();
        assert_eq!(tags, expected);
        let row = super::super::targets::live(&c, *target, at(1))
            .unwrap()
            .unwrap();
        assert_eq!(row.registration, id);
    }
    let totals: i64 = c
        .query_row("SELECT targets FROM hub_total", [], |row| row.get(0))
        .unwrap();
    assert_eq!(totals, 5);
    let counts: i64 = c
        .query_row("SELECT sum(targets) FROM hub_label", [], |row| row.get(0))
        .unwrap();
    assert_eq!(counts, 8);
}
