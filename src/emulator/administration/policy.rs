//! What the app backend and the hub ask before they push.

use std::sync::{Arc, PoisonError, RwLock};

use crate::model::{DisplayText, DomainName, HostAddress, Platform};
use crate::wire::push_administration::{
    ConfigurationIdentity, InForce, PartnerRefusal, Profile, Rules, ServiceOff, Switches,
};

use super::AdministrationOptions;
use super::partner::{self, Asked};
use super::refused::PartnerRefused;

/// The longest text in a domain's place that is repeated, in characters.
const LONGEST_DOMAIN: usize = 60;

/// The rules in force. Cheap to clone; clones see every change at once.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Policy {
    options: Arc<AdministrationOptions>,
    current: Arc<RwLock<Arc<Current>>>,
}

#[derive(Debug)]
struct Current {
    rules: Rules,
    in_force: InForce,
}

/// Who wants to push.
#[derive(Debug, Clone, Copy)]
pub(in crate::emulator) struct Sender<'a> {
    /// The domain it says it speaks for.
    pub(in crate::emulator) domain: &'a str,
    /// The proxy through which it comes, where that is known.
    pub(in crate::emulator) proxy: Option<&'a HostAddress>,
    /// It proved itself with credentials that only its like have.
    pub(in crate::emulator) verified: bool,
}

impl Policy {
    pub(super) fn new(options: AdministrationOptions, rules: Rules) -> Self {
        let current = Arc::new(Current::new(&options, rules));
        Self {
            options: Arc::new(options),
            current: Arc::new(RwLock::new(current)),
        }
    }

    /// What holds where nothing is stored: every service is on, and the embedded app backend, which
    /// speaks for its usual domain, an allowed partner.
    pub(in crate::emulator) fn quick_start() -> Self {
        Self::new(AdministrationOptions::default(), Rules::default())
    }

    /// Whether pushes go through the push service of `platform`.
    pub(in crate::emulator) fn service(&self, platform: Platform) -> Result<(), ServiceOff> {
        self.current().in_force.service(platform.into())
    }

    /// Whether the app backend that speaks for `domain`, comes as the embedded one does, and proved
    /// itself, may push.
    pub(in crate::emulator) fn partner(&self, domain: &str) -> Result<(), PartnerRefused> {
        self.sender(&Sender {
            domain,
            proxy: self.proxy(),
            verified: true,
        })
    }

    /// Whether an app backend may push of which more, or less, is known.
    pub(in crate::emulator) fn sender(&self, sender: &Sender<'_>) -> Result<(), PartnerRefused> {
        let domain = DomainName::parse(sender.domain).map_err(|_| {
            let shown = DisplayText::excerpt(sender.domain, LONGEST_DOMAIN);
            let reason = format!(
                "the sender speaks for {shown:?}, which is not the name of a domain: have it name one such as \
                 push.example.com, a `handset serve` with --domain"
            );
            PartnerRefused::new(PartnerRefusal::NoDomain, reason)
        })?;
        let asked = Asked {
            domain: &domain,
            proxy: sender.proxy,
            verified: sender.verified,
        };
        partner::decide(&self.current().rules, &self.options, &asked)
    }

    /// All that keeps the embedded app backend from pushing, each with its remedy, in the order in
    /// which it is to be mended. Nothing where it may push, or a hub elsewhere decides.
    pub(in crate::emulator) fn hurdles(&self) -> Vec<PartnerRefused> {
        if self.options.hub_elsewhere.is_some() {
            return Vec::new();
        }
        partner::hurdles(&self.current().rules, &self.options)
    }

    /// The hub elsewhere that decides which partners may push, and not these rules.
    pub(in crate::emulator) fn hub_elsewhere(&self) -> Option<&str> {
        self.options.hub_elsewhere.as_deref()
    }

    /// The domain that the embedded app backend speaks for.
    pub(in crate::emulator) fn domain(&self) -> &DomainName {
        &self.options.domain
    }

    /// The proxy through which its pushes come.
    pub(in crate::emulator) fn proxy(&self) -> Option<&HostAddress> {
        self.options.proxy.as_ref()
    }

    /// What comes of the rules.
    pub(in crate::emulator) fn in_force(&self) -> InForce {
        self.current().in_force.clone()
    }

    pub(super) fn rules(&self) -> Rules {
        self.current().rules.clone()
    }

    /// What would come of other rules.
    pub(super) fn under(&self, rules: &Rules) -> InForce {
        in_force(&self.options, rules)
    }

    /// Other rules hold from now on.
    pub(super) fn replace(&self, rules: Rules) {
        let new = Arc::new(Current::new(&self.options, rules));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// The lock is held for as long as a counter takes.
    fn current(&self) -> Arc<Current> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::quick_start()
    }
}

impl Current {
    fn new(options: &AdministrationOptions, rules: Rules) -> Self {
        let in_force = in_force(options, &rules);
        Self { rules, in_force }
    }
}

/// A site's configuration wins over the global one, and that over the profile.
fn in_force(options: &AdministrationOptions, rules: &Rules) -> InForce {
    let site = options.site.clone().map(ConfigurationIdentity::Site);
    let of_site = site.and_then(|site| rules.configuration(&site));
    let stored = of_site.or_else(|| rules.configuration(&ConfigurationIdentity::Global));
    let of_profile = match options.profile {
        Profile::QuickStart => Switches::ALL_ON,
        Profile::Strict => Switches::default(),
    };
    let own = Asked {
        domain: &options.domain,
        proxy: options.proxy.as_ref(),
        verified: true,
    };
    InForce {
        profile: options.profile,
        domain: options.domain.clone(),
        site: options.site.clone(),
        configuration: stored.map(|stored| stored.identity.clone()),
        services: stored.map_or(of_profile, |stored| stored.switches),
        federation: partner::federation(rules, options.profile),
        partner: partner::decide(rules, options, &own).is_ok(),
        hub_elsewhere: options.hub_elsewhere.clone(),
    }
}
