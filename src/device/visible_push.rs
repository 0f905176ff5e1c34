//! What the platform does with a push that is to be seen as it is: no task, no backend.

use std::sync::Arc;

use super::core::Core;
use super::toasts::Origin;
use crate::background::{EntryPoint, Outcome, Reason, TaskInstance};
use crate::model::{
    Badge, DisplayText, Invalid, Platform, PushKind, RawNotification, ToastContent, ToastKey,
    ToastTag,
};
use crate::wire::{apns_push, badge_xml, fcm_message, toast_xml};

/// Shows visible pushes.
pub(super) struct VisiblePush(pub(super) Arc<Core>);

/// What is to be seen.
#[derive(Debug, PartialEq, Eq)]
struct Sight {
    toast: Option<ToastContent>,
    badge: Option<Badge>,
}

impl EntryPoint for VisiblePush {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        let Some(raw) = instance.push() else {
            return Outcome::Dropped(Reason::new("no_push"));
        };
        if raw.kind == PushKind::ToastRemoval {
            return self.remove(raw).await;
        }
        let sight = match read(raw, self.0.manifest.name()) {
            Ok(sight) => sight,
            Err(error) => return Outcome::Dropped(Reason::because("unreadable_toast", error)),
        };
        if sight.toast.is_none() && sight.badge.is_none() {
            return Outcome::Dropped(Reason::new("nothing_to_show"));
        }
        if let Some(badge) = sight.badge {
            self.0.set_badge(badge).await;
        }
        let Some(toast) = sight.toast else {
            return Outcome::Shown;
        };
        let origin = Origin {
            instance: Some(&instance),
            notification: None,
        };
        match self.0.show(&toast, origin).await {
            Ok(()) => Outcome::Shown,
            Err(reason) => Outcome::Dropped(reason),
        }
    }
}

impl VisiblePush {
    /// Toasts leave the action centre. A label that is none names no toast, and must not come to
    /// stand for all of them.
    async fn remove(&self, raw: &RawNotification) -> Outcome {
        let label = |text: &Option<String>| text.as_deref().map(ToastTag::parse).transpose();
        let (tag, group) = match (label(&raw.collapse), label(&raw.group)) {
            (Ok(tag), Ok(group)) => (tag, group),
            (Err(error), _) | (_, Err(error)) => {
                return Outcome::Dropped(Reason::because("unreadable_removal", error));
            }
        };
        let removed = self.0.remove_for_sender(tag.as_ref(), group.as_ref()).await;
        match removed {
            Ok(()) => Outcome::Shown,
            Err(error) => Outcome::Dropped(Reason::because("removal_not_kept", error)),
        }
    }
}

/// Reads a visible push by its platform's own rules.
fn read(raw: &RawNotification, app_name: &DisplayText) -> Result<Sight, Invalid> {
    let key = ToastKey::of_message(&raw.message);
    match raw.platform {
        Platform::Wns if raw.kind == PushKind::Badge => Ok(Sight {
            toast: None,
            badge: Some(badge_xml::read_badge(&raw.content)?),
        }),
        Platform::Wns => {
            let toast = toast_xml::read_toast(&raw.content)?.into_content(key, app_name);
            Ok(Sight {
                toast: Some(with_wns_headers(toast, raw)),
                badge: None,
            })
        }
        Platform::Apns => {
            let push = apns_push::read_push(&raw.content)?;
            Ok(Sight {
                toast: push.toast(key, raw.collapse.as_deref(), app_name),
                badge: push.badge(),
            })
        }
        Platform::Fcm => {
            let message = fcm_message::read_message(&raw.content)?;
            Ok(Sight {
                toast: message.toast(key, app_name),
                badge: message.badge(),
            })
        }
        Platform::WebPush => Err(Invalid::new("Web Push", "is never shown as it is")),
    }
}

/// `X-WNS-Tag`, `X-WNS-Group`, `X-WNS-SuppressPopup` and `X-WNS-TTL`: the last is, for a toast, when
/// it leaves the action centre too.
fn with_wns_headers(toast: ToastContent, raw: &RawNotification) -> ToastContent {
    let named = |name: Option<&str>| name.and_then(|name| ToastTag::parse(name).ok());
    let (tag, group) = (named(raw.collapse.as_deref()), named(raw.group.as_deref()));
    let key = match &tag {
        Some(tag) => ToastKey::of_tag(tag, group.as_ref()),
        None => toast.key,
    };
    ToastContent {
        key,
        tag,
        group,
        expires_at: raw.expires_at,
        suppress_popup: raw.suppress_popup,
        ..toast
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MessageId;

    fn push(platform: Platform, kind: PushKind, content: &'static str) -> RawNotification {
        let message = MessageId::parse("m").unwrap();
        RawNotification {
            kind,
            collapse: Some("chat".to_owned()),
            group: Some("friends".to_owned()),
            suppress_popup: true,
            expires_at: Some(jiff::Timestamp::UNIX_EPOCH),
            ..RawNotification::new(
                message,
                platform,
                bytes::Bytes::from_static(content.as_bytes()),
            )
        }
    }

    fn sight(platform: Platform, kind: PushKind, content: &'static str) -> Sight {
        read(&push(platform, kind, content), &DisplayText::new("Contoso")).unwrap()
    }

    #[test]
    fn a_wns_toast_has_what_its_headers_say() {
        let xml = r#"<toast launch="x"><visual><binding template="ToastText01"><text>hi</text></binding></visual></toast>"#;
        let toast = sight(Platform::Wns, PushKind::Toast, xml).toast.unwrap();
        assert_eq!(
            (toast.title.as_str(), toast.body.as_str()),
            ("Contoso", "hi")
        );
        let (tag, group) = (toast.tag.unwrap(), toast.group.unwrap());
        assert_eq!((tag.as_str(), group.as_str()), ("chat", "friends"));
        assert_eq!(toast.key, ToastKey::of_tag(&tag, Some(&group)));
        assert!(toast.suppress_popup && toast.expires_at.is_some());
    }

    #[test]
    fn delivery_headers_of_other_platforms_say_nothing_of_the_toast() {
        for (platform, json) in [
            (Platform::Apns, r#"{"aps":{"alert":"hi","badge":2}}"#),
            (
                Platform::Fcm,
                r#"{"notification":{"body":"hi"},"android":{"notification":{"notification_count":2}}}"#,
            ),
        ] {
            let sight = sight(platform, PushKind::Toast, json);
            let toast = sight.toast.unwrap();
            assert_eq!(toast.body.as_str(), "hi");
            assert!(!toast.suppress_popup && toast.expires_at.is_none());
            assert_eq!(sight.badge, Some(Badge::Number(2)));
        }
    }

    #[test]
    fn a_badge_alone_is_no_toast() {
        for (platform, content) in [
            (Platform::Wns, r#"<badge value="7"/>"#),
            (Platform::Apns, r#"{"aps":{"badge":7}}"#),
        ] {
            let badge = Some(Badge::Number(7));
            let expected = Sight { toast: None, badge };
            assert_eq!(sight(platform, PushKind::Badge, content), expected);
        }
    }
}
