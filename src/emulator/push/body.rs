//! Bodies of requests, bounded. What is left of one that is too large its connection takes care of.

use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;

/// A body was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator) enum NotRead {
    /// It has more bytes than are taken.
    TooLarge,
    /// It ended before it was whole.
    BrokeOff,
}

/// Reads a body of at most `most` bytes.
pub(in crate::emulator) async fn read(body: Body, most: usize) -> Result<Bytes, NotRead> {
    let mut stream = body.into_data_stream();
    // Copied, as each piece shares the connection's buffer: a small body that waits for its device
    // would keep all of that in memory, and the connection would need a new one for each request.
    let mut whole = Vec::new();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| NotRead::BrokeOff)?;
        if whole.len() + piece.len() > most {
            return Err(NotRead::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn pieces(count: usize) -> Body {
        let piece = |_| Ok::<_, std::io::Error>(Bytes::from_static(b"abcd"));
        Body::from_stream(stream::iter((0..count).map(piece)))
    }

    #[tokio::test]
    async fn a_body_is_taken_up_to_its_limit() {
        assert_eq!(read(Body::from("abcd"), 4).await, Ok(Bytes::from("abcd")));
        assert_eq!(read(Body::from("abcde"), 4).await, Err(NotRead::TooLarge));
        assert_eq!(read(Body::empty(), 4).await, Ok(Bytes::new()));
        assert_eq!(read(pieces(3), 12).await, Ok(Bytes::from("abcdabcdabcd")));
        assert_eq!(read(pieces(4), 12).await, Err(NotRead::TooLarge));
        assert_eq!(read(pieces(1_000_000), 12).await, Err(NotRead::TooLarge));
        let broken = pieces(1)
            .into_data_stream()
            .map(|piece| piece.map_err(std::io::Error::other));
        let broken = broken.chain(stream::iter([Err(std::io::Error::other("gone"))]));
        let broken = Body::from_stream(broken);
        assert_eq!(read(broken, 12).await, Err(NotRead::BrokeOff));
    }
}
