//! What is stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::names::{Comment, ConfigurationIdentity, ProviderName};
use crate::model::{DomainName, HostAddress, Invalid, Platform};

/// A push service, by the name of who runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushService {
    /// APNs.
    Apple,
    /// WNS.
    Microsoft,
    /// FCM.
    Google,
    /// Web Push.
    WebPush,
}

impl PushService {
    /// All of them, in the order they are listed to people.
    pub const ALL: [Self; 4] = [Self::Apple, Self::Microsoft, Self::Google, Self::WebPush];

    /// The name on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apple => "apple",
            Self::Microsoft => "microsoft",
            Self::Google => "google",
            Self::WebPush => "webpush",
        }
    }
}

impl From<Platform> for PushService {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Apns => Self::Apple,
            Platform::Wns => Self::Microsoft,
            Platform::Fcm => Self::Google,
            Platform::WebPush => Self::WebPush,
        }
    }
}

/// Which push services are on. The default is that of a stored configuration: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Switches {
    /// `EnableApplePushNotificationService`.
    pub apple: bool,
    /// `EnableMicrosoftPushNotificationService`.
    pub microsoft: bool,
    /// FCM.
    pub google: bool,
    /// Web Push.
    pub webpush: bool,
}

impl Switches {
    /// Every service is on.
    pub const ALL_ON: Self = Self {
        apple: true,
        microsoft: true,
        google: true,
        webpush: true,
    };

    /// Whether a service is on.
    #[must_use]
    pub fn is_on(self, service: PushService) -> bool {
        match service {
            PushService::Apple => self.apple,
            PushService::Microsoft => self.microsoft,
            PushService::Google => self.google,
            PushService::WebPush => self.webpush,
        }
    }
}

/// Which switches are to change, and to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchChanges {
    /// APNs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apple: Option<bool>,
    /// WNS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microsoft: Option<bool>,
    /// FCM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub google: Option<bool>,
    /// Web Push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webpush: Option<bool>,
}

impl SwitchChanges {
    /// The switches after the change.
    #[must_use]
    pub fn of(self, before: Switches) -> Switches {
        Switches {
            apple: self.apple.unwrap_or(before.apple),
            microsoft: self.microsoft.unwrap_or(before.microsoft),
            google: self.google.unwrap_or(before.google),
            webpush: self.webpush.unwrap_or(before.webpush),
        }
    }
}

/// A stored push configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushConfiguration {
    /// Whose it is.
    pub identity: ConfigurationIdentity,
    /// What is on.
    #[serde(flatten)]
    pub switches: Switches,
}

/// How what a partner sends is verified to be that partner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerificationLevel {
    /// It is taken for what it says it is.
    AlwaysVerifiable,
    /// It is never taken: nothing here has a list of contacts, whose messages would be.
    AlwaysUnverifiable,
    /// It is taken where its sender proved itself with credentials.
    UseSourceVerification,
}

impl VerificationLevel {
    /// All of them, as they are listed to people.
    pub const ALL: [Self; 3] = [
        Self::AlwaysVerifiable,
        Self::AlwaysUnverifiable,
        Self::UseSourceVerification,
    ];

    /// The name on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlwaysVerifiable => "always-verifiable",
            Self::AlwaysUnverifiable => "always-unverifiable",
            Self::UseSourceVerification => "use-source-verification",
        }
    }
}

impl fmt::Display for VerificationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for VerificationLevel {
    type Err = Invalid;

    /// Reads a level, also as PowerShell writes it (`UseSourceVerification`).
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bare = |text: &str| text.replace('-', "").to_ascii_lowercase();
        let found = Self::ALL
            .into_iter()
            .find(|level| bare(level.as_str()) == bare(text));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("verification level", format!("is none of {names}"))
        })
    }
}

/// A domain whose app backend may push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedDomain {
    /// The domain.
    pub domain: DomainName,
    /// The only proxy through which it may push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<HostAddress>,
    /// Its verification level, where it is not the one of its hosting provider, or
    /// `use-source-verification` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<VerificationLevel>,
    /// What a person noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
}

/// A domain whose app backend may not push, whatever else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedDomain {
    /// The domain.
    pub domain: DomainName,
    /// What a person noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
}

