//! The script that gives a person the session that the tests have.

use std::process::Command;

use crate::session::{output, source_path};

#[test]
#[ignore = "needs a desktop session: run tests/run"]
fn the_session_script_brings_keyring_and_daemon_and_passes_the_status_on() {
    let script = source_path("session");
    let ask = "printf secret | secret-tool store --label=x service handset \
               && secret-tool lookup service handset && dunstctl count displayed";
    let answer = output(Command::new(&script).args(["bash", "-c", ask]));
    assert_eq!(answer.split_whitespace().collect::<String>(), "secret0");
    let mut bare = Command::new(&script);
    bare.args(["--no-keyring", "--no-dunst", "bash", "-c", "exit 7"]);
    let status = bare.status().expect("the script starts");
    assert_eq!(status.code(), Some(7));
}
