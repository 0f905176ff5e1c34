//! Pipes that close early, fill slowly, or hold the wrong thing.

use std::time::Duration;

use rustix::process::Signal;

use crate::child::Running;
use crate::world::{HANDSET, World};

#[test]
fn nobody_reads() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    for command in [
        "toasts",
        "status",
        "--json status",
        "--help",
        "completions bash",
        "doctor",
        "demo --json",
    ] {
        let mut shell = world.program("bash");
        let script = format!("'{HANDSET}' {command} | head -n 0; echo ${{PIPESTATUS[0]}}");
        shell.args(["-c", &script]);
        let ended = Running::start(&mut shell).ended().with_code(0);
        let code: i32 = ended.out.trim().parse().unwrap();
        // 141 is what the shell says of a program that SIGPIPE ended.
        assert!([0, 1, 141].contains(&code), "{command}: {ended:#?}");
        assert!(!ended.err.contains("Broken pipe"), "{command}: {ended:#?}");
    }
}

#[test]
fn a_phone_ends_when_its_reader_does() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    world.login("sender", "bob", &served.backend);
    let mut phone = world.phone("phone");
    phone.stop_reading();
    world.send("sender", "alice", "nobody sees this line");
    phone.ended_within(Duration::from_secs(5)).with_code(0);
    assert!(!world.device("phone").join("control.json").exists());
}

#[test]
fn a_password_may_come_slowly_and_its_line_is_enough() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let arguments = [
        "login",
        "--vault",
        "file",
        "--backend",
        &served.backend,
        "--user",
        "alice",
        "--password-stdin",
    ];
    let mut login = world.start(&arguments);
    login.type_in(b"ali");
    assert!(login.is_running());
    // Who holds the pipe open, such as a terminal multiplexer, need not close it.
    let mut stdin = login.take_stdin();
    std::io::Write::write_all(&mut stdin, b"ce\nnot the password").unwrap();
    login.ended().with_code(0);
    drop(stdin);
}

#[test]
fn what_is_no_password_is_refused() {
    let world = World::new();
    let arguments = [
        "login",
        "--vault",
        "file",
        "--backend",
        "http://127.0.0.1:1",
        "--user",
        "alice",
        "--password-stdin",
    ];
    let megabyte = vec![b'x'; 1024 * 1024];
    for (input, says) in [
        (&b""[..], "holds no password"),
        (b"\n\nalice\n", "holds no password"),
        (b"\xff\xfe\x00\x80", "is not UTF-8"),
        (&megabyte, "longer than"),
    ] {
        let ended = world.run_with(&arguments, input).with_code(2);
        assert!(ended.only_error().contains(says), "{ended:#?}");
    }
    let token = [
        "login",
        "--vault",
        "file",
        "--backend",
        "http://127.0.0.1:1",
        "--user",
        "alice",
        "--token-stdin",
    ];
    let ended = world.run_with(&token, b"two words\n");
    assert!([Some(1), Some(2)].contains(&ended.code), "{ended:#?}");
    assert!(!ended.error().contains("two words"), "{ended:#?}");
}

#[test]
fn an_interrupt_ends_the_wait_for_a_password() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    for command in [
        &["run", "--toast", "none"][..],
        &["login", "--vault", "file"],
    ] {
        let more = [
            "--backend",
            &served.backend,
            "--user",
            "alice",
            "--password-stdin",
        ];
        let mut waiting = world.start(&[command, &more].concat());
        waiting.type_in(b"ali");
        for signal in [Signal::TERM, Signal::INT] {
            waiting.signal(signal);
        }
        let ended = waiting.ended_within(Duration::from_secs(2));
        assert_ne!(ended.code, Some(0), "{ended:#?}");
    }
}
