//! The credentials' files: one each, its owner's alone, written once and never replaced.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serializer;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::vault::make_private_folder;

use super::{
    ApnsKey, CredentialsError, HubRules, SenderCredentials, ServiceAccount, VapidKey, WnsClient,
};

/// The file of the VAPID pair.
const VAPID_FILE: &str = "vapid.json";

/// The file of the WNS client.
const WNS_FILE: &str = "wns.json";

/// The file of the hub's rules; its owner may add some.
const HUB_FILE: &str = "hub.json";

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

type Bytes = Zeroizing<Vec<u8>>;

/// One kind of credential.
struct Kind<T> {
    file: &'static str,
    read: fn(&[u8]) -> Result<T, &'static str>,
    generate: fn() -> Result<T, CredentialsError>,
    write: fn(&T) -> Option<Bytes>,
}

const APNS: Kind<ApnsKey> = Kind {
    file: SenderCredentials::APNS_KEY_FILE,
    read: |bytes| {
        let pem = std::str::from_utf8(bytes).ok();
        pem.and_then(ApnsKey::from_pem)
            .ok_or("is not a P-256 key in PKCS#8")
    },
    generate: || Ok(ApnsKey::generate()),
    write: |key| {
        let pem = key.to_pem().ok()?;
        Some(Zeroizing::new(pem.expose_secret().as_bytes().to_vec()))
    },
};

const VAPID: Kind<VapidKey> = Kind {
    file: VAPID_FILE,
    read: |bytes| VapidKey::from_json(bytes).ok_or("is not a VAPID key pair"),
    generate: || Ok(VapidKey::generate()),
    write: VapidKey::to_json,
};

const WNS: Kind<WnsClient> = Kind {
    file: WNS_FILE,
    read: |bytes| WnsClient::from_json(bytes).ok_or("is not a WNS client's id and secret"),
    generate: || Ok(WnsClient::generate()),
    write: WnsClient::to_json,
};

const HUB: Kind<HubRules> = Kind {
    file: HUB_FILE,
    read: HubRules::from_json,
    generate: || Ok(HubRules::generate()),
    write: HubRules::to_json,
};

const SERVICE_ACCOUNT: Kind<ServiceAccount> = Kind {
    file: SenderCredentials::SERVICE_ACCOUNT_FILE,
    read: ServiceAccount::from_json,
    generate: ServiceAccount::generate,
    write: ServiceAccount::to_bytes,
};

pub(super) fn load_or_create(folder: &Path) -> Result<SenderCredentials, CredentialsError> {
    make_private_folder(folder).map_err(|cause| CredentialsError::Folder {
        path: folder.to_owned(),
        cause,
    })?;
    Ok(SenderCredentials::of(
        APNS.load_or_create(folder)?,
        VAPID.load_or_create(folder)?,
        WNS.load_or_create(folder)?,
        HUB.load_or_create(folder)?,
        Some(SERVICE_ACCOUNT.load_or_create(folder)?),
    ))
}

pub(super) fn load(folder: &Path) -> Result<SenderCredentials, CredentialsError> {
    Ok(SenderCredentials::of(
        APNS.load(folder)?,
        VAPID.load(folder)?,
        WNS.load(folder)?,
        HUB.load(folder)?,
        Some(SERVICE_ACCOUNT.load(folder)?),
    ))
}

pub(super) fn write_token_uri(folder: &Path, token_uri: &str) -> Result<(), CredentialsError> {
    let account = SERVICE_ACCOUNT.load(folder)?;
    if account.token_uri() == token_uri {
        return Ok(());
    }
    let account = account.with_token_uri(token_uri);
    let path = folder.join(SERVICE_ACCOUNT.file);
    let failed = |cause| file_error(&path, "written", cause);
    let new = prepare(folder, account.to_bytes().as_deref()).map_err(failed)?;
    new.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Serialises a secret where it belongs: into its file.
pub(super) fn exposed<S: Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose_secret())
}

impl<T> Kind<T> {
    fn load(&self, folder: &Path) -> Result<T, CredentialsError> {
        self.find(folder)?.ok_or_else(|| CredentialsError::Missing {
            path: folder.join(self.file),
        })
    }

    fn load_or_create(&self, folder: &Path) -> Result<T, CredentialsError> {
        if let Some(found) = self.find(folder)? {
            return Ok(found);
        }
        let generated = (self.generate)()?;
        let path = folder.join(self.file);
        let failed = |cause| file_error(&path, "written", cause);
        let new = prepare(folder, (self.write)(&generated).as_deref()).map_err(failed)?;
        match new.persist_noclobber(&path) {
            Ok(_) => Ok(generated),
            // Another `serve` was first: its credential is the one.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => self.load(folder),
            Err(error) => Err(failed(error.error)),
        }
    }

    fn find(&self, folder: &Path) -> Result<Option<T>, CredentialsError> {
        let path = folder.join(self.file);
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(file_error(&path, "read", cause)),
        };
        match (self.read)(&bytes) {
            Ok(found) => Ok(Some(found)),
            Err(problem) => Err(CredentialsError::Broken { path, problem }),
        }
    }
}

fn read(path: &Path) -> io::Result<Bytes> {
    let facts = fs::metadata(path)?;
    if !facts.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    if facts.len() > MAX_FILE {
        return Err(io::Error::other("it is larger than 64 KiB"));
    }
    warn_if_exposed(path, &facts);
    // The whole size at once: a buffer that grows leaves copies of secrets behind.
    let room = usize::try_from(facts.len()).unwrap_or_default() + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    fs::File::open(path)?
        .take(facts.len())
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn warn_if_exposed(path: &Path, facts: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt as _;
    if facts.mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others may read this sender credential: chmod 600 it");
    }
}

/// Windows: a file in a user's profile is that user's by inheritance, and has no mode.
#[cfg(not(unix))]
fn warn_if_exposed(_path: &Path, _facts: &fs::Metadata) {}

/// A file with this content that has no name yet, its owner's alone.
fn prepare(folder: &Path, content: Option<&Vec<u8>>) -> io::Result<NamedTempFile> {
    let content = content.ok_or_else(|| io::Error::other("the key cannot be encoded"))?;
    let mut new = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)?;
    new.write_all(content)?;
    new.as_file().sync_all()?;
    Ok(new)
}

fn file_error(path: &Path, action: &'static str, cause: io::Error) -> CredentialsError {
    CredentialsError::File {
        path: path.to_owned(),
        action,
        cause,
    }
}
