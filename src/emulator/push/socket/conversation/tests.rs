use std::time::Duration;

use super::*;

fn stored(seq: i64) -> Stored {
    Stored {
        seq,
        channel_id: Uuid::nil(),
        platform: Platform::Wns,
        version: format!("v{seq}"),
        body: b"id".to_vec().into(),
        headers: NotificationHeaders::default(),
    }
}

fn ack(seqs: impl IntoIterator<Item = i64>) -> String {
    let updates = seqs
        .into_iter()
        .map(|seq| AckUpdate {
            channel_id: Uuid::nil(),
            version: format!("v{seq}"),
            code: None,
        })
        .collect();
    ClientFrame::Ack { updates }.to_text()
}

fn greeted(newest: i64) -> (Conversation, Instant) {
    let now = Instant::now();
    let timings = SocketTimings::default();
    (Conversation::new(newest, timings, now), now)
}

/// A conversation that has nothing stored and waits for what comes.
fn live(newest: i64) -> (Conversation, Instant) {
    let (mut talk, now) = greeted(newest);
    talk.begin();
    for _ in 0..3 {
        talk.loaded(Vec::new());
    }
    assert_eq!(talk.part, Part::Live);
    (talk, now)
}

fn load(part: Part, after: i64) -> Step {
    Step::Load(Batch { part, after })
}

fn delivered(steps: &VecDeque<Step>) -> usize {
    let deliver = |step: &&Step| matches!(step, Step::Deliver { .. });
    steps.iter().filter(deliver).count()
}

#[tokio::test]
async fn topics_come_first_then_the_backlog_then_what_is_new() {
    let (mut talk, now) = greeted(20);
    assert_eq!(talk.begin(), [load(Part::Topics(20), 0)]);
    assert_eq!(delivered(&talk.loaded(vec![stored(7)])), 1);
    let steps = talk.received(&ack([7]), now);
    assert_eq!(steps.back(), Some(&load(Part::Topics(20), 7)));
    assert_eq!(talk.loaded(Vec::new()), [load(Part::Backlog(20), 0)]);
    assert_eq!(talk.loaded(Vec::new()), [load(Part::Live, 20)]);
    let room = WINDOW;
    assert_eq!(talk.loaded(Vec::new()), [Step::CaughtUp { room }]);
    assert_eq!(talk.woken(), [load(Part::Live, 20)]);
}

#[tokio::test]
async fn the_next_batch_waits_until_all_of_the_last_is_acknowledged() {
    let (mut talk, now) = greeted(15);
    talk.begin();
    talk.loaded(Vec::new());
    let steps = talk.loaded((1..=10).map(stored).collect());
    assert_eq!((steps.len(), delivered(&steps)), (10, 10));
    assert_eq!(talk.woken(), [], "a new message does not hurry the batch");
    let mut most = talk.received(&ack(1..=9), now);
    assert!(matches!(most.make_contiguous(), [Step::Acknowledge(nine)] if nine.len() == 9));
    let last = talk.received(&ack([10]), now);
    assert_eq!(last.back(), Some(&load(Part::Backlog(15), 10)));
}

#[tokio::test]
async fn a_device_that_acknowledges_nothing_is_sent_a_bounded_number() {
    let (mut talk, now) = live(0);
    let mut steps = talk.woken();
    let mut seq = 0;
    while steps
        .back()
        .is_some_and(|step| matches!(step, Step::Load(_)))
    {
        steps = talk.loaded((seq + 1..=seq + 10).map(stored).collect());
        seq += 10;
        assert!(seq <= 200, "the window never closed");
    }
    assert_eq!(seq, i64::try_from(WINDOW).unwrap());
    assert_eq!(talk.woken(), []);
    let steps = talk.received(&ack([1]), now);
    assert_eq!(steps.back(), Some(&load(Part::Live, seq)));
}

