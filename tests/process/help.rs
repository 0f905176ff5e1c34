//! What the program says about itself. A changed text is accepted with `cargo insta review`, or
//! `INSTA_UPDATE=always`.

use std::process::Stdio;

use crate::child::Running;
use crate::world::World;

const COMMANDS: [&str; 25] = [
    "demo",
    "serve",
    "env",
    "errors",
    "push-config",
    "partner",
    "test",
    "login",
    "logout",
    "register",
    "unregister",
    "run",
    "send",
    "condition",
    "toasts",
    "tap",
    "dismiss",
    "clear",
    "badge",
    "tasks",
    "status",
    "doctor",
    "manifest",
    "backend-profile",
    "completions",
];

#[test]
fn the_help_of_every_command() {
    // Without a terminal this is how wide it is.
    let world = World::new().with("COLUMNS", "100");
    let help = world.run(&["--help"]).with_code(0);
    let listed: Vec<&str> = help
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, [&COMMANDS[..], &["help"]].concat());
    insta::assert_snapshot!("handset", help.out);
    for command in COMMANDS {
        let help = world.run(&[command, "--help"]).with_code(0);
        assert!(help.out.contains("Example"), "{command} has no example");
        insta::assert_snapshot!(command, help.out);
    }
    for command in [
        ["tasks", "show"],
        ["condition", "table"],
        ["push-config", "get"],
        ["push-config", "set"],
        ["push-config", "remove"],
        ["push-config", "reset"],
        ["partner", "list"],
        ["partner", "add"],
        ["partner", "block"],
        ["partner", "provider"],
        ["partner", "federation"],
        ["partner", "remove"],
        ["partner", "reset"],
        ["test", "partner"],
        ["test", "push"],
    ] {
        let help = world
            .run(&[&command[..], &["--help"]].concat())
            .with_code(0);
        assert!(help.out.contains("Example"), "{command:?} has no example");
        insta::assert_snapshot!(command.join("_"), help.out);
        let wide = help.out.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "in {command:?}");
    }
}

#[test]
fn no_line_of_help_is_wider_than_the_terminal() {
    let world = World::new().with("COLUMNS", "100");
    for command in COMMANDS {
        let help = world.run(&[command, "--help"]).with_code(0);
        let wide = help.out.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "in {command}");
    }
}

#[test]
fn completions_are_taken_by_their_shells() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = world.run(&["completions", shell]).with_code(0);
        for word in ["unregister", "password-stdin", "dismiss", "action", "limit"] {
            assert!(
                script.out.contains(word),
                "{shell} does not complete {word}"
            );
        }
        if ["bash", "zsh", "fish"].contains(&shell) && is_here(&world, shell) {
            let path = world.folder().join(shell);
            std::fs::write(&path, &script.out).unwrap();
            let mut check = world.program(shell);
            check.arg("-n").arg(path);
            let checked = Running::start(&mut check).ended().with_code(0);
            assert_eq!(checked.err, "", "{shell}");
        }
    }
}

fn is_here(world: &World, program: &str) -> bool {
    let mut look = world.program(program);
    let found = look
        .args(["-c", ":"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let found = found.is_ok_and(|status| status.success());
    assert!(
        found || program != "bash",
        "bash is needed to check its completions"
    );
    found
}

#[test]
fn the_version_is_the_crates() {
    let version = World::new().run(&["--version"]).with_code(0);
    assert_eq!(
        version.out,
        concat!("handset ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn no_arguments_is_wrong_usage_and_shows_the_way() {
    let ended = World::new().run(&[]).with_code(2);
    assert!(ended.err.contains("handset demo"), "{ended:#?}");
}
