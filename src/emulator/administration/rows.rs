//! The rules as rows.

use std::str::FromStr;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use crate::model::{DomainName, HostAddress, Invalid};
use crate::wire::push_administration::{
    AllowedDomain, BlockedDomain, Comment, ConfigurationIdentity, HostingProvider, ProviderName,
    PushConfiguration, Rules, Switches,
};

/// All that is stored.
pub(super) fn load(c: &Connection) -> rusqlite::Result<Rules> {
    let mut configurations = c
        .prepare_cached(
            "SELECT identity, apple, microsoft, google, webpush FROM push_configuration",
        )?
        .query_map([], configuration)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    configurations.sort_by(|one, other| one.identity.cmp(&other.identity));
    let mut federation = c.prepare_cached("SELECT enabled FROM federation")?;
    let federation = federation.query_map([], |row| row.get(0))?.next();
    let allowed = c
        .prepare_cached(
            "SELECT domain, proxy, verification, comment FROM partner_domain
             WHERE blocked = 0 ORDER BY domain",
        )?
        .query_map([], allowed)?
        .collect::<rusqlite::Result<_>>()?;
    let blocked = c
        .prepare_cached(
            "SELECT domain, comment FROM partner_domain WHERE blocked = 1 ORDER BY domain",
        )?
        .query_map([], blocked)?
        .collect::<rusqlite::Result<_>>()?;
    let providers = c
        .prepare_cached(
            "SELECT identity, proxy, enabled, verification FROM hosting_provider ORDER BY identity",
        )?
        .query_map([], provider)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Rules {
        configurations,
        federation: federation.transpose()?,
        allowed,
        blocked,
        providers,
    })
}

fn configuration(row: &Row<'_>) -> rusqlite::Result<PushConfiguration> {
    Ok(PushConfiguration {
        identity: parsed(row, 0)?,
        switches: Switches {
            apple: row.get(1)?,
            microsoft: row.get(2)?,
            google: row.get(3)?,
            webpush: row.get(4)?,
        },
    })
}

fn allowed(row: &Row<'_>) -> rusqlite::Result<AllowedDomain> {
    Ok(AllowedDomain {
        domain: parsed(row, 0)?,
        proxy: parsed_some(row, 1)?,
        verification: parsed_some(row, 2)?,
        comment: parsed_some(row, 3)?,
    })
}

fn blocked(row: &Row<'_>) -> rusqlite::Result<BlockedDomain> {
    Ok(BlockedDomain {
        domain: parsed(row, 0)?,
        comment: parsed_some(row, 1)?,
    })
}

fn provider(row: &Row<'_>) -> rusqlite::Result<HostingProvider> {
    Ok(HostingProvider {
        identity: parsed(row, 0)?,
        proxy: parsed(row, 1)?,
        enabled: row.get(2)?,
        verification: parsed(row, 3)?,
    })
}

fn parsed<T: FromStr<Err = Invalid>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    text.parse().map_err(|invalid| unusable(column, invalid))
}

fn parsed_some<T: FromStr<Err = Invalid>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    let read = text.map(|text| text.parse());
    read.transpose()
        .map_err(|invalid| unusable(column, invalid))
}

fn unusable(column: usize, invalid: Invalid) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(invalid))
}

/// Stores a configuration in the place of an earlier one.
pub(super) fn put_configuration(
    c: &Connection,
    identity: &ConfigurationIdentity,
    switches: Switches,
) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO push_configuration(identity, apple, microsoft, google, webpush)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT(identity) DO UPDATE SET apple = ?2, microsoft = ?3, google = ?4, webpush = ?5",
    )?
    .execute(params![
        identity.to_string(),
        switches.apple,
        switches.microsoft,
        switches.google,
        switches.webpush
    ])
    .map(drop)
}

pub(super) fn remove_configuration(
    c: &Connection,
    identity: &ConfigurationIdentity,
) -> rusqlite::Result<()> {
    c.prepare_cached("DELETE FROM push_configuration WHERE identity = ?1")?
        .execute([identity.to_string()])
        .map(drop)
}

pub(super) fn put_federation(c: &Connection, enabled: bool) -> rusqlite::Result<()> {
    c.prepare_cached("INSERT OR REPLACE INTO federation(id, enabled) VALUES (1, ?1)")?
        .execute([enabled])
        .map(drop)
}

pub(super) fn add_allowed(c: &Connection, entry: &AllowedDomain) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO partner_domain(domain, blocked, proxy, verification, comment)
         VALUES (?1, 0, ?2, ?3, ?4)",
    )?
    .execute(params![
        entry.domain.as_str(),
        entry.proxy.as_ref().map(HostAddress::to_string),
        entry.verification.map(|level| level.as_str()),
        entry.comment.as_ref().map(Comment::as_str),
    ])
    .map(drop)
}

pub(super) fn add_blocked(c: &Connection, entry: &BlockedDomain) -> rusqlite::Result<()> {
    c.prepare_cached("INSERT INTO partner_domain(domain, blocked, comment) VALUES (?1, 1, ?2)")?
        .execute(params![
            entry.domain.as_str(),
            entry.comment.as_ref().map(Comment::as_str)
        ])
        .map(drop)
}

pub(super) fn remove_domain(c: &Connection, domain: &DomainName) -> rusqlite::Result<()> {
    c.prepare_cached("DELETE FROM partner_domain WHERE domain = ?1")?
        .execute([domain.as_str()])
        .map(drop)
}

/// Stores a provider in the place of an earlier one of the same name.
pub(super) fn put_provider(c: &Connection, provider: &HostingProvider) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO hosting_provider(identity, proxy, enabled, verification)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT(identity) DO UPDATE SET enabled = ?3, verification = ?4",
    )?
    .execute(params![
        provider.identity.as_str(),
        provider.proxy.to_string(),
        provider.enabled,
        provider.verification.as_str()
    ])
    .map(drop)
}

pub(super) fn remove_provider(c: &Connection, identity: &ProviderName) -> rusqlite::Result<()> {
    c.prepare_cached("DELETE FROM hosting_provider WHERE identity = ?1")?
        .execute([identity.as_str()])
        .map(drop)
}
