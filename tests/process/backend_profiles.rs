//! The phone against backends that are not handset's: a team's own and the tutorials' shapes, by a
//! server in another language that pushes by itself, through the push service of `handset serve`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::child::{Ended, Running};
use crate::node_preload::left_out;
use crate::world::{Served, World, eventually};

const PROFILE: &str = include_str!("../backends/team.toml");

/// A backend beside push services, and a machine with a phone.
struct Scene {
    world: World,
    served: Served,
    backend: Running,
    url: String,
}

impl Scene {
    /// None without Python, which is said aloud.
    fn start(shape: &str, more: &[&str]) -> Option<Self> {
        if !has_python() {
            left_out("Python 3.10 is not installed, which the other backends need");
            return None;
        }
        let world = World::new();
        let served = world.serve(&["--ephemeral"]);
        let token_url = format!("{}/accesstoken.srf", served.backend);
        let mut python = world.program("python3");
        let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/backends/server");
        python.arg("-B").arg(server);
        python.args(["--shape", shape, "--wns-token-url", &token_url]);
        let mut backend = Running::start(python.args(more));
        let ready = backend.event("backend.ready");
        let url = ready["url"].as_str().unwrap().to_owned();
        Some(Self {
            world,
            served,
            backend,
            url,
        })
    }

    /// The team's profile as a file of this machine, with some lines changed.
    fn profile(&self, changes: &[(&str, &str)]) -> PathBuf {
        let mut text = PROFILE.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let path = self.world.folder().join("mine.toml");
        fs::write(&path, text).unwrap();
        path
    }

    fn try_login(&self, password: &str, more: &[&str]) -> Ended {
        let usual = [
            "--json",
            "login",
            "--vault",
            "file",
            "--backend",
            &self.url,
            "--push",
            &self.served.backend,
            "--user",
            "alice",
            "--password-stdin",
        ];
        let arguments = [&usual[..], more].concat();
        self.world.run_with(&arguments, password.as_bytes())
    }

    fn login(&self, password: &str, more: &[&str]) {
        self.try_login(password, more).with_code(0);
    }

    /// Tells the backend something, and returns its answer.
    fn tell(&mut self, command: &str, answer: &str) -> Value {
        self.backend.type_in(format!("{command}\n").as_bytes());
        self.backend.event(answer)
    }

    /// The backend stores a text for alice and pushes its id, by itself.
    fn push(&mut self, text: &str) {
        let sent = self.tell(&format!("send alice {text}"), "sent");
        assert_eq!(sent["outcomes"], json!(["received"]), "{sent}");
    }

    fn state(&mut self) -> Value {
        self.tell("state", "state")
    }

    /// The requests that the backend has seen since the last look.
    fn requests(&mut self, from: &mut usize) -> Vec<String> {
        let all = self.state()["requests"].as_array().unwrap().clone();
        let new = all[*from..].iter();
        let new = new.map(|line| line.as_str().unwrap().to_owned()).collect();
        *from = all.len();
        new
    }

    /// The backend says that the toast with this text was seen.
    fn seen(&mut self) -> bool {
        let messages = self.state()["messages"].clone();
        let messages = messages.as_array().unwrap();
        messages.iter().any(|message| message["seen"] == true)
    }
}

fn has_python() -> bool {
    let look = "import sys; sys.exit(sys.version_info < (3, 10))";
    let found = Command::new("python3").args(["-c", look]).status();
    found.is_ok_and(|status| status.success())
}

/// The text of the next toast.
#[track_caller]
fn toast(phone: &mut Running) -> String {
    let shown = phone.event("toast.shown");
    shown["toast"]["body"].as_str().unwrap().to_owned()
}

#[test]
fn a_teams_own_backend_signs_in_registers_pushes_and_is_told_what_was_read() {
    let Some(mut scene) = Scene::start("team", &[]) else {
        return;
    };
    let profile = scene.profile(&[]);
    let profile = ["--backend-profile", profile.to_str().unwrap()];
    let mut seen = 0;
    let wrong = scene.try_login("guess", &profile).with_code(4);
    assert!(
        wrong.only_error().contains("alice could not sign in"),
        "{wrong:#?}"
    );
    assert_eq!(scene.requests(&mut seen), ["POST /oauth/token"]);

    scene.login("wonderland", &profile);
    let mut phone = scene.world.phone("phone");
    let registered = ["POST /oauth/token", "POST /devices", "PATCH /devices/7"];
    assert_eq!(scene.requests(&mut seen), registered);
    let device = json!({"id": 7, "user": "alice", "platform": "windows", "tags": []});
    assert_eq!(scene.state()["devices"], json!([device]));
    assert_eq!(scene.world.status("phone")["registration_id"], "7");

    scene.push("Your code is 4711");
    assert_eq!(toast(&mut phone), "Your code is 4711");
    let sent = scene.world.run(&["send", "Meeting at 3"]).with_code(0);
    assert!(sent.out.contains("m-2"), "{sent:#?}");
    assert_eq!(toast(&mut phone), "Meeting at 3");
    let unsaid = ["send", "--priority", "high", "Now"];
    let unsaid = scene.world.run(&unsaid).with_code(2);
    assert!(unsaid.only_error().contains("mine.toml"), "{unsaid:#?}");

    assert!(!scene.seen());
    scene.world.run(&["tap", "1"]).with_code(0);
    eventually("the backend is told that the toast was tapped", || {
        scene.seen()
    });

    scene.requests(&mut seen);
    scene.world.run(&["logout"]).with_code(0);
    let left = ["DELETE /devices/7", "POST /oauth/revoke"];
    assert_eq!(scene.requests(&mut seen), left);
    assert_eq!(scene.state()["devices"], json!([]));
    phone.signal(Signal::TERM);
    phone.ended().with_code(0);
}

