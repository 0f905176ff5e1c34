//! What the actions are carried out on, and what is held against it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Action, TOPICS};
use crate::emulator::options::SocketTimings;
use crate::emulator::origins::tests::origins;
use crate::emulator::push::handles::{Channel, Found, Handles, Wanted};
use crate::emulator::push::queue::{AwayRule, Incoming, Line, Queue, Verdict};
use crate::emulator::push::socket::conversation::{Conversation, Step};
use crate::emulator::schema::SCHEMA;
use crate::emulator::trace::TraceLog;
use crate::lifecycle::{Clock, Scope};
use crate::model::Platform;
use crate::store::{Location, Store};
use crate::wire::push_socket::{AckUpdate, ClientFrame, NotificationHeaders};

type Answer = Pin<Box<dyn Future<Output = (String, Option<Verdict>)>>>;

struct Services {
    scope: Scope,
    store: Store,
    handles: Handles,
    queue: Queue,
}

struct Connection {
    line: Line,
    talk: Conversation,
    agent: i64,
    /// How many pushes were begun to channels given back before.
    outlived: usize,
    delivered: Vec<String>,
    unacknowledged: VecDeque<String>,
}

/// The services, one device and its sender, and what is known of every push.
pub(super) struct World {
    folder: tempfile::TempDir,
    services: Option<Services>,
    uaid: Uuid,
    channel_id: Uuid,
    token: String,
    connection: Option<Connection>,
    answers: Vec<Answer>,
    sent: usize,
    /// How many were begun to channels that were given back since.
    outlived: usize,
    topics: HashMap<String, usize>,
    /// The number of answers waited for when a push was begun.
    begun: HashMap<String, usize>,
    /// The number of answers waited for when its answer was there.
    received: HashMap<String, usize>,
    waited: usize,
    reached: HashSet<String>,
}

