//! How long the way of a push takes.

use std::time::Instant;

use handset::lab::Lab;

use crate::support::LIMIT;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures and prints: run with --no-capture"]
#[expect(clippy::print_stderr, reason = "the figures are what this is for")]
async fn from_send_to_toast() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let mut times = Vec::new();
    for number in 0..200 {
        let text = format!("push {number}");
        let begun = Instant::now();
        lab.backend().send_secure("alice", &text).await.unwrap();
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, text);
        times.push(begun.elapsed());
    }
    times.sort();
    eprintln!(
        "from send to toast: median {:?}, p99 {:?}, most {:?}",
        times[100], times[197], times[199]
    );
    lab.finish().await.unwrap();
}
