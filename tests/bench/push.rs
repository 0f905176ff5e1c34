//! How fast a secure push becomes a toast: `cargo bench --bench push`.
//!
//! Absolute times are the machine's. What counts is the ratio to a floor that is measured in the
//! same run, interleaved: the bare work that nobody can leave out, which is four exchanges over
//! loopback TCP (send, post to the push service, delivery, fetch) and, where the phone and the
//! services keep what they know on disk, three synced appends (payload, push, inbox entry).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what goes wrong, and prints its figures"
)]

mod floor;

use std::time::{Duration, Instant};

use handset::emulator::{DataLocation, ServicesOptions};
use handset::lab::{Lab, LabOptions};

/// How many pushes are measured, after how many to warm up.
const PUSHES: usize = 400;
const WARM_UP: usize = 50;

/// How long one toast may take.
const LIMIT: Duration = Duration::from_secs(10);

fn main() {
    // `cargo test --benches` only wants to know that it builds and runs.
    let pushes = if std::env::args().any(|argument| argument == "--bench") {
        PUSHES
    } else {
        5
    };
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{pushes} pushes each, times in µs, p50 (p99)\n");
    println!(
        "{:<28} {:>16} {:>16} {:>8}",
        "send → toast", "handset", "floor", "ratio"
    );
    let kept = DataLocation::Directory(folder.path().join("services"));
    for (name, data, syncs) in [
        ("everything on disk", kept, 3),
        ("services in memory", DataLocation::Ephemeral, 1),
    ] {
        let mut floor = floor::Floor::start(folder.path(), syncs);
        let (ours, bare) = runtime.block_on(measure(data, &mut floor, pushes));
        let ratio = median(&ours).as_secs_f64() / median(&bare).as_secs_f64();
        println!(
            "{name:<28} {:>16} {:>16} {ratio:>8.2}",
            shown(&ours),
            shown(&bare)
        );
    }
}

/// Sends pushes one after another, each followed by one of the floor's rounds.
async fn measure(
    data: DataLocation,
    floor: &mut floor::Floor,
    pushes: usize,
) -> (Vec<Duration>, Vec<Duration>) {
    let services = ServicesOptions {
        http: ([127, 0, 0, 1], 0).into(),
        data,
        ..ServicesOptions::default()
    };
    let lab = Lab::with(LabOptions {
        services,
        ..LabOptions::default()
    })
    .await
    .unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP.min(pushes) + pushes {
        let begun = Instant::now();
        lab.backend()
            .send_secure("alice", &format!("push {round}"))
            .await
            .unwrap();
        let toast = phone.next_toast(LIMIT).await.unwrap();
        let took = begun.elapsed();
        assert_eq!(toast.body, format!("push {round}"));
        let floor_took = floor.round();
        if round >= WARM_UP.min(pushes) {
            ours.push(took);
            bare.push(floor_took);
        }
    }
    lab.finish().await.unwrap();
    ours.sort();
    bare.sort();
    (ours, bare)
}

fn median(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

fn shown(sorted: &[Duration]) -> String {
    let p99 = sorted[sorted.len() * 99 / 100];
    format!("{} ({})", median(sorted).as_micros(), p99.as_micros())
}
