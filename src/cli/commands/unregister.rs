//! `handset unregister`

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach::{self, Reach};
use crate::control;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let done = match reach::find(settings).await? {
        Reach::Running(client) => client.unregister().await?,
        Reach::Own(own) => {
            let done = control::unregister(&own.device).await;
            own.shutdown().await;
            done?
        }
    };
    output.result(&done, |_| {
        "the registration is removed; `handset register` renews it".to_owned()
    });
    Ok(Exit::Done)
}
