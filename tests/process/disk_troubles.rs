//! A disk that is full, limited or read-only: the phone goes on, says what is wrong, and takes what
//! it could not keep once it can. Nothing is acknowledged before it is durable, nothing shown twice.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use serde_json::Value;

use crate::child::Running;
use crate::world::{Served, World, eventually};

const PUSHES: usize = 5;

#[test]
fn what_a_limit_on_file_sizes_keeps_out_comes_when_it_is_lifted() {
    let (world, _served) = signed_in(World::new());
    let phone = world.phone("phone");
    let pid = phone.pid();
    let limit = |bytes: Option<u64>| {
        let pid = Pid::from_raw(pid.cast_signed()).unwrap();
        let limits = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(pid), Resource::Fsize, limits).unwrap();
    };
    let journal = world.device("phone").join("handset.db-wal");
    limit(Some(fs::metadata(journal).unwrap().len()));
    let trouble = Trouble {
        end: || limit(None),
        told: "handset.db could not be used",
    };
    assert_survived(&world, phone, trouble);
}

#[test]
fn what_a_full_disk_keeps_out_comes_when_there_is_space() {
    let Some((world, _disk)) = small_disk("devices/phone") else {
        return left_out("a small disk needs root, to mount it");
    };
    let (world, _served) = signed_in(world);
    let phone = world.phone("phone");
    let ballast = world.device("phone").join("ballast");
    let ballast = ballast.to_str().unwrap();
    // It ends with an error once nothing more fits.
    shell(&world, &format!("! cat /dev/zero >{ballast}"));
    let trouble = Trouble {
        end: || shell(&world, &format!("rm {ballast}")),
        told: "no space is left for",
    };
    assert_survived(&world, phone, trouble);
}

#[test]
fn what_a_disk_that_became_read_only_keeps_out_comes_when_it_is_mended() {
    let (world, _served) = signed_in(World::new());
    let phone = world.phone("phone");
    let folder = world.device("phone");
    let freeze = |how: &str| {
        let files = ["handset.db", "handset.db-wal"].map(|name| folder.join(name));
        let done = Command::new("chattr").arg(how).args(files).output();
        done.is_ok_and(|done| done.status.success())
    };
    if !freeze("+i") {
        return left_out("files that cannot be written need root and a file system that has them");
    }
    let trouble = Trouble {
        end: || assert!(freeze("-i")),
        told: "handset.db cannot be written",
    };
    assert_survived(&world, phone, trouble);
}

#[test]
fn a_home_that_is_read_only_is_named_with_the_remedy() {
    let Some((world, _disk)) = small_disk("") else {
        return left_out("a read-only disk needs root, to mount it");
    };
    let (world, served) = signed_in(world);
    let home = world.home();
    let remount = |how: &str| {
        shell(
            &world,
            &format!("mount -o remount,{how} {}", home.display()),
        )
    };
    let data = home.join("data");
    remount("ro");
    for arguments in [
        ["--device", "phone", "run"].as_slice(),
        &["--device", "new", "register", "--push", &served.backend],
        &["serve", "--http", "127.0.0.1:0", "--ephemeral"],
        &[
            "serve",
            "--http",
            "127.0.0.1:0",
            "--data",
            data.to_str().unwrap(),
        ],
    ] {
        let ended = world.run(arguments).with_code(1);
        let said = ended.error();
        assert!(said.contains(home.to_str().unwrap()), "{said}");
        assert!(
            said.contains("--home") || said.contains("file system"),
            "{said}"
        );
    }
    remount("rw");
    let _phone = world.phone("phone");
    assert_eq!(world.send("sender", "alice", "mended"), "received");
    eventually("it is shown", || world.toasts("phone") == ["mended"]);
}

#[test]
fn a_database_that_another_program_holds_is_waited_for_and_then_told() {
    let (world, _served) = signed_in(World::new());
    let file = world.device("phone").join("handset.db");
    world.phone("phone").killed();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();

    let refused = world.run(&["run", "--toast", "none"]).with_code(1);
    let said = refused.only_error();
    assert!(said.contains("in use by another process"), "{said}");
    assert!(said.contains(file.to_str().unwrap()), "{said}");

    let mut waiting = world.start(&["run", "--json", "--toast", "none"]);
    eventually("the phone has begun", || is_locked(&world.device("phone")));
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    waiting.event("phone.ready");
    assert_eq!(world.send("sender", "alice", "now"), "received");
    waiting.event("toast.shown");
}

