//! `handset partner`

use std::path::Path;

use serde::Serialize;

use crate::cli::administer::{self, Purpose};
use crate::cli::arguments::{Partner, PartnerWish};
use crate::cli::columns::{self, Cell};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::emulator::DecidedElsewhere;
use crate::model::HostAddress;
use crate::settings::Settings;
use crate::wire::push_administration::{
    AdministrationState, AllowedDomain, BlockedDomain, Change, ChangeRequest, Comment,
    HostingProvider, Profile, Rules, VerificationLevel,
};

pub(super) async fn run(
    wish: Partner,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let data = wish.data.data;
    match changing(wish.wish) {
        Some(request) => administer::change(settings, data.as_deref(), request, output).await,
        None => list(settings, data.as_deref(), output).await,
    }
}

/// What is to change; nothing where the lists are to be shown.
fn changing(wish: PartnerWish) -> Option<ChangeRequest> {
    let (change, what_if) = match wish {
        PartnerWish::List => return None,
        PartnerWish::Add {
            domain,
            proxy,
            verification,
            comment,
            what_if,
        } => {
            let change = Change::AllowDomain {
                domain,
                proxy,
                verification,
                comment,
            };
            (change, what_if)
        }
        PartnerWish::Block {
            domain,
            comment,
            what_if,
        } => (Change::BlockDomain { domain, comment }, what_if),
        PartnerWish::Provider {
            identity,
            proxy,
            verification,
            enabled,
            what_if,
        } => {
            let change = Change::SetProvider {
                identity,
                proxy,
                enabled: enabled.map(Into::into),
                verification,
            };
            (change, what_if)
        }
        PartnerWish::Federation { switch, what_if } => {
            let enabled = switch.into();
            (Change::SetFederation { enabled }, what_if)
        }
        PartnerWish::Remove {
            name,
            list,
            what_if,
        } => {
            let list = list.map(Into::into);
            (Change::RemovePartner { name, list }, what_if)
        }
        PartnerWish::Reset { what_if } => (Change::ForgetPartners {}, what_if),
    };
    let what_if = what_if.what_if;
    Some(ChangeRequest { change, what_if })
}

/// An entry of one of the lists, for programs.
#[derive(Debug, Serialize)]
#[serde(tag = "list", rename_all = "kebab-case")]
enum Entry<'a> {
    Federation { enabled: bool, stored: bool },
    Allowed(Allowed<'a>),
    Blocked(&'a BlockedDomain),
    Provider(&'a HostingProvider),
}

/// A domain that may push, and the verification level by which it does.
#[derive(Debug, Serialize)]
struct Allowed<'a> {
    domain: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<&'a HostAddress>,
    verification: VerificationLevel,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a Comment>,
    /// False for the one that the quick-start profile allows.
    stored: bool,
}

async fn list(settings: &Settings, data: Option<&Path>, output: &Output) -> Result<Exit, Failure> {
    let (state, running) = administer::ask(settings, data, Purpose::Look, output, async |rules| {
        Ok((rules.state().await?, rules.is_running()))
    })
    .await?;
    if let Some(hub) = &state.in_force.hub_elsewhere {
        return Err(Failure::failed(DecidedElsewhere(hub.clone()).to_string()));
    }
    let entries = entries(&state);
    if output.is_json() {
        for entry in &entries {
            output.result(entry, |_| String::new());
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<_> = entries.iter().filter_map(row).collect();
    let mut lines = vec![federation(&state)];
    if rows.is_empty() {
        lines.push("no domain and no hosting provider is on a list".to_owned());
    } else {
        let heading = ["partner", "is", "proxy", "verification", "comment"];
        lines.push(columns::table(heading, rows, output));
    }
    lines.extend((!running).then(|| output.dim(administer::NEXT_TIME)));
    output.note(lines.join("\n"));
    Ok(Exit::Done)
}

fn federation(state: &AdministrationState) -> String {
    let in_force = &state.in_force;
    let by = match state.rules.federation {
        Some(_) => "stored".to_owned(),
        None => format!("{} profile", in_force.profile.as_str()),
    };
    match in_force.federation {
        true => format!("federation is on ({by})"),
        false => format!("federation is off ({by}): no partner may push"),
    }
}

fn entries(state: &AdministrationState) -> Vec<Entry<'_>> {
    let AdministrationState {
        rules, in_force, ..
    } = state;
    let mut all = vec![Entry::Federation {
        enabled: in_force.federation,
        stored: rules.federation.is_some(),
    }];
    let own = &in_force.domain;
    let listed = rules.allowed(own).is_some() || rules.blocked(own).is_some();
    if in_force.profile == Profile::QuickStart && !listed {
        all.push(Entry::Allowed(Allowed {
            domain: own.as_str(),
            proxy: None,
            // It is let through before anything is verified.
            verification: VerificationLevel::AlwaysVerifiable,
            comment: None,
            stored: false,
        }));
    }
    let stored = |entry| Entry::Allowed(allowed(rules, entry));
    all.extend(rules.allowed.iter().map(stored));
    all.extend(rules.blocked.iter().map(Entry::Blocked));
    all.extend(rules.providers.iter().map(Entry::Provider));
    all
}

fn allowed<'a>(rules: &Rules, entry: &'a AllowedDomain) -> Allowed<'a> {
    Allowed {
        domain: entry.domain.as_str(),
        proxy: entry.proxy.as_ref(),
        verification: rules.level_of(entry, entry.proxy.as_ref()),
        comment: entry.comment.as_ref(),
        stored: true,
    }
}

fn row(entry: &Entry<'_>) -> Option<[Cell; 5]> {
    let dash = || "-".to_owned();
    let level = |level: VerificationLevel| level.to_string();
    let note = |comment: Option<&Comment>| comment.map_or("-", Comment::as_str).to_owned();
    let (name, (is, paint), proxy, verification, comment) = match entry {
        Entry::Federation { .. } => return None,
        Entry::Allowed(entry) => (
            entry.domain.to_owned(),
            ALLOWED,
            entry.proxy.map_or_else(dash, ToString::to_string),
            level(entry.verification),
            match entry.stored {
                true => note(entry.comment),
                false => "by the quick-start profile".to_owned(),
            },
        ),
        Entry::Blocked(entry) => (
            entry.domain.to_string(),
            BLOCKED,
            dash(),
            dash(),
            note(entry.comment.as_ref()),
        ),
        Entry::Provider(provider) => (
            provider.identity.to_string(),
            if provider.enabled { ON } else { OFF },
            provider.proxy.to_string(),
            level(provider.verification),
            dash(),
        ),
    };
    Some([
        Cell::new(name),
        Cell::painted(is, paint),
        Cell::new(proxy),
        Cell::new(verification),
        Cell::painted(comment, Output::dim),
    ])
}

type Painted = (&'static str, fn(&Output, &str) -> String);

const ALLOWED: Painted = ("allowed", Output::good);
const BLOCKED: Painted = ("blocked", Output::bad);
const ON: Painted = ("provider, on", Output::good);
const OFF: Painted = ("provider, off", Output::bad);
