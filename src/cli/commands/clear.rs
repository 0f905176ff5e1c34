//! `handset clear`

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let done = reach::ask(
        settings,
        async |client| client.clear().await,
        async |device| control::clear(device).await,
    )
    .await?;
    output.result(&done, |_| match done.cleared {
        0 => "the action centre was empty already".to_owned(),
        1 => "the action centre is empty; 1 toast stood there".to_owned(),
        many => format!("the action centre is empty; {many} toasts stood there"),
    });
    Ok(Exit::Done)
}
