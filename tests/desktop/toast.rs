//! Toasts on a real notification daemon, looked at on its screen.

use crate::actor::{AMPLE, Actor, Answer, Request, SHORT};
use crate::screen::{Screen, difference};
use crate::session::{Session, eventually};
use crate::{daemon, session};

/// What makes a picture differ at all: a line of text has some hundreds of pixels.
const SOME_PIXELS: u64 = 50;

fn on_desktop() -> Answer {
    Answer::Shown {
        renderer: "desktop".to_owned(),
        failures: Vec::new(),
    }
}

fn on_terminal_after(error: &str) -> Answer {
    Answer::Shown {
        renderer: "terminal".to_owned(),
        failures: vec![("desktop".to_owned(), error.to_owned())],
    }
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_toast_is_drawn_on_the_screen_and_taken_away() {
    let mut session = Session::start();
    let screen = Screen::start(&mut session);
    let _dunst = daemon::start(&session);
    let mut actor = Actor::start(&session, AMPLE);
    let before = screen.shot("toast-before");
    assert_eq!(
        actor.show("m", "Contoso", "Your code is 4711"),
        on_desktop()
    );
    eventually("a toast is drawn", || {
        difference(&before, &screen.shot("toast")) > 10_000
    });
    assert_eq!(daemon::displayed(&session), 1);
    assert_eq!(actor.ask(Request::Remove("m".to_owned())), Answer::Done);
    eventually("the toast is gone", || {
        difference(&before, &screen.shot("toast-after")) == 0
    });
    let closed = daemon::close_and_list(&session);
    assert_eq!(closed.len(), 1, "{closed:?}");
    assert_eq!(closed[0]["summary"], "Contoso");
    assert_eq!(closed[0]["body"], "Your code is 4711");
    assert_eq!(closed[0]["appname"], "handset");
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn hostile_text_is_drawn_as_it_is() {
    let mut session = Session::start();
    let screen = Screen::start(&mut session);
    let _dunst = daemon::start(&session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.show("m", "Contoso", "nothing"), on_desktop());
    eventually("a toast is displayed", || daemon::displayed(&session) == 1);
    // Interpreted, both texts of a pair would be drawn alike.
    for (name, plain, marked) in [
        ("hostile-tag", "| |", "|<i></i> <b></b>|"),
        ("hostile-entity", "|< & '|", "|&lt; &amp; &#39;|"),
        ("hostile-link", "pay now", "<a>pay</a> <img>now</img>"),
    ] {
        assert_eq!(actor.show("m", "Contoso", plain), on_desktop());
        let drawn = screen.settled(&format!("{name}-plain"));
        assert_eq!(actor.show("m", "Contoso", marked), on_desktop());
        let differs = difference(&drawn, &screen.settled(name));
        assert!(differs > SOME_PIXELS, "{name} was interpreted");
    }
    let broken = "</b><<i>& \0\u{202E}gnp.exe 'x' \"y\"\x1b[2J";
    assert_eq!(actor.show("m", "<b>Contoso</b>", broken), on_desktop());
    screen.settled("hostile-broken");
    let closed = daemon::close_and_list(&session);
    assert_eq!(closed.len(), 1, "{closed:?}");
    let shown = &closed[0];
    assert_eq!(shown["summary"], "<b>Contoso</b>");
    let literal = "&lt;/b&gt;&lt;&lt;i&gt;&amp; gnp.exe ";
    assert!(shown["message"].contains(literal), "{shown:?}");
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_toast_with_the_same_key_takes_the_place_of_the_first() {
    let mut session = Session::start();
    let screen = Screen::start(&mut session);
    let _dunst = daemon::start(&session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.show("m", "Contoso", "first"), on_desktop());
    eventually("a toast is displayed", || daemon::displayed(&session) == 1);
    let first = screen.shot("replace-first");
    assert_eq!(actor.show("m", "Contoso", "second 今日 🎉"), on_desktop());
    eventually("the new text is drawn", || {
        difference(&first, &screen.shot("replace-second")) > SOME_PIXELS
    });
    assert_eq!(daemon::displayed(&session), 1);
    assert_eq!(actor.show("n", "Contoso", "other"), on_desktop());
    eventually("two toasts are displayed", || {
        daemon::displayed(&session) == 2
    });
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_frozen_daemon_costs_one_wait_and_then_none() {
    let mut session = Session::start();
    let _screen = Screen::start(&mut session);
    let dunst = daemon::start(&session);
    let mut actor = Actor::start(&session, SHORT);
    assert_eq!(actor.show("m", "Contoso", "first"), on_desktop());
    dunst.freeze();
    assert_eq!(
        actor.show("m", "Contoso", "second"),
        on_terminal_after("Slow")
    );
    for _ in 0..20 {
        assert_eq!(
            actor.show("m", "Contoso", "third"),
            on_terminal_after("Paused")
        );
    }
    dunst.thaw();
    assert_eq!(actor.ask(Request::Revive), Answer::Done);
    assert_eq!(actor.show("m", "Contoso", "fourth"), on_desktop());
    let closed = daemon::close_and_list(&session);
    assert_eq!(closed.len(), 1, "{closed:?}");
    assert_eq!(closed[0]["body"], "fourth");
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_daemon_that_is_absent_appears_dies_and_returns_is_found_each_time() {
    let mut session = Session::without_bus();
    let _screen = Screen::start(&mut session);
    let mut actor = Actor::start(&session, AMPLE);
    assert_eq!(actor.show("m", "t", "b"), on_terminal_after("NoBus"));
    assert_eq!(actor.ask(Request::ProbeDaemon).error(), "NoBus");
    session.start_bus();
    assert_eq!(actor.show("m", "t", "b"), on_terminal_after("NoDaemon"));
    assert_eq!(actor.ask(Request::ProbeDaemon).error(), "NoDaemon");
    let first = daemon::start(&session);
    assert_eq!(actor.show("m", "t", "b"), on_desktop());
    drop(first);
    assert_eq!(actor.show("m", "t", "b"), on_terminal_after("NoDaemon"));
    let second = daemon::start(&session);
    assert_eq!(actor.show("m", "t", "b"), on_desktop());
    eventually("a toast is displayed", || daemon::displayed(&session) == 1);
    drop(second);
    session.stop_bus();
    assert_eq!(actor.show("m", "t", "b"), on_terminal_after("NoBus"));
    session.start_bus();
    let _third = daemon::start(&session);
    assert_eq!(actor.show("m", "t", "b"), on_desktop());
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_probe_tells_who_shows_the_toasts() {
    let mut session = Session::start();
    let _screen = Screen::start(&mut session);
    let _dunst = daemon::start(&session);
    let mut actor = Actor::start(&session, AMPLE);
    let Answer::Daemon { name, capabilities } = actor.ask(Request::ProbeDaemon) else {
        panic!("the daemon answers");
    };
    assert_eq!(name, "dunst");
    assert!(capabilities.iter().any(|can| can == "body-markup"));
    assert_eq!(daemon::displayed(&session), 0);
}

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn a_hundred_toasts_at_once_are_all_taken() {
    let mut session = Session::start();
    let _screen = Screen::start(&mut session);
    let _dunst = daemon::start(&session);
    let mut actor = Actor::start(&session, AMPLE);
    for number in 0..100 {
        let shown = actor.show(&format!("m{number}"), "t", &format!("toast {number}"));
        assert_eq!(shown, on_desktop());
    }
    let waiting = session::output(session.command("dunstctl").args(["count", "waiting"]));
    let waiting: u32 = waiting.trim().parse().expect("dunst counts");
    assert_eq!(waiting + daemon::displayed(&session), 100);
}
