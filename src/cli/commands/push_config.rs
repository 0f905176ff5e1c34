//! `handset push-config`

use std::path::Path;

use serde::Serialize;

use crate::cli::administer::{self, Purpose};
use crate::cli::arguments::{PushConfig, PushConfigWish, SetSwitches};
use crate::cli::columns::{self, Cell};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::settings::Settings;
use crate::wire::push_administration::{
    AdministrationState, Change, ChangeRequest, ConfigurationIdentity, Profile, PushService,
    Switches,
};

pub(super) async fn run(
    wish: PushConfig,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let data = wish.data.data;
    let data = data.as_deref();
    let (change, what_if) = match wish.wish {
        PushConfigWish::Get { identity, filter } => {
            let wanted = Wanted { identity, filter };
            return get(&wanted, settings, data, output).await;
        }
        PushConfigWish::Set(set) => set_switches(set),
        PushConfigWish::Remove { identity, what_if } => {
            (Change::RemoveConfiguration { identity }, what_if.what_if)
        }
        PushConfigWish::Reset { what_if } => (Change::ForgetConfigurations {}, what_if.what_if),
    };
    let request = ChangeRequest { change, what_if };
    administer::change(settings, data, request, output).await
}

fn set_switches(set: SetSwitches) -> (Change, bool) {
    let switches = set.changes();
    let identity = set.identity;
    let change = Change::SetConfiguration { identity, switches };
    (change, set.what_if.what_if)
}

/// Which configurations are shown.
struct Wanted {
    identity: Option<ConfigurationIdentity>,
    filter: Option<String>,
}

impl Wanted {
    fn takes(&self, identity: &ConfigurationIdentity) -> bool {
        let named = self.identity.as_ref().is_none_or(|one| one == identity);
        let fits = |pattern: &String| identity.matches(pattern);
        named && self.filter.as_ref().is_none_or(fits)
    }
}

/// A configuration, as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    identity: ConfigurationIdentity,
    #[serde(flatten)]
    switches: Switches,
    stored: bool,
    /// Whether the running `serve` goes by it; none where none runs.
    in_force: Option<bool>,
    #[serde(skip)]
    profile: Profile,
}

async fn get(
    wanted: &Wanted,
    settings: &Settings,
    data: Option<&Path>,
    output: &Output,
) -> Result<Exit, Failure> {
    let (state, running) = administer::ask(settings, data, Purpose::Look, output, async |rules| {
        Ok((rules.state().await?, rules.is_running()))
    })
    .await?;
    let mut all = shown(&state, running);
    all.retain(|one| wanted.takes(&one.identity));
    if let (Some(identity), true) = (&wanted.identity, all.is_empty()) {
        return Err(Failure::failed(format!(
            "no push configuration {identity} is stored, so that the global one counts there: `handset push-config \
             set --identity {} --apple on` makes one, with Apple's service alone on",
            identity.in_shell()
        )));
    }
    if output.is_json() {
        for one in &all {
            output.result(one, |_| String::new());
        }
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        output.note("no push configuration fits: `handset push-config get` shows all");
        return Ok(Exit::Done);
    }
    let heading = [
        "identity",
        "apple",
        "microsoft",
        "google",
        "webpush",
        "from",
    ];
    let rows = all.iter().map(row).collect();
    let mut lines = vec![columns::table(heading, rows, output)];
    lines.extend((!running).then(|| output.dim(administer::NEXT_TIME)));
    output.note(lines.join("\n"));
    Ok(Exit::Done)
}

/// The stored configurations; the profile's stands for a global one that is not.
fn shown(state: &AdministrationState, running: bool) -> Vec<Shown> {
    let AdministrationState {
        rules, in_force, ..
    } = state;
    let global = ConfigurationIdentity::Global;
    let of_profile = rules.configuration(&global).is_none().then(|| Shown {
        identity: global,
        switches: match in_force.profile {
            Profile::QuickStart => Switches::ALL_ON,
            Profile::Strict => Switches::default(),
        },
        stored: false,
        in_force: running.then_some(in_force.configuration.is_none()),
        profile: in_force.profile,
    });
    let stored = rules.configurations.iter().map(|stored| Shown {
        identity: stored.identity.clone(),
        switches: stored.switches,
        stored: true,
        in_force: running.then(|| in_force.configuration.as_ref() == Some(&stored.identity)),
        profile: in_force.profile,
    });
    of_profile.into_iter().chain(stored).collect()
}

fn row(one: &Shown) -> [Cell; 6] {
    let cell = |service| match one.switches.is_on(service) {
        true => Cell::painted("on", Output::good),
        false => Cell::painted("off", Output::bad),
    };
    let mut from = match one.stored {
        true => "stored".to_owned(),
        false => format!("{} profile", one.profile.as_str()),
    };
    if one.in_force == Some(true) {
        from.push_str(", in force");
    }
    [
        Cell::new(one.identity.to_string()),
        cell(PushService::Apple),
        cell(PushService::Microsoft),
        cell(PushService::Google),
        cell(PushService::WebPush),
        Cell::new(from),
    ]
}
