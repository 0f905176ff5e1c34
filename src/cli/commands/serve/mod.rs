//! `handset serve`

mod remote_hub;
mod table;

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::cli::arguments::{ListenAt, Serve};
use crate::cli::commands::env;
use crate::cli::exit::{Exit, Failure};
use crate::cli::file_handles;
use crate::cli::output::Output;
use crate::cli::serve_file::{self, HomeLock, ServeFile};
use crate::cli::signals::Signals;
use crate::control::{AdminKey, WrittenKey};
use crate::emulator::{
    AdministrationOptions, DataLocation, PublicHost, RemoteHubOptions, Role, Roles,
    SenderCredentials, ServiceUrls, Services, ServicesOptions, Users,
};
use crate::settings::Settings;
use crate::wire::push_administration::Profile;
use table::{Told, table};

pub(super) async fn run(
    wish: Serve,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    file_handles::raise_limit();
    if let Some(exposure) = remote_hub::exposure(&wish) {
        output.warning(&exposure);
    }
    let options = options(wish, settings).await?;
    warn_of_exposure(&options, output);
    let roles = options.roles;
    let elsewhere = options.remote_hub.as_ref().map(RemoteHubOptions::shown);
    let demo_users = options.users.is_demo();
    let public_host = options.public_host.clone();
    let credentials = settings.home.credentials();
    let data = data_folder(&options);
    let options = ServicesOptions {
        credentials: Some(SenderCredentials::load_or_create(&credentials).await?),
        ..options
    };
    let services = Services::start(options).await?;
    // Behind the start, which says more of a second `serve` with the same ports or data.
    let lock = HomeLock::take(&settings.home.serve_lock()).await?;
    let key = write_key(&services, data, settings)?;
    let urls = services.urls();
    SenderCredentials::write_token_uri(&credentials, &urls.fcm_token).await?;
    let authority = write_authority(&services, settings)?;
    let file = serve_file(
        urls,
        roles,
        public_host.as_ref(),
        authority.clone(),
        credentials,
    );
    if roles.has(Role::Push) {
        env::write_preload(&file, &settings.home)?;
    }
    let written = file.write(settings.home.serve_file())?;
    if output.is_json() {
        output.line(services.ready_event().to_line());
    } else {
        let told = Told {
            urls,
            roles,
            elsewhere,
            authority: authority.as_deref(),
            demo_users,
            in_force: &services.in_force(),
            hurdles: services.hurdles(),
        };
        output.note(table(&told, output));
    }
    let exit = signals.ended(output).await;
    drop((written, key, lock));
    services.shutdown().await;
    Ok(exit)
}

fn warn_of_exposure(options: &ServicesOptions, output: &Output) {
    if let Some(address) = options.exposed() {
        output.warning(&format!(
            "{address} can be reached from other machines: whoever has a user's password or the sender credentials can use it"
        ));
    }
}

/// The folder with the services' data, whole.
fn data_folder(options: &ServicesOptions) -> Option<PathBuf> {
    match &options.data {
        DataLocation::Directory(folder) => std::path::absolute(folder).ok(),
        DataLocation::Ephemeral => None,
    }
}

/// Leaves the local authority's certificate in the home, where there is one; its file.
fn write_authority(services: &Services, settings: &Settings) -> Result<Option<PathBuf>, Failure> {
    let Some(pem) = services.authority() else {
        return Ok(None);
    };
    let path = settings.home.authority();
    serve_file::replace(&path, pem.as_bytes())?;
    Ok(Some(path))
}

/// What other commands find of the running services.
fn serve_file(
    urls: &ServiceUrls,
    roles: Roles,
    public_host: Option<&PublicHost>,
    ca: Option<PathBuf>,
    credentials: PathBuf,
) -> ServeFile {
    let of_push = roles.has(Role::Push);
    ServeFile {
        pid: std::process::id(),
        http: urls.http.to_string(),
        backend: roles.has(Role::Backend).then(|| urls.backend.to_string()),
        public_host: public_host.map(ToString::to_string),
        push: of_push.then(|| urls.push.to_string()),
        wns_token: of_push.then(|| urls.wns_token.to_string()),
        hub: roles.has(Role::Hub).then(|| urls.hub.to_string()),
        https: urls.https.as_ref().map(ToString::to_string),
        proxy: urls.proxy.as_ref().map(ToString::to_string),
        ca,
        credentials: of_push.then_some(credentials),
    }
}

