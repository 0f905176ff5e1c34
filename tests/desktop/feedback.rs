//! What a user does with toasts on a real notification daemon, and bursts that do not flood it.

use handset::model::{DisplayText, ToastAction, ToastContent, ToastImage, ToastTemplate};

use crate::actor::{AMPLE, Actor, Answer, Request, toast_key};
use crate::screen::{Screen, difference};
use crate::session::{Session, eventually, output};
use crate::{daemon, impostor};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

fn whole(key: &str) -> ToastContent {
    let action = |content: &str, arguments: &str| ToastAction {
        content: DisplayText::new(content),
        arguments: arguments.to_owned(),
    };
    ToastContent {
        image: Some(ToastImage::parse("ms-appx:///a.png", "The view").expect("an image")),
        actions: vec![action("Reply", "reply=1"), action("Later", "later")],
        ..ToastContent::new(
            toast_key(key),
            "Adam",
            "Lunch at one?\nvia SMS",
            ToastTemplate::ToastGeneric,
        )
    }
}

/// An app with one image, which is not the icon.
fn bring_app(session: &Session) {
    let folder = session.path("app");
    std::fs::create_dir(&folder).expect("a folder can be made");
    let image = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo.png");
    std::fs::copy(image, folder.join("a.png")).expect("a file can be copied");
}

fn shown() -> Answer {
    Answer::Shown {
        renderer: "desktop".to_owned(),
        failures: Vec::new(),
    }
}

fn tapped(key: &str, arguments: Option<&str>) -> Answer {
    Answer::Tapped(toast_key(key).to_string(), arguments.map(str::to_owned))
}

fn dismissed(key: &str) -> Answer {
    Answer::Dismissed(toast_key(key).to_string())
}

fn dunstctl(session: &Session, arguments: &[&str]) {
    output(session.command("dunstctl").args(arguments));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_tap_and_a_dismissal_come_back_even_from_the_next_daemon() {
    let mut session = Session::start();
    let _screen = Screen::start(&mut session);
    bring_app(&session);
    let mut actor = Actor::start(&session, AMPLE);
    let dunst = daemon::start(&session);
    // The connection is there before anybody listens.
    assert!(matches!(
        actor.show("early", "t", "b"),
        Answer::Shown { .. }
    ));
    dunstctl(&session, &["close-all"]);
    assert_eq!(actor.ask(Request::Listen { paced: false }), Answer::Done);
    for (key, act, told) in [
        ("a", ["action", "0"].as_slice(), tapped("a", None)),
        ("b", ["close"].as_slice(), dismissed("b")),
    ] {
        assert_eq!(actor.ask(Request::ShowWhole(whole(key))), shown());
        eventually("a toast is displayed", || daemon::displayed(&session) == 1);
        dunstctl(&session, act);
        assert_eq!(actor.ask(Request::Feedback), told);
        // dunst leaves a tapped toast where it is; the phone takes it away.
        assert_eq!(actor.ask(Request::Remove(key.to_owned())), Answer::Done);
        eventually("it is gone", || daemon::displayed(&session) == 0);
    }
    drop(dunst);
    let _second = daemon::start(&session);
    assert_eq!(actor.ask(Request::ShowWhole(whole("c"))), shown());
    // Another app's toast is none of this phone's.
    let other = session.connect().expect("the bus runs");
    let hints = std::collections::HashMap::<String, zbus::zvariant::Value<'_>>::new();
    let no_actions: &[&str] = &[];
    let toast = ("other", 0_u32, "", "other", "other", no_actions, hints, 0);
    other
        .call_method(Some(NAME), PATH, Some(NAME), "Notify", &toast)
        .expect("another app shows a toast");
    eventually("two are displayed", || daemon::displayed(&session) == 2);
    dunstctl(&session, &["close-all"]);
    assert_eq!(actor.ask(Request::Feedback), dismissed("c"));
    assert_eq!(actor.ask(Request::ShowWhole(whole("d"))), shown());
    eventually("it is displayed", || daemon::displayed(&session) == 1);
    dunstctl(&session, &["action", "0"]);
    assert_eq!(actor.ask(Request::Feedback), tapped("d", None));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_button_is_told_by_its_arguments_and_a_stranger_is_not_heard() {
    let session = Session::start();
    bring_app(&session);
    let (records, bus) = impostor::start(&session, &["body", "actions"], false);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.ask(Request::Listen { paced: false }), Answer::Done);
    assert_eq!(actor.ask(Request::ShowWhole(whole("m"))), shown());
    let sent = records.lock().0[0].clone();
    assert_eq!(
        sent.actions,
        ["default", "Open", "0", "Reply", "1", "Later"]
    );
    assert!(sent.hints["image-path"].contains("/app/a.png"), "{sent:?}");
    let stranger = session.connect().expect("the bus runs");
    let invoked = |from: &zbus::blocking::Connection, id: u32, name: &str| {
        from.emit_signal(None::<()>, PATH, NAME, "ActionInvoked", &(id, name))
            .expect("a signal can be sent");
    };
    invoked(&stranger, 1, "0");
    invoked(&bus, 7, "0");
    invoked(&bus, 1, "9");
    invoked(&bus, 1, "1");
    assert_eq!(actor.ask(Request::Feedback), tapped("m", Some("later")));
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_daemon_without_actions_is_sent_none() {
    let session = Session::start();
    let (records, _bus) = impostor::start(&session, &["body"], false);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.ask(Request::ShowWhole(whole("m"))), shown());
    let sent = records.lock().0[0].clone();
    assert_eq!(sent.actions, Vec::<String>::new());
    assert!(!sent.hints.contains_key("image-path"), "{sent:?}");
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn an_image_of_the_app_is_drawn() {
    let mut session = Session::start();
    let screen = Screen::start(&mut session);
    bring_app(&session);
    let _dunst = daemon::start(&session);
    let mut actor = Actor::start(&session, AMPLE);
    let before = screen.shot("whole-before");
    assert_eq!(actor.ask(Request::ShowWhole(whole("m"))), shown());
    eventually("a toast is drawn", || {
        difference(&before, &screen.shot("whole")) > 10_000
    });
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_burst_of_thirty_is_six_toasts() {
    let mut session = Session::start();
    let screen = Screen::start(&mut session);
    let _dunst = daemon::start(&session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.ask(Request::Listen { paced: true }), Answer::Done);
    for number in 0..30 {
        let answer = actor.show(&format!("m{number}"), "Contoso", &format!("toast {number}"));
        assert_eq!(answer, shown());
    }
    assert_eq!(actor.ask(Request::Pass(400)), Answer::Done);
    assert_eq!(daemon::displayed(&session), 6);
    screen.settled("burst");
    let closed = daemon::close_and_list(&session);
    let last = closed.iter().any(|toast| toast["body"] == "and 25 more");
    assert!(last, "{closed:?}");
}
