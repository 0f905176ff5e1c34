//! Keeps the backend told of the handle and the tags.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::ErrorKind;
use super::core::Core;
use super::state::{Line, Link, OpenLine, Registered};
use crate::backend::BackendError;
use crate::lifecycle::Backoff;
use crate::registration::{RegistrationError, Wanted};
use crate::telemetry::EventName;

/// The first and the longest wait before the backend is asked again.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// How often a registration is looked at that is well: it is put once a day.
const LOOK: Duration = Duration::from_secs(3600);

/// Registers the handle whenever something that matters changed.
pub(super) struct RegistrationKeeper {
    pub(super) core: Arc<Core>,
    /// Without a backend the phone is ready as soon as its channel is open.
    pub(super) backend: bool,
}

/// How a look at the registration ended.
enum Looked {
    /// All is well, or nothing can be done until something changes.
    Settled,
    /// It is worth another try after a while.
    Again(Option<Duration>),
}

impl RegistrationKeeper {
    /// Works until `off` is canceled.
    pub(super) async fn run(self, off: CancellationToken) {
        let mut backoff = Backoff::new(RETRY.0, RETRY.1);
        let mut told_ready = false;
        loop {
            // A put that is broken off counts as not acknowledged, and is done again next time.
            let Some(looked) = off.run_until_cancelled(self.look(&mut told_ready)).await else {
                return;
            };
            let retry = match looked {
                Looked::Settled => {
                    backoff.reset();
                    LOOK
                }
                Looked::Again(after) => after.unwrap_or_default().max(backoff.next_wait()),
            };
            tokio::select! {
                () = off.cancelled() => return,
                () = self.core.registration_due.notified() => {}
                () = tokio::time::sleep(retry) => {}
            }
        }
    }

    async fn look(&self, told_ready: &mut bool) -> Looked {
        let Line::Open(line) = self.core.state.now().line else {
            return Looked::Settled;
        };
        if !self.backend {
            self.core.state.registered(Registered::NotNeeded);
            self.tell_ready(told_ready, &line, None);
            return Looked::Settled;
        }
        let Some(link) = self.core.link() else {
            return Looked::Settled;
        };
        if !self.core.profile().registers {
            return Looked::Settled;
        }
        match self.core.register(&link, &line, false).await {
            Ok(id) => {
                self.tell_ready(told_ready, &line, Some(id));
                Looked::Settled
            }
            Err(failure) => self.after(failure),
        }
    }

    fn after(&self, failure: RegisterFailure) -> Looked {
        let text = failure.to_string();
        let event = self
            .core
            .event(EventName::RegistrationFailed)
            .with("reason", failure.code())
            .with("detail", text.as_str());
        self.core.emit(event);
        self.core.state.registered(match &failure {
            RegisterFailure::SignInNeeded(_) => Registered::Refused(ErrorKind::SignInNeeded, text),
            RegisterFailure::Registration(error) if !may_pass(error) => {
                Registered::Refused(ErrorKind::Failed, text)
            }
            RegisterFailure::Session(_) | RegisterFailure::Registration(_) => {
                Registered::Failed(text)
            }
        });
        match failure {
            // Signing in looks at it again.
            RegisterFailure::SignInNeeded(_) => Looked::Settled,
            RegisterFailure::Session(_) => Looked::Again(None),
            RegisterFailure::Registration(error) if may_pass(&error) => {
                Looked::Again(error.backend().and_then(BackendError::retry_after))
            }
            // What the backend refuses today it may take tomorrow, but not in a hurry.
            RegisterFailure::Registration(_) => Looked::Again(Some(RETRY.1)),
        }
    }

    fn tell_ready(&self, told: &mut bool, line: &OpenLine, registration: Option<String>) {
        if std::mem::replace(told, true) {
            return;
        }
        let user = self.core.link().map(|link| link.account.user.to_string());
        let event = self
            .core
            .event(EventName::PhoneReady)
            .with_some("user", user)
            .with("platform", line.platform.as_str())
            .with("handle", line.handle.as_str())
            .with("service", line.service.as_str())
            .with_some("registration_id", registration);
        self.core.emit(event);
    }
}

fn may_pass(error: &RegistrationError) -> bool {
    error.is_transient() || error.is_unreachable()
}

/// The handle is not registered.
#[derive(Debug, thiserror::Error)]
pub(super) enum RegisterFailure {
    #[error("sign-in is needed before the handle can be registered: {0}")]
    SignInNeeded(String),
    #[error(transparent)]
    Session(#[from] crate::session::SessionError),
    #[error(transparent)]
    Registration(#[from] RegistrationError),
}

impl RegisterFailure {
    /// The name of the failure in events.
    fn code(&self) -> &'static str {
        match self {
            Self::SignInNeeded(_) => "sign_in_needed",
            Self::Session(_) => "no_keyring",
            Self::Registration(error) if error.is_unreachable() => "backend_unreachable",
            Self::Registration(error) if error.is_transient() => "backend_failed",
            Self::Registration(_) => "registration_refused",
        }
    }
}

impl Core {
    /// Tells the backend the handle and tags, if it does not have them yet; returns the id.
    pub(super) async fn register(
        &self,
        link: &Link,
        line: &OpenLine,
        anew: bool,
    ) -> Result<String, RegisterFailure> {
        let current = match link.session.credential().await {
            Ok(Some(current)) => current,
            Ok(None) => {
                return Err(RegisterFailure::SignInNeeded(format!(
                    "there is no token; `handset login --user {}` asks for one",
                    link.account.user
                )));
            }
            Err(error) if error.is_vault_unavailable() => return Err(error.into()),
            Err(error) => return Err(RegisterFailure::SignInNeeded(error.to_string())),
        };
        let wanted = Wanted {
            platform: line.platform,
            handle: line.handle.clone(),
            keys: line
                .subscription
                .as_ref()
                .map(|subscription| subscription.keys.clone()),
            tags: self.profile().tags,
        };
        let (client, credential, account) = (&link.client, &current.credential, &link.account);
        let done = if anew {
            self.registrar
                .ensure_anew(client, credential, account, &wanted)
                .await
        } else {
            self.registrar
                .ensure(client, credential, account, &wanted)
                .await
        };
        let updated = done.map_err(|error| {
            if error.needs_sign_in() {
                link.session.refused(current.generation);
                return RegisterFailure::SignInNeeded(error.to_string());
            }
            error.into()
        })?;
        let id = updated.id.to_string();
        self.state.registered(Registered::As(id.clone()));
        if updated.changed {
            let event = self
                .event(EventName::RegistrationUpdated)
                .with("user", account.user.as_str())
                .with("registration_id", id.as_str())
                .with("platform", line.platform.as_str())
                .with("handle", line.handle.as_str());
            self.emit(event);
        }
        Ok(id)
    }
}
