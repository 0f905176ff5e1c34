//! What `doctor` and `tap` say of a backend that cannot be asked, or told.

use serde_json::Value;

use super::{Scene, toast};

/// What `doctor` found at the backend: its verdict and its words, the remedy included.
#[track_caller]
fn at_the_backend(scene: &Scene) -> (String, String) {
    let report = scene.world.run(&["--json", "doctor"]).with_code(0).json();
    let findings = report["findings"].as_array().unwrap().iter();
    let mut about = findings.filter(|one| one["check"] == "backend");
    let found = about.next().unwrap();
    let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("finding") + " " + &text("remedy"))
}

#[test]
fn without_a_call_to_check_with_nothing_is_verified_and_without_one_to_tell_nothing_is_told() {
    let Some(mut scene) = Scene::start("team", &[]) else {
        return;
    };
    let unread = "[unread]\nrequest = \"GET /messages?filter[seen]=false\"\nitems = \"data\"\nid = \"id\"\npayload = \"attributes.text\"\n";
    let read = "[read]\nrequest = \"PATCH /messages/{id}\"\nbody.message = { seen = true }\n";
    let profile = scene.profile(&[
        ("[check]\nrequest = \"GET /me\"\n", ""),
        (unread, ""),
        (read, ""),
    ]);
    scene.login(
        "wonderland",
        &["--backend-profile", profile.to_str().unwrap()],
    );
    for on in [false, true] {
        let _phone = on.then(|| scene.world.phone("phone"));
        let (verdict, said) = at_the_backend(&scene);
        assert_eq!(verdict, "warning", "{said}");
        for part in ["not verified", "no call to check with", "[check]"] {
            assert!(said.contains(part), "{said}");
        }
    }
    let mut phone = scene.world.phone("phone");
    scene.push("Your code is 4711");
    assert_eq!(toast(&mut phone), "Your code is 4711");
    let tapped = scene.world.run(&["--json", "tap", "1"]).with_code(0).json();
    assert_eq!(tapped["backend_is_told"], false);
    scene.push("Meeting at 3");
    assert_eq!(toast(&mut phone), "Meeting at 3");
    let tapped = scene.world.run(&["tap", "2"]).with_code(0);
    assert!(tapped.out.contains("is not told"), "{tapped:#?}");
    assert!(!tapped.out.contains("counts as read"), "{tapped:#?}");
    assert!(!scene.seen());
}

#[test]
fn a_backend_that_can_be_asked_verifies_the_sign_in() {
    let Some(mut scene) = Scene::start("team", &[]) else {
        return;
    };
    scene.login_as_the_team_has_it();
    let mut seen = 0;
    scene.requests(&mut seen);
    let (verdict, said) = at_the_backend(&scene);
    assert_eq!(verdict, "ok", "{said}");
    assert!(said.contains("alice is signed in"), "{said}");
    assert!(scene.requests(&mut seen).contains(&"GET /me".to_owned()));
    let phone = scene.world.phone("phone");
    assert_eq!(at_the_backend(&scene).0, "ok");
    assert_eq!(scene.tell("expire-tokens", "tokens.expired")["count"], 1);
    let (verdict, said) = at_the_backend(&scene);
    assert_eq!(verdict, "warning", "{said}");
    assert!(said.contains("handset login"), "{said}");
    assert_eq!(scene.world.status("phone")["signed_in"], Value::Bool(false));
    drop(phone);
}
