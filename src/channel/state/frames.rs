//! What the push service's frames do to the machine.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use super::failure::CLOSE_NORMAL;
use super::{Machine, Open, Output, State};
use crate::channel::adapter::{Rejected, adapt, shortened};
use crate::channel::event::Ack;
use crate::channel::{ChannelError, ChannelEvent};
use crate::model::{Handle, MessageId, Platform, Subscription};
use crate::wire::push_socket::{
    ACK_NOT_DELIVERED, AckUpdate, ClientFrame, NotificationHeaders, ServerFrame, read_server_frame,
};

/// The longest agent id that is kept, in bytes (autopush: 32).
const MAX_UAID: usize = 256;

/// A handle's life is believed up to this long.
const LONGEST_LIFE: u64 = 366 * 86_400;

/// What a `register` answer says of the handle.
struct Granted {
    push_endpoint: Option<Handle>,
    handle: Option<Handle>,
    platform: Option<Platform>,
    expires_in: Option<u64>,
}

impl Machine {
    pub(super) fn frame(&mut self, now: Instant, text: &str, out: &mut Vec<Output>) {
        match read_server_frame(text) {
            Ok(frame) => self.understood(now, frame, out),
            Err(bad) => self.misunderstood(now, text, &bad.to_string(), out),
        }
    }

    fn understood(&mut self, now: Instant, frame: ServerFrame, out: &mut Vec<Output>) {
        match frame {
            ServerFrame::Hello { uaid, status, .. } if self.awaits_hello() => {
                self.greeted(now, uaid, status, out);
            }
            ServerFrame::Register {
                channel_id,
                status,
                push_endpoint,
                handle,
                platform,
                expires_in,
            } if channel_id == self.channel_id && self.awaits_register() => {
                let granted = Granted {
                    push_endpoint,
                    handle,
                    platform,
                    expires_in,
                };
                self.registered(now, status, granted, out);
            }
            ServerFrame::Unregister { channel_id, status }
                if channel_id == self.channel_id && self.awaits_unregister() =>
            {
                self.unregistered(status, out);
            }
            ServerFrame::Notification {
                channel_id,
                version,
                data,
                headers,
            } if self.takes_notifications() => {
                self.notified(channel_id, version, data.as_deref(), headers, out);
            }
            ServerFrame::Broadcast { .. } | ServerFrame::Ping => {}
            ServerFrame::Hello { .. } => self.unexpected("hello", out),
            ServerFrame::Register { .. } => self.unexpected("register", out),
            ServerFrame::Unregister { .. } => self.unexpected("unregister", out),
            ServerFrame::Notification { .. } => self.unexpected("notification", out),
        }
    }

    /// A frame that is not as it should be may still say enough: that the service refuses, or
    /// which message it holds up.
    fn misunderstood(&mut self, now: Instant, text: &str, problem: &str, out: &mut Vec<Output>) {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let field = |name: &str| value.get(name).and_then(Value::as_str);
        let refusal = value
            .get("status")
            .and_then(Value::as_u64)
            .filter(|status| *status != 200);
        match (field("messageType"), refusal) {
            (Some("hello"), Some(status)) if self.awaits_hello() => {
                self.refused_hello(now, status, out);
            }
            (Some("register"), Some(status)) if self.awaits_register() => {
                self.refused_register(now, status, out);
            }
            (Some("hello"), None) if self.awaits_hello() => {
                self.bad_answer(now, "its hello cannot be read", out);
            }
            (Some("register"), None)
                if self.awaits_register() && self.is_own(field("channelID")) =>
            {
                self.bad_answer(now, "its answer to register cannot be read", out);
            }
            (Some("notification"), _) if self.takes_notifications() => {
                let channel_id = field("channelID")
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(self.channel_id);
                let message = field("version").and_then(|text| MessageId::parse(text).ok());
                let rejected = Rejected {
                    message,
                    reason: "unreadable_notification",
                    detail: shortened(problem),
                    code: ACK_NOT_DELIVERED,
                };
                self.reject(channel_id, rejected, out);
            }
            _ => self.garbage("unreadable_frame", problem, out),
        }
    }

