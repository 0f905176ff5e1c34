//! `handset badge`

use crate::cli::arguments::BadgeWish;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control::{self, BadgeBody, BadgeState};
use crate::settings::Settings;

pub(super) async fn run(
    wish: &BadgeWish,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let state = match wish.badge.map(|badge| BadgeBody { badge }) {
        None => {
            reach::ask(
                settings,
                async |client| client.badge().await,
                async |device| Ok(control::badge(device)),
            )
            .await?
        }
        Some(body) => {
            reach::ask(
                settings,
                async |client| client.set_badge(&body).await,
                async |device| control::set_badge(device, &body).await,
            )
            .await?
        }
    };
    output.result(&state, |_| text(&state));
    Ok(Exit::Done)
}

fn text(state: &BadgeState) -> String {
    let badge = state.badge.to_string();
    match &state.shown {
        Some(shown) if *shown != badge => format!("{badge}, shown as {shown}"),
        Some(_) | None => badge,
    }
}
