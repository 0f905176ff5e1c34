//! `handset serve`

use std::net::SocketAddr;
use std::path::Path;

use url::Url;

use crate::cli::arguments::{ListenAt, Serve};
use crate::cli::commands::env;
use crate::cli::exit::{Exit, Failure};
use crate::cli::file_handles;
use crate::cli::output::Output;
use crate::cli::serve_file::{self, HomeLock, ServeFile};
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
    file_handles::raise_limit();
    let options = options(wish, settings).await?;
    if let Some(address) = options.exposed() {
        output.warning(&format!(
            "{address} can be reached from other machines: whoever has a user's password or the sender credentials can use it"
        ));
    }
    let demo_users = options.users.is_demo();
    let credentials = settings.home.credentials();
    let options = ServicesOptions {
        credentials: Some(SenderCredentials::load_or_create(&credentials).await?),
        ..options
    };
    let services = Services::start(options).await?;
    // Behind the start, which says more of a second `serve` with the same ports or data.
    let lock = HomeLock::take(&settings.home.serve_lock())?;
    let urls = services.urls();
    SenderCredentials::write_token_uri(&credentials, &urls.fcm_token).await?;
    let authority = match services.authority() {
        Some(pem) => {
            let path = settings.home.authority();
            serve_file::replace(&path, pem.as_bytes())?;
            Some(path)
        }
        None => None,
    };
    let file = ServeFile {
        pid: std::process::id(),
        http: urls.http.to_string(),
        push: urls.push.to_string(),
        wns_token: urls.wns_token.to_string(),
        hub: Some(urls.hub.to_string()),
        https: urls.https.as_ref().map(ToString::to_string),
        proxy: urls.proxy.as_ref().map(ToString::to_string),
        ca: authority.clone(),
        credentials: Some(credentials),
    };
    env::write_preload(&file, &settings.home)?;
    let written = file.write(settings.home.serve_file())?;
    if output.is_json() {
        output.line(services.ready_event().to_line());
    } else {
        output.note(table(urls, authority.as_deref(), demo_users, output));
    }
    let exit = signals.ended(output).await;
    drop((written, lock));
    services.shutdown().await;
    Ok(exit)
}

async fn options(wish: Serve, settings: &Settings) -> Result<ServicesOptions, Failure> {
    let https = listener(wish.https, wish.http, ServicesOptions::DEFAULT_HTTPS);
    let proxy = listener(wish.proxy, wish.http, ServicesOptions::DEFAULT_PROXY);
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
        https,
        proxy,
        proxy_pass: wish.proxy_pass,
        data,
        users,
        token_ttl: wish.token_ttl,
        public_host: wish.public_host,
        real_handles: wish.real_handles,
        strict_credentials: wish.strict_credentials,
        throttle: wish.throttle,
        hub_name: wish.hub_name,
        ..ServicesOptions::default()
    };
    check(&options)?;
    Ok(options)
}

/// Where a listener is to be: where it was told; else at its usual address, or at a free port where
/// HTTP is at a free port too.
fn listener(wish: Option<ListenAt>, http: SocketAddr, usual: SocketAddr) -> Option<SocketAddr> {
    let free = SocketAddr::new(usual.ip(), 0);
    let own = if http.port() == 0 { free } else { usual };
    wish.unwrap_or(ListenAt::Address(own)).address()
}

/// Beyond loopback, nobody may use the services who was not let in.
fn check(options: &ServicesOptions) -> Result<(), Failure> {
    if options.proxy_pass && options.proxy.is_none() {
        return Err(Failure::usage(
            "--proxy-pass needs the proxy: leave out --proxy off",
        ));
    }
    let Some(address) = options.exposed() else {
        return Ok(());
    };
    let port = address.port();
    if options.users.is_demo() || !options.strict_credentials {
        return Err(Failure::usage(format!(
            "{address} can be reached from other machines: add --users FILE, as everybody could sign in, and \
             --strict-credentials, as any well-formed sender credential would be taken; or listen on a loopback \
             address, such as 127.0.0.1:{port}",
        )));
    }
    let proxy = options.proxy.filter(|proxy| !proxy.ip().is_loopback());
    if let Some(proxy) = proxy.filter(|_| options.proxy_pass) {
        return Err(Failure::usage(format!(
            "with --proxy-pass at {proxy}, other machines could reach anything through this one: leave out \
             --proxy-pass, or set the proxy to a loopback address, such as --proxy 127.0.0.1:{}",
            proxy.port()
        )));
    }
    Ok(())
}

fn table(
    urls: &ServiceUrls,
    authority: Option<&Path>,
    demo_users: bool,
    output: &Output,
) -> String {
    let users = if demo_users {
        "anybody whose password is the user name"
    } else {
        "those in the users file"
    };
    let backend = urls.backend.as_str().trim_end_matches('/');
    let url = |url: &Option<Url>| {
        url.as_ref()
            .map_or_else(|| "off".to_owned(), Url::to_string)
    };
    let authority = authority.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    let rows = [
        ("app backend", backend.to_owned()),
        ("hub", urls.hub.to_string()),
        ("push channel", urls.push.to_string()),
        ("WNS tokens", urls.wns_token.to_string()),
        ("Web Push", urls.webpush.to_string()),
        ("HTTPS", url(&urls.https)),
        ("proxy", url(&urls.proxy)),
        ("CA", authority),
        ("users", users.to_owned()),
    ];
    let rows =
        rows.map(|(name, value)| format!("  {}  {value}", output.dim(&format!("{name:<12}"))));
    format!(
        "{}\n{}\n\nnext, in another terminal:\n  handset login --backend {backend} --user alice\n  handset run\n\
         where your own push SDK runs:\n  eval \"$(handset env)\"",
        output.bold("the services are ready"),
        rows.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn other_listeners_follow_http_to_free_ports() {
        let usual = ServicesOptions::DEFAULT_HTTPS;
        let told = Some(ListenAt::Address(at("127.0.0.1:9")));
        for (wish, http, found) in [
            (None, "127.0.0.1:8480", Some(usual)),
            (None, "127.0.0.1:1", Some(usual)),
            (None, "127.0.0.1:0", Some(at("127.0.0.1:0"))),
            (None, "0.0.0.0:0", Some(at("127.0.0.1:0"))),
            (told, "127.0.0.1:0", Some(at("127.0.0.1:9"))),
            (Some(ListenAt::Off), "127.0.0.1:0", None),
        ] {
            assert_eq!(listener(wish, at(http), usual), found, "{http}");
        }
    }

    #[test]
    fn what_others_reach_needs_users_and_strict_credentials() {
        let open = |strict_credentials| ServicesOptions {
            https: Some(at("0.0.0.0:8443")),
            strict_credentials,
            ..ServicesOptions::default()
        };
        assert!(check(&ServicesOptions::default()).is_ok());
        for strict in [false, true] {
            let refused = check(&open(strict)).unwrap_err().message;
            for word in [
                "0.0.0.0:8443",
                "--users",
                "--strict-credentials",
                "loopback",
            ] {
                assert!(refused.contains(word), "{refused}");
            }
        }
    }
}
