//! `handset status`

use crate::cli::columns;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::device::Status;
use crate::model::Conditions;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let (status, power) = reach::ask(
        settings,
        async |client| Ok((client.status().await?, Power::On)),
        async |device| Ok((control::status(device).await, Power::Off)),
    )
    .await?;
    output.result(&status, |output| text(&status, power, output));
    Ok(Exit::Done)
}

/// Whether the phone is switched on.
#[derive(Clone, Copy)]
enum Power {
    On,
    Off,
}

fn text(status: &Status, power: Power, output: &Output) -> String {
    let user = match (&status.user, &status.backend) {
        (Some(user), Some(backend)) => {
            let state = if status.signed_in {
                output.good("signed in")
            } else {
                output.bad("sign-in needed")
            };
            format!("{user} at {backend}, {state}")
        }
        _ => "nobody: `handset login`".to_owned(),
    };
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let tags = match status.tags.is_empty() {
        true => "-".to_owned(),
        false => status.tags.join(", "),
    };
    let inbox = format!(
        "{} waiting, {} of them held by a condition; {} for sign-in",
        status.inbox.waiting, status.held, status.inbox.awaiting_sign_in
    );
    let mut rows = vec![
        (
            "device",
            format!("{}, {}", status.device, app(status, power)),
        ),
        ("user", user),
        ("token", token(status)),
        ("channel", channel(status, output)),
        ("platform", status.platform.to_string()),
        ("handle", or_none(&status.handle)),
        ("registration", or_none(&status.registration_id)),
        ("tags", tags),
        ("conditions", conditions(status, output)),
        ("badge", or_none(&status.badge)),
        ("inbox", inbox),
    ];
    if let Some(profile) = &status.backend_profile {
        rows.insert(2, ("profile", profile.clone()));
    }
    columns::fields(&rows, output)
}

/// Where the app is; on a phone that is off it is nowhere.
fn app(status: &Status, power: Power) -> &'static str {
    match (power, status.app_state.as_str()) {
        (Power::Off, _) => "off",
        (Power::On, "foreground") => "on, the app in the foreground",
        (Power::On, "not_running") => "on, the app not running",
        (Power::On, "force_quit") => "on, the app ended by the user",
        (Power::On, _) => "on, the app in the background",
    }
}

/// The conditions that are not as usual.
fn conditions(status: &Status, output: &Output) -> String {
    let usual = Conditions::default().states();
    let usual = |name: &str| usual.iter().find(|(known, _)| *known == name);
    let unusual = status.conditions.iter().filter_map(|(name, state)| {
        let state = state.as_str()?;
        let changed = usual(name).is_none_or(|(_, usual)| *usual != state);
        changed.then(|| output.bold(&format!("{name}={state}")))
    });
    let unusual: Vec<String> = unusual.collect();
    match unusual.is_empty() {
        true => "as usual".to_owned(),
        false => unusual.join(" "),
    }
}

fn token(status: &Status) -> String {
    match (&status.vault_problem, &status.vault) {
        (Some(problem), _) => problem.clone(),
        (None, _) if !status.signed_in => "-".to_owned(),
        (None, Some(vault)) => match vault.as_str() {
            "os" => "in the OS keyring".to_owned(),
            "file" => "in a private file".to_owned(),
            _ => "in memory alone".to_owned(),
        },
        (None, None) => "-".to_owned(),
    }
}

fn channel(status: &Status, output: &Output) -> String {
    match &status.channel_problem {
        Some(problem) => format!("{}: {problem}", output.bad(&status.channel)),
        None if status.channel == "open" => output.good("open"),
        None => status.channel.clone(),
    }
}
