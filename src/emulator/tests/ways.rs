//! The ways in: plain and TLS, HTTP/1.1 and HTTP/2, by name.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Version};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::lifecycle::timeouts;

use super::{Device, LIMIT, Services, ServicesOptions, options, send};

pub(super) const ANY: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// What opens an HTTP/2 connection: the preface and empty settings.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

pub(super) fn open() -> ServicesOptions {
    ServicesOptions {
        https: Some(ANY),
        proxy: Some(ANY),
        ..options()
    }
}

pub(super) async fn start(options: ServicesOptions) -> Services {
    Services::start(options).await.unwrap()
}

pub(super) fn port(url: Option<&url::Url>) -> u16 {
    url.unwrap().port().unwrap()
}

/// A client that trusts the services' own authority alone.
pub(super) fn trusting(services: &Services) -> ClientBuilder {
    super::client();
    let authority = Certificate::from_pem(services.authority().unwrap().as_bytes()).unwrap();
    Client::builder().no_proxy().tls_certs_only([authority])
}

fn roots(services: &Services) -> RootCertStore {
    let pem = services.authority().unwrap().as_bytes();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(pem).unwrap())
        .unwrap();
    roots
}

async fn shake(
    address: SocketAddr,
    name: &str,
    mut config: ClientConfig,
    protocols: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

fn plain_config(services: &Services) -> ClientConfig {
    super::client();
    ClientConfig::builder()
        .with_root_certificates(roots(services))
        .with_no_client_auth()
}

fn addresses(services: &Services) -> [SocketAddr; 2] {
    let https = port(services.urls().https.as_ref());
    [services.http_address(), SocketAddr::new(ANY.ip(), https)]
}

#[tokio::test]
async fn each_port_takes_both_protocols_with_and_without_tls() {
    let services = start(open()).await;
    for address in addresses(&services) {
        for (scheme, version) in [
            ("http", Version::HTTP_11),
            ("http", Version::HTTP_2),
            ("https", Version::HTTP_11),
            ("https", Version::HTTP_2),
        ] {
            let client = trusting(&services);
            let client = match (scheme, version) {
                (_, Version::HTTP_11) => client.http1_only(),
                ("http", _) => client.http2_prior_knowledge(),
                _ => client,
            };
            let url = format!("{scheme}://{address}/");
            let answer = send(client.build().unwrap().get(&url)).await;
            assert_eq!(answer.version(), version, "{url}");
            assert!(answer.text().await.unwrap().contains("WNS"), "{url}");
        }
    }
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn http_2_needs_no_agreement_and_every_name_has_its_certificate() {
    let services = start(open()).await;
    let [address, _] = addresses(&services);
    for name in [
        "localhost",
        "127.0.0.1",
        "fcm.googleapis.com",
        "api.push.apple.com",
        "login.live.com",
        "db5.notify.windows.com",
        "my-hub.servicebus.windows.net",
        "updates.push.services.mozilla.com",
    ] {
        for protocols in [&[][..], &[&b"http/1.1"[..]], &[&b"h2"[..]]] {
            let config = plain_config(&services);
            let mut stream = shake(address, name, config, protocols).await.unwrap();
            assert_eq!(
                stream.get_ref().1.alpn_protocol(),
                protocols.first().copied()
            );
            stream.write_all(HTTP_2).await.unwrap();
            let mut head = [0; 9];
            tokio::time::timeout(LIMIT, stream.read_exact(&mut head))
                .await
                .unwrap()
                .unwrap();
            // The type of the first frame is SETTINGS (RFC 9113 §6.5).
            assert_eq!(head[3], 4, "{name}");
        }
    }
    let config = plain_config(&services);
    assert!(shake(address, "bank.example", config, &[]).await.is_err());
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn without_our_authority_nobody_is_deceived() {
    let services = start(open()).await;
    let other = start(open()).await;
    let url = services.urls().https.clone().unwrap();
    let stranger = trusting(&other).build().unwrap();
    assert!(stranger.get(url.as_str()).send().await.is_err());
    assert_eq!(other.shutdown().await, 0);
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn a_lab_is_http_alone_and_says_so_to_tls() {
    let services = super::start().await;
    assert_eq!(services.authority(), None);
    assert_eq!(services.urls().https, None);
    let mut stream = TcpStream::connect(services.http_address()).await.unwrap();
    stream
        .write_all(b"\x16\x03\x01\x00\x05hello\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    services.shutdown().await;
}

/// What APNs answers a push without a provider token, over a connection with a certificate.
async fn sent_with_certificate(services: &Services, name: &str, token: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["sender.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    super::client();
    let config = ClientConfig::builder()
        .with_root_certificates(roots(services))
        .with_client_auth_cert(vec![certificate], key)
        .unwrap();
    let address = services.http_address();
    let mut stream = shake(address, name, config, &[]).await.unwrap();
    let body = r#"{"aps":{"alert":"hello"}}"#;
    let request = format!(
        "POST /3/device/{token} HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\napns-topic: app\r\n\
         apns-push-type: alert\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok();
    answer
}

#[tokio::test]
async fn an_apns_sender_may_prove_itself_by_a_certificate() {
    let services = start(open()).await;
    let (_device, token, _) = Device::registered(&services, "apns").await;
    for name in ["api.push.apple.com", "localhost"] {
        let answer = sent_with_certificate(&services, name, &token).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
    }
    let unasked = sent_with_certificate(&services, "fcm.googleapis.com", &token).await;
    assert!(unasked.contains("MissingProviderToken"), "{unasked}");
    services.shutdown().await;
    let strict = ServicesOptions {
        strict_credentials: true,
        ..open()
    };
    let services = start(strict).await;
    let (_device, token, _) = Device::registered(&services, "apns").await;
    let answer = sent_with_certificate(&services, "api.push.apple.com", &token).await;
    assert!(answer.contains("BadCertificate"), "{answer}");
    services.shutdown().await;
}

#[tokio::test]
async fn handles_carry_the_public_host() {
    let named = ServicesOptions {
        public_host: Some("phone.example".parse().unwrap()),
        ..open()
    };
    let services = start(named).await;
    let (_device, channel, _) = Device::registered(&services, "wns").await;
    let https = port(services.urls().https.as_ref());
    let start = format!("https://phone.example:{https}/w/?token=");
    assert!(channel.starts_with(&start), "{channel}");
    let config = plain_config(&services);
    assert!(
        shake(services.http_address(), "phone.example", config, &[])
            .await
            .is_ok()
    );
    services.shutdown().await;
}

#[tokio::test]
async fn a_slow_handshake_request_or_body_is_cut() {
    let services = start(open()).await;
    let [http, https] = addresses(&services);
    let proxy = SocketAddr::new(ANY.ip(), port(services.urls().proxy.as_ref()));
    let config = plain_config(&services);
    let mut shaken = shake(https, "localhost", config, &[]).await.unwrap();
    shaken.write_all(b"GET / HTTP/1.1\r\nx-").await.unwrap();
    let mut slow = Vec::new();
    for (address, start) in [
        (https, &b"\x16\x03\x01\x02\x00\x01"[..]),
        (https, b""),
        (
            http,
            b"POST /3/device/x HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n",
        ),
        (proxy, b"CONNECT fcm"),
        (proxy, b""),
        (
            proxy,
            b"CONNECT fcm.googleapis.com:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        ),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(start).await.unwrap();
        slow.push(stream);
    }
    // Everything that was sent is to be read before time passes.
    let ready = trusting(&services).build().unwrap();
    send(ready.get(services.urls().https.clone().unwrap())).await;
    for _ in 0..3 {
        super::pass(timeouts::HTTP_HEAD + Duration::from_secs(1)).await;
        send(ready.get(services.urls().https.clone().unwrap())).await;
    }
    let mut bytes = Vec::new();
    for stream in &mut slow {
        let ended = tokio::time::timeout(LIMIT, stream.read_to_end(&mut bytes)).await;
        ended.unwrap().ok();
    }
    let ended = tokio::time::timeout(LIMIT, shaken.read_to_end(&mut bytes)).await;
    ended.unwrap().ok();
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn junk_harms_no_port() {
    let services = start(open()).await;
    let [http, https] = addresses(&services);
    let proxy = SocketAddr::new(ANY.ip(), port(services.urls().proxy.as_ref()));
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for address in [http, https, proxy] {
        for junk in [
            &b"\x16\x03\x01\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\x16junk that is no record at all, and never will be",
            b"\x00\x00\x00",
            b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
            &[&preface[..], &[0xff; 64]].concat(),
            &[b'A'; 4096],
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(junk).await.ok();
            stream.shutdown().await.ok();
            let mut bytes = Vec::new();
            let all = stream.read_to_end(&mut bytes);
            tokio::time::timeout(LIMIT, all).await.unwrap().ok();
        }
    }
    let client = trusting(&services).build().unwrap();
    let https = services.urls().https.clone().unwrap();
    assert_eq!(send(client.get(https.as_str())).await.status(), 200);
    assert_eq!(services.shutdown().await, 0);
}
