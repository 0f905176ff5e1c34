use super::*;
use crate::emulator::hub::HubError;
use crate::emulator::hub::asking::Precondition;
use crate::emulator::hub::routing::{self, Bounds};
use crate::emulator::hub::rows::{MOST_PARTS, installations, registrations, sweep, targets};
use crate::model::{RegistrationId, TagExpression};
use crate::wire::notification_hub::{Format, Installation, InstallationTemplate, SecondaryTile};

fn template(with: &[&str]) -> InstallationTemplate {
    InstallationTemplate {
        body: "<toast/>".into(),
        headers: BTreeMap::from([("X-WNS-Type".into(), "wns/toast".into())]),
        tags: tags(with),
        expiry: None,
    }
}

fn installation() -> Installation {
    Installation {
        id: "phone".into(),
        platform: HubPlatform::Windows,
        handle: handle("https://wns.example/phone"),
        channel_expired: false,
        tags: tags(&["news"]),
        user_id: Some("Alice".into()),
        expires: None,
        push_variables: BTreeMap::from([("name".into(), "A".into())]),
        templates: BTreeMap::from([
            ("first".into(), template(&["own"])),
            ("second one".into(), template(&[])),
        ]),
        secondary_tiles: BTreeMap::new(),
    }
}

fn put(c: &Connection, new: &Installation) {
    installations::put(c, new.clone(), at(1)).unwrap().unwrap();
}

fn get(c: &Connection) -> Option<Installation> {
    installations::get(c, "phone", at(1)).unwrap()
}

/// How many targets of a format an expression reaches.
fn reached(c: &Connection, format: Format, expression: &str) -> usize {
    let to = TagExpression::parse(expression).unwrap();
    let bounds = Bounds {
        targets: 100,
        looks: 1000,
    };
    routing::reach(c, format, Some(&to), 0, bounds)
        .unwrap()
        .targets
        .len()
}

const NATIVE: Format = Format::Native(HubPlatform::Windows);

#[test]
fn an_installation_is_a_target_for_itself_and_one_for_each_template() {
    let c = database();
    put(&c, &installation());
    assert_eq!(get(&c).unwrap(), installation());
    for (expression, native, templates) in [
        ("news", 1, 2),
        ("$InstallationId:{PHONE}", 1, 2),
        ("$UserId:{alice}", 1, 2),
        ("own", 0, 1),
        ("first", 0, 1),
        ("news && !own", 1, 1),
        ("other", 0, 0),
    ] {
        assert_eq!(reached(&c, NATIVE, expression), native, "{expression}");
        assert_eq!(
            reached(&c, Format::Template, expression),
            templates,
            "{expression}"
        );
    }
    let page = listed(
        &c,
        &Listing::WithTag(Tag::parse("$installationid:{phone}").unwrap()),
        1,
    );
    assert_eq!(page.registrations.len(), 3);
    let names: Vec<_> = page
        .registrations
        .iter()
        .map(|stored| {
            stored
                .registration
                .template
                .as_ref()
                .and_then(|t| t.name.as_deref())
        })
        .collect();
    assert_eq!(names, [None, Some("first"), Some("second one")]);
}

#[test]
fn what_stays_keeps_its_registration_and_what_goes_is_no_target() {
    let c = database();
    put(&c, &installation());
    let ids = || -> Vec<(String, u64)> {
        let page = listed(&c, &Listing::All, 1);
        let all = page.registrations.into_iter();
        all.map(|stored| (stored.id.into(), stored.etag)).collect()
    };
    let before = ids();
    let mut other = installation();
    other.templates.remove("second one");
    other.templates.insert("third".into(), template(&[]));
    other.tags = tags(&["weather"]);
    put(&c, &other);
    let after = ids();
    assert_eq!((&after[0].0, after[0].1), (&before[0].0, 2));
    assert_eq!(after[1].0, before[1].0);
    assert_ne!(after[2].0, before[2].0);
    assert_eq!(after.len(), 3);
    assert_eq!(
        (reached(&c, NATIVE, "news"), reached(&c, NATIVE, "weather")),
        (0, 1)
    );
    assert_eq!(count(&c, "hub_installation"), 1);
    installations::delete(&c, "phone").unwrap();
    installations::delete(&c, "phone").unwrap();
    assert_eq!(
        (get(&c), count(&c, "hub_target"), count(&c, "hub_label")),
        (None, 0, 0)
    );
}

