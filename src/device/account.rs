//! Signing in and out, registering by hand, and sending.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::core::{Core, Line, LineProblem, Link, OpenLine, Registered};
use super::profile::{Profile, VaultChoice};
use super::registration_keeper::RegisterFailure;
use super::{Device, DeviceError};
use crate::backend::{BackendClient, BackendError, BackendOptions, SentPush};
use crate::background::Owner;
use crate::channel::PushUrl;
use crate::model::{Account, AuthScheme, BackendOrigin, Platform, Tag, ToastKey, UserName};
use crate::session::{Session, SessionState, SignIn};
use crate::vault::{Vault, VaultKey};
use crate::wire::app_backend::SecurePushRequest;

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
    /// How the password is used.
    pub auth: AuthScheme,
    /// Where the token is to live.
    pub vault: Option<VaultChoice>,
    /// Where the channel is to be opened.
    pub push: Option<String>,
    /// Further certificate authorities.
    pub ca: Option<PathBuf>,
    /// Hosts that may be spoken to in plain http.
    pub allow_http: Vec<String>,
}

/// A wish to register. What it leaves open stays as it was remembered.
#[derive(Debug, Clone, Default)]
pub struct RegisterRequest {
    /// The platform.
    pub platform: Option<Platform>,
    /// The tags, in the place of the earlier ones.
    pub tags: Option<Vec<Tag>>,
    /// Where the channel is opened.
    pub push: Option<String>,
    /// The sender's VAPID key.
    pub vapid_key: Option<String>,
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
        let profile = self.core.profile();
        let allow_http = merged(&profile.allow_http, &request.allow_http);
        let ca = request.ca.clone().or_else(|| profile.ca.clone());
        if let Some(push) = &request.push {
            PushUrl::parse(push, &allow_http)?;
        }
        let options = BackendOptions {
            origin: request.backend.clone(),
            ca_file: ca.clone(),
            allow_http: allow_http.clone(),
        };
        let client = BackendClient::with(options, self.core.time_outs, self.core.clock.clone())?;
        let (choice, vault) = self.core.vaults.pick(request.vault.or(profile.vault));
        let same = self.core.link().filter(|link| {
            link.account == account && profile.vault.is_none_or(|before| before == choice)
        });
        let session = match &same {
            Some(link) => link.session.clone(),
            None => self.core.session(vault, &account),
        };
        let (scheme, sign_in) = request.secret.used_as(request.auth);
        session.sign_in(&client, sign_in).await?;
        if same.is_none()
            && let Some(earlier) = self.core.link()
        {
            if earlier.account == account {
                self.core.forget_token(profile.vault, &account).await;
            } else {
                self.core.leave(&earlier).await;
            }
        }
        let (push, remembered) = (request.push, account.clone());
        let other_push = push.is_some() && push != profile.push;
        self.core
            .change_profile(move |profile| {
                profile.account = Some(remembered);
                profile.auth = scheme;
                profile.vault = Some(choice);
                profile.push = push.or_else(|| profile.push.take());
                profile.ca = ca;
                profile.allow_http = allow_http;
                profile.registers = true;
            })
            .await?;
        let link = Link {
            account,
            client,
            session,
        };
        self.core.signed_in(Arc::new(link)).await;
        if other_push {
            self.core.reopen_channel();
        }
        Ok(())
    }

    /// Signs out: removes the registration, revokes a bearer token, and takes the token out of the
    /// vault. A backend that cannot be reached does not keep the token here; the answer is whether
    /// the registration is gone there, too.
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
        self.core.deregister(&link).await;
        link.session.sign_out(&link.client).await?;
        self.core.registered.send_replace(Registered::No);
        Ok(!self.core.has_registration(&link).await)
    }

    /// Changes what the phone is and where it opens its channel, and remembers it. A phone that is
    /// on opens its channel anew and registers again where that is needed.
    ///
    /// # Errors
    /// [`DeviceError`] when a value makes no sense or could not be remembered.
    pub async fn configure(&self, request: RegisterRequest) -> Result<(), DeviceError> {
        let before = self.core.profile();
        if let Some(push) = &request.push {
            PushUrl::parse(push, &before.allow_http)?;
        }
        self.core
            .change_profile(|profile| {
                profile.platform = request.platform.unwrap_or(profile.platform);
                profile.tags = request.tags.unwrap_or_else(|| profile.tags.clone());
                profile.push = request.push.or_else(|| profile.push.take());
                profile.vapid_key = request.vapid_key.or_else(|| profile.vapid_key.take());
                profile.registers = true;
            })
            .await?;
        let after = self.core.profile();
        let channel = |profile: &Profile| {
            (
                profile.platform,
                profile.push.clone(),
                profile.vapid_key.clone(),
            )
        };
        if channel(&before) != channel(&after) {
            self.core.reopen_channel();
        }
        self.core.registered.send_replace(Registered::No);
        self.core.registration_due.notify_one();
        Ok(())
    }

    /// Opens the channel if it is not, registers the handle with these tags, and returns the
    /// registration's id. What a push service refuses for good is not remembered.
    ///
    /// # Errors
    /// [`DeviceError`]
    pub async fn register(
        &self,
        request: RegisterRequest,
        limit: Duration,
    ) -> Result<String, DeviceError> {
        let before = self.core.profile();
        self.configure(request).await?;
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        self.turn_on(super::Mode::RegisterOnly).await?;
        let line = match self.open_line(limit).await {
            Ok(line) => line,
            Err(error) => {
                if matches!(error, DeviceError::NotRegistered { .. }) {
                    self.core
                        .change_profile(|profile| *profile = before)
                        .await?;
                    self.core.reopen_channel();
                }
                return Err(error);
            }
        };
        match self.core.register(&link, &line, true).await {
            Ok(id) => Ok(id),
            Err(RegisterFailure::Registration(error)) => Err(error.into()),
            Err(RegisterFailure::Session(error)) => Err(error.into()),
            Err(RegisterFailure::SignInNeeded(_)) => Err(self.nobody()),
        }
    }

    /// Removes the registration at the backend and does not renew it until [`Device::register`].
    ///
    /// # Errors
    /// [`DeviceError`] when nobody is signed in or the backend did not do it.
    pub async fn unregister(&self) -> Result<(), DeviceError> {
        let _turn = self.core.account_turn.lock().await;
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        let current = link
            .session
            .credential()
            .await?
            .ok_or_else(|| self.nobody())?;
        self.core
            .change_profile(|profile| profile.registers = false)
            .await?;
        self.core
            .registrar
            .remove(&link.client, &current.credential, &link.account)
            .await?;
        self.core.registered.send_replace(Registered::No);
        Ok(())
    }

    /// Asks the backend for a secure push, to `to` or the signed-in user.
    ///
    /// # Errors
    /// [`DeviceError`]
    pub async fn send(
        &self,
        text: Option<String>,
        to: Option<UserName>,
    ) -> Result<SentPush, DeviceError> {
        let link = self.core.link().ok_or_else(|| self.nobody())?;
        if let Err(error) = link.session.refresh_if_near_expiry(&link.client).await {
            tracing::info!(%error, "the token could not be renewed early");
        }
        let current = link
            .session
            .credential()
            .await?
            .ok_or_else(|| self.nobody())?;
        let request = SecurePushRequest {
            payload: text,
            to: to.map(|to| to.to_string()),
        };
        let sent = link.client.send_secure(&current.credential, &request).await;
        if sent.as_ref().is_err_and(BackendError::needs_sign_in) {
            link.session.refused(current.generation);
        }
        Ok(sent?)
    }

    /// Waits until the channel is open.
    async fn open_line(&self, limit: Duration) -> Result<OpenLine, DeviceError> {
        let mut line = self.core.line.subscribe();
        let open = async {
            loop {
                match &*line.borrow_and_update() {
                    Line::Open(open) => return Ok(open.clone()),
                    Line::Closed(Some(LineProblem {
                        text,
                        lasting: Some(kind),
                    })) => {
                        return Err(DeviceError::NotRegistered {
                            kind: *kind,
                            reason: text.clone(),
                        });
                    }
                    Line::Closed(_) => {}
                }
                // The sender lives as long as the device.
                line.changed().await.ok();
            }
        };
        tokio::time::timeout(limit, open).await.unwrap_or_else(|_| {
            Err(DeviceError::TimedOut {
                what: "the push channel did not open",
                limit,
                last: self.last_problem(),
            })
        })
    }

    fn nobody(&self) -> DeviceError {
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
        };
        let client = BackendClient::with(options, self.time_outs, self.clock.clone())?;
        let (_, vault) = self.vaults.pick(profile.vault);
        let session = self.session(vault, &account);
        self.owner.send_replace(Some(Owner::from(&account)));
        self.link.send_replace(Some(Arc::new(Link {
            account,
            client,
            session,
        })));
        Ok(())
    }

    fn session(&self, vault: Vault, account: &Account) -> Session {
        let key = self.vault_key(account);
        Session::new(vault, key, self.clock.clone(), self.events.clone())
    }

    /// Makes `link` the way to the backend, and wakes what waited for it.
    async fn signed_in(&self, link: Arc<Link>) {
        let account = link.account.clone();
        let owner = Owner::from(&account);
        let other_backend = self
            .link
            .borrow()
            .as_ref()
            .is_none_or(|before| before.account.backend != account.backend);
        self.link.send_replace(Some(link));
        self.owner.send_replace(Some(owner.clone()));
        if other_backend {
            self.reopen_channel();
        }
        self.registered.send_replace(Registered::No);
        self.registration_due.notify_one();
        // What hung and was given up is asked again.
        self.toaster.revive();
        self.take_away(&ToastKey::of_sign_in(&account)).await;
        if let Err(error) = self.inbox.signed_in(&owner).await {
            tracing::warn!(%error, "what waited for sign-in is shown now, but that could not be written down");
        }
    }

    /// Leaves an account for another: its registration goes, and its token.
    async fn leave(&self, link: &Link) {
        self.deregister(link).await;
        if let Err(error) = link.session.sign_out(&link.client).await {
            tracing::warn!(%error, user = %link.account.user, "the earlier token could not be deleted everywhere");
        }
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

fn merged(before: &[String], more: &[String]) -> Vec<String> {
    let mut all = before.to_vec();
    for host in more {
        if !all.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            all.push(host.clone());
        }
    }
    all
}
