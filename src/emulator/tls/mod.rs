//! The certificates that the services answer TLS with, for local names and for the real push
//! hosts' names, and the local authority that vouches for them.
//!
//! The authority's key signs these two certificates and is gone: it is never written, so that
//! nobody who trusts the authority can be deceived by what lies on a disk later. Its certificate
//! is constrained to the names that are certified here.

mod clients;
mod kept;
mod mint;
mod names;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use secrecy::{ExposeSecret as _, SecretString};

use super::EmulatorError;
use super::names::{asks_for_certificates, is_push_host};
use crate::lifecycle::{ChooseTls, Clock, Worker, timeouts};
use clients::AnyCertificate;
pub(super) use names::LocalNames;

/// The protocols that are offered in the handshake, the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The certificates of one authority, in PEM.
#[derive(Debug, Clone)]
struct Material {
    authority: String,
    local: Leaf,
    push: Leaf,
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
struct Leaf {
    certificate: String,
    key: SecretString,
}

/// Who the services are to clients that speak TLS.
#[derive(Debug)]
pub(super) struct Tls {
    authority: String,
    /// For local names, and for clients that give no name.
    local: Arc<ServerConfig>,
    /// For push hosts.
    push: Arc<ServerConfig>,
    /// For push hosts at which senders may prove themselves by a certificate.
    asking: Arc<ServerConfig>,
}

impl Tls {
    /// The certificates in `folder`, made anew where they are not usable; new ones that are kept
    /// nowhere without a folder.
    pub(super) async fn obtain(
        folder: Option<PathBuf>,
        names: LocalNames,
    ) -> Result<Self, EmulatorError> {
        // Peers go by the machine's time, whatever time the services play.
        let now = Clock::system().now();
        let material = match folder {
            None => mint::material(&names, now)?,
            Some(folder) => {
                let worker = Worker::new("the folder of certificates", || ());
                let path = folder.clone();
                worker
                    .call(timeouts::TLS_FILES, move |()| {
                        kept::material(&path, &names, now)
                    })
                    .await
                    .map_err(|error| EmulatorError::Data {
                        path: folder.display().to_string(),
                        cause: std::io::Error::other(error),
                    })??
            }
        };
        Self::new(material)
    }

    fn new(material: Material) -> Result<Self, EmulatorError> {
        Ok(Self {
            local: material.local.config(true)?,
            push: material.push.config(false)?,
            asking: material.push.config(true)?,
            authority: material.authority,
        })
    }

    /// The authority's certificate, in PEM.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }
}

impl ChooseTls for Tls {
    fn choose(&self, name: Option<&str>) -> Arc<ServerConfig> {
        let config = match name {
            Some(name) if asks_for_certificates(name) => &self.asking,
            Some(name) if is_push_host(name) => &self.push,
            Some(_) | None => &self.local,
        };
        config.clone()
    }
}

impl Leaf {
    fn read(&self) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), EmulatorError> {
        let failed = |error: rustls::pki_types::pem::Error| unusable(&error);
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.expose_secret().as_bytes());
        Ok((certificate.map_err(failed)?, key.map_err(failed)?))
    }

    /// How this certificate is served. A client is asked for its own one only where that says
    /// something: a browser that has any would show its user a choice.
    fn config(&self, asking: bool) -> Result<Arc<ServerConfig>, EmulatorError> {
        let (certificate, key) = self.read()?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?;
        let builder = if asking {
            builder.with_client_cert_verifier(Arc::new(AnyCertificate::new()))
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder
            .with_single_cert(vec![certificate], key)
            .map_err(|error| unusable(&error))?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // Nothing is resumed: a handshake on one machine is cheap, and a session that outlives
        // its server, or crosses from one name to another, is not.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

fn unusable(cause: &dyn std::fmt::Display) -> EmulatorError {
    EmulatorError::Certificates {
        cause: cause.to_string(),
    }
}

#[cfg(test)]
mod tests;
