//! The script that a Node program loads first, so that its unmodified push SDK meets the embedded
//! services.

use serde_json::json;
use url::Url;

use super::names;

/// The script, but for where it leads and which hosts.
const SCRIPT: &str = include_str!("../../assets/node-preload.cjs");

/// What stands in the script for its settings.
const SETTINGS: &str = "/* SETTINGS */ {}";

/// The content of a script for `node --require`, which leads TLS connections to the push services'
/// hosts to the embedded services at `base`, and mends the `:scheme` that firebase-admin's HTTP/2
/// batches have. None where `base` names no host and port.
#[must_use]
pub fn node_preload(base: &Url) -> Option<String> {
    let settings = json!({
        "host": base.host_str()?.trim_matches(['[', ']']),
        "port": base.port_or_known_default()?,
        "hosts": names::HOSTS,
        "domains": names::DOMAINS,
    });
    Some(SCRIPT.replacen(SETTINGS, &settings.to_string(), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_knows_where_to_and_which_hosts() {
        let at = |url: &str| node_preload(&Url::parse(url).unwrap());
        let script = at("https://127.0.0.1:8443/").unwrap();
        assert!(!script.contains("SETTINGS"));
        for part in [
            r#""host":"127.0.0.1","#,
            r#""port":8443"#,
            "fcm.googleapis.com",
            "notify.windows.com",
        ] {
            assert!(script.contains(part), "{part}");
        }
        assert!(at("https://[::1]/").unwrap().contains(r#""host":"::1""#));
        assert!(at("https://[::1]/").unwrap().contains(r#""port":443"#));
        assert!(at("data:x").is_none());
    }
}
