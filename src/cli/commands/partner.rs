//! `handset partner`

use std::path::Path;

use serde::Serialize;

use crate::cli::administer::{self, Purpose};
use crate::cli::arguments::{Partner, PartnerWish};
use crate::cli::columns::{self, Cell};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::settings::Settings;
use crate::wire::push_administration::{
    AdministrationState, AllowedDomain, BlockedDomain, Change, ChangeRequest, Comment,
    HostingProvider, Profile, VerificationLevel,
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
    Profile { domain: &'a str },
    Allowed(&'a AllowedDomain),
    Blocked(&'a BlockedDomain),
    Provider(&'a HostingProvider),
}

async fn list(settings: &Settings, data: Option<&Path>, output: &Output) -> Result<Exit, Failure> {
    let (state, running) = administer::ask(settings, data, Purpose::Look, async |rules| {
        Ok((rules.state().await?, rules.is_running()))
    })
    .await?;
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
        let domain = own.as_str();
        all.push(Entry::Profile { domain });
    }
    all.extend(rules.allowed.iter().map(Entry::Allowed));
    all.extend(rules.blocked.iter().map(Entry::Blocked));
    all.extend(rules.providers.iter().map(Entry::Provider));
    all
}

fn row(entry: &Entry<'_>) -> Option<[Cell; 5]> {
    let dash = || "-".to_owned();
    let level = |level: VerificationLevel| level.to_string();
    let note = |comment: &Option<Comment>| {
        let text = comment.as_ref().map(Comment::as_str);
        text.unwrap_or("-").to_owned()
    };
    let (name, (is, paint), proxy, verification, comment) = match entry {
        Entry::Federation { .. } => return None,
        Entry::Profile { domain } => {
            let comment = "by the quick-start profile".to_owned();
            ((*domain).to_owned(), ALLOWED, dash(), dash(), comment)
        }
        Entry::Allowed(entry) => (
            entry.domain.to_string(),
            ALLOWED,
            entry.proxy.as_ref().map_or_else(dash, ToString::to_string),
            entry.verification.map_or_else(dash, level),
            note(&entry.comment),
        ),
        Entry::Blocked(entry) => (
            entry.domain.to_string(),
            BLOCKED,
            dash(),
            dash(),
            note(&entry.comment),
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