fn patch(c: &Connection, change: impl FnOnce(&mut Installation)) -> Result<(), HubError> {
    let patched = |before: &Installation| {
        let mut after = before.clone();
        change(&mut after);
        Ok(after)
    };
    installations::patch(c, "phone", patched, at(2)).unwrap()
}

#[test]
fn a_channel_that_is_gone_is_no_target_until_there_is_another() {
    let c = database();
    let mut with_tile = installation();
    let tile = SecondaryTile {
        handle: handle("https://wns.example/tile"),
        channel_expired: false,
        tags: tags(&["tile"]),
        templates: BTreeMap::from([("first".into(), template(&[]))]),
    };
    with_tile.secondary_tiles.insert("start".into(), tile);
    put(&c, &with_tile);
    assert_eq!(
        (
            reached(&c, NATIVE, "tile"),
            reached(&c, Format::Template, "tile")
        ),
        (1, 1)
    );
    let forget = |text: &str| targets::forget_handle(&c, &handle(text).text, at(1)).unwrap();
    forget("https://wns.example/tile");
    let tile = |installation: Installation| installation.secondary_tiles["start"].channel_expired;
    assert!(tile(get(&c).unwrap()) && !get(&c).unwrap().channel_expired);
    assert_eq!(
        (reached(&c, NATIVE, "tile"), reached(&c, NATIVE, "news")),
        (0, 1)
    );
    forget("https://wns.example/phone");
    assert!(get(&c).unwrap().channel_expired);
    assert_eq!(
        (count(&c, "hub_target"), count(&c, "hub_installation")),
        (0, 1)
    );
    patch(&c, |phone| phone.tags.push(Tag::parse("more").unwrap())).unwrap();
    assert!(
        get(&c).unwrap().channel_expired,
        "it is still the same channel"
    );
    assert_eq!(reached(&c, NATIVE, "more"), 0);
    patch(&c, |phone| phone.handle = handle("https://wns.example/new")).unwrap();
    assert!(!get(&c).unwrap().channel_expired && tile(get(&c).unwrap()));
    assert_eq!(
        (reached(&c, NATIVE, "more"), reached(&c, NATIVE, "tile")),
        (1, 0)
    );
    put(&c, &with_tile);
    assert_eq!(
        (reached(&c, NATIVE, "news"), reached(&c, NATIVE, "tile")),
        (1, 1)
    );
}

