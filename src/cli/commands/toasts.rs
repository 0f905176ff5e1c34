//! `handset toasts`

use jiff::tz::TimeZone;

use crate::action_centre::ShownToast;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let toasts = reach::ask(
        settings,
        async |client| client.toasts().await,
        async |device| control::toasts(device).await,
    )
    .await?;
    if output.is_json() {
        for toast in &toasts {
            output.result(toast, |_| String::new());
        }
    } else if toasts.is_empty() {
        output.note("no toast was shown yet");
    } else {
        output.note(
            toasts
                .iter()
                .map(|toast| line(toast, output))
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
    Ok(Exit::Done)
}

fn line(toast: &ShownToast, output: &Output) -> String {
    let shown = toast
        .shown_at
        .to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S");
    let indent = "\n                           ";
    let body = toast.content.body.as_str().replace('\n', indent);
    format!(
        "{:>5}  {}  {body}",
        toast.id,
        output.dim(&shown.to_string())
    )
}
