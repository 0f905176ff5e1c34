//! A lab leaves nothing behind.

use std::path::Path;
use std::process::Command;

use handset::lab::{Lab, LabError};

use crate::support::LIMIT;

async fn one_lab() -> std::path::PathBuf {
    let lab = Lab::start().await.unwrap();
    let home = lab.home().to_owned();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    lab.backend().send_secure("alice", "hello").await.unwrap();
    phone.next_toast(LIMIT).await.unwrap();
    lab.finish().await.unwrap();
    home
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_lab_removes_its_folder() {
    assert!(!one_lab().await.exists());
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "counts in /proc")]
fn starting_and_stopping_often_leaves_no_file_and_no_thread() {
    // Other tests of this process open files meanwhile: it is counted in one of its own.
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "leaks::twenty_labs_in_a_process_of_their_own",
            "--ignored",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by starting_and_stopping_often_leaves_no_file_and_no_thread"]
async fn twenty_labs_in_a_process_of_their_own() {
    one_lab().await;
    one_lab().await;
    let (files, running) = (open_files(), threads());
    for _ in 0..20 {
        one_lab().await;
    }
    crate::support::eventually("every file and thread is given back", || {
        open_files() <= files && threads() <= running
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_push_and_a_phone_in_use_fail_the_lab() {
    let options = handset::lab::LabOptions {
        settle_within: std::time::Duration::from_millis(50),
        ..Default::default()
    };
    let lab = Lab::with(options.clone()).await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let sender = crate::support::wns::WnsSender::to(&lab, &phone).await;
    phone.turn_off().await;
    let cache = [(handset::wire::wns::CACHE_POLICY, "cache")];
    let message = sender.post("wns/raw", "1", &cache).await.message;
    let lost = lab.finish().await.unwrap_err();
    assert!(
        matches!(&lost, LabError::LostPushes(messages) if *messages == [message]),
        "{lost}"
    );

    let lab = Lab::with(options).await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let in_use = phone.device().unwrap();
    let leaked = lab.finish().await.unwrap_err();
    assert!(matches!(leaked, LabError::LeakedTasks(1)), "{leaked}");
    assert!(!Path::new(&in_use.profile().push.clone().unwrap()).exists());
}
