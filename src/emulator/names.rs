//! The hosts of the real push services, which the embedded ones answer for.

/// Hosts that are named in full.
pub(super) const HOSTS: &[&str] = &[
    "login.live.com",
    "login.microsoftonline.com",
    "oauth2.googleapis.com",
    "fcm.googleapis.com",
    "iid.googleapis.com",
    "api.push.apple.com",
    "api.sandbox.push.apple.com",
    "api.development.push.apple.com",
    "updates.push.services.mozilla.com",
    "push.services.mozilla.com",
];

/// Domains of which every name directly below is a push host: WNS's channels and the namespaces of
/// Azure's hubs.
pub(super) const DOMAINS: &[&str] = &["notify.windows.com", "servicebus.windows.net"];

/// Every name for certificates, with `*.` before a domain.
pub(super) fn certificate_names() -> impl Iterator<Item = String> {
    let whole = HOSTS.iter().map(|host| (*host).to_owned());
    whole.chain(DOMAINS.iter().map(|domain| format!("*.{domain}")))
}

/// True when senders may prove themselves to `host` by a certificate of their own: at APNs alone.
pub(super) fn asks_for_certificates(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    is_push_host(host) && host.ends_with(".push.apple.com")
}

/// True when `host` is one of the real push services', in any case, with or without a last dot.
pub(super) fn is_push_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let below = |domain: &&str| {
        host.strip_suffix(*domain)
            .and_then(|label| label.strip_suffix('.'))
            .is_some_and(|label| !label.is_empty() && !label.contains('.'))
    };
    HOSTS.contains(&host.as_str()) || DOMAINS.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_hosts_are_told_from_all_others() {
        for host in [
            "fcm.googleapis.com",
            "FCM.googleapis.com.",
            "db5p.notify.windows.com",
            "my-hub.servicebus.windows.net",
        ] {
            assert!(is_push_host(host), "{host}");
        }
        for host in [
            "",
            "googleapis.com",
            "storage.googleapis.com",
            "notify.windows.com",
            ".notify.windows.com",
            "a.b.notify.windows.com",
            "evilnotify.windows.com",
            "fcm.googleapis.com.evil.example",
        ] {
            assert!(!is_push_host(host), "{host}");
        }
    }

    #[test]
    fn apns_alone_asks_for_certificates() {
        assert!(asks_for_certificates("api.sandbox.push.apple.com"));
        assert!(asks_for_certificates("API.push.apple.com."));
        assert!(!asks_for_certificates("fcm.googleapis.com"));
        assert!(!asks_for_certificates("evil.push.apple.com"));
    }
}
