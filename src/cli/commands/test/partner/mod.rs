//! `handset test partner`

mod network;
mod trust;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use url::Url;

use super::place::Place;
use super::report::Report;
use super::trouble::Trouble;
use crate::cli::administer::{self, Purpose};
use crate::cli::arguments::TestPartner;
use crate::cli::commands::env;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::serve_file::ServeFile;
use crate::model::HostAddress;
use crate::settings::Settings;
use crate::wire::push_administration::{Permission, PermissionRequest};

const NAME: &str = "name";
const REACHABILITY: &str = "reachability";
const TLS: &str = "TLS";
const TRUST: &str = "trust";
const PROXY: &str = "proxy";
const PERMISSION: &str = "permission";

pub(super) async fn run(
    wish: &TestPartner,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let running = env::running(settings).await;
    let mut report = Report::new(output);
    // The rules do not depend on the network: neither waits for the other.
    let ((), asked) = tokio::join!(
        check_way(wish, running.as_ref(), settings, &mut report),
        ask_permission(wish, settings, output),
    );
    let (asked, latency) = asked;
    report_permission(wish, asked, latency, &mut report);
    Ok(report.finish())
}

/// The way to the partner, and to its proxy.
async fn check_way(
    wish: &TestPartner,
    running: Option<&ServeFile>,
    settings: &Settings,
    report: &mut Report<'_>,
) {
    match target(wish, running) {
        Some(place) => {
            let own = running.filter(|file| place.is_of(file));
            let way = Way {
                place,
                takes_tls: own.is_none_or(|file| file.ca.is_some()),
                authorities: [wish.ca.clone(), own.and_then(|file| file.ca.clone())]
                    .into_iter()
                    .flatten()
                    .collect(),
                limit: wish.timeout,
            };
            way.check(report).await;
        }
        None => {
            let trouble = Trouble::no_services(settings.home.path(), "--target HOST:PORT");
            report.bad(NAME, "-", Duration::ZERO, trouble);
            for check in [REACHABILITY, TLS, TRUST] {
                report.skipped(check, "-");
            }
        }
    }
    if let Some(proxy) = &wish.proxy {
        check_proxy(proxy, wish.timeout, report).await;
    }
}

/// What is to be reached: what was named, else the running services, with TLS where they have it.
fn target(wish: &TestPartner, running: Option<&ServeFile>) -> Option<Place> {
    if let Some(target) = &wish.target {
        return Some(target.into());
    }
    let file = running?;
    Place::of_url(&Url::parse(file.https.as_ref().unwrap_or(&file.http)).ok()?)
}

/// The way to a partner.
struct Way {
    place: Place,
    /// False where it is known that nothing there speaks TLS.
    takes_tls: bool,
    authorities: Vec<PathBuf>,
    limit: Duration,
}

impl Way {
    /// Each check needs what the one before it found.
    async fn check(&self, report: &mut Report<'_>) {
        let (host, place) = (self.place.host.as_str(), self.place.shown());
        let Some(addresses) = self.resolve(report).await else {
            for check in [REACHABILITY, TLS, TRUST] {
                report.skipped(check, &place);
            }
            return;
        };
        let Some(stream) = self.connect(&addresses, report).await else {
            report.skipped(TLS, &place);
            report.skipped(TRUST, host);
            return;
        };
        if !self.takes_tls {
            report.bad(TLS, &place, Duration::ZERO, Trouble::https_off());
            report.skipped(TRUST, host);
            return;
        }
        let files: Vec<&Path> = self.authorities.iter().map(PathBuf::as_path).collect();
        let roots = trust::roots(&files);
        let begun = Instant::now();
        let shaking = trust::shake(stream, host, roots);
        let shaken = tokio::time::timeout(self.limit, shaking).await;
        let shaken = shaken
            .unwrap_or_else(|_| Err(Trouble::time_out("no TLS handshake was done", self.limit)));
        let latency = begun.elapsed();
        match shaken {
            Ok(shaken) => {
                report.good(TLS, &place, latency);
                match shaken.trusted {
                    Ok(()) => report.good(TRUST, host, shaken.judged_in),
                    Err(trouble) => report.bad(TRUST, host, shaken.judged_in, trouble),
                }
            }
            Err(trouble) => {
                report.bad(TLS, &place, latency, trouble);
                report.skipped(TRUST, host);
            }
        }
    }

    async fn resolve(&self, report: &mut Report<'_>) -> Option<Vec<SocketAddr>> {
        let begun = Instant::now();
        match network::resolve(&self.place, self.limit).await {
            Ok(addresses) => {
                report.good(NAME, &self.place.host, begun.elapsed());
                Some(addresses)
            }
            Err(trouble) => {
                report.bad(NAME, &self.place.host, begun.elapsed(), trouble);
                None
            }
        }
    }

    async fn connect(
        &self,
        addresses: &[SocketAddr],
        report: &mut Report<'_>,
    ) -> Option<TcpStream> {
        let (begun, place) = (Instant::now(), self.place.shown());
        match network::connect(addresses, self.limit).await {
            Ok(stream) => {
                report.good(REACHABILITY, &place, begun.elapsed());
                Some(stream)
            }
            Err(trouble) => {
                report.bad(REACHABILITY, &place, begun.elapsed(), trouble);
                None
            }
        }
    }
}

/// Whether the partner's proxy is there.
async fn check_proxy(proxy: &HostAddress, limit: Duration, report: &mut Report<'_>) {
    let place = Place::from(proxy);
    let begun = Instant::now();
    let found = match network::resolve(&place, limit).await {
        Ok(addresses) => network::connect(&addresses, limit).await,
        Err(trouble) => Err(trouble),
    };
    match found {
        Ok(_) => report.good(PROXY, &place.shown(), begun.elapsed()),
        Err(trouble) => report.bad(PROXY, &place.shown(), begun.elapsed(), trouble),
    }
}

/// Whether the partner rule lets the domain push, and how long it took to say so; none where there is
/// no domain to ask about.
async fn ask_permission(
    wish: &TestPartner,
    settings: &Settings,
    output: &Output,
) -> (Result<Option<Permission>, Failure>, Duration) {
    let begun = Instant::now();
    let request = PermissionRequest {
        domain: wish.domain.clone(),
        proxy: wish.proxy.clone(),
    };
    let data = wish.data.data.as_deref();
    let asked = administer::ask(settings, data, Purpose::Look, output, async |rules| {
        // What no `serve` speaks for is nobody's domain.
        if request.domain.is_none() && !rules.is_running() {
            return Ok(None);
        }
        rules.permission(&request).await.map(Some)
    });
    (asked.await, begun.elapsed())
}

fn report_permission(
    wish: &TestPartner,
    asked: Result<Option<Permission>, Failure>,
    latency: Duration,
    report: &mut Report<'_>,
) {
    match asked {
        Ok(None) => report.skipped(PERMISSION, "-"),
        Ok(Some(Permission {
            domain,
            refusal: None,
        })) => report.good(PERMISSION, domain.as_str(), latency),
        Ok(Some(Permission {
            domain,
            refusal: Some(refusal),
        })) => {
            let trouble = Trouble::partner(refusal).said_by("push administration");
            report.bad(PERMISSION, domain.as_str(), latency, trouble);
        }
        Err(failure) => {
            let domain = wish.domain.as_ref().map_or("-", |domain| domain.as_str());
            let trouble = Trouble::not_asked(failure);
            report.bad(PERMISSION, domain, latency, trouble);
        }
    }
}
