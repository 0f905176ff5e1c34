//! Profiles as files: printed, read, remembered, refused.

use std::fs;

use serde_json::Value;

use super::{PROFILE, Scene};
use crate::world::World;

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
