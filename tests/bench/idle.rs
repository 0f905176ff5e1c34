//! What an idle phone costs the services in memory: `cargo bench --bench idle`.
//!
//! The slope of the resident memory of `handset serve --ephemeral`, a process of its own, from 2,000
//! to 10,000 phones that said hello, registered, and are silent; their ends are in this process. The
//! floor is a process that does no more than hold a connection in a task with a buffer of 512 bytes.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what goes wrong, and prints its figures"
)]

#[expect(dead_code, reason = "the other benchmark uses the rest")]
mod line;
#[expect(dead_code, reason = "the other benchmark uses the rest")]
mod service;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use line::Phone;
use service::Process;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpSocket};

/// How many threads connect phones.
const AT_ONCE: usize = 16;

/// How many local addresses the phones come from, so that no address runs out of ports.
const ADDRESSES: usize = 8;

/// How long a process has to come to rest.
const REST: Duration = Duration::from_secs(2);

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if service::is_floor() {
        return runtime.block_on(hold());
    }
    // `cargo test --benches` only wants to know that it builds and runs.
    let (few, many) = if std::env::args().any(|argument| argument == "--bench") {
        (2_000, 10_000)
    } else {
        (10, 20)
    };
    let home = tempfile::tempdir().unwrap();
    let ours = slope(&Process::services(home.path(), None), few, many, |stream| {
        let mut phone = Phone::on(stream, "");
        phone.register();
        phone.into_stream()
    });
    let bare = slope(&Process::floor(None), few, many, |stream| stream);
    println!("resident memory of each phone from {few} to {many}, in KiB\n");
    println!("{:>10} {:>10} {:>8}", "handset", "floor", "ratio");
    println!("{ours:>10.1} {bare:>10.1} {:>8.1}", ours / bare);
}

/// What each phone beyond `few` costs `process`, in KiB.
fn slope(
    process: &Process,
    few: usize,
    many: usize,
    greet: impl Fn(TcpStream) -> TcpStream + Sync,
) -> f64 {
    let mut held = connect(process.address, 0..few, &greet);
    let before = at_rest(process);
    held.extend(connect(process.address, few..many, &greet));
    let after = at_rest(process);
    assert_eq!(held.len(), many);
    let grown = f64::from(u32::try_from(after.saturating_sub(before)).unwrap());
    grown / f64::from(u32::try_from(many - few).unwrap())
}

fn at_rest(process: &Process) -> u64 {
    std::thread::sleep(REST);
    process.resident()
}

fn connect(
    address: SocketAddr,
    numbers: std::ops::Range<usize>,
    greet: &(impl Fn(TcpStream) -> TcpStream + Sync),
) -> Vec<TcpStream> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|thread| {
                let numbers = numbers.clone().skip(thread).step_by(AT_ONCE);
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_io()
                        .build()
                        .unwrap();
                    numbers
                        .map(|number| greet(runtime.block_on(dial(address, number % ADDRESSES))))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap());
        joined.flatten().collect()
    })
}

/// A connection from one of the local addresses.
async fn dial(address: SocketAddr, from: usize) -> TcpStream {
    let last = u8::try_from(from + 1).unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind((Ipv4Addr::new(127, 0, 0, last), 0).into())
        .unwrap();
    let stream = socket.connect(address).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

/// The floor: a task and a small buffer for each connection.
async fn hold() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        tasks.spawn(async move {
            let mut buffer = vec![0; 512];
            while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        });
    }
}