/// Who hosts app backends of many domains behind one proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostingProvider {
    /// Its name.
    pub identity: ProviderName,
    /// Its proxy, which no other provider has.
    pub proxy: HostAddress,
    /// Nothing passes a provider that is off.
    pub enabled: bool,
    /// How what comes from it is verified.
    pub verification: VerificationLevel,
}

/// All that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rules {
    /// Push configurations: global first, then sites by name.
    pub configurations: Vec<PushConfiguration>,
    /// Whether partners may push at all, where that is stored (`AllowFederatedUsers`).
    pub federation: Option<bool>,
    /// Allowed domains, by name.
    pub allowed: Vec<AllowedDomain>,
    /// Blocked domains, by name.
    pub blocked: Vec<BlockedDomain>,
    /// Hosting providers, by name.
    pub providers: Vec<HostingProvider>,
}

impl Rules {
    /// The stored configuration of this identity.
    #[must_use]
    pub fn configuration(&self, identity: &ConfigurationIdentity) -> Option<&PushConfiguration> {
        let mut all = self.configurations.iter();
        all.find(|stored| stored.identity == *identity)
    }

    /// The entry of an allowed domain.
    #[must_use]
    pub fn allowed(&self, domain: &DomainName) -> Option<&AllowedDomain> {
        let place = self
            .allowed
            .binary_search_by(|entry| entry.domain.cmp(domain));
        place.ok().and_then(|place| self.allowed.get(place))
    }

    /// The entry of a blocked domain.
    #[must_use]
    pub fn blocked(&self, domain: &DomainName) -> Option<&BlockedDomain> {
        let place = self
            .blocked
            .binary_search_by(|entry| entry.domain.cmp(domain));
        place.ok().and_then(|place| self.blocked.get(place))
    }

    /// The hosting provider with this name.
    #[must_use]
    pub fn provider(&self, identity: &ProviderName) -> Option<&HostingProvider> {
        let mut all = self.providers.iter();
        all.find(|provider| provider.identity == *identity)
    }

    /// The verification level by which an allowed domain is taken that comes through `proxy`: its
    /// own, else that of the proxy's hosting provider, else `use-source-verification`.
    #[must_use]
    pub fn level_of(
        &self,
        entry: &AllowedDomain,
        proxy: Option<&HostAddress>,
    ) -> VerificationLevel {
        let provider = proxy.and_then(|proxy| self.provider_at(proxy));
        let of_provider = || provider.map(|provider| provider.verification);
        let level = entry.verification.or_else(of_provider);
        level.unwrap_or(VerificationLevel::UseSourceVerification)
    }

    /// The hosting provider whose proxy is, or may be, this one.
    #[must_use]
    pub fn provider_at(&self, proxy: &HostAddress) -> Option<&HostingProvider> {
        let mut all = self.providers.iter();
        all.find(|provider| provider.proxy.overlaps(proxy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_configuration_is_flat_and_starts_off() {
        let json = r#"{"identity":"site:Paris","apple":true,"microsoft":false,"google":false,"webpush":false}"#;
        let stored: PushConfiguration = serde_json::from_str(json).unwrap();
        assert!(stored.switches.is_on(Platform::Apns.into()));
        assert_eq!(serde_json::to_string(&stored).unwrap(), json);
        let none = SwitchChanges::default().of(Switches::default());
        assert!(PushService::ALL.iter().all(|service| !none.is_on(*service)));
        let all = SwitchChanges::default().of(Switches::ALL_ON);
        assert!(PushService::ALL.iter().all(|service| all.is_on(*service)));
    }

    #[test]
    fn a_level_is_read_in_either_spelling() {
        for level in VerificationLevel::ALL {
            assert_eq!(level.as_str().parse::<VerificationLevel>().unwrap(), level);
            let json = format!("\"{level}\"");
            assert_eq!(serde_json::to_string(&level).unwrap(), json);
        }
        let pascal: VerificationLevel = "UseSourceVerification".parse().unwrap();
        assert_eq!(pascal, VerificationLevel::UseSourceVerification);
        assert!("sometimes".parse::<VerificationLevel>().is_err());
    }
}
