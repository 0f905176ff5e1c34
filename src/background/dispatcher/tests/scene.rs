//! A phone without a device: a dispatcher at work, and what it did as short lines.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::*;
use crate::background::{
    EntryPoint, ForegroundAnswer, ForegroundApp, MIGRATION, MIGRATION_2, Outcome, RegisterError,
    RuntimeParts, TaskHistory, TaskInstance, TaskOptions, TaskRegistration, TaskRegistry, Trigger,
};
use crate::lifecycle::Scope;
use crate::model::{
    Condition, Manifest, MessageId, Platform, PushKind, RawNotification, SystemCondition,
};
use crate::store::{Location, Schema, Store};
use crate::telemetry::{Event, EventReceiver, EventStream};

const SCHEMA: Schema = Schema {
    application_id: 1,
    migrations: &[MIGRATION, MIGRATION_2],
};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(10);

pub(super) fn push(message: &str, platform: Platform) -> RawNotification {
    let message = MessageId::parse(message).unwrap();
    RawNotification::new(message, platform, Bytes::from_static(b"1"))
}

pub(super) fn of_kind(kind: PushKind, message: &str, platform: Platform) -> RawNotification {
    RawNotification {
        kind,
        ..push(message, platform)
    }
}

const MANIFEST: &str = r#"
[app]
id = "app"
name = "App"
[[background_task]]
entry_point = "code"
types = ["push_notification"]
"#;

/// What outlives a restart, and how the phone is set up.
pub(super) struct Bench {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) conditions: watch::Sender<Conditions>,
    pub(super) latches: Vec<SystemCondition>,
    pub(super) rules: RuleOptions,
    /// What the task makes of its pushes, one after another; else they are shown.
    pub(super) outcomes: Arc<Mutex<VecDeque<Outcome>>>,
    /// Each instance of the task takes one.
    pub(super) turns: Arc<Semaphore>,
    pub(super) foreground: Option<ForegroundAnswer>,
    /// What was done for each push, and what was told and not read.
    pub(super) done: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self {
            store: Store::open(Location::Memory, SCHEMA).await.unwrap(),
            clock: Clock::simulated(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000)),
            conditions: watch::Sender::new(Conditions::default()),
            latches: Vec::new(),
            rules: RuleOptions::default(),
            outcomes: Arc::default(),
            turns: Arc::new(Semaphore::new(1000)),
            foreground: None,
            done: Arc::default(),
        }
    }

    pub(super) fn set(&self, conditions: &str) {
        self.conditions.send_modify(|all| {
            for condition in conditions.split_whitespace() {
                all.apply(condition.parse::<Condition>().unwrap());
            }
        });
    }

    pub(super) fn next_outcomes(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.outcomes.lock().unwrap().extend(outcomes);
    }

    pub(super) fn pass(&self, hours: i64) {
        self.clock.set_by(SignedDuration::from_hours(hours));
    }

    /// Switches the phone on for a while.
    pub(super) async fn on(&self, story: impl AsyncFnOnce(&mut Phone)) {
        let inbox = Inbox::open(self.store.clone(), 1, self.clock.clone());
        let inbox = inbox.await.unwrap();
        let (events, (log, logged)) = (EventStream::default(), unbounded_channel());
        let mut phone = Phone {
            inbox: inbox.clone(),
            owner: watch::Sender::new(Some(Owner::nobody())),
            events: events.listen(),
            logged,
        };
        let off = CancellationToken::new();
        let scope = Scope::new();
        let dispatcher = self.dispatcher(inbox, events, log, &scope).await;
        let working = dispatcher.run(phone.owner.subscribe(), off.clone());
        let living = async {
            story(&mut phone).await;
            off.cancel();
        };
        let both = async { tokio::join!(working, living) };
        tokio::time::timeout(LIMIT, both).await.unwrap();
        scope.shutdown(LIMIT).await;
        while let Some(event) = phone.events.try_next() {
            self.done.lock().unwrap().push(line(&event));
        }
    }

    async fn dispatcher(
        &self,
        inbox: Inbox,
        events: EventStream,
        log: UnboundedSender<String>,
        scope: &Scope,
    ) -> Dispatcher {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let conditions = self.conditions.subscribe();
        let manifest = Manifest::parse("manifest", MANIFEST).unwrap();
        let registry = TaskRegistry::open(store.clone(), 1, clock.clone(), manifest, conditions);
        let registry = registry.await.unwrap();
        registry.request_access().await.unwrap();
        let mut task = TaskRegistration::new("task", "code", Trigger::RawPush);
        task.conditions.clone_from(&self.latches);
        match registry.register(task).await {
            Ok(_) | Err(RegisterError::AccessRefused { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        let history = TaskHistory::open(store, 1, clock, scope.spawner());
        let code = Code {
            done: self.done.clone(),
            outcomes: self.outcomes.clone(),
            turns: self.turns.clone(),
        };
        let parts = RuntimeParts {
            events: events.clone(),
            options: TaskOptions {
                grace: Duration::from_millis(20),
                ..TaskOptions::default()
            },
            ..RuntimeParts::new(registry, history.await.unwrap())
        };
        let runtime = TaskRuntime::new(parts.entry_point("code", code));
        let foreground = self.foreground.map(|answer| {
            let app: Arc<dyn DynForegroundApp> = Arc::new(App(answer, log.clone()));
            app
        });
        Dispatcher {
            inbox,
            runtime,
            visible: Arc::new(Shows(log, self.done.clone())),
            foreground,
            conditions: self.conditions.subscribe(),
            rules: self.rules.clone(),
            events,
            device: "phone".to_owned(),
            clock: self.clock.clone(),
            options: DispatcherOptions {
                // A clock that was set is noticed soon.
                retry_longest: Duration::from_millis(20),
                ..DispatcherOptions::default()
            },
        }
    }
}

/// A phone that is on.
pub(super) struct Phone {
    pub(super) inbox: Inbox,
    pub(super) owner: watch::Sender<Option<Owner>>,
    events: EventReceiver,
    logged: UnboundedReceiver<String>,
}

impl Phone {
    pub(super) async fn receives(&self, raw: RawNotification) {
        let accepted = self.inbox.accept(raw, &Owner::nobody(), || {}).await;
        accepted.unwrap();
    }

    /// The next event: its name, its message, and what says most about it.
    pub(super) async fn event(&mut self) -> String {
        let event = self.events.next().await.unwrap().unwrap();
        line(&event)
    }

    pub(super) async fn tells(&mut self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.event().await, *line);
        }
    }

    /// Nothing was told that was not read.
    pub(super) fn tells_no_more(&mut self) {
        assert_eq!(self.events.try_next(), None);
    }

    /// What the platform showed, or the foreground app was asked, next.
    pub(super) async fn logged(&mut self) -> String {
        self.logged.recv().await.unwrap()
    }
}

