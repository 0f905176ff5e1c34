//! The query of a list: of OData as much as the tutorial's clients use.

use url::form_urlencoded;

use super::super::answer::Refusal;

/// How many items a list has unless it is told otherwise (Mobile Services: 50).
const USUAL: i64 = 50;

/// The most items in one list (Mobile Services: 1,000).
const MOST: i64 = 1000;

/// Which items are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Those alone that are complete, or not.
    pub(super) complete: Option<bool>,
    pub(super) top: i64,
    pub(super) skip: i64,
    /// How many there are is wanted, too (`$inlinecount=allpages`).
    pub(super) counted: bool,
}

impl Wanted {
    /// Reads a query. What it does not know of OData is refused, as the answer would not be what was
    /// asked for; parameters without `$` are an app's own, and change nothing.
    pub(super) fn read(query: &str) -> Result<Self, Refusal> {
        let mut wanted = Self {
            complete: None,
            top: USUAL,
            skip: 0,
            counted: false,
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "$filter" => wanted.complete = Some(read_filter(&value)?),
                "$top" => wanted.top = read_number(&name, &value)?.min(MOST),
                "$skip" => wanted.skip = read_number(&name, &value)?,
                "$inlinecount" if value == "allpages" => wanted.counted = true,
                "$inlinecount" if value == "none" => wanted.counted = false,
                "$inlinecount" => return Err(bad("$inlinecount is either allpages or none")),
                name if name.starts_with('$') => {
                    return Err(bad(
                        "only $filter, $top, $skip and $inlinecount are known here",
                    ));
                }
                _ => {}
            }
        }
        Ok(wanted)
    }
}

/// Reads `complete eq false` and its like, in parentheses or without.
fn read_filter(filter: &str) -> Result<bool, Refusal> {
    let mut inner = filter.trim();
    while let Some(rest) = inner
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        inner = rest.trim();
    }
    let words: Vec<&str> = inner.split_whitespace().take(4).collect();
    let known = match *words.as_slice() {
        [name, operator, value] if name.eq_ignore_ascii_case("complete") => {
            let value = value.parse::<bool>().ok();
            match operator {
                "eq" => value,
                "ne" => value.map(|value| !value),
                _ => None,
            }
        }
        _ => None,
    };
    known.ok_or_else(|| bad("$filter is complete eq false, or eq true, or with ne"))
}

fn read_number(name: &str, value: &str) -> Result<i64, Refusal> {
    let number: Option<u32> = value.parse().ok();
    number
        .map(i64::from)
        .ok_or_else(|| bad(&format!("{name} is not a number")))
}

fn bad(problem: &str) -> Refusal {
    Refusal::BadRequest(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_queries_are_read_and_others_refused() {
        for (query, complete, top) in [
            ("", None, 50),
            ("$filter=(complete%20eq%20false)", Some(false), 50),
            ("$filter=((complete+ne+false))&$top=7", Some(true), 7),
            ("$filter=Complete%20eq%20true&$top=99999", Some(true), 1000),
            ("__systemproperties=*&mine=1", None, 50),
        ] {
            let wanted = Wanted::read(query).unwrap();
            assert_eq!((wanted.complete, wanted.top), (complete, top), "{query}");
        }
        assert!(Wanted::read("$inlinecount=allpages").unwrap().counted);
        for query in [
            "$filter=text+eq+'a'",
            "$filter=complete",
            "$filter=complete eq maybe",
            "$filter=complete gt false",
            "$filter=complete eq false or true",
            "$orderby=text",
            "$top=-1",
            "$skip=x",
            "$inlinecount=some",
        ] {
            assert!(Wanted::read(query).is_err(), "{query}");
        }
        let deep = format!("$filter={}x{}", "(".repeat(5000), ")".repeat(5000));
        assert!(Wanted::read(&deep).is_err());
    }
}
