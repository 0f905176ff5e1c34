//! The names under which the embedded services are themselves: where they listen, what handles
//! are minted under, and what a sender may take them for.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::model::{DisplayText, Invalid, Platform};

/// The host of minted WNS channels among the real names.
const WNS_HOST: &str = "wns2-emulated.notify.windows.com";

/// The host of minted Web Push endpoints among the real names: Mozilla's.
const WEB_PUSH_HOST: &str = "updates.push.services.mozilla.com";

/// The longest public host that is taken, a name's limit with room for a port.
const MAX_PUBLIC: usize = 262;

/// A name or address under which other machines reach the services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicHost {
    /// The name or address.
    pub host: Host,
    /// The port, where it is not the listener's.
    pub port: Option<u16>,
}

impl FromStr for PublicHost {
    type Err = Invalid;

    /// Reads `NAME`, `NAME:PORT`, or an address in the place of the name (`[::1]:8443`).
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            let shown = DisplayText::excerpt(text, 60);
            let expected = "expected a name or address, with or without a port, such as phone.example or 192.0.2.7:8443";
            Invalid::new("public host", format!("{shown} is none: {expected}"))
        };
        let stray = |c: char| matches!(c, '/' | '\\' | '?' | '#' | '@' | '*') || c.is_whitespace();
        if text.len() > MAX_PUBLIC || text.contains(stray) {
            return Err(invalid());
        }
        // Under this scheme no port is left out as the usual one.
        let url = Url::parse(&format!("http://{text}/")).map_err(|_| invalid())?;
        let host = url.host().map(|host| host.to_owned()).ok_or_else(invalid)?;
        let written = text
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse().ok());
        let bare_six = matches!(host, Host::Ipv6(_)) && text.ends_with(']');
        Ok(Self {
            host,
            port: url.port().or(written.filter(|_| !bare_six)),
        })
    }
}

impl fmt::Display for PublicHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(formatter, "{}:{port}", self.host),
            None => write!(formatter, "{}", self.host),
        }
    }
}

/// The embedded services' own origins.
#[derive(Debug, Clone)]
pub(super) struct Origins {
    local: Url,
    /// Where others are told to reach them: over TLS, where it is answered.
    told: Url,
    wns: Url,
    web_push: Url,
    ports: Vec<u16>,
    hosts: Vec<Host>,
    /// They answer TLS, on every port.
    tls: bool,
    real: bool,
}

/// What [`Origins`] are made of.
#[derive(Debug, Clone)]
pub(super) struct Listening<'a> {
    /// Where HTTP is reached from this process.
    pub(super) http: Url,
    /// Where HTTPS is, if at all.
    pub(super) https: Option<Url>,
    /// The services answer TLS.
    pub(super) tls: bool,
    pub(super) public: Option<&'a PublicHost>,
    /// Handles are minted under the real push hosts' names.
    pub(super) real: bool,
}

impl Origins {
    /// # Errors
    /// [`Invalid`]: the public host makes no URL.
    pub(super) fn new(listening: Listening<'_>) -> Result<Self, Invalid> {
        let Listening {
            http,
            https,
            tls,
            public,
            real,
        } = listening;
        let mut ports: Vec<u16> = [Some(&http), https.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(Url::port_or_known_default)
            .collect();
        let mut hosts: Vec<Host> = http
            .host()
            .map(|host| host.to_owned())
            .into_iter()
            .collect();
        hosts.extend(
            https
                .as_ref()
                .and_then(Url::host)
                .map(|host| host.to_owned()),
        );
        let mut told = https.clone().unwrap_or_else(|| http.clone());
        if tls && told.set_scheme("https").is_err() {
            return Err(Invalid::new("listening address", "cannot be an https URL"));
        }
        let mut minted = http.clone();
        if let Some(public) = public {
            let listener = https.as_ref().unwrap_or(&http);
            let port = public.port.or_else(|| listener.port_or_known_default());
            let port = port.unwrap_or_default();
            let text = format!("{}://{}:{port}/", listener.scheme(), public.host);
            minted = parsed(&text)?;
            ports.push(port);
            hosts.push(public.host.clone());
        }
        let named = |host: &str| parsed(&format!("https://{host}/"));
        let (wns, web_push) = if real {
            (named(WNS_HOST)?, named(WEB_PUSH_HOST)?)
        } else {
            (minted.clone(), minted)
        };
        Ok(Self {
            local: http,
            told,
            wns,
            web_push,
            ports,
            hosts,
            tls,
            real,
        })
    }

    /// Where the services are reached from this process, without TLS.
    pub(super) fn local(&self) -> &Url {
        &self.local
    }

    /// The base of URLs in an answer to who named these services `authority`, a host with or without
    /// its port: under that very name, where it is one. A client that leaves out the port of its own
    /// address is told that of the listener.
    pub(super) fn named(&self, authority: Option<&str>) -> Url {
        let named = authority.and_then(|authority| self.with_authority(authority));
        named.unwrap_or_else(|| self.told.clone())
    }

    fn with_authority(&self, authority: &str) -> Option<Url> {
        let stray = |c: char| matches!(c, '/' | '\\' | '?' | '#' | '@') || c.is_whitespace();
        if authority.is_empty() || authority.len() > MAX_PUBLIC || authority.contains(stray) {
            return None;
        }
        let mut url = Url::parse(&format!("{}://{authority}/", self.told.scheme())).ok()?;
        let host = url.host()?.to_owned();
        let here = is_loopback(&host) || self.hosts.contains(&host);
        if here && url.port().is_none() && !self.is_own(&url) {
            url.set_port(self.told.port()).ok()?;
        }
        Some(url)
    }

    /// The base of minted handles of a platform whose handles are URLs.
    pub(super) fn base(&self, platform: Platform) -> &Url {
        match platform {
            Platform::Wns => &self.wns,
            Platform::WebPush | Platform::Apns | Platform::Fcm => &self.web_push,
        }
    }

    /// True when `url` has the scheme, host and port of these services, by any of their names.
    pub(super) fn is_own(&self, url: &Url) -> bool {
        let scheme = match url.scheme() {
            "http" => true,
            "https" => self.tls || self.real,
            _ => false,
        };
        if !scheme {
            return false;
        }
        if self.real && (same(url, &self.wns) || same(url, &self.web_push)) {
            return true;
        }
        // Behind a public port may stand a proxy that speaks TLS for the services.
        let port = url.port_or_known_default();
        let here = port.is_some_and(|port| self.ports.contains(&port));
        let host = url.host().map(|host| host.to_owned());
        here && host.is_some_and(|host| is_loopback(&host) || self.hosts.contains(&host))
    }
}

fn parsed(text: &str) -> Result<Url, Invalid> {
    Url::parse(text).map_err(|error| Invalid::new("public host", error.to_string()))
}

fn same(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::emulator) fn origins(public: Option<&str>, real: bool) -> Origins {
        let public: Option<PublicHost> = public.map(|text| text.parse().unwrap());
        Origins::new(Listening {
            http: Url::parse("http://127.0.0.1:8480/").unwrap(),
            https: Some(Url::parse("https://127.0.0.1:8443/").unwrap()),
            tls: true,
            public: public.as_ref(),
            real,
        })
        .unwrap()
    }

