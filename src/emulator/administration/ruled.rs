//! The rules in their database, shown and changed.

use std::path::Path;

use rusqlite::Connection;

use crate::emulator::options::DataLocation;
use crate::emulator::schema::SCHEMA;
use crate::emulator::services;
use crate::model::DomainName;
use crate::store::{Location, Store, StoreError};
use crate::wire::push_administration::{
    AdministrationState, Change, ChangeRequest, Changed, PartnerRefusal, Permission,
    PermissionRequest, Profile, Refusal, Rules,
};

use super::policy::{Policy, Sender};
use super::{
    AdministrationError, AdministrationOptions, ChangeRefused, DecidedElsewhere, changes, rows,
};

/// The rules of push administration.
#[derive(Debug)]
pub struct PushAdministration {
    pub(super) store: Store,
    policy: Policy,
    ephemeral: bool,
}

/// The rules before a change and after it.
type Both = Result<(Rules, Rules), ChangeRefused>;

impl PushAdministration {
    /// The rules in a database that is open already.
    pub(in crate::emulator) async fn of(
        store: Store,
        options: AdministrationOptions,
        ephemeral: bool,
    ) -> Result<Self, StoreError> {
        let rules = store.read(rows::load).await?;
        Ok(Self {
            store,
            policy: Policy::new(options, rules),
            ephemeral,
        })
    }

    /// The rules in a data folder that no running services use, as they would be to services with
    /// these options. The folder and its database are made where they are missing.
    ///
    /// # Errors
    /// [`AdministrationError`]
    pub async fn open(
        folder: &Path,
        options: AdministrationOptions,
    ) -> Result<Self, AdministrationError> {
        let folder = DataLocation::Directory(folder.to_owned());
        let location = services::location(&folder).await?;
        let store = Store::open(location, SCHEMA).await?;
        Ok(Self::of(store, options, false).await?)
    }

    /// As [`PushAdministration::open`], to be looked at alone: nothing is made where it is missing.
    ///
    /// # Errors
    /// [`AdministrationError`]
    pub async fn open_to_look(
        folder: &Path,
        options: AdministrationOptions,
    ) -> Result<Self, AdministrationError> {
        let database = folder.join(services::DATABASE);
        if tokio::fs::try_exists(&database).await.unwrap_or(true) {
            return Self::open(folder, options).await;
        }
        let store = Store::open(Location::Memory, SCHEMA).await?;
        Ok(Self::of(store, options, false).await?)
    }

    /// What the app backend and the hub ask.
    pub(in crate::emulator) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is stored, and what comes of it.
    #[must_use]
    pub fn state(&self) -> AdministrationState {
        self.state_under(self.policy.rules())
    }

    fn state_under(&self, rules: Rules) -> AdministrationState {
        AdministrationState {
            in_force: self.policy.under(&rules),
            rules,
            ephemeral: self.ephemeral,
        }
    }

    /// Changes the rules, durably, and for every push from now on; or only says what would change.
    ///
    /// # Errors
    /// [`AdministrationError`]; then nothing is changed, but for [`StoreError::TimedOut`]: a database
    /// that is too slow may still make the change.
    pub async fn change(&self, request: ChangeRequest) -> Result<Changed, AdministrationError> {
        let ChangeRequest { change, what_if } = request;
        if change.is_about_partners() {
            self.decided_here().map_err(ChangeRefused::from)?;
        }
        let options = self.policy.in_force();
        let own = Some(options.domain).filter(|_| options.profile == Profile::QuickStart);
        let policy = self.policy.clone();
        let job = move |c: &Connection| carry_out(c, &change, what_if, own.as_ref());
        // In the order of the jobs, so that the policy ends up with what the database has.
        let then = move |done: &Result<Both, _>| {
            if let Ok(Ok((_, after))) = done
                && !what_if
            {
                policy.replace(after.clone());
            }
        };
        let (before, after) = self.store.begin_then(job, then).await?.done().await??;
        Ok(Changed {
            before: self.state_under(before),
            after: self.state_under(after),
        })
    }

    /// Whether a sender that proved itself may push.
    #[must_use]
    pub fn permission(&self, request: &PermissionRequest) -> Permission {
        let own = self.policy.domain();
        let domain = request.domain.as_ref().unwrap_or(own).clone();
        let own_proxy = self.policy.proxy().filter(|_| domain == *own);
        if let Err(elsewhere) = self.decided_here() {
            let refusal = Refusal {
                kind: PartnerRefusal::DecidedElsewhere,
                reason: elsewhere.to_string(),
            };
            return Permission {
                domain,
                refusal: Some(refusal),
            };
        }
        let refused = self.policy.sender(&Sender {
            domain: domain.as_str(),
            proxy: request.proxy.as_ref().or(own_proxy),
            verified: true,
        });
        Permission {
            domain,
            refusal: refused.err().map(|refused| Refusal {
                kind: refused.kind,
                reason: refused.reason,
            }),
        }
    }

    /// Whether these rules say who may push, and not those of a hub elsewhere.
    fn decided_here(&self) -> Result<(), DecidedElsewhere> {
        match self.policy.hub_elsewhere() {
            None => Ok(()),
            Some(hub) => Err(DecidedElsewhere(hub.to_owned())),
        }
    }

    /// Closes the database, where nobody else uses it.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Reads the rules, changes them, and reads them again; a rehearsal is undone afterwards.
fn carry_out(
    c: &Connection,
    change: &Change,
    what_if: bool,
    own: Option<&DomainName>,
) -> rusqlite::Result<Both> {
    let before = rows::load(c)?;
    if !what_if {
        let applied = changes::apply(c, &before, change, own)?;
        let after = rows::load(c)?;
        return Ok(applied.map(|()| (before, after)));
    }
    c.execute_batch("SAVEPOINT what_if")?;
    let applied = changes::apply(c, &before, change, own);
    let after = rows::load(c);
    c.execute_batch("ROLLBACK TO what_if; RELEASE what_if")?;
    let after = after?;
    Ok(applied?.map(|()| (before, after)))
}
