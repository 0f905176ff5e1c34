//! The device's push channel: the frames of the Mozilla push (autopush) WebSocket protocol, and
//! handset's `platform` extension to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::json::problem_of;
use crate::model::{Handle, Platform};

/// The largest frame either side reads, in bytes: room for a batch of acks and for the largest
/// body in base64url with a long version.
pub const MAX_FRAME: usize = 64 * 1024;

/// The longest `version`, in bytes (autopush sends up to about 230).
pub const MAX_VERSION: usize = 1024;

/// `code` of an ack: delivered to the app.
pub const ACK_DELIVERED: u16 = 100;

/// `code` of an ack: the body did not decrypt.
pub const ACK_DECRYPTION_FAILED: u16 = 101;

/// `code` of an ack: delivered, but the app could not use it.
pub const ACK_NOT_DELIVERED: u16 = 102;

/// `message_type` of the marker that takes the place of messages which FCM discarded; its body is
/// empty.
pub const DELETED_MESSAGES: &str = "deleted_messages";

/// What a device says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType", rename_all = "snake_case")]
pub enum ClientFrame {
    /// First frame of a connection.
    Hello {
        /// The agent id of an earlier connection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uaid: Option<String>,
        /// Channels the device believes it has.
        #[serde(
            rename = "channelIDs",
            default,
            skip_serializing_if = "Option::is_none"
        )]
        channel_ids: Option<Vec<Uuid>>,
        /// Decides nothing today; always sent as true.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        use_webpush: Option<bool>,
        /// Broadcast subscriptions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        broadcasts: Option<BTreeMap<String, Value>>,
    },
    /// Asks for a handle.
    Register {
        /// The channel, a lower-case dashed UUID of the device's making.
        #[serde(rename = "channelID")]
        channel_id: Uuid,
        /// Who may send: a VAPID public key for Web Push, whose signature pushes then need; in
        /// handset's extension the bundle id for APNs and the project id for FCM.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// handset's extension: the platform whose handle is wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        platform: Option<Platform>,
    },
    /// Gives a handle back.
    Unregister {
        /// The channel.
        #[serde(rename = "channelID")]
        channel_id: Uuid,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u16>,
    },
    /// Messages are durable at the device.
    Ack {
        /// Which ones.
        updates: Vec<AckUpdate>,
    },
    /// A message could not be taken: it is delivered again on the next connection.
    Nack {
        /// Which one.
        version: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u16>,
    },
    /// Asks for broadcasts.
    BroadcastSubscribe {
        /// Which ones, with the version known.
        broadcasts: BTreeMap<String, Value>,
    },
    /// Asks whether the connection lives. Also sent as `{}`.
    Ping,
}

/// One message of an ack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckUpdate {
    /// The channel it came on.
    #[serde(rename = "channelID")]
    pub channel_id: Uuid,
    /// Its version.
    pub version: String,
    /// 100 delivered, 101 decryption failed, 102 not delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

/// What a push service says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "messageType", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "a frame is written or taken apart as soon as it is there, and most are notifications"
)]
pub enum ServerFrame {
    /// Answers `hello`.
    Hello {
        /// The agent id to say next time: 32 hex digits.
        uaid: String,
        /// 200 when all is well.
        status: u16,
        /// Always true today.
        #[serde(default)]
        use_webpush: bool,
        /// Current broadcast versions.
        #[serde(default)]
        broadcasts: BTreeMap<String, Value>,
    },
    /// Answers `register`.
    Register {
        /// The channel.
        #[serde(rename = "channelID")]
        channel_id: Uuid,
        /// 200 when all is well.
        status: u16,
        /// The Web Push endpoint.
        #[serde(
            rename = "pushEndpoint",
            default,
            skip_serializing_if = "Option::is_none"
        )]
        push_endpoint: Option<Handle>,
        /// handset's extension: the handle of the platform that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        handle: Option<Handle>,
        /// handset's extension: the platform of that handle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        platform: Option<Platform>,
        /// handset's extension: seconds until the handle expires.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_in: Option<u64>,
    },
    /// Answers `unregister`.
    Unregister {
        /// The channel.
        #[serde(rename = "channelID")]
        channel_id: Uuid,
        /// 200 when all is well.
        status: u16,
    },
    /// A push.
    Notification {
        /// The channel.
        #[serde(rename = "channelID")]
        channel_id: Uuid,
        /// Its id: opaque, the same on every redelivery.
        version: String,
        /// The body, base64url without padding; absent where it is empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        /// The sender's headers, and the platform's with handset's extension.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headers: Option<NotificationHeaders>,
    },
    /// Broadcast versions changed.
    Broadcast {
        /// Which.
        #[serde(default)]
        broadcasts: BTreeMap<String, Value>,
    },
    /// Answers a JSON ping; sent as `{}`.
    Ping,
}

