//! `handset logout`

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach::{self, Reach};
use crate::control;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let done = match reach::find(settings).await? {
        Reach::Running(client) => client.logout().await?,
        Reach::Own(own) => {
            let done = control::logout(&own.device).await;
            own.shutdown().await;
            done?
        }
    };
    output.result(&done, |_| {
        let user = done["user"].as_str().unwrap_or("nobody");
        format!("{user} signed out; the registration is removed and the token deleted")
    });
    Ok(Exit::Done)
}
