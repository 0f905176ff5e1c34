//! Showing a toast: drawn, told, and kept in the action centre.

use super::core::Core;
use super::showing::{Showing, showing};
use crate::action_centre::Place;
use crate::background::{Reason, TaskInstance};
use crate::model::{Account, NotificationId, ToastContent, ToastKey, ToastTemplate};
use crate::telemetry::{Event, EventName, ToastFields};
use crate::toast::Shown;

/// What the app is told when the toast that asks to sign in is tapped.
pub(super) const SIGN_IN: &str = "sign-in";

/// What a toast belongs to.
#[derive(Clone, Copy, Default)]
pub(super) struct Origin<'a> {
    pub(super) instance: Option<&'a TaskInstance>,
    pub(super) notification: Option<&'a NotificationId>,
}

impl Core {
    /// Draws a toast and keeps it, as far as the app may and the phone lets it through. A renderer
    /// that fails costs the picture alone: the toast stands in the action centre and in the events
    /// all the same.
    ///
    /// # Errors
    /// The [`Reason`] for which nobody sees the toast.
    pub(super) async fn show(
        &self,
        content: &ToastContent,
        origin: Origin<'_>,
    ) -> Result<(), Reason> {
        let (drawn, kept_back) = match showing(&self.conditions(), &self.manifest, content) {
            Showing::Drawn => (true, None),
            Showing::ActionCentreOnly(reason) => (false, Some(reason)),
            Showing::Dropped(reason) => return Err(reason),
        };
        let place = self.centre.place(&content.key);
        let unseen = Unseen {
            core: self,
            place,
            key: &content.key,
        };
        let renderer = if drawn {
            self.draw(content).await
        } else {
            Shown::NONE
        };
        std::mem::forget(unseen);
        let name = if place.replaces {
            EventName::ToastUpdated
        } else {
            EventName::ToastShown
        };
        let event = self
            .event(name)
            .with_toast(fields(place.id, content, renderer))
            .with_some("reason", kept_back);
        self.emit(with_origin(event, &origin));
        let notification = origin.notification.map(NotificationId::as_str);
        let recording = self
            .centre
            .begin_record(place, content, notification, renderer)
            .await;
        // The end of the push is written behind it, in the same group where it can be.
        self.spawner.spawn_to_end("toast record", async move {
            let kept = match recording {
                Ok(recording) => recording.done().await,
                Err(error) => Err(error),
            };
            if let Err(error) = kept {
                tracing::warn!(%error, "a toast was shown, but is not kept in the action centre");
            }
        });
        Ok(())
    }

    async fn draw(&self, content: &ToastContent) -> &'static str {
        let shown = self.toaster.show(content).await;
        for (renderer, error) in &shown.failures {
            tracing::warn!(renderer, %error, "a toast was not drawn");
        }
        shown.renderer
    }

    /// Takes a toast away, wherever it stands, because what it says holds no more.
    pub(super) async fn take_away(&self, key: &ToastKey) {
        match self.centre.remove(key).await {
            Ok(Some(id)) => {
                self.toaster.remove(key).await;
                let event = self
                    .event(EventName::ToastRemoved)
                    .with("id", id)
                    .with("reason", "no_longer_needed");
                self.emit(event);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "a toast could not be taken out of the action centre")
            }
        }
    }

    /// The toast that shows a secure payload: ToastText01, as in the tutorials.
    pub(super) fn payload_toast(
        &self,
        account: &Account,
        id: &NotificationId,
        payload: &str,
    ) -> ToastContent {
        ToastContent::new(
            ToastKey::of_notification(account, id),
            self.manifest.name().clone(),
            payload,
            ToastTemplate::ToastText01,
        )
    }

    /// The one generic toast that asks the user of `account` to sign in, with how many wait.
    pub(super) fn sign_in_toast(&self, account: &Account, waiting: usize) -> ToastContent {
        let body = match waiting {
            0 | 1 => format!("Sign in as {} to see a new notification", account.user),
            many => format!(
                "Sign in as {} to see {many} new notifications",
                account.user
            ),
        };
        ToastContent {
            launch: Some(SIGN_IN.to_owned()),
            ..ToastContent::new(
                ToastKey::of_sign_in(account),
                self.manifest.name().clone(),
                body,
                ToastTemplate::ToastText01,
            )
        }
    }
}

/// A toast that is being drawn: given up half-way, it does not stand in the action centre.
struct Unseen<'a> {
    core: &'a Core,
    place: Place,
    key: &'a ToastKey,
}

impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        self.core.centre.leave(self.place, self.key);
    }
}

pub(super) fn fields(id: i64, content: &ToastContent, renderer: &str) -> ToastFields {
    ToastFields {
        id,
        title: content.title.to_string(),
        body: content.body.to_string(),
        tag: content
            .tag
            .as_ref()
            .map_or_else(|| content.key.to_string(), ToString::to_string),
        group: content.group.as_ref().map(ToString::to_string),
        template: content.template.as_str().to_owned(),
        renderer: renderer.to_owned(),
    }
}

/// Says which push an event comes from.
pub(super) fn with_origin(event: Event, origin: &Origin<'_>) -> Event {
    let raw = origin.instance.and_then(TaskInstance::push);
    event
        .with_some(
            "notification",
            origin.notification.map(NotificationId::as_str),
        )
        .with_some("message", raw.map(|raw| raw.message.as_str()))
        .with_some("trace", raw.and_then(|raw| raw.traceparent.as_deref()))
}
