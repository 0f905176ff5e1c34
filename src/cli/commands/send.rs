//! `handset send`

use crate::cli::arguments::Send;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control::{self, SendBody, Sent, SentTo};
use crate::settings::Settings;
use crate::wire::app_backend::DeliveryOutcome;

pub(super) async fn run(wish: Send, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let body = SendBody {
        text: wish.text,
        to: wish.to,
        priority: wish.priority.map(Into::into),
        no_push: wish.no_push,
    };
    let sent = reach::ask(
        settings,
        async |client| client.send(&body).await,
        async |device| control::send(device, &body).await,
    )
    .await?;
    match &sent.notification {
        // A script takes the id as it stands.
        Some(id) if wish.no_push => output.result(&sent, |_| id.clone()),
        _ => output.result(&sent, |output| text(&sent, output)),
    }
    Ok(Exit::Done)
}

fn text(sent: &Sent, output: &Output) -> String {
    // A backend need not say what it called the payload, nor whom it is for.
    let id = sent.notification.as_deref();
    let id = id.map_or_else(String::new, |id| format!(" {}", output.dim(id)));
    let to = sent.to.as_deref();
    let to = to.map_or_else(String::new, |to| format!(" for {}", output.bold(to)));
    let mut lines = vec![format!("payload{id} stored{to}")];
    if sent.to.is_some() && sent.deliveries.is_empty() {
        lines.push("no device of that user is registered: nobody was pushed".to_owned());
    }
    lines.extend(
        sent.deliveries
            .iter()
            .map(|delivery| line(delivery, output)),
    );
    lines.join("\n")
}

fn line(delivery: &SentTo, output: &Output) -> String {
    let outcome = match delivery.outcome {
        DeliveryOutcome::Received => output.good("received"),
        DeliveryOutcome::Dropped => output.bad("dropped"),
        DeliveryOutcome::Refused => output.bad("refused"),
        DeliveryOutcome::Enqueued => output.good("taken"),
    };
    let platform = &delivery.platform;
    match (&delivery.reason, delivery.outcome) {
        (Some(reason), _) => format!("  {platform}: {outcome}, {reason}"),
        (None, DeliveryOutcome::Enqueued) => {
            format!(
                "  {platform}: {outcome} by the hub, which sends it to whoever is registered there"
            )
        }
        (None, _) => format!("  {platform}: {outcome} by the push service"),
    }
}
