//! Signing in and out.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use uuid::Uuid;

use super::core::Core;
use super::profile::{ChannelMemory, Profile, VaultChoice};
use super::state::{Link, Registered};
use super::{Device, DeviceError};
use crate::backend::{BackendClient, BackendError, BackendOptions, BackendProfile};
use crate::background::{CancellationReason, Owner};
use crate::channel::PushUrl;
use crate::model::{Account, AuthScheme, BackendOrigin, ToastKey, UserName};
use crate::session::{Session, SessionState, SignIn};
use crate::store::StoreError;
use crate::vault::{Vault, VaultKey};

/// What a user signs in with.
pub enum SignInSecret {
    /// A password.
    Password(SecretString),
    /// A token of the team's own identity provider.
    Token(SecretString),
}

impl SignInSecret {
    fn used_as(self, auth: AuthScheme) -> (AuthScheme, SignIn) {
        match (self, auth) {
            (Self::Token(token), _) => (AuthScheme::Bearer, SignIn::Token { token }),
            (Self::Password(password), AuthScheme::Basic) => (auth, SignIn::Basic { password }),
            (Self::Password(password), AuthScheme::Bearer) => (auth, SignIn::Bearer { password }),
        }
    }
}

/// A wish to sign in. What it leaves open stays as it was remembered.
pub struct SignInRequest {
    /// The backend.
    pub backend: BackendOrigin,
    /// The user.
    pub user: UserName,
    /// The password or token.
    pub secret: SignInSecret,
    /// How the password is used; as the backend's profile says, where that is left open.
    pub auth: Option<AuthScheme>,
    /// How the backend is spoken to; as it is remembered of the same backend, else in the usual way.
    pub backend_profile: Option<BackendProfile>,
    /// Where the token is to live.
    pub vault: Option<VaultChoice>,
    /// Where the channel is to be opened.
    pub push: Option<String>,
    /// Further certificate authorities.
    pub ca: Option<PathBuf>,
    /// Hosts that may be spoken to in plain http.
    pub allow_http: Vec<String>,
}

impl Device {
    /// Signs in: asks the backend, keeps the token in the vault, and only then counts as signed
    /// in. Somebody else who was signed in is signed out first, the registration removed. What
    /// waited for this user is fetched and shown.
    ///
    /// # Errors
    /// [`DeviceError`]; then whoever was signed in before still is.
    pub async fn sign_in(&self, request: SignInRequest) -> Result<(), DeviceError> {
        let account = Account {
            user: request.user.clone(),
            backend: request.backend.clone(),
        };
        let _turn = self.core.account_turn.lock().await;
        self.core.online()?;
        let profile = self.core.profile();
        let allow_http = merged(&profile.allow_http, &request.allow_http);
        let ca = request.ca.clone().or_else(|| profile.ca.clone());
        if let Some(push) = &request.push {
            PushUrl::parse(push, &allow_http)?;
        }
        let spoken = spoken(&request, &profile);
        let options = BackendOptions {
            origin: request.backend.clone(),
            ca_file: ca.clone(),
            allow_http: allow_http.clone(),
            profile: spoken.clone(),
            user: Some(request.user.clone()),
        };
        let client = BackendClient::with(options, self.core.time_outs, self.core.clock.clone())?;
        let (choice, vault) = self.core.vaults.pick(request.vault.or(profile.vault));
        let earlier = self.core.link();
        let same_vault = profile.vault.is_none_or(|before| before == choice);
        let session = match &earlier {
            Some(link) if link.account == account && same_vault => link.session.clone(),
            Some(_) | None => self.core.session(vault, &account),
        };
        let auth = request.auth.unwrap_or_else(|| spoken.auth_scheme());
        let (scheme, sign_in) = request.secret.used_as(auth);
        session.sign_in(&client, sign_in).await?;
        match &earlier {
            Some(link) if link.account != account => self.core.leave(link).await,
            Some(_) if !same_vault => self.core.forget_token(profile.vault, &account).await,
            Some(_) | None => {}
        }
        let other_push = request.push.is_some() && request.push != profile.push;
        let signed_in = Profile {
            account: Some(account.clone()),
            auth: scheme,
            backend_profile: Some(spoken).filter(|spoken| !spoken.is_default()),
            vault: Some(choice),
            push: request.push,
            ca,
            allow_http,
            ..Profile::default()
        };
        let in_doubt = self.core.remember(&profile, signed_in).await?;
        let link = Link {
            account,
            client,
            session,
        };
        self.core.signed_in(Arc::new(link), in_doubt).await;
        if other_push {
            self.core.state.reopen_channel();
        }
        Ok(())
    }

    /// Signs out: removes the registration, gives the handle up, revokes a bearer token, and takes
    /// the token out of the vault. A backend that cannot be reached does not keep the token here; the
    /// answer is whether the registration is gone there, too.
    ///
    /// # Errors
    /// [`DeviceError`] when nobody is signed in, or the token could not be deleted.
    pub async fn sign_out(&self) -> Result<bool, DeviceError> {
        let _turn = self.core.account_turn.lock().await;
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        let state = link.session.restore().await;
        let registered = self.core.has_registration(&link).await;
        if matches!(state, Ok(SessionState::SignedOut)) && !registered {
            return Err(self.nobody());
        }
        self.core
            .tasks
            .cancel_running(CancellationReason::LoggingOff);
        self.core.deregister(&link).await;
        self.core.give_up_handle().await;
        link.session.sign_out(&link.client).await?;
        self.core.state.registered(Registered::No);
        Ok(!self.core.has_registration(&link).await)
    }

