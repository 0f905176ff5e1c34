mod documents;
mod language;
mod property;

use std::collections::BTreeMap;

use super::*;

fn properties(json: &str) -> Properties {
    Properties::read(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn variables(pairs: &[(&str, &str)]) -> PushVariables {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    PushVariables::new(&pairs.iter().map(owned).collect::<BTreeMap<_, _>>())
}

fn template(body: &str, kind: Kind) -> Template {
    Template::parse(body, kind).unwrap_or_else(|error| panic!("{body}: {error}"))
}

/// What `body` gives with the properties in `json`.
fn rendered(body: &str, kind: Kind, json: &str) -> String {
    let rendered = template(body, kind).render(&properties(json), &PushVariables::default());
    rendered.unwrap_or_else(|error| panic!("{body}: {error}"))
}

fn problem(body: &str, kind: Kind) -> String {
    match Template::parse(body, kind) {
        Ok(read) => panic!("{body} was read as {read:?}"),
        Err(error) => error.to_string(),
    }
}
