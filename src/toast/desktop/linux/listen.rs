//! The daemon's signals: a toast was tapped, a toast was closed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt as _;
use futures_util::stream::SelectAll;
use tokio::sync::mpsc::{self, UnboundedSender};
use zbus::blocking::Connection;
use zbus::message::Type;
use zbus::{MatchRule, Message, MessageStream};

use super::{DAEMON, DAEMON_PATH, ShownToasts, lock};
use crate::toast::FeedbackSender;

/// The action of a tap on the toast itself.
pub(super) const DEFAULT: &str = "default";

/// How many signals of a connection may wait; they are taken as soon as they come.
const QUEUE: usize = 256;

/// Who listens to the connections that toasts are sent on.
#[derive(Default)]
pub(in crate::toast::desktop) struct Ears(Mutex<Listener>);

/// The one that listens now. Few connections come: each is the last one's replacement.
#[derive(Default)]
struct Listener {
    number: u64,
    streams: Option<UnboundedSender<MessageStream>>,
}

/// What a daemon says happened to a toast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signal {
    /// `ActionInvoked`: the id, and the action's name.
    ActionInvoked(u32, String),
    /// `NotificationClosed`: the id, and why.
    NotificationClosed(u32, u32),
}

impl Ears {
    /// Lets the listener hear `bus`, unless it does (`heard_by`). Returns which listener hears it
    /// now, zero for none. Asks the bus, and waits for its answer.
    pub(super) fn attach(&self, bus: &Connection, heard_by: u64) -> u64 {
        let (number, streams) = {
            let listener = self.lock();
            (listener.number, listener.streams.clone())
        };
        let Some(streams) = streams else {
            return 0;
        };
        if number == heard_by {
            return number;
        }
        let stream = rule().and_then(|rule| {
            zbus::block_on(MessageStream::for_match_rule(
                rule,
                bus.inner(),
                Some(QUEUE),
            ))
        });
        match stream {
            Ok(stream) => streams.send(stream).map_or(0, |()| number),
            Err(error) => {
                tracing::debug!(%error, "taps on toasts are not heard: the bus refuses");
                0
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Listener> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends listening, however that comes about: a stream that nobody takes from would hold up the
/// answers on its connection.
struct Listening<'a> {
    ears: &'a Ears,
    number: u64,
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut listener = self.ears.lock();
        if listener.number == self.number {
            listener.streams = None;
        }
    }
}

/// Tells what the user does with the toasts in `shown`, until it is dropped or another listens.
pub(in crate::toast::desktop) async fn listen(
    ears: Arc<Ears>,
    shown: Arc<Mutex<ShownToasts>>,
    feedback: FeedbackSender,
) {
    let (sender, mut new_streams) = mpsc::unbounded_channel();
    let number = {
        let mut listener = ears.lock();
        listener.number += 1;
        listener.streams = Some(sender);
        listener.number
    };
    let _listening = Listening {
        ears: &ears,
        number,
    };
    let mut streams = SelectAll::new();
    loop {
        tokio::select! {
            new = new_streams.recv() => match new {
                Some(stream) => streams.push(stream),
                None => return,
            },
            Some(message) = streams.next(), if !streams.is_empty() => {
                let heard = message.ok().and_then(|message| hear(&message, &shown));
                if let Some(told) = heard {
                    feedback.send(told);
                }
            }
        }
    }
}

fn hear(message: &Message, shown: &Mutex<ShownToasts>) -> Option<crate::toast::ToastFeedback> {
    let header = message.header();
    let signal = Signal::read(header.member()?.as_str(), message)?;
    lock(shown).hear(header.sender()?.as_str(), &signal)
}

/// Signals of the daemon. Which of several senders is the daemon, is known by its unique name.
fn rule() -> zbus::Result<MatchRule<'static>> {
    Ok(MatchRule::builder()
        .msg_type(Type::Signal)
        .interface(DAEMON)?
        .path(DAEMON_PATH)?
        .build())
}

impl Signal {
    fn read(member: &str, message: &Message) -> Option<Self> {
        let body = message.body();
        match member {
            "ActionInvoked" => {
                let (id, name) = body.deserialize().ok()?;
                Some(Self::ActionInvoked(id, name))
            }
            "NotificationClosed" => {
                let (id, reason) = body.deserialize().ok()?;
                Some(Self::NotificationClosed(id, reason))
            }
            _ => None,
        }
    }

    pub(super) fn id(&self) -> u32 {
        match self {
            Self::ActionInvoked(id, _) | Self::NotificationClosed(id, _) => *id,
        }
    }
}
