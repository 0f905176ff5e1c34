//! `handset serve`

use crate::cli::arguments::Serve;
use crate::cli::commands::env;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::serve_file::ServeFile;
use crate::cli::signals::Signals;
use crate::emulator::{
    DataLocation, SenderCredentials, ServiceUrls, Services, ServicesOptions, Users,
};
use crate::settings::Settings;

pub(super) async fn run(
    wish: Serve,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let options = options(wish, settings).await?;
    let demo_users = options.users.is_demo();
    let credentials = settings.home.credentials();
    let options = ServicesOptions {
        credentials: Some(SenderCredentials::load_or_create(&credentials).await?),
        ..options
    };
    let services = Services::start(options).await?;
    let urls = services.urls();
    SenderCredentials::write_token_uri(&credentials, &urls.fcm_token).await?;
    let file = ServeFile {
        pid: std::process::id(),
        http: urls.http.to_string(),
        push: urls.push.to_string(),
        wns_token: urls.wns_token.to_string(),
        https: None,
        proxy: None,
        ca: None,
        credentials: Some(credentials),
    };
    env::write_preload(&file, &settings.home)?;
    let written = file.write(settings.home.serve_file())?;
    if output.is_json() {
        output.line(services.ready_event().to_line());
    } else {
        output.note(table(urls, demo_users, output));
    }
    let exit = signals.ended(output).await;
    drop(written);
    services.shutdown().await;
    Ok(exit)
}

async fn options(wish: Serve, settings: &Settings) -> Result<ServicesOptions, Failure> {
    let data = if wish.ephemeral {
        DataLocation::Ephemeral
    } else {
        DataLocation::Directory(wish.data.unwrap_or_else(|| settings.home.services()))
    };
    let users = match &wish.users {
        Some(path) => Users::load(path)
            .await
            .map_err(|error| Failure::usage(error.to_string()))?,
        None => Users::demo(),
    };
    let options = ServicesOptions {
        http: wish.http,
        data,
        users,
        token_ttl: wish.token_ttl,
        strict_credentials: wish.strict_credentials,
        ..ServicesOptions::default()
    };
    if options.is_exposed() {
        return Err(Failure::usage(format!(
            "{} can be reached from other machines, and the embedded push services take any well-formed \
             sender credential: listen on a loopback address, such as 127.0.0.1:{}",
            options.http,
            options.http.port()
        )));
    }
    Ok(options)
}

fn table(urls: &ServiceUrls, demo_users: bool, output: &Output) -> String {
    let users = if demo_users {
        "anybody whose password is the user name"
    } else {
        "those in the users file"
    };
    let backend = urls.backend.as_str().trim_end_matches('/');
    let rows = [
        ("app backend", backend.to_owned()),
        ("push channel", urls.push.to_string()),
        ("WNS tokens", urls.wns_token.to_string()),
        ("Web Push", urls.webpush.to_string()),
        ("users", users.to_owned()),
    ];
    let rows =
        rows.map(|(name, value)| format!("  {}  {value}", output.dim(&format!("{name:<12}"))));
    format!(
        "{}\n{}\n\nnext, in another terminal:\n  handset login --backend {backend} --user alice\n  handset run",
        output.bold("the services are ready"),
        rows.join("\n")
    )
}
