//! A TLS handshake, and apart from it whether the certificate is trusted.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::cli::commands::test::trouble::Trouble;

/// The largest file of authorities that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// What a handshake came to.
pub(super) struct Shaken {
    /// Whether the certificate is trusted.
    pub(super) trusted: Result<(), Trouble>,
    /// How long it took to tell.
    pub(super) judged_in: Duration,
}

/// Shakes hands with whoever is at the other end of `stream`, and sends nothing.
pub(super) async fn shake(
    stream: TcpStream,
    host: &str,
    roots: Result<RootCertStore, Trouble>,
) -> Result<Shaken, Trouble> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| Trouble::no_tls(&format!("{host} is no name for TLS: {error}")))?;
    let provider = Arc::new(ring::default_provider());
    let witness = Arc::new(Witness::new(roots, provider.clone()));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::no_tls(&error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(witness.clone())
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    match connector.connect(name, stream).await {
        Ok(_) => Ok(witness.told(host)),
        Err(error) => Err(Trouble::no_tls(&error.to_string())),
    }
}

/// The authorities that are trusted: the system's, and those in the files.
pub(super) fn roots(files: &[&Path]) -> Result<RootCertStore, Trouble> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    for file in files {
        let added = read(file).and_then(|certificates| {
            let added = certificates.into_iter().try_for_each(|one| roots.add(one));
            added.map_err(|error| error.to_string())
        });
        added.map_err(|cause| {
            Trouble::no_authorities(format!(
                "the file {} cannot be used ({cause}): give --ca a file of PEM certificates",
                file.display()
            ))
        })?;
    }
    if roots.is_empty() {
        return Err(Trouble::no_authorities(
            "no authority is trusted here: install the system's CA certificates, or give --ca a file of PEM certificates",
        ));
    }
    Ok(roots)
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let facts = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if !facts.is_file() || facts.len() > MAX_FILE {
        return Err(format!("it is no file of at most {MAX_FILE} bytes"));
    }
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| error.to_string())?;
    if certificates.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(certificates)
}

/// Lets every certificate pass, and remembers what is to be said of it.
#[derive(Debug)]
struct Witness {
    judge: Result<Arc<WebPkiServerVerifier>, Trouble>,
    provider: Arc<CryptoProvider>,
    verdict: Mutex<(Option<Error>, Duration)>,
}

impl Witness {
    fn new(roots: Result<RootCertStore, Trouble>, provider: Arc<CryptoProvider>) -> Self {
        let judge = roots.and_then(|roots| {
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|error| Trouble::no_authorities(error.to_string()))
        });
        Self {
            judge,
            provider,
            verdict: Mutex::default(),
        }
    }

    fn told(&self, host: &str) -> Shaken {
        let verdict = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        let (error, judged_in) = &*verdict;
        let trusted = match &self.judge {
            Ok(_) => trusted(error.as_ref(), host),
            Err(trouble) => Err(trouble.clone()),
        };
        Shaken {
            trusted,
            judged_in: *judged_in,
        }
    }
}

fn trusted(error: Option<&Error>, host: &str) -> Result<(), Trouble> {
    match error {
        None => Ok(()),
        Some(Error::InvalidCertificate(error)) => Err(distrust(error, host)),
        Some(error) => {
            let reason = format!("its certificate is not usable ({error}): have it issued anew");
            Err(Trouble::not_trusted("certificate_unusable", reason))
        }
    }
}

/// Why a certificate is not trusted.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "nobody does anything else about the rest, of which there will be more"
)]
fn distrust(error: &CertificateError, host: &str) -> Trouble {
    match error {
        CertificateError::UnknownIssuer => Trouble::not_trusted(
            "unknown_authority",
            "its certificate is from no authority that is trusted here: give that authority's certificate with --ca",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Trouble::not_trusted(
                "other_name",
                format!(
                    "its certificate is not for {host}: reach it by a name that the certificate has, or have it issued for this one"
                ),
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Trouble::not_trusted(
                "expired",
                "its certificate has expired: renew it, and check this machine's clock",
            )
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Trouble::not_trusted(
                "not_valid_yet",
                "its certificate is not valid yet: check this machine's clock",
            )
        }
        other => Trouble::not_trusted(
            "certificate_unusable",
            format!("its certificate is not usable ({other}): have it issued anew"),
        ),
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Ok(judge) = &self.judge {
            let begun = Instant::now();
            let judged = judge.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            );
            *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) =
                (judged.err(), begun.elapsed());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
