//! The messages of the admin door: JSON over HTTP on the services' own listener, under
//! `/admin/push-administration`, with the token of the running `serve`.

use serde::{Deserialize, Serialize};

use super::names::{Comment, ConfigurationIdentity, ProviderName, SiteName};
use super::rules::{PushService, Rules, SwitchChanges, Switches, VerificationLevel};
use crate::model::{DomainName, HostAddress};

/// The largest body of a request, in bytes.
pub const MAX_BODY: usize = 16 * 1024;

/// What holds where nothing is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Every service is on, federation too, and the embedded app backend an allowed partner.
    #[default]
    QuickStart,
    /// Every service is off, federation too, and nobody a partner.
    Strict,
}

impl Profile {
    /// The name in JSON and to people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::QuickStart => "quick-start",
            Self::Strict => "strict",
        }
    }
}

/// What comes of the rules for one `serve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// What holds where nothing is stored.
    pub profile: Profile,
    /// The domain that the embedded app backend speaks for.
    pub domain: DomainName,
    /// The site that the embedded app backend is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteName>,
    /// The stored push configuration that counts; the profile's where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationIdentity>,
    /// Which push services are on.
    pub services: Switches,
    /// Whether partners may push at all.
    pub federation: bool,
    /// Whether the embedded app backend may push.
    pub partner: bool,
    /// The hub elsewhere that decides which partners may push; then federation and lists here say
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub_elsewhere: Option<String>,
}

/// A push service is switched off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the push service {} is switched off by {by}: turn it on with `handset push-config set --{} on --identity {}`",
    service.as_str(),
    service.as_str(),
    identity.in_shell()
)]
pub struct ServiceOff {
    /// The service.
    pub service: PushService,
    /// What switches it off.
    by: String,
    /// The configuration that would switch it on.
    identity: ConfigurationIdentity,
}

impl InForce {
    /// Whether pushes go through this service.
    ///
    /// # Errors
    /// [`ServiceOff`]
    pub fn service(&self, service: PushService) -> Result<(), ServiceOff> {
        if self.services.is_on(service) {
            return Ok(());
        }
        let own = self.site.clone();
        let own = own.map_or(ConfigurationIdentity::Global, ConfigurationIdentity::Site);
        Err(ServiceOff {
            service,
            by: match &self.configuration {
                Some(identity) => format!("the push configuration {identity}"),
                None => format!("the {} profile", self.profile.as_str()),
            },
            identity: self.configuration.clone().unwrap_or(own),
        })
    }
}

/// Answer of `GET /admin/push-administration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdministrationState {
    /// What is stored.
    pub rules: Rules,
    /// What comes of it.
    pub in_force: InForce,
    /// It is gone when the services end.
    pub ephemeral: bool,
}

/// A change of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// Changes the switches that are named. A configuration that is not stored is made, with every
    /// other service off (`Set-` and `New-CsPushNotificationConfiguration`).
    SetConfiguration {
        /// Whose it is.
        identity: ConfigurationIdentity,
        /// The switches.
        #[serde(default)]
        switches: SwitchChanges,
    },
    /// Takes a site's configuration away; the global one is stored with every service off
    /// (`Remove-CsPushNotificationConfiguration`).
    RemoveConfiguration {
        /// Whose it is.
        identity: ConfigurationIdentity,
    },
    /// Takes every configuration away, so that the profile counts again.
    ForgetConfigurations {},
    /// Allows a domain (`New-CsAllowedDomain`).
    AllowDomain {
        /// The domain.
        domain: DomainName,
        /// The only proxy through which it may push.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proxy: Option<HostAddress>,
        /// Its verification level.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verification: Option<VerificationLevel>,
        /// A note.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Comment>,
    },
    /// Blocks a domain (`New-CsBlockedDomain`).
    BlockDomain {
        /// The domain.
        domain: DomainName,
        /// A note.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Comment>,
    },
    /// Makes a hosting provider, or changes what is named of it (`New-`, `Set-CsHostingProvider`).
    SetProvider {
        /// Its name.
        identity: ProviderName,
        /// Its proxy: needed for a new one, never another for one that is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proxy: Option<HostAddress>,
        /// Whether it is on: needed for a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enabled: Option<bool>,
        /// Its verification level; `always-verifiable` for a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verification: Option<VerificationLevel>,
    },
    /// Lets partners push at all, or not (`Set-CsAccessEdgeConfiguration -AllowFederatedUsers`).
    SetFederation {
        /// Whether they may.
        enabled: bool,
    },
    /// Takes a domain or a hosting provider off its list.
    RemovePartner {
        /// The domain or the provider's name.
        name: String,
        /// The list, where the name alone does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        list: Option<PartnerList>,
    },
    /// Takes away all that is stored about partners, so that the profile counts again.
    ForgetPartners {},
}