async fn start(folder: &Path) -> Services {
    let (scope, clock) = (Scope::new(), Clock::system());
    let file = Location::File(folder.join("services.db"));
    let store = Store::open(file, SCHEMA).await.unwrap();
    let own = Arc::new(origins(None, false));
    let handles = Handles::new(store.clone(), clock.clone(), own);
    let trace = TraceLog::new(clock.clone());
    let recent = handles.recent().clone();
    let queue = Queue::new(store.clone(), clock, trace, recent, scope.spawner());
    Services {
        scope,
        store,
        handles,
        queue,
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let services = start(folder.path()).await;
        let mut world = Self {
            folder,
            services: Some(services),
            uaid: Uuid::new_v4(),
            channel_id: Uuid::new_v4(),
            token: String::new(),
            connection: None,
            answers: Vec::new(),
            sent: 0,
            outlived: 0,
            topics: HashMap::new(),
            begun: HashMap::new(),
            received: HashMap::new(),
            waited: 0,
            reached: HashSet::new(),
        };
        world.register().await;
        world
    }

    async fn register(&mut self) {
        let wanted = Wanted {
            uaid: self.uaid,
            channel_id: self.channel_id,
            platform: Platform::WebPush,
            sender: None,
            extended: false,
        };
        let minted = self.services().handles.mint(wanted).await.unwrap().unwrap();
        let (_, token) = minted.handle.as_str().rsplit_once('/').unwrap();
        assert_ne!(token, self.token);
        token.clone_into(&mut self.token);
    }

    fn services(&self) -> &Services {
        self.services.as_ref().unwrap()
    }

    async fn channel(&self) -> Channel {
        let found = self.services().handles.find(Platform::WebPush, &self.token);
        match found.await.unwrap() {
            Found::Live(channel) => channel,
            other @ (Found::Gone(_) | Found::Unknown) => panic!("{other:?}"),
        }
    }

    async fn push(&mut self, topic: Option<usize>) {
        self.sent += 1;
        let version = format!("{:04}", self.sent);
        self.topics
            .extend(topic.map(|topic| (version.clone(), topic)));
        self.begun.insert(version.clone(), self.waited);
        let (queue, channel) = (self.services().queue.clone(), self.channel().await);
        let incoming = Incoming {
            version: version.clone(),
            body: Bytes::from_static(b"body"),
            headers: NotificationHeaders::default(),
            topic: topic.map(|topic| TOPICS[topic].to_owned()),
            lifetime: None,
            away: AwayRule::Store,
        };
        let mut answer: Answer = Box::pin(async move {
            let answer = queue.accept(&channel, incoming).await;
            (version, answer.ok())
        });
        // It begins at once, as a request does.
        match (&mut answer).now_or_never() {
            Some(answer) => self.answered(answer),
            None => self.answers.push(answer),
        }
    }

    fn answered(&mut self, (version, answer): (String, Option<Verdict>)) {
        if answer == Some(Verdict::Gone) && number(&version) <= self.outlived {
            return;
        }
        assert_eq!(answer, Some(Verdict::Received), "{version}");
        self.received.insert(version, self.waited);
    }

    async fn all_answers(&mut self) {
        for answer in std::mem::take(&mut self.answers) {
            let answer = answer.await;
            self.answered(answer);
        }
        self.waited += 1;
    }

    async fn connect(&mut self) {
        self.disconnect();
        let queue = &self.services().queue;
        let first = queue.greet(Some(self.uaid)).await.unwrap();
        let line = queue.lines().open(first.uaid);
        let greeting = queue.greet(Some(self.uaid)).await.unwrap();
        assert_eq!(greeting.uaid, self.uaid);
        let timings = SocketTimings::default();
        let mut talk = Conversation::new(greeting.newest, timings, Instant::now());
        let steps = talk.begin();
        self.connection = Some(Connection {
            line,
            talk,
            agent: greeting.agent.unwrap(),
            outlived: self.outlived,
            delivered: Vec::new(),
            unacknowledged: VecDeque::new(),
        });
        self.carry_out(steps).await;
    }

    fn disconnect(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let (delivered, outlived) = (connection.delivered, connection.outlived);
        let ghost = delivered.iter().find(|version| number(version) <= outlived);
        assert_eq!(ghost, None, "its channel was given back: {delivered:?}");
        let once: HashSet<&String> = delivered.iter().collect();
        assert_eq!(once.len(), delivered.len(), "twice: {delivered:?}");
        for (at, later) in delivered.iter().enumerate() {
            for earlier in &delivered[at + 1..] {
                // What has a topic comes before what has none.
                let first = self.topics.contains_key(later) && !self.topics.contains_key(earlier);
                let before = !first
                    && self.received.get(earlier).is_some_and(|received| {
                        // Its answer was there before the other one was begun.
                        received < &self.begun[later]
                    });
                assert!(!before, "{earlier} behind {later}: {delivered:?}");
            }
        }
        self.reached.extend(delivered);
    }

    async fn turn(&mut self) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let Some(news) = connection.line.woken().now_or_never() else {
            return;
        };
        let news = news.unwrap();
        let mut steps = connection.talk.handed(news.fresh);
        if news.stored {
            steps.extend(connection.talk.woken());
        }
        self.carry_out(steps).await;
    }

    async fn acknowledge(&mut self, most: usize) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let most = most.min(connection.unacknowledged.len());
        let update = |version| AckUpdate {
            channel_id: Uuid::nil(),
            version,
            code: None,
        };
        let updates = connection.unacknowledged.drain(..most).map(update);
        let ack = ClientFrame::Ack {
            updates: updates.collect(),
        };
        let steps = connection.talk.received(&ack.to_text(), Instant::now());
        self.carry_out(steps).await;
    }

    async fn refuse(&mut self) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let Some(version) = connection.unacknowledged.pop_front() else {
            return;
        };
        let nack = ClientFrame::Nack {
            version,
            code: None,
        };
        let steps = connection.talk.received(&nack.to_text(), Instant::now());
        self.carry_out(steps).await;
    }

    async fn give_back(&mut self) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let frame = ClientFrame::Unregister {
            channel_id: self.channel_id,
            code: None,
        };
        let steps = connection.talk.received(&frame.to_text(), Instant::now());
        // From now on, what was begun before may be lost.
        self.outlived = self.sent;
        self.carry_out(steps).await;
        self.register().await;
    }

    /// What the driver does, without a WebSocket.
    async fn carry_out(&mut self, mut steps: VecDeque<Step>) {
        let queue = self.services.as_ref().unwrap().queue.clone();
        let connection = self.connection.as_mut().unwrap();
        while let Some(step) = steps.pop_front() {
            match step {
                Step::Deliver {
                    version,
                    platform,
                    delivery,
                    ..
                } => {
                    delivery.delivered(queue.trace(), &version, platform);
                    connection.delivered.push(version.clone());
                    connection.unacknowledged.push_back(version);
                }
                Step::CaughtUp { room } => {
                    if !connection.line.caught_up(room) {
                        steps.extend(connection.talk.woken());
                    }
                }
                Step::Acknowledge(acked) => {
                    let sent = acked.len();
                    queue.acknowledge(connection.agent, acked).await.unwrap();
                    connection.line.acknowledged(sent);
                }
                Step::Load(batch) => {
                    connection.line.looks();
                    let found = queue.load(connection.agent, batch).await.unwrap();
                    steps.extend(connection.talk.loaded(found));
                }
                Step::Unregister { channel_id } => {
                    let agent = connection.agent;
                    queue.give_back(agent, channel_id).await.unwrap();
                }
                other @ (Step::Send(_) | Step::Ping | Step::Register { .. } | Step::Close(_)) => {
                    panic!("{other:?}")
                }
            }
        }
    }

    async fn restart(&mut self) {
        self.disconnect();
        // Whoever waits for an answer gets none.
        self.answers.clear();
        let Services {
            scope,
            store,
            handles,
            queue,
        } = self.services.take().unwrap();
        drop((scope, handles, queue));
        // Tasks that were dropped let go of the store.
        tokio::task::yield_now().await;
        store.close().await;
        self.services = Some(start(self.folder.path()).await);
    }

    pub(super) async fn act(&mut self, action: Action) {
        match action {
            Action::Push(pushes) => {
                for _ in 0..pushes {
                    self.push(None).await;
                }
            }
            Action::PushTopic(topic) => self.push(Some(topic)).await,
            Action::Answers => self.all_answers().await,
            Action::Connect => self.connect().await,
            Action::Disconnect => self.disconnect(),
            Action::Turn => self.turn().await,
            Action::Acknowledge(most) => self.acknowledge(most).await,
            Action::Refuse => self.refuse().await,
            Action::GiveBack => self.give_back().await,
            Action::Restart => self.restart().await,
        }
    }

    /// In the end the device is there and takes everything.
    pub(super) async fn finish(mut self) {
        self.all_answers().await;
        self.connect().await;
        self.turn().await;
        while !self.is_idle() {
            self.acknowledge(usize::MAX).await;
            self.turn().await;
        }
        self.disconnect();
        let lost: Vec<_> = self
            .received
            .keys()
            .filter(|version| !self.reached.contains(*version) && !self.is_excused(version))
            .collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        self.connect().await;
        assert!(self.is_idle(), "what was acknowledged came again");
    }

    /// True for what its channel took with it, and for what a later push may have taken the place of.
    fn is_excused(&self, version: &str) -> bool {
        let topic = self.topics.get(version);
        let same = |later: &str| topic.is_some() && self.topics.get(later) == topic;
        let mut later = self.begun.keys().filter(|later| later.as_str() > version);
        number(version) <= self.outlived || later.any(|later| same(later))
    }

    fn is_idle(&self) -> bool {
        let connection = self.connection.as_ref().unwrap();
        connection.unacknowledged.is_empty()
    }
}

fn number(version: &str) -> usize {
    version.parse().unwrap()
}
