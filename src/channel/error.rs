//! Why a channel is not open.

use std::path::PathBuf;
use std::time::Duration;

use super::PushUrl;

/// Why the channel closed or could not be opened. The text names the push service, the cause and
/// what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The host name has no address.
    #[error(
        "the push service {url} was not found ({cause}): check the host name given with --push"
    )]
    UnknownHost {
        /// The push service.
        url: PushUrl,
        /// What the resolver said.
        cause: String,
    },
    /// Nothing listens there.
    #[error(
        "the push service {url} refused the connection: start `handset serve`, or name another with --push"
    )]
    Refused {
        /// The push service.
        url: PushUrl,
    },
    /// The network does not lead there.
    #[error("the push service {url} could not be reached ({cause}): check the network and --push")]
    Unreachable {
        /// The push service.
        url: PushUrl,
        /// What the system said.
        cause: String,
    },
    /// The TLS handshake failed.
    #[error(
        "no TLS connection to the push service {url} ({cause}): give the certificate of its authority with --ca"
    )]
    Tls {
        /// The push service.
        url: PushUrl,
        /// What TLS said.
        cause: String,
    },
    /// The file of extra certificates is of no use.
    #[error(
        "the CA file {} cannot be used ({cause}): give a readable PEM file with --ca", .path.display()
    )]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// No certificate authority is known to the system, and none was given.
    #[error(
        "the system's certificate authorities cannot be used ({cause}): install ca-certificates, or give a PEM file with --ca"
    )]
    NoAuthorities {
        /// What went wrong.
        cause: String,
    },
    /// The server answered HTTP, but did not switch to a WebSocket.
    #[error(
        "{url} answered HTTP {status} instead of opening a WebSocket: it is no push service, check --push"
    )]
    NotWebSocket {
        /// The server.
        url: PushUrl,
        /// The HTTP status.
        status: u16,
    },
    /// The server spoke something that is no WebSocket.
    #[error("{url} does not speak WebSocket ({cause}): check --push")]
    Protocol {
        /// The server.
        url: PushUrl,
        /// What was wrong.
        cause: String,
    },
    /// The server took too long.
    #[error(
        "the push service {url} did not answer the {step} within {} s: check that it is a push service and not overloaded",
        .limit.as_secs_f32()
    )]
    TimedOut {
        /// The push service.
        url: PushUrl,
        /// What it had to answer: `connection`, `hello`, `register` or `unregister`.
        step: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// The service does not want this device.
    #[error(
        "the push service {url} refused hello with status {status}: try later, or forget the device with `handset unregister`"
    )]
    HelloRefused {
        /// The push service.
        url: PushUrl,
        /// Its status.
        status: u64,
    },
    /// The service does not give a handle.
    #[error(
        "the push service {url} gives no handle, its status is {status}: {}", remedy(*.status)
    )]
    RegisterRefused {
        /// The push service.
        url: PushUrl,
        /// Its status.
        status: u64,
    },
    /// The service answered a question with something unusable.
    #[error("the push service {url} gave an unusable answer: {problem}; check its version")]
    BadAnswer {
        /// The push service.
        url: PushUrl,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The service sent more than a frame may have.
    #[error(
        "the push service {url} sent a frame above {limit} bytes: it is broken or hostile, and is tried again later"
    )]
    FrameTooLarge {
        /// The push service.
        url: PushUrl,
        /// The most bytes a frame may have.
        limit: usize,
    },
    /// The service closed the connection with a reason.
    #[error(
        "the push service {url} closed the channel with code {code} {text:?}: it is opened again"
    )]
    ClosedByPeer {
        /// The push service.
        url: PushUrl,
        /// The WebSocket close code; 1005 where it gave none.
        code: u16,
        /// Its words, shortened.
        text: String,
    },
    /// The connection broke.
    #[error("the connection to the push service {url} broke ({cause}): it is opened again")]
    Lost {
        /// The push service.
        url: PushUrl,
        /// What the system said.
        cause: String,
    },
    /// The service fell silent.
    #[error(
        "the push service {url} was silent for {} s after a ping: the network may have dropped the connection, it is opened again",
        .limit.as_secs_f32()
    )]
    Silent {
        /// The push service.
        url: PushUrl,
        /// How long the pong was waited for.
        limit: Duration,
    },
    /// No candidate greeted.
    #[error("no push service could be used: {}", joined(.0))]
    NoneOf(
        /// The failure of each, in the order they were tried.
        Vec<ChannelError>,
    ),
    /// What was asked needs an open channel.
    #[error("the push channel is not open: wait until it is, or check the push service")]
    NotOpen,
    /// The device gave its handle back.
    #[error("the handle was given back to the push service: register for a new one")]
    Unregistered,
    /// The device closed the channel.
    #[error("the push channel was closed by the device: start the phone to open it again")]
    ClosedByDevice,
    /// No push service was named.
    #[error("no push service was named: give one with --push")]
    NoCandidates,
}

