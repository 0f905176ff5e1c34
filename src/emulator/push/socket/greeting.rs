//! The first frame of a device: only a `hello` leads on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::wire::push_socket::{ClientFrame, ServerFrame, read_client_frame};

use super::close::Close;

/// What a device said in its `hello`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hello {
    /// The agent id it claims; none where it is no id at all.
    pub(super) uaid: Option<Uuid>,
    broadcasts: BTreeMap<String, Value>,
}

impl Hello {
    /// Reads the first frame.
    pub(super) fn read(text: &str) -> Result<Self, Close> {
        match read_frame(text)? {
            ClientFrame::Hello {
                uaid, broadcasts, ..
            } => Ok(Self {
                uaid: uaid.and_then(|uaid| Uuid::parse_str(&uaid).ok()),
                broadcasts: broadcasts.unwrap_or_default(),
            }),
            ClientFrame::Register { .. }
            | ClientFrame::Unregister { .. }
            | ClientFrame::Ack { .. }
            | ClientFrame::Nack { .. }
            | ClientFrame::BroadcastSubscribe { .. }
            | ClientFrame::Ping => Err(Close::OutOfPlace),
        }
    }

    /// The answer, with the agent id that counts from now on.
    pub(super) fn answer(&self, uaid: Uuid) -> ServerFrame {
        ServerFrame::Hello {
            uaid: uaid.simple().to_string(),
            status: 200,
            use_webpush: true,
            broadcasts: unknown_broadcasts(&self.broadcasts),
        }
    }
}

/// This service has no broadcasts: each one that is asked for is named as not found.
pub(super) fn unknown_broadcasts(wanted: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let errors: serde_json::Map<_, _> = wanted
        .keys()
        .map(|name| (name.clone(), json!("Broadcast not found")))
        .collect();
    BTreeMap::from([("errors".to_owned(), Value::Object(errors))])
}

/// Reads a device's frame. A `register` whose channel is not a lower-case dashed UUID is out of
/// place rather than unreadable, as autopush has it.
pub(super) fn read_frame(text: &str) -> Result<ClientFrame, Close> {
    #[derive(Deserialize)]
    struct Loose {
        #[serde(rename = "messageType")]
        message_type: String,
        #[serde(rename = "channelID")]
        channel_id: String,
    }
    let frame = read_client_frame(text);
    if matches!(frame, Ok(ref frame) if !matches!(frame, ClientFrame::Register { .. })) {
        return frame.map_err(|_| Close::Unreadable);
    }
    if let Ok(loose) = serde_json::from_str::<Loose>(text)
        && loose.message_type == "register"
    {
        let lower = Uuid::parse_str(&loose.channel_id)
            .is_ok_and(|id| id.hyphenated().to_string() == loose.channel_id);
        if !lower {
            return Err(Close::OutOfPlace);
        }
    }
    frame.map_err(|_| Close::Unreadable)
}
