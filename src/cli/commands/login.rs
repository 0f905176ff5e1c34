//! `handset login`

use crate::cli::arguments::Login;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::cli::secrets;
use crate::control::{self, LoginBody, SignedIn};
use crate::settings::Settings;

pub(super) async fn run(
    wish: Login,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let body = body(wish, settings)?;
    let signed_in = reach::ask(
        settings,
        async |client| client.login(&body).await,
        async |device| control::login(device, &body).await,
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

fn body(wish: Login, settings: &Settings) -> Result<LoginBody, Failure> {
    let backend = wish
        .backend
        .or_else(|| settings.file.backend.clone())
        .ok_or_else(|| Failure::usage("which backend? Name it with --backend URL"))?;
    let user = wish
        .user
        .or_else(|| settings.file.user.clone())
        .ok_or_else(|| Failure::usage("which user? Name it with --user NAME"))?;
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
        auth: wish.auth.into(),
        vault: wish.vault.map(Into::into).or(settings.vault),
        push: wish.push.or_else(|| settings.file.push.clone()),
        // The running phone may have another working folder.
        ca: wish
            .ca
            .map(|path| std::path::absolute(&path).unwrap_or(path)),
        allow_http: wish.allow_http,
    })
}
