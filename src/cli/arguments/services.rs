//! The embedded services.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use secrecy::SecretString;

use super::values::{ListenAt, RoleName, Toast, duration, listen_at, secret};
use crate::emulator::{HubName, PerHandleRate, PublicHost, ServicesOptions};
use crate::model::{DomainName, HostAddress, Platform, UserName};
use crate::wire::push_administration::SiteName;

/// Run everything on this machine: services, a phone, one secure push, one toast
///
/// It lives in a temporary home and takes its entry out of the keyring again. Without a keyring the
/// token stays in memory, without a notification daemon the toast is drawn in the terminal.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset demo
  handset demo --user bob --message \"Meeting at 3\"
  handset demo --json | tail -n 1             # prints {…\"event\":\"demo.finished\",\"ok\":true}")]
pub(in crate::cli) struct Demo {
    /// Who signs in
    #[arg(long, value_name = "NAME", default_value = "alice")]
    pub(in crate::cli) user: UserName,
    /// The secret text that the toast must show
    #[arg(long, value_name = "TEXT", default_value = "Your code is 4711")]
    pub(in crate::cli) message: String,
    /// The platform the phone is: wns, webpush, apns or fcm
    #[arg(long, value_name = "PLATFORM", default_value = "wns")]
    pub(in crate::cli) platform: Platform,
    /// Where the toast is drawn [default: the desktop where a daemon answers, else the terminal]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(in crate::cli) toast: Option<Toast>,
}

/// Serve the embedded app backend, notification hub and push services
///
/// It is ready when it prints the table of its URLs (with --json: the event `services.ready`).
///
/// Both HTTP ports take HTTP/1.1 and HTTP/2, with and without TLS. The certificates are from an
/// authority of its own, which is installed nowhere: senders trust the file tls/ca.pem in the home.
///
/// With --data, a push that its sender was told is received is kept until the phone has it, also
/// when the services are killed: at most the last 5 ms before that are lost.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  handset serve
  handset serve --ephemeral --http 127.0.0.1:0 --json
  handset serve --users users.txt --token-ttl 15m
  handset serve --throttle 240/1m             # 406 from WNS, 429 from the others, with Retry-After
  handset serve --https off --proxy off
  handset serve --strict --domain contoso.example --site Paris
  handset serve --only push                   # the push services alone, for a backend of your own
  handset serve --only backend --hub hub.txt --hub-name my-hub
  handset serve --http 0.0.0.0:8480 --public-host phone.example --users users.txt \\
    --strict-credentials

A users file has one `name:hash` a line, the hash in Argon2id's PHC form, as the program argon2
writes it:  echo \"alice:$(printf %s 'secret' | argon2 \"$(openssl rand -hex 8)\" -id -e)\" >> users.txt
Without one, everybody may sign in whose password is the user name.

