//! What a change of the rules changes, told to people and programs.

use serde::Serialize;

use super::NEXT_TIME;
use crate::cli::columns::{self, Cell};
use crate::cli::output::Output;
use crate::wire::push_administration::{
    AdministrationState, Changed, Comment, ConfigurationIdentity, InForce, Profile, PushService,
    Switches,
};

/// A change that was made, or rehearsed.
pub(super) struct Told {
    pub(super) changed: Changed,
    pub(super) what_if: bool,
    /// Running services go by it.
    pub(super) running: bool,
    /// The configuration that was not stored before.
    pub(super) made_anew: Option<ConfigurationIdentity>,
}

/// One thing that was of another value before.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Difference {
    of: String,
    setting: &'static str,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    what_if: bool,
    changes: &'a [Difference],
    ephemeral: bool,
    in_force: &'a InForce,
}

impl Told {
    pub(super) fn print(&self, output: &Output) {
        let Changed { before, after } = &self.changed;
        let found = differences(before, after);
        let report = Report {
            what_if: self.what_if,
            changes: &found,
            ephemeral: after.ephemeral,
            in_force: &after.in_force,
        };
        output.result(&report, |output| self.text(&found, output));
    }

    fn text(&self, found: &[Difference], output: &Output) -> String {
        if found.is_empty() {
            return "nothing changes: it is so already".to_owned();
        }
        let heading = ["what", "setting", "before", "after"];
        let rows = found.iter().map(row).collect();
        let mut lines = vec![columns::table(heading, rows, output)];
        lines.extend(self.off_by_default());
        if self.what_if {
            lines.push("nothing was changed, as --what-if asks".to_owned());
        } else if self.changed.after.ephemeral {
            lines.push(
                "the running `serve` keeps it until it ends, as it was started with --ephemeral"
                    .to_owned(),
            );
        }
        if !self.running {
            lines.push(output.dim(NEXT_TIME));
        }
        lines.join("\n")
    }

    /// Who names one service of a new configuration may not expect what becomes of the others.
    fn off_by_default(&self) -> Option<String> {
        let identity = self.made_anew.as_ref()?;
        let stored = self.changed.after.rules.configuration(identity)?;
        let off = names(stored.switches, false);
        let starts = "a stored configuration starts with every service off";
        (!off.is_empty()).then(|| format!("{starts}: {off} in {identity}"))
    }
}

/// The services that are on, or off.
fn names(switches: Switches, on: bool) -> String {
    let all = PushService::ALL.into_iter();
    let wanted = all.filter(|service| switches.is_on(*service) == on);
    wanted
        .map(PushService::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

fn row(difference: &Difference) -> [Cell; 4] {
    let value = |value: &Option<String>| value.as_deref().unwrap_or("-").to_owned();
    [
        Cell::new(difference.of.clone()),
        Cell::new(difference.setting),
        Cell::painted(value(&difference.before), Output::dim),
        Cell::painted(value(&difference.after), Output::bold),
    ]
}

/// A value of the rules, by what it belongs to and what it is called there.
struct Fact {
    of: String,
    setting: &'static str,
    value: String,
}

/// What is another before and after. Each list is bounded, and so is the work.
fn differences(before: &AdministrationState, after: &AdministrationState) -> Vec<Difference> {
    let (before, mut after) = (facts(before), facts(after));
    let mut found = Vec::new();
    for fact in before {
        let place = after
            .iter()
            .position(|other| other.of == fact.of && other.setting == fact.setting);
        let now = place.map(|place| after.remove(place).value);
        if now.as_ref() != Some(&fact.value) {
            found.push(Difference {
                of: fact.of,
                setting: fact.setting,
                before: Some(fact.value),
                after: now,
            });
        }
    }
    found.extend(after.into_iter().map(|fact| Difference {
        of: fact.of,
        setting: fact.setting,
        before: None,
        after: Some(fact.value),
    }));
    found
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn facts(state: &AdministrationState) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |of: &dyn std::fmt::Display, setting: &'static str, value: String| {
        facts.push(Fact {
            of: of.to_string(),
            setting,
            value,
        });
    };
    let (rules, in_force) = (&state.rules, &state.in_force);
    let quick_start = in_force.profile == Profile::QuickStart;
    let by_profile = format!("({} profile)", in_force.profile.as_str());
    if rules
        .configuration(&ConfigurationIdentity::Global)
        .is_none()
    {
        for service in PushService::ALL {
            let value = format!("{} {by_profile}", on_off(quick_start));
            add(&ConfigurationIdentity::Global, service.as_str(), value);
        }
    }
    for stored in &rules.configurations {
        for service in PushService::ALL {
            let value = on_off(stored.switches.is_on(service)).to_owned();
            add(&stored.identity, service.as_str(), value);
        }
    }
    let federation = match rules.federation {
        Some(on) => on_off(on).to_owned(),
        None => format!("{} {by_profile}", on_off(quick_start)),
    };
    add(&"federation", "partners may push", federation);
    let own = &in_force.domain;
    if quick_start && rules.allowed(own).is_none() && rules.blocked(own).is_none() {
        add(own, "list", format!("allowed {by_profile}"));
    }
    for entry in &rules.allowed {
        add(&entry.domain, "list", "allowed".to_owned());
        if let Some(proxy) = &entry.proxy {
            add(&entry.domain, "proxy", proxy.to_string());
        }
        if let Some(level) = entry.verification {
            add(&entry.domain, "verification", level.to_string());
        }
        if let Some(comment) = &entry.comment {
            add(&entry.domain, "comment", text(comment));
        }
    }
    for entry in &rules.blocked {
        add(&entry.domain, "list", "blocked".to_owned());
        if let Some(comment) = &entry.comment {
            add(&entry.domain, "comment", text(comment));
        }
    }
    for provider in &rules.providers {
        let level = provider.verification.to_string();
        let of = &provider.identity;
        add(of, "hosting provider", on_off(provider.enabled).to_owned());
        add(of, "provider's proxy", provider.proxy.to_string());
        add(of, "provider's verification", level);
    }
    facts
}

fn text(comment: &Comment) -> String {
    comment.as_str().to_owned()
}
