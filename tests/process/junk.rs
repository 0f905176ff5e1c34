//! Junk where state should be: named, explained, and left as it is.

use std::fs;
use std::path::Path;

use crate::child::Ended;
use crate::world::World;

#[track_caller]
fn names(ended: &Ended, path: &Path, remedy: &str) {
    let said = ended.only_error();
    assert!(
        said.contains(&path.display().to_string()),
        "{said} does not name {}",
        path.display()
    );
    assert!(said.contains(remedy), "{said} does not say {remedy:?}");
}

#[test]
fn a_home_that_is_no_folder() {
    let world = World::new();
    let file = world.folder().join("file");
    fs::write(&file, "mine").unwrap();
    // Even root can make nothing below /proc.
    for home in [file.as_path(), Path::new("/proc/handset")] {
        let home_flag = ["--home", home.to_str().unwrap()];
        for command in [
            &["status"][..],
            &["toasts"],
            &["run", "--toast", "none"],
            &["send", "x"],
            &["doctor"],
            &["serve", "--ephemeral", "--http", "127.0.0.1:0"],
            &["serve", "--http", "127.0.0.1:0"],
        ] {
            let ended = world.run(&[&home_flag[..], command].concat()).with_code(1);
            names(&ended, home, "choose another");
        }
        let arguments = [
            &home_flag[..],
            &[
                "login",
                "--backend",
                "http://127.0.0.1:1",
                "--user",
                "a",
                "--password-stdin",
            ],
        ]
        .concat();
        names(
            &world.run_with(&arguments, b"a").with_code(1),
            home,
            "--home",
        );
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn a_home_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt as _;

    if rustix::process::geteuid().is_root() {
        // Permissions do not bind root; the folder below /proc stands for this case.
        return;
    }
    let world = World::new();
    fs::create_dir(world.home()).unwrap();
    fs::set_permissions(world.home(), fs::Permissions::from_mode(0o500)).unwrap();
    names(
        &world.run(&["status"]).with_code(1),
        &world.home(),
        "--home",
    );
}

/// A device's database with something in it, and its path.
fn with_database(world: &World) -> std::path::PathBuf {
    world.run(&["status"]).with_code(0);
    let path = world.device("phone").join("handset.db");
    assert!(path.exists());
    path
}

#[track_caller]
fn is_left_alone(world: &World, path: &Path, commands: &[&[&str]], remedy: &str) {
    let before = fs::read(path).unwrap();
    for command in commands {
        names(&world.run(command).with_code(1), path, remedy);
    }
    assert_eq!(
        fs::read(path).unwrap(),
        before,
        "{} was touched",
        path.display()
    );
}

const DEVICE: [&[&str]; 4] = [
    &["status"],
    &["toasts"],
    &["run", "--toast", "none"],
    &["doctor"],
];
const SERVE: [&[&str]; 1] = [&["serve", "--http", "127.0.0.1:0"]];

#[test]
fn a_garbage_database() {
    let world = World::new();
    let path = with_database(&world);
    fs::write(&path, b"garbage\0".repeat(5000)).unwrap();
    is_left_alone(&world, &path, &DEVICE, "move it away");

    let services = world.home().join("services").join("services.db");
    fs::create_dir_all(services.parent().unwrap()).unwrap();
    fs::write(&services, b"garbage\0".repeat(5000)).unwrap();
    is_left_alone(&world, &services, &SERVE, "move it away");
}

#[test]
fn a_database_of_a_newer_handset() {
    let world = World::new();
    let path = with_database(&world);
    let database = rusqlite::Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    is_left_alone(&world, &path, &DEVICE, "use a newer handset");
}

#[test]
fn a_database_of_another_program() {
    let world = World::new();
    let places = [
        (world.device("phone").join("handset.db"), &DEVICE[..]),
        (
            world.home().join("services").join("services.db"),
            &SERVE[..],
        ),
    ];
    for (path, commands) in places {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let database = rusqlite::Connection::open(&path).unwrap();
        database
            .execute_batch("CREATE TABLE recipes(cake TEXT)")
            .unwrap();
        drop(database);
        is_left_alone(&world, &path, commands, "another program");
    }
}

#[test]
fn a_damaged_profile_is_not_replaced() {
    let world = World::new();
    let path = with_database(&world);
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute("UPDATE device SET profile = '{\"platform\": 7}'", [])
        .unwrap();
    let ended = world.run(&["status"]).with_code(1);
    names(&ended, &path, "");
    let profile: String = database
        .query_row("SELECT profile FROM device", [], |row| row.get(0))
        .unwrap();
    assert_eq!(profile, "{\"platform\": 7}");
}

#[test]
fn a_junk_vault_file() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    let path = world.device("phone").join("vault.json");
    fs::write(&path, "junk").unwrap();
    names(
        &world.run(&["send", "x"]).with_code(1),
        &path,
        "move it away",
    );
    let status = world.status("phone");
    assert_eq!(status["signed_in"], false);
    assert!(
        status["vault_problem"]
            .as_str()
            .unwrap()
            .contains("vault.json"),
        "{status}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"junk");
}

#[test]
fn a_junk_configuration() {
    let world = World::new();
    fs::create_dir(world.home()).unwrap();
    let path = world.home().join("config.toml");
    for junk in [
        "colour = 1\n",
        "device = [",
        "vault = \"cellar\"",
        "device = \"../x\"",
        "\u{1b}[2J",
    ] {
        fs::write(&path, junk).unwrap();
        let ended = world.run(&["status"]).with_code(2);
        names(&ended, &path, "mend it");
        assert!(!ended.err.contains('\u{1b}'), "{ended:#?}");
    }
    fs::write(&path, b"\xff\xfe\x00").unwrap();
    names(&world.run(&["status"]).with_code(2), &path, "mend it");
    fs::write(&path, vec![b'#'; 100_000]).unwrap();
    names(&world.run(&["status"]).with_code(2), &path, "bytes");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    names(&world.run(&["status"]).with_code(2), &path, "mend it");
}

#[test]
fn junk_in_the_environment() {
    for (variable, value) in [("HANDSET_VAULT", "cellar"), ("HANDSET_DEVICE", "../x")] {
        let world = World::new().with(variable, value);
        let ended = world.run(&["status"]).with_code(2);
        assert!(ended.only_error().contains(variable), "{ended:#?}");
    }
}

#[test]
fn a_users_file_that_is_none() {
    let world = World::new();
    let path = world.folder().join("users");
    for (junk, says) in [
        ("", "names no user"),
        ("alice", "line 1"),
        ("alice:secret\n", "line 1"),
        ("../x:$argon2id$\n", "line 1"),
    ] {
        fs::write(&path, junk).unwrap();
        let arguments = [
            "serve",
            "--ephemeral",
            "--http",
            "127.0.0.1:0",
            "--users",
            path.to_str().unwrap(),
        ];
        let ended = world.run(&arguments).with_code(2);
        names(&ended, &path, says);
        assert!(!ended.err.contains("secret"), "{ended:#?}");
    }
}
