//! `handset env`

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::serve_file::ServeFile;
use crate::settings::Settings;

/// How long a running `serve` may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);

pub(super) async fn run(settings: &Settings, output: &Output) -> Result<Exit, Failure> {
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
    let variables = [
        ("HANDSET_HTTP", file.http.as_str()),
        ("HANDSET_PUSH", file.push.as_str()),
        ("HANDSET_WNS_TOKEN_URL", file.wns_token.as_str()),
    ];
    let object: serde_json::Map<_, _> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    output.result(&object, |_| {
        let lines = variables.map(|(name, value)| format!("export {name}={}", quoted(value)));
        lines.join("\n")
    });
    Ok(Exit::Done)
}

/// How the `serve` of this home is reached, while it runs.
pub(super) async fn running(settings: &Settings) -> Option<ServeFile> {
    let file = ServeFile::read(&settings.home.serve_file())?;
    answers(&file.http).await.then_some(file)
}

/// A value as every shell takes it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

async fn answers(http: &str) -> bool {
    let Ok(url) = url::Url::parse(http) else {
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