fn line(event: &Event) -> String {
    let Value::String(mut line) = serde_json::to_value(event.event).unwrap() else {
        panic!("{event:?}");
    };
    for field in ["message", "reason", "detail", "by", "part"] {
        if let Some(text) = event.text(field) {
            line.push(' ');
            line.push_str(text);
        }
    }
    line
}

struct Code {
    done: Arc<Mutex<Vec<String>>>,
    outcomes: Arc<Mutex<VecDeque<Outcome>>>,
    turns: Arc<Semaphore>,
}

impl EntryPoint for Code {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        self.turns.acquire().await.unwrap().forget();
        assert_ne!(instance.push().unwrap().message.as_str(), "poison");
        let ran = format!("ran {}", instance.push().unwrap().message);
        self.done.lock().unwrap().push(ran);
        let next = self.outcomes.lock().unwrap().pop_front();
        next.unwrap_or(Outcome::Shown)
    }
}

struct Shows(UnboundedSender<String>, Arc<Mutex<Vec<String>>>);

impl EntryPoint for Shows {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        let shown = format!("shown {}", instance.push().unwrap().message);
        self.1.lock().unwrap().push(shown.clone());
        self.0.send(shown).unwrap();
        Outcome::Shown
    }
}

struct App(ForegroundAnswer, UnboundedSender<String>);

impl ForegroundApp for App {
    async fn push_received(&self, push: &RawNotification) -> ForegroundAnswer {
        self.1.send(format!("asked {}", push.message)).unwrap();
        self.0
    }
}
