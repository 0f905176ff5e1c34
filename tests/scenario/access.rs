//! Background access, and the app's own tasks: registered once by name, and taken away again.

use std::sync::Arc;

use handset::background::{
    EntryPoint, InstanceRecord, InstanceResult, Outcome, RegisterError, Registered, TaskInstance,
    Trigger,
};
use handset::lab::{Lab, Phone};
use handset::telemetry::EventName;

use crate::support::puppet::{PUPPET, Step, Strings, puppet_task};
use crate::support::{LIMIT, dropped_because, events_of, eventually_some, nth_event};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_denies_access_and_then_allows_it_gets_pushes_without_a_restart() {
    let lab = Lab::start().await.unwrap();
    let strings = Strings::new();
    let device = lab.device("phone").user("alice");
    let device = device.adjust(|options| strings.tie_to(options));
    let device = device.condition("background_access=denied_by_user");
    let phone = device.start().await.unwrap();
    let device = phone.device().unwrap();
    let refused = device.register_task(puppet_task(Trigger::NetworkChange));
    let refused = refused.await.unwrap_err();
    assert!(matches!(refused, RegisterError::AccessRefused { .. }));
    assert!(refused.to_string().contains("denied_by_user"), "{refused}");
    lab.backend().send_secure("alice", "denied").await.unwrap();
    dropped_because(&phone, "background_access_denied").await;

    let allowed = "background_access=allowed_subject_to_system_policy";
    phone.set(&[allowed]).await.unwrap();
    lab.backend().send_secure("alice", "allowed").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "allowed");
    let registered = device.register_task(puppet_task(Trigger::NetworkChange));
    assert_eq!(registered.await.unwrap(), Registered::New);
    assert_eq!(device.tasks(10).await.unwrap().len(), 1);
    drop(device);
    lab.finish().await.unwrap();
}

/// What a developer writes.
struct Greeter;

impl EntryPoint for Greeter {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        let deferral = instance.deferral();
        instance.progress(100);
        deferral.complete();
        Outcome::Shown
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_registered_once_by_name_over_restarts_and_kills() {
    let lab = Lab::start().await.unwrap();
    let device = lab.device("phone").user("alice").adjust(|options| {
        Strings::new().tie_to(options);
        let points = &mut options.entry_points;
        points.insert(PUPPET.to_owned(), Arc::new(Greeter));
    });
    let phone = device.start().await.unwrap();
    let register = async |phone: &Phone| {
        let task = puppet_task(Trigger::NetworkChange);
        phone.device().unwrap().register_task(task).await.unwrap()
    };
    assert_eq!(register(&phone).await, Registered::New);
    assert_eq!(register(&phone).await, Registered::Already);
    assert_eq!(phone.turn_off().await, 0);
    let phone = lab.resume("phone").await.unwrap();
    assert_eq!(register(&phone).await, Registered::Already);
    phone.kill();
    let phone = lab.resume("phone").await.unwrap();

    phone.set(&["network=metered"]).await.unwrap();
    let runs = eventually_some("the task has run", async || {
        let runs = phone.device().unwrap().tasks(10).await.unwrap();
        let ended = |run: &InstanceRecord| run.result == InstanceResult::Completed;
        (!runs.is_empty() && runs.iter().all(ended)).then_some(runs)
    });
    let runs = runs.await;
    assert_eq!(runs.len(), 1, "registered twice: {runs:#?}");
    assert_eq!(
        (runs[0].task.as_str(), runs[0].progress),
        ("Puppet", Some(100))
    );
    assert_eq!(register(&phone).await, Registered::Already);
    let device = phone.device().unwrap();
    assert!(device.unregister_task("Puppet", false).await.unwrap());
    assert!(!device.unregister_task("Puppet", false).await.unwrap());
    drop(device);
    assert_eq!(register(&phone).await, Registered::New);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unregistering_with_cancel_ends_the_running_instance() {
    let lab = Lab::start().await.unwrap();
    let strings = Strings::new();
    let device = lab.device("phone").user("alice").adjust(|options| {
        options.budgets.grace = std::time::Duration::from_millis(50);
        strings.tie_to(options);
    });
    let phone = device.start().await.unwrap();
    let device = phone.device().unwrap();
    let task = puppet_task(Trigger::NetworkChange);
    device.register_task(task).await.unwrap();
    phone.set(&["network=metered"]).await.unwrap();
    strings.started().await;
    strings.pull(Step::Progress(40));
    phone.event(EventName::TaskProgress, LIMIT).await.unwrap();
    assert!(device.unregister_task("Puppet", true).await.unwrap());
    let canceled = phone.event(EventName::TaskCanceled, LIMIT).await.unwrap();
    assert_eq!(canceled.text("reason"), Some("Abort"));
    let run = device.task(1).await.unwrap().unwrap();
    assert_eq!(run.result, InstanceResult::Canceled);
    assert_eq!(
        (run.reason.as_deref(), run.progress),
        (Some("Abort"), Some(40))
    );
    phone.set(&["network=online"]).await.unwrap();
    lab.backend().send_secure("alice", "goes on").await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "goes on");
    nth_event(&phone, EventName::TaskCompleted, 1).await;
    assert_eq!(events_of(&phone, EventName::TaskStarted).len(), 2);
    drop(device);
    lab.finish().await.unwrap();
}
