//! Where a channel leads.

use std::fmt;

use url::{Host, Url};

use crate::model::{BackendOrigin, Invalid};

/// The address of a push service: `ws` or `wss`, a host, a path, no credentials. `http` and
/// `https` are read as `ws` and `wss`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PushUrl(Url);

impl PushUrl {
    /// Parses an address. Unencrypted `ws` is for loopback hosts, and for those that
    /// `allowed_plain` names.
    ///
    /// # Errors
    /// [`Invalid`] when it is no such address, or would send pushes unencrypted over a network.
    pub fn parse(value: &str, allowed_plain: &[String]) -> Result<Self, Invalid> {
        if value.len() > 1024 {
            return Err(bad("is longer than 1024 bytes"));
        }
        let url = Url::parse(&as_websocket(value)?).map_err(|error| {
            bad(format!(
                "is not a URL ({error}): write it like ws://127.0.0.1:8480"
            ))
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("must not carry a user name or password"));
        }
        if url.fragment().is_some() {
            return Err(bad("must not have a fragment"));
        }
        let parsed = Self(url);
        parsed.check_plain(allowed_plain)?;
        Ok(parsed)
    }

    /// The push service that an embedded app backend serves at its own address.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn of_backend(backend: &BackendOrigin, allowed_plain: &[String]) -> Result<Self, Invalid> {
        Self::parse(backend.url().as_str(), allowed_plain)
    }

    /// Where to look for a push service, in this order and each once: at the one that was `named`;
    /// without it at the backend's own origin, then at a `local` service.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn candidates(
        named: Option<&str>,
        backend: Option<&BackendOrigin>,
        local: Option<&str>,
        allowed_plain: &[String],
    ) -> Result<Vec<Self>, Invalid> {
        if let Some(named) = named {
            return Ok(vec![Self::parse(named, allowed_plain)?]);
        }
        let of_backend = backend.map(|backend| Self::of_backend(backend, allowed_plain));
        let local = local.map(|local| Self::parse(local, allowed_plain));
        let mut found: Vec<Self> = of_backend
            .into_iter()
            .chain(local)
            .collect::<Result<_, _>>()?;
        found.dedup();
        Ok(found)
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// True for `wss`.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "wss"
    }

    /// The host as a socket address wants it: IPv6 without brackets.
    pub(super) fn host(&self) -> String {
        match self.0.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    /// The port, the scheme's own where none is written.
    pub(super) fn port(&self) -> u16 {
        let own = if self.is_encrypted() { 443 } else { 80 };
        self.0.port().unwrap_or(own)
    }

    fn check_plain(&self, allowed: &[String]) -> Result<(), Invalid> {
        let host = self.host();
        if self.is_encrypted() || self.is_loopback() {
            return Ok(());
        }
        if allowed.iter().any(|name| name.eq_ignore_ascii_case(&host)) {
            return Ok(());
        }
        Err(bad(format!(
            "is unencrypted and {host} is not this machine: use wss, or allow it with --allow-http {host}"
        )))
    }

    fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => {
                let name = name.to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost")
            }
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

fn bad(problem: impl Into<String>) -> Invalid {
    Invalid::new("push URL", problem)
}

/// The scheme is changed in the text: a parsed URL does not let its scheme be changed freely.
fn as_websocket(value: &str) -> Result<String, Invalid> {
    let value = value.trim();
    let (scheme, rest) = value
        .split_once("://")
        .ok_or_else(|| bad("must begin with ws://, wss://, http:// or https://"))?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err(bad("must begin with ws://, wss://, http:// or https://")),
    };
    Ok(format!("{scheme}://{rest}"))
}

impl fmt::Display for PushUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_service_is_the_only_one_and_no_other_is_tried_twice() {
        let backend = BackendOrigin::parse("http://127.0.0.1:8480").unwrap();
        let find = |named, local| {
            let found = PushUrl::candidates(named, Some(&backend), Some(local), &[]).unwrap();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let (own, other) = ("ws://127.0.0.1:8480/", "ws://127.0.0.1:9/");
        assert_eq!(find(None, "http://127.0.0.1:9"), [own, other]);
        assert_eq!(find(None, "http://127.0.0.1:8480"), [own]);
        assert_eq!(
            find(Some("http://127.0.0.1:9"), "http://127.0.0.1:8480"),
            [other]
        );
    }

    #[test]
    fn http_is_read_as_ws_and_the_path_stays() {
        for (written, read, port) in [
            ("http://127.0.0.1:8480", "ws://127.0.0.1:8480/", 8480),
            (
                "HTTPS://push.example.com/a/b?c=d",
                "wss://push.example.com/a/b?c=d",
                443,
            ),
            ("ws://localhost/x", "ws://localhost/x", 80),
            ("ws://[::1]:9/", "ws://[::1]:9/", 9),
            ("wss://push.example.com:443", "wss://push.example.com/", 443),
        ] {
            let url = PushUrl::parse(written, &[]).unwrap();
            assert_eq!(url.as_str(), read);
            assert_eq!(url.port(), port);
        }
        assert_eq!(PushUrl::parse("ws://[::1]:9/", &[]).unwrap().host(), "::1");
    }

    #[test]
    fn what_is_no_push_url_is_refused() {
        for bad in [
            "",
            "nope",
            "ftp://x",
            "ws://",
            "ws://u:p@localhost",
            "ws://u@localhost",
            "ws://localhost/#f",
            "ws://localhost:99999",
            "file:///etc/passwd",
        ] {
            assert!(PushUrl::parse(bad, &[]).is_err(), "{bad} was accepted");
        }
        assert!(PushUrl::parse(&format!("ws://localhost/{}", "x".repeat(2000)), &[]).is_err());
    }

    #[test]
    fn plain_ws_leaves_the_machine_only_where_it_is_allowed_by_name() {
        for remote in [
            "ws://192.168.0.1/",
            "http://localhost.example.com",
            "ws://[fe80::1]/",
        ] {
            let refused = PushUrl::parse(remote, &[]).unwrap_err();
            assert!(refused.to_string().contains("--allow-http"), "{refused}");
        }
        let allowed = ["push.LAN".to_owned()];
        assert!(PushUrl::parse("ws://push.lan:8480", &allowed).is_ok());
        assert!(PushUrl::parse("ws://other.lan:8480", &allowed).is_err());
        assert!(PushUrl::parse("wss://192.168.0.1", &[]).is_ok());
    }

    #[test]
    fn a_backend_serves_the_socket_at_its_own_address() {
        let backend = BackendOrigin::parse("http://127.0.0.1:8480").unwrap();
        let url = PushUrl::of_backend(&backend, &[]).unwrap();
        assert_eq!(url, PushUrl::parse("http://127.0.0.1:8480", &[]).unwrap());
    }
}
