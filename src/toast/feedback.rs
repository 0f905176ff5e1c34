//! What a user does with a toast where it is drawn.

use tokio::sync::mpsc;

use crate::model::ToastKey;

/// How much may wait to be handled; a person is not that quick.
const QUEUE: usize = 64;

/// The user did something with a toast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToastFeedback {
    /// Which toast.
    pub key: ToastKey,
    /// What the user did.
    pub kind: FeedbackKind,
}

/// What a user did with a toast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedbackKind {
    /// Tapped it, or one of its buttons.
    Tapped {
        /// The button's arguments; none for the toast itself.
        arguments: Option<String>,
    },
    /// Swept it away.
    Dismissed,
}

/// A queue for feedback: renderers send, whoever has the action centre receives.
#[must_use]
pub fn feedback() -> (FeedbackSender, mpsc::Receiver<ToastFeedback>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (FeedbackSender(sender), receiver)
}

/// Where a renderer tells what a user did; never waits.
#[derive(Debug, Clone)]
pub struct FeedbackSender(mpsc::Sender<ToastFeedback>);

impl FeedbackSender {
    /// Tells it; what finds no room in the queue is lost, and that is logged.
    pub fn send(&self, feedback: ToastFeedback) {
        if let Err(error) = self.0.try_send(feedback) {
            tracing::warn!(%error, "a tap on a toast was lost: too many wait");
        }
    }
}
