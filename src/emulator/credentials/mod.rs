//! What senders prove themselves with: a Google service account, an APNs key, a VAPID pair, a WNS
//! client, and the hub's rules. SDKs cannot be constructed without them, so they are generated.
//!
//! The push services take any well-formed credential unless they are told to take these alone; the
//! hub sends with these always, and takes what is signed by one of its rules, and nothing else.

mod apns_key;
mod error;
mod folder;
mod hub_rules;
mod service_account;
mod signing;
mod vapid_key;
mod wns_client;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::OnceCell;
use url::Url;

use crate::lifecycle::{Worker, timeouts};

pub use apns_key::ApnsKey;
pub use error::CredentialsError;
pub use hub_rules::{HubRule, HubRules};
pub use service_account::ServiceAccount;
pub use vapid_key::VapidKey;
pub use wns_client::WnsClient;

/// One generated credential for each push service, and the hub's rules. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SenderCredentials(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    apns: ApnsKey,
    vapid: VapidKey,
    wns: WnsClient,
    hub: HubRules,
    project: String,
    /// Making an RSA key is slow, so this waits until somebody asks for it.
    service_account: OnceCell<ServiceAccount>,
}

impl SenderCredentials {
    /// The service account's file in a credentials folder, as `GOOGLE_APPLICATION_CREDENTIALS`
    /// takes it.
    pub const SERVICE_ACCOUNT_FILE: &str = "service-account.json";

    /// The APNs key's file in a credentials folder, as Apple hands such keys out.
    pub const APNS_KEY_FILE: &str = "apns.p8";

    /// New ones in memory, gone with the last clone. The service account's RSA key is generated
    /// when [`Self::service_account`] is first called.
    #[must_use]
    pub fn generate() -> Self {
        Self::of(
            ApnsKey::generate(),
            VapidKey::generate(),
            WnsClient::generate(),
            HubRules::generate(),
            None,
        )
    }

    /// The credentials in `folder`; what is missing there is generated and written for the folder's
    /// owner alone. No file is replaced.
    ///
    /// # Errors
    /// [`CredentialsError`]: the folder cannot be used, or a file in it is no such credential.
    pub async fn load_or_create(folder: &Path) -> Result<Self, CredentialsError> {
        let folder = folder.to_owned();
        on_a_thread(move || folder::load_or_create(&folder)).await
    }

    /// The credentials in `folder`, all of which must be there.
    ///
    /// # Errors
    /// [`CredentialsError`]: a file is missing, cannot be read, or is no such credential.
    pub async fn load(folder: &Path) -> Result<Self, CredentialsError> {
        let folder = folder.to_owned();
        on_a_thread(move || folder::load(&folder)).await
    }

    /// Writes into the service account's file in `folder` where its owner gets access tokens, which
    /// many of Google's libraries go by. The key and all else stay as they are.
    ///
    /// # Errors
    /// [`CredentialsError`]: the file cannot be read or written.
    pub async fn write_token_uri(folder: &Path, token_uri: &Url) -> Result<(), CredentialsError> {
        let (folder, token_uri) = (folder.to_owned(), token_uri.to_string());
        on_a_thread(move || folder::write_token_uri(&folder, &token_uri)).await
    }

    /// The key that signs APNs provider tokens.
    #[must_use]
    pub fn apns(&self) -> &ApnsKey {
        &self.0.apns
    }

    /// The key pair of a Web Push application server.
    #[must_use]
    pub fn vapid(&self) -> &VapidKey {
        &self.0.vapid
    }

    /// The client that gets access tokens for WNS.
    #[must_use]
    pub fn wns(&self) -> &WnsClient {
        &self.0.wns
    }

    /// The rules that give access to the hub.
    #[must_use]
    pub fn hub(&self) -> &HubRules {
        &self.0.hub
    }

    /// The id of the Google project that sends through FCM.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.0.project
    }

    /// The service account of that project. The first call may take a second or two, for its key.
    ///
    /// # Errors
    /// [`CredentialsError::Generate`]
    pub async fn service_account(&self) -> Result<&ServiceAccount, CredentialsError> {
        let generated = || on_a_thread(ServiceAccount::generate);
        self.0.service_account.get_or_try_init(generated).await
    }

    /// The service account, unless nobody has asked for it yet: then nobody can have signed with it.
    pub(super) fn known_service_account(&self) -> Option<&ServiceAccount> {
        self.0.service_account.get()
    }

    fn of(
        apns: ApnsKey,
        vapid: VapidKey,
        wns: WnsClient,
        hub: HubRules,
        service_account: Option<ServiceAccount>,
    ) -> Self {
        let project = service_account
            .as_ref()
            .map_or(service_account::PROJECT, ServiceAccount::project);
        Self(Arc::new(Parts {
            apns,
            vapid,
            wns,
            hub,
            project: project.to_owned(),
            service_account: OnceCell::new_with(service_account),
        }))
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CredentialsError> + Send + 'static,
) -> Result<T, CredentialsError> {
    Worker::new("the sender credentials", || ())
        .call(timeouts::SENDER_CREDENTIALS, move |()| work())
        .await?
}

#[cfg(test)]
mod tests;
