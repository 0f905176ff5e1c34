//! What a change of the rules changes, told to people and programs.

use std::fmt::Display;

use serde::Serialize;

use super::NEXT_TIME;
use crate::cli::columns::{self, Cell};
use crate::cli::output::Output;
use crate::model::DomainName;
use crate::wire::push_administration::{
    AdministrationState, Changed, Comment, ConfigurationIdentity, InForce, Profile, PushService,
    Rules, Switches,
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

/// Everything that may be another after a change.
fn facts(state: &AdministrationState) -> Vec<Fact> {
    let mut facts = Facts {
        by_profile: format!("({} profile)", state.in_force.profile.as_str()),
        quick_start: state.in_force.profile == Profile::QuickStart,
        found: Vec::new(),
    };
    facts.add_configurations(&state.rules);
    facts.add_federation(&state.rules);
    facts.add_domains(&state.rules, &state.in_force.domain);
    for provider in &state.rules.providers {
        let of = &provider.identity;
        facts.add(of, "hosting provider", on_off(provider.enabled));
        facts.add(of, "provider's proxy", provider.proxy.to_string());
        facts.add(
            of,
            "provider's verification",
            provider.verification.as_str(),
        );
    }
    facts.found
}

struct Facts {
    /// What is said of a value that is not stored.
    by_profile: String,
    quick_start: bool,
    found: Vec<Fact>,
}

impl Facts {
    fn add(&mut self, of: &impl Display, setting: &'static str, value: impl Into<String>) {
        self.found.push(Fact {
            of: of.to_string(),
            setting,
            value: value.into(),
        });
    }

    fn add_configurations(&mut self, rules: &Rules) {
        let global = ConfigurationIdentity::Global;
        if rules.configuration(&global).is_none() {
            let value = format!("{} {}", on_off(self.quick_start), self.by_profile);
            for service in PushService::ALL {
                self.add(&global, service.as_str(), value.clone());
            }
        }
        for stored in &rules.configurations {
            for service in PushService::ALL {
                let value = on_off(stored.switches.is_on(service));
                self.add(&stored.identity, service.as_str(), value);
            }
        }
    }

    fn add_federation(&mut self, rules: &Rules) {
        let value = match rules.federation {
            Some(on) => on_off(on).to_owned(),
            None => format!("{} {}", on_off(self.quick_start), self.by_profile),
        };
        self.add(&"federation", "partners may push", value);
    }

    fn add_domains(&mut self, rules: &Rules, own: &DomainName) {
        let listed = rules.allowed(own).is_some() || rules.blocked(own).is_some();
        if self.quick_start && !listed {
            let value = format!("allowed {}", self.by_profile);
            self.add(own, "list", value);
        }
        for entry in &rules.allowed {
            let of = &entry.domain;
            self.add(of, "list", "allowed");
            if let Some(proxy) = &entry.proxy {
                self.add(of, "proxy", proxy.to_string());
            }
            if let Some(level) = entry.verification {
                self.add(of, "verification", level.as_str());
            }
            self.add_comment(of, entry.comment.as_ref());
        }
        for entry in &rules.blocked {
            self.add(&entry.domain, "list", "blocked");
            self.add_comment(&entry.domain, entry.comment.as_ref());
        }
    }

    fn add_comment(&mut self, of: &DomainName, comment: Option<&Comment>) {
        if let Some(comment) = comment {
            self.add(of, "comment", comment.as_str());
        }
    }
}
