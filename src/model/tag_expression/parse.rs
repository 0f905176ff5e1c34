//! Reads tag expressions, by recursive descent within a bounded depth.

use super::{Invalid, Tag, TagExpression};

/// How deep parentheses and negations may stand in each other.
const DEEPEST: usize = 32;

/// The most tags where `||` is the only operator.
const MOST_WITH_OR_ALONE: usize = 20;

/// The most tags where there is `&&`, and no `||`.
const MOST_WITHOUT_OR: usize = 10;

/// The most tags of any other expression.
const MOST: usize = 6;

pub(super) fn read(text: &str) -> Result<TagExpression, Invalid> {
    if text.len() > TagExpression::MAX_BYTES {
        return Err(bad(format!(
            "is {} bytes long, at most {} are allowed",
            text.len(),
            TagExpression::MAX_BYTES
        )));
    }
    let mut reader = Reader::new(text);
    reader.pass_space();
    if reader.rest.is_empty() {
        return Err(bad("is empty: leave it out to send to all"));
    }
    let expression = reader.or(0)?;
    if let Some(found) = reader.rest.chars().next() {
        return Err(reader.wrong(&format!("found {found:?} in the place of && or ||")));
    }
    reader.check_limits()?;
    Ok(expression)
}

fn bad(problem: impl Into<String>) -> Invalid {
    Invalid::new("tag expression", problem)
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    tags: usize,
    has_or: bool,
    has_and: bool,
    has_not: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            rest: text,
            tags: 0,
            has_or: false,
            has_and: false,
            has_not: false,
        }
    }

    fn or(&mut self, depth: usize) -> Result<TagExpression, Invalid> {
        let mut any = vec![self.and(depth)?];
        while self.takes("||") {
            self.has_or = true;
            any.push(self.and(depth)?);
        }
        Ok(chain(any, TagExpression::Or))
    }

    fn and(&mut self, depth: usize) -> Result<TagExpression, Invalid> {
        let mut all = vec![self.unary(depth)?];
        while self.takes("&&") {
            self.has_and = true;
            all.push(self.unary(depth)?);
        }
        Ok(chain(all, TagExpression::And))
    }

    fn unary(&mut self, depth: usize) -> Result<TagExpression, Invalid> {
        if depth > DEEPEST {
            return Err(self.wrong(&format!(
                "parentheses and negations stand more than {DEEPEST} deep in each other"
            )));
        }
        if self.takes("!") {
            self.has_not = true;
            let inner = self.unary(depth + 1)?;
            return Ok(TagExpression::Not(Box::new(inner)));
        }
        let opened = self.rest;
        if self.takes("(") {
            let inner = self.or(depth + 1)?;
            if !self.takes(")") {
                return Err(self.wrong(&format!(
                    "the parenthesis at character {} is not closed",
                    self.place_of(opened)
                )));
            }
            return Ok(inner);
        }
        self.tag().map(TagExpression::Tag)
    }

    fn tag(&mut self) -> Result<Tag, Invalid> {
        let end = self.rest.find(|c| !may_be_in_tag(c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if word.is_empty() {
            let found = match rest.chars().next() {
                Some(found) => format!("found {found:?}"),
                None => "it ends".to_owned(),
            };
            return Err(self.wrong(&format!("{found} in the place of a tag, ! or (")));
        }
        let tag = Tag::parse(word).map_err(|invalid| self.wrong(&invalid.to_string()))?;
        self.tags += 1;
        if self.tags > MOST_WITH_OR_ALONE {
            return Err(self.wrong(&format!(
                "there are more than {MOST_WITH_OR_ALONE} tags: send in parts"
            )));
        }
        self.rest = rest;
        self.pass_space();
        Ok(tag)
    }

    fn check_limits(&self) -> Result<(), Invalid> {
        let (most, with) = match (self.has_or, self.has_and, self.has_not) {
            (true, false, false) => (MOST_WITH_OR_ALONE, "|| alone"),
            (false, _, _) => (MOST_WITHOUT_OR, "&& and no ||"),
            (true, _, _) => (MOST, "|| beside && or !"),
        };
        if self.tags > most {
            return Err(bad(format!(
                "has {} tags, at most {most} are allowed with {with}: send in parts",
                self.tags
            )));
        }
        Ok(())
    }

    fn takes(&mut self, sign: &str) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                self.pass_space();
                true
            }
            None => false,
        }
    }

    fn pass_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Where `rest`, an end of the text, begins: in characters from 1.
    fn place_of(&self, rest: &str) -> usize {
        let read = self.text.len() - rest.len();
        self.text[..read].chars().count() + 1
    }

    fn wrong(&self, problem: &str) -> Invalid {
        bad(format!(
            "is malformed at character {}: {problem}",
            self.place_of(self.rest)
        ))
    }
}

/// One expression stands for itself.
fn chain(
    mut inner: Vec<TagExpression>,
    join: impl FnOnce(Vec<TagExpression>) -> TagExpression,
) -> TagExpression {
    match inner.pop() {
        Some(only) if inner.is_empty() => only,
        last => {
            inner.extend(last);
            join(inner)
        }
    }
}

/// True for the characters of all tags, the hub's own included.
fn may_be_in_tag(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_@#.:-${}=".contains(c)
}
