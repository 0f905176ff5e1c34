//! What `serve` tells people when it is ready.

use std::path::Path;

use url::Url;

use crate::cli::output::Output;
use crate::emulator::{Role, Roles, ServiceUrls};
use crate::wire::push_administration::{ConfigurationIdentity, InForce, PushService};

/// What the table tells.
pub(super) struct Told<'a> {
    pub(super) urls: &'a ServiceUrls,
    pub(super) roles: Roles,
    /// The hub elsewhere.
    pub(super) elsewhere: Option<String>,
    pub(super) authority: Option<&'a Path>,
    pub(super) demo_users: bool,
    pub(super) in_force: &'a InForce,
    /// All that keeps the app backend from pushing, with the remedies.
    pub(super) hurdles: Vec<String>,
}

pub(super) fn table(told: &Told<'_>, output: &Output) -> String {
    let (urls, roles) = (told.urls, told.roles);
    let users = if told.demo_users {
        "anybody whose password is the user name"
    } else {
        "those in the users file"
    };
    let (of_backend, of_push) = (roles.has(Role::Backend), roles.has(Role::Push));
    let by_rules = of_backend || roles.has(Role::Hub);
    let of_hub = roles.has(Role::Hub);
    let backend = urls.backend.as_str().trim_end_matches('/');
    let url = |url: &Option<Url>| {
        url.as_ref()
            .map_or_else(|| "off".to_owned(), Url::to_string)
    };
    let elsewhere = told.elsewhere.as_deref().unwrap_or_default();
    let elsewhere = format!("the hub {elsewhere}, elsewhere");
    let authority = told.authority;
    let authority = authority.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    let rows = [
        (of_backend, "app backend", backend.to_owned()),
        (of_hub, "hub", urls.hub.to_string()),
        (told.elsewhere.is_some(), "sends by", elsewhere),
        (of_push, "push channel", urls.push.to_string()),
        (of_push, "WNS tokens", urls.wns_token.to_string()),
        (of_push, "Web Push", urls.webpush.to_string()),
        (true, "HTTPS", url(&urls.https)),
        (of_push, "proxy", url(&urls.proxy)),
        (true, "CA", authority),
        (of_backend, "users", users.to_owned()),
        (by_rules, "pushes", services_in_force(told.in_force)),
        (by_rules, "partner", partner_in_force(told.in_force)),
    ];
    let rows = rows.into_iter().filter(|(served, _, _)| *served);
    let rows = rows.map(|(_, name, value)| (name, value));
    let hurdles = told.hurdles.iter().filter(|_| by_rules);
    let rows: Vec<String> = rows
        .chain(hurdles.map(|hurdle| ("", hurdle.clone())))
        .map(|(name, value)| format!("  {}  {value}", output.dim(&format!("{name:<12}"))))
        .collect();
    format!(
        "{}\n{}\n\n{}",
        output.bold("the services are ready"),
        rows.join("\n"),
        next_steps(backend, roles)
    )
}

fn next_steps(backend: &str, roles: Roles) -> String {
    let mut steps = Vec::new();
    if roles.has(Role::Backend) {
        let push = if roles.has(Role::Push) {
            ""
        } else {
            " --push ws://HOST:PORT/"
        };
        steps.push(format!(
            "next, in another terminal:\n  handset login --backend {backend} --user alice{push}\n  handset run"
        ));
    }
    if roles.has(Role::Push) {
        steps.push("where your own push SDK runs:\n  eval \"$(handset env)\"".to_owned());
    }
    steps.join("\n")
}

/// Which push services are on, and what says so.
fn services_in_force(in_force: &InForce) -> String {
    let names = |on: bool| {
        let all = PushService::ALL.into_iter();
        let all = all.filter(|service| in_force.services.is_on(*service) == on);
        all.map(PushService::as_str).collect::<Vec<_>>().join(", ")
    };
    let by = match &in_force.configuration {
        Some(identity) => format!("push configuration {identity}"),
        None => format!("{} profile", in_force.profile.as_str()),
    };
    match (names(true).as_str(), names(false).as_str()) {
        (on, "") => format!("{on} are on ({by})"),
        ("", _) => format!(
            "every service is off ({by}): turn them on with `{}`",
            all_on(in_force)
        ),
        (on, off) => format!("on: {on}; off: {off} ({by})"),
    }
}

/// The command that switches every push service on.
fn all_on(in_force: &InForce) -> String {
    let switches = PushService::ALL.map(|service| format!(" --{} on", service.as_str()));
    let identity = in_force.configuration.as_ref();
    let identity = identity.filter(|identity| **identity != ConfigurationIdentity::Global);
    let identity = identity.map(|identity| format!(" --identity {}", identity.in_shell()));
    format!(
        "handset push-config set{}{}",
        switches.concat(),
        identity.unwrap_or_default()
    )
}

/// Whether the app backend may push; what keeps it from that is told line by line below.
fn partner_in_force(in_force: &InForce) -> String {
    let domain = &in_force.domain;
    match (&in_force.hub_elsewhere, in_force.partner) {
        (Some(hub), _) => format!("decided at the hub {hub}"),
        (None, true) => format!("{domain} may push"),
        (None, false) => format!("{domain} may not push:"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_of_every_switch_is_one_command() {
        let json = |configuration: &str| {
            format!(
                r#"{{"profile":"strict","domain":"a.example","federation":false,"partner":false,{configuration}
                "services":{{"apple":false,"microsoft":false,"google":false,"webpush":false}}}}"#
            )
        };
        let command = "handset push-config set --apple on --microsoft on --google on --webpush on";
        for (configuration, more) in [
            ("", ""),
            (r#""configuration":"global","#, ""),
            (
                r#""configuration":"site:New York","#,
                " --identity 'site:New York'",
            ),
        ] {
            let in_force: InForce = serde_json::from_str(&json(configuration)).unwrap();
            let said = services_in_force(&in_force);
            assert!(said.ends_with(&format!("`{command}{more}`")), "{said}");
        }
    }
}
