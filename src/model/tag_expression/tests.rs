use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> TagExpression {
    TagExpression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn meant(text: &str, tags: &[&str]) -> bool {
    let tags: HashSet<Tag> = tags.iter().map(|tag| Tag::parse(*tag).unwrap()).collect();
    parsed(text).matches(&|tag| tags.contains(tag))
}

fn problem(text: &str) -> String {
    TagExpression::parse(text).unwrap_err().to_string()
}

#[test]
fn and_binds_closer_than_or_and_not_closest() {
    for (text, tags, expected) in [
        ("a || b && c", &["a"][..], true),
        ("(a || b) && c", &["a"], false),
        ("(a || b) && c", &["b", "c"], true),
        ("!a && b", &["b"], true),
        ("!(a && b)", &["b"], true),
        ("!(a || b)", &["b"], false),
        ("!!a", &["a"], true),
        ("a&&!b||c", &["a", "b"], false),
        ("a&&!b||c", &["a", "b", "c"], true),
        ("\t ( a )\r\n", &["A"], true),
        (
            "follows_RedSox||follows_Cardinals",
            &["FOLLOWS_redsox"],
            true,
        ),
        (
            "$UserId:{a=b} && !$InstallationId:{1}",
            &["$userid:{A=B}"],
            true,
        ),
    ] {
        assert_eq!(meant(text, tags), expected, "{text} with {tags:?}");
    }
}

#[test]
fn the_text_has_no_parenthesis_too_many() {
    for (text, written) in [
        ("((a))", "a"),
        ("a&&(b&&c)", "a && (b && c)"),
        ("(a&&b)||c", "a && b || c"),
        ("(a||b)||c", "(a || b) || c"),
        ("! ( a || b )&&! !c", "!(a || b) && !!c"),
        ("!(a)", "!a"),
    ] {
        assert_eq!(parsed(text).to_string(), written);
        assert_eq!(parsed(written), parsed(text), "{written}");
    }
}

#[test]
fn how_many_tags_there_may_be_depends_on_the_operators() {
    let joined = |tags: usize, join: &str| vec!["t"; tags].join(join);
    for (text, fits) in [
        (joined(20, "||"), true),
        (joined(21, "||"), false),
        (joined(10, "&&"), true),
        (joined(11, "&&"), false),
        (format!("!{}", joined(10, "&&!")), true),
        (format!("{}&&({})", joined(1, ""), joined(5, "||")), true),
        (format!("{}&&({})", joined(1, ""), joined(6, "||")), false),
        (format!("!{}", joined(6, "||")), true),
        (format!("!{}", joined(7, "||")), false),
    ] {
        let read = TagExpression::parse(&text);
        assert_eq!(read.is_ok(), fits, "{text}: {read:?}");
    }
    assert!(problem(&joined(11, "&&")).contains("at most 10"));
}

#[test]
fn an_error_names_the_character() {
    for (text, place, hint) in [
        ("a &", 3, "in the place of && or ||"),
        ("a | b", 3, "in the place of && or ||"),
        ("a b", 3, "in the place of && or ||"),
        ("a)", 2, "in the place of && or ||"),
        ("a && ", 6, "it ends"),
        ("é", 1, "in the place of a tag"),
        ("a || ü", 6, "in the place of a tag"),
        (
            "(a && (b || c)",
            15,
            "the parenthesis at character 1 is not closed",
        ),
        ("a && $news", 6, "begins with $"),
        ("a && {x}", 6, "contains '{'"),
        ("()", 2, "in the place of a tag"),
        ("!", 2, "it ends"),
        ("&& a", 1, "in the place of a tag"),
    ] {
        let problem = problem(text);
        let start = format!("tag expression is malformed at character {place}: ");
        assert!(problem.starts_with(&start), "{text}: {problem}");
        assert!(problem.contains(hint), "{text}: {problem}");
    }
    assert!(problem(" ").contains("is empty"));
}

#[test]
fn neither_depth_nor_length_is_endless() {
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(TagExpression::parse(&deep(32)).is_ok());
    assert!(problem(&deep(33)).contains("more than 32 deep"));
    assert!(TagExpression::parse(&format!("{}a", "!".repeat(32))).is_ok());
    for sign in ["(", "!", "!(", "a||(", "a&&!"] {
        assert!(TagExpression::parse(&sign.repeat(6000 / sign.len())).is_err());
        assert!(problem(&sign.repeat(100_000)).contains("bytes long"));
    }
    let tag = "t".repeat(120);
    assert!(TagExpression::parse(&vec![tag.as_str(); 20].join(" || ")).is_ok());
    assert!(problem(&"t".repeat(121)).contains("at most 120"));
}

fn tag() -> impl Strategy<Value = Tag> {
    let plain = "[a-eA-E]{1,2}|[-_@#.:a-z0-9]{1,12}";
    prop_oneof![
        8 => plain.prop_map(|text| Tag::parse(text).unwrap()),
        1 => "[-_@#.:=a-z0-9]{1,12}".prop_map(|id| Tag::of_user_id(&id).unwrap()),
        1 => "[-_@#.:=A-Z0-9]{1,12}".prop_map(|id| Tag::of_installation(&id).unwrap()),
    ]
}

/// Expressions of at most six tags, which every rule allows.
fn tree() -> impl Strategy<Value = TagExpression> {
    let leaf = tag().prop_map(TagExpression::Tag);
    let tree = leaf.prop_recursive(8, 8, 3, |inner| {
        prop_oneof![
            2 => inner.clone().prop_map(|one| TagExpression::Not(Box::new(one))),
            1 => proptest::collection::vec(inner.clone(), 2..4).prop_map(TagExpression::And),
            1 => proptest::collection::vec(inner, 2..4).prop_map(TagExpression::Or),
        ]
    });
    tree.prop_filter("more than six tags", |tree| tags_of(tree) <= 6)
}

fn tags_of(expression: &TagExpression) -> usize {
    match expression {
        TagExpression::Tag(_) => 1,
        TagExpression::Not(inner) => tags_of(inner),
        TagExpression::And(all) | TagExpression::Or(all) => all.iter().map(tags_of).sum(),
    }
}

/// Another way to the same answer: the expression as every set of tags sees it, by folding.
fn naive(expression: &TagExpression, has: &HashSet<String>) -> bool {
    match expression {
        TagExpression::Tag(tag) => has.contains(&tag.as_str().to_lowercase()),
        TagExpression::Not(inner) => !naive(inner, has),
        TagExpression::And(all) => all
            .iter()
            .fold(true, |so_far, one| so_far & naive(one, has)),
        TagExpression::Or(any) => any
            .iter()
            .fold(false, |so_far, one| so_far | naive(one, has)),
    }
}

/// What junk is made of.
const WORDS: &[&str] = &[
    "a",
    "b:c",
    "$UserId:{",
    "}",
    "$",
    "ü",
    "!",
    "(",
    ")",
    "&&",
    "||",
    "&",
    "|",
    " ",
    "\t",
    "\0",
    "\u{2003}",
];

proptest! {
    #[test]
    fn what_is_written_is_read(tree in tree()) {
        prop_assert_eq!(parsed(&tree.to_string()), tree);
    }

    #[test]
    fn spaces_do_not_count(tree in tree(), space in "[ \t]{0,3}") {
        let spaced = tree.to_string().replace(' ', &space).replace('(', &format!("({space}"));
        prop_assert_eq!(parsed(&spaced), tree);
    }

    #[test]
    fn it_matches_as_a_naive_reading_does(
        tree in tree(),
        has in proptest::collection::hash_set("[a-e]{1,2}", 0..12),
    ) {
        let tags: HashSet<Tag> = has.iter().map(|tag| Tag::parse(tag.as_str()).unwrap()).collect();
        prop_assert_eq!(tree.matches(&|tag| tags.contains(tag)), naive(&tree, &has));
    }

    #[test]
    fn no_text_panics(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..60)) {
        let text = words.concat();
        if let Ok(read) = TagExpression::parse(&text) {
            prop_assert_eq!(parsed(&read.to_string()), read);
        }
    }
}
