//! The check of the variables that `handset env` gave this shell.

use std::path::{Path, PathBuf};

use super::{Finding, Verdict};
use crate::cli::commands::env;
use crate::settings::{Environment, Settings};

const CHECK: &str = "environment";

/// The variables that name a file of authorities.
const AUTHORITIES: [&str; 4] = [
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];

/// Whether push SDKs that this shell starts meet the `serve` that runs; none where it has no
/// variables of handset's.
pub(super) async fn check(settings: &Settings) -> Option<Finding> {
    let environment = &settings.environment;
    let given = environment.value("HANDSET_HTTP")?.to_string_lossy();
    if let Some((name, path)) = missing(environment) {
        return Some(Finding::bad(
            CHECK,
            Verdict::Warning,
            format!("{name} names {}, which is not there", path.display()),
            format!(
                "run `unset {name}`, or start `handset serve` and run `eval \"$(handset env)\"`"
            ),
        ));
    }
    let running = env::running(settings).await;
    let at = running.map(|file| env::base(&file.http));
    Some(match at {
        Some(at) if at == env::base(&given) => {
            Finding::ok(CHECK, format!("this shell's variables lead to {at}"))
        }
        Some(at) => Finding::bad(
            CHECK,
            Verdict::Warning,
            format!("this shell's variables lead to {given}, but `handset serve` is at {at}"),
            "run `eval \"$(handset env)\"`",
        ),
        None => Finding::bad(
            CHECK,
            Verdict::Warning,
            format!(
                "this shell's variables lead to {given}, but no `handset serve` of this home runs"
            ),
            "start `handset serve`, then run `eval \"$(handset env)\"`",
        ),
    })
}

/// A variable that names a file which is gone: Node does not even start without its script.
fn missing(environment: &Environment) -> Option<(&'static str, PathBuf)> {
    let options = environment.value("NODE_OPTIONS");
    let script = options.and_then(env::node_options::preload);
    let named = AUTHORITIES
        .into_iter()
        .filter_map(|name| Some((name, Path::new(environment.value(name)?).to_owned())));
    script
        .map(|path| ("NODE_OPTIONS", path))
        .into_iter()
        .chain(named)
        .find(|(_, path)| !path.exists())
}
