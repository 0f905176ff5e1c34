//! The machine's steps, one story each.

use serde_json::json;

use super::*;
use crate::model::{MessageId, Platform};
use crate::wire::push_socket::{ServerFrame, read_server_frame};

pub(super) const UAID: &str = "09344c9e5dc042bfb6a0025c2de02cb0";

/// A machine, its time, and what it last put out.
struct Bench {
    machine: Machine,
    now: Instant,
    out: Vec<Output>,
}

pub(super) fn url(port: u16) -> PushUrl {
    PushUrl::parse(&format!("ws://127.0.0.1:{port}"), &[]).unwrap()
}

pub(super) fn options(candidates: u16) -> ChannelOptions {
    let urls = (1..=candidates).map(url).collect();
    ChannelOptions::new(Platform::Wns, urls)
}

impl Bench {
    fn new(options: ChannelOptions, identity: Identity) -> Self {
        let now = Instant::now();
        let machine = Machine::new(options, identity, now).unwrap();
        Self {
            machine,
            now,
            out: Vec::new(),
        }
    }

    /// A channel that is open at a service with handset's extension.
    fn open() -> Self {
        let mut bench = Self::new(options(1), Identity::fresh());
        bench.connect();
        bench.hello(UAID);
        bench.register(&json!({"handle": "https://wns/1", "platform": "wns"}));
        bench
    }

    fn step(&mut self, input: Input<'_>) {
        self.out.clear();
        self.machine.step(self.now, input, &mut self.out);
    }

    fn frame(&mut self, text: &str) {
        self.step(Input::Frame(text));
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.step(Input::Tick { reading: true });
    }

    /// Lets the time pass until the next deadline.
    fn wait(&mut self) {
        self.now = self.machine.deadline().unwrap();
        self.step(Input::Tick { reading: true });
    }

    fn connect(&mut self) {
        self.wait();
        assert!(
            matches!(self.out[..], [Output::Connect(_)]),
            "{:?}",
            self.out
        );
        self.step(Input::Connected);
    }

    fn hello(&mut self, uaid: &str) {
        let text = json!({"messageType": "hello", "uaid": uaid, "status": 200});
        self.frame(&text.to_string());
    }

    fn register(&mut self, fields: &serde_json::Value) {
        let mut answer = json!({
            "messageType": "register", "channelID": self.machine.channel_id, "status": 200,
        });
        let more = fields.as_object().unwrap().clone();
        answer.as_object_mut().unwrap().extend(more);
        self.frame(&answer.to_string());
    }

    fn notify(&mut self, version: &str, data: &str) {
        let text = json!({
            "messageType": "notification", "channelID": self.machine.channel_id,
            "version": version, "data": data, "headers": {"platform": "wns"},
        });
        self.frame(&text.to_string());
    }

    fn lose(&mut self) {
        let (url, cause) = (self.machine.url(), "reset".to_owned());
        self.step(Input::Lost(ChannelError::Lost { url, cause }));
    }

    fn sent(&self) -> Vec<String> {
        let sent = self.out.iter().filter_map(|output| match output {
            Output::Send(frame) => Some(frame.to_text()),
            _ => None,
        });
        sent.collect()
    }

    fn events(&self) -> Vec<&ChannelEvent> {
        let events = self.out.iter().filter_map(|output| match output {
            Output::Event(event) => Some(event),
            _ => None,
        });
        events.collect()
    }

    fn retry_in(&self) -> Duration {
        match self.events()[..] {
            [ChannelEvent::Closed { retry_in, .. }] => retry_in.unwrap(),
            ref other => panic!("{other:?}"),
        }
    }

    fn closed_for(&self) -> &'static str {
        match self.events().last() {
            Some(ChannelEvent::Closed { reason, .. }) => reason.reason(),
            other => panic!("{other:?}"),
        }
    }

    fn delivered(&self) -> Ack {
        match &self.out[..] {
            [Output::Deliver(_, ack)] => ack.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn dropped(&self) -> &'static str {
        match self.events()[..] {
            [ChannelEvent::Dropped { reason, .. }] => reason,
            ref other => panic!("{other:?}"),
        }
    }
}

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
fn an_idle_channel_pings_and_closes_on_silence_but_any_sign_is_life() {
    let mut bench = Bench::open();
    bench.pass(Duration::from_secs(30));
    assert!(matches!(bench.out[..], [Output::Ping]));
    bench.pass(Duration::from_secs(9));
    bench.step(Input::Heard);
    bench.pass(Duration::from_secs(29));
    assert!(bench.out.is_empty());
    bench.pass(Duration::from_secs(1));
    assert!(matches!(bench.out[..], [Output::Ping]));
    // What the device itself leaves unread is no silence of the service.
    bench.now += Duration::from_secs(10);
    bench.step(Input::Tick { reading: false });
    assert!(bench.out.is_empty());
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.closed_for(), "silent");
}

