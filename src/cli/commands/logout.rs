//! `handset logout`

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let done = reach::ask(
        settings,
        async |client| client.logout().await,
        async |device| control::logout(device).await,
    )
    .await?;
    output.result(&done, |_| {
        let user = done["user"].as_str().unwrap_or("nobody");
        if done["was_signed_in"] == false {
            return format!("{user} was signed out already; nothing of a token is left here");
        }
        format!("{user} signed out; the registration is removed and the token deleted")
    });
    Ok(Exit::Done)
}
