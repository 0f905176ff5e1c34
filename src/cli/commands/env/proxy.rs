//! The variables that send programs through the proxy of `serve`, in both cases: curl and Python
//! read them in lower case.

use std::ffi::OsStr;

use crate::cli::exit::Failure;
use crate::cli::serve_file::ServeFile;
use crate::settings::Environment;

/// What is not to go through a proxy: this machine, where handset is.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

pub(super) fn variables(
    file: &ServeFile,
    environment: &Environment,
) -> Result<[(&'static str, String); 4], Failure> {
    let proxy = own(file).ok_or_else(|| {
        Failure::usage("this `handset serve` has no proxy: start it without `--proxy off`")
    })?;
    let text = |name| environment.value(name).and_then(OsStr::to_str);
    let (upper, lower) = (text("NO_PROXY"), text("no_proxy"));
    Ok([
        ("HTTPS_PROXY", proxy.clone()),
        ("https_proxy", proxy),
        ("NO_PROXY", with_loopback(upper.or(lower))),
        ("no_proxy", with_loopback(lower.or(upper))),
    ])
}

/// True where the shell's programs went through another proxy.
pub(super) fn replaces_another(file: &ServeFile, environment: &Environment) -> bool {
    let ours = own(file);
    let given = ["HTTPS_PROXY", "https_proxy"].map(|name| environment.value(name));
    let mut given = given.into_iter().flatten().map(OsStr::to_string_lossy);
    given.any(|given| Some(given.trim_end_matches('/')) != ours.as_deref())
}

fn own(file: &ServeFile) -> Option<String> {
    let proxy = file.proxy.as_deref()?;
    Some(proxy.trim_end_matches('/').to_owned())
}

fn with_loopback(given: Option<&str>) -> String {
    let mut names: Vec<&str> = given
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .collect();
    names.retain(|name| !name.is_empty());
    // A lone star means everything, and only alone.
    if names != ["*"] {
        for name in LOOPBACK {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_past_the_proxy_still_does() {
        assert_eq!(with_loopback(None), "localhost,127.0.0.1,::1");
        let once = with_loopback(Some("corp.example, 127.0.0.1,"));
        assert_eq!(once, "corp.example,127.0.0.1,localhost,::1");
        assert_eq!(with_loopback(Some(&once)), once);
        assert_eq!(with_loopback(Some("*")), "*");
    }
}
