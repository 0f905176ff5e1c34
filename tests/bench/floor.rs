//! The bare work of one push.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

/// The exchanges of one push: send, post, deliver, fetch.
const EXCHANGES: usize = 4;

/// What one exchange carries there and back, in bytes.
const MESSAGE: usize = 256;

/// An echo on loopback and a file to append to.
pub(crate) struct Floor {
    stream: TcpStream,
    file: File,
    syncs: usize,
}

impl Floor {
    pub(crate) fn start(folder: &Path, syncs: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            let mut message = [0; MESSAGE];
            while stream.read_exact(&mut message).is_ok() {
                stream.write_all(&message).unwrap();
            }
        });
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let file = File::create(folder.join("floor")).unwrap();
        Self {
            stream,
            file,
            syncs,
        }
    }

    /// Does it once, and says how long it took.
    pub(crate) fn round(&mut self) -> Duration {
        let mut message = [7; MESSAGE];
        let begun = Instant::now();
        for _ in 0..EXCHANGES {
            self.stream.write_all(&message).unwrap();
            self.stream.read_exact(&mut message).unwrap();
        }
        for _ in 0..self.syncs {
            self.file.write_all(&message).unwrap();
            self.file.sync_data().unwrap();
        }
        begun.elapsed()
    }
}
