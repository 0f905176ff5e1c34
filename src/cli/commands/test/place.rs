//! A host and its port.

use std::net::IpAddr;

use url::{Host, Url};

use crate::cli::serve_file::ServeFile;
use crate::model::HostAddress;

/// The port of a host that names none.
const USUAL_PORT: u16 = 443;

/// A host, as a resolver and a certificate know it, and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Place {
    /// Where a URL leads.
    pub(super) fn of_url(url: &Url) -> Option<Self> {
        let host = match url.host()? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let port = url.port_or_known_default().unwrap_or(USUAL_PORT);
        Some(Self { host, port })
    }

    /// The place as people write it.
    pub(super) fn shown(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Whether the running services listen here, by any name of this machine's.
    pub(super) fn is_of(&self, file: &ServeFile) -> bool {
        let here = is_loopback(&self.host);
        let listeners = [Some(&file.http), file.https.as_ref(), file.proxy.as_ref()];
        let listeners = listeners.into_iter().flatten();
        let mut places = listeners.filter_map(|url| Self::of_url(&Url::parse(url).ok()?));
        let public = file.public_host.as_deref();
        let public = public.and_then(|public| public.parse::<HostAddress>().ok());
        let public = public.filter(|public| public.host() == self.host);
        let port = public.as_ref().and_then(HostAddress::port);
        let named = here || public.is_some();
        port == Some(self.port)
            || places.any(|own| own.port == self.port && (named || own.host == self.host))
    }
}

impl From<&HostAddress> for Place {
    fn from(address: &HostAddress) -> Self {
        Self {
            host: address.host(),
            port: address.port().unwrap_or(USUAL_PORT),
        }
    }
}

/// True for this machine's own names and addresses (RFC 6761 §6.3).
pub(super) fn is_loopback(host: &str) -> bool {
    let named = host == "localhost" || host.ends_with(".localhost");
    named || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_services_are_known_by_any_name_of_this_machine() {
        let file = ServeFile {
            pid: 1,
            http: "http://127.0.0.1:8480/".to_owned(),
            public_host: Some("phone.example".to_owned()),
            backend: None,
            push: None,
            wns_token: None,
            hub: None,
            https: Some("https://127.0.0.1:8443/".to_owned()),
            proxy: None,
            ca: None,
            credentials: None,
        };
        let is_own = |text: &str| Place::from(&text.parse::<HostAddress>().unwrap()).is_of(&file);
        for own in [
            "127.0.0.1:8443",
            "localhost:8480",
            "a.localhost:8443",
            "[::1]:8443",
            "phone.example:8443",
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            "127.0.0.1:8444",
            "127.0.0.1",
            "edge.example:8443",
            "192.0.2.7:8443",
        ] {
            assert!(!is_own(other), "{other}");
        }
        let six = Place::from(&"[::1]:1".parse::<HostAddress>().unwrap());
        assert_eq!(six.shown(), "[::1]:1");
    }
}
