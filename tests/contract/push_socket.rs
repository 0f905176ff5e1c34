//! The device socket: frames of a real autopush server and of its clients, verbatim, and those of
//! handset's extension, read by the side that gets them and written again by the side that sends.

use handset::wire::push_socket::{read_client_frame, read_server_frame};
use serde_json::Value;

use super::session::{Step, notification, session};

pub(crate) const AUTOPUSH_SERVER: &str = include_str!("frames/autopush_server.ndjson");
const AUTOPUSH_CLIENT: &str = include_str!("frames/autopush_client.ndjson");
const AUTOPUSH_REFUSED: &str = include_str!("frames/autopush_refused.ndjson");
const EXTENSION_SERVER: &str = include_str!("frames/extension_server.ndjson");
const EXTENSION_CLIENT: &str = include_str!("frames/extension_client.ndjson");

/// A refusal of a real server carries words where an endpoint is meant to be.
fn is_refusal(line: &str) -> bool {
    line.contains(r#""status":400"#)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_device_reads_every_frame_of_a_server_and_loses_nothing() {
    let lines = AUTOPUSH_SERVER.lines().chain(EXTENSION_SERVER.lines());
    let mut count = 0;
    for line in lines.filter(|line| !is_refusal(line)) {
        match read_server_frame(line) {
            Ok(frame) => assert_eq!(json(&frame.to_text()), json(line)),
            Err(error) => panic!("{error}: {line}"),
        }
        count += 1;
    }
    assert_eq!(count, 20);
}

#[test]
fn the_service_reads_every_frame_of_a_device_and_loses_nothing_it_knows() {
    for line in AUTOPUSH_CLIENT.lines().chain(EXTENSION_CLIENT.lines()) {
        let frame = match read_client_frame(line) {
            Ok(frame) => frame,
            Err(error) => panic!("{error}: {line}"),
        };
        let mut expected = json(line);
        if let Value::Object(fields) = &mut expected {
            fields.remove("extra");
            // `{}` is a ping, and written in full.
            fields
                .entry("messageType")
                .or_insert_with(|| Value::from("ping"));
        }
        assert_eq!(json(&frame.to_text()), expected);
    }
}

#[test]
fn the_service_refuses_what_a_real_one_closes_the_connection_for() {
    for line in AUTOPUSH_REFUSED.lines() {
        assert!(read_client_frame(line).is_err(), "{line}");
    }
}

#[test]
fn every_frame_of_a_recorded_session_is_read_and_written_again() {
    let (mut from_server, mut from_devices) = (0, 0);
    for step in session() {
        match step {
            Step::Hear { hear, .. } if !is_refusal(&hear) => {
                let frame = read_server_frame(&hear);
                let text = frame
                    .unwrap_or_else(|error| panic!("{error}: {hear}"))
                    .to_text();
                assert_eq!(json(&text), json(&hear));
                from_server += 1;
            }
            Step::HearBody {
                hear_body, version, ..
            } => {
                let line = notification(&version, hear_body);
                let frame = read_server_frame(&line);
                let text = frame
                    .unwrap_or_else(|error| panic!("{error}: {line}"))
                    .to_text();
                assert_eq!(json(&text), json(&line));
                from_server += 1;
            }
            Step::Say { say, .. } => {
                // What a server closed the connection for need not be readable.
                let Ok(frame) = read_client_frame(&say) else {
                    continue;
                };
                let read_again = read_client_frame(&frame.to_text());
                assert_eq!(read_again.as_ref(), Ok(&frame), "{say}");
                from_devices += 1;
            }
            Step::Section { .. }
            | Step::Connect { .. }
            | Step::Leave { .. }
            | Step::SayBinary { .. }
            | Step::Hear { .. }
            | Step::Close { .. }
            | Step::Quiet { .. }
            | Step::Http { .. }
            | Step::Store { .. }
            | Step::Batch { .. }
            | Step::AckBatch { .. } => {}
        }
    }
    assert!(
        from_server > 50 && from_devices > 50,
        "{from_server}, {from_devices}"
    );
}
