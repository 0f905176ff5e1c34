//! The hub elsewhere that `serve` is told of: by a flag, or by the environment.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::cli::arguments::Serve;
use crate::cli::exit::Failure;
use crate::emulator::{HubName, RemoteHubOptions, Role, Roles};
use crate::settings::Settings;

/// The variable with a connection string, or the path of a file with one.
const VARIABLE: &str = "HANDSET_REMOTE_HUB";

/// The largest file that is read, in bytes.
const MAX_FILE: usize = 16 * 1024;

/// The hub elsewhere, if there is to be one. The variable is for the app backend, and says nothing
/// where none is served.
pub(super) fn options(
    wish: &Serve,
    roles: Roles,
    settings: &Settings,
) -> Result<Option<RemoteHubOptions>, Failure> {
    let variable = || {
        let value = settings.environment.value(VARIABLE)?.to_str()?;
        roles
            .has(Role::Backend)
            .then(|| SecretString::from(value.to_owned()))
    };
    let Some(given) = wish.hub.clone().or_else(variable) else {
        let of_own = roles.has(Role::Hub);
        return match (&wish.hub_name, &wish.hub_ca) {
            (_, Some(_)) => Err(without_hub("--hub-ca")),
            (Some(_), None) if !of_own => Err(without_hub("--hub-name")),
            (_, None) => Ok(None),
        };
    };
    let text = if is_connection_string(given.expose_secret()) {
        Zeroizing::new(given.expose_secret().to_owned())
    } else {
        read(Path::new(given.expose_secret()))?
    };
    let name = wish.hub_name.as_ref().map(HubName::as_str);
    let options = RemoteHubOptions::new(&text, name, wish.hub_ca.clone());
    options
        .map(Some)
        .map_err(|invalid| Failure::usage(format!("the {invalid}")))
}

/// What is said where others on this machine can read the key: on the command line, or in a file that
/// is not its owner's alone.
pub(super) fn exposure(wish: &Serve) -> Option<String> {
    let given = wish.hub.as_ref()?.expose_secret();
    if is_connection_string(given) {
        return Some(
            "others on this machine can read the key in --hub: put the connection string into a file of your own, \
             and name that"
                .to_owned(),
        );
    }
    is_readable_by_others(Path::new(given)).then(|| {
        format!(
            "others on this machine can read the key in {given}: make the file yours alone, with `chmod 600`"
        )
    })
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Path) -> bool {
    false
}

fn without_hub(option: &str) -> Failure {
    Failure::usage(format!(
        "{option} is about a hub elsewhere: name it with --hub FILE or {VARIABLE}"
    ))
}

fn is_connection_string(text: &str) -> bool {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    lower.contains("sharedaccesskey") || lower.trim_start().starts_with("endpoint=")
}

/// The first line of the file that is neither empty nor a comment.
fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let unusable = |cause: &str| {
        Failure::usage(format!(
            "the hub's connection string cannot be read from {}: {cause}; give --hub a file with \
             Endpoint=sb://…/;SharedAccessKeyName=…;SharedAccessKey=… in its first line",
            path.display()
        ))
    };
    // Before it is opened: a pipe without a writer would not open at all.
    let metadata = std::fs::metadata(path).map_err(|error| unusable(&error.to_string()))?;
    if !metadata.is_file() {
        return Err(unusable("it is not a file"));
    }
    let file = File::open(path).map_err(|error| unusable(&error.to_string()))?;
    // Of one size from the start, so that no copy of it is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE + 1));
    file.take(MAX_FILE as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| unusable(&error.to_string()))?;
    if text.len() > MAX_FILE {
        return Err(unusable("it is larger than 16 KiB"));
    }
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    line.map(|line| Zeroizing::new(line.to_owned()))
        .ok_or_else(|| unusable("it is empty"))
}
