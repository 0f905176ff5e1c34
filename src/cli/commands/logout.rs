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
        if done["registered"] == true {
            format!("{user} signed out, the token is deleted; the backend could not be told, so its registration stays until it expires or {user} signs in again")
        } else {
            format!("{user} signed out; the registration is removed and the token deleted")
        }
    });
    Ok(Exit::Done)
}
