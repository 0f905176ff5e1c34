//! TLS: whom the client trusts, and what it says when it does not.
//!
//! The certificates are for these tests alone: an authority nobody trusts, and a leaf of it for
//! `localhost` and `127.0.0.1`, valid until 2126.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{alice, assert_says, one};
use crate::backend::testing::FakeBackend;
use crate::backend::{BackendClient, BackendError, BackendOptions};
use crate::model::BackendOrigin;
use crate::wire::app_backend::Notification;

const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBqDCCAU+gAwIBAgIUZ0YWNJP3x1Fj/YFtUNo9ed5r+4owCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWaGFuZHNldCB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjAxOTAx
MzhaGA8yMTI2MTAyNzE5MDEzOFowITEfMB0GA1UEAwwWaGFuZHNldCB0ZXN0IGF1
dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB2HKeaUPqTnYwSBKjaj
Qb3IziV73GhobX1hrtq67QOfcbkQRjWGIf9M9i1DurN6oChAn3+L72yaBqJzhXfX
UXGjYzBhMB0GA1UdDgQWBBQAIOYQ5v6jr7qqsghIXH7BSiI1UTAfBgNVHSMEGDAW
gBQAIOYQ5v6jr7qqsghIXH7BSiI1UTAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB
/wQEAwICBDAKBggqhkjOPQQDAgNHADBEAiAzIqdXGpjijz9uffYXVFO1cXwq5XzC
MOjsPqAp3kZ6YwIgOnJfX/nEnF6KNyhmC+KRiQhr9Cl1XNYeFDbNlbHP4Zw=
-----END CERTIFICATE-----";

const LEAF: &str = "-----BEGIN CERTIFICATE-----
MIIBwTCCAWegAwIBAgIUCilw4CSkeCXdjv0GntDT1Fgvz4IwCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWaGFuZHNldCB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjAxOTAx
MzhaGA8yMTI2MTAyNzE5MDEzOFowHjEcMBoGA1UEAwwTaGFuZHNldCB0ZXN0IHNl
cnZlcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABG4Zj7GbFmet4LirCvgtrLx/
G7fcA0GLVfS4dechHVGw65cjq5bwo3TyhJwPa8j+s7sT6Z+dKjaYFKI4nGaetIuj
fjB8MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAJBgNVHRMEAjAAMBMGA1Ud
JQQMMAoGCCsGAQUFBwMBMB0GA1UdDgQWBBT37bj3y0DMY9qQsD6TCJHALtk/8TAf
BgNVHSMEGDAWgBQAIOYQ5v6jr7qqsghIXH7BSiI1UTAKBggqhkjOPQQDAgNIADBF
AiEAkXGzNDNzkDJpvKKrxaRTWXHziYu7Z8J1igCqj0OaLXYCIG/PedvA/SikkswI
Y5ABtZWbxJBGqVXyGTX/+2wztGV/
-----END CERTIFICATE-----";

const LEAF_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYDDgS4wFBwldrPaX
YKEXyzTGuf6Rg0vMFcwKcA74oo2hRANCAARuGY+xmxZnreC4qwr4Lay8fxu33ANB
i1X0uHXnIR1RsOuXI6uW8KN08oScD2vI/rO7E+mfnSo2mBSiOJxmnrSL
-----END PRIVATE KEY-----";

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nConnection: close\r\n\r\n{\"Id\":1,\"Payload\":\"encrypted\"}";

/// Serves one https connection and returns its port.
fn https_once() -> u16 {
    let certificate = CertificateDer::from_pem_slice(LEAF.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(LEAF_KEY.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        // A client that does not trust the certificate hangs up here.
        let mut request = [0; 4096];
        if stream.read(&mut request).is_ok() {
            stream.write_all(ANSWER).unwrap();
            stream.flush().unwrap();
        }
    });
    port
}

async fn fetch(url: String, ca_file: Option<PathBuf>) -> Result<Notification, BackendError> {
    let mut options = BackendOptions::new(BackendOrigin::parse(&url).unwrap());
    options.ca_file = ca_file;
    BackendClient::new(options)?
        .fetch_notification(&alice(), &one())
        .await
}

fn authority_file(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("authority.pem");
    std::fs::write(&path, AUTHORITY).unwrap();
    path
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_its_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{}", https_once());
        let fetched = fetch(url, Some(authority_file(&folder))).await.unwrap();
        assert_eq!(fetched.payload, "encrypted");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("https://other.localhost:{}", https_once());
    let error = fetch(url, Some(authority_file(&folder))).await.unwrap_err();
    assert!(matches!(error, BackendError::Tls { .. }), "{error:?}");
    assert_says(&error, &["other.localhost"]);
}

#[tokio::test]
async fn a_stranger_with_a_certificate_is_refused() {
    let error = fetch(format!("https://127.0.0.1:{}", https_once()), None)
        .await
        .unwrap_err();
    // A machine that trusts no authority at all says so before it connects.
    if !matches!(error, BackendError::NoTrust { .. }) {
        assert!(matches!(error, BackendError::Tls { .. }), "{error:?}");
        assert!(error.is_unreachable());
    }
    assert_says(&error, &["--ca"]);
}

#[tokio::test]
async fn garbage_instead_of_tls_is_a_tls_error() {
    let folder = tempfile::tempdir().unwrap();
    for garbage in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"\0\0\0\0garbage garbage garbage",
    ] {
        let server = FakeBackend::raw(garbage).await;
        let url = format!("https://{}", server.address);
        let error = fetch(url, Some(authority_file(&folder))).await.unwrap_err();
        assert!(matches!(error, BackendError::Tls { .. }), "{error:?}");
        assert!(error.is_unreachable());
        assert_says(&error, &["speaks https at this port", "--ca FILE"]);
    }
}

#[tokio::test]
async fn an_unusable_authority_file_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.pem");
    let url = || "https://127.0.0.1:1".to_owned();

    let error = fetch(url(), Some(path.clone())).await.unwrap_err();
    assert_says(&error, &["authority.pem", "No such file"]);
    let error = fetch(url(), Some(folder.path().to_owned()))
        .await
        .unwrap_err();
    assert_says(&error, &["not a file"]);
    std::fs::write(&path, "no certificate here").unwrap();
    let error = fetch(url(), Some(path.clone())).await.unwrap_err();
    assert_says(&error, &["holds no certificate"]);
    let broken = AUTHORITY.replace("MIIB", "!!!!");
    std::fs::write(&path, broken).unwrap();
    let error = fetch(url(), Some(path.clone())).await.unwrap_err();
    assert!(matches!(error, BackendError::CaFile { .. }), "{error:?}");
    std::fs::write(&path, "x".repeat(1024 * 1024 + 1)).unwrap();
    let error = fetch(url(), Some(path)).await.unwrap_err();
    assert_says(&error, &["larger than"]);
}
