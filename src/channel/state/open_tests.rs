//! An open channel: pushes, pings, the end.

use serde_json::json;

use super::bench::*;
use super::*;
use crate::model::MessageId;
use crate::wire::push_socket::{ServerFrame, read_server_frame};

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
    bench.pass(Duration::from_secs(30));
    assert!(matches!(bench.out[..], [Output::Ping]));
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
