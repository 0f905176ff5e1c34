//! Whatever happens to an inbox, in any order: nothing is lost, and nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::tests::{account, inbox_at, push, store};
use super::*;
use crate::background::rules;
use crate::model::{Platform, PushKind};

/// What may happen.
#[derive(Debug, Clone)]
enum Step {
    Offer(u8),
    /// The disk refuses while a push is offered.
    OfferInVain(u8),
    /// Two copies at once.
    OfferTwice(u8),
    Lease(Part),
    Finish(u8),
    Release,
    Hold(u8),
    ReleaseHeld,
    Supersede,
    GiveUpHeld,
    Expire,
    SignIn,
    Jump(i8),
    Restart,
}

const USERS: [&str; 2] = ["alice", "bob"];
const KINDS: [PushKind; 3] = [PushKind::Raw, PushKind::Toast, PushKind::ToastAndRaw];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_u8..16).prop_map(Step::Offer),
        1 => (0_u8..16).prop_map(Step::OfferInVain),
        1 => (0_u8..16).prop_map(Step::OfferTwice),
        4 => Just(Step::Lease(Part::Task)),
        3 => Just(Step::Lease(Part::Visible)),
        5 => (0_u8..4).prop_map(Step::Finish),
        1 => Just(Step::Release),
        3 => (0_u8..3).prop_map(Step::Hold),
        2 => Just(Step::ReleaseHeld),
        2 => Just(Step::Supersede),
        1 => Just(Step::GiveUpHeld),
        1 => Just(Step::Expire),
        1 => Just(Step::SignIn),
        1 => (-30_i8..30).prop_map(Step::Jump),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 0..80)
}

/// The message of that number: each has its owner, its kind and its platform for good.
fn message(number: u8) -> (RawNotification, Owner) {
    let raw = RawNotification {
        kind: KINDS[usize::from(number) % KINDS.len()],
        platform: Platform::ALL[usize::from(number) % Platform::ALL.len()],
        ..push(&number.to_string())
    };
    (raw, account(USERS[usize::from(number) % USERS.len()]))
}

/// What is known from outside.
struct Model {
    clock: Clock,
    store: Store,
    inbox: Inbox,
    leased: Vec<Entry>,
    accepted: BTreeSet<String>,
    finished: BTreeSet<String>,
    /// How often each was shown since the last restart.
    shown: BTreeMap<(String, Part), u32>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_is_done_twice(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let clock = Clock::simulated(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24));
            let store = store().await;
            let inbox = inbox_at(&store, &clock).await;
            let mut model = Model {
                clock,
                store,
                inbox,
                leased: Vec::new(),
                accepted: BTreeSet::new(),
                finished: BTreeSet::new(),
                shown: BTreeMap::new(),
            };
            for step in steps {
                model.play(step).await;
                model.check();
            }
            model.play(Step::Restart).await;
            model.check();
        });
    }
}

impl Model {
    async fn play(&mut self, step: Step) {
        match step {
            Step::Offer(n) => self.offer(n).await,
            Step::OfferInVain(n) => self.offer_in_vain(n).await,
            Step::OfferTwice(n) => self.offer_twice(n).await,
            Step::Lease(part) => self.lease(part),
            Step::Finish(how) => self.finish(how).await,
            Step::Release => {
                if let Some(entry) = self.leased.pop() {
                    self.inbox.release(entry.id);
                }
            }
            Step::Hold(why) => self.hold(why),
            Step::ReleaseHeld => {
                if let Some(entry) = self.held().first() {
                    assert!(self.inbox.release_held(entry.id).is_some());
                    assert!(self.inbox.release_held(entry.id).is_none());
                }
            }
            Step::Supersede => self.supersede(),
            Step::GiveUpHeld => {
                if let Some(entry) = self.held().last() {
                    let gone = self.inbox.give_up(entry.id, &Reason::new("test"));
                    self.ended(&gone.unwrap());
                }
            }
            Step::Expire => {
                for gone in self.inbox.expire(&Reason::new("expired")) {
                    self.ended(&gone);
                }
            }
            Step::SignIn => drop(self.inbox.signed_in(&account("alice")).await.unwrap()),
            Step::Jump(hours) => self.clock.set_by(SignedDuration::from_hours(hours.into())),
            Step::Restart => {
                self.inbox.flush().await.unwrap();
                self.leased.clear();
                self.shown.clear();
                self.inbox = inbox_at(&self.store, &self.clock).await;
            }
        }
    }

    async fn offer(&mut self, n: u8) {
        let (raw, owner) = message(n);
        let name = raw.message.to_string();
        let mut durable = false;
        let answer = self.inbox.accept(raw, &owner, || durable = true).await;
        let new = self.accepted.insert(name.clone());
        match answer.unwrap() {
            Accepted::New(id) => {
                assert!(new && durable);
                assert_eq!(
                    self.row(&name).await,
                    Some(id),
                    "told only once it is written"
                );
            }
            Accepted::Before => assert!(!new && !durable),
            Accepted::Underway => panic!("nothing else is underway"),
        }
    }

