//! `handset dismiss`

use crate::cli::arguments::Dismiss;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::settings::Settings;

pub(super) async fn run(
    wish: &Dismiss,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let toast = reach::ask(
        settings,
        async |client| client.dismiss(wish.id).await,
        async |device| control::dismiss(device, wish.id).await,
    )
    .await?;
    output.result(&toast, |output| {
        format!(
            "swept away {}: {}",
            output.bold(&toast.id.to_string()),
            toast.content.body
        )
    });
    Ok(Exit::Done)
}
