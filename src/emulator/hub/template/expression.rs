//! One expression: `$(prop)`, `$(prop, n)`, `.(prop, n)`, `%(prop)`, `#(prop)`, and literals and these
//! joined with `+` in braces.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::Invalid;

use super::{Properties, PushVariables, add};

/// The longest name of a property, as the SDKs have it.
const LONGEST_NAME: usize = 120;

/// What stands behind a text that was cut.
const ELLIPSIS: &str = "...";

/// What URI encoding leaves as it is: RFC 3986 *unreserved*.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An expression: the texts of its terms, one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression {
    terms: Vec<Term>,
    is_number: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Literal(String),
    Property(Property),
}

/// A reference to a property or variable, by its name in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Property {
    name: String,
    /// `:{default}` behind the name: what counts when there is neither property nor variable.
    default: Option<String>,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `$(prop)`
    Whole,
    /// `$(prop, n)`: its first characters.
    Cut(usize),
    /// `.(prop, n)`: its first characters, and three dots among the `n` when it is longer.
    Dotted(usize),
    /// `%(prop)`: encoded for a URI.
    Encoded,
    /// `#(prop)`: a number, where it stands alone in JSON and is one.
    Number,
}

/// What expressions refer to.
pub(super) struct Known<'a> {
    pub(super) properties: &'a Properties,
    pub(super) variables: &'a PushVariables,
}

/// Why a value that begins as an expression is none, and at which of its characters, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    place: usize,
    problem: Cow<'static, str>,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {} {}", self.place, self.problem)
    }
}

impl Expression {
    /// Reads a value; none when it is no expression.
    pub(super) fn read(value: &str) -> Result<Option<Self>, Malformed> {
        let (inner, in_braces) = match value.chars().next() {
            Some('$' | '.' | '%' | '#') => (value, false),
            Some('{') => match value.strip_suffix('}') {
                Some(inner) => (inner[1..].trim_end(), true),
                None => {
                    let place = value.chars().count() + 1;
                    return Err(Malformed {
                        place,
                        problem: "the } is missing".into(),
                    });
                }
            },
            Some(_) | None => return Ok(None),
        };
        let mut reader = Reader {
            rest: inner,
            place: 1 + usize::from(in_braces),
        };
        let terms = reader.terms()?;
        let has_number = terms
            .iter()
            .any(|term| matches!(term, Term::Property(property) if property.form == Form::Number));
        if has_number && terms.len() > 1 {
            return Err(reader.wrong("#(…) is joined with others: use $(…)"));
        }
        Ok(Some(Self {
            terms,
            is_number: has_number && !in_braces,
        }))
    }

    /// True for a body in braces that is an expression, or was meant to be one: no object begins so.
    pub(super) fn is_in_braces(body: &str) -> bool {
        let inner = body.strip_prefix('{').map(str::trim_start);
        let begins = inner.is_some_and(|inner| inner.starts_with(['\'', '$', '.', '%', '#']));
        begins || (body.starts_with('{') && matches!(Self::read(body), Ok(Some(_))))
    }

    /// True when it is a number in JSON, if its text is one.
    pub(super) fn is_number(&self) -> bool {
        self.is_number
    }

    /// Its text.
    pub(super) fn evaluate(&self, known: &Known<'_>) -> Result<String, Invalid> {
        let mut text = String::new();
        for term in &self.terms {
            match term {
                Term::Literal(literal) => add(&mut text, literal)?,
                Term::Property(property) => add(&mut text, &property.evaluate(known))?,
            }
        }
        Ok(text)
    }
}

impl Property {
    fn evaluate<'a>(&'a self, known: &Known<'a>) -> Cow<'a, str> {
        let text = known
            .properties
            .get(&self.name)
            .or_else(|| known.variables.get(&self.name))
            .or(self.default.as_deref())
            .unwrap_or_default();
        match self.form {
            Form::Whole | Form::Number => text.into(),
            Form::Cut(most) => cut(text, most).into(),
            Form::Dotted(most) if cut(text, most).len() == text.len() => text.into(),
            Form::Dotted(most) => match most.checked_sub(ELLIPSIS.len()) {
                Some(kept) => format!("{}{ELLIPSIS}", cut(text, kept)).into(),
                None => cut(text, most).into(),
            },
            Form::Encoded => utf8_percent_encode(text, ENCODED).into(),
        }
    }
}

/// The first characters of a text. They are Unicode's, so that none is cut in two.
fn cut(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

struct Reader<'a> {
    rest: &'a str,
    place: usize,
}

