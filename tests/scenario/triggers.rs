//! The app's own tasks on timers and changes of the network, what they latch, and that one instance
//! runs at a time whatever started it.

use handset::background::{InstanceRecord, InstanceResult, Trigger, TriggerDetails};
use handset::lab::{Lab, Phone};
use handset::lifecycle::Clock;
use handset::model::{AuthScheme, SystemCondition};
use handset::telemetry::EventName;
use jiff::SignedDuration;

use crate::support::puppet::{Step, Strings, puppet_task};
use crate::support::{LIMIT, events_of, eventually, nth_event};

const QUARTER: SignedDuration = SignedDuration::from_mins(15);

async fn phone_with(lab: &Lab, strings: &Strings, clock: &Clock) -> Phone {
    let device = lab.device("phone").user("alice").auth(AuthScheme::Basic);
    let device = device.adjust(|options| {
        options.clock = clock.clone();
        strings.tie_to(options);
    });
    device.start().await.unwrap()
}

async fn registers(phone: &Phone, trigger: Trigger) {
    let device = phone.device().unwrap();
    device.register_task(puppet_task(trigger)).await.unwrap();
}

/// The clock is set forward, and the phone has a reason to look at it.
async fn later(phone: &Phone, clock: &Clock, dnd: &str) {
    clock.set_by(QUARTER);
    phone.set(&[dnd]).await.unwrap();
}

async fn history(phone: &Phone) -> Vec<InstanceRecord> {
    phone.device().unwrap().tasks(10).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_runs_each_interval_and_survives_a_restart() {
    let lab = Lab::start().await.unwrap();
    let (strings, clock) = (Strings::new(), Clock::simulated(Clock::system().now()));
    let phone = phone_with(&lab, &strings, &clock).await;
    let timer = |one_shot| Trigger::Timer {
        every: Trigger::SHORTEST_TIMER,
        one_shot,
    };
    registers(&phone, timer(false)).await;
    for (number, dnd) in ["dnd=on", "dnd=off"].into_iter().enumerate() {
        later(&phone, &clock, dnd).await;
        let details = strings.started().await;
        let TriggerDetails::Timer { due } = details else {
            panic!("{details:?}");
        };
        assert!(due <= clock.now());
        strings.pull(Step::Return);
        nth_event(&phone, EventName::TaskCompleted, number + 1).await;
    }
    assert_eq!(phone.turn_off().await, 0);
    // What it missed while the phone was off is made up for by one run.
    for _ in 0..3 {
        clock.set_by(QUARTER);
    }
    let phone = lab.resume("phone").await.unwrap();
    strings.started().await;
    strings.pull(Step::Return);
    nth_event(&phone, EventName::TaskCompleted, 3).await;

    let device = phone.device().unwrap();
    assert!(device.unregister_task("Puppet", false).await.unwrap());
    drop(device);
    registers(&phone, timer(true)).await;
    later(&phone, &clock, "dnd=on").await;
    strings.started().await;
    strings.pull(Step::Return);
    nth_event(&phone, EventName::TaskCompleted, 4).await;
    later(&phone, &clock, "dnd=off").await;
    let runs = history(&phone).await;
    assert_eq!(runs.len(), 4, "once is once: {runs:#?}");
    assert!(runs.iter().all(|run| run.trigger == "timer"), "{runs:#?}");
    assert_eq!(runs[0].result, InstanceResult::Completed);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_network_wakes_a_task_that_is_told_whether_there_is_one() {
    let lab = Lab::start().await.unwrap();
    let (strings, clock) = (Strings::new(), Clock::system());
    let phone = phone_with(&lab, &strings, &clock).await;
    registers(&phone, Trigger::NetworkChange).await;
    let changes = [("metered", true), ("offline", false), ("online", true)];
    for (number, (network, online)) in changes.into_iter().enumerate() {
        phone.set(&[&format!("network={network}")]).await.unwrap();
        let details = strings.started().await;
        assert_eq!(details, TriggerDetails::NetworkChange { online });
        strings.pull(Step::Return);
        nth_event(&phone, EventName::TaskCompleted, number + 1).await;
    }
    let runs = history(&phone).await;
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run.trigger == "network_change"));
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_latched_trigger_starts_its_task_once_when_the_user_is_there() {
    let lab = Lab::start().await.unwrap();
    let (strings, clock) = (Strings::new(), Clock::system());
    let phone = phone_with(&lab, &strings, &clock).await;
    phone.set(&["screen=locked"]).await.unwrap();
    let task = puppet_task(Trigger::NetworkChange).on_condition(SystemCondition::UserPresent);
    phone.device().unwrap().register_task(task).await.unwrap();
    phone.set(&["network=metered"]).await.unwrap();
    // A push that wakes its own task meanwhile waits for nobody.
    lab.backend()
        .send_secure("alice", "meanwhile")
        .await
        .unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "meanwhile");
    phone.set(&["network=online"]).await.unwrap();
    phone.set(&["screen=unlocked"]).await.unwrap();
    strings.started().await;
    strings.pull(Step::Return);
    nth_event(&phone, EventName::TaskCompleted, 2).await;
    phone.set(&["network=metered"]).await.unwrap();
    strings.started().await;
    strings.pull(Step::Return);
    nth_event(&phone, EventName::TaskCompleted, 3).await;

    let events = phone.events();
    let place = |wanted: &dyn Fn(&handset::telemetry::Event) -> bool| {
        events.iter().position(wanted).unwrap()
    };
    let unlocked = place(&|event| {
        event.event == EventName::ConditionChanged && event.text("state") == Some("unlocked")
    });
    let ran = place(&|event| {
        event.event == EventName::TaskStarted && event.text("task") == Some("Puppet")
    });
    assert!(unlocked < ran);
    assert_eq!(history(&phone).await.len(), 3, "the latch fires once");
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_waits_for_the_turn_of_another_task() {
    let lab = Lab::start().await.unwrap();
    let (strings, clock) = (Strings::new(), Clock::system());
    let phone = phone_with(&lab, &strings, &clock).await;
    registers(&phone, Trigger::NetworkChange).await;
    phone.set(&["network=metered"]).await.unwrap();
    strings.started().await;
    lab.backend().send_secure("alice", "in turn").await.unwrap();
    eventually("the push is acknowledged", || {
        lab.services().trace().counts().acknowledged == 1
    })
    .await;
    assert_eq!(phone.inbox().unwrap().waiting, 1);
    strings.pull(Step::Return);
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "in turn");
    nth_event(&phone, EventName::TaskCompleted, 2).await;

    let mut order = phone.events();
    order.retain(|event| {
        matches!(
            event.event,
            EventName::TaskStarted | EventName::TaskCompleted | EventName::PushReceived
        )
    });
    let order: Vec<_> = order.iter().map(|event| event.event).collect();
    let expected = [
        EventName::TaskStarted,
        EventName::PushReceived,
        EventName::TaskCompleted,
        EventName::TaskStarted,
        EventName::TaskCompleted,
    ];
    assert_eq!(order, expected);
    assert!(events_of(&phone, EventName::TaskCanceled).is_empty());
    lab.finish().await.unwrap();
}