#[test]
fn a_patch_that_puts_the_same_channel_makes_it_good_as_a_put_does() {
    let c = database();
    put(&c, &installation());
    let gone = handle("https://wns.example/phone").text;
    targets::forget_handle(&c, &gone, at(1)).unwrap();
    let patch = |patch: &str| {
        let patched = |before: &Installation| Ok(before.patched(patch.as_bytes())?);
        installations::patch(&c, "phone", patched, at(2))
            .unwrap()
            .unwrap();
        get(&c).unwrap().channel_expired
    };
    assert!(patch(r#"[{"op":"add","path":"/tags","value":"more"}]"#));
    assert!(!patch(
        r#"[{"op":"replace","path":"/pushChannel","value":"https://wns.example/phone"}]"#
    ));
    assert_eq!(reached(&c, NATIVE, "more"), 1);
}

#[test]
fn a_document_that_cannot_be_read_is_its_owners_trouble_alone() {
    let c = database();
    put(&c, &installation());
    let unreadable = || {
        let spoil = "UPDATE hub_installation SET document = '{'";
        assert_eq!(c.execute(spoil, []).unwrap(), 1);
    };
    unreadable();
    let gone = handle("https://wns.example/phone").text;
    targets::forget_handle(&c, &gone, at(1)).unwrap();
    assert_eq!(count(&c, "hub_target"), 0);
    put(&c, &installation());
    assert_eq!(
        (get(&c).unwrap(), count(&c, "hub_target")),
        (installation(), 3)
    );
    unreadable();
    let ids: Vec<_> = listed(&c, &Listing::All, 1)
        .registrations
        .iter()
        .map(|stored| stored.id.clone())
        .collect();
    registrations::delete(&c, &ids[1], Precondition::None, at(1))
        .unwrap()
        .unwrap();
    assert_eq!(count(&c, "hub_target"), 2);
    put(&c, &installation());
    assert_eq!(count(&c, "hub_target"), 3);
}

#[test]
fn a_patch_changes_all_or_nothing() {
    let c = database();
    let missing = patch(&c, |_| ());
    assert!(matches!(missing, Err(HubError::NotFound("installation"))));
    put(&c, &installation());
    let other = patch(&c, |phone| phone.id = "other".into());
    assert!(matches!(other, Err(HubError::Invalid(_))));
    let bad = |_: &Installation| Err(HubError::Changed);
    assert!(
        installations::patch(&c, "phone", bad, at(2))
            .unwrap()
            .is_err()
    );
    let many = patch(&c, |phone| {
        let all = (0..MOST_PARTS).map(|number| (format!("t{number}"), template(&[])));
        phone.templates = all.collect();
    });
    assert!(matches!(many, Err(HubError::Invalid(_))));
    let large = patch(&c, |phone| {
        let body = "x".repeat(65_536);
        phone.templates.insert(
            "big".into(),
            InstallationTemplate {
                body,
                ..template(&[])
            },
        );
    });
    assert!(matches!(large, Err(HubError::Invalid(_))));
    assert_eq!(get(&c).unwrap(), installation());
}

#[test]
fn its_registrations_go_by_their_own_interface_and_are_not_put_there() {
    let c = database();
    put(&c, &installation());
    let page = listed(&c, &Listing::All, 1);
    let ids: Vec<_> = page
        .registrations
        .iter()
        .map(|stored| stored.id.clone())
        .collect();
    let new = windows("elsewhere", &[]);
    let put = registrations::put(&c, &ids[0], &new, Precondition::None, None, at(1)).unwrap();
    assert!(matches!(put, Err(HubError::Invalid(_))));
    let delete = |place: usize| {
        registrations::delete(&c, &ids[place], Precondition::None, at(1))
            .unwrap()
            .unwrap();
    };
    delete(1);
    assert_eq!(
        get(&c).unwrap().templates.keys().collect::<Vec<_>>(),
        ["second one"]
    );
    assert_eq!(count(&c, "hub_target"), 2);
    delete(0);
    assert_eq!((get(&c), count(&c, "hub_target")), (None, 0));
}

#[test]
fn one_that_expired_is_none_and_is_swept_with_its_targets() {
    let c = database();
    let expires = Some(at(10));
    put(
        &c,
        &Installation {
            expires,
            ..installation()
        },
    );
    assert_eq!(get(&c).unwrap().expires, expires);
    assert!(installations::get(&c, "phone", at(10)).unwrap().is_none());
    assert!(targets::live(&c, 1, at(10)).unwrap().is_none());
    let late = installations::patch(&c, "phone", |phone| Ok(phone.clone()), at(10)).unwrap();
    assert!(matches!(late, Err(HubError::NotFound(_))));
    put(
        &c,
        &Installation {
            expires,
            ..installation()
        },
    );
    sweep::expired(&c, at(10)).unwrap();
    assert_eq!(
        (count(&c, "hub_installation"), count(&c, "hub_target")),
        (0, 0)
    );
}

#[test]
fn what_expired_goes_in_steps_of_a_bounded_size() {
    let c = database();
    for number in 0..20 {
        let templates = (0..100).map(|number| (format!("t{number}"), template(&[])));
        let phone = Installation {
            id: format!("phone{number}"),
            expires: Some(at(10)),
            templates: templates.collect(),
            ..installation()
        };
        put(&c, &phone);
    }
    let id = RegistrationId::parse("alone").unwrap();
    let new = windows("elsewhere", &[]);
    let expires = Some(at(10));
    registrations::put(&c, &id, &new, Precondition::None, expires, at(1))
        .unwrap()
        .unwrap();
    let rows = || count(&c, "hub_target") + count(&c, "hub_installation");
    let mut before = rows();
    while sweep::expired(&c, at(10)).unwrap() {
        let removed = before - rows();
        assert!((1..=1200).contains(&removed), "{removed}");
        before = rows();
    }
    assert_eq!(rows(), 0);
}
