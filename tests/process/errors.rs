//! `handset errors`: what it lists is what the running services answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::world::World;

fn listed(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn without_services_handles_are_tokens_and_paths() {
    let world = World::new();
    let ended = world.run(&["errors"]).with_code(0);
    for text in [
        "QUOTA_EXCEEDED",
        "channelthrottled",
        "TooManyRequests",
        "503-201",
        "1 s",
    ] {
        assert!(ended.out.contains(text), "{text}: {}", ended.out);
    }
    assert!(
        ended.out.contains(" /w/?token=error-410\n"),
        "{}",
        ended.out
    );
    let all = listed(&world.run(&["errors", "--json"]).with_code(0).out);
    let apns = listed(
        &world
            .run(&["errors", "--json", "--platform", "apns"])
            .with_code(0)
            .out,
    );
    assert!(
        apns.iter()
            .all(|one| one["platform"] == "apns" && one["handle"].as_str().unwrap().len() == 64)
    );
    assert!(
        (apns.len() + 20..all.len()).contains(&(apns.len() + 20)),
        "{}",
        all.len()
    );
    world.run(&["errors", "--platform", "psychic"]).with_code(2);
}

#[test]
fn with_services_a_listed_url_answers_what_is_listed() {
    let world = World::new();
    let _served = world.serve(&["--ephemeral", "--throttle", "240/1m"]);
    let listed = listed(
        &world
            .run(&["errors", "--json", "--platform", "webpush"])
            .with_code(0)
            .out,
    );
    for one in &listed {
        let handle = one["handle"].as_str().unwrap();
        let rest = handle.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nTTL: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let line = format!("HTTP/1.1 {} ", one["status"]);
        assert!(answer.starts_with(&line), "{handle}: {answer}");
        if let Some(seconds) = one.get("retry_after") {
            assert!(
                answer.contains(&format!("retry-after: {seconds}\r\n")),
                "{answer}"
            );
        }
    }
    world.run(&["serve", "--throttle", "fast"]).with_code(2);
}
