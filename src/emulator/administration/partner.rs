//! The partner rule: may this app backend push?

use crate::model::{DomainName, HostAddress};
use crate::wire::push_administration::{
    AllowedDomain, HostingProvider, PartnerRefusal, Profile, Rules, VerificationLevel,
};

use super::AdministrationOptions;
use super::refused::PartnerRefused;

/// A domain as the rule looks at it.
pub(super) struct Asked<'a> {
    pub(super) domain: &'a DomainName,
    /// The proxy through which it comes, where that is known.
    pub(super) proxy: Option<&'a HostAddress>,
    /// It proved itself with credentials.
    pub(super) verified: bool,
}

/// Whether partners may push at all.
pub(super) fn federation(rules: &Rules, profile: Profile) -> bool {
    rules.federation.unwrap_or(profile == Profile::QuickStart)
}

/// All that keeps the embedded app backend from pushing, in the order in which it is to be mended;
/// nothing where it may.
pub(super) fn hurdles(rules: &Rules, options: &AdministrationOptions) -> Vec<PartnerRefused> {
    let own = Asked {
        domain: &options.domain,
        proxy: None,
        verified: true,
    };
    let off = (!federation(rules, options.profile)).then(federation_off);
    let federated = Rules {
        federation: Some(true),
        ..rules.clone()
    };
    let behind = decide(&federated, options, &own).err();
    off.into_iter().chain(behind).collect()
}

fn federation_off() -> PartnerRefused {
    PartnerRefused::new(
        PartnerRefusal::FederationOff,
        "federation is off, so that no partner may push: turn it on with `handset partner federation on`",
    )
}

/// A domain that is on no list is a partner where a hosting provider's proxy stands for it, or where
/// it is the embedded app backend's own under the quick-start profile.
pub(super) fn decide(
    rules: &Rules,
    options: &AdministrationOptions,
    asked: &Asked<'_>,
) -> Result<(), PartnerRefused> {
    let domain = asked.domain;
    if !federation(rules, options.profile) {
        return Err(federation_off());
    }
    if rules.blocked(domain).is_some() {
        return Err(PartnerRefused::new(
            PartnerRefusal::DomainBlocked,
            format!(
                "{domain} is a blocked domain: let it in with `handset partner remove {domain}` and `handset partner add {domain}`"
            ),
        ));
    }
    let own = options.profile == Profile::QuickStart && *domain == options.domain;
    match rules.allowed(domain) {
        Some(entry) => listed(rules, entry, asked),
        None if own => Ok(()),
        None => match asked.proxy.and_then(|proxy| rules.provider_at(proxy)) {
            Some(provider) => through(provider, provider.verification, asked),
            None => Err(PartnerRefused::new(
                PartnerRefusal::DomainNotAllowed,
                format!(
                    "{domain} is not an allowed domain: let it in with `handset partner add {domain}`"
                ),
            )),
        },
    }
}

/// A domain on the list of allowed ones.
fn listed(rules: &Rules, entry: &AllowedDomain, asked: &Asked<'_>) -> Result<(), PartnerRefused> {
    let domain = asked.domain;
    if let (Some(listed), Some(given)) = (&entry.proxy, asked.proxy)
        && !listed.overlaps(given)
    {
        return Err(PartnerRefused::new(
            PartnerRefusal::OtherProxy,
            format!(
                "{domain} is allowed through {listed} alone, and comes through {given}: remove it, and add it with --proxy {given}"
            ),
        ));
    }
    let proxy = entry.proxy.as_ref().or(asked.proxy);
    let level = rules.level_of(entry, proxy);
    match proxy.and_then(|proxy| rules.provider_at(proxy)) {
        Some(provider) => through(provider, level, asked),
        None => verify(level, asked),
    }
}

/// A domain that comes through a hosting provider.
fn through(
    provider: &HostingProvider,
    level: VerificationLevel,
    asked: &Asked<'_>,
) -> Result<(), PartnerRefused> {
    if !provider.enabled {
        let (domain, name) = (asked.domain, &provider.identity);
        return Err(PartnerRefused::new(
            PartnerRefusal::ProviderOff,
            format!(
                "{domain} comes through the hosting provider {name}, which is off: turn it on with `handset partner provider \"{name}\" --enabled on`"
            ),
        ));
    }
    verify(level, asked)
}

fn verify(level: VerificationLevel, asked: &Asked<'_>) -> Result<(), PartnerRefused> {
    let domain = asked.domain;
    match level {
        VerificationLevel::AlwaysVerifiable => Ok(()),
        VerificationLevel::UseSourceVerification if asked.verified => Ok(()),
        VerificationLevel::UseSourceVerification => Err(PartnerRefused::new(
            PartnerRefusal::NotVerified,
            format!(
                "{domain} did not prove itself, as its verification level {level} asks: send with the credentials that `handset env` names, or add it with --verification always-verifiable"
            ),
        )),
        VerificationLevel::AlwaysUnverifiable => Err(PartnerRefused::new(
            PartnerRefusal::Unverifiable,
            format!(
                "what {domain} sends is never taken, as its verification level is {level}: add the domain or set its hosting provider with --verification use-source-verification"
            ),
        )),
    }
}
