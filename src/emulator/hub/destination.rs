//! Where the hub may post: to the embedded services, and to hosts that are allowed by name. A
//! client-supplied handle is not a way into the network.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::emulator::origins::Origins;
use crate::model::Handle;

/// Decides about handles.
#[derive(Debug, Clone)]
pub(super) struct Destinations {
    own: Arc<Origins>,
    allowed: HashSet<String>,
}

/// A handle leads where the hub must not post.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in crate::emulator) struct Forbidden(&'static str);

impl Destinations {
    pub(super) fn new(own: Arc<Origins>, allowed: &[String]) -> Self {
        let allowed = allowed.iter().map(|host| plain(host)).collect();
        Self { own, allowed }
    }

    /// The hosts that are allowed by name.
    pub(super) fn allowed(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().map(String::as_str)
    }

    /// Where to post below the embedded services, for platforms whose handles are no addresses.
    pub(super) fn embedded(&self, segments: &[&str]) -> Result<Url, Forbidden> {
        let mut url = self.own.local().clone();
        url.path_segments_mut()
            .map_err(|()| Forbidden("the embedded services have no path"))?
            .clear()
            .extend(segments);
        Ok(url)
    }

    /// Where to post for `handle`. Handles of the embedded services lead to their own listener,
    /// whatever name stands in them.
    pub(super) fn of(&self, handle: &Handle) -> Result<Url, Forbidden> {
        let url = Url::parse(handle.as_str()).map_err(|_| Forbidden("the handle is not a URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Forbidden("the handle is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden("the handle carries credentials"));
        }
        if self.own.is_own(&url) {
            if !is_minted(&url) {
                return Err(Forbidden("the handle is none of an embedded push service"));
            }
            let mut local = self.own.local().clone();
            local.set_path(url.path());
            local.set_query(url.query());
            return Ok(local);
        }
        let host = url.host_str().map(plain).unwrap_or_default();
        if !self.allowed.contains(&host) {
            return Err(Forbidden(
                "the handle's host is neither an embedded service nor allowed by name",
            ));
        }
        match url.host() {
            Some(Host::Ipv4(address)) => refuse_special(address.into(), true)?,
            Some(Host::Ipv6(address)) => refuse_special(address.into(), true)?,
            Some(Host::Domain(_)) | None => {}
        }
        Ok(url)
    }
}

/// True for the paths under which the embedded push services give out handles: nothing else that
/// is served beside them is to be reached by a handle.
fn is_minted(url: &Url) -> bool {
    let path = url.path();
    matches!(path, "/" | "/w" | "/w/") || path.starts_with("/wpush/")
}

/// A resolver that leaves out addresses which an allowed name must not lead to.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckedResolver;

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let local = host.eq_ignore_ascii_case("localhost");
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found
                .filter(|address| refuse_special(address.ip(), local).is_ok())
                .collect();
            if good.is_empty() {
                return Err(
                    Forbidden("the name leads only to addresses that are not allowed").into(),
                );
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// Loopback is reached only under its own name; link-local holds the metadata services of clouds.
pub(in crate::emulator) fn refuse_special(
    address: IpAddr,
    loopback_allowed: bool,
) -> Result<(), Forbidden> {
    let address = match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(IpAddr::V6(six), IpAddr::V4),
        IpAddr::V4(four) => IpAddr::V4(four),
    };
    let link_local = match address {
        IpAddr::V4(four) => four.is_link_local() || four.is_broadcast(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    };
    if link_local || address.is_multicast() || address.is_unspecified() {
        return Err(Forbidden(
            "the address is link-local, multicast or unspecified",
        ));
    }
    if address.is_loopback() && !loopback_allowed {
        return Err(Forbidden("the name leads to this machine"));
    }
    Ok(())
}

/// A host in lower case, without the brackets of an IPv6 address and the last dot of a name.
pub(super) fn plain(host: &str) -> String {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::origins::tests::origins;

    fn destinations(allowed: &[&str]) -> Destinations {
        let own = Arc::new(origins(Some("push.example:9000"), false));
        let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
        Destinations::new(own, &allowed)
    }

    fn leads_to(handle: &str, allowed: &[&str]) -> Result<String, Forbidden> {
        let handle = Handle::parse(handle).unwrap();
        destinations(allowed).of(&handle).map(String::from)
    }

    #[test]
    fn own_handles_lead_to_the_listener() {
        for handle in [
            "http://127.0.0.1:8480/w/?token=a",
            "https://push.example:9000/w/?token=a",
            "https://127.0.0.1:8480/w/?token=a",
            "http://localhost:8480/w/?token=a",
            "https://[::1]:8443/w/?token=a",
        ] {
            assert_eq!(
                leads_to(handle, &[]).unwrap(),
                "http://127.0.0.1:8480/w/?token=a"
            );
        }
    }

    #[test]
    fn nothing_else_is_reached_unless_it_is_named() {
        for handle in [
            "http://127.0.0.1:8481/",
            "https://127.0.0.1:8481/",
            "http://localhost:8481/",
            "http://10.0.0.1/",
            "http://169.254.169.254/latest",
            "http://[::1]:8481/",
            "http://127.0.0.1:8480@evil.example/",
            "http://u:p@127.0.0.1:8480/",
            "file:///etc/passwd",
            "http://127.0.0.1:8480/admin/push-administration",
            "http://127.0.0.1:8480/w/../api/login",
            "http://127.0.0.1:8480/handset/messages/",
            "junk",
        ] {
            assert!(leads_to(handle, &[]).is_err(), "{handle}");
        }
        assert!(leads_to("https://Updates.Example./x", &["updates.example"]).is_ok());
        assert!(leads_to("http://[::1]:9/x", &["::1"]).is_ok());
        assert!(leads_to("http://169.254.169.254/x", &["169.254.169.254"]).is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_after_resolution() {
        assert!(refuse_special("127.0.0.1".parse().unwrap(), false).is_err());
        assert!(refuse_special("::ffff:127.0.0.1".parse().unwrap(), false).is_err());
        assert!(refuse_special("::ffff:169.254.1.1".parse().unwrap(), true).is_err());
        assert!(refuse_special("0.0.0.0".parse().unwrap(), true).is_err());
        assert!(refuse_special("93.184.216.34".parse().unwrap(), false).is_ok());
        let localhost = CheckedResolver.resolve("localhost".parse().unwrap()).await;
        assert!(localhost.is_ok());
    }
}