#[test]
fn acks_are_the_callers_go_in_one_frame_and_die_with_their_connection() {
    let mut bench = Bench::open();
    bench.notify("v1", "YQ");
    let first = bench.delivered();
    bench.notify("v2", "Yg");
    let second = bench.delivered();
    bench.step(Input::Acks(vec![first.clone(), second]));
    let id = bench.machine.channel_id;
    assert_eq!(
        bench.sent(),
        [format!(
            r#"{{"messageType":"ack","updates":[{{"channelID":"{id}","version":"v1","code":100}},{{"channelID":"{id}","version":"v2","code":100}}]}}"#
        )]
    );
    bench.lose();
    bench.step(Input::Acks(vec![first.clone()]));
    assert!(bench.out.is_empty());
    bench.connect();
    bench.hello(UAID);
    bench.notify("v1", "YQ");
    let again = bench.delivered();
    bench.step(Input::Acks(vec![first]));
    assert!(bench.out.is_empty(), "an ack of the lost connection");
    bench.step(Input::Acks(vec![again]));
    assert_eq!(bench.sent().len(), 1);
}

#[test]
fn what_the_app_cannot_get_is_answered_with_its_code() {
    let mut bench = Bench::open();
    bench.notify("v1", "!");
    assert_eq!(bench.dropped(), "unreadable_body");
    assert!(
        bench.sent()[0].contains(r#""version":"v1","code":102"#),
        "{:?}",
        bench.sent()
    );
    let foreign = Uuid::from_u128(7);
    let frame = json!({"messageType": "notification", "channelID": foreign, "version": "v2"});
    bench.frame(&frame.to_string());
    assert_eq!(bench.dropped(), "unknown_channel");
    assert!(bench.sent()[0].contains(&foreign.to_string()));
    let frame = json!({"messageType": "notification", "version": "v3", "headers": 7});
    bench.frame(&frame.to_string());
    assert_eq!(bench.dropped(), "unreadable_notification");
    assert!(bench.sent()[0].contains("v3"));
}

#[test]
fn garbage_is_counted_and_the_channel_goes_on() {
    let mut bench = Bench::open();
    for (count, junk) in ["", "{", "[]", "null", r#"{"messageType":"wat"}"#]
        .iter()
        .enumerate()
    {
        bench.frame(junk);
        assert_eq!(bench.dropped(), "unreadable_frame", "{junk}");
        let [ChannelEvent::Dropped { detail, .. }] = bench.events()[..] else {
            panic!();
        };
        assert!(
            detail.contains(&format!("frame {} of", count + 1)),
            "{detail}"
        );
    }
    bench.step(Input::Binary(3));
    assert_eq!(bench.dropped(), "binary_frame");
    bench.hello(UAID);
    assert_eq!(bench.dropped(), "unexpected_frame");
    bench.frame("{}");
    assert!(bench.out.is_empty());
    bench.notify("v1", "YQ");
    bench.delivered();
}

#[test]
fn the_wait_grows_until_a_connection_was_useful() {
    let mut bench = Bench::new(options(1), Identity::fresh());
    let fail = |bench: &mut Bench, useful: bool, large: bool| {
        bench.connect();
        bench.hello(UAID);
        bench.register(&json!({"handle": "h"}));
        if useful {
            bench.notify("v", "YQ");
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
        fail(&mut bench, false, false);
    }
    let longest = super::super::BACKOFF_LONGEST;
    assert!(
        fail(&mut bench, true, true) >= longest / 2,
        "a large frame resets nothing"
    );
    assert!(fail(&mut bench, true, false) <= super::super::BACKOFF_FIRST);
    for _ in 0..10 {
        fail(&mut bench, false, false);
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

#[test]
fn a_handle_given_back_ends_the_channel() {
    let mut bench = Bench::open();
    bench.step(Input::Unregister);
    assert!(bench.sent()[0].contains("unregister"));
    let id = bench.machine.channel_id;
    let answer = ServerFrame::Unregister {
        channel_id: id,
        status: 200,
    };
    assert_eq!(read_server_frame(&answer.to_text()).unwrap(), answer);
    bench.frame(&answer.to_text());
    assert!(matches!(bench.out[0], Output::Unregistered(Ok(()))));
    assert_eq!(bench.closed_for(), "unregistered");
    assert!(bench.machine.is_gone() && bench.machine.deadline().is_none());
}

#[test]
fn a_handle_is_not_given_back_in_vain() {
    let mut bench = Bench::new(options(1), Identity::fresh());
    bench.step(Input::Unregister);
    assert!(matches!(
        bench.out[..],
        [Output::Unregistered(Err(ChannelError::NotOpen))]
    ));
    let mut bench = Bench::open();
    bench.step(Input::Unregister);
    bench.pass(Duration::from_secs(10));
    assert!(matches!(
        bench.out[..],
        [Output::Unregistered(Err(ChannelError::TimedOut {
            step: "unregister",
            ..
        }))]
    ));
    bench.step(Input::Unregister);
    bench.lose();
    assert!(matches!(
        bench.out[1],
        Output::Unregistered(Err(ChannelError::Lost { .. }))
    ));
}

#[test]
fn a_nudge_connects_a_closed_channel_and_probes_an_open_one() {
    let mut bench = Bench::open();
    bench.step(Input::Nudge);
    assert!(matches!(bench.out[..], [Output::Ping]));
    bench.step(Input::Nudge);
    assert!(bench.out.is_empty(), "one probe is enough");
    bench.lose();
    bench.step(Input::Nudge);
    assert!(matches!(bench.out[..], [Output::Connect(_)]));
}

#[test]
fn message_ids_are_kept_whole() {
    let mut bench = Bench::open();
    let version = "v".repeat(1024);
    bench.notify(&version, "");
    assert_eq!(
        bench.delivered().version,
        MessageId::parse(version).unwrap()
    );
}