/// Something that keeps a running phone from writing.
struct Trouble<End> {
    /// Ends it.
    end: End,
    /// What the phone says of it.
    told: &'static str,
}

/// A phone in `trouble` goes on, keeps what it is sent unacknowledged and says why, and shows all
/// of it once the trouble is over; nothing comes again after a kill.
fn assert_survived(world: &World, mut phone: Running, trouble: Trouble<impl Fn()>) {
    let texts: Vec<String> = (0..PUSHES).map(|push| format!("push {push}")).collect();
    for text in &texts {
        assert_eq!(world.send("sender", "alice", text), "received");
    }
    for _ in 0..=PUSHES {
        // One of them is tried a second time.
        let held = phone.event("push.held");
        assert_eq!(held["reason"], "not_durable");
        let detail = held["detail"].as_str().unwrap();
        assert!(detail.contains(trouble.told), "{detail}");
    }
    let status = world.status("phone");
    assert_eq!(
        (&status["channel"], &status["inbox"]["waiting"]),
        (&Value::from("open"), &Value::from(0))
    );
    assert_eq!(world.toasts("phone"), [""; 0]);

    (trouble.end)();
    let mut shown: Vec<String> = (0..PUSHES)
        .map(|_| {
            let toast = phone.event("toast.shown");
            toast["toast"]["body"].as_str().unwrap().to_owned()
        })
        .collect();
    shown.sort();
    assert_eq!(shown, texts);
    eventually("all is written down", || {
        world.status("phone")["inbox"]["waiting"] == 0
    });
    let told = phone.killed().out;
    for again in ["toast.shown", "toast.updated"] {
        let count = told.matches(&format!("\"event\":\"{again}\"")).count();
        assert_eq!(count, if again == "toast.shown" { PUSHES } else { 0 });
    }

    let phone = world.phone("phone");
    assert_eq!(world.send("sender", "alice", "the next"), "received");
    eventually("the next is shown", || world.toasts("phone").len() > PUSHES);
    phone.signal(Signal::TERM);
    let told = phone.ended().with_code(0).out;
    assert_eq!(told.matches("\"event\":\"toast.").count(), 1, "{told}");
}

/// Services, alice's phone and somebody who sends.
fn signed_in(world: World) -> (World, Served) {
    let served = world.serve(&["--ephemeral"]);
    world.login("phone", "alice", &served.backend);
    world.login("sender", "bob", &served.backend);
    (world, served)
}

/// A folder of the home on a disk of its own, which is gone with the process; none where it cannot
/// be mounted.
fn small_disk(folder: &str) -> Option<(World, Running)> {
    let world = World::new();
    let folder = world.home().join(folder);
    fs::create_dir_all(&folder).unwrap();
    let mount =
        "mount -t tmpfs -o size=768k,mode=700 handset-test \"$0\" && echo mounted && exec cat";
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--propagation",
        "private",
        "--",
        "sh",
        "-c",
        mount,
    ]);
    command.arg(folder);
    let available = Command::new("unshare")
        .args(["--mount", "true"])
        .output()
        .is_ok_and(|done| done.status.success());
    if !available {
        return None;
    }
    let mut disk = Running::start(&mut command);
    disk.line_with("mounted");
    let world = world.with_mounts_of(disk.pid());
    Some((world, disk))
}

fn shell(world: &World, script: &str) {
    let done = world.program("sh").args(["-c", script]).output().unwrap();
    assert!(done.status.success(), "{script}: {done:?}");
}

/// True when a process has the device.
fn is_locked(device: &Path) -> bool {
    let file = fs::File::open(device.join("lock")).unwrap();
    file.try_lock().is_err()
}

#[expect(clippy::print_stderr, reason = "what is left out is said aloud")]
fn left_out(why: &str) {
    eprintln!("left out: {why}");
}
