//! A stand-in before an app backend, which answers some requests itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// What becomes of a request.
pub(super) enum Instead {
    /// The backend answers it.
    Forward,
    /// This is the answer.
    Answer(Vec<u8>),
    /// There is no answer, ever.
    Silence,
}

/// Stands before the backend at `backend` (`http://…`), and decides by the first line of each
/// request. It ends with the test.
pub(super) fn before(
    backend: &str,
    decide: impl Fn(&str) -> Instead + Send + Sync + 'static,
) -> SocketAddr {
    let backend = backend.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let decide = Arc::new(decide);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (decide, backend) = (decide.clone(), backend.clone());
            // Either side may go away in the middle: that is its right.
            std::thread::spawn(move || converse(&stream, &backend, &*decide).ok());
        }
    });
    address
}

/// Takes one request, and closes.
fn converse(
    stream: &TcpStream,
    backend: &str,
    decide: &dyn Fn(&str) -> Instead,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        let end = line == "\r\n";
        head.push(line);
        if end {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut stream = stream;
    match decide(head[0].trim_end()) {
        Instead::Answer(answer) => stream.write_all(&answer),
        Instead::Silence => std::io::copy(&mut reader, &mut std::io::sink()).map(drop),
        Instead::Forward => {
            let mut onwards = TcpStream::connect(backend)?;
            // The answer ends with the connection, so that nothing of it need be read here.
            head.insert(1, "connection: close\r\n".to_owned());
            onwards.write_all(head.concat().as_bytes())?;
            onwards.write_all(&body)?;
            std::io::copy(&mut onwards, &mut stream).map(drop)
        }
    }
}
