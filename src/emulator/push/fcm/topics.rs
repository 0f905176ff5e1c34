//! Who is subscribed to which topic. A subscription goes with its registration token.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use uuid::Uuid;

use crate::emulator::push::handles::Channel;
use crate::lifecycle::Clock;
use crate::model::Platform;
use crate::store::{Store, StoreError};

use super::condition::Condition;
use super::topic::Topic;

/// The most topics of one registration token (Firebase's documents).
const MOST_TOPICS: i64 = 2000;

/// How many devices are read at once.
const PAGE: usize = 500;

/// The subscriptions. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::emulator) struct Topics {
    store: Store,
    clock: Clock,
}

/// What came of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subscribed {
    Now,
    Before,
    /// The token has [`MOST_TOPICS`] already.
    TooMany,
}

/// Some of the devices for which a condition holds.
pub(super) struct Page {
    pub(super) channels: Vec<Channel>,
    /// Where the next page begins; none behind the last.
    pub(super) next: Option<i64>,
}

impl Topics {
    pub(in crate::emulator) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Subscribes each of these registration tokens, by their channels' numbers.
    pub(super) async fn subscribe(
        &self,
        channels: Vec<i64>,
        topic: &Topic,
    ) -> Result<Vec<Subscribed>, StoreError> {
        let topic = topic.clone();
        let subscribe = move |c: &_| {
            let channels = channels.iter();
            channels
                .map(|channel| insert(c, *channel, &topic))
                .collect()
        };
        self.store.write(move |c| subscribe(c)).await
    }

    /// Ends these subscriptions; says of each whether there was one.
    pub(super) async fn unsubscribe(
        &self,
        channels: Vec<i64>,
        topic: &Topic,
    ) -> Result<Vec<bool>, StoreError> {
        let topic = topic.clone();
        let unsubscribe = move |c: &Connection| {
            let mut delete = c.prepare_cached(
                "DELETE FROM topic_subscription WHERE topic = ?1 AND channel = ?2",
            )?;
            let mut delete = |channel| Ok(delete.execute(params![topic.as_str(), channel])? > 0);
            channels.iter().map(|channel| delete(*channel)).collect()
        };
        self.store.write(move |c| unsubscribe(c)).await
    }

    /// The devices behind the place `after` for which `condition` holds.
    pub(super) async fn page(&self, condition: &Condition, after: i64) -> Result<Page, StoreError> {
        let condition = condition.clone();
        let now = self.clock.now().as_millisecond();
        self.store
            .read(move |c| page(c, &condition, after, now))
            .await
    }
}

fn insert(c: &Connection, channel: i64, topic: &Topic) -> rusqlite::Result<Subscribed> {
    let before = c
        .prepare_cached("SELECT 1 FROM topic_subscription WHERE topic = ?1 AND channel = ?2")?
        .exists(params![topic.as_str(), channel])?;
    if before {
        return Ok(Subscribed::Before);
    }
    let held: i64 = c
        .prepare_cached("SELECT count(*) FROM topic_subscription WHERE channel = ?1")?
        .query_row([channel], |row| row.get(0))?;
    if held >= MOST_TOPICS {
        return Ok(Subscribed::TooMany);
    }
    // A token that was given back a moment ago gets no subscription that would outlive it.
    c.prepare_cached(
        "INSERT INTO topic_subscription(topic, channel)
         SELECT ?1, id FROM channel WHERE id = ?2 AND gone_at IS NULL",
    )?
    .execute(params![topic.as_str(), channel])?;
    Ok(Subscribed::Now)
}

/// A condition that holds without any topic concerns every device, otherwise those alone that have
/// one of its topics.
fn page(c: &Connection, condition: &Condition, after: i64, now: i64) -> rusqlite::Result<Page> {
    let places = vec!["?"; condition.topics().len()].join(", ");
    let of_topics = format!(
        "SELECT channel, topic FROM topic_subscription WHERE topic IN ({places})
         AND channel > ? ORDER BY channel"
    );
    let concerned = match condition.holds(|_| false) {
        true => format!(
            "SELECT id FROM channel WHERE platform = 'fcm' AND gone_at IS NULL AND id > ?
             ORDER BY id LIMIT {PAGE}"
        ),
        false => format!(
            "SELECT DISTINCT channel FROM topic_subscription WHERE topic IN ({places})
             AND channel > ? ORDER BY channel LIMIT {PAGE}"
        ),
    };
    let names = || {
        let topics = condition.topics().iter();
        topics.map(|topic| Value::from(topic.as_str().to_owned()))
    };
    let values: Vec<Value> = match condition.holds(|_| false) {
        true => vec![after.into()],
        false => names().chain([after.into()]).collect(),
    };
    let ids: Vec<i64> = c
        .prepare_cached(&concerned)?
        .query_map(params_from_iter(values), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let Some(last) = ids.last().copied() else {
        return Ok(Page {
            channels: Vec::new(),
            next: None,
        });
    };
    let mut subscribed = HashSet::new();
    let mut statement = c.prepare_cached(&of_topics)?;
    let mut rows = statement.query(params_from_iter(names().chain([after.into()])))?;
    while let Some(row) = rows.next()? {
        let channel: i64 = row.get(0)?;
        if channel > last {
            break;
        }
        subscribed.insert((channel, row.get::<_, String>(1)?));
    }
    let has = |id: i64, place: usize| {
        let topic = condition.topics().get(place);
        topic.is_some_and(|topic| subscribed.contains(&(id, topic.as_str().to_owned())))
    };
    let meant = ids
        .iter()
        .filter(|id| condition.holds(|place| has(**id, place)));
    let channels = meant.map(|id| channel(c, *id, now));
    let channels: Vec<Option<Channel>> = channels.collect::<Result<_, _>>()?;
    Ok(Page {
        channels: channels.into_iter().flatten().collect(),
        next: (ids.len() == PAGE).then_some(last),
    })
}

/// A registration token that lives.
fn channel(c: &Connection, id: i64, now: i64) -> rusqlite::Result<Option<Channel>> {
    c.prepare_cached(
        "SELECT agent, uaid, vapid_key, extended, channel_id
         FROM channel JOIN agent ON agent.id = channel.agent
         WHERE channel.id = ?1 AND gone_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)",
    )?
    .query_row([id, now], |row| {
        let (uaid, channel_id): (String, String) = (row.get(1)?, row.get(4)?);
        let (Ok(uaid), Ok(channel_id)) = (Uuid::parse_str(&uaid), Uuid::parse_str(&channel_id))
        else {
            return Ok(None);
        };
        Ok(Some(Channel {
            id,
            agent: row.get(0)?,
            channel_id,
            uaid,
            platform: Platform::Fcm,
            sender: row.get(2)?,
            extended: row.get(3)?,
        }))
    })
    .optional()
    .map(Option::flatten)
}