impl<'a> Reader<'a> {
    fn terms(&mut self) -> Result<Vec<Term>, Malformed> {
        let mut terms = Vec::new();
        loop {
            self.pass_space();
            terms.push(self.term()?);
            if self.rest.is_empty() {
                return Ok(terms);
            }
            self.pass_space();
            if !self.takes("+") {
                return Err(self.wrong(
                    "stands something behind the expression: join with +, in braces, {'text ' + $(name)}",
                ));
            }
        }
    }

    fn term(&mut self) -> Result<Term, Malformed> {
        if starts_with_body(self.rest) {
            return Err(
                self.wrong("stands $body, which is not supported: name a property, $(name)")
            );
        }
        for quote in ["'", "\""] {
            if self.takes(quote) {
                return self.literal(quote).map(Term::Literal);
            }
        }
        let form = match self.rest.chars().next() {
            Some('$') => Form::Whole,
            Some('.') => Form::Dotted(0),
            Some('%') => Form::Encoded,
            Some('#') => Form::Number,
            Some(_) => {
                return Err(self.wrong(
                    "stands something else than $(…), .(…), %(…), #(…) or a text in quotes",
                ));
            }
            None => return Err(self.wrong("it ends in the place of a term")),
        };
        self.skip(1);
        self.property(form).map(Term::Property)
    }

    /// A literal behind its first quote; a quote in it is written twice.
    fn literal(&mut self, quote: &str) -> Result<String, Malformed> {
        let mut text = String::new();
        loop {
            let Some(end) = self.rest.find(quote) else {
                return Err(self.wrong("begins a text whose closing quote is missing"));
            };
            text.push_str(&self.rest[..end]);
            self.skip(end + quote.len());
            if !self.takes(quote) {
                return Ok(text);
            }
            text.push_str(quote);
        }
    }

    /// A reference behind its sign: `(name)`, `(name:{default})`, `(name, n)`.
    fn property(&mut self, form: Form) -> Result<Property, Malformed> {
        if !self.takes("(") {
            return Err(self.wrong(
                "is no ( behind the sign: write a text that is no expression in braces and quotes, {'…'}",
            ));
        }
        let name = self.name()?;
        let default = match self.takes(":{") {
            true => Some(self.default()?),
            false => None,
        };
        self.pass_space();
        let length = match self.takes(",") {
            true => Some(self.length()?),
            false => None,
        };
        let form = match (form, length) {
            (Form::Whole, Some(most)) => Form::Cut(most),
            (Form::Dotted(_), Some(most)) => Form::Dotted(most),
            (Form::Dotted(_), None) => return Err(self.wrong("is no length: .(name, 20)")),
            (Form::Encoded | Form::Number, Some(_)) => {
                return Err(self.wrong("is a length, which only $(…) and .(…) have"));
            }
            (Form::Whole | Form::Encoded | Form::Number | Form::Cut(_), _) => form,
        };
        if !self.takes(")") {
            return Err(self.wrong("the ) is missing"));
        }
        Ok(Property {
            name,
            default,
            form,
        })
    }

    fn name(&mut self) -> Result<String, Malformed> {
        let end = self.rest.find([':', ',', ')']).unwrap_or(self.rest.len());
        let name = self.rest[..end].trim();
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || !(1..=LONGEST_NAME).contains(&name.len()) {
            return Err(self.wrong(format!(
                "is no property's name: 1 to {LONGEST_NAME} letters, digits and _"
            )));
        }
        let name = name.to_ascii_lowercase();
        self.skip(end);
        Ok(name)
    }

    /// A default behind its `:{`; `\` stands before a `}` in it.
    fn default(&mut self) -> Result<String, Malformed> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '}' => {
                    self.skip(at + 1);
                    return Ok(text);
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('}' | '\\'))) => text.push(escaped),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(self.wrong("begins a default whose } is missing"))
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        let end = self.rest.find(')').unwrap_or(self.rest.len());
        let length: u32 = self.rest[..end]
            .trim()
            .parse()
            .map_err(|_| self.wrong("is no length: a number of characters, from 0"))?;
        self.skip(end);
        Ok(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = self.rest.starts_with(sign);
        if found {
            self.skip(sign.len());
        }
        found
    }

    fn pass_space(&mut self) {
        let space = self.rest.len() - self.rest.trim_start().len();
        self.skip(space);
    }

    fn skip(&mut self, bytes: usize) {
        let (read, rest) = self.rest.split_at(bytes);
        self.place += read.chars().count();
        self.rest = rest;
    }

    fn wrong(&self, problem: impl Into<Cow<'static, str>>) -> Malformed {
        Malformed {
            place: self.place,
            problem: problem.into(),
        }
    }
}

/// The whole notification as a text: an expression that hubs had once, and refuse by now.
fn starts_with_body(text: &str) -> bool {
    text.get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("$body"))
}
