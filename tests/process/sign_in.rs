//! Signing in, and what is refused: each refusal has its exit code and its remedy.

use std::net::TcpListener;

use crate::world::World;

const LOGIN: [&str; 4] = ["login", "--user", "alice", "--password-stdin"];

fn login<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&LOGIN[..], more].concat()
}

#[test]
fn without_a_keyring_the_file_is_offered_and_not_taken() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let refused = world
        .run_with(&login(&["--backend", &served.backend]), b"alice")
        .with_code(6);
    let said = refused.only_error();
    assert_eq!(said.matches("--vault file").count(), 1, "{said}");
    assert!(said.contains("no D-Bus session bus"), "{said}");
    assert!(!world.device("phone").join("vault.json").exists());
    assert_eq!(world.status("phone")["user"], serde_json::Value::Null);

    // The choice is remembered, and may come from the environment.
    let world = world.with("HANDSET_VAULT", "file");
    world
        .run_with(&login(&["--backend", &served.backend]), b"alice")
        .with_code(0);
}

#[test]
fn a_wrong_password_is_a_matter_of_sign_in() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    for scheme in ["basic", "bearer"] {
        let arguments = login(&[
            "--vault",
            "file",
            "--auth",
            scheme,
            "--backend",
            &served.backend,
        ]);
        let refused = world.run_with(&arguments, b"mallory").with_code(4);
        let said = refused.only_error();
        assert!(said.contains("alice could not sign in"), "{said}");
        assert!(!said.contains("mallory"), "{said}");
    }
}

#[test]
fn a_backend_that_is_not_there_is_unreachable() {
    let world = World::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let refused = world
        .run_with(
            &login(&["--vault", "file", "--backend", &address]),
            b"alice",
        )
        .with_code(5);
    assert!(
        refused.only_error().contains("the connection was refused"),
        "{refused:#?}"
    );

    let unknown = ["--vault", "file", "--backend", "https://backend.invalid"];
    let refused = world.run_with(&login(&unknown), b"alice").with_code(5);
    assert!(
        refused.only_error().contains("backend.invalid is unknown"),
        "{refused:#?}"
    );
}

#[test]
fn nobody_signed_in_means_exit_code_4() {
    let world = World::new();
    for arguments in [
        &["run", "--toast", "none"][..],
        &["send", "hello"],
        &["register"],
        &["unregister"],
        &["logout"],
    ] {
        let ended = world.run(arguments).with_code(4);
        assert!(
            ended.only_error().contains("handset login --backend URL"),
            "{ended:#?}"
        );
    }
    let json = world.run(&["--json", "send", "hello"]).with_code(4).json();
    assert_eq!(
        (json["ok"].as_bool(), json["error"]["exit"].as_u64()),
        (Some(false), Some(4))
    );
}

#[test]
fn wrong_usage_is_exit_code_2_and_touches_nothing() {
    let world = World::new();
    for (arguments, said) in [
        (&["frobnicate"][..], "frobnicate"),
        (&["login", "--user", "alice"], "--backend"),
        (&["login", "--backend", "http://127.0.0.1:1"], "--user"),
        (
            &["login", "--backend", "ftp://127.0.0.1:1", "--user", "a"],
            "http://",
        ),
        (
            &[
                "login",
                "--backend",
                "http://backend.example",
                "--user",
                "a",
                "--password-stdin",
            ],
            "--allow-http",
        ),
        (
            &[
                "login",
                "--backend",
                "http://127.0.0.1:1",
                "--user",
                "al ice",
            ],
            "user name",
        ),
        (
            &["login", "--backend", "http://127.0.0.1:1", "--user", "a"],
            "--password-stdin",
        ),
        (
            &["login", "--password-stdin", "--token-stdin"],
            "cannot be used with",
        ),
        (&["--device", "../x", "status"], "device name"),
        (&["register", "--tag", "username:bob"], "only the backend"),
        (&["register", "--push", "ftp://127.0.0.1"], "ws://"),
        (&["run", "--user", "alice"], "--password-stdin"),
        (&["serve", "--http", "nowhere"], "nowhere"),
        (&["serve", "--http", "0.0.0.0:0"], "loopback"),
        (&["serve", "--token-ttl", "tomorrow"], "15m"),
        (&["serve", "--users", "/no/such/file"], "/no/such/file"),
        (&["demo", "--toast", "moon"], "moon"),
    ] {
        let ended = world.run_with(arguments, b"password").with_code(2);
        assert!(
            ended.err.contains(said),
            "{arguments:?} does not mention {said}: {}",
            ended.err
        );
        ended.error();
        assert_eq!(ended.out, "");
    }
    assert!(!world.folder().join("x").exists());
}

#[test]
fn a_taken_port_is_named() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = world
        .run(&["serve", "--ephemeral", "--http", &address])
        .with_code(1);
    let said = refused.only_error();
    assert!(said.contains(&address) && said.contains("--http"), "{said}");
    assert!(!world.home().join("serve.json").exists());
    for flag in ["--https", "--proxy"] {
        let arguments = [
            "serve",
            "--ephemeral",
            "--http",
            "127.0.0.1:0",
            flag,
            &address,
        ];
        let refused = world.run(&arguments).with_code(1);
        let said = refused.only_error();
        let remedy = format!("{flag} off");
        assert!(said.contains(&address) && said.contains(&remedy), "{said}");
    }
}

#[test]
fn a_password_that_is_kept_in_memory_alone_is_enough_for_a_phone() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let arguments = [
        "--json",
        "run",
        "--toast",
        "none",
        "--backend",
        &served.backend,
        "--user",
        "alice",
        "--password-stdin",
    ];
    let mut phone = world.start(&arguments);
    phone.type_in(b"alice\n");
    phone.event("phone.ready");
    assert_eq!(world.status("phone")["vault"], "memory");
    assert!(!world.device("phone").join("vault.json").exists());

    let mut wrong = world.start(&[&["--device", "other"], &arguments[..]].concat());
    wrong.type_in(b"nonsense\n");
    wrong.ended().with_code(4);
}

#[test]
fn the_next_sign_in_goes_where_the_last_one_went() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let again = ["--json", "login", "--password-stdin"];
    let signed_in = world.run_with(&again, b"alice").with_code(0).json();
    assert_eq!(signed_in["user"], "alice");
    assert_eq!(signed_in["backend"], served.backend);
    assert_eq!(signed_in["vault"], "file");
    let _phone = world.phone("phone");
    world.run_with(&again, b"alice").with_code(0);
}
