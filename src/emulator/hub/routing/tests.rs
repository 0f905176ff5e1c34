use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::emulator::hub::asking::Precondition;
use crate::emulator::hub::rows::registrations;
use crate::emulator::schema::SCHEMA;
use crate::model::{Handle, RegistrationId, Tag};
use crate::wire::notification_hub::{HubPlatform, PnsHandle, Registration, Template};

const TAGS: [&str; 6] = ["a", "b", "C", "d", "e", "Rare"];

const WHOLE: Bounds = Bounds {
    targets: 10_000,
    looks: 10_000,
};

/// A registration as the test knows it: its place in [`TAGS`] for each tag, in which case, and whether
/// it has a template.
#[derive(Debug, Clone)]
struct Simple {
    tags: Vec<(usize, bool)>,
    windows: bool,
    template: bool,
    removed: bool,
}

fn database() -> Connection {
    let c = Connection::open_in_memory().unwrap();
    for migration in SCHEMA.migrations {
        c.execute_batch(migration).unwrap();
    }
    c
}

fn tag(place: usize, upper: bool) -> Tag {
    let text = TAGS[place];
    Tag::parse(if upper {
        text.to_uppercase()
    } else {
        text.to_owned()
    })
    .unwrap()
}

fn put(c: &Connection, number: usize, simple: &Simple) {
    let template = simple.template.then(|| Template {
        name: None,
        body: "{}".to_owned(),
        headers: Vec::new(),
        expiry: None,
        priority: None,
    });
    let registration = Registration {
        platform: if simple.windows {
            HubPlatform::Windows
        } else {
            HubPlatform::Apple
        },
        handle: PnsHandle {
            text: Handle::parse(format!("handle-{number}")).unwrap(),
            keys: None,
        },
        tags: simple
            .tags
            .iter()
            .map(|(place, upper)| tag(*place, *upper))
            .collect(),
        push_variables: BTreeMap::new(),
        secondary_tile: None,
        template,
    };
    let id = RegistrationId::parse(format!("r{number}")).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let put = registrations::put(c, &id, &registration, Precondition::None, None, now);
    put.unwrap().unwrap();
    if simple.removed {
        registrations::delete(c, &id, Precondition::None, now)
            .unwrap()
            .unwrap();
    }
}

fn simple() -> impl Strategy<Value = Simple> {
    let tags = proptest::collection::vec((0..TAGS.len(), any::<bool>()), 0..5);
    (
        tags,
        any::<bool>(),
        any::<bool>(),
        proptest::bool::weighted(0.1),
    )
        .prop_map(|(tags, windows, template, removed)| Simple {
            tags,
            windows,
            template,
            removed,
        })
}

fn expression() -> impl Strategy<Value = TagExpression> {
    let leaf = (0..TAGS.len(), any::<bool>())
        .prop_map(|(place, upper)| TagExpression::Tag(tag(place, upper)));
    leaf.prop_recursive(4, 20, 4, |inner| {
        let many = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            inner.prop_map(|inner| TagExpression::Not(Box::new(inner))),
            many.clone().prop_map(TagExpression::And),
            many.prop_map(TagExpression::Or),
        ]
    })
}

/// By the definition, without any index.
fn naive(expression: &TagExpression, has: &dyn Fn(&Tag) -> bool) -> bool {
    match expression {
        TagExpression::Tag(tag) => has(tag),
        TagExpression::Not(inner) => !naive(inner, has),
        TagExpression::And(inner) => inner.iter().all(|inner| naive(inner, has)),
        TagExpression::Or(inner) => inner.iter().any(|inner| naive(inner, has)),
    }
}

