//! One run of a task, from its first deferral to its end, whatever that is; the history has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use handset::background::{InstanceResult, Trigger};
use handset::device::DeviceOptions;
use handset::lab::{Fate, Lab};
use handset::telemetry::EventName;

use crate::support::front::{Answer, Front};
use crate::support::puppet::{
    Step, Strings, give_pushes_to_puppet, puppet_task, take_pushes_from_puppet,
};
use crate::support::{LIMIT, dropped_because, events_of, eventually, eventually_some, nth_event};

fn short_budget(options: &mut DeviceOptions) {
    options.budgets.wns = Duration::from_millis(200);
    options.budgets.grace = Duration::from_millis(50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_lives_until_its_last_deferral_is_complete_and_tells_its_progress() {
    let lab = Lab::start().await.unwrap();
    let strings = Strings::new();
    let device = lab.device("phone").user("alice");
    let phone = device.adjust(|options| strings.tie_to(options)).start();
    let phone = phone.await.unwrap();
    give_pushes_to_puppet(&phone).await;
    lab.backend().send_secure("alice", "woken").await.unwrap();
    let woken = strings.started().await;
    assert!(woken.push().is_some());
    for percent in [20, 60] {
        strings.pull(Step::Progress(percent));
        let told = phone.wait_for("its progress", LIMIT, |event| {
            event.event == EventName::TaskProgress && event.fields["progress"] == percent
        });
        told.await.unwrap();
    }
    for step in [
        Step::Defer,
        Step::Defer,
        Step::Defer,
        Step::Progress(90),
        Step::Return,
    ] {
        strings.pull(step);
    }
    nth_event(&phone, EventName::TaskProgress, 3).await;
    let mut deferrals = strings.deferrals();
    assert_eq!(deferrals.len(), 3);
    let last = deferrals.pop().unwrap();
    for deferral in deferrals {
        deferral.complete();
    }
    let device = phone.device().unwrap();
    let running = device.task(1).await.unwrap().unwrap();
    assert_eq!(running.result, InstanceResult::Running);
    assert!(events_of(&phone, EventName::TaskCompleted).is_empty());
    last.complete();
    phone.event(EventName::TaskCompleted, LIMIT).await.unwrap();
    let done = device.task(1).await.unwrap().unwrap();
    assert_eq!(done.result, InstanceResult::Completed);
    assert_eq!(
        (done.progress, done.outcome.as_deref()),
        (Some(90), Some("shown"))
    );
    assert_eq!(
        (done.trigger.as_str(), done.task.as_str()),
        ("raw_push", "Puppet")
    );
    drop(device);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_deferral_ends_at_the_budget() {
    let lab = Lab::start().await.unwrap();
    let strings = Strings::new();
    let device = lab.device("phone").user("alice").adjust(|options| {
        short_budget(options);
        strings.tie_to(options);
    });
    let phone = device.start().await.unwrap();
    let device = phone.device().unwrap();
    let task = puppet_task(Trigger::NetworkChange);
    device.register_task(task).await.unwrap();
    strings.pull(Step::Defer);
    strings.pull(Step::Return);
    phone.set(&["network=metered"]).await.unwrap();
    strings.started().await;
    let canceled = phone.event(EventName::TaskCanceled, LIMIT).await.unwrap();
    assert_eq!(canceled.text("reason"), Some("ExecutionTimeExceeded"));
    let record = device.task(1).await.unwrap().unwrap();
    assert_eq!(record.result, InstanceResult::Canceled);
    assert_eq!(record.reason.as_deref(), Some("ExecutionTimeExceeded"));
    assert_eq!(record.outcome, None);
    assert!(record.duration_ms.unwrap() >= 200);
    assert_eq!(strings.deferrals().len(), 1, "it was never completed");
    // The next instance has its turn.
    phone.set(&["network=online"]).await.unwrap();
    strings.started().await;
    strings.pull(Step::Return);
    phone.event(EventName::TaskCompleted, LIMIT).await.unwrap();
    drop(device);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_over_its_budget_is_canceled_and_its_push_tried_again() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    front.next(Answer::Gate);
    let device = lab.device("phone").user("alice").backend(front.url());
    let phone = device.adjust(short_budget).start().await.unwrap();
    lab.backend().send_secure("alice", "at last").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "at last");
    phone.event(EventName::TaskCompleted, LIMIT).await.unwrap();
    let runs = phone.device().unwrap().tasks(10).await.unwrap();
    assert!(runs.len() >= 2, "{runs:#?}");
    assert_eq!(runs[0].result, InstanceResult::Completed);
    let first = runs.last().unwrap();
    assert_eq!(first.result, InstanceResult::Canceled);
    assert_eq!(first.reason.as_deref(), Some("ExecutionTimeExceeded"));
    assert!(events_of(&phone, EventName::PushDropped).is_empty());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_one_failed_instance_and_no_dead_phone() {
    let lab = Lab::start().await.unwrap();
    let strings = Strings::new();
    let device = lab.device("phone").user("alice");
    let phone = device.adjust(|options| strings.tie_to(options)).start();
    let phone = phone.await.unwrap();
    give_pushes_to_puppet(&phone).await;
    strings.pull(Step::Panic);
    lab.backend().send_secure("alice", "panics").await.unwrap();
    let dropped = dropped_because(&phone, "task_failed").await;
    assert!(dropped.text("detail").unwrap().contains("as it was told"));
    let failed = phone.device().unwrap().task(1).await.unwrap().unwrap();
    assert_eq!(failed.result, InstanceResult::Failed);
    assert!(failed.error.unwrap().contains("as it was told"));

    take_pushes_from_puppet(&phone).await;
    lab.backend().send_secure("alice", "alive").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "alive");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_goes_in_the_middle_cancels_the_fetch_and_the_push_waits_for_the_next() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    front.next(Answer::Gate);
    let device = lab.device("phone").user("alice").backend(front.url());
    let phone = device.start().await.unwrap();
    let sent = lab.backend().send_secure("alice", "later").await.unwrap();
    let id = sent.id.unwrap();
    eventually("the fetch is on its way", || front.fetches() == 1).await;
    phone.set(&["network=offline"]).await.unwrap();
    let canceled = phone.event(EventName::TaskCanceled, LIMIT).await.unwrap();
    assert_eq!(canceled.text("reason"), Some("ConditionLoss"));
    let held = |fate: &Fate| matches!(fate, Fate::Held(_));
    let held = phone.fate_when(&id, LIMIT, held).await.unwrap();
    assert_eq!(held, Fate::Held("offline".to_owned()));
    let run = phone.device().unwrap().task(1).await.unwrap().unwrap();
    assert_eq!(run.result, InstanceResult::Canceled);
    assert_eq!(run.reason.as_deref(), Some("ConditionLoss"));

    phone.set(&["network=online"]).await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "later");
    assert_eq!(phone.shown_toasts().len(), 1);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_ran_when_the_phone_was_killed_was_interrupted() {
    let lab = Lab::start().await.unwrap();
    let front = Front::before(&lab).await;
    front.next(Answer::Gate);
    let device = lab.device("phone").user("alice").backend(front.url());
    let phone = device.start().await.unwrap();
    lab.backend().send_secure("alice", "again").await.unwrap();
    eventually("the fetch is on its way", || front.fetches() == 1).await;
    let database = phone.folder().database();
    eventually_some("the running instance is durable", async || {
        (running_rows(&database, lab.home()) == Some(1)).then_some(())
    })
    .await;
    phone.kill();

    let phone = lab.resume("phone").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "again");
    phone.event(EventName::TaskCompleted, LIMIT).await.unwrap();
    let runs = phone.device().unwrap().tasks(10).await.unwrap();
    let results: Vec<_> = runs.iter().map(|run| run.result).collect();
    assert_eq!(
        results,
        [InstanceResult::Completed, InstanceResult::Interrupted]
    );
    assert!(runs[0].id > runs[1].id);
    lab.finish().await.unwrap();
}

/// How many instances stand as running in a copy of the database, which its phone keeps to itself.
fn running_rows(database: &Path, folder: &Path) -> Option<i64> {
    let copies = ["", "-wal"].map(|end| {
        let with_end = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        fs::copy(with_end(database), with_end(&folder.join("copy.db"))).ok()
    });
    copies[0]?;
    let copy = rusqlite::Connection::open(folder.join("copy.db")).ok()?;
    let query = "SELECT count(*) FROM task_instance WHERE result = 'running'";
    copy.query_row(query, [], |row| row.get(0)).ok()
}
