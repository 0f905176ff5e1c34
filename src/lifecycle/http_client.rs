//! What the HTTP clients that carry credentials begin with: no redirect is followed, whom they
//! trust, and that a name of this machine stays on it.

use std::fs::File;
use std::io::Read as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder};
use url::Url;

use super::{innermost, timeouts};

/// The largest file of certificate authorities, in bytes.
const MAX_CA_FILE: u64 = 1024 * 1024;

/// The beginning of a client. How long it waits is left to the caller.
pub fn http_client() -> ClientBuilder {
    // The process has one TLS provider; whoever came first installed the same one.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::builder()
        .user_agent(concat!("handset/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .referer(false)
        .pool_idle_timeout(timeouts::HTTP_IDLE)
}

/// Trusts the system's authorities, and those in the PEM file. Plain http needs none, so that a
/// machine without any, such as a bare container, still reaches a local service.
///
/// # Errors
/// What is wrong with the file, in words that may repeat foreign text.
pub fn trust(
    builder: ClientBuilder,
    service: &Url,
    ca_file: Option<&Path>,
) -> Result<ClientBuilder, String> {
    let extra = ca_file.map(authorities).transpose()?.unwrap_or_default();
    if service.scheme() == "http" {
        return Ok(builder.tls_certs_only([]));
    }
    Ok(builder.tls_certs_merge(extra))
}

/// Keeps a name of this machine on this machine: no proxy, and no name server that says otherwise.
pub fn stay_here(builder: ClientBuilder, service: &Url) -> ClientBuilder {
    let builder = builder.no_proxy();
    match service.domain() {
        Some(name) => builder.resolve_to_addrs(
            name,
            &[
                SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
            ],
        ),
        None => builder,
    }
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    // Before it is opened: a pipe without a writer would not open at all.
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut pem = Vec::new();
    file.take(MAX_CA_FILE + 1)
        .read_to_end(&mut pem)
        .map_err(|error| error.to_string())?;
    if pem.len() as u64 > MAX_CA_FILE {
        return Err(format!("it is larger than {MAX_CA_FILE} bytes"));
    }
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| innermost(&error))?;
    if found.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_of_authorities_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let https = Url::parse("https://backend.example/").unwrap();
        let trusting = |path: &Path| trust(http_client(), &https, Some(path)).map(drop);
        for (content, said) in [
            (vec![b'x'; 1024 * 1024 + 1], "larger than 1048576 bytes"),
            (b"nothing".to_vec(), "holds no certificate"),
        ] {
            std::fs::write(&file, content).unwrap();
            let problem = trusting(&file).unwrap_err();
            assert!(problem.contains(said), "{problem}");
        }
        assert_eq!(trusting(folder.path()), Err("it is not a file".to_owned()));
        assert!(trusting(&folder.path().join("none")).is_err());
        assert!(trust(http_client(), &https, None).is_ok());
    }
}