impl ChannelError {
    /// A short name of the kind, for events and for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::UnknownHost { .. } => "unknown_host",
            Self::Refused { .. } => "refused",
            Self::Unreachable { .. } => "unreachable",
            Self::Tls { .. } => "tls",
            Self::CaFile { .. } => "ca_file",
            Self::NoAuthorities { .. } => "no_authorities",
            Self::NotWebSocket { .. } => "not_websocket",
            Self::Protocol { .. } => "protocol",
            Self::TimedOut { .. } => "timed_out",
            Self::HelloRefused { .. } => "hello_refused",
            Self::RegisterRefused { .. } => "register_refused",
            Self::BadAnswer { .. } => "bad_answer",
            Self::FrameTooLarge { .. } => "frame_too_large",
            Self::ClosedByPeer { .. } => "closed_by_peer",
            Self::Lost { .. } => "lost",
            Self::Silent { .. } => "silent",
            Self::NoneOf(_) => "none_of",
            Self::NotOpen => "not_open",
            Self::Unregistered => "unregistered",
            Self::ClosedByDevice => "closed_by_device",
            Self::NoCandidates => "no_candidates",
        }
    }

    /// True when time alone may help: a network or a server that comes back. False when somebody
    /// has to change an option, or asked for the end.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::ClosedByPeer { .. }
            | Self::Lost { .. }
            | Self::Silent { .. }
            | Self::FrameTooLarge { .. }
            | Self::UnknownHost { .. }
            | Self::NotOpen => true,
            Self::HelloRefused { status, .. } | Self::RegisterRefused { status, .. } => {
                may_change(*status)
            }
            Self::NotWebSocket { status, .. } => may_change(u64::from(*status)),
            Self::NoneOf(errors) => errors.iter().any(Self::is_transient),
            Self::Tls { .. }
            | Self::CaFile { .. }
            | Self::NoAuthorities { .. }
            | Self::Protocol { .. }
            | Self::BadAnswer { .. }
            | Self::Unregistered
            | Self::ClosedByDevice
            | Self::NoCandidates => false,
        }
    }

    /// True when no push service was reached at all.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        if let Self::NoneOf(errors) = self {
            return errors.iter().all(Self::is_unreachable);
        }
        matches!(
            self,
            Self::UnknownHost { .. } | Self::Refused { .. } | Self::Unreachable { .. }
        )
    }
}

/// What to do about a status of `register`.
fn remedy(status: u64) -> &'static str {
    match status {
        400 | 401 => "check the key given with `handset register --vapid-key`",
        501 => "it does not serve this platform, choose another with `handset register --platform`",
        _ => "try later, or name another service with --push",
    }
}

fn joined(errors: &[ChannelError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// What a service cannot do now it may do later; what it does not know (501) it will not learn.
fn may_change(status: u64) -> bool {
    status == 429 || (status >= 500 && status != 501)
}
