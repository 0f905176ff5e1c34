//! How long the hub takes to find whom a tag expression means: `cargo bench --bench hub`.
//!
//! The same expressions, with as many matches, are resolved in a hub of 100,000 registrations and in
//! one of 1,000, interleaved. What counts is the ratio of the medians: it is near one where the time
//! goes with the matches, and near a hundred where it goes with the size of the hub, as it must for
//! the last expression, which leads to no tag at all.
//!
//! All of it runs on one processor. The registrations come in by the app backend's own interface. One more figure is how long that
//! takes for each of them, which grows only with the depth of the database's trees.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what goes wrong, and prints its figures"
)]

mod processor;

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use handset::emulator::{Services, ServicesOptions};
use handset::model::Platform;
use reqwest::Client;
use serde_json::json;

/// How many registrations there are in each hub.
const MANY: usize = 100_000;
const FEW: usize = 1000;

/// How often each expression is resolved, after how often to warm up.
const ROUNDS: usize = 300;
const WARM_UP: usize = 20;

/// The most registrations that one user may have.
const PER_USER: usize = 1000;

/// How many registrations are made at once.
const AT_ONCE: usize = 16;

/// The expressions, with how many registrations they mean in either hub.
const EXPRESSIONS: [(&str, usize); 8] = [
    ("nobody", 0),
    ("m1", 1),
    ("m10", 10),
    ("m100", 100),
    ("m1000", 1000),
    ("all && m10", 10),
    ("m1 || m10 || m100", 100),
    ("all && (m1 || m100) && !m10", 90),
];

/// What has no tag that leads to it.
const NEGATION: &str = "!m1000";

fn main() {
    // `cargo test --benches` only wants to know that it builds and runs.
    let in_earnest = std::env::args().any(|argument| argument == "--bench");
    let (many, few, rounds) = if in_earnest {
        (MANY, FEW, ROUNDS)
    } else {
        (2 * FEW, FEW, 3)
    };
    // On one processor, so that it makes no difference which of them the database's thread is on.
    if !processor::pin("0") {
        println!("taskset cannot pin this to one processor: the ratios are less steady");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (large, large_took) = hub(many).await;
        let (small, small_took) = hub(few).await;
        println!(
            "made in {} µs each, and {} µs each in a hub of {few}\n",
            large_took.as_micros(),
            small_took.as_micros()
        );
        println!("{rounds} resolutions each, times in µs, p50 (p99)\n");
        println!(
            "{:<28} {:>8} {:>16} {:>16} {:>8}",
            "expression",
            "matches",
            format!("of {many}"),
            format!("of {few}"),
            "ratio"
        );
        for (expression, matches) in EXPRESSIONS {
            let meant = [matches, matches];
            row(&large, &small, expression, meant, rounds).await;
        }
        let meant = [many - FEW, few - FEW];
        row(&large, &small, NEGATION, meant, rounds.min(30)).await;
        large.shutdown().await;
        small.shutdown().await;
    });
}

async fn row(
    large: &Services,
    small: &Services,
    expression: &str,
    meant: [usize; 2],
    rounds: usize,
) {
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP.min(rounds) + rounds {
        for (hub, meant, times) in [(large, meant[0], &mut ours), (small, meant[1], &mut floor)] {
            let begun = Instant::now();
            let reached = hub.reached_by(Platform::Wns, expression).await.unwrap();
            let took = begun.elapsed();
            assert_eq!(reached, meant, "{expression}");
            if round >= WARM_UP.min(rounds) {
                times.push(took);
            }
        }
    }
    ours.sort();
    floor.sort();
    let ratio = median(&ours).as_secs_f64() / median(&floor).as_secs_f64();
    println!(
        "{expression:<28} {:>8} {:>16} {:>16} {ratio:>8.2}",
        meant[0],
        shown(&ours),
        shown(&floor)
    );
}

/// A hub with so many registrations, and how long each of them took. Registration 0 has every tag.
async fn hub(registrations: usize) -> (Services, Duration) {
    let services = Services::start(ServicesOptions {
        http: ([127, 0, 0, 1], 0).into(),
        ..ServicesOptions::default()
    })
    .await
    .unwrap();
    let client = Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let begun = Instant::now();
    stream::iter(0..registrations)
        .for_each_concurrent(AT_ONCE, |number| register(&client, &services, number))
        .await;
    let count = u32::try_from(registrations).unwrap();
    (services, begun.elapsed() / count)
}

async fn register(client: &Client, services: &Services, number: usize) {
    let user = format!("user{}", number / PER_USER);
    let url = |path: &str| services.http_url().join(path).unwrap();
    let create = client
        .post(url("api/register"))
        .basic_auth(&user, Some(&user));
    let id: String = create.send().await.unwrap().json().await.unwrap();
    let mut tags = vec!["all".to_owned()];
    for matches in [1, 10, 100, 1000] {
        if number < matches {
            tags.push(format!("m{matches}"));
        }
    }
    let handle = format!("http://127.0.0.1:1/w/?token=benchmark-{number}");
    let body = json!({"Platform": "wns", "Handle": handle, "Tags": tags});
    let put = client
        .put(url(&format!("api/register/{id}")))
        .basic_auth(&user, Some(&user));
    let answer = put.body(body.to_string()).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

fn median(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

fn shown(sorted: &[Duration]) -> String {
    let p99 = sorted[sorted.len() * 99 / 100];
    format!("{} ({})", median(sorted).as_micros(), p99.as_micros())
}
