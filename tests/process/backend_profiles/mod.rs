//! The phone against backends that are not handset's: a team's own and the tutorials' shapes, by a
//! server in another language that pushes by itself, through the push service of `handset serve`.

mod files;
mod team;
mod tutorial;
mod verified;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::child::{Ended, Running};
use crate::node_preload::left_out;
use crate::world::{Served, World};

const PROFILE: &str = include_str!("../../backends/team.toml");

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

    /// Signs alice in as the team's profile says; the file that it is in.
    fn login_as_the_team_has_it(&self) -> PathBuf {
        let profile = self.profile(&[]);
        let option = ["--backend-profile", profile.to_str().unwrap()];
        self.login("wonderland", &option);
        profile
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
