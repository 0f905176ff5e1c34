//! Asking the user to sign in: one toast for each account that needs it, with how many pushes wait.

use super::Job;
use crate::background::{Outcome, Owner, Reason};
use crate::device::core::Core;
use crate::device::toasts::{Origin, with_origin};
use crate::model::Account;
use crate::telemetry::EventName;

impl Job<'_> {
    /// The push waits until the user signed in. `refused_under` is the token that was refused.
    pub(super) async fn ask_to_sign_in(
        &self,
        reason: Reason,
        refused_under: Option<i64>,
    ) -> Outcome {
        self.tell_sign_in_is_needed(&reason).await;
        Outcome::AwaitingSignIn {
            reason,
            refused_under,
        }
    }

    pub(super) async fn tell_sign_in_is_needed(&self, reason: &Reason) {
        let account = &self.link.account;
        let waiting = self.core.inbox.awaiting_sign_in(&Owner::from(account)) + 1;
        let code = reason.code.as_ref();
        self.core
            .tell_sign_in_is_needed(account, waiting, code, &self.origin)
            .await;
    }
}

impl Core {
    /// Tells the user of `account` to sign in; `waiting` pushes wait for that.
    async fn tell_sign_in_is_needed(
        &self,
        account: &Account,
        waiting: usize,
        reason: &str,
        origin: &Origin<'_>,
    ) {
        let event = self
            .event(EventName::SessionRequired)
            .with("user", account.user.as_str())
            .with("waiting", waiting)
            .with("reason", reason);
        self.emit(with_origin(event, origin));
        // The generic toast is about the account, not about one push.
        let toast = self.sign_in_toast(account, waiting);
        if let Err(reason) = self.show(&toast, Origin::default()).await {
            tracing::warn!(%reason, "the user is not told that sign-in is needed");
        }
    }
}