#[tokio::test]
async fn an_ack_names_its_place_where_it_is_known_and_is_passed_on_where_not() {
    let (mut talk, now) = live(0);
    talk.woken();
    talk.loaded(vec![stored(3)]);
    let channel = Uuid::nil();
    let text = format!(
        r#"{{"messageType":"ack","updates":[{{"channelID":"{channel}","version":"v3","code":101}},{{"channelID":"{channel}","version":"old"}}]}}"#
    );
    let steps = talk.received(&text, now);
    let Some(Step::Acknowledge(acked)) = steps.front() else {
        panic!("no acknowledgement: {steps:?}");
    };
    let seen: Vec<_> = acked.iter().map(|a| (a.seq, a.code)).collect();
    assert_eq!(seen, [(Some(3), 101), (None, 100)]);
}

#[tokio::test]
async fn what_has_no_place_or_cannot_be_read_closes() {
    let channel = "db8903b1-df81-4def-aeec-6f2a26945920";
    let upper = channel.to_uppercase();
    for (text, close) in [
        (
            r#"{"messageType":"hello","use_webpush":true}"#.to_owned(),
            Close::OutOfPlace,
        ),
        (
            format!(r#"{{"messageType":"register","channelID":"{upper}"}}"#),
            Close::OutOfPlace,
        ),
        (
            r#"{"messageType":"register","channelID":"nope"}"#.to_owned(),
            Close::OutOfPlace,
        ),
        (
            r#"{"messageType":"register"}"#.to_owned(),
            Close::Unreadable,
        ),
        (
            r#"{"messageType":"unregister","channelID":"nope"}"#.to_owned(),
            Close::Unreadable,
        ),
        (
            r#"{"messageType":"nack","code":301}"#.to_owned(),
            Close::Unreadable,
        ),
        (r#"{"messageType":"wat"}"#.to_owned(), Close::Unreadable),
        ("bad-data".to_owned(), Close::Unreadable),
    ] {
        let (mut talk, now) = live(0);
        assert_eq!(talk.received(&text, now), [Step::Close(close)], "{text}");
    }
}

#[tokio::test]
async fn a_second_json_ping_within_45_seconds_is_a_flood() {
    let (mut talk, now) = live(0);
    assert_eq!(talk.received("{}", now), [Step::Send(ServerFrame::Ping)]);
    let later = now + Duration::from_secs(45);
    assert_eq!(talk.received("{}", later), [Step::Send(ServerFrame::Ping)]);
    let soon = later + Duration::from_secs(44);
    assert_eq!(talk.received("{}", soon), [Step::Close(Close::OutOfPlace)]);
}

#[tokio::test]
async fn a_missing_pong_closes_and_a_pong_does_not() {
    let (mut talk, now) = live(0);
    assert_eq!(talk.deadline(), now + Duration::from_secs(300));
    let ping = talk.deadline();
    assert_eq!(talk.time_passed(ping), [Step::Ping]);
    talk.ponged();
    assert_eq!(talk.deadline(), ping + Duration::from_secs(300));
    let ping = talk.deadline();
    assert_eq!(talk.time_passed(ping), [Step::Ping]);
    assert_eq!(talk.deadline(), ping + Duration::from_secs(4));
    assert_eq!(
        talk.time_passed(talk.deadline()),
        [Step::Close(Close::NoPong)]
    );
}

#[tokio::test]
async fn broadcasts_are_named_as_not_found() {
    let (mut talk, now) = live(0);
    let text = r#"{"messageType":"broadcast_subscribe","broadcasts":{"lab:none":"x1"}}"#;
    let steps = talk.received(text, now);
    let Some(Step::Send(frame)) = steps.front() else {
        panic!("no answer: {steps:?}");
    };
    assert_eq!(
        frame.to_text(),
        r#"{"messageType":"broadcast","broadcasts":{"errors":{"lab:none":"Broadcast not found"}}}"#
    );
}
