//! Text with placeholders.

use super::placeholder::{Placeholder, Values};

/// Text with placeholders in braces, such as `device-{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(String),
    Value(Placeholder),
}

impl Template {
    /// Reads a template. What is wrong is told as what follows its name: `has {x}, which …`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(start);
            let inside = from
                .strip_prefix('{')
                .ok_or("has a } without a { before it")?;
            let (name, after) = inside
                .split_once('}')
                .ok_or("has a { without a } after it")?;
            let placeholder = Placeholder::named(name).ok_or_else(|| {
                format!(
                    "has {{{name:.40}}}, which is no placeholder: see `handset backend-profile`"
                )
            })?;
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            pieces.push(Piece::Value(placeholder));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The placeholder, where it is all there is.
    pub(super) fn whole(&self) -> Option<Placeholder> {
        match self.0.as_slice() {
            [Piece::Value(placeholder)] => Some(*placeholder),
            _ => None,
        }
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.0
    }

    pub(super) fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(placeholder) => Some(*placeholder),
            Piece::Literal(_) => None,
        })
    }

    /// True when a value that it needs is not there.
    pub(super) fn is_absent(&self, values: &Values<'_>) -> bool {
        self.placeholders()
            .any(|placeholder| values.text(placeholder).is_none())
    }

    /// The parts of the filled text, one after the other; a value that is not there is left out.
    pub(super) fn parts<'t>(&'t self, values: Values<'t>) -> impl Iterator<Item = &'t str> {
        self.0.iter().filter_map(move |piece| match piece {
            Piece::Literal(text) => Some(text.as_str()),
            Piece::Value(placeholder) => values.text(*placeholder),
        })
    }

    /// The filled text; none when a value that it needs is not there. For what is no secret: the
    /// text is not zeroised.
    pub(super) fn fill(&self, values: &Values<'_>) -> Option<String> {
        (!self.is_absent(values)).then(|| self.parts(*values).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_and_what_is_absent_makes_the_text_absent() {
        let template = Template::parse("a-{id}-{user}").unwrap();
        let mut values = Values {
            id: Some("7"),
            ..Values::default()
        };
        assert_eq!(template.fill(&values), None);
        values.user = Some("{id}");
        assert_eq!(template.fill(&values).unwrap(), "a-7-{id}");
        assert_eq!(template.whole(), None);
        let whole = Template::parse("{tags}").unwrap();
        assert_eq!(whole.whole(), Some(Placeholder::Tags));
        assert_eq!(Template::parse("").unwrap().fill(&values).unwrap(), "");
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for (bad, said) in [
            ("{nope}", "{nope}"),
            ("{}", "no placeholder"),
            ("{id", "without a }"),
            ("id}", "without a {"),
            ("{{id}}", "no placeholder"),
        ] {
            let error = Template::parse(bad).unwrap_err();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
