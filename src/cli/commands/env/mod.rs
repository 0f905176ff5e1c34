//! `handset env`: what to export, so that programs and their SDKs meet a running `serve`, and the
//! files that those variables name.

mod authorities;
mod files;
mod hub;
pub(super) mod node_options;
mod proxy;

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use url::Url;

use crate::cli::arguments::Env;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::serve_file::ServeFile;
use crate::emulator::{ApnsKey, SenderCredentials, node_preload};
use crate::settings::{Home, Settings};
use authorities::Authorities;

/// How long a running `serve` may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// The script that Node loads first. Its name is how an earlier one is recognised.
const PRELOAD: &str = "handset-node-preload.cjs";

/// What is exported, in this order.
type Variables = Vec<(&'static str, String)>;

pub(super) async fn run(wish: &Env, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let not_running = || {
        Failure::new(
            Exit::Unreachable,
            format!(
                "no `handset serve` runs with the home {}: start it, or name its home with --home",
                settings.home.path().display()
            ),
        )
    };
    let file = running(settings).await.ok_or_else(not_running)?;
    let mut variables = addresses(&file);
    trust(&mut variables, &file, settings, output)?;
    node(&mut variables, &file, settings, output)?;
    credentials(&mut variables, &file, output).await?;
    if wish.proxy {
        if proxy::replaces_another(&file, &settings.environment) {
            output.warning(
                "HTTPS_PROXY led to another proxy: programs of this shell go through handset's now, which \
                 reaches nothing but the push services' hosts, or all else directly with `serve --proxy-pass`",
            );
        }
        variables.extend(proxy::variables(&file, &settings.environment)?);
    }
    let object: serde_json::Map<_, _> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
        .collect();
    output.result(&object, |_| {
        let line = |(name, value): &(_, String)| format!("export {name}={}", quoted(value));
        let lines: Vec<_> = variables.iter().map(line).collect();
        lines.join("\n")
    });
    Ok(Exit::Done)
}

/// How the `serve` of this home is reached, while it runs.
pub(super) async fn running(settings: &Settings) -> Option<ServeFile> {
    let file = ServeFile::read(&settings.home.serve_file())?;
    answers(&file.http).await.then_some(file)
}

/// Writes the script that Node loads first. It stays when `serve` ends: a Node that is told to load
/// it would not start without.
pub(super) fn write_preload(file: &ServeFile, home: &Home) -> Result<(), Failure> {
    let base = file.https.as_ref().unwrap_or(&file.http);
    let script = Url::parse(base).ok().and_then(|base| node_preload(&base));
    let script = script.ok_or_else(|| Failure::failed(format!("{base} names no host and port")))?;
    files::replace(&home.env().join(PRELOAD), script.as_bytes())
}

/// Without a slash at the end, so that `$HANDSET_HTTP/path` is what it looks like.
pub(super) fn base(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

fn addresses(file: &ServeFile) -> Variables {
    let mut variables = vec![("HANDSET_HTTP", base(&file.http))];
    let optional = [
        ("HANDSET_HTTPS", &file.https),
        ("HANDSET_PROXY", &file.proxy),
    ];
    for (name, url) in optional {
        variables.extend(url.as_deref().map(|url| (name, base(url))));
    }
    let of_push = [
        ("HANDSET_PUSH", &file.push),
        ("HANDSET_WNS_TOKEN_URL", &file.wns_token),
    ];
    for (name, url) in of_push {
        variables.extend(url.clone().map(|url| (name, url)));
    }
    variables
}

/// The authorities that programs trust, ours among them; nothing where there is no TLS.
fn trust(
    variables: &mut Variables,
    file: &ServeFile,
    settings: &Settings,
    output: &Output,
) -> Result<(), Failure> {
    let Some(ca) = &file.ca else {
        return Ok(());
    };
    variables.push(("HANDSET_CA", text_of(ca)?));
    let authorities = Authorities::new(settings.home.env(), ca, output)?;
    for (name, path) in authorities.write(&settings.environment)? {
        variables.push((name, text_of(&path)?));
    }
    Ok(())
}

fn node(
    variables: &mut Variables,
    file: &ServeFile,
    settings: &Settings,
    output: &Output,
) -> Result<(), Failure> {
    if file.push.is_none() {
        // There is nothing here for the push services' hosts.
        return Ok(());
    }
    if file.ca.is_none() {
        output.warning(
            "NODE_OPTIONS is left as it is, for this `handset serve` takes no TLS: start it without --https off or \
             without --proxy off, so that Node programs meet the embedded services",
        );
        return Ok(());
    }
    write_preload(file, &settings.home)?;
    let preload = text_of(&settings.home.env().join(PRELOAD))?;
    let given = settings.environment.value("NODE_OPTIONS");
    match node_options::with_preload(given, &preload) {
        Some(options) => variables.push(("NODE_OPTIONS", options)),
        None => output.warning(
            "NODE_OPTIONS is left as it is, for its quotes are not closed or it is not Unicode text: Node \
             programs will not meet the embedded services",
        ),
    }
    Ok(())
}

async fn credentials(
    variables: &mut Variables,
    file: &ServeFile,
    output: &Output,
) -> Result<(), Failure> {
    let Some(folder) = &file.credentials else {
        return Ok(());
    };
    let credentials = SenderCredentials::load(folder).await?;
    let path = |name: &str| text_of(&folder.join(name));
    let (vapid, wns) = (credentials.vapid(), credentials.wns());
    let private = vapid.private_key();
    variables.extend([
        (
            "GOOGLE_APPLICATION_CREDENTIALS",
            path(SenderCredentials::SERVICE_ACCOUNT_FILE)?,
        ),
        ("HANDSET_APNS_KEY", path(SenderCredentials::APNS_KEY_FILE)?),
        ("HANDSET_APNS_KEY_ID", credentials.apns().id().to_owned()),
        ("HANDSET_APNS_TEAM_ID", ApnsKey::TEAM_ID.to_owned()),
        ("HANDSET_APNS_TOPIC", ApnsKey::TOPIC.to_owned()),
        ("HANDSET_VAPID_PUBLIC", vapid.public_key()),
        ("HANDSET_VAPID_PRIVATE", private.expose_secret().to_owned()),
        ("HANDSET_WNS_CLIENT_ID", wns.id().to_owned()),
        (
            "HANDSET_WNS_CLIENT_SECRET",
            wns.secret().expose_secret().to_owned(),
        ),
    ]);
    let Some(url) = &file.hub else {
        return Ok(());
    };
    match hub::variables(url, credentials.hub()) {
        Some(hub) => variables.extend(hub),
        None => output.warning(
            "HANDSET_HUB and HANDSET_HUB_CONNECTION_STRING are left out, for this `handset serve` takes no TLS, \
             which the hub's SDKs insist on: start it without --https off",
        ),
    }
    Ok(())
}

fn text_of(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::failed(format!(
            "the path {} is not Unicode text, which a variable cannot carry: choose another folder with --home",
            path.display()
        ))
    })
}

/// A value as every shell takes it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

async fn answers(http: &str) -> bool {
    let Ok(url) = Url::parse(http) else {
        return false;
    };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return false;
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    let connected = tokio::time::timeout(CONNECT, TcpStream::connect((host, port))).await;
    matches!(connected, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(super::quoted("a'; rm -rf /'"), r"'a'\''; rm -rf /'\'''");
    }
}
