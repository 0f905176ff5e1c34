//! TLS: whom a channel trusts.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::server::{Peer, Server};
use super::*;

/// A certificate authority of this test, and a server with a certificate of it.
fn authority() -> (String, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (authority.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn an_extra_authority_is_trusted_and_a_foreign_one_is_not() {
    let (pem, acceptor) = authority();
    let (foreign, _) = authority();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, foreign).unwrap();
    let server = Server::bind().await;
    let mut options = options(&server.url().replace("ws://", "wss://"));
    options.ca_file = Some(ca_file.clone());
    let mut phone = Phone::start(options, Identity::fresh());
    assert!(acceptor.accept(server.accept_tcp().await).await.is_err());
    let reason = phone.closed().await;
    assert_eq!(reason.reason(), "tls", "{reason}");
    assert!(reason.to_string().contains("--ca"));
    // The mended file is found without a restart.
    std::fs::write(&ca_file, pem).unwrap();
    let stream = loop {
        if let Ok(stream) = acceptor.accept(server.accept_tcp().await).await {
            break stream;
        }
    };
    let mut peer = Peer::handshake(stream).await;
    let (channel, _) = peer.greet().await;
    phone.opened().await;
    peer.push(channel, "v1").await;
    phone.delivery().await.ack();
    assert_eq!(peer.acked().await.len(), 1);
    phone.control.close();
    phone.stop().await;
}
