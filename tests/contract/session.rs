//! A whole session with a real autopush server: every frame of both sides and every request of its
//! senders with its answer, in the order they were recorded. Bodies whose bytes were not recorded
//! are given by their length.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

/// The channel that the session's messages are for.
pub(crate) const CHANNEL: &str = "db8903b1-df81-4def-aeec-6f2a26945920";

/// One step. `on` names the device's socket: the main one, or another beside it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    /// What is about to be tried.
    Section { section: String },
    /// A device connects.
    Connect { connect: String },
    /// A device goes without a word.
    Leave { leave: String },
    /// A device says a frame.
    Say { on: String, say: String },
    /// A device says a binary frame.
    SayBinary { on: String, say_binary: Vec<u8> },
    /// The server says a frame.
    Hear { on: String, hear: String },
    /// The server delivers a body of so many bytes.
    HearBody {
        on: String,
        hear_body: usize,
        version: String,
    },
    /// The server closes, with a code and a reason.
    Close { on: String, close: (u16, String) },
    /// The server says nothing.
    Quiet { on: String, quiet: bool },
    /// A sender's request and its answer.
    Http { http: Request, answer: Answer },
    /// A sender posts these bodies, and each is created.
    Store { store: Vec<String> },
    /// The server delivers these bodies at once, and no more.
    Batch { batch: Vec<String> },
    /// The device acknowledges the batch.
    AckBatch { ack_batch: bool },
}

/// A sender's request.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) to: Target,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Body,
}

/// Where a request goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// The endpoint of a channel.
    Endpoint(String),
    /// The `Location` of an earlier answer.
    Location(String),
    /// A path of the service.
    Path(String),
}

/// A request's body.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Body {
    /// These characters.
    Text(String),
    /// So many bytes.
    Bytes(usize),
}

impl Body {
    pub(crate) fn content(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Bytes(length) => vec![b'x'; *length],
        }
    }
}

/// The answer to a request; no body where it is empty.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Option<Value>,
}

/// The steps.
#[expect(clippy::panic, reason = "a test cannot go on without its record")]
pub(crate) fn session() -> Vec<Step> {
    let steps = include_str!("frames/autopush_session.ndjson").lines();
    steps
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The frame of a [`Step::HearBody`].
pub(crate) fn notification(version: &str, length: usize) -> String {
    let frame = json!({
        "messageType": "notification",
        "channelID": CHANNEL,
        "version": version,
        "data": URL_SAFE_NO_PAD.encode(vec![b'x'; length]),
        "headers": {"encoding": "aes128gcm"},
    });
    frame.to_string()
}
