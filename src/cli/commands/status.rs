//! `handset status`

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::device::Status;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let status = reach::ask(
        settings,
        async |client| client.status().await,
        async |device| Ok(control::status(device).await),
    )
    .await?;
    output.result(&status, |output| text(&status, output));
    Ok(Exit::Done)
}

fn text(status: &Status, output: &Output) -> String {
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
    let rows = [
        (
            "device",
            format!("{}, {}", status.device, words(&status.app_state)),
        ),
        ("user", user),
        ("token", token(status)),
        ("channel", channel(status, output)),
        ("platform", status.platform.to_string()),
        (
            "handle",
            status.handle.clone().unwrap_or_else(|| "-".to_owned()),
        ),
        (
            "registration",
            status
                .registration_id
                .clone()
                .unwrap_or_else(|| "-".to_owned()),
        ),
        (
            "tags",
            if status.tags.is_empty() {
                "-".to_owned()
            } else {
                status.tags.join(", ")
            },
        ),
        (
            "inbox",
            format!(
                "{} waiting, {} for sign-in",
                status.inbox.waiting, status.inbox.awaiting_sign_in
            ),
        ),
    ];
    let lines =
        rows.map(|(name, value)| format!("{}  {value}", output.dim(&format!("{name:<12}"))));
    lines.join("\n")
}

fn words(app_state: &str) -> &str {
    match app_state {
        "not_running" => "off",
        "background" => "on",
        other => other,
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
