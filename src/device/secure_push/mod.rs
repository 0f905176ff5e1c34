//! The app's push background task: reads the ID from a raw push, fetches the payload with the
//! stored token, and shows it.

mod full_sync;
mod sign_in_need;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use self::full_sync::Synced;
use super::core::Core;
use super::state::Link;
use super::toasts::{Origin, with_origin};
use crate::backend::BackendError;
use crate::background::{CancellationReason, EntryPoint, Outcome, Owner, Reason, TaskInstance};
use crate::model::{NotificationId, PushKind, ToastKey};
use crate::session::{Current, SessionError, SessionState};
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
    synced: Synced,
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
            synced: Synced::default(),
        }
    }

    async fn fetch_and_show(&self, instance: &TaskInstance) -> Outcome {
        let Some(raw) = instance.push() else {
            return Outcome::Dropped(Reason::new("no_push"));
        };
        let all = raw.kind == PushKind::DeletedMessages;
        let id = match read_notification_id(&raw.content) {
            _ if all => None,
            Ok(id) => Some(id),
            Err(error) => return Outcome::Dropped(Reason::because("no_notification_id", error)),
        };
        let Some(link) = self.core.link() else {
            return Outcome::Dropped(Reason::new("no_backend"));
        };
        // It waited for its turn meanwhile, and is leased again only under its own account.
        if !(self.core.inbox).is_for(&raw.message, &Owner::from(&link.account)) {
            return Outcome::Retry {
                after: Duration::ZERO,
                reason: Reason::new("another_user"),
            };
        }
        let shown = |id: &NotificationId| ToastKey::of_notification(&link.account, id);
        if id.as_ref().is_some_and(|id| self.synced.take(&shown(id))) {
            return Outcome::Shown;
        }
        let job = Job {
            core: &self.core,
            synced: &self.synced,
            link: &link,
            instance,
            origin: Origin {
                instance: Some(instance),
                notification: id.as_ref(),
            },
        };
        let current = match self.credential(&job).await {
            Ok(current) => current,
            Err(outcome) => return outcome,
        };
        let done = job.carry_out(&current, id.as_ref()).await;
        match done {
            Ok(outcome) => outcome,
            Err(error) => {
                job.tell_failure(&error);
                job.after_failure(current.generation, error).await
            }
        }
    }

    /// The token, renewed where it is about to end; or what becomes of the push without.
    async fn credential(&self, job: &Job<'_>) -> Result<Current, Outcome> {
        let session = &job.link.session;
        if let Err(error) = session.refresh_if_near_expiry(&job.link.client).await {
            tracing::info!(%error, "the token could not be renewed early");
        }
        match session.credential().await {
            Ok(Some(current)) => {
                self.told_of_keyring.store(false, Ordering::Relaxed);
                Ok(current)
            }
            Ok(None) => {
                let ended = matches!(session.restore().await, Ok(SessionState::Expired));
                let code = if ended { "expired" } else { "no_token" };
                Err(job.ask_to_sign_in(Reason::new(code), None).await)
            }
            Err(error) => Err(self.without_vault(job, &error).await),
        }
    }

    /// The keyring may come back any moment: the push is tried again, and the user is told.
    async fn without_vault(&self, job: &Job<'_>, error: &SessionError) -> Outcome {
        let reason = Reason::because("no_keyring", error);
        if !error.is_vault_unavailable() {
            return job.ask_to_sign_in(reason, None).await;
        }
        if !self.told_of_keyring.swap(true, Ordering::Relaxed) {
            job.tell_sign_in_is_needed(&reason).await;
        }
        Outcome::Retry {
            after: KEYRING_WAIT,
            reason,
        }
    }
}

/// One push, and the way to its payload.
#[derive(Clone, Copy)]
struct Job<'a> {
    core: &'a Core,
    synced: &'a Synced,
    link: &'a Link,
    instance: &'a TaskInstance,
    origin: Origin<'a>,
}

impl Job<'_> {
    /// Fetches the payload `id` and shows it, or everything unread where the push names none.
    async fn carry_out(
        &self,
        current: &Current,
        id: Option<&NotificationId>,
    ) -> Result<Outcome, BackendError> {
        let Some(id) = id else {
            return self.sync_all(current).await;
        };
        let begun = Instant::now();
        let client = &self.link.client;
        let fetched = client.fetch_notification(&current.credential, id);
        let notification = match self.unless_canceled(fetched).await {
            Ok(fetched) => fetched?,
            Err(canceled) => return Ok(canceled),
        };
        self.tell_fetched(begun);
        Ok(match self.show(id, &notification.payload).await {
            Ok(()) => Outcome::Shown,
            Err(reason) => Outcome::Dropped(reason),
        })
    }

    /// What is not fetched yet can be fetched later, so the phone is not held up for it. What is
    /// being shown is not given up half-way: it would be shown again.
    async fn unless_canceled<T>(&self, fetch: impl Future<Output = T>) -> Result<T, Outcome> {
        tokio::select! {
            fetched = fetch => Ok(fetched),
            reason = self.instance.canceled() => Err(canceled(reason)),
        }
    }

    fn tell_fetched(&self, begun: Instant) {
        let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let event = self
            .core
            .event(EventName::PayloadFetched)
            .with("elapsed_ms", elapsed);
        self.core.emit(with_origin(event, &self.origin));
    }

    fn tell_failure(&self, error: &BackendError) {
        let event = self
            .core
            .event(EventName::PayloadFailed)
            .with("reason", code_of(error))
            .with("detail", error.to_string());
        self.core.emit(with_origin(event, &self.origin));
    }

    async fn show(&self, id: &NotificationId, payload: &str) -> Result<(), Reason> {
        let account = &self.link.account;
        let toast = self.core.payload_toast(account, id, payload);
        let origin = Origin {
            notification: Some(id),
            ..self.origin
        };
        self.core.show(&toast, origin).await?;
        // An instance that was refused just before a sign-in may have asked for one after.
        self.core.take_away(&ToastKey::of_sign_in(account)).await;
        Ok(())
    }

    async fn after_failure(&self, generation: i64, error: BackendError) -> Outcome {
        let reason = Reason::because(code_of(&error), &error);
        if error.needs_sign_in() {
            self.link.session.refused(generation);
            let earlier = self
                .instance
                .push()
                .and_then(|raw| self.core.inbox.refused_under(&raw.message));
            // A lasting refusal ends: a second one under a newer token is the last.
            if earlier.is_some_and(|earlier| generation > earlier) {
                return Outcome::Dropped(Reason::because("forbidden", &error));
            }
            return self.ask_to_sign_in(reason, Some(generation)).await;
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
    } else if error.is_not_offered() {
        "not_offered"
    } else if error.is_unreachable() {
        "backend_unreachable"
    } else if error.is_transient() {
        "backend_failed"
    } else {
        "payload_unusable"
    }
}
