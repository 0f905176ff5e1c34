//! The queue at its bounds, and on a disk that takes no more.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use uuid::Uuid;

use super::{AwayRule, Batch, Incoming, Line, MOST_BYTES, MOST_IN_ALL, Part, Queue, Verdict};
use crate::emulator::origins::tests::origins;
use crate::emulator::push::handles::{Channel, Found, Handles, Wanted};
use crate::emulator::push::queue::Acked;
use crate::emulator::schema::SCHEMA;
use crate::emulator::trace::{TraceLog, TraceStep};
use crate::lifecycle::{Clock, Scope};
use crate::model::Platform;
use crate::store::{Location, Store, StoreError};
use crate::wire::push_socket::NotificationHeaders;

struct Fixture {
    _scope: Scope,
    store: Store,
    queue: Queue,
    channel: Channel,
}

impl Fixture {
    async fn new(location: Location) -> Self {
        let (scope, clock) = (Scope::new(), Clock::system());
        let store = Store::open(location, SCHEMA).await.unwrap();
        let own = Arc::new(origins(None, false));
        let handles = Handles::new(store.clone(), clock.clone(), own);
        let (trace, recent) = (TraceLog::new(clock.clone()), handles.recent().clone());
        let queue = Queue::new(store.clone(), clock, trace, recent, scope.spawner());
        let wanted = Wanted {
            uaid: Uuid::new_v4(),
            channel_id: Uuid::new_v4(),
            platform: Platform::WebPush,
            sender: None,
            extended: false,
        };
        let minted = handles.mint(wanted).await.unwrap().unwrap();
        let (_, token) = minted.handle.as_str().rsplit_once('/').unwrap();
        let Found::Live(channel) = handles.find(Platform::WebPush, token).await.unwrap() else {
            panic!("it was minted a moment ago");
        };
        Self {
            _scope: scope,
            store,
            queue,
            channel,
        }
    }

    async fn push(&self, version: &str, body: &[u8]) -> Result<Verdict, StoreError> {
        let incoming = Incoming {
            version: version.to_owned(),
            body: Bytes::copy_from_slice(body),
            headers: NotificationHeaders::default(),
            topic: None,
            lifetime: None,
            away: AwayRule::Store,
        };
        self.queue.accept(&self.channel, incoming).await
    }

    /// A socket that has everything.
    async fn direct(&self) -> Line {
        let line = self.queue.lines().open(self.channel.uaid);
        line.looks();
        self.waiting().await;
        assert!(line.caught_up(10));
        line
    }

    /// The versions that a new connection finds.
    async fn waiting(&self) -> Vec<String> {
        let batch = Batch {
            part: Part::Live,
            after: 0,
        };
        let found = self.queue.load(self.channel.agent, batch).await.unwrap();
        found.into_iter().map(|message| message.version).collect()
    }

    async fn acknowledge(&self, version: &str) {
        let acked = Acked {
            seq: None,
            version: version.to_owned(),
            code: 100,
        };
        let forgotten = self.queue.acknowledge(self.channel.agent, vec![acked]);
        forgotten.await.unwrap();
    }

    /// As if so many messages and bytes were stored for other devices.
    async fn add_to_total(&self, messages: i64, bytes: i64) {
        let add = "UPDATE total SET messages = messages + ?1, bytes = bytes + ?2";
        let added = self
            .store
            .write(move |c| c.execute(add, [messages, bytes]))
            .await;
        assert_eq!(added.unwrap(), 1);
    }
}

async fn versions(line: &Line) -> Vec<String> {
    let news = line.woken().await.unwrap();
    let fresh = news.fresh.into_iter();
    fresh.map(|fresh| fresh.message.version).collect()
}

#[tokio::test]
async fn no_message_is_taken_beyond_the_most_in_all_until_one_is_acknowledged() {
    let fixture = Fixture::new(Location::Memory).await;
    fixture.add_to_total(MOST_IN_ALL - 1, 0).await;
    assert_eq!(fixture.push("last", b"x").await, Ok(Verdict::Received));
    assert_eq!(fixture.push("beyond", b"x").await, Ok(Verdict::Full));
    fixture.acknowledge("last").await;
    assert_eq!(fixture.push("again", b"x").await, Ok(Verdict::Received));
    assert_eq!(fixture.waiting().await, ["again"]);
}

#[tokio::test]
async fn no_message_is_taken_beyond_the_most_bytes_until_some_are_acknowledged() {
    let fixture = Fixture::new(Location::Memory).await;
    let body = [7; 1000];
    fixture.add_to_total(0, MOST_BYTES - 1).await;
    assert_eq!(fixture.push("last", &body).await, Ok(Verdict::Received));
    assert_eq!(fixture.push("beyond", b"").await, Ok(Verdict::Full));
    fixture.acknowledge("last").await;
    assert_eq!(fixture.push("again", &body).await, Ok(Verdict::Received));
    assert_eq!(fixture.waiting().await, ["again"]);
}

#[tokio::test]
async fn near_the_bounds_a_socket_gets_nothing_before_it_is_stored() {
    let fixture = Fixture::new(Location::Memory).await;
    let line = fixture.direct().await;
    assert_eq!(fixture.push("far", b"x").await, Ok(Verdict::Received));
    assert_eq!(versions(&line).await, ["far"]);
    fixture.add_to_total(MOST_IN_ALL - 3, 0).await;
    // Which is seen with the first that is stored so near.
    assert_eq!(fixture.push("near", b"x").await, Ok(Verdict::Received));
    assert_eq!(versions(&line).await, ["near"]);
    assert_eq!(fixture.push("last", b"x").await, Ok(Verdict::Received));
    assert!(versions(&line).await.is_empty());
    assert_eq!(fixture.push("beyond", b"x").await, Ok(Verdict::Full));
    assert_eq!(fixture.waiting().await, ["far", "near", "last"]);
}

#[tokio::test]
async fn a_frame_that_left_before_the_disk_was_full_is_told_as_failed_and_stays_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let file = Location::File(folder.path().join("services.db"));
    let fixture = Fixture::new(file).await;
    let line = fixture.direct().await;
    let limit = async |pages: u32| {
        let limit = format!("PRAGMA max_page_count = {pages}");
        let limited = fixture
            .store
            .write(move |c| c.query_row(&limit, [], |_| Ok(())));
        limited.await.unwrap();
    };
    limit(1).await;
    let large = vec![7; 1_000_000];
    let failed = fixture.push("failed", &large).await.unwrap_err();
    assert!(matches!(failed, StoreError::Full { .. }), "{failed:?}");
    assert_eq!(versions(&line).await, ["failed"], "the device has it");
    limit(1_000_000).await;
    assert_eq!(fixture.queue.trace().of("failed"), []);
    fixture.acknowledge("failed").await;
    assert!(fixture.waiting().await.is_empty());
    // The sender tries again, and it is another push.
    assert_eq!(fixture.push("again", &large).await, Ok(Verdict::Received));
    assert_eq!(versions(&line).await, ["again"]);
    assert!(line.woken().now_or_never().is_none());
    assert_eq!(fixture.waiting().await, ["again"]);
    let steps = fixture.queue.trace().entries();
    let steps: Vec<_> = steps.iter().map(|entry| entry.step).collect();
    assert_eq!(steps, [TraceStep::Received]);
}
