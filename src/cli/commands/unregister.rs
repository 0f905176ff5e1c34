//! `handset unregister`

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let done = reach::ask(
        settings,
        async |client| client.unregister().await,
        async |device| control::unregister(device).await,
    )
    .await?;
    output.result(&done, |_| {
        "the registration is removed; `handset register` renews it".to_owned()
    });
    Ok(Exit::Done)
}
