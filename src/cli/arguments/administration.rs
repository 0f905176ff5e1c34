//! Push administration: which push services are on, and which partners may push.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::model::{DomainName, HostAddress};
use crate::wire::push_administration::{
    Comment, ConfigurationIdentity, PartnerList, ProviderName, SwitchChanges, VerificationLevel,
};

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Switch {
    On,
    Off,
}

impl From<Switch> for bool {
    fn from(switch: Switch) -> Self {
        switch == Switch::On
    }
}

/// Show or change which push services are on
///
/// What is stored decides: a site's configuration for a backend that runs there (`serve --site`),
/// else the global one. Where nothing is stored, every service is on, or off with `serve --strict`.
/// A push through a service that is off is not sent, and its sender is told so; the front doors
/// that push SDKs call are not concerned.
///
/// A change counts at once for the running `serve` of this home, and is kept with its data. Where
/// none runs, the data folder is changed for the next one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset push-config get
  handset push-config get --filter 'site:*' --json
  handset push-config set --apple on --microsoft on --google off --webpush on
  handset push-config set --apple on --identity site:Paris --what-if
  handset push-config remove --identity site:Paris
  handset push-config reset

It is what Lync Server's Get-, Set-, New- and Remove-CsPushNotificationConfiguration do.")]
pub(in crate::cli) struct PushConfig {
    #[command(subcommand)]
    pub(in crate::cli) wish: PushConfigWish,
    #[command(flatten)]
    pub(in crate::cli) data: Data,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Data {
    /// The data folder of a `serve` that was, or will be, started with --data
    #[arg(long, value_name = "DIR", global = true)]
    pub(in crate::cli) data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WhatIf {
    /// Only say what would change
    #[arg(long)]
    pub(in crate::cli) what_if: bool,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PushConfigWish {
    /// Show the configurations
    #[command(after_help = "\
Examples:
  handset push-config get
  handset push-config get --identity site:Paris
  handset push-config get --filter 'site:*' --json")]
    Get {
        /// This one alone: global or site:NAME
        #[arg(long, value_name = "IDENTITY")]
        identity: Option<ConfigurationIdentity>,
        /// Those that fit: * is any text, ? any character
        #[arg(long, value_name = "PATTERN", conflicts_with = "identity", value_parser = pattern)]
        filter: Option<String>,
    },
    /// Change what is named of a configuration
    ///
    /// One that was not stored is made, and starts with every service off that is not named: on a
    /// fresh home `--google off` alone switches them all off. Name all four, or look with --what-if.
    #[command(
        override_usage = "handset push-config set [OPTIONS] --apple|--microsoft|--google|--webpush <SWITCH>...",
        after_help = "\
Examples:
  handset push-config set --apple on --microsoft on --google off --webpush on
  handset push-config set --google on      # changes this one alone, once a configuration is stored
  handset push-config set --apple on --identity site:Paris --what-if"
    )]
    Set(SetSwitches),
    /// Remove a site's configuration, so that the global one counts there
    ///
    /// The global one is not removed: all its services are switched off, as a stored configuration
    /// starts. See `push-config reset` for the way back to the start.
    #[command(after_help = "Example:\n  handset push-config remove --identity site:Paris")]
    Remove {
        /// Which: global or site:NAME
        #[arg(long, value_name = "IDENTITY")]
        identity: ConfigurationIdentity,
        #[command(flatten)]
        what_if: WhatIf,
    },
    /// Remove every configuration, the global one too, so that what holds where none is stored counts
    #[command(after_help = "Example:\n  handset push-config reset --what-if")]
    Reset {
        #[command(flatten)]
        what_if: WhatIf,
    },
}

#[derive(Debug, Args)]
#[group(id = "switches", required = true, multiple = true, args = ["apple", "microsoft", "google", "webpush"])]
pub(in crate::cli) struct SetSwitches {
    /// APNs
    #[arg(long, value_name = "SWITCH")]
    apple: Option<Switch>,
    /// WNS
    #[arg(long, value_name = "SWITCH")]
    microsoft: Option<Switch>,
    /// FCM
    #[arg(long, value_name = "SWITCH")]
    google: Option<Switch>,
    /// Web Push
    #[arg(long, value_name = "SWITCH")]
    webpush: Option<Switch>,
    /// Whose configuration: global or site:NAME
    #[arg(long, value_name = "IDENTITY", default_value = "global")]
    pub(in crate::cli) identity: ConfigurationIdentity,
    #[command(flatten)]
    pub(in crate::cli) what_if: WhatIf,
}

impl SetSwitches {
    /// What is to change.
    pub(in crate::cli) fn changes(&self) -> SwitchChanges {
        SwitchChanges {
            apple: self.apple.map(Into::into),
            microsoft: self.microsoft.map(Into::into),
            google: self.google.map(Into::into),
            webpush: self.webpush.map(Into::into),
        }
    }
}

/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 256;

fn pattern(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > MAX_PATTERN {
        return Err(format!("must have 1 to {MAX_PATTERN} characters"));
    }
    Ok(text.to_owned())
}

/// Show or change which partners' app backends may push
///
/// An app backend speaks for a domain (`serve --domain`). It may push if federation is on, its
/// domain is not blocked, and is allowed, itself or through the proxy of a hosting provider that is
/// on, and its verification level is met. Where nothing is stored, federation is on and the running
/// backend's own domain may push; with `serve --strict` nobody may.
///
/// A change counts at once for the running `serve` of this home, and is kept with its data. Where
/// none runs, the data folder is changed for the next one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset partner list
  handset partner add push.contoso.example --comment 'Ken, 4711'
  handset partner block fabrikam.example
  handset partner provider Fabrikam --proxy edge.fabrikam.example --enabled on
  handset partner federation off
  handset partner remove fabrikam.example

Verification levels:
  always-verifiable        taken for what it says it is
  use-source-verification  taken if its sender proved itself with credentials
  always-unverifiable      never taken

It is what Lync Server's CsAllowedDomain, CsBlockedDomain, CsHostingProvider and, for federation,
CsAccessEdgeConfiguration do.")]
pub(in crate::cli) struct Partner {
    #[command(subcommand)]
    pub(in crate::cli) wish: PartnerWish,
    #[command(flatten)]
    pub(in crate::cli) data: Data,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PartnerWish {
    /// Show federation, domains and hosting providers
    ///
    /// The verification level is the one in force. With --json each line has in `list` what it is:
    /// federation, allowed, blocked or provider; `stored` is false for what holds by the profile.
    #[command(after_help = "Examples:\n  handset partner list\n  handset partner list --json")]
    List,
    /// Allow a domain, which must be neither allowed nor blocked yet
    #[command(after_help = "\
Examples:
  handset partner add contoso.example
  handset partner add contoso.example --proxy edge.fabrikam.example
  handset partner add contoso.example --verification always-verifiable --what-if")]
    Add {
        /// The domain
        #[arg(value_name = "DOMAIN")]
        domain: DomainName,
        /// The only proxy through which it may push
        #[arg(long, value_name = "HOST")]
        proxy: Option<HostAddress>,
        /// How it is verified [default: as its proxy's hosting provider, else
        /// use-source-verification]
        #[arg(long, value_name = "LEVEL")]
        verification: Option<VerificationLevel>,
        /// A note
        #[arg(long, value_name = "TEXT")]
        comment: Option<Comment>,
        #[command(flatten)]
        what_if: WhatIf,
    },
    /// Block a domain, which must be neither allowed nor blocked yet
    #[command(after_help = "Example:\n  handset partner block fabrikam.example --comment 'by Ken'")]
    Block {
        /// The domain
        #[arg(value_name = "DOMAIN")]
        domain: DomainName,
        /// A note
        #[arg(long, value_name = "TEXT")]
        comment: Option<Comment>,
        #[command(flatten)]
        what_if: WhatIf,
    },
    /// Make a hosting provider, or change one
    ///
    /// Every domain that comes through its proxy may push while it is on. Its proxy is never another:
    /// remove the provider, and make it anew.
    #[command(after_help = "\
Examples:
  handset partner provider Fabrikam --proxy edge.fabrikam.example --enabled on
  handset partner provider Fabrikam --enabled off
  handset partner provider Fabrikam --verification use-source-verification")]
    Provider {
        /// Its name
        #[arg(value_name = "NAME")]
        identity: ProviderName,
        /// Its proxy, which no other provider has; needed for a new one
        #[arg(long, value_name = "HOST")]
        proxy: Option<HostAddress>,
        /// How what comes from it is verified [default: always-verifiable for a new one]
        #[arg(long, value_name = "LEVEL")]
        verification: Option<VerificationLevel>,
        /// Whether it is on; needed for a new one
        #[arg(long, value_name = "SWITCH")]
        enabled: Option<Switch>,
        #[command(flatten)]
        what_if: WhatIf,
    },
    /// Let partners push at all, or not
    #[command(after_help = "Example:\n  handset partner federation off")]
    Federation {
        /// On or off
        #[arg(value_name = "SWITCH")]
        switch: Switch,
        #[command(flatten)]
        what_if: WhatIf,
    },
    /// Take a domain or a hosting provider off its list
    #[command(after_help = "\
Examples:
  handset partner remove contoso.example
  handset partner remove Fabrikam")]
    Remove {
        /// The domain, or the provider's name
        #[arg(value_name = "NAME")]
        name: String,
        /// Where the name is looked for [default: in all lists]
        #[arg(long, value_name = "LIST")]
        list: Option<ListName>,
        #[command(flatten)]
        what_if: WhatIf,
    },
    /// Forget all of it, so that what holds where nothing is stored counts again
    #[command(after_help = "Example:\n  handset partner reset --what-if")]
    Reset {
        #[command(flatten)]
        what_if: WhatIf,
    },
}

/// Which lists a name is looked for in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum ListName {
    Domains,
    Providers,
}

impl From<ListName> for PartnerList {
    fn from(list: ListName) -> Self {
        match list {
            ListName::Domains => Self::Domains,
            ListName::Providers => Self::Providers,
        }
    }
}
