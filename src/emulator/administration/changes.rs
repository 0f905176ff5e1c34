//! Changing the rules, inside one transaction.

use rusqlite::Connection;

use crate::model::DomainName;
use crate::wire::push_administration::{
    AllowedDomain, BlockedDomain, Change, ConfigurationIdentity, HostingProvider, PartnerList,
    ProviderName, Rules, SwitchChanges, Switches, VerificationLevel,
};

use super::error::ChangeRefused;
use super::rows;

/// The most allowed and blocked domains together.
pub(super) const MOST_DOMAINS: usize = 1000;

/// The most hosting providers.
pub(super) const MOST_PROVIDERS: usize = 100;

/// The most push configurations.
pub(super) const MOST_CONFIGURATIONS: usize = 100;

/// What a change comes to: a refusal changed nothing.
type Applied = rusqlite::Result<Result<(), ChangeRefused>>;

/// Applies a change to the rules as they are `before` it. Under `profile_allows`, this domain is a
/// partner without being on a list.
pub(super) fn apply(
    c: &Connection,
    before: &Rules,
    change: &Change,
    profile_allows: Option<&DomainName>,
) -> Applied {
    match change {
        Change::SetConfiguration { identity, switches } => {
            set_configuration(c, before, identity, *switches)
        }
        Change::RemoveConfiguration { identity } => remove_configuration(c, before, identity),
        Change::ForgetConfigurations {} => done(c.execute("DELETE FROM push_configuration", [])),
        Change::AllowDomain {
            domain,
            proxy,
            verification,
            comment,
        } => {
            let entry = AllowedDomain {
                domain: domain.clone(),
                proxy: proxy.clone(),
                verification: *verification,
                comment: comment.clone(),
            };
            match room_for(before, domain) {
                Ok(()) => done(rows::add_allowed(c, &entry)),
                Err(refused) => Ok(Err(refused)),
            }
        }
        Change::BlockDomain { domain, comment } => {
            let entry = BlockedDomain {
                domain: domain.clone(),
                comment: comment.clone(),
            };
            match room_for(before, domain) {
                Ok(()) => done(rows::add_blocked(c, &entry)),
                Err(refused) => Ok(Err(refused)),
            }
        }
        Change::SetProvider { .. } => match provider(before, change) {
            Ok(Some(provider)) => done(rows::put_provider(c, &provider)),
            Ok(None) => Ok(Ok(())),
            Err(refused) => Ok(Err(refused)),
        },
        Change::SetFederation { enabled } => done(rows::put_federation(c, *enabled)),
        Change::RemovePartner { name, list } => {
            remove_partner(c, before, name, *list, profile_allows)
        }
        Change::ForgetPartners {} => done(c.execute_batch(
            "DELETE FROM federation; DELETE FROM partner_domain; DELETE FROM hosting_provider;",
        )),
    }
}

fn done<T>(written: rusqlite::Result<T>) -> Applied {
    written.map(|_| Ok(()))
}

fn set_configuration(
    c: &Connection,
    before: &Rules,
    identity: &ConfigurationIdentity,
    switches: SwitchChanges,
) -> Applied {
    let stored = before.configuration(identity);
    if stored.is_none() && before.configurations.len() >= MOST_CONFIGURATIONS {
        return Ok(Err(ChangeRefused::TooMany {
            what: "push configurations",
            most: MOST_CONFIGURATIONS,
        }));
    }
    let earlier = stored.map_or_else(Switches::default, |stored| stored.switches);
    done(rows::put_configuration(c, identity, switches.of(earlier)))
}

/// The global one is never gone: its switches go back to what a stored configuration starts with.
fn remove_configuration(
    c: &Connection,
    before: &Rules,
    identity: &ConfigurationIdentity,
) -> Applied {
    if *identity == ConfigurationIdentity::Global {
        return done(rows::put_configuration(c, identity, Switches::default()));
    }
    if before.configuration(identity).is_none() {
        let refused = ChangeRefused::NoSuchConfiguration(identity.clone());
        return Ok(Err(refused));
    }
    done(rows::remove_configuration(c, identity))
}

/// A domain is on one list at most.
fn room_for(before: &Rules, domain: &DomainName) -> Result<(), ChangeRefused> {
    if before.allowed(domain).is_some() {
        return Err(ChangeRefused::AlreadyAllowed(domain.clone()));
    }
    if before.blocked(domain).is_some() {
        return Err(ChangeRefused::AlreadyBlocked(domain.clone()));
    }
    if before.allowed.len() + before.blocked.len() >= MOST_DOMAINS {
        return Err(ChangeRefused::TooMany {
            what: "domains",
            most: MOST_DOMAINS,
        });
    }
    Ok(())
}

/// The provider as it is after the change; none where the change is another.
fn provider(before: &Rules, change: &Change) -> Result<Option<HostingProvider>, ChangeRefused> {
    let Change::SetProvider {
        identity,
        proxy,
        enabled,
        verification,
    } = change
    else {
        return Ok(None);
    };
    if let Some(earlier) = before.provider(identity) {
        if proxy.as_ref().is_some_and(|proxy| *proxy != earlier.proxy) {
            return Err(ChangeRefused::ProxyFixed {
                provider: identity.clone(),
                proxy: earlier.proxy.clone(),
            });
        }
        return Ok(Some(HostingProvider {
            enabled: enabled.unwrap_or(earlier.enabled),
            verification: verification.unwrap_or(earlier.verification),
            ..earlier.clone()
        }));
    }
    let (Some(proxy), Some(enabled)) = (proxy, enabled) else {
        return Err(ChangeRefused::ProviderIncomplete {
            provider: identity.clone(),
        });
    };
    if let Some(other) = before.provider_at(proxy) {
        return Err(ChangeRefused::ProxyTaken {
            proxy: proxy.clone(),
            by: other.identity.clone(),
        });
    }
    if before.providers.len() >= MOST_PROVIDERS {
        return Err(ChangeRefused::TooMany {
            what: "hosting providers",
            most: MOST_PROVIDERS,
        });
    }
    Ok(Some(HostingProvider {
        identity: identity.clone(),
        proxy: proxy.clone(),
        enabled: *enabled,
        verification: verification.unwrap_or(VerificationLevel::AlwaysVerifiable),
    }))
}

fn remove_partner(
    c: &Connection,
    before: &Rules,
    name: &str,
    list: Option<PartnerList>,
    profile_allows: Option<&DomainName>,
) -> Applied {
    let domain = DomainName::parse(name).ok();
    let listed = domain
        .as_ref()
        .filter(|_| list != Some(PartnerList::Providers))
        .filter(|domain| before.allowed(domain).is_some() || before.blocked(domain).is_some());
    let provider: Option<ProviderName> = name.parse().ok();
    let provider = provider
        .filter(|_| list != Some(PartnerList::Domains))
        .filter(|name| before.provider(name).is_some());
    match (listed, provider, profile_allows) {
        (Some(_), Some(provider), _) => Ok(Err(ChangeRefused::Ambiguous(provider.to_string()))),
        (Some(domain), None, _) => done(rows::remove_domain(c, domain)),
        (None, Some(provider), _) => done(rows::remove_provider(c, &provider)),
        (None, None, Some(own)) if domain.as_ref() == Some(own) => {
            Ok(Err(ChangeRefused::AllowedByProfile(own.clone())))
        }
        (None, None, _) => {
            let shown = crate::model::DisplayText::excerpt(name, 80);
            Ok(Err(ChangeRefused::NoSuchPartner(shown)))
        }
    }
}
