use jiff::SignedDuration;
use tokio::sync::mpsc;

use super::*;
use crate::background::testing::{Scene, eventually, register};
use crate::background::{EntryPoint, Outcome, TaskInstance, TaskRegistration};
use crate::model::SystemCondition;

/// Tells what it was woken by.
struct Tells(mpsc::UnboundedSender<TriggerDetails>);

impl EntryPoint for Tells {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        self.0.send(instance.details().clone()).unwrap();
        Outcome::Shown
    }
}

const QUARTER: i64 = 900;

fn timer(one_shot: bool) -> TaskRegistration {
    let every = Trigger::SHORTEST_TIMER;
    TaskRegistration::new("timer", "Task", Trigger::Timer { every, one_shot })
}

fn network() -> TaskRegistration {
    TaskRegistration::new("network", "Task", Trigger::NetworkChange)
}

/// Serves the triggers of a phone that was just switched on while `story` happens.
async fn serve<S: Future<Output = ()>>(
    scene: &Scene,
    story: impl FnOnce(TaskRuntime, mpsc::UnboundedReceiver<TriggerDetails>) -> S,
) -> TaskRuntime {
    let (told, heard) = mpsc::unbounded_channel();
    let runtime = scene.runtime(Tells(told)).await;
    let off = scene.off.child_token();
    let story = async {
        story(runtime.clone(), heard).await;
        off.cancel();
    };
    tokio::join!(runtime.serve_triggers(off.clone()), story);
    runtime
}

impl Scene {
    /// Sets the clock forward, and lets the phone notice.
    fn pass(&self, seconds: i64) {
        self.clock.set_by(SignedDuration::from_secs(seconds));
        self.conditions.send_modify(|_| {});
    }
}

/// When the one timer is due, in seconds since the clock began.
fn due(runtime: &TaskRuntime) -> i64 {
    let scheduled = runtime.registry().scheduled();
    scheduled[0].due.unwrap().as_second()
}

fn due_of(details: Option<TriggerDetails>) -> i64 {
    match details {
        Some(TriggerDetails::Timer { due }) => due.as_second(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_timer_runs_when_it_is_due_and_once_for_all_it_missed() {
    let scene = Scene::new().await;
    serve(&scene, async |runtime, mut heard| {
        register(&runtime, timer(false)).await;
        scene.pass(QUARTER - 100);
        scene.pass(101);
        assert_eq!(due_of(heard.recv().await), QUARTER);
        eventually(|| due(&runtime) == 2 * QUARTER).await;
        scene.pass(86_400);
        assert_eq!(due_of(heard.recv().await), 2 * QUARTER);
        eventually(|| due(&runtime) >= 86_400 + QUARTER).await;
        scene.pass(1);
        scene.off.cancel();
        assert_eq!(heard.recv().now_or_never(), None);
    })
    .await;
    // A restart knows when it was due, and makes up for what it missed once.
    let scene = Scene {
        off: CancellationToken::new(),
        ..scene
    };
    scene.pass(7 * 86_400);
    serve(&scene, async |runtime, mut heard| {
        let missed = due_of(heard.recv().await);
        assert!((86_400..90_000).contains(&missed), "{missed}");
        eventually(|| due(&runtime) > 7 * 86_400).await;
        assert_eq!(heard.recv().now_or_never(), None);
    })
    .await;
}

#[tokio::test]
async fn a_timer_for_once_runs_once() {
    let scene = Scene::new().await;
    let runtime = serve(&scene, async |runtime, mut heard| {
        register(&runtime, timer(true)).await;
        scene.pass(QUARTER);
        heard.recv().await;
        eventually(|| runtime.registry().all().is_empty()).await;
    })
    .await;
    assert_eq!(runtime.history().list(10).await.unwrap().len(), 1);
    assert_eq!(
        scene
            .runtime(Tells(mpsc::unbounded_channel().0))
            .await
            .registry()
            .all(),
        []
    );
}

#[tokio::test]
async fn a_timer_whose_conditions_are_not_met_is_latched_and_runs_once() {
    let scene = Scene::new().await;
    scene.set("network=offline");
    scene.set("quiet_hours=on");
    let runtime = serve(&scene, async |runtime, mut heard| {
        let task = timer(false).on_condition(SystemCondition::InternetAvailable);
        register(&runtime, task).await;
        scene.pass(10 * QUARTER);
        scene.set("network=online");
        scene.set("network=offline");
        scene.set("quiet_hours=off");
        scene.set("background_access=denied_by_user");
        scene.set("network=metered");
        assert_eq!(heard.recv().now_or_never(), None);
        scene.set("background_access=always_allowed");
        assert_eq!(due_of(heard.recv().await), QUARTER);
        eventually(|| due(&runtime) > 10 * QUARTER).await;
    })
    .await;
    assert_eq!(runtime.history().list(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_of_the_network_is_latched_across_a_restart_and_runs_once() {
    let scene = Scene::new().await;
    scene.set("screen=locked");
    let latched = |runtime: &TaskRuntime| runtime.registry().scheduled()[0].latched;
    serve(&scene, async |runtime, _heard| {
        let task = network().on_condition(SystemCondition::UserPresent);
        register(&runtime, task).await;
        tokio::task::yield_now().await;
        assert!(!latched(&runtime));
        scene.set("network=offline");
        eventually(|| latched(&runtime)).await;
        scene.set("network=metered");
    })
    .await;
    let runtime = serve(&scene, async |runtime, mut heard| {
        assert!(latched(&runtime));
        scene.set("screen=unlocked");
        let online = TriggerDetails::NetworkChange { online: true };
        assert_eq!(heard.recv().await, Some(online));
        eventually(|| !latched(&runtime)).await;
        scene.set("network=offline");
        let offline = TriggerDetails::NetworkChange { online: false };
        assert_eq!(heard.recv().await, Some(offline));
    })
    .await;
    assert_eq!(runtime.history().list(10).await.unwrap().len(), 2);
}

#[test]
fn each_platform_starts_nothing_while_its_own_conditions_hold() {
    use Platform::{Apns, Fcm, WebPush, Wns};
    for (change, held) in [
        ("quiet_hours=on", vec![Wns]),
        ("battery_saver=on", vec![Wns, Apns]),
        ("doze=on", vec![Fcm]),
        ("app=force_quit", vec![Apns, Fcm, WebPush]),
        ("dnd=on", vec![]),
        ("screen=locked", vec![]),
    ] {
        let mut phone = Conditions::default();
        phone.apply(change.parse().unwrap());
        let holding = Platform::ALL.into_iter();
        let holding: Vec<_> = holding
            .filter(|platform| held_by(&phone, *platform).is_some())
            .collect();
        assert_eq!(holding, held, "{change}");
    }
}
