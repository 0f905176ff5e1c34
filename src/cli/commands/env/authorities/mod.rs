//! The files of authorities that other programs trust: what they trusted before, and the local
//! authority of `serve`.
//!
//! A file that a variable of the shell named already is kept whole in a bundle of its own, so that
//! two shells with different authorities do not share one.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::files;
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::settings::Environment;

/// What stands in the name of handset's authorities, of whatever home and age.
const OURS: &[u8] = b"handset local CA";

/// The most that is read of one file or folder of authorities, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// Where systems keep their authorities in one file.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
];

/// Writes the files.
pub(super) struct Authorities<'a> {
    folder: PathBuf,
    own: String,
    output: &'a Output,
}

/// The bundles' file, without its ending: one for all variables, as none but Node knows authorities
/// beside its file, and to Node the system's are not new.
const BUNDLE: &str = "ca-bundle";

impl<'a> Authorities<'a> {
    /// Files in `folder`, with the local authority of the file `ca`.
    pub(super) fn new(folder: PathBuf, ca: &Path, output: &'a Output) -> Result<Self, Failure> {
        let bytes = read_file(ca).map_err(|error| {
            Failure::failed(format!(
                "the local authority's certificate {} cannot be read: {error}; start `handset serve` again",
                ca.display()
            ))
        })?;
        let own = certificates(&bytes).concat();
        Ok(Self {
            folder,
            own,
            output,
        })
    }

    /// Writes the files; the variables that name them.
    pub(super) fn write(
        &self,
        environment: &Environment,
    ) -> Result<Vec<(&'static str, PathBuf)>, Failure> {
        let value = |name| environment.value(name);
        let curl = value("CURL_CA_BUNDLE");
        // requests goes by the second where the first is missing.
        let requests = value("REQUESTS_CA_BUNDLE").or(curl);
        let mut written = vec![
            (
                "NODE_EXTRA_CA_CERTS",
                self.bundle(value("NODE_EXTRA_CA_CERTS"))?,
            ),
            ("SSL_CERT_FILE", self.bundle(value("SSL_CERT_FILE"))?),
            ("REQUESTS_CA_BUNDLE", self.bundle(requests)?),
        ];
        // Where it is set, curl looks at no other.
        if curl.is_some() {
            written.push(("CURL_CA_BUNDLE", self.bundle(curl)?));
        }
        Ok(written)
    }

    fn bundle(&self, given: Option<&OsStr>) -> Result<PathBuf, Failure> {
        let usual = self.folder.join(format!("{BUNDLE}.pem"));
        let given = given.map(Path::new).filter(|given| *given != usual);
        let kept = given.and_then(|given| Some((self.place(given), self.read(given)?)));
        let (path, kept) = kept.unwrap_or_else(|| (usual, self.usual()));
        let is_ours = |one: &String| is_handsets(one) || self.own.contains(one);
        let foreign = kept.into_iter().filter(|one| !is_ours(one));
        let text: String = foreign.chain([self.own.clone()]).collect();
        files::replace(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Where the bundle for a file of the shell's is: itself, where it is one of these already.
    fn place(&self, given: &Path) -> PathBuf {
        if given.parent() == Some(&self.folder) {
            return given.to_owned();
        }
        let whole = std::path::absolute(given).unwrap_or_else(|_| given.to_owned());
        let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
        let mark: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
        self.folder.join(format!("{BUNDLE}-{mark}.pem"))
    }

    fn read(&self, given: &Path) -> Option<Vec<String>> {
        match read_any(given) {
            Ok(found) => Some(found),
            Err(error) => {
                self.output.warning(&format!(
                    "the authorities in {} cannot be read and are left out: {error}",
                    given.display()
                ));
                None
            }
        }
    }

    fn usual(&self) -> Vec<String> {
        let found = system();
        if found.is_empty() {
            self.output.warning(
                "this system has no file of authorities: programs with this environment trust handset's \
                 local authority alone",
            );
        }
        found
    }
}

/// The system's authorities, whatever the shell says about them.
fn system() -> Vec<String> {
    let files = SYSTEM
        .iter()
        .filter_map(|path| read_file(Path::new(path)).ok());
    let mut found = files.map(|bytes| certificates(&bytes));
    if let Some(found) = found.find(|found| !found.is_empty()) {
        return found;
    }
    let native = rustls_native_certs::load_native_certs().certs;
    native.iter().map(|one| in_pem(one.as_ref())).collect()
}

/// A file, or a folder of such as requests and OpenSSL take.
fn read_any(path: &Path) -> io::Result<Vec<String>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(certificates(&read_file(path)?));
    }
    let mut all = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if fs::metadata(&path).is_ok_and(|facts| facts.is_file()) {
            all.extend(read_file(&path)?);
            all.push(b'\n');
        }
        if all.len() as u64 > MOST_BYTES {
            return Err(too_large());
        }
    }
    let mut found = certificates(&all);
    // Such a folder has each certificate under two names.
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > MOST_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}

fn too_large() -> io::Error {
    io::Error::other("it is larger than 16 MiB")
}

/// The certificates in a text of PEM, whatever stands between them.
fn certificates(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    let mut current: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----BEGIN ") {
            current = line.ends_with("CERTIFICATE-----").then(String::new);
        }
        if let Some(block) = &mut current {
            block.push_str(line);
            block.push('\n');
        }
        if line.starts_with("-----END ") {
            found.extend(current.take());
        }
    }
    found
}

/// True for a local authority of handset's, of this home or another, in use or not.
fn is_handsets(pem: &str) -> bool {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap_or_default();
    der.windows(OURS.len()).any(|part| part == OURS)
}

fn in_pem(der: &[u8]) -> String {
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let body = STANDARD.encode(der);
    for line in body.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

#[cfg(test)]
mod tests;