/// Headers of a [`ServerFrame::Notification`]. Unknown ones are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationHeaders {
    /// `Content-Encoding` of a Web Push body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// `Encryption` of an `aesgcm` body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<String>,
    /// `Crypto-Key` of an `aesgcm` body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crypto_key: Option<String>,
    /// handset's extension: the platform whose service delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// `X-WNS-Type` of a WNS message.
    #[serde(
        rename = "x-wns-type",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub wns_type: Option<String>,
    /// The sender's priority, in the platform's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Collapse key, topic or tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapse: Option<String>,
    /// `X-WNS-Group` of a WNS toast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `X-WNS-SuppressPopup` of a WNS toast: straight to the action centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppress_popup: Option<bool>,
    /// `apns-push-type` of an APNs message, where the sender named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_type: Option<String>,
    /// What an FCM message is where it is none of a sender's: [`DELETED_MESSAGES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    /// Time to live, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u64>,
    /// When the service accepted it, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<jiff::Timestamp>,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// A frame that could not be read. Its text repeats nothing of the frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a frame of the push protocol: {0}")]
pub struct BadFrame(String);

/// Reads a device's frame; `{}` is a ping.
///
/// # Errors
/// [`BadFrame`] for anything that is no frame of the protocol.
pub fn read_client_frame(text: &str) -> Result<ClientFrame, BadFrame> {
    if is_empty_object(text) {
        return Ok(ClientFrame::Ping);
    }
    serde_json::from_str(text).map_err(|error| BadFrame(problem_of(&error)))
}

/// Reads a push service's frame; `{}` is the answer to a ping.
///
/// # Errors
/// [`BadFrame`] for anything that is no frame of the protocol.
pub fn read_server_frame(text: &str) -> Result<ServerFrame, BadFrame> {
    if is_empty_object(text) {
        return Ok(ServerFrame::Ping);
    }
    serde_json::from_str(text).map_err(|error| BadFrame(problem_of(&error)))
}

impl ClientFrame {
    /// The frame as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_text(self)
    }
}

impl ServerFrame {
    /// The frame as text; the answer to a ping is `{}`.
    #[must_use]
    pub fn to_text(&self) -> String {
        if matches!(self, Self::Ping) {
            return "{}".to_owned();
        }
        to_text(self)
    }
}

/// Frames are maps with text keys, which always serialise.
fn to_text(frame: &impl Serialize) -> String {
    serde_json::to_string(frame).unwrap_or_else(|_| "{}".to_owned())
}

fn is_empty_object(text: &str) -> bool {
    let mut rest = text.chars().filter(|c| !c.is_ascii_whitespace());
    rest.next() == Some('{') && rest.next() == Some('}') && rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_stand_as_a_real_server_writes_them() {
        let hello = ServerFrame::Hello {
            uaid: "09344c9e5dc042bfb6a0025c2de02cb0".to_owned(),
            status: 200,
            use_webpush: true,
            broadcasts: BTreeMap::new(),
        };
        assert_eq!(
            hello.to_text(),
            r#"{"messageType":"hello","uaid":"09344c9e5dc042bfb6a0025c2de02cb0","status":200,"use_webpush":true,"broadcasts":{}}"#
        );
    }

    #[test]
    fn an_empty_object_is_a_ping_on_both_sides() {
        assert_eq!(read_client_frame(" { } ").unwrap(), ClientFrame::Ping);
        assert_eq!(
            read_client_frame(r#"{"messageType":"ping"}"#).unwrap(),
            ClientFrame::Ping
        );
        assert_eq!(read_server_frame("{}").unwrap(), ServerFrame::Ping);
        assert_eq!(ServerFrame::Ping.to_text(), "{}");
    }

    #[test]
    fn junk_is_refused() {
        for junk in [
            "",
            "bad-data",
            "[]",
            r#"{"messageType":"wat"}"#,
            r#"{"messageType":"unregister","channelID":"nope"}"#,
        ] {
            assert!(read_client_frame(junk).is_err(), "{junk}");
            assert!(read_server_frame(junk).is_err(), "{junk}");
        }
    }

    #[test]
    fn what_is_said_of_junk_repeats_nothing_of_it() {
        for junk in [
            r#""s3cret""#,
            r#"{"messageType":"s3cret"}"#,
            r#"{"messageType":"s3cret, expected s3cret"}"#,
            r#"{"messageType":"unregister","channelID":"s3cret"}"#,
            r#"{"messageType":"register","channelID":"s3cret"}"#,
            r#"{"messageType":"notification","channelID":"","version":"1","data":{"s3cret":1}}"#,
            r#"{"messageType":"notification","channelID":"","headers":"s3cret"}"#,
        ] {
            let said = [
                read_client_frame(junk).unwrap_err().to_string(),
                read_server_frame(junk).unwrap_err().to_string(),
            ];
            assert!(!said.concat().contains("s3cret"), "{said:?}");
        }
    }
}
