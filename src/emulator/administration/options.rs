//! What the app backend is to push administration.

use crate::model::{DomainName, HostAddress};
use crate::wire::push_administration::{Profile, SiteName};

/// What one run of the services is to push administration. The default is the quick-start profile,
/// no site, and a domain that is this machine's alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AdministrationOptions {
    /// The domain that the embedded app backend speaks for.
    pub domain: DomainName,
    /// The hosting provider's proxy through which its pushes come, where they come through one.
    pub proxy: Option<HostAddress>,
    /// The site it is in, whose configuration wins over the global one.
    pub site: Option<SiteName>,
    /// What holds where nothing is stored.
    pub profile: Profile,
    /// Host and name of the hub elsewhere that all pushes go through, where no hub is served here: it
    /// decides which partners may push. The services set it themselves.
    pub hub_elsewhere: Option<String>,
}