The connection string of a hub elsewhere holds a key. Keep it in a file of your own, or in the
variable HANDSET_REMOTE_HUB: what stands on a command line, others on this machine can read.")]
pub(in crate::cli) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value_t = ServicesOptions::DEFAULT_HTTP)]
    pub(in crate::cli) http: SocketAddr,
    /// Where to listen for HTTPS, or off [default: 127.0.0.1:8443; a free port where --http takes one]
    #[arg(long, value_name = "ADDR|off", value_parser = listen_at)]
    pub(in crate::cli) https: Option<ListenAt>,
    /// Where to listen as a CONNECT proxy that stands for the push services' hosts and refuses all
    /// others, or off [default: 127.0.0.1:8481; a free port where --http takes one]
    #[arg(long, value_name = "ADDR|off", value_parser = listen_at)]
    pub(in crate::cli) proxy: Option<ListenAt>,
    /// The proxy tunnels to all other hosts instead of refusing them
    #[arg(long)]
    pub(in crate::cli) proxy_pass: bool,
    /// The name, or name and port, under which others reach the services: handles carry it
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) public_host: Option<PublicHost>,
    /// Mint WNS and Web Push handles under the real push services' names, for senders that come
    /// through the proxy, a hosts file or the preload script
    #[arg(long)]
    pub(in crate::cli) real_handles: bool,
    /// Take the generated sender credentials alone, which lie in the home, not any well-formed ones
    #[arg(long)]
    pub(in crate::cli) strict_credentials: bool,
    /// Serve these parts alone, each once or as a list: backend, hub, push [default: all of them]
    #[arg(
        long,
        value_name = "PART",
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true
    )]
    pub(in crate::cli) only: Vec<RoleName>,
    /// Send through a hub elsewhere, such as one of Azure: a file with its connection string, or the
    /// string itself [also HANDSET_REMOTE_HUB]
    #[arg(long, value_name = "FILE|CONNECTION_STRING", value_parser = secret)]
    pub(in crate::cli) hub: Option<SecretString>,
    /// The name of the embedded hub, the first part of its paths [default: handset]; with --hub, the name
    /// of that one, where its connection string has none
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) hub_name: Option<HubName>,
    /// A PEM file with authorities that may vouch for that hub, besides the system's
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) hub_ca: Option<PathBuf>,
    /// Where payloads, registrations and waiting pushes are kept [default: services in the home]
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(in crate::cli) data: Option<PathBuf>,
    /// Keep everything in memory, gone when it ends
    #[arg(long)]
    pub(in crate::cli) ephemeral: bool,
    /// Who may sign in: a file of names and Argon2id hashes [default: whose password is the name]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) users: Option<PathBuf>,
    /// How long a bearer token lasts, such as 30s, 15m, 1h
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(in crate::cli) token_ttl: Duration,
    /// How long what an SDK registers in the hub lasts, such as 10s or 1d, to see it expire
    /// [default: for ever, as in Azure]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(in crate::cli) hub_ttl: Option<Duration>,
    /// How many pushes one handle takes in how much time, such as 240/1m; more are throttled
    /// [default: as many as come]
    #[arg(long, value_name = "N/TIME")]
    pub(in crate::cli) throttle: Option<PerHandleRate>,
    /// The domain that the app backend speaks for, which `handset partner` allows or blocks
    /// [default: backend.handset.localhost]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) domain: Option<DomainName>,
    /// The hosting provider's proxy through which its pushes come, which `handset partner provider`
    /// lets in [default: none]
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) domain_proxy: Option<HostAddress>,
    /// The site that the app backend is in, whose push configuration wins over the global one
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) site: Option<SiteName>,
    /// Where nothing is configured, every push service is off and nobody may push, not even the app
    /// backend: see `handset push-config` and `handset partner`
    #[arg(long)]
    pub(in crate::cli) strict: bool,
}

/// Print the environment that points programs at a running `serve`
///
/// HANDSET_HTTP is the app backend, HANDSET_PUSH the device socket, HANDSET_WNS_TOKEN_URL where a
/// WNS sender gets its access token. HANDSET_HUB is the hub's name and HANDSET_HUB_CONNECTION_STRING
/// what its SDKs connect with; its rules are in credentials/hub.json in the home, where you may add
/// some. The generated sender credentials are in GOOGLE_APPLICATION_CREDENTIALS, HANDSET_APNS_*,
/// HANDSET_VAPID_* and HANDSET_WNS_*. NODE_OPTIONS makes Node's push SDKs meet the embedded services; the files of authorities that
/// NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, REQUESTS_CA_BUNDLE and, where it was set, CURL_CA_BUNDLE name
/// hold what was trusted before, too.
///
/// Node does not start when the script that NODE_OPTIONS names is gone: unset it before you delete
/// the home.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  eval \"$(handset env)\"
  eval \"$(handset env --proxy)\"      # for SDKs that go through HTTPS_PROXY
  handset env --json")]
pub(in crate::cli) struct Env {
    /// Also send HTTPS through the proxy of `serve`, which answers for the push services' hosts alone
    #[arg(long)]
    pub(in crate::cli) proxy: bool,
}

/// List the errors that push services answer on demand, with the handles that ask for them
///
/// A handle that asks for an error stands for no device, and needs none. Push to it with your own
/// SDK, and it throws what it throws in earnest. URLs are those of the running `serve`, where there
/// is one, otherwise paths.
#[derive(Debug, Args)]
#[command(after_help = "\
How handles are made:
  WNS       the channel URI /w/?token=error-STATUS, or error-WORD
  APNs      the ASCII text err:Reason in hex, then zeros up to 64 digits
  FCM       the registration token error:CODE
  Web Push  the endpoint /wpush/v1/error-STATUS, or error-STATUS-ERRNO

A count from 1 to 99 behind it fails so often, then succeeds once with nothing delivered, and
begins anew: what an SDK's own retries meet. A label behind that makes a handle of its own:
  error:UNAVAILABLE:2   error:UNAVAILABLE:2:login   error-503-2   err:TooManyRequests:2

Examples:
  handset errors
  handset errors --platform apns
  handset errors --json | jq -r 'select(.error == \"QUOTA_EXCEEDED\").handle'")]
pub(in crate::cli) struct Errors {
    /// One platform's alone: wns, apns, fcm or webpush
    #[arg(long, value_name = "PLATFORM")]
    pub(in crate::cli) platform: Option<Platform>,
}
