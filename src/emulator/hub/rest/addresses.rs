//! The URLs that answers name.

use url::Url;

/// Where a hub and what is in it are, as the client names them.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    base: Url,
    hub: String,
    version: String,
}

impl Addresses {
    /// Those of the hub `hub` below `base`; URLs carry the version of the API that was asked for.
    pub(super) fn new(base: Url, hub: &str, version: &str) -> Self {
        Self {
            base,
            hub: hub.to_owned(),
            version: version.to_owned(),
        }
    }

    /// What stands under these parts of a path in the hub. Whatever is in a part stays in it.
    pub(super) fn of(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An http or https URL always has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().push(&self.hub).extend(parts);
        }
        let version = format!("api-version={}", self.version);
        url.set_query(Some(&version));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stays_in_its_place() {
        let base = Url::parse("https://127.0.0.1:8443/").unwrap();
        let addresses = Addresses::new(base, "handset", "2020-06");
        let at = |parts: &[&str]| addresses.of(parts).to_string();
        assert_eq!(
            at(&["registrationids", "22-33-1"]),
            "https://127.0.0.1:8443/handset/registrationids/22-33-1?api-version=2020-06"
        );
        for odd in ["../../x", "a/b?c#d", "a b"] {
            let url = addresses.of(&["registrations", odd]);
            assert_eq!(url.path_segments().unwrap().count(), 3, "{url}");
            assert_eq!(url.query(), Some("api-version=2020-06"));
        }
    }
}
