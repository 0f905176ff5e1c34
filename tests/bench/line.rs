//! A phone's WebSocket and a sender's connection, down to the bytes: no library's own work is
//! measured with the services'.

use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

/// The channel of every phone here.
pub(crate) const CHANNEL: &str = "6c5a2e30-0f3c-4a4d-9d8e-2b0c2f4e8a11";

/// A phone's plain WebSocket.
pub(crate) struct Phone {
    /// Its agent id.
    pub(crate) uaid: String,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer was given out.
    taken: usize,
}

impl Phone {
    /// Connects and says hello.
    pub(crate) fn connect(services: SocketAddr) -> Self {
        Self::on(TcpStream::connect(services).unwrap(), "")
    }

    /// Connects as the one it was before.
    pub(crate) fn again(services: SocketAddr, uaid: &str) -> Self {
        let phone = Self::on(TcpStream::connect(services).unwrap(), uaid);
        assert_eq!(phone.uaid, uaid);
        phone
    }

    /// Says hello on a connection.
    pub(crate) fn on(mut stream: TcpStream, uaid: &str) -> Self {
        stream.set_nodelay(true).unwrap();
        stream
            .write_all(
                b"GET / HTTP/1.1\r\nHost: services\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            )
            .unwrap();
        let mut byte = [0];
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        let mut phone = Self {
            uaid: String::new(),
            stream,
            buffer: Vec::new(),
            taken: 0,
        };
        phone.say(&json!({"messageType": "hello", "use_webpush": true, "uaid": uaid}));
        let hello = phone.hear();
        assert_eq!(hello["status"], 200);
        hello["uaid"].as_str().unwrap().clone_into(&mut phone.uaid);
        phone
    }

    /// Registers, and gives the path of its endpoint.
    pub(crate) fn register(&mut self) -> String {
        self.say(&json!({"messageType": "register", "channelID": CHANNEL}));
        let answer = self.hear();
        let endpoint = answer["pushEndpoint"].as_str().unwrap();
        let (_, path) = endpoint.split_once("/wpush/").unwrap();
        format!("/wpush/{path}")
    }

    /// The connection alone.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    pub(crate) fn acknowledge(&mut self, version: &str) {
        self.say(&json!({"messageType": "ack", "updates":
            [{"channelID": CHANNEL, "version": version, "code": 100}]}));
    }

    fn say(&mut self, frame: &Value) {
        let text = frame.to_string();
        let mut bytes = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(short @ 0..=125) => bytes.push(0x80 | short),
            _ => {
                bytes.push(0x80 | 126);
                bytes.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            }
        }
        // A mask of zeros leaves the text as it is.
        bytes.extend([0; 4]);
        bytes.extend(text.as_bytes());
        self.stream.write_all(&bytes).unwrap();
    }

    pub(crate) fn hear(&mut self) -> Value {
        serde_json::from_slice(self.frame()).unwrap()
    }

    /// The next frame's bytes.
    pub(crate) fn frame(&mut self) -> &[u8] {
        self.buffer.drain(..self.taken);
        fill(&mut self.stream, &mut self.buffer, 2);
        let (head, length) = match self.buffer[1] {
            126 => {
                fill(&mut self.stream, &mut self.buffer, 4);
                (4, u16::from_be_bytes([self.buffer[2], self.buffer[3]]))
            }
            short => (2, u16::from(short)),
        };
        self.taken = head + usize::from(length);
        fill(&mut self.stream, &mut self.buffer, self.taken);
        &self.buffer[head..self.taken]
    }
}

/// A sender's connection to an endpoint, kept alive.
pub(crate) struct Sender {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Sender {
    /// Sends `body` to the endpoint `path`, again and again.
    pub(crate) fn connect(services: SocketAddr, path: &str, body: &[u8]) -> Self {
        let stream = TcpStream::connect(services).unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {services}\r\nTTL: 60\r\nUrgency: high\r\n\
             Content-Type: application/octet-stream\r\nContent-Encoding: aes128gcm\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        Self {
            stream,
            request: [head.as_bytes(), body].concat(),
            answer: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self) {
        self.stream.write_all(&self.request).unwrap();
    }

    /// Sends once and says which version the services gave it; none once they are gone.
    pub(crate) fn send_until_gone(&mut self) -> Option<String> {
        self.stream.write_all(&self.request).ok()?;
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            self.stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 201"), "{head}");
        let (_, version) = head.split_once("/m/").unwrap();
        Some(version.lines().next().unwrap().to_owned())
    }

    /// Reads the answer, which has no body.
    pub(crate) fn answered(&mut self) {
        self.answer.clear();
        while !self.answer.ends_with(b"\r\n\r\n") {
            let more = self.answer.len() + 1;
            fill(&mut self.stream, &mut self.answer, more);
        }
        assert!(self.answer.starts_with(b"HTTP/1.1 201"));
    }

    /// How many bytes a push and its answer are.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.request.len(), self.answer.len())
    }
}

/// Reads until there are so many bytes.
fn fill(stream: &mut impl Read, buffer: &mut Vec<u8>, least: usize) {
    let mut some = [0; 4096];
    while buffer.len() < least {
        let read = stream.read(&mut some).unwrap();
        assert_ne!(read, 0, "the other side hung up");
        buffer.extend_from_slice(&some[..read]);
    }
}
