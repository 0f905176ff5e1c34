//! The tutorials' backend, and what it becomes on ASP.NET Core.

use serde_json::json;

use super::{Scene, toast};

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
    let sent = scene.world.run(&["send"]).with_code(0);
    assert_eq!(sent.out.trim_end(), "payload stored");
    assert_eq!(toast(&mut phone), "a text of the backend's own");
    let text = scene.world.run(&["send", "my own"]).with_code(2);
    assert!(text.only_error().contains("leave it out"), "{text:#?}");

    let mut seen = 0;
    scene.requests(&mut seen);
    let tapped = scene.world.run(&["tap", "1"]).with_code(0);
    assert!(tapped.out.contains("is not told"), "{tapped:#?}");
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