    fn knows(origins: &Origins, url: &str) -> bool {
        origins.is_own(&Url::parse(url).unwrap())
    }

    #[test]
    fn every_name_of_this_machine_is_its_own_at_its_own_ports() {
        let own = origins(Some("push.example:9000"), false);
        for url in [
            "http://127.0.0.1:8480/w/?token=a",
            "https://127.0.0.1:8480/",
            "https://localhost:8443/x",
            "http://[::1]:8480/",
            "https://push.example:9000/",
            "http://push.example:9000/",
            "https://PUSH.example:8443/",
        ] {
            assert!(knows(&own, url), "{url}");
        }
        for url in [
            "http://127.0.0.1:8481/",
            "http://127.0.0.1/",
            "https://push.example/",
            "http://10.0.0.1:8480/",
            "ftp://127.0.0.1:8480/",
            "https://updates.push.services.mozilla.com/wpush/v2/a",
            "https://localhost.example:8443/",
        ] {
            assert!(!knows(&own, url), "{url}");
        }
        assert_eq!(
            own.base(Platform::Wns).as_str(),
            "https://push.example:9000/"
        );
    }

    #[test]
    fn real_names_are_own_only_where_handles_carry_them() {
        let own = origins(Some("push.example"), true);
        assert!(knows(
            &own,
            "https://updates.push.services.mozilla.com/wpush/v2/a"
        ));
        assert!(knows(
            &own,
            "https://wns2-emulated.notify.windows.com/w/?token=a"
        ));
        assert!(knows(&own, "https://push.example:8443/"));
        assert!(!knows(&own, "https://db5.notify.windows.com/w/?token=a"));
        assert!(!knows(&own, "http://updates.push.services.mozilla.com/"));
        assert_eq!(own.base(Platform::Wns).host_str(), Some(WNS_HOST));
        assert_eq!(own.base(Platform::WebPush).host_str(), Some(WEB_PUSH_HOST));
    }

    #[test]
    fn answers_name_the_services_as_they_were_named() {
        let own = origins(Some("push.example"), false);
        for (authority, base) in [
            (Some("127.0.0.1:8443"), "https://127.0.0.1:8443/"),
            (Some("127.0.0.1:8480"), "https://127.0.0.1:8480/"),
            (Some("127.0.0.1"), "https://127.0.0.1:8443/"),
            (Some("LOCALHOST"), "https://localhost:8443/"),
            (Some("[::1]:8443"), "https://[::1]:8443/"),
            (Some("push.example"), "https://push.example:8443/"),
            (
                Some("my-hub.servicebus.windows.net"),
                "https://my-hub.servicebus.windows.net/",
            ),
            (Some("behind.a.proxy:444"), "https://behind.a.proxy:444/"),
            (Some(""), "https://127.0.0.1:8443/"),
            (Some("evil.example/path"), "https://127.0.0.1:8443/"),
            (Some("a@evil.example"), "https://127.0.0.1:8443/"),
            (Some("a:b"), "https://127.0.0.1:8443/"),
            (None, "https://127.0.0.1:8443/"),
        ] {
            assert_eq!(own.named(authority).as_str(), base, "{authority:?}");
        }
        let usual = origins(Some("push.example:443"), false);
        assert_eq!(
            usual.named(Some("push.example")).as_str(),
            "https://push.example/"
        );
    }

    #[test]
    fn a_public_host_is_a_name_or_an_address() {
        for (text, host, port) in [
            ("phone.example", "phone.example", None),
            ("Phone.Example:8443", "phone.example", Some(8443)),
            ("phone.example:80", "phone.example", Some(80)),
            ("192.0.2.7:1", "192.0.2.7", Some(1)),
            ("[::1]", "[::1]", None),
            ("[::1]:443", "[::1]", Some(443)),
        ] {
            let public: PublicHost = text.parse().unwrap();
            assert_eq!(
                (public.host.to_string().as_str(), public.port),
                (host, port)
            );
        }
        for junk in [
            "", ":80", "a b", "http://x", "x/y", "u@x", "x:99999", "*.x", "x:y", "::1",
        ] {
            assert!(junk.parse::<PublicHost>().is_err(), "{junk}");
        }
    }
}
