use super::*;
use crate::emulator::hub::outcome::Outcome;
use crate::emulator::hub::rows::messages::{NewMessage, details, forget_old, insert};
use crate::emulator::hub::rows::progress::{begin, commit, end, last, open};
use crate::emulator::hub::rows::schedules::{cancel, next, take_due};
use crate::emulator::hub::rows::{MOST_MESSAGE_BYTES, MOST_MESSAGES, MOST_SCHEDULED};
use crate::emulator::hub::send::{Send, Target};
use crate::emulator::hub::{Content, HubError};
use crate::model::{SubscriptionKeys, TagExpression};
use crate::wire::notification_hub::{Format, MessageState};

fn message(id: &str, to: Target, due: Option<i64>) -> NewMessage {
    let content = Content::new(Format::Native(HubPlatform::Windows), "body".to_owned());
    NewMessage {
        id: id.into(),
        send: Send {
            to,
            content: content.of_type("text/xml").with("x-wns-type", "wns/raw"),
        },
        due: due.map(at),
        now: at(1),
    }
}

fn state(c: &Connection, id: &str) -> MessageState {
    details(c, id).unwrap().unwrap().state
}

#[test]
fn a_message_goes_on_where_it_was() {
    let c = database();
    let keys = Some(SubscriptionKeys {
        p256dh: "key".into(),
        auth: "secret".into(),
    });
    let handles = vec![
        handle("one"),
        PnsHandle {
            keys,
            ..handle("two")
        },
    ];
    let expression = TagExpression::parse("a && !b || c").unwrap();
    for (id, to) in [
        ("all", Target::Broadcast),
        ("some", Target::Tags(expression)),
        ("these", Target::Direct(handles)),
    ] {
        let new = message(id, to, None);
        let seq = insert(&c, &new).unwrap().unwrap();
        assert_eq!(state(&c, id), MessageState::Enqueued);
        let work = begin(&c, seq, at(2)).unwrap().unwrap();
        assert_eq!((&work.send, work.progress.cursor), (&new.send, 0));
        assert_eq!(state(&c, id), MessageState::Processing);
        let mut progress = work.progress;
        progress.cursor = 7;
        progress.unanswered.extend([3, 5]);
        progress.counts.add(HubPlatform::Windows, Outcome::Success);
        commit(&c, seq, &progress, &[], at(3)).unwrap();
        assert!(open(&c).unwrap().contains(&(seq, new.send.content.format)));
        assert_eq!(begin(&c, seq, at(4)).unwrap().unwrap().progress, progress);
        end(&c, seq, MessageState::Completed, at(5)).unwrap();
        assert!(begin(&c, seq, at(6)).unwrap().is_none());
        let told = details(&c, id).unwrap().unwrap();
        assert_eq!(
            (told.enqueued, told.started, told.ended),
            (at(1), Some(at(2)), Some(at(5)))
        );
        assert_eq!(
            (told.body.as_str(), told.state),
            ("body", MessageState::Completed)
        );
        assert_eq!(told.platforms, [HubPlatform::Windows]);
        assert_eq!(told.counts[&HubPlatform::Windows]["Success"], 1);
        let tags = (id == "some").then_some("a && !b || c");
        assert_eq!(told.tags.as_deref(), tags);
    }
    assert_eq!(open(&c).unwrap(), []);
    assert!(details(&c, "none").unwrap().is_none());
}

#[test]
fn what_is_scheduled_waits_for_its_time_and_can_be_canceled_until_then() {
    let c = database();
    for (id, due) in [("late", 30), ("soon", 10), ("never", 20)] {
        insert(&c, &message(id, Target::Broadcast, Some(due)))
            .unwrap()
            .unwrap();
    }
    assert_eq!(
        (open(&c).unwrap().len(), next(&c, 0).unwrap()),
        (0, Some(at(10)))
    );
    for _ in 0..2 {
        cancel(&c, "never", at(5)).unwrap().unwrap();
        assert_eq!(state(&c, "never"), MessageState::Cancelled);
    }
    assert_eq!(next(&c, 2).unwrap(), None, "the third was canceled");
    assert_eq!(take_due(&c, 0, at(9)).unwrap(), []);
    assert_eq!(take_due(&c, 2, at(10)).unwrap(), []);
    let format = Format::Native(HubPlatform::Windows);
    assert_eq!(take_due(&c, 0, at(10)).unwrap(), [(2, format)]);
    assert_eq!(open(&c).unwrap(), [(2, format)]);
    for id in ["soon", "none"] {
        let canceled = cancel(&c, id, at(10)).unwrap();
        assert!(matches!(canceled, Err(HubError::NotFound(_))), "{id}");
    }
    assert_eq!(next(&c, 0).unwrap(), Some(at(30)));
    assert_eq!(take_due(&c, 0, at(99)).unwrap(), [(1, format)]);
    assert_eq!(next(&c, 0).unwrap(), None);
    assert_eq!(last(&c).unwrap(), 3);
    let scheduled: i64 = c
        .query_row("SELECT scheduled FROM hub_total", [], |r| r.get(0))
        .unwrap();
    assert_eq!(scheduled, 0);
}

#[test]
fn messages_are_bounded_and_those_that_ended_make_room() {
    let c = database();
    let add = |id: &str, due| insert(&c, &message(id, Target::Broadcast, due)).unwrap();
    let ended = add("ended", None).unwrap();
    end(&c, ended, MessageState::Completed, at(2)).unwrap();
    add("open", None).unwrap();
    let crowd = |column: &str, count: i64| {
        c.execute(&format!("UPDATE hub_total SET {column} = ?1"), [count])
            .unwrap();
    };
    for (column, most) in [("messages", MOST_MESSAGES), ("bytes", MOST_MESSAGE_BYTES)] {
        crowd(column, most + 1);
        assert!(
            matches!(add("full", None), Err(HubError::Full(_))),
            "{column}"
        );
        crowd(column, 1);
    }
    assert!(details(&c, "ended").unwrap().is_none(), "it made room");
    crowd("scheduled", MOST_SCHEDULED);
    assert!(matches!(add("later", Some(9)), Err(HubError::Full(_))));
    add("now", None).unwrap();
}

#[test]
fn what_ended_is_forgotten_after_a_week() {
    let c = database();
    let seq = insert(&c, &message("m", Target::Broadcast, None))
        .unwrap()
        .unwrap();
    let week = 7 * 86_400;
    assert!(!forget_old(&c, at(week * 2)).unwrap());
    end(&c, seq, MessageState::NoTargetFound, at(10)).unwrap();
    forget_old(&c, at(10 + week)).unwrap();
    assert_eq!(state(&c, "m"), MessageState::NoTargetFound);
    forget_old(&c, at(11 + week)).unwrap();
    assert!(details(&c, "m").unwrap().is_none());
    assert_eq!((count(&c, "hub_message"), count(&c, "hub_content")), (0, 0));
    let bytes: i64 = c
        .query_row("SELECT bytes FROM hub_total", [], |r| r.get(0))
        .unwrap();
    assert_eq!(bytes, 0);
}
