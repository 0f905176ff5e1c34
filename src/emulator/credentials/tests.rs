//! Files, their modes and their reuse; what is broken is named and kept.

use std::fs;
use std::path::Path;

use secrecy::ExposeSecret as _;
use url::Url;

use super::{CredentialsError, SenderCredentials};

const FILES: [&str; 5] = [
    "apns.p8",
    "hub.json",
    "service-account.json",
    "vapid.json",
    "wns.json",
];

fn content(folder: &Path) -> Vec<Vec<u8>> {
    FILES
        .map(|name| fs::read(folder.join(name)).unwrap())
        .into()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).unwrap().mode() & 0o777
}

#[tokio::test]
async fn files_are_private_and_reused() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a").join("credentials");
    let first = SenderCredentials::load_or_create(&folder).await.unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, FILES);
    #[cfg(unix)]
    {
        assert_eq!(mode(&folder), 0o700);
        for name in FILES {
            assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
        }
    }
    let written = content(&folder);
    let again = SenderCredentials::load_or_create(&folder).await.unwrap();
    let loaded = SenderCredentials::load(&folder).await.unwrap();
    assert_eq!(content(&folder), written);
    for other in [&again, &loaded] {
        assert_eq!(other.apns().id(), first.apns().id());
        assert_eq!(other.vapid().public_key(), first.vapid().public_key());
        assert_eq!(other.wns().id(), first.wns().id());
        let key = |credentials: &SenderCredentials| {
            let rule = credentials.hub().full().unwrap();
            rule.key().key.expose_secret().to_owned()
        };
        assert_eq!(key(other), key(&first));
        let account = other.service_account().await.unwrap();
        assert_eq!(
            account.key_id(),
            first.service_account().await.unwrap().key_id()
        );
    }
    // Each file goes and comes alone.
    fs::remove_file(folder.join("wns.json")).unwrap();
    let missing = SenderCredentials::load(&folder).await.unwrap_err();
    assert!(missing.to_string().contains("wns.json"), "{missing}");
    let healed = SenderCredentials::load_or_create(&folder).await.unwrap();
    assert_ne!(healed.wns().id(), first.wns().id());
    assert_eq!(healed.apns().id(), first.apns().id());

    let uri = Url::parse("http://127.0.0.1:1/token").unwrap();
    SenderCredentials::write_token_uri(&folder, &uri)
        .await
        .unwrap();
    let moved = SenderCredentials::load(&folder).await.unwrap();
    let moved = moved.service_account().await.unwrap();
    assert_eq!(moved.token_uri(), uri.as_str());
    let before = first.service_account().await.unwrap();
    assert_eq!(moved.key_id(), before.key_id());
    assert_eq!(
        moved.private_key().expose_secret(),
        before.private_key().expose_secret()
    );
    assert!(moved.to_json().expose_secret().contains("universe_domain"));
    #[cfg(unix)]
    assert_eq!(mode(&folder.join("service-account.json")), 0o600);
}

#[tokio::test]
async fn what_is_broken_is_named_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    SenderCredentials::load_or_create(folder).await.unwrap();
    for name in FILES {
        let path = folder.join(name);
        let good = fs::read(&path).unwrap();
        for junk in [&b""[..], b"junk", b"{}", &good[..good.len() / 2]] {
            fs::write(&path, junk).unwrap();
            let error = SenderCredentials::load_or_create(folder).await.unwrap_err();
            assert!(matches!(error, CredentialsError::Broken { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains(name) && text.contains("delete it"), "{text}");
            assert_eq!(fs::read(&path).unwrap(), junk);
        }
        fs::write(&path, vec![b' '; 70_000]).unwrap();
        let error = SenderCredentials::load_or_create(folder).await.unwrap_err();
        assert!(error.to_string().contains("64 KiB"), "{error}");
        fs::write(&path, good).unwrap();
    }
    // A pair whose halves are of two pairs is none.
    let other = SenderCredentials::generate();
    let own = fs::read_to_string(folder.join("vapid.json")).unwrap();
    let mut pair: serde_json::Value = serde_json::from_str(&own).unwrap();
    pair["publicKey"] = other.vapid().public_key().into();
    fs::write(folder.join("vapid.json"), pair.to_string()).unwrap();
    assert!(SenderCredentials::load(folder).await.is_err());
}

#[tokio::test]
async fn who_comes_second_takes_what_the_first_wrote() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = tokio::join!(
        SenderCredentials::load_or_create(home.path()),
        SenderCredentials::load_or_create(home.path()),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.apns().id(), two.apns().id());
    assert_eq!(one.wns().id(), two.wns().id());
    let (one, two) = (one.service_account().await, two.service_account().await);
    assert_eq!(one.unwrap().key_id(), two.unwrap().key_id());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = SenderCredentials::load_or_create(&file).await.unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn shapes_are_those_of_the_real_ones_and_no_secret_is_shown() {
    let credentials = SenderCredentials::generate();
    assert!(credentials.known_service_account().is_none());
    assert_eq!(credentials.apns().id().len(), 10);
    let pem = credentials.apns().to_pem().unwrap();
    assert!(
        pem.expose_secret()
            .starts_with("-----BEGIN PRIVATE KEY-----\n")
    );
    assert_eq!(credentials.vapid().public_key().len(), 87);
    assert_eq!(credentials.vapid().private_key().expose_secret().len(), 43);
    let id = credentials.wns().id();
    let numbers = id.strip_prefix("ms-app://S-1-15-2-").unwrap();
    assert_eq!(numbers.split('-').count(), 7);
    assert!(numbers.split('-').all(|n| n.parse::<u32>().is_ok()));
    let account = credentials.service_account().await.unwrap();
    assert_eq!(account.project(), credentials.project());
    assert_eq!(account.key_id().len(), 40);
    let shown = format!("{credentials:?}");
    for secret in [
        account.private_key(),
        &credentials.vapid().private_key(),
        credentials.wns().secret(),
        &credentials.hub().full().unwrap().key().key,
    ] {
        assert!(!shown.contains(secret.expose_secret()), "{shown}");
    }
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");
}

#[test]
fn the_wns_client_is_told_from_all_others() {
    let credentials = SenderCredentials::generate();
    let (id, secret) = (
        credentials.wns().id(),
        credentials.wns().secret().expose_secret(),
    );
    let wns = credentials.wns();
    assert!(wns.is(id, secret));
    for (id, secret) in [
        (id, ""),
        ("", secret),
        (id, "other"),
        ("ms-app://x", secret),
    ] {
        assert!(!wns.is(id, secret));
    }
}
