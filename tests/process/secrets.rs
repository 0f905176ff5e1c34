//! Where secrets are after a whole walk: in the vault, and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use rustix::process::Signal;
use serde_json::Value;

use crate::child::Ended;
use crate::world::World;

const PASSWORD: &str = "Grünspan-7531/quittenbrot";

/// A secret in every form it might be written in.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let escaped = serde_json::to_string(secret).unwrap();
    let percent = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC);
    let mut forms = vec![
        bytes.to_vec(),
        hex.clone().into_bytes(),
        hex.to_uppercase().into_bytes(),
        escaped.trim_matches('"').as_bytes().to_vec(),
        percent.to_string().into_bytes(),
    ];
    // Base64 looks different at each of three places behind other bytes, such as `alice:`.
    for (shift, skip) in [(0, 0), (1, 2), (2, 3)] {
        for alphabet in [&STANDARD, &URL_SAFE] {
            let shifted = [&b"--"[..shift], bytes].concat();
            let text = alphabet.encode(&shifted);
            // The last characters depend on what follows.
            let whole = shifted.len() / 3 * 4;
            forms.push(text.as_bytes()[skip..whole].to_vec());
        }
    }
    forms
}

/// The files below `folder`, and the texts, that hold the secret in any form.
fn holders(folder: &Path, texts: &[(&str, &str)], secret: &str) -> Vec<String> {
    let forms = forms(secret);
    let mut holders = Vec::new();
    let mut look = |name: String, bytes: &[u8]| {
        if forms.iter().any(|form| contains(bytes, form)) {
            holders.push(name);
        }
    };
    for file in files(folder) {
        let name = file.strip_prefix(folder).unwrap().display().to_string();
        look(name, &fs::read(&file).unwrap());
    }
    for (name, text) in texts {
        look((*name).to_owned(), text.as_bytes());
    }
    holders.sort();
    holders
}

