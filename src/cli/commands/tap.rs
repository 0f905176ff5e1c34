//! `handset tap`

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use super::login;
use crate::cli::arguments::Tap;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::{reach, secrets};
use crate::control::{self, LoginBody, TapBody};
use crate::device::{Profile, Tapped};
use crate::model::{Account, DisplayText};
use crate::settings::Settings;

/// How long the lines above the prompt may take to be printed.
const PRINTED: Duration = Duration::from_secs(1);

/// The longest launch argument that people are shown, in characters.
const LONGEST_LAUNCH: usize = 200;

pub(super) async fn run(wish: Tap, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let body = TapBody {
        action: wish.action,
    };
    let tapped = reach::ask(
        settings,
        async |client| client.tap(wish.id, &body).await,
        async |device| control::tap(device, wish.id, &body).await,
    )
    .await?;
    output.result(&tapped, |output| text(&tapped, output));
    if tapped.opens_sign_in {
        return open_sign_in(&tapped, settings, output).await;
    }
    Ok(Exit::Done)
}

fn text(tapped: &Tapped, output: &Output) -> String {
    let number = output.bold(&tapped.id.to_string());
    let mut lines = vec![format!("tapped {number}: {}", tapped.toast.body)];
    if let (Some(launch), false) = (&tapped.launch, tapped.opens_sign_in) {
        let launch = DisplayText::excerpt(launch, LONGEST_LAUNCH);
        lines.push(format!("the app is told: {launch}"));
    }
    if let Some(notification) = &tapped.notification {
        lines.push(match tapped.backend_is_told {
            Some(false) => format!(
                "the backend is not told that payload {notification} was read: its profile has no [read]"
            ),
            Some(true) | None => format!("payload {notification} counts as read"),
        });
    }
    lines.join("\n")
}

/// Signs in as the user whom the toast asks, where somebody can be asked for the password.
async fn open_sign_in(
    tapped: &Tapped,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let profile = reach::ask(
        settings,
        async |client| client.profile().await,
        async |device| Ok(device.profile()),
    )
    .await?;
    let account = tapped.toast.key.sign_in_account();
    let Some(account) = account.or_else(|| profile.account.clone()) else {
        return Err(Failure::new(
            Exit::SignInNeeded,
            "sign in with `handset login --backend URL --user NAME`",
        ));
    };
    if !io::stdin().is_terminal() {
        return Err(Failure::new(
            Exit::SignInNeeded,
            format!(
                "there is no terminal to ask for the password: sign in with `handset login --backend {} --user {} --password-stdin`",
                account.backend, account.user
            ),
        ));
    }
    output.note(format!("sign in at {} to see it", account.backend));
    output.settle(PRINTED);
    let body = body(account, &profile, settings)?;
    login::sign_in(&body, settings, output).await
}

/// The sign-in of the same account, as it was made the last time.
fn body(account: Account, profile: &Profile, settings: &Settings) -> Result<LoginBody, Failure> {
    let password = secrets::from_terminal(account.user.as_str())?;
    Ok(LoginBody {
        backend: account.backend,
        user: account.user,
        password: Some(password),
        token: None,
        auth: Some(profile.auth),
        backend_profile: None,
        vault: settings.vault,
        push: None,
        ca: None,
        allow_http: Vec::new(),
    })
}
