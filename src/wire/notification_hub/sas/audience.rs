//! Which requests a token's audience covers. Each SDK names it in its own way: a base, a hub, or the
//! whole URL with its query.

use percent_encoding::percent_decode_str;
use url::Host;

/// True when `audience`, a URL whose encoding for the token is undone, covers `path` at `host`.
pub(super) fn covers(audience: &str, host: &str, path: &str) -> bool {
    let located = match audience.split_once("://") {
        Some((_, located)) => located,
        None => audience,
    };
    let end = located.find(['?', '#']).unwrap_or(located.len());
    let located = &located[..end];
    let (authority, audience_path) = match located.find('/') {
        Some(slash) => located.split_at(slash),
        None => (located, ""),
    };
    let hosts_match = match (host_of(authority), host_of(host)) {
        (Some(audience), Some(asked)) => audience == asked,
        (None, _) | (_, None) => false,
    };
    hosts_match && is_prefix(audience_path, path)
}

/// The host of an authority, with a port or without. None where a user stands before it.
fn host_of(authority: &str) -> Option<Host<String>> {
    if authority.contains('@') {
        return None;
    }
    let host = match authority.rsplit_once(':') {
        _ if authority.ends_with(']') => authority,
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            port.parse::<u16>().ok()?;
            host
        }
        Some(_) => return bare_ipv6(authority),
        None => authority,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    Host::parse(&host.to_lowercase()).ok()
}

/// An IPv6 address whose brackets are already gone.
fn bare_ipv6(text: &str) -> Option<Host<String>> {
    text.parse().ok().map(Host::Ipv6)
}

/// True when every segment of `audience` stands at the start of `path`. Directions (`.`, `..`) are
/// segments as any other: who serves a path follows none.
fn is_prefix(audience: &str, path: &str) -> bool {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let mut asked = segments(&path[..end]);
    segments(audience).all(|own| asked.next() == Some(own))
}

/// The segments of a path, decoded and in lower case; one that is no UTF-8 stands as its bytes.
fn segments(path: &str) -> impl Iterator<Item = Vec<u8>> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| {
            let bytes: Vec<u8> = percent_decode_str(segment).collect();
            match std::str::from_utf8(&bytes) {
                Ok(text) => text.to_lowercase().into_bytes(),
                Err(_) => bytes,
            }
        })
}
