//! Conditions over topics: `'a' in topics && ('b' in topics || !('c' in topics))`.
//!
//! As Firebase documents it: parentheses first, then from left to right, so that `&&` binds no
//! closer than `||`; at most five topics.

use super::topic::Topic;

/// The most topics of a condition.
pub(super) const MOST_TOPICS: usize = 5;

/// The longest condition, in bytes.
const LONGEST: usize = 8 * 1024;

/// How deep parentheses and negations may stand in each other.
const DEEPEST: usize = 32;

/// A condition that may be asked of a device's topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    topics: Vec<Topic>,
    root: Node,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// The topic with this place among the condition's.
    In(usize),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
}

/// Why a text is no condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoCondition(pub(super) &'static str);

impl Condition {
    /// The condition that a message to one topic has.
    pub(super) fn of_topic(topic: Topic) -> Self {
        Self {
            topics: vec![topic],
            root: Node::In(0),
        }
    }

    pub(super) fn read(text: &str) -> Result<Self, NoCondition> {
        if text.len() > LONGEST {
            return Err(NoCondition("is too long"));
        }
        let mut reader = Reader {
            rest: text.trim_start(),
            topics: Vec::new(),
        };
        let root = reader.chain(0)?;
        if !reader.rest.is_empty() {
            return Err(NoCondition("has something behind its end"));
        }
        Ok(Self {
            topics: reader.topics,
            root,
        })
    }

    /// The topics it asks for, each once.
    pub(super) fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// Whether it holds for a device that has the topics for whose places `has` is true.
    pub(super) fn holds(&self, has: impl Fn(usize) -> bool) -> bool {
        self.root.holds(&has)
    }
}

impl Node {
    fn holds(&self, has: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::In(place) => has(*place),
            Self::Not(node) => !node.holds(has),
            Self::And(left, right) => left.holds(has) && right.holds(has),
            Self::Or(left, right) => left.holds(has) || right.holds(has),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    topics: Vec<Topic>,
}

impl Reader<'_> {
    /// Terms with `&&` and `||` between them. A chain is built up on its left: how deep it stands
    /// is bounded by the condition's length.
    fn chain(&mut self, depth: usize) -> Result<Node, NoCondition> {
        let mut left = self.term(depth)?;
        loop {
            let join = if self.takes("&&") {
                Node::And
            } else if self.takes("||") {
                Node::Or
            } else {
                return Ok(left);
            };
            let right = self.term(depth)?;
            left = join(Box::new(left), Box::new(right));
        }
    }

