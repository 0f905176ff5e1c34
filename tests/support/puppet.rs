//! A background task of the app's own that does what a test tells it.

use std::sync::{Arc, Mutex};

use handset::background::{
    Deferral, EntryPoint, Outcome, TaskInstance, TaskRegistration, Trigger, TriggerDetails,
};
use handset::device::DeviceOptions;
use handset::lab::Phone;
use handset::model::Manifest;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::LIMIT;

/// The puppet's entry point.
pub(crate) const PUPPET: &str = "Tests.Puppet";

/// The entry point of the app's own push task.
const PUSH: &str = "PushBackgroundComponent.PushBackgroundTask";

/// What an instance does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Tells how far it is.
    Progress(u8),
    /// Takes a deferral, which the test gets.
    Defer,
    /// Panics.
    Panic,
    /// Returns.
    Return,
}

/// The strings of the puppet.
pub(crate) struct Strings {
    puppet: Arc<Puppet>,
    steps: UnboundedSender<Step>,
    started: tokio::sync::Mutex<UnboundedReceiver<TriggerDetails>>,
}

struct Puppet {
    steps: tokio::sync::Mutex<UnboundedReceiver<Step>>,
    started: UnboundedSender<TriggerDetails>,
    deferrals: Mutex<Vec<Deferral>>,
}

impl EntryPoint for Puppet {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        self.started.send(instance.details().clone()).ok();
        while let Some(step) = self.steps.lock().await.recv().await {
            match step {
                Step::Progress(percent) => instance.progress(percent),
                Step::Defer => self.deferrals.lock().unwrap().push(instance.deferral()),
                Step::Panic => panic!("the puppet panics, as it was told"),
                Step::Return => break,
            }
        }
        Outcome::Shown
    }
}

impl Strings {
    pub(crate) fn new() -> Self {
        let (steps, to_do) = unbounded_channel();
        let (begun, started) = unbounded_channel();
        let puppet = Puppet {
            steps: tokio::sync::Mutex::new(to_do),
            started: begun,
            deferrals: Mutex::default(),
        };
        Self {
            puppet: Arc::new(puppet),
            steps,
            started: tokio::sync::Mutex::new(started),
        }
    }

    /// Gives the app the puppet, and a manifest that declares it for everything.
    pub(crate) fn tie_to(&self, options: &mut DeviceOptions) {
        let points = &mut options.entry_points;
        points.insert(PUPPET.to_owned(), self.puppet.clone());
        options.manifest = Arc::new(manifest_with_puppet());
    }

    pub(crate) fn pull(&self, step: Step) {
        self.steps.send(step).unwrap();
    }

    /// What woke the instance that starts next.
    pub(crate) async fn started(&self) -> TriggerDetails {
        let mut started = self.started.lock().await;
        let next = tokio::time::timeout(LIMIT, started.recv()).await;
        next.unwrap().unwrap()
    }

    /// Every deferral that was taken and not yet given out.
    pub(crate) fn deferrals(&self) -> Vec<Deferral> {
        std::mem::take(&mut self.puppet.deferrals.lock().unwrap())
    }
}

/// The task that wakes the puppet.
pub(crate) fn puppet_task(trigger: Trigger) -> TaskRegistration {
    TaskRegistration::new("Puppet", PUPPET, trigger)
}

/// Has pushes wake the puppet in place of the app's own task.
pub(crate) async fn give_pushes_to_puppet(phone: &Phone) {
    let device = phone.device().unwrap();
    let removed = device.unregister_task("PushBackgroundTask", false).await;
    assert!(removed.unwrap());
    let task = puppet_task(Trigger::RawPush);
    device.register_task(task).await.unwrap();
}

/// Has pushes wake the app's own task again.
pub(crate) async fn take_pushes_from_puppet(phone: &Phone) {
    let device = phone.device().unwrap();
    assert!(device.unregister_task("Puppet", false).await.unwrap());
    let own = TaskRegistration::new("PushBackgroundTask", PUSH, Trigger::RawPush);
    device.register_task(own).await.unwrap();
}

fn manifest_with_puppet() -> Manifest {
    let task = |entry_point: &str| {
        format!(
            "[[background_task]]\nentry_point = \"{entry_point}\"\n\
             types = [\"push_notification\", \"timer\", \"system_event\"]\n"
        )
    };
    let app = "[app]\nid = \"handset.app\"\nname = \"handset\"\ntoast_capable = true\n\
               lock_screen = \"badge_and_toast\"\n";
    let text = format!("{app}{}{}", task(PUSH), task(PUPPET));
    Manifest::parse("app.toml", &text).unwrap()
}