#[test]
fn a_registration_that_the_team_forgot_is_made_anew() {
    let Some(mut scene) = Scene::start("team", &[]) else {
        return;
    };
    let profile = scene.profile(&[]);
    scene.login(
        "wonderland",
        &["--backend-profile", profile.to_str().unwrap()],
    );
    let mut phone = scene.world.phone("phone");
    assert_eq!(
        scene.tell("forget-devices", "devices.forgotten")["count"],
        1
    );
    let mut seen = 0;
    scene.requests(&mut seen);
    let tagged = ["--json", "register", "--tag", "news"];
    let registered = scene.world.run(&tagged).with_code(0).json();
    assert_eq!(registered["registration_id"], "8");
    let requests = scene.requests(&mut seen);
    let anew = ["PATCH /devices/7", "POST /devices", "PATCH /devices/8"];
    assert_eq!(requests[..3], anew);
    assert_eq!(scene.state()["devices"][0]["tags"], json!(["news"]));
    scene.push("still here");
    assert_eq!(toast(&mut phone), "still here");
}

#[test]
fn a_token_that_ends_is_asked_for_again_and_nothing_is_lost() {
    let Some(mut scene) = Scene::start("team", &[]) else {
        return;
    };
    let profile = scene.profile(&[]);
    scene.login(
        "wonderland",
        &["--backend-profile", profile.to_str().unwrap()],
    );
    // What counts is the copy that the phone took.
    fs::remove_file(&profile).unwrap();
    scene.world.phone("phone").killed();
    let mut phone = scene.world.phone("phone");
    assert_eq!(scene.tell("expire-tokens", "tokens.expired")["count"], 1);
    scene.push("behind the sign-in");
    let required = phone.event("session.required");
    assert_eq!(required["reason"], "refused");
    assert!(
        toast(&mut phone).starts_with("Sign in as alice"),
        "{required}"
    );
    scene.login("wonderland", &[]);
    assert_eq!(toast(&mut phone), "behind the sign-in");
}

#[test]
fn the_end_of_a_token_is_known_before_the_backend_says_so() {
    let Some(mut scene) = Scene::start("team", &[]) else {
        return;
    };
    let profile = scene.profile(&[]);
    scene.login(
        "wonderland",
        &["--backend-profile", profile.to_str().unwrap()],
    );
    let mut phone = scene.world.phone("phone");
    scene.tell("token-life 1", "token-life.changed");
    scene.login("wonderland", &[]);
    eventually("the token ends", || {
        scene.world.status("phone")["signed_in"] == false
    });
    let mut seen = 0;
    scene.requests(&mut seen);
    scene.push("too late");
    assert_eq!(phone.event("session.required")["reason"], "expired");
    // A token that has ended is not sent.
    assert_eq!(scene.requests(&mut seen), Vec::<String>::new());
}

#[test]
fn a_token_in_a_header_of_its_own() {
    let Some(mut scene) = Scene::start("team", &["--token-header", "X-Api-Token"]) else {
        return;
    };
    let profile = scene.profile(&[(
        "scheme = \"bearer\"",
        "scheme = \"bearer\"\nheader = \"X-Api-Token\"\nvalue = \"{token}\"",
    )]);
    scene.login(
        "wonderland",
        &["--backend-profile", profile.to_str().unwrap()],
    );
    let mut phone = scene.world.phone("phone");
    scene.push("by another header");
    assert_eq!(toast(&mut phone), "by another header");
}

#[test]
fn a_profile_is_remembered_shown_and_looked_after() {
    let Some(scene) = Scene::start("team", &[]) else {
        return;
    };
    let world = &scene.world;
    let profile = scene.profile(&[]);
    let path = profile.to_str().unwrap();
    let config = format!("backend_profile = {path:?}\n");
    fs::create_dir_all(world.home()).unwrap();
    fs::write(world.home().join("config.toml"), config).unwrap();
    scene.login("wonderland", &[]);
    assert_eq!(world.status("phone")["backend_profile"], path);
    let status = world.run(&["status"]).with_code(0);
    assert!(
        status.out.contains("profile") && status.out.contains(path),
        "{status:#?}"
    );

    let doctor = || -> Value {
        let report = world.run(&["--json", "doctor"]).json();
        let findings = report["findings"].as_array().unwrap().clone();
        let mut about = findings.into_iter();
        about.find(|one| one["check"] == "backend profile").unwrap()
    };
    assert_eq!(doctor()["verdict"], "ok");
    fs::write(&profile, PROFILE.replace("/me", "/who")).unwrap();
    let changed = doctor();
    assert_eq!(changed["verdict"], "warning");
    assert!(
        changed["remedy"]
            .as_str()
            .unwrap()
            .contains("--backend-profile")
    );

    let embedded = [
        "--backend-profile",
        "embedded",
        "--backend",
        &scene.served.backend,
    ];
    let back = ["--json", "login", "--password-stdin", "--user", "alice"];
    let back = [&back[..], &embedded].concat();
    world.run_with(&back, b"alice").with_code(0);
    assert_eq!(world.status("phone")["backend_profile"], Value::Null);
}

