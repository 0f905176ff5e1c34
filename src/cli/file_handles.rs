//! How many files and sockets the program may have open.

/// As many as the embedded services ever hold: their connections, tunnels and device sockets.
#[cfg(unix)]
const WANTED: u64 = 65_536;

/// Takes what the system allows anyway: shells give out far fewer (1024, on macOS 256), which a few
/// hundred phones, or one peer that opens connections and says nothing, would use up.
#[cfg(unix)]
pub(super) fn raise_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(WANTED, |most| most.min(WANTED));
    if limit.current.is_none_or(|now| now >= wanted) {
        return;
    }
    limit.current = Some(wanted);
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Windows: there is no such limit.
#[cfg(not(unix))]
pub(super) fn raise_limit() {}
