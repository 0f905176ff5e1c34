//! A phone opens the database that an earlier handset wrote, and nothing in it is lost.
//!
//! `phones/first.db` was written by the first format: alice's phone, which showed two pushes, waits
//! to try a third again, and waits for a sign-in with a fourth. Later formats add a file beside it;
//! none is ever changed.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking; the allowance for tests does not reach their helpers"
)]

use std::fs;
use std::path::{Path, PathBuf};

use handset::background::InboxCounts;
use handset::device::{Device, DeviceError, DeviceOptions, Vaults};
use handset::lifecycle::Clock;
use handset::model::{DeviceName, Platform};
use handset::store::{Location, StoreError};
use tempfile::TempDir;

const FIRST: &[u8] = include_bytes!("phones/first.db");

/// When the phone of `first.db` is switched on again.
const DAY_AFTER: &str = "2026-11-21T12:00:00Z";

/// What `first.db` holds: the format it was written in.
const FIRST_FORMAT: u32 = 4;

#[tokio::test]
async fn a_phone_of_the_first_format_has_lost_nothing() {
    let (_folder, file) = copy_of(FIRST);
    // The second time it is in today's format already.
    for _ in 0..2 {
        let phone = open(&file).await.unwrap();
        assert_nothing_is_lost(&phone).await;
        assert_eq!(phone.shutdown().await, 0);
    }
}

async fn assert_nothing_is_lost(phone: &Device) {
    let waiting = InboxCounts {
        waiting: 1,
        awaiting_sign_in: 1,
    };
    assert_eq!(phone.inbox(), waiting);

    let toasts = phone.toasts().await.unwrap();
    let toasts: Vec<_> = toasts
        .iter()
        .map(|toast| {
            let (key, body) = (toast.content.key.as_str(), toast.content.body.as_str());
            (toast.id, key, body, toast.notification.as_deref())
        })
        .collect();
    let account = "alice@http://127.0.0.1:28480";
    let ids = [
        "8a26701bc109418d8db39e9fe59f783e",
        "48a1621a78c9acdefdef37f62dfcf788",
    ];
    let payload = |id: &str| format!("payload:{account}:{id}");
    let sign_in = format!("sign-in:{account}");
    assert_eq!(
        toasts,
        [
            (
                3,
                sign_in.as_str(),
                "Sign in as alice to see a new notification",
                None
            ),
            (2, &payload(ids[1]), "second, shown", Some(ids[1])),
            (1, &payload(ids[0]), "first, shown", Some(ids[0])),
        ]
    );

    let status = phone.status().await;
    assert_eq!(status.user.as_deref(), Some("alice"));
    assert_eq!(status.backend.as_deref(), Some("http://127.0.0.1:28480"));
    assert_eq!(status.vault.as_deref(), Some("memory"));
    assert_eq!(status.platform, Platform::Wns);
    assert_eq!(status.tags, ["news"]);
    let registration = status.registration_id.as_deref();
    assert_eq!(registration, Some("30e0fd04a7e186be01cbce0fcab1e6a7"));
    assert!(!status.signed_in, "its token was in a memory that is gone");
}

#[tokio::test]
async fn a_database_of_a_newer_handset_is_refused_and_left_as_it_is() {
    let (_folder, file) = copy_of(FIRST);
    let raw = rusqlite::Connection::open(&file).unwrap();
    let format = raw.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0));
    assert_eq!(format.unwrap(), FIRST_FORMAT);
    raw.pragma_update(None, "user_version", 9999).unwrap();
    raw.close().unwrap();
    let before = fs::read(&file).unwrap();

    let refused = open(&file).await.err().unwrap();
    let told = refused.to_string();
    let newer = matches!(
        refused,
        DeviceError::Store(StoreError::Newer { found: 9999, .. })
    );
    assert!(newer && told.contains("handset.db"), "{told}");
    assert!(fs::read(&file).unwrap() == before, "the file was changed");
}

fn copy_of(database: &[u8]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("handset.db");
    fs::write(&file, database).unwrap();
    (folder, file)
}

async fn open(file: &Path) -> Result<Device, DeviceError> {
    let location = Location::File(file.to_owned());
    let options = DeviceOptions {
        // A day after it was written: its toasts expire after seven.
        clock: Clock::simulated(DAY_AFTER.parse().unwrap()),
        ..DeviceOptions::new(DeviceName::default(), location, Vaults::memory())
    };
    Device::open(options).await
}
