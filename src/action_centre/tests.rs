use jiff::SignedDuration;

use super::*;
use crate::model::{
    Account, BackendOrigin, MessageId, ToastAction, ToastImage, ToastTemplate, UserName,
};
use crate::store::{Location, Schema};

const SCHEMA: Schema = Schema {
    application_id: 1,
    migrations: &[MIGRATION, MIGRATION_2],
};

fn toast(key: &str, body: &str) -> ToastContent {
    ToastContent::new(
        ToastKey::of_message(&MessageId::parse(key).unwrap()),
        "handset",
        body,
        ToastTemplate::ToastText01,
    )
}

async fn show(centre: &ActionCentre, content: &ToastContent) -> Place {
    let place = centre.place(&content.key);
    centre
        .record(place, content, Some("n1"), "recorder")
        .await
        .unwrap();
    place
}

#[tokio::test]
async fn a_toast_with_the_same_key_takes_the_same_place_even_after_a_restart() {
    let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
    let centre = ActionCentre::open(store.clone(), 1, Clock::system())
        .await
        .unwrap();
    let first = show(&centre, &toast("a", "one")).await;
    show(&centre, &toast("b", "two")).await;
    let again = ActionCentre::open(store, 1, Clock::system()).await.unwrap();
    let second = show(&again, &toast("a", "three")).await;
    assert_eq!(
        (first.id, first.replaces, second.id, second.replaces),
        (1, false, 1, true)
    );
    let mut bodies: Vec<_> = again
        .list()
        .await
        .unwrap()
        .into_iter()
        .map(|t| t.content.body.to_string())
        .collect();
    bodies.sort();
    assert_eq!(bodies, ["three", "two"]);
}

#[tokio::test]
async fn a_removed_toast_is_gone() {
    let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
    let centre = ActionCentre::open(store, 1, Clock::system()).await.unwrap();
    let content = toast("a", "one");
    show(&centre, &content).await;
    assert_eq!(centre.remove(&content.key).await, Ok(Some(1)));
    assert_eq!(centre.remove(&content.key).await, Ok(None));
    assert_eq!(centre.list().await.unwrap(), []);
}

#[tokio::test]
async fn the_history_is_bounded() {
    let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
    let centre = ActionCentre::open(store, 1, Clock::simulated(Timestamp::UNIX_EPOCH))
        .await
        .unwrap();
    for n in 0..MOST_TOASTS + 250 {
        show(&centre, &toast(&n.to_string(), "x")).await;
    }
    let left = centre.list().await.unwrap();
    assert!(left.len() < MOST_TOASTS + 100, "{}", left.len());
    assert_eq!(left[0].id, 1250);
}

/// In whole milliseconds, as times are kept.
fn in_a_minute(clock: &Clock) -> Timestamp {
    let then = clock.after(Duration::from_secs(60));
    Timestamp::from_millisecond(then.as_millisecond()).unwrap()
}

fn tag(name: &str) -> ToastTag {
    ToastTag::parse(name).unwrap()
}

async fn centre() -> (Store, ActionCentre, Clock) {
    let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
    let clock = Clock::simulated("2026-11-20T18:00:00Z".parse().unwrap());
    let centre = ActionCentre::open(store.clone(), 1, clock.clone())
        .await
        .unwrap();
    (store, centre, clock)
}

async fn bodies(centre: &ActionCentre) -> Vec<String> {
    let toasts = centre.list().await.unwrap().into_iter();
    let mut bodies: Vec<_> = toasts.map(|toast| toast.content.body.to_string()).collect();
    bodies.sort();
    bodies
}

fn named(name: &str, group: Option<&str>) -> ToastContent {
    let (tag, group) = (tag(name), group.map(tag));
    ToastContent {
        key: ToastKey::of_tag(&tag, group.as_ref()),
        tag: Some(tag),
        group,
        ..toast("unused", name)
    }
}

#[tokio::test]
async fn everything_a_toast_says_is_kept() {
    let (store, centre, clock) = centre().await;
    let whole = ToastContent {
        image: Some(ToastImage::parse("ms-appx:///a.png", "The view").unwrap()),
        actions: vec![ToastAction {
            content: "Reply".into(),
            arguments: "reply".to_owned(),
        }],
        launch: Some("app=1".to_owned()),
        expires_at: Some(in_a_minute(&clock)),
        suppress_popup: true,
        ..named("chat", Some("friends"))
    };
    let place = show(&centre, &whole).await;
    let again = ActionCentre::open(store, 1, clock).await.unwrap();
    let kept = again.get(place.id).await.unwrap().unwrap();
    assert_eq!(kept.content, whole);
    assert_eq!(again.id_of(&whole.key), Some(place.id));
    assert_eq!(again.get(99).await, Ok(None));
}

