//! Certificates in files, kept until they are about to end or the names change.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Leaf, LocalNames, Material, mint};
use crate::emulator::EmulatorError;
use crate::lifecycle::timeouts;
use crate::vault::{make_private_folder, private_file_options};

const AUTHORITY: &str = "ca.pem";
const LOCAL: [&str; 2] = ["local.pem", "local.key"];
const PUSH: [&str; 2] = ["push.pem", "push.key"];
const LOCK: &str = "lock";

/// Certificates that end sooner than this are made anew.
const LEFT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// How long to wait between two tries for the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The certificates in `folder`, or new ones, which are then there. It blocks.
pub(super) fn material(
    folder: &Path,
    names: &LocalNames,
    now: Timestamp,
) -> Result<Material, EmulatorError> {
    let failed = |cause| EmulatorError::Data {
        path: folder.display().to_string(),
        cause,
    };
    let _lock = lock(folder).map_err(failed)?;
    match read(folder) {
        Ok(Some(material)) => match check(&material, names, now) {
            Ok(()) => return Ok(material),
            Err(problem) => {
                let folder = folder.display();
                tracing::warn!(%folder, problem, "the certificates are replaced: senders need the new ca.pem");
            }
        },
        Ok(None) => {}
        Err(error) => {
            let folder = folder.display();
            tracing::warn!(%folder, %error, "the certificates cannot be read and are replaced: senders need the new ca.pem");
        }
    }
    let material = mint::material(names, now)?;
    write(folder, &material).map_err(failed)?;
    Ok(material)
}

/// What is there; none where nothing is.
fn read(folder: &Path) -> io::Result<Option<Material>> {
    let authority = match read_file(&folder.join(AUTHORITY)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        authority => authority?,
    };
    let leaf = |[certificate, key]: [&str; 2]| {
        Ok::<_, io::Error>(Leaf {
            certificate: read_file(&folder.join(certificate))?,
            key: SecretString::from(read_file(&folder.join(key))?),
        })
    };
    Ok(Some(Material {
        authority,
        local: leaf(LOCAL)?,
        push: leaf(PUSH)?,
    }))
}

fn read_file(path: &Path) -> io::Result<String> {
    let facts = fs::symlink_metadata(path)?;
    if !facts.is_file() || facts.len() > MAX_FILE {
        return Err(io::Error::other("it is no file of certificates"));
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(text)
}

/// Replaces all files. A process that is killed in between leaves a set that does not belong
/// together, which [`check`] finds.
pub(super) fn write(folder: &Path, material: &Material) -> io::Result<()> {
    replace(&folder.join(AUTHORITY), &material.authority)?;
    for ([certificate, key], leaf) in [(LOCAL, &material.local), (PUSH, &material.push)] {
        replace(&folder.join(certificate), &leaf.certificate)?;
        replace(&folder.join(key), leaf.key.expose_secret())?;
    }
    Ok(())
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private_file_options()
        .write(true)
        .create_new(true)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // Whatever stands in the way is no certificate of ours; a folder cannot be renamed over.
    if path.is_dir() {
        fs::remove_dir(path)?;
    }
    fs::rename(&new, path)
}

/// Keeps other processes from reading and writing until it is dropped.
fn lock(folder: &Path) -> io::Result<File> {
    make_private_folder(folder)?;
    let path = folder.join(LOCK);
    let file = private_file_options().write(true).create(true).open(path)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if started.elapsed() > timeouts::TLS_FILES / 2 => {
                let problem = "another handset process holds its lock and does not let go";
                return Err(io::Error::new(io::ErrorKind::TimedOut, problem));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
        }
    }
}

/// That the authority is one of handset's for exactly these names, that both certificates are its
/// own, right for their names and keys, and will be for a while.
pub(super) fn check(
    material: &Material,
    names: &LocalNames,
    now: Timestamp,
) -> Result<(), &'static str> {
    let roots = roots(material.authority.as_bytes()).ok_or("ca.pem holds no certificate")?;
    let fresh = mint::authority(names, now).map_err(|_| "no authority can be made to compare")?;
    let fresh = roots_of(fresh.der().clone()).ok_or("no authority can be made to compare")?;
    for (found, wanted) in roots.roots.iter().zip(&fresh.roots) {
        if found.subject != wanted.subject {
            return Err("ca.pem is not handset's");
        }
        if found.name_constraints != wanted.name_constraints {
            return Err("they are for other names");
        }
    }
    check_leaf(&material.local, &roots, &names.asked_local(), now)?;
    check_leaf(&material.push, &roots, &LocalNames::asked_push(), now)
}

fn check_leaf(
    leaf: &Leaf,
    roots: &RootCertStore,
    names: &[ServerName<'_>],
    now: Timestamp,
) -> Result<(), &'static str> {
    let provider = ring::default_provider();
    let (certificate, key) = leaf.read().map_err(|_| "a certificate or key is broken")?;
    CertifiedKey::from_der(vec![certificate.clone()], key, &provider)
        .map_err(|_| "a key is not its certificate's")?;
    let parsed =
        ParsedCertificate::try_from(&certificate).map_err(|_| "a certificate is broken")?;
    let algorithms = provider.signature_verification_algorithms.all;
    let now = Duration::from_secs(u64::try_from(now.as_second()).unwrap_or(0));
    for time in [now, now + LEFT] {
        let time = UnixTime::since_unix_epoch(time);
        verify_server_cert_signed_by_trust_anchor(&parsed, roots, &[], time, algorithms)
            .map_err(|_| "they are about to end, or not the authority's own")?;
    }
    if names
        .iter()
        .any(|name| verify_server_name(&parsed, name).is_err())
    {
        return Err("they are for other names");
    }
    Ok(())
}

fn roots(pem: &[u8]) -> Option<RootCertStore> {
    roots_of(CertificateDer::from_pem_slice(pem).ok()?)
}

fn roots_of(certificate: CertificateDer<'static>) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).ok()?;
    Some(roots)
}
