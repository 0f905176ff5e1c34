//! What several test binaries need.

use std::time::Duration;

/// How long anything may take here, on a machine that does something else as well.
pub(crate) const LIMIT: Duration = Duration::from_secs(15);

/// How often [`eventually`] looks.
const LOOK: Duration = Duration::from_millis(5);

/// Waits until `condition` holds.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let done = tokio::time::timeout(LIMIT, wait).await;
    assert!(done.is_ok(), "in vain: {what}");
}
