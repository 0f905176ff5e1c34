//! Push administration: which push services are on, which partners' app backends may push, and the
//! messages of the admin door that shows and changes it.
//!
//! It is what Lync Server administers with `CsPushNotificationConfiguration`, `CsHostingProvider`,
//! `CsAllowedDomain`, `CsBlockedDomain` and `CsAccessEdgeConfiguration`, for four push services
//! instead of two.

mod door;
mod names;
mod rules;

pub use door::{
    AdministrationState, Change, ChangeRequest, Changed, Failure, FailureCode, InForce, MAX_BODY,
    PartnerList, PartnerRefusal, Permission, PermissionRequest, Profile, Refusal, ServiceOff,
};
pub use names::{Comment, ConfigurationIdentity, ProviderName, SiteName};
pub use rules::{
    AllowedDomain, BlockedDomain, HostingProvider, PushConfiguration, PushService, Rules,
    SwitchChanges, Switches, VerificationLevel,
};
