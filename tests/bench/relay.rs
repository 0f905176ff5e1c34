//! How soon a push that a sender posts is at the phone: `cargo bench --bench relay`.
//!
//! Measured from the sender's write (Web Push over HTTP/1.1, kept alive) to the frame on the phone's
//! plain WebSocket, with `handset serve --ephemeral` in a process of its own. The floor is a relay
//! over bare TCP in a process of its own that reads as many bytes, writes as many to the phone and
//! answers with as many; one of its rounds follows each push. Absolute times are the machine's and
//! depend on which processor does what, so that is said and both are bound to it; what counts is the
//! ratio of the medians. The last column is what one push costs the services, acknowledgement
//! included, in processor time of all their threads: it depends least on what else the machine does.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what goes wrong, and prints its figures"
)]

#[expect(dead_code, reason = "the other benchmark uses the rest")]
mod line;
mod processor;
#[expect(dead_code, reason = "the other benchmark uses the rest")]
mod service;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use line::{Phone, Sender};
use service::Process;

/// How many pushes are measured, after how many to warm up.
const PUSHES: usize = 4000;
const WARM_UP: usize = 500;

/// A push's encrypted body, in bytes.
const BODY: usize = 120;

fn main() {
    if service::is_floor() {
        return relay();
    }
    // `cargo test --benches` only wants to know that it builds and runs.
    let (pushes, warm_up) = if std::env::args().any(|argument| argument == "--bench") {
        (PUSHES, WARM_UP)
    } else {
        (5, 1)
    };
    println!("{pushes} pushes each, times in µs, p50 (p99)\n");
    println!(
        "{:<28} {:>16} {:>16} {:>8} {:>10}",
        "post → frame", "handset", "floor", "ratio", "CPU"
    );
    for (name, own, other) in [
        ("all on one processor", "0", Some(0)),
        ("services on another", "0", Some(1)),
        ("wherever the system likes", "0-1023", None),
    ] {
        if !processor::pin(own) {
            println!("{name:<28} (left out: taskset cannot do it)");
            continue;
        }
        let Measured { ours, bare, cpu } = measure(other, pushes, warm_up);
        let ratio = median(&ours).as_secs_f64() / median(&bare).as_secs_f64();
        let cpu = cpu.map_or_else(|| "-".to_owned(), |cpu| format!("{:.1}", cpu * 1e6));
        println!(
            "{name:<28} {:>16} {:>16} {ratio:>8.2} {cpu:>10}",
            shown(&ours),
            shown(&bare)
        );
    }
}

/// What was measured, each sorted.
struct Measured {
    ours: Vec<Duration>,
    bare: Vec<Duration>,
    /// The services' processor time for each push, in seconds, where the system says.
    cpu: Option<f64>,
}

/// Sends pushes one after another, each followed by one of the floor's rounds.
fn measure(cpu: Option<usize>, pushes: usize, warm_up: usize) -> Measured {
    let home = tempfile::tempdir().unwrap();
    let services = Process::services(home.path(), cpu);
    let mut phone = Phone::connect(services.address);
    let path = phone.register();
    let mut sender = Sender::connect(services.address, &path, &[7; BODY]);
    // Once before, to know the sizes.
    let (_, frame) = push(&mut sender, &mut phone);
    let mut floor = Floor::start(Process::floor(cpu), sender.sizes(), frame);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..warm_up {
        push(&mut sender, &mut phone);
        floor.round();
    }
    let before = services.processor_time();
    for _ in 0..pushes {
        let (took, _) = push(&mut sender, &mut phone);
        ours.push(took);
        bare.push(floor.round());
    }
    let spent = services.processor_time().zip(before);
    let spent = spent.map(|(after, before)| Duration::from_nanos(after - before));
    let cpu = spent.map(|spent| spent.as_secs_f64() / ours.len() as f64);
    ours.sort();
    bare.sort();
    Measured { ours, bare, cpu }
}

/// One push to its end; says how long its frame took, and its size.
fn push(sender: &mut Sender, phone: &mut Phone) -> (Duration, usize) {
    let begun = Instant::now();
    sender.send();
    let frame = phone.frame();
    let took = begun.elapsed();
    let length = frame.len();
    let frame: serde_json::Value = serde_json::from_slice(frame).unwrap();
    phone.acknowledge(frame["version"].as_str().unwrap());
    sender.answered();
    (took, length)
}

/// The sender's and the phone's end of the bare relay.
struct Floor {
    sender: TcpStream,
    phone: TcpStream,
    request: Vec<u8>,
    frame: Vec<u8>,
    answer: Vec<u8>,
    _relay: Process,
}

impl Floor {
    fn start(relay: Process, (request, answer): (usize, usize), frame: usize) -> Self {
        let connect = || {
            let stream = TcpStream::connect(relay.address).unwrap();
            stream.set_nodelay(true).unwrap();
            stream
        };
        let (mut sender, phone) = (connect(), connect());
        for size in [request, frame, answer] {
            let size = u32::try_from(size).unwrap();
            sender.write_all(&size.to_be_bytes()).unwrap();
        }
        Self {
            sender,
            phone,
            request: vec![7; request],
            frame: vec![0; frame],
            answer: vec![0; answer],
            _relay: relay,
        }
    }

    fn round(&mut self) -> Duration {
        let begun = Instant::now();
        self.sender.write_all(&self.request).unwrap();
        self.phone.read_exact(&mut self.frame).unwrap();
        let took = begun.elapsed();
        self.sender.read_exact(&mut self.answer).unwrap();
        took
    }
}

/// The relay: reads from the sender, writes to the phone, answers the sender.
fn relay() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    let accept = || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    };
    let (mut sender, mut phone) = (accept(), accept());
    let mut size = || {
        let mut bytes = [0; 4];
        sender.read_exact(&mut bytes).unwrap();
        vec![7; usize::try_from(u32::from_be_bytes(bytes)).unwrap()]
    };
    let (mut request, frame, answer) = (size(), size(), size());
    while sender.read_exact(&mut request).is_ok() {
        phone.write_all(&frame).unwrap();
        sender.write_all(&answer).unwrap();
    }
}

fn median(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

fn shown(sorted: &[Duration]) -> String {
    let micros = |at: usize| sorted[at].as_nanos() / 100;
    let p99 = micros(sorted.len() * 99 / 100);
    let p50 = micros(sorted.len() / 2);
    format!("{}.{} ({})", p50 / 10, p50 % 10, p99 / 10)
}