/// Leaves in the home how the services are administered, for as long as they run.
fn write_key(
    services: &Services,
    data: Option<PathBuf>,
    settings: &Settings,
) -> Result<WrittenKey, Failure> {
    let path = settings.home.admin_key();
    let shown = path.display().to_string();
    let key = AdminKey {
        pid: std::process::id(),
        http: services.urls().http.clone(),
        token: services.admin_token().clone(),
        data,
    };
    key.write(path).map_err(|error| {
        Failure::failed(format!(
            "{shown} cannot be written: {error}; choose another folder with --home"
        ))
    })
}

async fn options(wish: Serve, settings: &Settings) -> Result<ServicesOptions, Failure> {
    let roles = roles(&wish);
    let remote_hub = remote_hub::options(&wish, roles, settings)?;
    let hub_name = match &remote_hub {
        // With a hub elsewhere, the name is that one's.
        Some(_) => None,
        None => wish.hub_name,
    };
    let https = listener(wish.https, wish.http, ServicesOptions::DEFAULT_HTTPS);
    let proxy = match (wish.proxy, roles.has(Role::Push)) {
        (None, false) => None,
        (wish_proxy, _) => listener(wish_proxy, wish.http, ServicesOptions::DEFAULT_PROXY),
    };
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
        hub_lifetime: wish.hub_ttl,
        hub_name: hub_name.unwrap_or_default(),
        roles,
        remote_hub,
        administration: AdministrationOptions {
            domain: wish.domain.unwrap_or_default(),
            proxy: wish.domain_proxy,
            site: wish.site,
            profile: if wish.strict {
                Profile::Strict
            } else {
                Profile::QuickStart
            },
            ..AdministrationOptions::default()
        },
        ..ServicesOptions::default()
    };
    check(&options)?;
    Ok(options)
}

/// The parts that `--only` names; all of them where it names none.
fn roles(wish: &Serve) -> Roles {
    if wish.only.is_empty() {
        return Roles::all();
    }
    let named: Vec<Role> = wish.only.iter().map(|name| Role::from(*name)).collect();
    Roles::only(&named)
}

/// Where a listener is to be: where it was told; else at its usual address, or at a free port where
/// HTTP is at a free port too.
fn listener(wish: Option<ListenAt>, http: SocketAddr, usual: SocketAddr) -> Option<SocketAddr> {
    let free = SocketAddr::new(usual.ip(), 0);
    let own = if http.port() == 0 { free } else { usual };
    wish.unwrap_or(ListenAt::Address(own)).address()
}

/// What is served has what it needs, and beyond loopback nobody may use it who was not let in.
fn check(options: &ServicesOptions) -> Result<(), Failure> {
    let roles = options.roles;
    roles
        .check(options.remote_hub.is_some())
        .map_err(|invalid| Failure::usage(invalid.to_string()))?;
    if options.proxy.is_some() && !roles.has(Role::Push) {
        return Err(Failure::usage(
            "--proxy stands for the push services' hosts, which are not served: leave it out, or add push to --only",
        ));
    }
    if options.proxy_pass && options.proxy.is_none() {
        return Err(Failure::usage(
            "--proxy-pass needs the proxy: leave out --proxy off, and have push in --only",
        ));
    }
    let Some(address) = options.exposed() else {
        return Ok(());
    };
    let port = address.port();
    let anybody = roles.has(Role::Backend) && options.users.is_demo();
    let any_sender = roles.has(Role::Push) && !options.strict_credentials;
    if anybody || any_sender {
        let needed = [
            (anybody, "--users FILE, as everybody could sign in"),
            (
                any_sender,
                "--strict-credentials, as any well-formed sender credential would be taken",
            ),
        ];
        let needed = needed.iter().filter(|(is_needed, _)| *is_needed);
        let needed: Vec<&str> = needed.map(|(_, option)| *option).collect();
        return Err(Failure::usage(format!(
            "{address} can be reached from other machines: add {}; or listen on a loopback address, such as \
             127.0.0.1:{port}",
            needed.join(", and ")
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
            for word in ["0.0.0.0:8443", "--users", "loopback"] {
                assert!(refused.contains(word), "{refused}");
            }
            assert_eq!(
                refused.contains("--strict-credentials"),
                !strict,
                "{refused}"
            );
        }
    }
}
