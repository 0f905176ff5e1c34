use std::collections::BTreeMap;

use super::*;
use crate::emulator::hub::asking::Precondition;
use crate::emulator::hub::rows::{MOST_TARGETS, devices, registrations, sweep, targets};
use crate::emulator::hub::{Device, HubError};
use crate::model::{Platform, RegistrationId, SubscriptionKeys};
use crate::wire::notification_hub::{StoredRegistration, Template};

fn id(text: &str) -> RegistrationId {
    RegistrationId::parse(text).unwrap()
}

fn put(
    c: &Connection,
    name: &str,
    new: &Registration,
    when: Precondition,
) -> Result<StoredRegistration, HubError> {
    registrations::put(c, &id(name), new, when, None, at(1)).unwrap()
}

fn names(page: &Page) -> Vec<&str> {
    page.registrations
        .iter()
        .map(|stored| stored.id.as_str())
        .collect()
}

#[test]
fn a_registration_reads_back_as_it_was_put() {
    let c = database();
    let whole = Registration {
        platform: HubPlatform::Browser,
        handle: PnsHandle {
            keys: Some(SubscriptionKeys {
                p256dh: "key".into(),
                auth: "secret".into(),
            }),
            ..handle("https://push.example/x")
        },
        tags: tags(&["News", "username:alice", "$InstallationId:{x}"]),
        push_variables: BTreeMap::from([("name".into(), "A & <B>".into())]),
        secondary_tile: Some("tile".into()),
        template: Some(Template {
            name: Some("first".into()),
            body: "{\"m\":\"$(m)\"}".into(),
            headers: vec![
                ("X-WNS-Type".into(), "wns/raw".into()),
                ("a".into(), String::new()),
            ],
            expiry: Some("$(expiry)".into()),
            priority: Some("5".into()),
        }),
    };
    let stored = put(&c, "r", &whole, Precondition::None).unwrap();
    assert_eq!((&stored.registration, stored.etag), (&whole, 1));
    assert_eq!((stored.updated, stored.expires), (at(1), None));
    assert_eq!(
        registrations::get(&c, &id("r"), at(2)).unwrap(),
        Some(stored)
    );
    assert_eq!(registrations::get(&c, &id("s"), at(2)).unwrap(), None);
    let plain = windows("h", &[]);
    let stored = put(&c, "r", &plain, Precondition::None).unwrap();
    assert_eq!((&stored.registration, stored.etag), (&plain, 2));
}

#[test]
fn a_change_is_made_only_to_the_version_it_was_meant_for() {
    let c = database();
    let (first, second) = (windows("h", &["a"]), windows("h", &["b"]));
    assert!(matches!(
        put(&c, "r", &first, Precondition::Version(1)),
        Err(HubError::NotFound("registration"))
    ));
    put(&c, "r", &first, Precondition::None).unwrap();
    assert_eq!(
        put(&c, "r", &second, Precondition::Version(1))
            .unwrap()
            .etag,
        2
    );
    let late = put(&c, "r", &first, Precondition::Version(1));
    assert!(matches!(late, Err(HubError::Changed)));
    let kept = registrations::get(&c, &id("r"), at(1)).unwrap().unwrap();
    assert_eq!(kept.registration, second);
    let delete = |when| registrations::delete(&c, &id("r"), when, at(1)).unwrap();
    assert!(matches!(
        delete(Precondition::Version(1)),
        Err(HubError::Changed)
    ));
    delete(Precondition::Version(2)).unwrap();
    delete(Precondition::Version(2)).unwrap();
    assert_eq!(count(&c, "hub_target"), 0);
}