    pub(super) fn nobody(&self) -> DeviceError {
        DeviceError::SignInNeeded {
            device: self.core.name.to_string(),
        }
    }
}

impl Core {
    /// Finds the way to the remembered account again, without asking anybody yet.
    pub(super) fn restore_link(&self) -> Result<(), BackendError> {
        let profile = self.profile();
        let Some(account) = profile.account else {
            return Ok(());
        };
        let options = BackendOptions {
            origin: account.backend.clone(),
            ca_file: profile.ca,
            allow_http: profile.allow_http,
            profile: profile.backend_profile.unwrap_or_default(),
            user: Some(account.user.clone()),
        };
        let client = BackendClient::with(options, self.time_outs, self.clock.clone())?;
        let (_, vault) = self.vaults.pick(profile.vault);
        let session = self.session(vault, &account);
        self.state.found(Arc::new(Link {
            account,
            client,
            session,
        }));
        Ok(())
    }

    /// Remembers a sign-in. What else the profile says stays. True where the registration is in doubt:
    /// what was acknowledged may have been said in other words.
    async fn remember(&self, before: &Profile, now: Profile) -> Result<bool, StoreError> {
        let spoken = &now.backend_profile;
        let other_account = before.account != now.account;
        let in_doubt = *spoken != before.backend_profile || (other_account && spoken.is_some());
        // Also before the profile is another: the phone may be killed in between.
        if let Some(account) = now.account.as_ref().filter(|_| in_doubt) {
            self.registrar.doubt(account).await?;
        }
        self.change_profile(move |profile| {
            profile.turn_to(now.account, now.backend_profile);
            profile.auth = now.auth;
            profile.vault = now.vault;
            profile.push = now.push.or_else(|| profile.push.take());
            profile.ca = now.ca;
            profile.allow_http = now.allow_http;
            profile.registers = true;
        })
        .await?;
        Ok(in_doubt)
    }

    fn session(&self, vault: Vault, account: &Account) -> Session {
        let key = self.vault_key(account);
        Session::new(vault, key, self.clock.clone(), self.events.clone())
    }

    /// Makes `link` the way to the backend, and wakes what waited for it.
    async fn signed_in(&self, link: Arc<Link>, in_doubt: bool) {
        let account = link.account.clone();
        let owner = Owner::from(&account);
        self.state.signed_in(link);
        if in_doubt {
            // Once more, for what was under way over the earlier link and is acknowledged by now.
            if let Err(error) = self.registrar.doubt(&account).await {
                tracing::warn!(%error, "the registration may still be in the words of the earlier profile");
            }
        }
        self.registration_due.notify_one();
        // What hung and was given up is asked again.
        self.toaster.revive();
        self.take_away(&ToastKey::of_sign_in(&account)).await;
        self.centre.look_at_reads();
        if let Err(error) = self.inbox.signed_in(&owner).await {
            tracing::warn!(%error, "what waited for sign-in is shown now, but that could not be written down");
        }
    }

    /// Leaves an account for another: its registration goes, and its token.
    async fn leave(&self, link: &Link) {
        self.tasks.cancel_running(CancellationReason::LoggingOff);
        self.deregister(link).await;
        self.give_up_handle().await;
        if let Err(error) = link.session.sign_out(&link.client).await {
            tracing::warn!(%error, user = %link.account.user, "the earlier token could not be deleted everywhere");
        }
    }

    /// The phone is another device to the push service from now on: what waits there under the handle
    /// of now is for the user who had it, and must not be shown to the next.
    async fn give_up_handle(&self) {
        self.change_channel(|memory| {
            *memory = ChannelMemory {
                service: memory.service.take(),
                channel_id: Uuid::new_v4(),
                ..ChannelMemory::default()
            };
        })
        .await;
        self.state.reopen_channel();
    }

    /// Deletes an account's token from the vault it lived in before it moved to another.
    async fn forget_token(&self, vault: Option<VaultChoice>, account: &Account) {
        let (_, vault) = self.vaults.pick(vault);
        if let Err(error) = vault.delete(&self.vault_key(account)).await {
            tracing::warn!(%error, user = %account.user, "the earlier token may still be in its vault");
        }
    }

    fn vault_key(&self, account: &Account) -> VaultKey {
        VaultKey {
            backend: account.backend.clone(),
            user: account.user.clone(),
            device: self.name.clone(),
        }
    }

    /// True while the device knows of a registration that was not removed.
    async fn has_registration(&self, link: &Link) -> bool {
        !matches!(self.registrar.stored(&link.account).await, Ok(None))
    }

    /// Removes the registration, as well as it can be.
    async fn deregister(&self, link: &Link) {
        let removed = match link.session.credential().await {
            Ok(Some(current)) => {
                self.registrar
                    .remove(&link.client, &current.credential, &link.account)
                    .await
            }
            Ok(None) | Err(_) => return,
        };
        if let Err(error) = removed {
            tracing::warn!(%error, user = %link.account.user, "the registration could not be removed at the backend");
        }
    }
}

/// How the backend of a sign-in is spoken to.
fn spoken(request: &SignInRequest, before: &Profile) -> BackendProfile {
    let chosen = request.backend_profile.as_ref();
    let chosen = chosen.or_else(|| before.spoken_at(&request.backend));
    chosen.cloned().unwrap_or_default()
}

fn merged(before: &[String], more: &[String]) -> Vec<String> {
    let mut all = before.to_vec();
    for host in more {
        if !all.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            all.push(host.clone());
        }
    }
    all
}
