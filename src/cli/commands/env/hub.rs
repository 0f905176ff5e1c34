//! The variables of the notification hub: its name, and what its SDKs connect with.

use url::Url;

use crate::emulator::HubRules;
use crate::wire::notification_hub::ConnectionString;

/// Those of the hub at `url`, with the first rule that may do everything; none where it takes no TLS,
/// as connection strings lead to nothing else.
pub(super) fn variables(url: &str, rules: &HubRules) -> Option<[(&'static str, String); 2]> {
    let url = Url::parse(url).ok()?;
    if url.scheme() != "https" {
        return None;
    }
    let name = url.path_segments()?.next()?.to_owned();
    let connection = ConnectionString {
        endpoint: url.join("/").ok()?,
        key: rules.full()?.key().clone(),
        hub: None,
    };
    Some([
        ("HANDSET_HUB", name),
        (
            "HANDSET_HUB_CONNECTION_STRING",
            connection.to_text().to_string(),
        ),
    ])
}
