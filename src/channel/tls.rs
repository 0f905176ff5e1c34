//! Which certificates a channel trusts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::ChannelError;
use crate::lifecycle::Worker;

/// Makes the TLS set-up of a channel, on a thread of its own: it reads files.
#[derive(Debug)]
pub(super) struct Trust {
    worker: Worker<()>,
    ca_file: Option<PathBuf>,
}

impl Trust {
    pub(super) fn new(ca_file: Option<PathBuf>) -> Self {
        Self {
            worker: Worker::new("the certificate store", || ()),
            ca_file,
        }
    }

    /// Reads the system's certificates and the extra file anew, so that a mended file is found.
    ///
    /// # Errors
    /// [`ChannelError::CaFile`] and [`ChannelError::NoAuthorities`].
    pub(super) async fn config(
        &self,
        limit: std::time::Duration,
    ) -> Result<Arc<ClientConfig>, ChannelError> {
        let ca_file = self.ca_file.clone();
        self.worker
            .call(limit, move |()| client_config(ca_file.as_deref()))
            .await
            .unwrap_or_else(|error| {
                Err(ChannelError::NoAuthorities {
                    cause: error.to_string(),
                })
            })
    }
}

fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, ChannelError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = ca_file {
        for certificate in read_certificates(path)? {
            roots
                .add(certificate)
                .map_err(|error| unusable(path, error.to_string()))?;
        }
    }
    if roots.is_empty() {
        let cause = native.errors.first().map_or_else(
            || "there are none".to_owned(),
            std::string::ToString::to_string,
        );
        return Err(ChannelError::NoAuthorities { cause });
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ChannelError::NoAuthorities {
            cause: error.to_string(),
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ChannelError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(path, error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable(path, "it holds no certificate".to_owned()));
    }
    Ok(certificates)
}

fn unusable(path: &Path, cause: String) -> ChannelError {
    ChannelError::CaFile {
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_that_is_of_no_use_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing.pem");
        let empty = folder.path().join("empty.pem");
        let junk = folder.path().join("junk.pem");
        std::fs::write(&empty, "").unwrap();
        std::fs::write(
            &junk,
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
        )
        .unwrap();
        for path in [missing, empty, junk] {
            let error = client_config(Some(&path)).unwrap_err();
            assert_eq!(error.reason(), "ca_file");
            assert!(error.to_string().contains(&path.display().to_string()));
        }
    }
}
