//! Which labels a target has.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, params};

/// Gives the target of this kind the labels of these tags, and takes all others away. Tags match in
/// any case.
pub(super) fn set(c: &Connection, target: i64, kind: i64, tags: &[String]) -> rusqlite::Result<()> {
    let mut wanted = BTreeSet::new();
    for tag in tags {
        wanted.insert(label(c, &tag.to_ascii_lowercase(), kind)?);
    }
    let has: BTreeSet<i64> = c
        .prepare_cached("SELECT label FROM hub_labelled WHERE target = ?1")?
        .query_map([target], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut insert = c.prepare_cached("INSERT INTO hub_labelled(label, target) VALUES (?1, ?2)")?;
    for label in wanted.difference(&has) {
        insert.execute([*label, target])?;
    }
    let mut delete =
        c.prepare_cached("DELETE FROM hub_labelled WHERE label = ?1 AND target = ?2")?;
    for label in has.difference(&wanted) {
        delete.execute([*label, target])?;
    }
    Ok(())
}

/// The label of a tag in lower case, which is made where there is none. It goes with its last target.
fn label(c: &Connection, tag: &str, kind: i64) -> rusqlite::Result<i64> {
    let known = c
        .prepare_cached("SELECT id FROM hub_label WHERE tag = ?1 AND kind = ?2")?
        .query_row(params![tag, kind], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    c.prepare_cached("INSERT INTO hub_label(tag, kind, targets) VALUES (?1, ?2, 0)")?
        .execute(params![tag, kind])?;
    Ok(c.last_insert_rowid())
}
