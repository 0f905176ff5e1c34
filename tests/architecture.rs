//! Holds the layer table: a room imports strictly lower layers, and rooms on one layer are blind
//! to each other.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot read")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every room and its layer, lowest first.
const LAYERS: &[(&str, u8)] = &[
    ("model", 0),
    ("lifecycle", 0),
    ("wire", 1),
    ("store", 1),
    ("toast", 1),
    ("vault", 1),
    ("telemetry", 1),
    ("backend", 2),
    ("session", 3),
    ("registration", 3),
    ("channel", 3),
    ("background", 3),
    ("action_centre", 3),
    ("device", 4),
    ("emulator", 4),
    ("lab", 6),
    ("control", 7),
    ("settings", 8),
    ("cli", 9),
];

/// Crates that one room alone may use.
const RESERVED_CRATES: &[(&str, &[&str])] = &[
    ("clap", &["cli"]),
    (
        "rusqlite",
        &[
            "store",
            "background",
            "action_centre",
            "registration",
            "device",
            "emulator",
        ],
    ),
];

#[test]
fn every_import_goes_down() {
    let mut broken = Vec::new();
    for (room, file) in source_files() {
        let text = fs::read_to_string(&file).expect("a source file is readable");
        for problem in upward_imports(&room, &text) {
            broken.push(format!("{}: {problem}", file.display()));
        }
    }
    assert!(
        broken.is_empty(),
        "imports that do not go down:\n{}",
        broken.join("\n")
    );
}

#[test]
fn every_room_has_a_layer_and_every_layer_a_room() {
    let rooms: std::collections::BTreeSet<String> =
        source_files().into_iter().map(|(room, _)| room).collect();
    for room in &rooms {
        assert!(
            layer(room).is_some(),
            "src/{room}/ stands in no layer: add it to the table"
        );
    }
    for (room, _) in LAYERS {
        assert!(
            rooms.contains(*room),
            "the table names {room}, which is gone"
        );
    }
}

#[test]
fn some_crates_stay_in_their_room() {
    let mut broken = Vec::new();
    for (room, file) in source_files() {
        let text = fs::read_to_string(&file).expect("a source file is readable");
        let code = without_comments(&text);
        for (name, allowed) in RESERVED_CRATES {
            let used = code.contains(&format!("{name}::"));
            if used && !allowed.contains(&room.as_str()) {
                broken.push(format!("{} uses {name}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_top_of_the_crate_stays_small() {
    let main = fs::read_to_string(root().join("main.rs")).expect("main.rs is readable");
    assert!(main.lines().count() <= 30, "main.rs has more than 30 lines");
    for banned in ["utils", "common", "helpers", "types", "misc"] {
        for (_, file) in source_files() {
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            assert_ne!(
                stem,
                Some(banned),
                "{} has no purpose in its name",
                file.display()
            );
        }
    }
}

/// The problems in one file of `room`.
fn upward_imports(room: &str, text: &str) -> Vec<String> {
    let Some(own) = layer(room) else {
        return vec![format!("{room} stands in no layer")];
    };
    let mut problems = Vec::new();
    for target in imported_rooms(text) {
        if target == room {
            continue;
        }
        match layer(&target) {
            Some(other) if other < own => {}
            Some(other) if other == own => {
                problems.push(format!(
                    "{room} imports {target} sideways, both on layer {own}"
                ));
            }
            Some(other) => problems.push(format!(
                "{room} (layer {own}) imports {target} (layer {other}) upwards"
            )),
            None => problems.push(format!("{room} imports {target}, which stands in no layer")),
        }
    }
    problems
}

/// The names that follow `crate::`, in paths and in braces.
fn imported_rooms(text: &str) -> Vec<String> {
    let code = without_comments(text);
    let mut rooms = Vec::new();
    for (place, _) in code.match_indices("crate::") {
        let before = code[..place].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = code[place + "crate::".len()..].trim_start();
        match rest.strip_prefix('{') {
            Some(list) => rooms.extend(names_in_braces(list)),
            None => rooms.push(leading_name(rest)),
        }
    }
    rooms.retain(|name| !name.is_empty());
    rooms
}

fn names_in_braces(list: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut names = vec![String::new()];
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            c if depth == 0 => names.last_mut().expect("there is always one").push(c),
            _ => {}
        }
    }
    names
        .iter()
        .map(|name| leading_name(name.trim_start()))
        .collect()
}

fn leading_name(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// Doc links name rooms freely; only code imports.
fn without_comments(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn layer(room: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, layer)| *layer)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of every room.
fn source_files() -> Vec<(String, PathBuf)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root()).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            let room = path
                .file_name()
                .expect("a folder has a name")
                .to_string_lossy()
                .into_owned();
            collect(&room, &path, &mut found);
        }
    }
    found.into_iter().map(|(path, room)| (room, path)).collect()
}

fn collect(room: &str, folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("a room is readable") {
        let path = entry.expect("a room is readable").path();
        if path.is_dir() {
            collect(room, &path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.insert(path, room.to_owned());
        }
    }
}

mod the_test_itself {
    use super::*;

    #[test]
    fn finds_an_upward_import() {
        let found = upward_imports("wire", "use crate::device::Device;");
        assert_eq!(found, ["wire (layer 1) imports device (layer 4) upwards"]);
    }

    #[test]
    fn finds_a_sideways_import_among_good_ones() {
        let code = "use crate::{model::{Tag, Handle}, channel::Channel, lifecycle};";
        let found = upward_imports("session", code);
        assert_eq!(found, ["session imports channel sideways, both on layer 3"]);
    }

    #[test]
    fn finds_a_path_in_the_middle_of_code_and_an_unknown_room() {
        let found = upward_imports(
            "store",
            "fn f() { let x = crate::cli::run(); crate::attic::y(); }",
        );
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn device_and_emulator_are_blind_to_each_other() {
        assert_eq!(
            upward_imports("device", "use crate::emulator::Services;").len(),
            1
        );
        assert_eq!(
            upward_imports("emulator", "use crate::device::Device;").len(),
            1
        );
    }

    #[test]
    fn lets_pass_what_goes_down_and_what_is_said_in_comments() {
        let code = "/// See [`crate::cli`].\nuse crate::{model::Tag, wire};\nuse crate::device::x; // crate::cli::y";
        assert_eq!(upward_imports("device", code), Vec::<String>::new());
    }
}