    async fn offer_in_vain(&mut self, n: u8) {
        let (raw, owner) = message(n);
        let name = raw.message.to_string();
        self.sql("ALTER TABLE inbox RENAME TO away").await;
        let answer = self
            .inbox
            .accept(raw, &owner, || panic!("it is not durable"))
            .await;
        self.sql("ALTER TABLE away RENAME TO inbox").await;
        match self.accepted.contains(&name) {
            true => assert_eq!(answer, Ok(Accepted::Before)),
            false => assert!(matches!(answer, Err(AcceptError::Store(_)))),
        }
    }

    async fn offer_twice(&mut self, n: u8) {
        let (raw, owner) = message(n);
        let new = self.accepted.insert(raw.message.to_string());
        let (one, two) = tokio::join!(
            self.inbox.accept(raw.clone(), &owner, || {}),
            self.inbox.accept(raw, &owner, || {}),
        );
        let news = [&one, &two]
            .into_iter()
            .filter(|answer| matches!(answer, Ok(Accepted::New(_))));
        assert_eq!(news.count(), usize::from(new), "{one:?} {two:?}");
    }

    fn lease(&mut self, part: Part) {
        let alice = account("alice");
        if let Some(entry) = self.inbox.lease(&alice, part) {
            assert_eq!((&entry.owner, entry.part), (&alice, part));
            assert!(self.leased.iter().all(|other| other.id != entry.id));
            self.leased.push(entry);
        }
    }

    async fn finish(&mut self, how: u8) {
        let Some(entry) = self.leased.pop() else {
            return;
        };
        let reason = Reason::new("test");
        let outcome = match how {
            0 => Outcome::Shown,
            1 => Outcome::Dropped(reason),
            2 => Outcome::AwaitingSignIn {
                reason,
                refused_under: Some(1),
            },
            _ => Outcome::Retry {
                after: Duration::from_secs(60),
                reason,
            },
        };
        self.inbox.finish(entry.id, &outcome).await.unwrap();
        if outcome == Outcome::Shown {
            let key = (entry.raw.message.to_string(), entry.part);
            let times = self.shown.entry(key).or_default();
            *times += 1;
            assert_eq!(*times, 1, "shown twice without a restart between");
        }
        let ends = matches!(outcome, Outcome::Shown | Outcome::Dropped(_));
        if ends && !entry.task_follows() {
            self.ended(&entry);
        }
        // What has ended, or waits, is nobody's any more.
        self.inbox.finish(entry.id, &Outcome::Shown).await.unwrap();
    }

    fn hold(&mut self, why: u8) {
        let reason = Reason::new(["doze", "throttled", "offline"][usize::from(why)]);
        if let Some(entry) = self.leased.pop() {
            assert!(self.inbox.hold(entry.id, &reason), "it did not wait before");
            assert!(!self.inbox.hold(entry.id, &reason), "told once");
        }
    }

    fn supersede(&mut self) {
        let held = self.held();
        for older in &held {
            for newer in &held {
                let may = older.id < newer.id
                    && older.owner == newer.owner
                    && rules::replaces(&newer.raw, &older.raw);
                let gone = self.inbox.supersede(older.id, newer.id);
                assert_eq!(gone.is_some(), may, "{older:?} by {newer:?}");
                if let Some(gone) = gone {
                    return self.ended(&gone);
                }
            }
        }
    }

    fn held(&self) -> Vec<Entry> {
        let parts = [Part::Visible, Part::Task];
        let held = parts
            .into_iter()
            .flat_map(|part| self.inbox.held(&account("alice"), part));
        held.collect()
    }

    fn ended(&mut self, entry: &Entry) {
        let name = entry.raw.message.to_string();
        assert!(self.finished.insert(name), "{entry:?} ended twice");
    }

    /// Each accepted push has ended once, or is still there.
    fn check(&self) {
        let counts = self.inbox.counts();
        let unfinished = counts.waiting + counts.awaiting_sign_in;
        assert_eq!(unfinished, self.accepted.len() - self.finished.len());
    }

    async fn row(&self, message: &str) -> Option<EntryId> {
        let message = message.to_owned();
        let found = self.store.read(move |connection| {
            let sql = "SELECT max(entry) FROM inbox WHERE message = ?1";
            connection.query_row(sql, [&message], |row| row.get(0))
        });
        found.await.unwrap()
    }

    async fn sql(&self, sql: &'static str) {
        let done = self.store.write(|connection| connection.execute_batch(sql));
        done.await.unwrap();
    }
}
