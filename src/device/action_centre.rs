//! What the user does with toasts, here or on the desktop, and the badge on the app's icon.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::toasts::{SIGN_IN, fields};
use super::{Device, DeviceError};
use crate::action_centre::ShownToast;
use crate::model::{Badge, Invalid, ToastContent, ToastTag};
use crate::store::StoreError;
use crate::telemetry::{Event, EventName};
use crate::toast::{FeedbackKind, ToastFeedback, feedback};

/// The longest wait before toasts that may have expired are looked at again: a clock that is set
/// is not noticed otherwise.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// A toast that was tapped, and what the app is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tapped {
    /// The toast's number.
    pub id: i64,
    /// `launch` of the toast, or the arguments of the button; `sign-in` for the toast that asks to
    /// sign in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub launch: Option<String>,
    /// The secure payload that the toast showed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notification: Option<String>,
    /// Whether the backend is told that this payload was read, now or as soon as it can be reached;
    /// it is not where the backend profile has no call for it. Nothing without a payload.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub backend_is_told: Option<bool>,
    /// True when the user is to sign in now.
    pub opens_sign_in: bool,
    /// What the toast said.
    pub toast: ToastContent,
}

impl Device {
    /// The toasts in the action centre, the one shown last first.
    ///
    /// # Errors
    /// [`DeviceError`] when they could not be read.
    pub async fn toasts(&self) -> Result<Vec<ShownToast>, DeviceError> {
        self.core.sweep_toasts().await?;
        Ok(self.core.centre.list().await?)
    }

    /// The user taps a toast, or its button with these arguments or this caption. It leaves the
    /// action centre and the desktop, unless it asks to sign in, which stands until that is done; the payload it showed is marked as read at the backend, now or
    /// as soon as that can be reached, across restarts.
    ///
    /// # Errors
    /// [`DeviceError::NoSuchToast`], [`DeviceError::Invalid`] when it has no such button, and
    /// [`DeviceError::Store`].
    pub async fn tap(&self, id: i64, button: Option<&str>) -> Result<Tapped, DeviceError> {
        let tapped = self.core.tap(id, button).await?;
        if self.core.state.now().on.is_none() {
            // Nobody tells the backend later while the phone is off.
            self.core.tell_reads().await;
        }
        Ok(tapped)
    }

    /// The user sweeps a toast away.
    ///
    /// # Errors
    /// [`DeviceError::NoSuchToast`] and [`DeviceError::Store`].
    pub async fn dismiss(&self, id: i64) -> Result<ShownToast, DeviceError> {
        self.core.dismiss(id).await
    }

    /// Clears the action centre; returns how many toasts stood there.
    ///
    /// # Errors
    /// [`DeviceError::Store`]
    pub async fn clear(&self) -> Result<usize, DeviceError> {
        let gone = self.core.centre.clear().await?;
        Ok(self.core.removed(gone, "cleared").await)
    }

    /// Removes the toast of that name and group, or, without a name, every toast of the group, as
    /// an app does (`ToastNotificationHistory`); returns how many.
    ///
    /// # Errors
    /// [`DeviceError::Invalid`] without either, and [`DeviceError::Store`].
    pub async fn remove_toasts(
        &self,
        tag: Option<&ToastTag>,
        group: Option<&ToastTag>,
    ) -> Result<usize, DeviceError> {
        let gone = match (tag, group) {
            (Some(tag), group) => self.core.centre.remove_by(tag, group).await?,
            (None, Some(group)) => self.core.centre.remove_group(group).await?,
            (None, None) => {
                return Err(Invalid::new("toast", "is named by neither a tag nor a group").into());
            }
        };
        Ok(self.core.removed(gone, "removed").await)
    }

    /// The badge on the app's icon.
    #[must_use]
    pub fn badge(&self) -> Badge {
        self.core.centre.badge()
    }

    /// Puts a badge on the app's icon; true when it was another before.
    ///
    /// # Errors
    /// [`DeviceError::Store`] when it could not be made durable.
    pub async fn set_badge(&self, badge: Badge) -> Result<bool, DeviceError> {
        let changed = self.core.centre.set_badge(badge).await?;
        if changed {
            self.core.tell_badge(badge);
        }
        Ok(changed)
    }

    /// Takes what the user does on the desktop, removes what expires, and tells the backend what
    /// was read.
    pub(super) fn serve_action_centre(&self) {
        let off = self.scope.token().clone();
        let (taps, expiry, reads) = (self.core.clone(), self.core.clone(), self.core.clone());
        self.scope.spawn_to_end("toasts", serve_feedback(taps, off));
        self.scope
            .spawn("expiry", async move { expiry.keep_expiry().await });
        self.scope
            .spawn("reads", async move { reads.keep_telling_reads().await });
    }
}

/// Serves the renderers until `off`: draws what they put off, and does what the user does with a
/// toast on the desktop.
pub(super) async fn serve_feedback(core: Arc<Core>, off: CancellationToken) {
    let (sender, mut receiver) = feedback();
    let taken = async {
        while let Some(told) = receiver.recv().await {
            core.take_feedback(told).await;
        }
    };
    tokio::select! {
        () = core.toaster.serve(&sender, &off) => {}
        () = taken => {}
    }
}