#[test]
fn a_profile_that_is_none_is_refused_before_anything_is_asked() {
    let world = World::new();
    let path = world.folder().join("mine.toml");
    fs::write(&path, PROFILE.replace("GET /me", "GET //evil.example/me")).unwrap();
    let login = |profile: &str| {
        let arguments = [
            "login",
            "--backend",
            "http://127.0.0.1:1",
            "--user",
            "alice",
        ];
        let more = ["--password-stdin", "--backend-profile", profile];
        world
            .run_with(&[&arguments[..], &more].concat(), b"x")
            .with_code(2)
    };
    let ended = login(path.to_str().unwrap());
    let said = ended.only_error();
    assert!(
        said.contains("mine.toml") && said.contains("line 17"),
        "{said}"
    );
    let ended = login("nowhere.toml");
    let said = ended.only_error();
    assert!(
        said.contains("nowhere.toml") && said.contains("tutorial"),
        "{said}"
    );
}

#[test]
fn a_built_in_profile_is_printed_to_be_changed() {
    let world = World::new();
    for name in ["embedded", "tutorial", "aspnetcore"] {
        let printed = world.run(&["backend-profile", name]).with_code(0);
        let path = world.folder().join("copy.toml");
        fs::write(&path, printed.out).unwrap();
        let served = world.serve(&["--ephemeral"]);
        let login = [
            "--json",
            "login",
            "--vault",
            "file",
            "--user",
            "alice",
            "--password-stdin",
        ];
        let more = [
            "--backend",
            &served.backend,
            "--backend-profile",
            path.to_str().unwrap(),
        ];
        let login = [&login[..], &more].concat();
        world.run_with(&login, b"alice").with_code(0);
    }
    let unknown = world.run(&["backend-profile", "nope"]).with_code(2);
    assert!(unknown.err.contains("aspnetcore"), "{unknown:#?}");
}

#[test]
fn the_tutorials_backend() {
    tutorial("tutorial");
}

#[test]
fn the_tutorials_backend_on_asp_net_core() {
    tutorial("aspnetcore");
}

/// The whole way with Basic, against a backend that has neither tokens nor unread notifications.
fn tutorial(shape: &str) {
    let Some(mut scene) = Scene::start(shape, &[]) else {
        return;
    };
    let profile = ["--backend-profile", shape];
    scene.try_login("guess", &profile).with_code(4);
    let bearer = [&profile[..], &["--auth", "bearer"]].concat();
    let bearer = scene.try_login("wonderland", &bearer).with_code(1);
    let said = bearer.only_error();
    assert!(
        said.contains("[login]") && said.contains("--auth basic"),
        "{said}"
    );
    scene.login("wonderland", &profile);
    let mut phone = scene.world.phone("phone");
    assert_eq!(scene.world.status("phone")["registration_id"], "7-0");
    let device = &scene.state()["devices"][0];
    assert_eq!(device["tags"], json!(["username:alice"]));
    scene.push("Your code is 4711");
    assert_eq!(toast(&mut phone), "Your code is 4711");
    scene.world.run(&["send"]).with_code(0);
    assert_eq!(toast(&mut phone), "a text of the backend's own");
    let text = scene.world.run(&["send", "my own"]).with_code(2);
    assert!(text.only_error().contains("leave it out"), "{text:#?}");

    let mut seen = 0;
    scene.requests(&mut seen);
    scene.world.run(&["tap", "1"]).with_code(0);
    assert_eq!(
        scene.tell("forget-devices", "devices.forgotten")["count"],
        1
    );
    scene.world.run(&["register", "--tag", "news"]).with_code(0);
    let requests = scene.requests(&mut seen);
    let anew = [
        "PUT /api/register/7-0",
        "POST /api/register",
        "PUT /api/register/8-0",
    ];
    assert_eq!(requests[..3], anew, "{requests:?}");

    scene.tell("password alice changed", "password.changed");
    scene.push("behind the sign-in");
    assert_eq!(phone.event("session.required")["reason"], "refused");
    scene.login("changed", &[]);
    phone.event("toast.removed");
    assert_eq!(toast(&mut phone), "behind the sign-in");

    scene.requests(&mut seen);
    scene.world.run(&["logout"]).with_code(0);
    assert_eq!(scene.requests(&mut seen), ["DELETE /api/register/8-0"]);
    assert_eq!(scene.state()["devices"], json!([]));
}