fn pages(c: &Connection, format: Format, to: Option<&TagExpression>, bounds: Bounds) -> Vec<i64> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = reach(c, format, to, after, bounds).unwrap();
        assert!(page.targets.len() <= bounds.targets);
        all.extend(page.targets);
        match page.next {
            Some(next) if next > after => after = next,
            Some(next) => panic!("{next} is not behind {after}"),
            None => return all,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_send_reaches_what_the_expression_means(
        all in proptest::collection::vec(simple(), 0..40),
        expression in expression(),
        targets in 1_usize..7,
        looks in 1_usize..9,
    ) {
        let c = database();
        for (number, simple) in all.iter().enumerate() {
            put(&c, number, simple);
        }
        for (format, windows, template) in [
            (Format::Native(HubPlatform::Windows), Some(true), false),
            (Format::Native(HubPlatform::Apple), Some(false), false),
            (Format::Template, None, true),
        ] {
            let of_format = |simple: &Simple| {
                !simple.removed
                    && simple.template == template
                    && windows.is_none_or(|windows| windows == simple.windows)
            };
            let numbers = |means: &dyn Fn(&Simple) -> bool| -> Vec<i64> {
                let all = all.iter().enumerate();
                all.filter(|(_, simple)| of_format(simple) && means(simple))
                    .map(|(number, _)| i64::try_from(number).unwrap() + 1)
                    .collect()
            };
            let meant = numbers(&|simple: &Simple| {
                let has = |tag: &Tag| {
                    simple.tags.iter().any(|(place, _)| TAGS[*place].eq_ignore_ascii_case(tag.as_str()))
                };
                naive(&expression, &has)
            });
            prop_assert_eq!(&pages(&c, format, Some(&expression), WHOLE), &meant);
            let small = Bounds { targets, looks };
            prop_assert_eq!(&pages(&c, format, Some(&expression), small), &meant);
            prop_assert_eq!(pages(&c, format, None, small), numbers(&|_| true));
        }
    }
}

/// How many targets are looked at for an expression.
fn looks(c: &Connection, expression: &TagExpression) -> usize {
    let plan = Plan::new(
        c,
        expression,
        format_code(Format::Native(HubPlatform::Apple)),
    )
    .unwrap();
    let kind = format_code(Format::Native(HubPlatform::Apple));
    let mut walk = Walk::new(c, kind, Some(&plan), 0).unwrap();
    let mut looks = 0;
    while walk.next().unwrap().is_some() {
        looks += 1;
    }
    looks
}

#[test]
fn no_more_is_looked_at_than_the_rarest_tag_leads_to() {
    let c = database();
    for number in 0..300 {
        let mut tags = vec![(0, false)];
        tags.extend((number % 100 == 0).then_some((5, false)));
        tags.extend((number % 10 == 0).then_some((1, false)));
        put(
            &c,
            number,
            &Simple {
                tags,
                windows: false,
                template: false,
                removed: false,
            },
        );
    }
    let tag = |place| TagExpression::Tag(tag(place, true));
    let not = |inner| TagExpression::Not(Box::new(inner));
    assert_eq!(looks(&c, &tag(0)), 300);
    assert_eq!(looks(&c, &TagExpression::And(vec![tag(0), tag(5)])), 3);
    assert_eq!(
        looks(&c, &TagExpression::And(vec![tag(0), tag(1), not(tag(5))])),
        30
    );
    assert_eq!(looks(&c, &TagExpression::Or(vec![tag(1), tag(5)])), 30);
    assert_eq!(looks(&c, &TagExpression::And(vec![tag(0), tag(3)])), 0);
    let either = TagExpression::Or(vec![tag(5), tag(1)]);
    assert_eq!(looks(&c, &TagExpression::And(vec![tag(0), either])), 30);
    assert_eq!(
        looks(&c, &not(TagExpression::Or(vec![not(tag(5)), not(tag(0))]))),
        3
    );
    assert_eq!(
        looks(&c, &not(tag(5))),
        300,
        "only a bare negation walks over all"
    );
}

#[test]
fn labels_count_their_targets_and_go_with_the_last() {
    let c = database();
    let labels = || -> Vec<(String, i64)> {
        let mut statement = c
            .prepare("SELECT tag, targets FROM hub_label ORDER BY tag")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    let with = |tags: &[usize]| Simple {
        tags: tags.iter().map(|place| (*place, false)).collect(),
        windows: true,
        template: false,
        removed: false,
    };
    put(&c, 1, &with(&[0, 1]));
    put(&c, 2, &with(&[1, 2, 2]));
    assert_eq!(
        labels(),
        [("a".into(), 1), ("b".into(), 2), ("c".into(), 1)]
    );
    put(&c, 1, &with(&[1]));
    assert_eq!(labels(), [("b".into(), 2), ("c".into(), 1)]);
    put(
        &c,
        1,
        &Simple {
            template: true,
            ..with(&[1])
        },
    );
    assert_eq!(
        labels(),
        [("b".into(), 1), ("b".into(), 1), ("c".into(), 1)]
    );
    for number in [1, 2] {
        put(
            &c,
            number,
            &Simple {
                removed: true,
                ..with(&[0])
            },
        );
    }
    assert_eq!(labels(), []);
    let left: i64 = c
        .query_row("SELECT count(*) FROM hub_labelled", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}