impl Change {
    /// Whether it is about partners, and not about push services.
    #[must_use]
    pub fn is_about_partners(&self) -> bool {
        match self {
            Self::SetConfiguration { .. }
            | Self::RemoveConfiguration { .. }
            | Self::ForgetConfigurations {} => false,
            Self::AllowDomain { .. }
            | Self::BlockDomain { .. }
            | Self::SetProvider { .. }
            | Self::SetFederation { .. }
            | Self::RemovePartner { .. }
            | Self::ForgetPartners {} => true,
        }
    }
}

/// Which lists a name is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartnerList {
    /// Allowed and blocked domains.
    Domains,
    /// Hosting providers.
    Providers,
}

/// Body of `POST /admin/push-administration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRequest {
    /// What is to change.
    #[serde(flatten)]
    pub change: Change,
    /// Only say what would change.
    #[serde(default)]
    pub what_if: bool,
}

/// Answer of `POST /admin/push-administration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// How it was.
    pub before: AdministrationState,
    /// How it is, or would be.
    pub after: AdministrationState,
}

/// Body of `POST /admin/push-administration/permission`: may this sender push?
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionRequest {
    /// The domain it speaks for; the embedded app backend's own where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainName>,
    /// The proxy through which it comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<HostAddress>,
}

/// Answer of `POST /admin/push-administration/permission`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// The domain that was looked at.
    pub domain: DomainName,
    /// Why it may not push; it may where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// Why a partner may not push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule.
    pub kind: PartnerRefusal,
    /// The reason and the remedy, in words.
    pub reason: String,
}

/// The rule by which a partner may not push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerRefusal {
    /// No partner may.
    FederationOff,
    /// The domain is blocked.
    DomainBlocked,
    /// The domain is on no list.
    DomainNotAllowed,
    /// It comes through a hosting provider that is off.
    ProviderOff,
    /// It comes through another proxy than the one it is allowed through.
    OtherProxy,
    /// What it sends is never verified.
    Unverifiable,
    /// It did not prove itself, and has to.
    NotVerified,
    /// What it says it speaks for is no domain.
    NoDomain,
    /// A hub elsewhere decides.
    DecidedElsewhere,
}

impl PartnerRefusal {
    /// The name in JSON and in a diagnosis.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FederationOff => "federation_off",
            Self::DomainBlocked => "domain_blocked",
            Self::DomainNotAllowed => "domain_not_allowed",
            Self::ProviderOff => "provider_off",
            Self::OtherProxy => "other_proxy",
            Self::Unverifiable => "unverifiable",
            Self::NotVerified => "not_verified",
            Self::NoDomain => "no_domain",
            Self::DecidedElsewhere => "decided_elsewhere",
        }
    }
}

/// What the admin door answers where it does not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub code: FailureCode,
    /// The cause and the remedy, in words.
    pub error: String,
}

/// The kind of a [`Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// 401: the token is missing or another.
    TokenNeeded,
    /// 400: the body is not what is expected.
    BadRequest,
    /// 413: the body is too large.
    TooLarge,
    /// 409: the rules do not let it be.
    Refused,
    /// 503: the database could not be used.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_flat_json() {
        let json = r#"{"change":"set-configuration","identity":"global","switches":{"apple":true},"what_if":true}"#;
        let request: ChangeRequest = serde_json::from_str(json).unwrap();
        assert!(request.what_if);
        assert_eq!(serde_json::to_string(&request).unwrap(), json);
        let json = r#"{"change":"forget-partners"}"#;
        let request: ChangeRequest = serde_json::from_str(json).unwrap();
        assert_eq!(request.change, Change::ForgetPartners {});
    }

    #[test]
    fn what_is_no_change_is_refused() {
        for json in [
            "{}",
            "[]",
            r#"{"change":"explode"}"#,
            r#"{"change":"set-federation"}"#,
            r#"{"change":"set-federation","enabled":"on"}"#,
            r#"{"change":"set-configuration","identity":"site:*"}"#,
            r#"{"change":"set-configuration","identity":"global","switches":{"aple":true}}"#,
            r#"{"change":"allow-domain","domain":"http://x"}"#,
            r#"{"change":"set-provider","identity":""}"#,
            r#"{"change":"forget-partners","what_iff":true}"#,
            r#"{"change":"forget-configurations","identity":"global"}"#,
        ] {
            assert!(
                serde_json::from_str::<ChangeRequest>(json).is_err(),
                "{json}"
            );
        }
    }
}
