//! What is sent, checked and completed once for all devices.

use crate::emulator::hub::Content;
use crate::emulator::hub::delivery::Delivery;
use crate::emulator::hub::lanes::Urgency;
use crate::emulator::hub::outcome::Outcome;
use crate::emulator::hub::rows::TargetRow;
use crate::emulator::hub::send::{Send, Target};
use crate::emulator::hub::senders::{self, Sent};
use crate::emulator::hub::template::Properties;
use crate::emulator::hub::templates;
use crate::model::Invalid;
use crate::wire::notification_hub::{Format, MAX_BATCH_HANDLES, MAX_BODY};

/// A notification that can be sent.
#[derive(Debug)]
pub(super) enum Checked {
    /// As its push service wants it.
    Native(Content),
    /// What each device's template makes a notification of.
    Properties(Properties),
}

impl Checked {
    /// # Errors
    /// [`Invalid`] where it is too large or no device could get it.
    pub(super) fn of(send: &Send) -> Result<Self, Invalid> {
        let bad = |problem: String| Err(Invalid::new("notification", problem));
        let content = &send.content;
        if content.body.len() > MAX_BODY {
            return bad(format!("is larger than {MAX_BODY} bytes"));
        }
        if let Target::Direct(handles) = &send.to {
            if content.format == Format::Template {
                return bad(
                    "in the format template cannot be sent to handles: they have no templates"
                        .to_owned(),
                );
            }
            if handles.is_empty() || handles.len() > MAX_BATCH_HANDLES {
                return bad(format!("needs 1 to {MAX_BATCH_HANDLES} handles"));
            }
        }
        match content.format {
            Format::Template => Properties::read(&content.body).map(Self::Properties),
            Format::Native(_) => senders::complete(content.clone()).map(Self::Native),
        }
    }

    /// Sends it to one device.
    pub(super) async fn deliver(
        &self,
        delivery: &Delivery,
        to: &TargetRow,
        urgency: Urgency,
    ) -> Sent {
        let rendered;
        let content = match self {
            Self::Native(content) => content,
            Self::Properties(properties) => match templates::render(to, properties) {
                Ok(content) => {
                    rendered = content;
                    &rendered
                }
                Err(invalid) => {
                    let outcome = Outcome::InvalidNotificationFormat;
                    return Sent::new(outcome, invalid.to_string());
                }
            },
        };
        delivery
            .deliver(to.platform, &to.handle, content, urgency)
            .await
    }
}
