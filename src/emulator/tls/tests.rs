use std::net::SocketAddr;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rcgen::{KeyPair, PublicKeyData as _};
use url::Host;

use super::*;

fn names(public: Option<&str>) -> LocalNames {
    let bound: SocketAddr = "127.0.0.1:8443".parse().unwrap();
    let public = public.map(|name| Host::parse(name).unwrap());
    LocalNames::new(&[bound], public.as_ref())
}

fn now() -> Timestamp {
    Clock::system().now()
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

fn kept(folder: &Path) -> Material {
    kept::material(folder, &names(None), now()).unwrap()
}

#[test]
fn what_is_made_stands_its_own_test_until_a_month_before_its_end() {
    for public in [
        None,
        Some("phone.example"),
        Some("192.0.2.7"),
        Some("[2001:db8::7]"),
    ] {
        let names = names(public);
        let material = mint::material(&names, now()).unwrap();
        assert_eq!(kept::check(&material, &names, now()), Ok(()), "{public:?}");
        assert_eq!(kept::check(&material, &names, now() + days(59)), Ok(()));
        assert!(kept::check(&material, &names, now() + days(61)).is_err());
        assert!(kept::check(&material, &names, now() - days(2)).is_err());
    }
    let material = mint::material(&names(None), now()).unwrap();
    assert!(kept::check(&material, &names(Some("phone.example")), now()).is_err());
}

#[test]
fn certificates_are_kept_while_they_are_good_and_replaced_when_not() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("tls");
    let first = kept(&folder);
    assert_eq!(kept(&folder).authority, first.authority);
    let other = mint::material(&names(None), now()).unwrap();
    for (file, text) in [
        ("ca.pem", "junk"),
        ("ca.pem", &other.authority),
        ("local.pem", ""),
        ("local.pem", &other.local.certificate),
        (
            "push.key",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ),
        ("push.key", other.push.key.expose_secret()),
    ] {
        let before = kept(&folder);
        std::fs::write(folder.join(file), text).unwrap();
        let after = kept(&folder);
        assert_ne!(before.authority, after.authority, "{file}");
        assert_eq!(kept::check(&after, &names(None), now()), Ok(()));
        assert_eq!(kept(&folder).authority, after.authority);
    }
    std::fs::remove_file(folder.join("local.key")).unwrap();
    std::fs::create_dir(folder.join("local.key")).unwrap();
    let after = kept(&folder);
    assert_eq!(kept(&folder).authority, after.authority);
}

#[test]
fn a_foreign_authority_is_not_used_even_if_all_fits_together() {
    let folder = tempfile::tempdir().unwrap();
    let wide = names(Some("bank.example"));
    kept::material(folder.path(), &wide, now()).unwrap();
    let material = kept(folder.path());
    assert_eq!(kept::check(&material, &names(None), now()), Ok(()));
}

#[test]
fn two_that_start_at_once_have_the_same_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let made: Vec<String> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| kept(path).authority))
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(made.iter().all(|one| *one == made[0]));
}

#[cfg(unix)]
#[test]
fn keys_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("tls");
    kept(&folder);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for key in ["local.key", "push.key"] {
        assert_eq!(mode(&folder.join(key)), 0o600);
    }
}

#[tokio::test]
async fn no_file_holds_the_authoritys_key() {
    let folder = tempfile::tempdir().unwrap();
    let data = crate::emulator::DataLocation::Directory(folder.path().to_owned());
    let services = crate::emulator::Services::start(crate::emulator::ServicesOptions {
        https: Some(([127, 0, 0, 1], 0).into()),
        data,
        ..crate::emulator::tests::options()
    })
    .await
    .unwrap();
    let authority = services.authority().unwrap().to_owned();
    services.shutdown().await;
    let authority = CertificateDer::from_pem_slice(authority.as_bytes()).unwrap();
    let authority = rustls::server::ParsedCertificate::try_from(&authority).unwrap();
    let authority = authority.subject_public_key_info();
    let mut keys = 0;
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            for (start, _) in text.match_indices("-----BEGIN PRIVATE KEY") {
                let key = KeyPair::from_pem(&text[start..]).unwrap();
                assert_ne!(
                    key.subject_public_key_info(),
                    authority.as_ref(),
                    "{path:?}"
                );
                keys += 1;
            }
        }
    }
    assert_eq!(keys, 2, "the two certificates' own keys");
}

#[test]
fn the_authoritys_key_is_in_nothing_that_is_kept() {
    let key = KeyPair::generate().unwrap();
    let (der, pem) = (key.serialize_der(), key.serialize_pem());
    let folder = tempfile::tempdir().unwrap();
    let material = mint::signed_with(key, &names(None), now()).unwrap();
    let folder = folder.path();
    let line = pem.lines().nth(1).unwrap();
    // The private scalar of a P-256 key in PKCS #8 stands at this place (RFC 5915).
    let scalar = &der[36..68];
    kept::write(folder, &material).unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(
            !bytes
                .windows(line.len())
                .any(|part| part == line.as_bytes())
        );
        assert!(!bytes.windows(32).any(|part| part == scalar));
        files += 1;
    }
    assert_eq!(files, 5);
}

#[test]
fn who_the_services_are_goes_by_the_name_that_is_asked_for() {
    let tls = Tls::new(mint::material(&names(None), now()).unwrap()).unwrap();
    let chosen = |name| tls.choose(name);
    for name in [None, Some("localhost"), Some("somewhere.example")] {
        assert!(Arc::ptr_eq(&chosen(name), &tls.local), "{name:?}");
    }
    for name in [
        "fcm.googleapis.com",
        "db5.notify.windows.com",
        "x.servicebus.windows.net",
    ] {
        assert!(Arc::ptr_eq(&chosen(Some(name)), &tls.push), "{name}");
    }
    assert!(Arc::ptr_eq(
        &chosen(Some("api.push.apple.com")),
        &tls.asking
    ));
}
