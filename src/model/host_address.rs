//! Where a host is, with or without a port.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{DisplayText, DomainName, Invalid};

/// A host's name or address, and a port where one was given: `proxy.example`,
/// `proxy.example:5061`, `192.0.2.7`, `[::1]:443`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostAddress {
    host: HostName,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum HostName {
    Domain(DomainName),
    Address(IpAddr),
}

impl HostAddress {
    /// The host as a resolver and a certificate know it: an IPv6 address stands without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            HostName::Domain(name) => name.to_string(),
            HostName::Address(address) => address.to_string(),
        }
    }

    /// The port that was given.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// True when both may be one place: a host without a port stands for each of its ports.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let ports = self.port.zip(other.port);
        self.host == other.host && ports.is_none_or(|(own, other)| own == other)
    }
}

impl FromStr for HostAddress {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            let shown = DisplayText::excerpt(text, 60);
            let problem = format!(
                "{shown:?} is not the name or address of a host: write one such as proxy.example:443"
            );
            Invalid::new("host", problem)
        };
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !text.ends_with(']') => (host, Some(port)),
            Some(_) | None => (text, None),
        };
        let host = read_host(host).ok_or_else(invalid)?;
        let port = port.map(|port| read_port(port).ok_or_else(invalid));
        Ok(Self {
            host,
            port: port.transpose()?,
        })
    }
}

fn read_host(text: &str) -> Option<HostName> {
    if let Some(inner) = text.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(HostName::Address(address.into()));
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(HostName::Address(address.into()));
    }
    DomainName::parse(text).ok().map(HostName::Domain)
}

fn read_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| *port > 0);
    port.filter(|_| digits)
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            HostName::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            HostName::Address(IpAddr::V4(address)) => address.fmt(f)?,
            HostName::Domain(name) => name.fmt(f)?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for HostAddress {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<HostAddress> for String {
    fn from(address: HostAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_may_have_a_port() {
        for (text, shown, host, port) in [
            ("Proxy.Example", "proxy.example", "proxy.example", None),
            ("a.example:5061", "a.example:5061", "a.example", Some(5061)),
            ("127.0.0.1:80", "127.0.0.1:80", "127.0.0.1", Some(80)),
            ("[::1]", "[::1]", "::1", None),
            ("[0:0::1]:443", "[::1]:443", "::1", Some(443)),
        ] {
            let address: HostAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!((address.host().as_str(), address.port()), (host, port));
        }
        for junk in [
            "", ":", ":80", "::1", "[::1", "a:", "a:0", "a:+1", "a:65536", "a b:1", "http://a",
            "a:1:2", "1.2.3", "u@a:1", "[a]:1",
        ] {
            assert!(junk.parse::<HostAddress>().is_err(), "{junk}");
        }
    }

    #[test]
    fn a_host_without_a_port_stands_for_each_of_its_ports() {
        let overlap = |one: &str, other: &str| {
            let (one, other): (HostAddress, HostAddress) =
                (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(one.overlaps(&other), other.overlaps(&one));
            one.overlaps(&other)
        };
        assert!(overlap("a.example", "A.example"));
        assert!(overlap("a.example", "a.example:443"));
        assert!(overlap("[::1]:443", "[0::1]:443"));
        assert!(!overlap("a.example:444", "a.example:443"));
        assert!(!overlap("a.example", "b.example"));
    }

    proptest! {
        #[test]
        fn an_address_is_read_as_it_is_written(text in "[\\[\\]a-f0-9.:]{1,24}") {
            if let Ok(address) = text.parse::<HostAddress>() {
                prop_assert_eq!(address.to_string().parse::<HostAddress>().unwrap(), address);
            }
        }
    }
}
