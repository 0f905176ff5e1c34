//! What the backend sends, in each platform's own form: the ID of a payload, without UI, or a plain
//! toast.

use quick_xml::escape::escape;
use serde_json::json;

use crate::emulator::hub::Content;
use crate::model::{NotificationId, Platform};
use crate::wire::app_backend::{MAX_TOAST, SendPriority};
use crate::wire::notification_hub::{Format, HubPlatform};
use crate::wire::{apns, wns};

use super::answer::Refusal;

/// The ID of a payload: it wakes the app, which fetches the payload. On APNs a push without UI has
/// priority 5, whatever its sender wishes: with 10 it is an error (Apple, "Pushing background updates
/// to your App").
pub(super) fn secure(platform: Platform, id: &NotificationId, priority: SendPriority) -> Content {
    let format = format(platform);
    let id = id.as_str();
    match platform {
        Platform::Wns => {
            let urgency = match priority {
                SendPriority::High => "1",
                SendPriority::Normal => "2",
            };
            Content::new(format, id.to_owned())
                .of_type("application/octet-stream")
                .with(wns::TYPE, "wns/raw")
                .with(wns::PRIORITY, urgency)
        }
        Platform::Apns => {
            let payload = json!({ "aps": { "content-available": 1 }, "secureId": id });
            Content::new(format, payload.to_string())
                .with(apns::PUSH_TYPE, "background")
                .with(apns::PRIORITY, "5")
        }
        Platform::Fcm => {
            let message = json!({ "message": {
                "data": { "secureId": id },
                "android": { "priority": priority.as_str() },
            }});
            Content::new(format, message.to_string())
        }
        Platform::WebPush => Content::new(format, id.to_owned()).with("urgency", priority.as_str()),
    }
}

/// Text that platforms show by themselves, in the form of each.
///
/// # Errors
/// [`Refusal::TooLarge`] where the text is longer than [`MAX_TOAST`], or a form, in which markup is
/// escaped, is larger than its push service takes.
pub(super) fn toasts(
    platforms: impl IntoIterator<Item = Platform>,
    text: &str,
) -> Result<Vec<Content>, Refusal> {
    if text.len() > MAX_TOAST {
        return Err(Refusal::TooLarge("the toast is larger than 2 KiB"));
    }
    let forms = platforms.into_iter().map(|platform| {
        let form = toast(platform, text);
        if form.body.len() > most(platform) {
            return Err(Refusal::TooLarge(
                "with its markup escaped, the toast is larger than a push may be",
            ));
        }
        Ok(form)
    });
    forms.collect()
}

/// The largest body that the push service takes, in bytes.
fn most(platform: Platform) -> usize {
    match platform {
        Platform::Wns => 5000,
        Platform::Apns | Platform::Fcm | Platform::WebPush => 4096,
    }
}

/// Text that the platform shows by itself.
fn toast(platform: Platform, text: &str) -> Content {
    let format = format(platform);
    match platform {
        Platform::Wns => {
            let toast = format!(
                r#"<toast><visual><binding template="ToastText01"><text id="1">{}</text></binding></visual></toast>"#,
                escape(text)
            );
            Content::new(format, toast)
                .of_type("text/xml")
                .with(wns::TYPE, "wns/toast")
                .with(wns::PRIORITY, "1")
        }
        Platform::Apns => Content::new(format, json!({ "aps": { "alert": text } }).to_string())
            .with(apns::PUSH_TYPE, "alert")
            .with(apns::PRIORITY, "10"),
        Platform::Fcm => {
            let message = json!({ "message": { "notification": { "body": text } } });
            Content::new(format, message.to_string())
        }
        Platform::WebPush => Content::new(format, text.to_owned()).with("urgency", "high"),
    }
}

fn format(platform: Platform) -> Format {
    Format::Native(HubPlatform::from(platform))
}