impl Core {
    async fn take_feedback(&self, told: ToastFeedback) {
        // A toast that stands for many, or one that is gone, is none of the action centre's.
        let Some(id) = self.centre.id_of(&told.key) else {
            return;
        };
        let done = match told.kind {
            FeedbackKind::Tapped { arguments } => {
                self.tap(id, arguments.as_deref()).await.map(drop)
            }
            FeedbackKind::Dismissed => self.dismiss(id).await.map(drop),
        };
        if let Err(error) = done {
            // The text may say what stands on a button.
            tracing::warn!(kind = ?error.kind(), "what the user did on the desktop was not taken");
        }
    }

    async fn tap(&self, id: i64, button: Option<&str>) -> Result<Tapped, DeviceError> {
        let missing = || DeviceError::NoSuchToast { id };
        let toast = self.centre.get(id).await?.ok_or_else(missing)?;
        let pressed = match button {
            Some(button) => Some(arguments_of(&toast.content, button)?),
            None => None,
        };
        // The toast that asks to sign in stands until somebody has.
        let stays = toast.content.key.is_sign_in();
        let toast = match stays {
            true => toast,
            false => self.centre.tap(id).await?.ok_or_else(missing)?,
        };
        let launch = pressed.or_else(|| toast.content.launch.clone());
        let event = self
            .of_toast(EventName::ToastTapped, &toast)
            .with_some("launch", launch.as_deref())
            .with_some("notification", toast.notification.as_deref());
        self.emit(event);
        if !stays {
            self.toaster.remove(&toast.content.key).await;
        }
        let told = self.profile().way_to_backend().tells_reads();
        Ok(Tapped {
            id,
            opens_sign_in: launch.as_deref() == Some(SIGN_IN) && toast.content.key.is_sign_in(),
            launch,
            backend_is_told: toast.notification.is_some().then_some(told),
            notification: toast.notification,
            toast: toast.content,
        })
    }

    async fn dismiss(&self, id: i64) -> Result<ShownToast, DeviceError> {
        let dismissed = self.centre.dismiss(id).await?;
        let toast = dismissed.ok_or(DeviceError::NoSuchToast { id })?;
        self.emit(self.of_toast(EventName::ToastDismissed, &toast));
        self.toaster.remove(&toast.content.key).await;
        Ok(toast)
    }

    /// Removes the toasts that a sender names by `X-WNS-Match`.
    pub(super) async fn remove_for_sender(
        &self,
        tag: Option<&ToastTag>,
        group: Option<&ToastTag>,
    ) -> Result<(), StoreError> {
        let gone = self.centre.remove_for_sender(tag, group).await?;
        self.removed(gone, "removed").await;
        Ok(())
    }

    /// Tells that toasts are gone, and takes them off the desktop; returns how many.
    async fn removed(&self, gone: Vec<ShownToast>, reason: &'static str) -> usize {
        for toast in &gone {
            let event = self
                .of_toast(EventName::ToastRemoved, toast)
                .with("reason", reason);
            self.emit(event);
        }
        for toast in &gone {
            self.toaster.remove(&toast.content.key).await;
        }
        gone.len()
    }

    fn of_toast(&self, name: EventName, toast: &ShownToast) -> Event {
        self.event(name).with("id", toast.id).with_toast(fields(
            toast.id,
            &toast.content,
            &toast.renderer,
        ))
    }

    /// Removes what has expired; tells when the next toast does.
    pub(super) async fn sweep_toasts(&self) -> Result<Option<Timestamp>, StoreError> {
        let (gone, next) = self.centre.expire().await?;
        self.removed(gone, "expired").await;
        Ok(next)
    }

    async fn keep_expiry(&self) {
        loop {
            let next = match self.sweep_toasts().await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(%error, "expired toasts could not be removed");
                    None
                }
            };
            let wait = next.map(|next| next.duration_since(self.clock.now()));
            let wait = wait.map(|wait| Duration::try_from(wait).unwrap_or(Duration::ZERO));
            let wait = wait.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP);
            tokio::select! {
                // Rounded up: a toast must not be looked at just before its time, again and again.
                () = tokio::time::sleep(wait + Duration::from_millis(1)) => {}
                () = self.centre.changed() => {}
            }
        }
    }

    /// Puts a badge on the icon that a push brought.
    pub(super) async fn set_badge(&self, badge: Badge) {
        match self.centre.set_badge(badge).await {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => tracing::warn!(%error, "the badge is not kept for the next start"),
        }
        self.tell_badge(badge);
    }

    fn tell_badge(&self, badge: Badge) {
        let event = self
            .event(EventName::BadgeChanged)
            .with("badge", badge.to_string())
            .with_some("shown", badge.shown());
        self.emit(event);
    }
}

/// The arguments of the button with these arguments or this caption.
fn arguments_of(toast: &ToastContent, button: &str) -> Result<String, Invalid> {
    let by_arguments = toast.actions.iter().find(|a| a.arguments == button);
    let by_caption = || toast.actions.iter().find(|a| a.content.as_str() == button);
    let found = by_arguments.or_else(by_caption);
    found.map(|action| action.arguments.clone()).ok_or_else(|| {
        let captions: Vec<_> = toast.actions.iter().map(|a| a.content.as_str()).collect();
        let there = match captions.as_slice() {
            [] => "it has none".to_owned(),
            captions => format!("it has {}", captions.join(", ")),
        };
        Invalid::new(
            "button",
            format!("{button:.40?} is none of the toast's: {there}"),
        )
    })
}
