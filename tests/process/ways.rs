//! The listeners of `serve`, and the certificates that it leaves for senders.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use crate::child::Running;
use crate::world::World;

fn serve_file(world: &World) -> Value {
    serde_json::from_slice(&fs::read(world.home().join("serve.json")).unwrap()).unwrap()
}

#[test]
fn every_way_in_is_told_and_the_authority_is_kept() {
    let world = World::new();
    let mut authorities = Vec::new();
    for _ in 0..2 {
        let mut arguments = vec!["serve", "--json", "--http", "127.0.0.1:0"];
        arguments.extend(["--public-host", "phone.example", "--real-handles"]);
        let mut running = world.start(&arguments);
        let urls = running.event("services.ready")["urls"].clone();
        let file = serve_file(&world);
        for (way, scheme) in [
            ("https", "https://127.0.0.1:"),
            ("proxy", "http://127.0.0.1:"),
        ] {
            assert!(urls[way].as_str().unwrap().starts_with(scheme), "{urls}");
            assert_eq!(file[way], urls[way]);
        }
        let path = Path::new(file["ca"].as_str().unwrap());
        assert_eq!(path, world.home().join("tls").join("ca.pem"));
        authorities.push(fs::read_to_string(path).unwrap());
        running.signal(Signal::TERM);
        running.ended();
    }
    assert!(authorities[0].starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(authorities[0], authorities[1]);
}

#[test]
fn a_way_in_that_is_off_is_left_out() {
    let world = World::new();
    let served = world.serve(&["--ephemeral", "--https", "off", "--proxy", "off"]);
    let file = serve_file(&world);
    for way in ["https", "proxy", "ca"] {
        assert_eq!(file[way], Value::Null, "{file}");
    }
    assert!(!world.home().join("tls").exists());
    drop(served);
}

#[test]
fn a_way_in_that_makes_no_sense_is_refused_with_the_remedy() {
    let world = World::new();
    let free = ["serve", "--http", "127.0.0.1:0"];
    for (more, said) in [
        (&["--https", "0.0.0.0:0"][..], "--strict-credentials"),
        (&["--proxy", "0.0.0.0:0", "--strict-credentials"], "--users"),
        (&["--https", "on"], "off"),
        (&["--proxy", "off", "--proxy-pass"], "leave out --proxy off"),
        (&["--public-host", "http://x"], "name or address"),
    ] {
        let ended = world.run(&[&free[..], more].concat()).with_code(2);
        assert!(ended.err.contains(said), "{more:?}: {}", ended.err);
    }
    assert!(!world.home().join("serve.json").exists());
}

#[test]
fn a_second_serve_does_not_take_the_senders_of_the_first() {
    let world = World::new();
    let second = ["serve", "--ephemeral", "--http", "127.0.0.1:0"];
    let mut first = world.start(&[&second[..], &["--json"]].concat());
    first.event("services.ready");
    let authority = world.home().join("tls").join("ca.pem");
    let before = (serve_file(&world), fs::read(&authority).unwrap());
    let refused = world.run(&second).with_code(1);
    let said = refused.only_error();
    assert!(said.contains("--home"), "{said}");
    assert!(said.contains(world.home().to_str().unwrap()), "{said}");
    assert_eq!((serve_file(&world), fs::read(&authority).unwrap()), before);
    world.run(&["env"]).with_code(0);

    // A lock goes with its process, however that ends.
    first.killed();
    let mut third = world.start(&[&second[..], &["--json"]].concat());
    third.event("services.ready");
    assert_ne!(serve_file(&world), before.0);
}

#[cfg(target_os = "linux")]
#[test]
fn silent_connections_do_not_use_up_the_files_of_a_shell() {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Duration;

    let world = World::new();
    let handset = world.command(&["--json", "serve", "--ephemeral", "--http", "127.0.0.1:0"]);
    let mut limited = world.program("sh");
    limited.args(["-c", "ulimit -S -n 64; exec \"$@\"", "sh"]);
    limited.arg(handset.get_program()).args(handset.get_args());
    let mut running = Running::start(&mut limited);
    let urls = running.event("services.ready")["urls"].clone();
    let address = |way: &str| {
        let url = urls[way].as_str().unwrap();
        let (_, rest) = url.split_once("//").unwrap();
        rest.trim_end_matches('/').to_owned()
    };
    let proxy = address("proxy");
    let silent: Vec<_> = (0..100)
        .map(|_| TcpStream::connect(&proxy).unwrap())
        .collect();
    let mut other = TcpStream::connect(address("http")).unwrap();
    other
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    other.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    other.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.0 200");
    drop(silent);
}
