//! What can be asked of a device.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::core::Core;
use super::state::{Line, Registered};
use crate::backend::BackendProfile;
use crate::background::InboxCounts;
use crate::model::{Platform, Subscription};

/// A device's status: the object that `handset status --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The device's name.
    pub device: String,
    /// Who is or was signed in.
    pub user: Option<String>,
    /// The backend that user belongs to.
    pub backend: Option<String>,
    /// The backend profile, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_profile: Option<String>,
    /// Whether there is a token that was not refused and has not expired.
    pub signed_in: bool,
    /// Where the token lives: `os`, `file` or `memory`.
    pub vault: Option<String>,
    /// What keeps the vault from being read, if anything does.
    pub vault_problem: Option<String>,
    /// The platform of the handle.
    pub platform: Platform,
    /// The handle of the open channel.
    pub handle: Option<String>,
    /// What a Web Push sender needs.
    pub subscription: Option<Subscription>,
    /// The registration's id at the backend.
    pub registration_id: Option<String>,
    /// The tags besides the user's own.
    pub tags: Vec<String>,
    /// `open`, or `closed`.
    pub channel: String,
    /// What closed the channel last, if anything did.
    pub channel_problem: Option<String>,
    /// Where the app is; `not_running` while the phone is off.
    pub app_state: String,
    /// The phone's conditions.
    pub conditions: Map<String, Value>,
    /// The badge on the app's icon.
    pub badge: Option<String>,
    /// What waits in the inbox.
    pub inbox: InboxCounts,
    /// How many of those that wait are held by a condition.
    #[serde(default)]
    pub held: usize,
}

impl Core {
    pub(super) async fn status(&self) -> Status {
        let profile = self.profile();
        let link = self.link();
        let token = match &link {
            Some(link) => link.session.credential().await,
            None => Ok(None),
        };
        let phone = self.state.now();
        let (open, channel_problem) = match phone.line.clone() {
            Line::Open(open) => (Some(open), None),
            Line::Closed(problem) => (None, problem.map(|problem| problem.text)),
        };
        let registration_id = match phone.registered.clone() {
            Registered::As(id) => Some(id),
            Registered::No
            | Registered::Failed(_)
            | Registered::Refused(..)
            | Registered::NotNeeded => self.stored_registration().await,
        };
        let vault = profile
            .account
            .as_ref()
            .map(|_| self.vaults.pick(profile.vault).1.kind());
        Status {
            device: self.name.to_string(),
            user: profile
                .account
                .as_ref()
                .map(|account| account.user.to_string()),
            backend: profile
                .account
                .as_ref()
                .map(|account| account.backend.to_string()),
            backend_profile: profile.backend_profile.as_ref().map(BackendProfile::name),
            signed_in: matches!(token, Ok(Some(_))),
            vault: vault.map(|kind| super::VaultChoice::from(kind).as_str().to_owned()),
            vault_problem: token.err().map(|error| error.to_string()),
            platform: open.as_ref().map_or(profile.platform, |open| open.platform),
            handle: open.as_ref().map(|open| open.handle.to_string()),
            subscription: open.as_ref().and_then(|open| open.subscription.clone()),
            registration_id,
            tags: profile.tags.iter().map(ToString::to_string).collect(),
            channel: if open.is_some() { "open" } else { "closed" }.to_owned(),
            channel_problem,
            app_state: phone.app_state().as_str().to_owned(),
            conditions: phone
                .conditions
                .states()
                .into_iter()
                .map(|(name, state)| (name.to_owned(), state.into()))
                .collect(),
            badge: self.centre.badge().shown(),
            inbox: self.inbox.counts(),
            held: self.inbox.held_count(),
        }
    }

    async fn stored_registration(&self) -> Option<String> {
        let account = self.profile().account?;
        match self.registrar.stored(&account).await {
            Ok(stored) => stored.map(|stored| stored.id.to_string()),
            Err(error) => {
                tracing::warn!(%error, "the registration could not be read");
                None
            }
        }
    }
}