#[test]
fn lists_come_in_pages_by_tag_and_by_handle() {
    let c = database();
    for number in 0..7 {
        let of = if number % 2 == 0 { "even" } else { "Odd" };
        let device = windows(if number < 3 { "same" } else { "ABCDEF" }, &[of]);
        put(&c, &format!("r{number}"), &device, Precondition::None).unwrap();
    }
    let mut mac = windows("other", &["odd"]);
    mac.platform = HubPlatform::Apple;
    put(&c, "mac", &mac, Precondition::None).unwrap();
    let tag = |tag: &str| Listing::WithTag(Tag::parse(tag).unwrap());
    assert_eq!(
        names(&listed(&c, &tag("ODD"), 1)),
        ["r1", "r3", "r5", "mac"]
    );
    assert_eq!(names(&listed(&c, &tag("none"), 1)), [""; 0]);
    let with = |texts: &[&str]| Listing::WithHandle(texts.iter().map(|t| (*t).into()).collect());
    assert_eq!(names(&listed(&c, &with(&["same"]), 1)), ["r0", "r1", "r2"]);
    assert_eq!(
        names(&listed(&c, &with(&["nobody", "abcdef"]), 1)),
        ["r3", "r4", "r5", "r6"]
    );
    for (which, whole) in [
        (Listing::All, 8),
        (tag("odd"), 4),
        (tag("even"), 4),
        (with(&["same", "ABCDEF"]), 7),
    ] {
        for top in 1..9 {
            let (mut all, mut after) = (Vec::new(), 0);
            loop {
                let page = list(&c, &which, top, after, at(1)).unwrap();
                assert!(page.registrations.len() <= top);
                all.extend(page.registrations.into_iter().map(|stored| stored.id));
                match page.next {
                    Some(next) => after = i64::try_from(next).unwrap(),
                    None => break,
                }
            }
            assert_eq!(all.len(), whole, "{which:?} by {top}");
            all.dedup();
            assert_eq!(all.len(), whole, "{which:?} by {top}");
        }
    }
}

#[test]
fn what_expired_is_none_and_is_swept() {
    let c = database();
    let device = windows("h", &["a"]);
    let put = |name: &str, expires, now| {
        registrations::put(&c, &id(name), &device, Precondition::None, expires, at(now))
            .unwrap()
            .unwrap()
    };
    put("r", Some(at(10)), 1);
    put("r", Some(at(20)), 2);
    put("s", None, 2);
    assert!(registrations::get(&c, &id("r"), at(19)).unwrap().is_some());
    assert!(registrations::get(&c, &id("r"), at(20)).unwrap().is_none());
    assert_eq!(listed(&c, &Listing::All, 20).registrations.len(), 1);
    assert!(targets::live(&c, 1, at(20)).unwrap().is_none());
    assert_eq!(put("r", None, 21).etag, 1, "it is another one");
    put("r", Some(at(30)), 22);
    assert!(!sweep::expired(&c, at(29)).unwrap());
    assert_eq!(count(&c, "hub_target"), 2);
    sweep::expired(&c, at(30)).unwrap();
    assert_eq!(count(&c, "hub_target"), 1);
    assert_eq!(count(&c, "hub_labelled"), 1);
}

#[test]
fn registrations_are_bounded_and_those_that_expired_make_room() {
    let c = database();
    let device = windows("h", &[]);
    let put = |name: &str, expires, now| {
        registrations::put(&c, &id(name), &device, Precondition::None, expires, at(now)).unwrap()
    };
    put("old", Some(at(5)), 1).unwrap();
    c.execute("UPDATE hub_total SET targets = ?1", [MOST_TARGETS])
        .unwrap();
    assert!(matches!(put("new", None, 2), Err(HubError::Full(_))));
    put("old", Some(at(5)), 2).unwrap();
    put("new", None, 5).unwrap();
    assert!(matches!(put("newer", None, 5), Err(HubError::Full(_))));
    let phone = device_of("phone", "p");
    let full = devices::upsert(&c, &phone, at(5)).unwrap();
    assert!(matches!(full, Err(HubError::Full(_))));
}

fn device_of(name: &str, at: &str) -> Device {
    Device {
        id: id(name),
        platform: Platform::Apns,
        handle: Handle::parse(at).unwrap(),
        keys: None,
        tags: tags(&["username:alice"]),
    }
}

#[test]
fn a_device_of_the_backend_takes_its_handle_away_from_the_backends_others_alone() {
    let c = database();
    let mut own = windows("cafe", &["username:alice"]);
    own.platform = HubPlatform::Apple;
    put(&c, "own", &own, Precondition::None).unwrap();
    let upsert = |name: &str, to: &str| {
        devices::upsert(&c, &device_of(name, to), at(1))
            .unwrap()
            .unwrap();
    };
    upsert("one", "cafe");
    upsert("two", "beef");
    upsert("two", "cafe");
    let all = listed(&c, &Listing::All, 1);
    assert_eq!(names(&all), ["own", "two"]);
    assert_eq!(all.registrations[1].etag, 2);
    devices::remove(&c, &[id("own"), id("two"), id("three")]).unwrap();
    assert_eq!(names(&listed(&c, &Listing::All, 1)), ["own"]);
    targets::forget_handle(&c, &Handle::parse("CAFE").unwrap(), at(1)).unwrap();
    assert_eq!(
        count(&c, "hub_target"),
        0,
        "device tokens are the same in either case"
    );
}