    fn is_own(&self, channel_id: Option<&str>) -> bool {
        channel_id.and_then(|text| text.parse().ok()) == Some(self.channel_id)
    }

    fn awaits_hello(&self) -> bool {
        matches!(self.state, State::Greeting { .. })
    }

    fn awaits_register(&self) -> bool {
        match &self.state {
            State::Registering { .. } => true,
            State::Open(open) => open.renew_by.is_some(),
            State::Closed { .. }
            | State::Connecting { .. }
            | State::Greeting { .. }
            | State::Gone => false,
        }
    }

    fn awaits_unregister(&self) -> bool {
        matches!(&self.state, State::Open(open) if open.unregister_by.is_some())
    }

    fn greeted(&mut self, now: Instant, uaid: String, status: u16, out: &mut Vec<Output>) {
        if status != 200 {
            return self.refused_hello(now, u64::from(status), out);
        }
        let is_usable = (1..=MAX_UAID).contains(&uaid.len())
            && uaid.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_usable {
            return self.bad_answer(now, "its uaid is empty, too long or not ASCII", out);
        }
        self.settled = true;
        self.failures.clear();
        if self.uaid.as_ref() != Some(&uaid) {
            self.handle = None;
            self.endpoint = None;
            self.uaid = Some(uaid.clone());
            out.push(Output::Event(ChannelEvent::Identity { uaid }));
        }
        self.state = State::Registering {
            until: self.answer_by(now),
        };
        out.push(Output::Send(self.register_frame()));
    }

    fn registered(&mut self, now: Instant, status: u16, granted: Granted, out: &mut Vec<Output>) {
        if status != 200 {
            return self.refused_register(now, u64::from(status), out);
        }
        let life = granted
            .expires_in
            .map(|seconds| Duration::from_secs(seconds.min(LONGEST_LIFE)));
        let Some((handle, platform)) = self.effective(granted) else {
            return self.bad_answer(now, "it registered the device without a handle", out);
        };
        let new_handle = self.handle.as_ref() != Some(&handle);
        self.handle = Some(handle.clone());
        // A quarter of its life is left for a service that is away.
        let renewed_after = life.map(|life| (life / 4 * 3).max(Duration::from_secs(1)));
        self.opened(now, renewed_after.map(|wait| now + wait));
        let subscription = (platform == Platform::WebPush).then(|| Subscription {
            endpoint: handle.clone(),
            keys: self.keys.public(),
        });
        out.push(Output::Event(ChannelEvent::Opened {
            url: self.url(),
            handle,
            platform,
            subscription,
            expires_in: life,
            new_handle,
        }));
    }

    /// The handle and platform of an answer. Without handset's `handle` the server is plain
    /// autopush and the device a Web Push device.
    fn effective(&mut self, granted: Granted) -> Option<(Handle, Platform)> {
        let Some(handle) = granted.handle else {
            let endpoint = self.stable_endpoint(granted.push_endpoint?);
            return Some((endpoint, Platform::WebPush));
        };
        match granted.platform.unwrap_or(self.options.platform) {
            Platform::WebPush => Some((granted.push_endpoint.unwrap_or(handle), Platform::WebPush)),
            other @ (Platform::Wns | Platform::Apns | Platform::Fcm) => Some((handle, other)),
        }
    }

    /// Autopush seals every endpoint anew, and the earlier ones of the same agent and channel
    /// stay valid: the first is kept while it leads to the same server, or the backend would be
    /// told a new one at each reconnect.
    fn stable_endpoint(&mut self, given: Handle) -> Handle {
        let kept = self
            .endpoint
            .take()
            .filter(|kept| origin(kept) == origin(&given));
        self.endpoint.insert(kept.unwrap_or(given)).clone()
    }

