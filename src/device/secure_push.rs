//! The app's push background task: reads the ID from a raw push, fetches the payload with the
//! stored token, and shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::core::Core;
use super::state::Link;
use super::toasts::{Origin, with_origin};
use crate::backend::BackendError;
use crate::background::{CancellationReason, EntryPoint, Outcome, Owner, Reason, TaskInstance};
use crate::model::{NotificationId, ToastKey};
use crate::session::SessionError;
use crate::telemetry::EventName;
use crate::wire::secure_push::read_notification_id;

/// The task's name, as the tutorials register it.
pub(super) const TASK_NAME: &str = "PushBackgroundTask";

/// The entry point's name.
pub(super) const ENTRY_POINT: &str = "PushBackgroundComponent.PushBackgroundTask";

/// How long a keyring that is missing now is left alone.
const KEYRING_WAIT: Duration = Duration::from_secs(5);

/// The push background task.
pub(super) struct SecurePush {
    core: Arc<Core>,
    /// The user was told that the keyring is away; it is tried again without more ado.
    told_of_keyring: AtomicBool,
}

impl EntryPoint for SecurePush {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        let deferral = instance.deferral();
        let outcome = self.fetch_and_show(&instance).await;
        deferral.complete();
        outcome
    }
}

impl SecurePush {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self {
            core,
            told_of_keyring: AtomicBool::new(false),
        }
    }

    async fn fetch_and_show(&self, instance: &TaskInstance) -> Outcome {
        let Some(raw) = instance.push() else {
            return Outcome::Dropped(Reason::new("no_push"));
        };
        let id = match read_notification_id(&raw.content) {
            Ok(id) => id,
            Err(error) => return Outcome::Dropped(Reason::because("no_notification_id", error)),
        };
        let Some(link) = self.core.link() else {
            return Outcome::Dropped(Reason::new("no_backend"));
        };
        if let Err(error) = link.session.refresh_if_near_expiry(&link.client).await {
            tracing::info!(%error, "the token could not be renewed early");
        }
        let current = match link.session.credential().await {
            Ok(Some(current)) => {
                self.told_of_keyring.store(false, Ordering::Relaxed);
                current
            }
            Ok(None) => {
                return self
                    .ask_to_sign_in(&link, instance, &id, Reason::new("no_token"))
                    .await;
            }
            Err(error) => return self.without_vault(&link, instance, &id, &error).await,
        };
        let begun = Instant::now();
        let origin = Origin {
            instance: Some(instance),
            notification: Some(&id),
        };
        let fetched = tokio::select! {
            fetched = link.client.fetch_notification(&current.credential, &id) => fetched,
            // What is not fetched yet can be fetched later: the phone is not held up.
            reason = instance.canceled() => return canceled(reason),
        };
        match fetched {
            Ok(notification) => {
                let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                let event = self
                    .core
                    .event(EventName::PayloadFetched)
                    .with("elapsed_ms", elapsed);
                self.core.emit(with_origin(event, &origin));
                self.show(&link, &id, &notification.payload, origin).await
            }
            Err(error) => {
                let event = self
                    .core
                    .event(EventName::PayloadFailed)
                    .with("reason", code_of(&error))
                    .with("detail", error.to_string());
                self.core.emit(with_origin(event, &origin));
                self.after_failure(&link, instance, &id, current.generation, error)
                    .await
            }
        }
    }

    async fn show(
        &self,
        link: &Link,
        id: &NotificationId,
        payload: &str,
        origin: Origin<'_>,
    ) -> Outcome {
        let toast = self.core.payload_toast(&link.account, id, payload);
        if let Err(reason) = self.core.show(&toast, origin).await {
            return Outcome::Dropped(reason);
        }
        // An instance that was refused just before a sign-in may have asked for one after.
        self.core
            .take_away(&ToastKey::of_sign_in(&link.account))
            .await;
        Outcome::Shown
    }

    async fn after_failure(
        &self,
        link: &Link,
        instance: &TaskInstance,
        id: &NotificationId,
        generation: i64,
        error: BackendError,
    ) -> Outcome {
        let reason = Reason::because(code_of(&error), &error);
        if error.needs_sign_in() {
            link.session.refused(generation);
            let earlier = instance
                .push()
                .and_then(|raw| self.core.inbox.refused_under(&raw.message));
            // A lasting refusal ends: a second one under a newer token is the last.
            if earlier.is_some_and(|earlier| generation > earlier) {
                return Outcome::Dropped(Reason::because("forbidden", &error));
            }
            self.tell_sign_in_is_needed(link, instance, id, &reason)
                .await;
            return Outcome::AwaitingSignIn {
                reason,
                refused_under: Some(generation),
            };
        }
        // A redirect or a foreign certificate is what a captive portal looks like.
        let elsewhere = matches!(error, BackendError::Redirected { .. });
        if error.is_transient() || error.is_unreachable() || elsewhere {
            return Outcome::Retry {
                after: error.retry_after().unwrap_or_default(),
                reason,
            };
        }
        Outcome::Dropped(reason)
    }

    /// The keyring may come back any moment: the push is tried again, and the user is told.
    async fn without_vault(
        &self,
        link: &Link,
        instance: &TaskInstance,
        id: &NotificationId,
        error: &SessionError,
    ) -> Outcome {
        let reason = Reason::because("no_keyring", error);
        if !error.is_vault_unavailable() {
            return self.ask_to_sign_in(link, instance, id, reason).await;
        }
        if !self.told_of_keyring.swap(true, Ordering::Relaxed) {
            self.tell_sign_in_is_needed(link, instance, id, &reason)
                .await;
        }
        Outcome::Retry {
            after: KEYRING_WAIT,
            reason,
        }
    }

    async fn ask_to_sign_in(
        &self,
        link: &Link,
        instance: &TaskInstance,
        id: &NotificationId,
        reason: Reason,
    ) -> Outcome {
        self.tell_sign_in_is_needed(link, instance, id, &reason)
            .await;
        Outcome::AwaitingSignIn {
            reason,
            refused_under: None,
        }
    }

    async fn tell_sign_in_is_needed(
        &self,
        link: &Link,
        instance: &TaskInstance,
        id: &NotificationId,
        reason: &Reason,
    ) {
        let waiting = self
            .core
            .inbox
            .awaiting_sign_in(&Owner::from(&link.account))
            + 1;
        let origin = Origin {
            instance: Some(instance),
            notification: Some(id),
        };
        let event = self
            .core
            .event(EventName::SessionRequired)
            .with("user", link.account.user.as_str())
            .with("waiting", waiting)
            .with("reason", reason.code.as_ref());
        self.core.emit(with_origin(event, &origin));
        // The generic toast is about the account, not about this push.
        let toast = self.core.sign_in_toast(&link.account, waiting);
        if let Err(reason) = self.core.show(&toast, Origin::default()).await {
            tracing::warn!(%reason, "the user is not told that sign-in is needed");
        }
    }
}

/// What becomes of a push whose instance was told to end before its payload was there.
fn canceled(reason: CancellationReason) -> Outcome {
    Outcome::Retry {
        after: Duration::ZERO,
        reason: Reason::new(reason.as_str()),
    }
}

/// The name of a failed fetch in events.
fn code_of(error: &BackendError) -> &'static str {
    if error.needs_sign_in() {
        "refused"
    } else if error.is_gone() {
        "payload_gone"
    } else if error.is_unreachable() {
        "backend_unreachable"
    } else if error.is_transient() {
        "backend_failed"
    } else {
        "payload_unusable"
    }
}
