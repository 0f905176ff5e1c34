//! The TLS handshake of a connection.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::lifecycle::timeouts;

/// Decides who the server is to a client.
pub trait ChooseTls: Debug + Send + Sync {
    /// The certificate and terms for a client that asked for `name`, or for no name.
    fn choose(&self, name: Option<&str>) -> Arc<ServerConfig>;
}

/// An extension of every request that came over a connection whose client proved that it holds
/// the key of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientCertificate(());

/// The encrypted stream; none where the handshake failed or took longer than
/// [`timeouts::TLS_HANDSHAKE`]. `host` stands for the name that a client does not give.
pub(super) async fn shake_hands<S>(
    stream: S,
    choice: &dyn ChooseTls,
    host: Option<&str>,
) -> Option<(TlsStream<S>, Option<ClientCertificate>)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let handshake = async {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let config = choice.choose(start.client_hello().server_name().or(host));
        start.into_stream(config).await
    };
    match tokio::time::timeout(timeouts::TLS_HANDSHAKE, handshake).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates();
            let certificate = shown.filter(|chain| !chain.is_empty());
            let certificate = certificate.map(|_| ClientCertificate(()));
            Some((stream, certificate))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("a TLS handshake took too long");
            None
        }
    }
}