    fn opened(&mut self, now: Instant, renew_at: Option<Instant>) {
        let ping_at = self.ping_at(now);
        if let State::Open(open) = &mut self.state {
            open.renew_at = renew_at;
            open.renew_by = None;
            return;
        }
        self.state = State::Open(Open {
            since: now,
            ping_at,
            pong_by: None,
            unregister_by: None,
            renew_at,
            renew_by: None,
        });
    }

    fn unregistered(&mut self, status: u16, out: &mut Vec<Output>) {
        if let State::Open(open) = &mut self.state {
            open.unregister_by = None;
        }
        if status != 200 {
            let problem = "it did not take the handle back";
            let url = self.url();
            let error = ChannelError::BadAnswer { url, problem };
            out.push(Output::Unregistered(Err(error)));
            return;
        }
        out.push(Output::Unregistered(Ok(())));
        self.end(ChannelError::Unregistered, out);
    }

    fn notified(
        &self,
        channel_id: Uuid,
        version: String,
        data: Option<&str>,
        headers: Option<NotificationHeaders>,
        out: &mut Vec<Output>,
    ) {
        if channel_id != self.channel_id {
            let rejected = Rejected {
                message: MessageId::parse(version).ok(),
                reason: "unknown_channel",
                detail: format!("it came for channel {channel_id}, which is not this device's"),
                code: ACK_NOT_DELIVERED,
            };
            return self.reject(channel_id, rejected, out);
        }
        match adapt(version, data, headers, &self.keys) {
            Ok(raw) => {
                let ack = Ack {
                    connection: self.connection,
                    version: raw.message.clone(),
                };
                out.push(Output::Deliver(raw, ack));
            }
            Err(rejected) => self.reject(channel_id, rejected, out),
        }
    }

    /// A message nobody takes is answered all the same: unanswered it would come for ever, and
    /// hold up the stored messages behind it.
    fn reject(&self, channel_id: Uuid, rejected: Rejected, out: &mut Vec<Output>) {
        let Rejected {
            message,
            reason,
            detail,
            code,
        } = rejected;
        let update = message.as_ref().map(|message| AckUpdate {
            channel_id,
            version: message.to_string(),
            code: Some(code),
        });
        out.push(Output::Event(ChannelEvent::Dropped {
            message,
            reason,
            detail,
        }));
        if let Some(update) = update {
            let updates = vec![update];
            out.push(Output::Send(ClientFrame::Ack { updates }));
        }
    }

    fn unexpected(&mut self, kind: &str, out: &mut Vec<Output>) {
        self.garbage("unexpected_frame", &format!("a {kind} frame"), out);
    }

    /// Counts and reports a frame that says nothing; the connection goes on.
    pub(super) fn garbage(&mut self, reason: &'static str, problem: &str, out: &mut Vec<Output>) {
        if !self.takes_notifications() && !self.awaits_hello() {
            return;
        }
        self.garbage += 1;
        let detail = format!(
            "{} (unusable frame {} of this connection)",
            shortened(problem),
            self.garbage
        );
        out.push(Output::Event(ChannelEvent::Dropped {
            message: None,
            reason,
            detail,
        }));
    }

    fn refused_hello(&mut self, now: Instant, status: u64, out: &mut Vec<Output>) {
        let url = self.url();
        let error = ChannelError::HelloRefused { url, status };
        self.fail(now, error, Some(CLOSE_NORMAL), out);
    }

    fn refused_register(&mut self, now: Instant, status: u64, out: &mut Vec<Output>) {
        let url = self.url();
        let error = ChannelError::RegisterRefused { url, status };
        self.fail(now, error, Some(CLOSE_NORMAL), out);
    }

    fn bad_answer(&mut self, now: Instant, problem: &'static str, out: &mut Vec<Output>) {
        let url = self.url();
        let error = ChannelError::BadAnswer { url, problem };
        self.fail(now, error, Some(CLOSE_NORMAL), out);
    }
}

/// The scheme, host and port an endpoint leads to, where it is a URL.
fn origin(endpoint: &Handle) -> Option<String> {
    let url = url::Url::parse(endpoint.as_str()).ok()?;
    Some(url.origin().ascii_serialization())
}
