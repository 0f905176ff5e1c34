//! Parts of the services alone, and an app backend that sends through a hub elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::child::Running;
use crate::world::{Served, World, eventually};

/// A world whose `serve` is the hub and the push services, and what leads there.
struct Elsewhere {
    _world: World,
    _served: Running,
    push: String,
    connection_string: String,
    name: String,
    ca: PathBuf,
}

impl Elsewhere {
    fn start() -> Self {
        let world = World::new();
        let arguments = ["serve", "--json", "--ephemeral", "--http", "127.0.0.1:0"];
        let mut served = world.start(&[&arguments[..], &["--only", "hub,push"]].concat());
        let ready = served.event("services.ready");
        assert_eq!(ready["urls"].get("backend"), None, "{ready}");
        let variables = world.run(&["--json", "env"]).with_code(0).json();
        let text = |name: &str| variables[name].as_str().unwrap().to_owned();
        Self {
            push: ready["urls"]["push"].as_str().unwrap().to_owned(),
            connection_string: text("HANDSET_HUB_CONNECTION_STRING"),
            name: text("HANDSET_HUB"),
            ca: text("HANDSET_CA").into(),
            _world: world,
            _served: served,
        }
    }

    /// The key in the connection string, which nothing may show.
    fn key(&self) -> &str {
        let (_, key) = self
            .connection_string
            .split_once("SharedAccessKey=")
            .unwrap();
        key.split(';').next().unwrap()
    }

