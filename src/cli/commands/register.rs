//! `handset register`

use crate::cli::arguments::Register;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control::{self, RegisterBody, Registered};
use crate::settings::Settings;

pub(super) async fn run(
    wish: Register,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    if let Some(reserved) = wish.tags.iter().find(|tag| tag.is_reserved()) {
        return Err(Failure::usage(format!(
            "the tag {reserved} names a user or an installation: only the backend may set it, leave it out"
        )));
    }
    let body = RegisterBody {
        platform: wish.platform,
        tags: (wish.no_tags || !wish.tags.is_empty()).then_some(wish.tags),
        push: wish.push,
        vapid_key: wish.vapid_key,
    };
    let registered = reach::ask(
        settings,
        async |client| client.register(&body).await,
        async |device| control::register(device, &body).await,
    )
    .await?;
    output.result(&registered, |output| text(&registered, output));
    Ok(Exit::Done)
}

fn text(registered: &Registered, output: &Output) -> String {
    let tags = if registered.tags.is_empty() {
        "no tags but the user's own".to_owned()
    } else {
        registered.tags.join(", ")
    };
    format!(
        "registered as {} on {} ({tags})\nhandle: {}",
        output.bold(&registered.registration_id),
        registered.platform,
        registered.handle.as_deref().unwrap_or("-"),
    )
}
