//! From an address to an open WebSocket, with errors that say which part failed.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::adapter::shortened;
use super::tls::Trust;
use super::{ChannelError, PushUrl};
use crate::wire::push_socket::MAX_FRAME;

/// How much may wait for a peer that does not read before the connection counts as lost, in bytes.
const MOST_UNSENT: usize = 4 * MAX_FRAME;

/// An open WebSocket to a push service.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A small buffer: most frames have a few hundred bytes, and a phone may be one of thousands.
const READ_BUFFER: usize = 4 * 1024;

/// Connects: name look-up, TCP, TLS and the WebSocket handshake. Takes as long as the network lets
/// it, but for the certificates, which are read within `limit`.
///
/// # Errors
/// [`ChannelError`], naming the address, the cause and what to do.
pub(super) async fn dial(
    url: PushUrl,
    trust: Arc<Trust>,
    limit: Duration,
) -> Result<Box<Socket>, ChannelError> {
    let connector = if url.is_encrypted() {
        Connector::Rustls(trust.config(limit).await?)
    } else {
        Connector::Plain
    };
    let stream = connect_tcp(&url).await?;
    // Pushes are small and wait for their acknowledgements: none may linger in a buffer.
    stream.set_nodelay(true).ok();
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MOST_UNSENT)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let opened = tokio_tungstenite::client_async_tls_with_config(
        url.as_str(),
        stream,
        Some(config),
        Some(connector),
    );
    match opened.await {
        Ok((socket, _)) => Ok(Box::new(socket)),
        Err(error) => Err(handshake_failure(&url, &error)),
    }
}

/// Tries each address of the host in turn; the last failure counts.
async fn connect_tcp(url: &PushUrl) -> Result<TcpStream, ChannelError> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((url.host(), url.port()))
        .await
        .map_err(|error| unknown_host(url, error.to_string()))?
        .collect();
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(match last {
        None => unknown_host(url, "it has no address".to_owned()),
        Some(error) if error.kind() == ErrorKind::ConnectionRefused => {
            ChannelError::Refused { url: url.clone() }
        }
        Some(error) => ChannelError::Unreachable {
            url: url.clone(),
            cause: error.to_string(),
        },
    })
}

fn unknown_host(url: &PushUrl, cause: String) -> ChannelError {
    ChannelError::UnknownHost {
        url: url.clone(),
        cause,
    }
}

/// Why a server that was reached is no WebSocket. Only TLS hands an `InvalidData` error on from
/// below the WebSocket; over plain TCP there is none.
fn handshake_failure(url: &PushUrl, error: &WsError) -> ChannelError {
    let cause = shortened(&error.to_string());
    let url = url.clone();
    if let WsError::Http(response) = error {
        let status = response.status().as_u16();
        return ChannelError::NotWebSocket { url, status };
    }
    if matches!(error, WsError::Tls(_)) || is_io(error, ErrorKind::InvalidData) {
        return ChannelError::Tls { url, cause };
    }
    if matches!(error, WsError::Io(_)) {
        return ChannelError::Lost { url, cause };
    }
    ChannelError::Protocol { url, cause }
}

fn is_io(error: &WsError, kind: ErrorKind) -> bool {
    matches!(error, WsError::Io(error) if error.kind() == kind)
}

/// Why an open socket failed.
pub(super) fn line_failure(url: &PushUrl, error: &WsError) -> ChannelError {
    let url = url.clone();
    if matches!(error, WsError::Capacity(_)) {
        let limit = MAX_FRAME;
        return ChannelError::FrameTooLarge { url, limit };
    }
    let cause = shortened(&error.to_string());
    ChannelError::Lost { url, cause }
}