fn contains(bytes: &[u8], form: &[u8]) -> bool {
    assert!(form.len() >= 8, "a form this short is found anywhere");
    bytes.windows(form.len()).any(|window| window == form)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// A users file in which `alice` has the password.
fn users_file(world: &World) -> String {
    let path = world.folder().join("users");
    // A cheap hash: the test is not about its strength.
    let cheap = argon2::Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cheap);
    let hash = argon2
        .hash_password_with_salt(PASSWORD.as_bytes(), b"sixteen bytes ok")
        .unwrap();
    fs::write(&path, format!("alice:{hash}\n")).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Everything a phone's life has, loudly: what it printed, and the token it had.
fn walk(world: &World, verbosity: &str, scheme: &str) -> (Vec<Ended>, String) {
    let users = users_file(world);
    let served = world.serve(&[verbosity, "--users", &users]);
    let backend = served.backend.clone();
    let login = [
        verbosity,
        "login",
        "--vault",
        "file",
        "--auth",
        scheme,
        "--backend",
        &backend,
        "--user",
        "alice",
        "--password-stdin",
    ];
    let wrong = world.run_with(&login, b"this is not it").with_code(4);
    let mut said = vec![
        wrong,
        world.run_with(&login, PASSWORD.as_bytes()).with_code(0),
    ];
    let vault = fs::read(world.device("phone").join("vault.json")).unwrap();
    let mut phone = world.start(&[verbosity, "run", "--json", "--toast", "none"]);
    phone.event("phone.ready");
    said.push(world.run_with(&login, PASSWORD.as_bytes()).with_code(0));
    let fresh = fs::read(world.device("phone").join("vault.json")).unwrap();
    for arguments in [
        &["send", "Your code is 4711"][..],
        &["register", "--tag", "news"],
        &["status"],
        &["toasts"],
    ] {
        said.push(world.run(&[&[verbosity], arguments].concat()).with_code(0));
    }
    phone.event("toast.shown");
    // Both are killed, so that their write-ahead logs stay.
    said.push(phone.killed());
    said.push(world.run(&[verbosity, "send", "Too late"]).with_code(0));
    said.push(served.running.killed());
    let tokens = [vault, fresh].map(|vault| token_of(&vault));
    (said, tokens[1].clone())
}

/// The token in a vault file.
fn token_of(vault: &[u8]) -> String {
    let vault: Value = serde_json::from_slice(vault).unwrap();
    let kept: Value =
        serde_json::from_str(vault["secrets"][0]["secret"].as_str().unwrap()).unwrap();
    kept["token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn only_the_vault_holds(world: &World, said: &[Ended], secret: &str) {
    let texts: Vec<(&str, &str)> = said
        .iter()
        .flat_map(|ended| {
            [
                ("standard output", ended.out.as_str()),
                ("standard error", ended.err.as_str()),
            ]
        })
        .collect();
    let found = holders(&world.home(), &texts, secret);
    let elsewhere: Vec<_> = found
        .iter()
        .filter(|name| *name != "devices/phone/vault.json")
        .collect();
    assert!(elsewhere.is_empty(), "a secret is in {elsewhere:?}");
}

#[test]
fn the_password_of_a_basic_sign_in_is_in_the_vault_alone() {
    for verbosity in ["-vv", "-vvvv"] {
        let world = World::new();
        let (said, _) = walk(&world, verbosity, "basic");
        assert!(
            said.iter().any(|ended| ended.err.contains("DEBUG")),
            "nothing was logged"
        );
        only_the_vault_holds(&world, &said, PASSWORD);
        assert_eq!(
            holders(&world.home(), &[], PASSWORD),
            ["devices/phone/vault.json"]
        );
        no_log_holds(&said, "Your code is 4711");
    }
}

#[test]
fn a_bearer_token_is_in_the_vault_alone() {
    for verbosity in ["-vv", "-vvvv"] {
        let world = World::new();
        let (said, token) = walk(&world, verbosity, "bearer");
        only_the_vault_holds(&world, &said, &token);
        assert_eq!(
            holders(&world.home(), &[], &token),
            ["devices/phone/vault.json"]
        );
        // The password is traded for the token and forgotten.
        assert_eq!(holders(&world.home(), &[], PASSWORD), Vec::<String>::new());
        only_the_vault_holds(&world, &said, PASSWORD);
    }
}

/// A payload's text is in toasts and their events, never in a log.
#[track_caller]
fn no_log_holds(said: &[Ended], payload: &str) {
    for ended in said {
        assert!(!ended.err.contains(payload), "{}", ended.err);
    }
}

#[test]
fn the_search_finds_what_is_planted() {
    let world = World::new();
    world.run(&["status"]).with_code(0);
    let home = world.home();
    let basic = STANDARD.encode(format!("alice:{PASSWORD}"));
    let database = rusqlite::Connection::open(world.device("phone").join("handset.db")).unwrap();
    database
        .pragma_update(None, "wal_autocheckpoint", 0)
        .unwrap();
    database
        .execute_batch("CREATE TABLE planted(secret TEXT)")
        .unwrap();
    database
        .execute("INSERT INTO planted VALUES (?1)", [&basic])
        .unwrap();
    assert_eq!(
        holders(&home, &[], PASSWORD),
        ["devices/phone/handset.db-wal"]
    );
    drop(database);
    assert_eq!(holders(&home, &[], PASSWORD), ["devices/phone/handset.db"]);

    for (name, planted) in [
        ("plain", PASSWORD.to_owned()),
        ("json", serde_json::to_string(PASSWORD).unwrap()),
        ("url", URL_SAFE.encode(format!("bob:{PASSWORD}\n"))),
        (
            "log",
            format!(
                "Authorization: Basic {}",
                STANDARD.encode(format!("al:{PASSWORD}"))
            ),
        ),
    ] {
        fs::write(home.join(name), &planted).unwrap();
        assert!(
            holders(&home, &[], PASSWORD).contains(&name.to_owned()),
            "{name} was not found"
        );
        let texts = [("output", planted.as_str())];
        assert!(holders(&home, &texts, PASSWORD).contains(&"output".to_owned()));
    }
}

#[test]
fn private_files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new();
    let served = world.serve(&[]);
    world.login("phone", "alice", &served.backend);
    let phone = world.phone("phone");
    for file in files(&world.home()) {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        // Other programs are told to load the script, the authority's certificate is for every
        // sender, and there is no secret in them.
        let is_public = name == "serve.json"
            || name == "handset-node-preload.cjs"
            || file == world.home().join("tls").join("ca.pem");
        if !is_public {
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", file.display());
        }
    }
    phone.signal(Signal::TERM);
    phone.ended().with_code(0);
}
