//! A team's own backend: tokens that end, devices that are forgotten, messages that are read.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Scene, toast};
use crate::world::eventually;

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
fn a_test_push_goes_the_teams_own_way() {
    let Some(mut scene) = Scene::start("team", &[]) else {
        return;
    };
    let profile = scene.profile(&[]);
    let tested = [
        "--json",
        "test",
        "push",
        "--backend",
        &scene.url,
        "--push",
        &scene.served.backend,
        "--user",
        "alice",
        "--password-stdin",
        "--backend-profile",
        profile.to_str().unwrap(),
    ];
    let tested = scene.world.run_with(&tested, b"wonderland").with_code(0);
    let last: Value = serde_json::from_str(tested.out.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["check"], &last["result"]),
        (&json!("toast"), &json!("success"))
    );
    assert_eq!(scene.state()["devices"], json!([]), "it is tidied up");
}

#[test]
fn a_registration_that_the_team_forgot_is_made_anew() {
    let Some(mut scene) = Scene::start("team", &[]) else {
        return;
    };
    scene.login_as_the_team_has_it();
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
    let profile = scene.login_as_the_team_has_it();
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
    scene.login_as_the_team_has_it();
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
