//! `handset login`

use crate::cli::arguments::Login;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::cli::secrets;
use crate::control::{self, LoginBody, SignedIn};
use crate::model::Account;
use crate::settings::Settings;

pub(super) async fn run(
    wish: Login,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let body = body(wish, settings).await?;
    sign_in(&body, settings, output).await
}

/// Signs in, through the phone that is on where one is.
pub(super) async fn sign_in(
    body: &LoginBody,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let signed_in = reach::ask(
        settings,
        async |client| client.login(body).await,
        async |device| control::login(device, body).await,
    )
    .await?;
    output.result(&signed_in, |output| text(&signed_in, output));
    Ok(Exit::Done)
}

fn text(signed_in: &SignedIn, output: &Output) -> String {
    let vault = match signed_in.vault.as_str() {
        "os" => "the OS keyring",
        "file" => "a private file",
        _ => "memory",
    };
    format!(
        "{} signed in at {}; the token is in {vault}",
        output.bold(&signed_in.user),
        signed_in.backend
    )
}

/// Who was signed in last, if anybody was.
async fn remembered(settings: &Settings) -> Result<Option<Account>, Failure> {
    reach::ask(
        settings,
        async |client| Ok(client.profile().await?.account),
        async |device| Ok(device.profile().account),
    )
    .await
}

/// What the command line leaves open is as in the file, or as at the last sign-in. The device is
/// not held while somebody types the password.
async fn body(wish: Login, settings: &Settings) -> Result<LoginBody, Failure> {
    let backend_profile = settings.backend_profile(wish.backend_profile.as_deref())?;
    let mut backend = wish.backend.or_else(|| settings.file.backend.clone());
    let mut user = wish.user.or_else(|| settings.file.user.clone());
    if (backend.is_none() || user.is_none())
        && let Some(last) = remembered(settings).await?
    {
        backend.get_or_insert(last.backend);
        user.get_or_insert(last.user);
    }
    let backend =
        backend.ok_or_else(|| Failure::usage("which backend? name it with --backend URL"))?;
    let user = user.ok_or_else(|| Failure::usage("which user? name one with --user NAME"))?;
    let (password, token) = if wish.token_stdin {
        (None, Some(secrets::from_stdin("token")?))
    } else if wish.password_stdin {
        (Some(secrets::from_stdin("password")?), None)
    } else {
        (Some(secrets::from_terminal(user.as_str())?), None)
    };
    Ok(LoginBody {
        backend,
        user,
        password,
        token,
        auth: wish.auth.map(Into::into),
        backend_profile,
        vault: wish.vault.map(Into::into).or(settings.vault),
        push: wish.network.push.or_else(|| settings.file.push.clone()),
        // The running phone may have another working folder.
        ca: wish
            .network
            .ca
            .map(|path| std::path::absolute(&path).unwrap_or(path)),
        allow_http: wish.network.allow_http,
    })
}