#[tokio::test]
async fn names_and_groups_replace_and_remove() {
    let (_, centre, _) = centre().await;
    for (name, group) in [
        ("a", None),
        ("a", Some("g")),
        ("b", Some("g")),
        ("c", Some("h")),
        ("a", Some("g")),
    ] {
        show(&centre, &named(name, group)).await;
    }
    assert_eq!(bodies(&centre).await, ["a", "a", "b", "c"]);
    assert_eq!(centre.remove_by(&tag("a"), None).await.unwrap().len(), 1);
    assert_eq!(centre.remove_by(&tag("b"), None).await.unwrap().len(), 0);
    assert_eq!(centre.remove_group(&tag("g")).await.unwrap().len(), 2);
    assert_eq!(bodies(&centre).await, ["c"]);
    assert_eq!(centre.clear().await.unwrap().len(), 1);
    assert_eq!(centre.clear().await, Ok(Vec::new()));
    assert!(!centre.place(&named("c", Some("h")).key).replaces);
}

#[tokio::test]
async fn toasts_expire_when_their_sender_says_or_after_a_week() {
    let (_, centre, clock) = centre().await;
    let soon = in_a_minute(&clock);
    let timed = ToastContent {
        expires_at: Some(soon),
        ..toast("timed", "timed")
    };
    let account = Account {
        backend: BackendOrigin::parse("http://127.0.0.1:1").unwrap(),
        user: UserName::parse("alice").unwrap(),
    };
    let sign_in = ToastContent {
        key: ToastKey::of_sign_in(&account),
        ..toast("unused", "sign in")
    };
    for content in [&timed, &toast("plain", "plain"), &sign_in] {
        show(&centre, content).await;
    }
    assert_eq!(centre.expire().await, Ok((Vec::new(), Some(soon))));
    clock.set_by(SignedDuration::from_secs(61));
    let (gone, next) = centre.expire().await.unwrap();
    assert_eq!(gone[0].content, timed);
    assert!(next.unwrap() > clock.after(KEEP - Duration::from_secs(120)));
    clock.set_by(SignedDuration::try_from(KEEP).unwrap());
    assert_eq!(centre.expire().await.unwrap().0.len(), 1);
    assert_eq!(bodies(&centre).await, ["sign in"]);
    assert_eq!(centre.expire().await, Ok((Vec::new(), None)));
}

#[tokio::test]
async fn a_tap_leaves_a_read_to_be_told_even_after_a_restart() {
    let (store, centre, clock) = centre().await;
    let place = show(&centre, &toast("a", "one")).await;
    assert_eq!(centre.tap(place.id).await.unwrap().unwrap().id, place.id);
    assert_eq!(centre.tap(place.id).await, Ok(None));
    let again = ActionCentre::open(store, 1, clock).await.unwrap();
    let pending = again.pending_reads().await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].notification, "n1");
    again.read_is_told(&pending[0]).await.unwrap();
    assert_eq!(again.pending_reads().await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_dismissed_toast_was_not_read() {
    let (_, centre, _) = centre().await;
    let place = show(&centre, &toast("a", "one")).await;
    assert!(centre.dismiss(place.id).await.unwrap().is_some());
    assert_eq!(centre.dismiss(place.id).await, Ok(None));
    assert_eq!(centre.pending_reads().await, Ok(Vec::new()));
}

#[tokio::test]
async fn the_badge_stays_and_a_change_is_told_once() {
    let (store, centre, clock) = centre().await;
    assert_eq!(centre.badge(), Badge::Clear);
    assert_eq!(centre.set_badge(Badge::Number(7)).await, Ok(true));
    assert_eq!(centre.set_badge(Badge::Number(7)).await, Ok(false));
    let again = ActionCentre::open(store, 1, clock).await.unwrap();
    assert_eq!(again.badge(), Badge::Number(7));
}

#[tokio::test]
async fn toasts_of_the_first_version_are_still_read() {
    const FIRST: Schema = Schema {
        application_id: 1,
        migrations: &[MIGRATION],
    };
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("db");
    let store = Store::open(Location::File(path.clone()), FIRST)
        .await
        .unwrap();
    store
        .write(|connection| {
            connection.execute(
                "INSERT INTO toast VALUES (1, 4, 'message:a', 't', 'old', 'ToastText01', 'json', NULL, 0)",
                [],
            )
        })
        .await
        .unwrap();
    store.close().await;
    let store = Store::open(Location::File(path), SCHEMA).await.unwrap();
    let centre = ActionCentre::open(store, 1, Clock::system()).await.unwrap();
    assert_eq!(bodies(&centre).await, ["old"]);
}
