//! From closed to open, and back.

use super::super::options::USEFUL_AFTER;
use serde_json::json;

use super::bench::*;
use super::*;
use crate::model::Platform;

#[test]
fn a_fresh_device_greets_registers_and_opens() {
    let mut bench = Bench::new(options(1), Identity::fresh());
    bench.connect();
    assert_eq!(
        bench.sent(),
        [r#"{"messageType":"hello","use_webpush":true}"#]
    );
    bench.hello(UAID);
    assert!(matches!(bench.events()[..], [ChannelEvent::Identity { uaid }] if uaid == UAID));
    let register = format!(
        r#"{{"messageType":"register","channelID":"{}","platform":"wns"}}"#,
        bench.machine.channel_id
    );
    assert_eq!(bench.sent(), [register]);
    bench.register(&json!({"handle": "https://wns/1", "platform": "wns", "expires_in": 2_592_000}));
    let [
        ChannelEvent::Opened {
            handle,
            platform,
            subscription,
            expires_in,
            new_handle,
            ..
        },
    ] = bench.events()[..]
    else {
        panic!("{:?}", bench.out);
    };
    assert_eq!(
        (handle.as_str(), *platform, *new_handle),
        ("https://wns/1", Platform::Wns, true)
    );
    assert!(subscription.is_none());
    assert_eq!(*expires_in, Some(Duration::from_secs(2_592_000)));
}

#[test]
fn a_known_device_says_its_uaid_and_its_handle_is_not_new() {
    let identity = Identity {
        uaid: Some(UAID.to_owned()),
        handle: Some(Handle::parse("https://wns/1").unwrap()),
        ..Identity::fresh()
    };
    let mut bench = Bench::new(options(1), identity);
    bench.connect();
    assert!(bench.sent()[0].contains(UAID));
    bench.hello(UAID);
    assert!(bench.events().is_empty(), "nothing is new");
    bench.register(&json!({"handle": "https://wns/1", "platform": "wns"}));
    assert!(matches!(
        bench.events()[..],
        [ChannelEvent::Opened {
            new_handle: false,
            ..
        }]
    ));
}

#[test]
fn a_server_that_forgot_the_device_makes_it_a_new_one() {
    let mut bench = Bench::open();
    bench.lose();
    bench.connect();
    bench.hello("another");
    assert!(matches!(bench.events()[..], [ChannelEvent::Identity { uaid }] if uaid == "another"));
    bench.register(&json!({"handle": "https://wns/1", "platform": "wns"}));
    assert!(matches!(
        bench.events()[..],
        [ChannelEvent::Opened {
            new_handle: true,
            ..
        }]
    ));
}

#[test]
fn a_plain_autopush_server_makes_it_a_web_push_device_with_a_lasting_endpoint() {
    let mut bench = Bench::new(options(1), Identity::fresh());
    bench.connect();
    bench.hello(UAID);
    bench.register(&json!({"pushEndpoint": "http://push/v1/a"}));
    let [
        ChannelEvent::Opened {
            handle,
            platform: Platform::WebPush,
            subscription: Some(subscription),
            ..
        },
    ] = bench.events()[..]
    else {
        panic!("{:?}", bench.out);
    };
    assert_eq!(handle, &subscription.endpoint);
    assert_eq!(subscription.keys, bench.machine.keys.public());
    for (given, kept, is_new) in [
        ("http://push/v1/b", "http://push/v1/a", false),
        ("http://other/v1/c", "http://other/v1/c", true),
    ] {
        bench.lose();
        bench.connect();
        bench.hello(UAID);
        bench.register(&json!({"pushEndpoint": given}));
        let [
            ChannelEvent::Opened {
                handle, new_handle, ..
            },
        ] = bench.events()[..]
        else {
            panic!("{:?}", bench.out);
        };
        assert_eq!((handle.as_str(), *new_handle), (kept, is_new));
    }
}

#[test]
fn refusals_and_bad_answers_close_with_a_wait() {
    let channel = Identity::fresh();
    let id = channel.channel_id;
    for (frame, reason) in [
        (
            json!({"messageType": "hello", "uaid": "", "status": 503}),
            "hello_refused",
        ),
        (
            json!({"messageType": "hello", "status": 503}),
            "hello_refused",
        ),
        (
            json!({"messageType": "hello", "uaid": "a b", "status": 200}),
            "bad_answer",
        ),
        (
            json!({"messageType": "hello", "uaid": "a".repeat(257), "status": 200}),
            "bad_answer",
        ),
        (
            json!({"messageType": "hello", "uaid": 7, "status": 200}),
            "bad_answer",
        ),
    ] {
        let mut bench = Bench::new(options(1), channel.clone());
        bench.connect();
        bench.frame(&frame.to_string());
        assert_eq!(bench.closed_for(), reason, "{frame}");
    }
    for (frame, reason) in [
        // The words of a real server in place of an endpoint.
        (
            json!({"messageType": "register", "channelID": id, "status": 400,
                   "pushEndpoint": "Failed to generate endpoint"}),
            "register_refused",
        ),
        (
            json!({"messageType": "register", "channelID": id, "status": 409}),
            "register_refused",
        ),
        (
            json!({"messageType": "register", "channelID": id, "status": 200}),
            "bad_answer",
        ),
        (
            json!({"messageType": "register", "channelID": id, "status": 200,
                   "pushEndpoint": format!("http://push/{}", "e".repeat(2048))}),
            "bad_answer",
        ),
        (
            json!({"messageType": "register", "channelID": id, "status": 500}),
            "register_refused",
        ),
    ] {
        let mut bench = Bench::new(options(1), channel.clone());
        bench.connect();
        bench.hello(UAID);
        bench.frame(&frame.to_string());
        assert_eq!(bench.closed_for(), reason, "{frame}");
        assert!(bench.machine.is_closed());
    }
}

#[test]
fn names_as_long_as_a_real_server_s_are_kept_whole() {
    let mut bench = Bench::new(options(1), Identity::fresh());
    bench.connect();
    let uaid = "a=".repeat(115);
    bench.hello(&uaid);
    let endpoint = format!("http://push/wpush/v2/{}", "e=".repeat(115));
    bench.register(&json!({"pushEndpoint": endpoint}));
    let [ChannelEvent::Opened { handle, .. }] = bench.events()[..] else {
        panic!("{:?}", bench.out);
    };
    assert_eq!(handle.as_str(), endpoint);
    bench.lose();
    bench.connect();
    assert!(bench.sent()[0].contains(&uaid), "{:?}", bench.sent());
}

#[test]
fn silence_of_the_service_is_noticed_at_every_step() {
    let mut bench = Bench::new(options(1), Identity::fresh());
    bench.wait();
    bench.wait();
    assert_eq!(bench.closed_for(), "timed_out", "connection");
    bench.connect();
    bench.wait();
    assert_eq!(bench.closed_for(), "timed_out", "hello");
    bench.connect();
    bench.hello(UAID);
    bench.wait();
    assert_eq!(bench.closed_for(), "timed_out", "register");
}

#[test]
fn the_wait_grows_until_a_connection_was_useful() {
    let mut bench = Bench::new(options(1), Identity::fresh());
    let fail = |bench: &mut Bench, useful: Option<&str>, large: bool| {
        bench.connect();
        bench.hello(UAID);
        bench.register(&json!({"handle": "h"}));
        if let Some(version) = useful {
            bench.notify(version, "YQ");
            let ack = bench.delivered();
            bench.step(Input::Acks(vec![ack]));
        }
        if large {
            let (url, limit) = (bench.machine.url(), 1);
            bench.step(Input::Lost(ChannelError::FrameTooLarge { url, limit }));
            assert!(matches!(bench.out[0], Output::HangUp(Some(1009))));
        } else {
            bench.lose();
        }
        bench.retry_in()
    };
    for _ in 0..10 {
        fail(&mut bench, None, false);
    }
    let longest = super::super::BACKOFF_LONGEST;
    assert!(
        fail(&mut bench, Some("v"), true) >= longest / 2,
        "a large frame resets nothing"
    );
    assert!(fail(&mut bench, Some("w"), false) <= super::super::BACKOFF_FIRST);
    for _ in 0..10 {
        fail(&mut bench, Some("w"), false);
    }
    assert!(
        fail(&mut bench, Some("w"), false) >= longest / 2,
        "the same push again resets nothing"
    );
    for _ in 0..10 {
        fail(&mut bench, None, false);
    }
    bench.connect();
    bench.hello(UAID);
    bench.register(&json!({"handle": "h"}));
    bench.now += USEFUL_AFTER;
    bench.lose();
    assert!(bench.retry_in() <= super::super::BACKOFF_FIRST, "it lasted");
}

#[test]
fn candidates_are_tried_in_order_and_the_one_that_greets_is_kept() {
    let mut bench = Bench::new(options(3), Identity::fresh());
    bench.wait();
    for next in [2, 3] {
        bench.lose();
        let [Output::HangUp(_), Output::Connect(to)] = &bench.out[..] else {
            panic!("{:?}", bench.out);
        };
        assert_eq!(to, &url(next));
    }
    bench.lose();
    let [ChannelEvent::Closed { reason, .. }] = bench.events()[..] else {
        panic!("{:?}", bench.out);
    };
    for port in 1..=3 {
        assert!(reason.to_string().contains(url(port).as_str()), "{reason}");
    }
    bench.connect();
    // A server that opens a WebSocket and then says nothing is none either.
    bench.wait();
    assert!(matches!(&bench.out[..], [Output::HangUp(_), Output::Connect(to)] if *to == url(2)));
    bench.step(Input::Connected);
    bench.hello(UAID);
    for _ in 0..3 {
        bench.lose();
        assert_eq!(bench.closed_for(), "lost");
        bench.wait();
        assert!(matches!(&bench.out[..], [Output::Connect(to)] if *to == url(2)));
    }
}

#[test]
fn a_handle_is_renewed_before_it_expires() {
    let mut bench = Bench::new(options(1), Identity::fresh());
    bench.connect();
    bench.hello(UAID);
    bench.register(&json!({"handle": "a", "expires_in": 20}));
    bench.pass(Duration::from_secs(15));
    assert!(bench.sent()[0].contains("register"), "{:?}", bench.out);
    bench.register(&json!({"handle": "b", "expires_in": u64::MAX}));
    assert!(matches!(
        bench.events()[..],
        [ChannelEvent::Opened { handle, new_handle: true, .. }] if handle.as_str() == "b"
    ));
}