    fn term(&mut self, depth: usize) -> Result<Node, NoCondition> {
        if depth > DEEPEST {
            return Err(NoCondition("is nested too deeply"));
        }
        if self.takes("!") {
            return Ok(Node::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.takes("(") {
            let inner = self.chain(depth + 1)?;
            return match self.takes(")") {
                true => Ok(inner),
                false => Err(NoCondition("has a parenthesis that is not closed")),
            };
        }
        self.membership()
    }

    /// `'name' in topics`.
    fn membership(&mut self) -> Result<Node, NoCondition> {
        let wrong = NoCondition("is not of the form 'a' in topics && ('b' in topics || …)");
        let quoted = self.rest.strip_prefix('\'').ok_or(wrong)?;
        let (name, rest) = quoted.split_once('\'').ok_or(wrong)?;
        self.rest = rest.trim_start();
        if !self.takes("in ") || !self.takes("topics") {
            return Err(wrong);
        }
        let topic = Topic::read(name).ok_or(NoCondition("names a topic that is none"))?;
        let known = self.topics.iter().position(|known| *known == topic);
        if let Some(place) = known {
            return Ok(Node::In(place));
        }
        if self.topics.len() == MOST_TOPICS {
            return Err(NoCondition("names more than five topics"));
        }
        self.topics.push(topic);
        Ok(Node::In(self.topics.len() - 1))
    }

    fn takes(&mut self, sign: &str) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(text: &str, has: &[&str]) -> bool {
        let condition = Condition::read(text).unwrap();
        let topics = condition.topics().to_vec();
        condition.holds(|place| has.contains(&topics[place].as_str()))
    }

    #[test]
    fn parentheses_come_first_and_then_it_goes_from_left_to_right() {
        let text = "'a' in topics && ('b' in topics || !('c' in topics))";
        for (has, expected) in [
            (&["a"][..], true),
            (&["a", "c"], false),
            (&["a", "b", "c"], true),
            (&["b"], false),
            (&[], false),
        ] {
            assert_eq!(holds(text, has), expected, "{has:?}");
        }
        let plain = "'a' in topics || 'b' in topics && 'c' in topics";
        assert!(!holds(plain, &["a"]), "&& binds no closer");
        assert!(holds("!('a' in topics)", &[]));
        assert!(holds("  'a'  in  topics  ", &["a"]));
    }

    #[test]
    fn five_topics_may_be_named_each_as_often_as_wanted() {
        let of = |names: &[&str]| {
            let terms: Vec<_> = names.iter().map(|n| format!("'{n}' in topics")).collect();
            Condition::read(&terms.join(" || "))
        };
        assert_eq!(
            of(&["a", "b", "c", "d", "e", "a"]).unwrap().topics().len(),
            5
        );
        assert!(of(&["a", "b", "c", "d", "e", "f"]).is_err());
        let deep = |n: usize| format!("{}'a' in topics{}", "(".repeat(n), ")".repeat(n));
        assert!(Condition::read(&deep(32)).is_ok());
        assert!(Condition::read(&deep(33)).is_err());
        let long = vec!["'a' in topics"; 400].join("&&");
        assert!(Condition::read(&long).is_ok());
        assert!(Condition::read(&long.repeat(2)).is_err());
    }

    #[test]
    fn anything_else_is_no_condition() {
        for junk in [
            "",
            "a in topics",
            "'a' in topic",
            "'a' intopics",
            "'a' in topics &&",
            "'a' in topics 'b' in topics",
            "('a' in topics",
            "'a' in topics)",
            "'a b' in topics",
            "'' in topics",
            "!",
            "'a",
        ] {
            assert!(Condition::read(junk).is_err(), "{junk}");
        }
    }

    fn tree() -> impl Strategy<Value = Node> {
        let leaf = (0..MOST_TOPICS).prop_map(Node::In);
        leaf.prop_recursive(6, 32, 2, |inner| {
            let pair = (inner.clone(), inner.clone());
            prop_oneof![
                inner.prop_map(|node| Node::Not(Box::new(node))),
                pair.clone()
                    .prop_map(|(a, b)| Node::And(Box::new(a), Box::new(b))),
                pair.prop_map(|(a, b)| Node::Or(Box::new(a), Box::new(b))),
            ]
        })
    }

    fn written(node: &Node, space: &str) -> String {
        match node {
            Node::In(place) => format!("'t{place}' in topics{space}"),
            Node::Not(node) => format!("!{space}({})", written(node, space)),
            Node::And(a, b) => format!("({}){space}&&({})", written(a, space), written(b, space)),
            Node::Or(a, b) => format!("({})||{space}({})", written(a, space), written(b, space)),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(root in tree(), space in " {0,2}", mask in 0_u8..32) {
            let condition = Condition::read(&written(&root, &space)).unwrap();
            let topics = condition.topics().to_vec();
            let has = |place: usize| mask & (1 << place) != 0;
            let by_name = |place: usize| {
                let name = topics[place].as_str().trim_start_matches('t');
                has(name.parse().unwrap())
            };
            prop_assert_eq!(condition.holds(by_name), root.holds(&has));
        }

        #[test]
        fn no_text_panics(text in r"('a' in topics|'ü|!|\(|\)|&&|\|\||in |topics| |.){0,60}") {
            drop(Condition::read(&text));
        }
    }
}