    /// The file with the connection string, in `world`.
    fn file(&self, world: &World) -> String {
        let path = world.folder().join("hub.txt");
        fs::write(&path, format!("# the hub\n{}\n", self.connection_string)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The options of an app backend alone that sends through this hub.
    fn options(&self, world: &World) -> [String; 8] {
        let file = self.file(world);
        let ca = self.ca.to_str().unwrap();
        let name = self.name.as_str();
        let parts = ["--only", "backend"];
        let hub = ["--hub", &file, "--hub-ca", ca, "--hub-name", name];
        let all = [&parts[..], &hub].concat();
        std::array::from_fn(|place| all[place].to_owned())
    }

    fn backend(&self, world: &World, more: &[&str]) -> Served {
        let options = self.options(world);
        let options = options.each_ref().map(String::as_str);
        world.serve(&[&options[..], more].concat())
    }
}

/// Signs `user` in on `device`, whose channel is opened elsewhere.
fn login(world: &World, served: &Served, device: &str, user: &str, push: &str) {
    let arguments = ["--device", device, "--json", "login", "--vault", "file"];
    let there = ["--backend", &served.backend, "--push", push];
    let who = ["--user", user, "--password-stdin"];
    let all = [&arguments[..], &there, &who].concat();
    world.run_with(&all, user.as_bytes()).with_code(0);
}

fn send(world: &World, from: &str, to: &str, text: &str) -> Value {
    let arguments = ["--device", from, "--json", "send", "--to", to, text];
    world.run(&arguments).with_code(0).json()
}

#[test]
fn a_backend_alone_sends_through_a_hub_elsewhere_and_shows_its_key_nowhere() {
    let elsewhere = Elsewhere::start();
    let world = World::new();
    let served = elsewhere.backend(&world, &["-vvv"]);
    login(&world, &served, "hers", "alice", &elsewhere.push);
    login(&world, &served, "his", "bob", &elsewhere.push);
    let hers = world.phone("hers");
    let his = world.phone("his");
    let sent = send(&world, "his", "alice", "for alice");
    let outcomes = sent["deliveries"].as_array().unwrap();
    assert_eq!(outcomes.len(), 4, "one a platform: {sent}");
    for delivery in outcomes {
        assert_eq!(delivery["outcome"], "enqueued", "{sent}");
        assert!(delivery["message"].is_string(), "{sent}");
    }
    eventually("the toast", || world.toasts("hers") == ["for alice"]);
    // The phone becomes bob's: what is alice's goes to nobody.
    hers.signal(Signal::TERM);
    hers.ended();
    login(&world, &served, "hers", "bob", &elsewhere.push);
    let hers = world.phone("hers");
    send(&world, "his", "alice", "hers alone");
    send(&world, "his", "bob", "for bob");
    let of_bob = || world.toasts("his") == ["for bob"];
    eventually("bob's toast", of_bob);
    let both = || world.toasts("hers").contains(&"for bob".to_owned());
    eventually("bob's other toast", both);
    assert!(!world.toasts("hers").contains(&"hers alone".to_owned()));
    drop((hers, his));
    served.running.signal(Signal::TERM);
    let ended = served.running.ended().with_code(0);
    for text in [&ended.out, &ended.err] {
        assert!(!text.contains(elsewhere.key()), "the key is shown");
    }
    let ready: Value = serde_json::from_str(ended.out.lines().next().unwrap()).unwrap();
    for name in ["push", "webpush", "wns_token", "fcm", "apns", "hub"] {
        assert_eq!(ready["urls"].get(name), None, "{ready}");
    }
}

#[test]
fn the_probe_of_a_backend_alone_is_told_its_push_service() {
    let elsewhere = Elsewhere::start();
    let world = World::new();
    let served = elsewhere.backend(&world, &["--ephemeral"]);
    let file = world.folder().join("hub.txt");
    assert_ne!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    let tested = ["--json", "test", "push", "--push", &elsewhere.push];
    let rows = world.run(&tested).with_code(0).json_lines();
    assert_eq!(rows.last().unwrap()["check"], "toast");
    let channel = rows.iter().find(|row| row["check"] == "channel").unwrap();
    assert_eq!(channel["target"], elsewhere.push.as_str());
    served.running.signal(Signal::TERM);
    let warned = served.running.ended().with_code(0).err;
    assert!(warned.contains("chmod 600"), "{warned}");
}

#[test]
fn a_hub_that_cannot_be_used_is_told_at_the_start_and_to_each_sender() {
    let elsewhere = Elsewhere::start();
    let (name, ca) = (elsewhere.name.as_str(), elsewhere.ca.to_str().unwrap());
    let good = &elsewhere.connection_string;
    let other_key = good.replace(elsewhere.key(), "b3RoZXIta2V5LW9mLXRoaXMtaHVi");
    let refused =
        "Endpoint=sb://127.0.0.1:9/;SharedAccessKeyName=a;SharedAccessKey=YQ==".to_owned();
    for (string, options, said, code) in [
        (
            &other_key,
            vec!["--hub-name", name, "--hub-ca", ca],
            "check key name and key",
            1,
        ),
        (
            good,
            vec!["--hub-name", "other", "--hub-ca", ca],
            "--hub-name",
            1,
        ),
        (good, vec!["--hub-name", name], "--hub-ca", 1),
        (&refused, vec!["--hub-name", name], "cannot be reached", 5),
    ] {
        let world = World::new().with("HANDSET_REMOTE_HUB", string);
        let served = world.serve(&[&["--only", "backend"][..], &options].concat());
        login(&world, &served, "phone", "alice", &elsewhere.push);
        let sent = world.run(&["send", "hello"]).with_code(code);
        assert!(sent.err.contains(said), "{said}: {}", sent.err);
        assert!(!sent.err.contains("handset login"), "{}", sent.err);
        served.running.signal(Signal::TERM);
        let ended = served.running.ended().with_code(0);
        assert!(ended.err.contains(said), "{said}: {}", ended.err);
        assert!(!ended.err.contains(elsewhere.key()), "{}", ended.err);
    }
}

#[test]
fn partners_are_the_business_of_the_hub_elsewhere() {
    let elsewhere = Elsewhere::start();
    let world = World::new();
    let served = elsewhere.backend(&world, &["--ephemeral"]);
    for arguments in [
        &["partner", "list"][..],
        &["partner", "add", "contoso.example"],
        &["partner", "block", "backend.handset.localhost"],
        &["partner", "block", "contoso.example", "--what-if"],
        &["partner", "federation", "off"],
    ] {
        let refused = world.run(arguments).with_code(1);
        let said = refused.only_error();
        for part in [&elsewhere.name, "which decides", "in its home (--home DIR)"] {
            assert!(said.contains(part), "{arguments:?}: {said}");
        }
    }
    let tested = world.run(&["--json", "test", "partner"]).with_code(1);
    let permission = tested.json_lines().pop().unwrap();
    assert_eq!(permission["check"], "permission");
    assert_eq!(permission["error"], "Not decided here");
    assert_eq!(permission["diagnosis"]["error_code"], "decided_elsewhere");
    // Its own switches count, so they are set here.
    world
        .run(&["push-config", "set", "--apple", "on"])
        .with_code(0);
    served.running.signal(Signal::TERM);
    served.running.ended().with_code(0);
    let options = elsewhere.options(&world);
    let options = options.each_ref().map(String::as_str);
    let served = ["serve", "--ephemeral", "--http", "127.0.0.1:0"];
    let mut people = world.start(&[&served[..], &options].concat());
    people.line_with("decided at the hub 127.0.0.1:");
}

#[test]
fn what_makes_no_sense_is_refused_with_the_remedy_and_without_the_key() {
    let world = World::new();
    let empty = world.folder().join("empty");
    fs::write(&empty, "\n# nothing\n").unwrap();
    let key = "dGhpcy1rZXktaXMtc2VjcmV0";
    let string = format!("Endpoint=sb://ns.example/;SharedAccessKeyName=a;SharedAccessKey={key}");
    let http = string.replace("sb://", "http://");
    for (options, said) in [
        (&["--only", "backend"][..], "--hub"),
        (&["--only", "hub"], "add push"),
        (&["--only", "push,backend"], "--hub"),
        (&["--only", "pager"], "backend"),
        (
            &["--only", "push", "--hub", &string, "--hub-name", "x"],
            "leave out --hub",
        ),
        (&["--only", "backend", "--hub", "/no/such"], "/no/such"),
        (&["--hub", empty.to_str().unwrap()], "it is empty"),
        (&["--hub", "/"], "it is not a file"),
        (&["--hub", &string], "--hub-name"),
        (&["--hub", &string, "--hub-name", "a/b"], "letters"),
        (&["--hub", &http, "--hub-name", "x"], "http"),
        (
            &["--hub", "Endpoint=sb://ns.example/", "--hub-name", "x"],
            "SharedAccessKey",
        ),
        (&["--hub-ca", "/no/such"], "--hub FILE"),
        (
            &[
                "--only",
                "backend",
                "--hub",
                &string,
                "--hub-name",
                "x",
                "--proxy",
                "127.0.0.1:0",
            ],
            "--proxy",
        ),
    ] {
        let serve = ["serve", "--ephemeral", "--http", "127.0.0.1:0"];
        let ended = world.run(&[&serve[..], options].concat()).with_code(2);
        assert!(ended.err.contains(said), "{options:?}: {}", ended.err);
        assert!(!ended.err.contains(key), "{}", ended.err);
    }
}

#[test]
fn a_key_on_the_command_line_is_warned_of() {
    let world = World::new();
    let string = "Endpoint=sb://127.0.0.1:9/;SharedAccessKeyName=a;SharedAccessKey=YQ==";
    let served = world.serve(&["--only", "backend", "--hub", string, "--hub-name", "x"]);
    served.running.signal(Signal::TERM);
    let ended = served.running.ended().with_code(0);
    assert!(
        ended.err.contains("put the connection string into a file"),
        "{}",
        ended.err
    );
}

#[test]
fn the_environment_of_the_push_services_alone_is_theirs() {
    let world = World::new();
    let mut served = world.start(&[
        "serve",
        "--json",
        "--ephemeral",
        "--http",
        "127.0.0.1:0",
        "--only",
        "push",
    ]);
    let ready = served.event("services.ready");
    assert_eq!(ready["urls"].get("backend"), None, "{ready}");
    let variables = world.run(&["--json", "env"]).with_code(0).json();
    assert!(variables["HANDSET_PUSH"].is_string() && variables["NODE_OPTIONS"].is_string());
    // A hub elsewhere in the environment is for a backend, and there is none.
    let other = World::new().with("HANDSET_REMOTE_HUB", "junk");
    let mut alone = other.start(&[
        "serve",
        "--json",
        "--ephemeral",
        "--http",
        "127.0.0.1:0",
        "--only",
        "push",
    ]);
    alone.event("services.ready");
    let file = fs::read(other.home().join("serve.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    assert!(file["push"].is_string());
    assert_eq!(file.get("hub").unwrap_or(&Value::Null), &json!(null));
}
