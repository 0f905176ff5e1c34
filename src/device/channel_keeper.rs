//! Keeps the channel open and takes what arrives on it into the inbox.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::options::ChannelTimes;
use super::state::{LineProblem, OpenLine, PhoneState};
use super::{DeviceError, ErrorKind};
use crate::background::inbox::AcceptError;
use crate::background::{Accepted, Owner, Reason};
use crate::channel::{
    Channel, ChannelControl, ChannelDriver, ChannelError, ChannelEvent, ChannelOptions,
    ChannelReceiver, Delivery, PushUrl,
};
use crate::lifecycle::{Backoff, timeouts};
use crate::model::{MessageId, NotificationId, RawNotification};
use crate::telemetry::EventName;
use crate::wire::secure_push::read_notification_id;

/// How many pushes are being made durable at once; they share commits.
pub(super) const MOST_UNDERWAY: usize = 256;

/// The first and the longest wait before a push that could not be made durable is tried again.
const STORE_RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// How often a redelivered push looks whether its first copy is durable; a commit takes
/// milliseconds.
const UNDERWAY_LOOK: Duration = Duration::from_millis(10);

/// Keeps the channel of one device open.
pub(super) struct ChannelKeeper {
    pub(super) core: Arc<Core>,
    pub(super) times: ChannelTimes,
    pub(super) local_service: Option<String>,
}

impl ChannelKeeper {
    /// Works until `off` is canceled; opens the channel anew when the profile asks for another,
    /// and keeps it closed while the phone is offline.
    pub(super) async fn run(self, off: CancellationToken) {
        let mut phone = self.core.state.watch();
        while off
            .run_until_cancelled(phone.wait_for(PhoneState::is_online))
            .await
            .is_some()
        {
            let version = phone.borrow_and_update().channel_version;
            let channel_id = self.core.channel_id();
            let mut stale = self.core.state.watch();
            let stale =
                stale.wait_for(|phone| phone.channel_version != version || !phone.is_online());
            let opened = self
                .candidates()
                .and_then(|candidates| self.open(candidates).map_err(|error| error.to_string()));
            match opened {
                Ok((driver, receiver, control)) => {
                    let mut work = pin!(async {
                        tokio::join!(driver.run(off.clone()), self.consume(receiver, &off))
                    });
                    let close_when_stale = async {
                        // The sender lives as long as the device.
                        stale.await.ok();
                        if self.core.channel_id() != channel_id {
                            // The handle was given up: who still posts to it is to hear that.
                            let told = control.unregister();
                            tokio::time::timeout(timeouts::CHANNEL_GOODBYE, told)
                                .await
                                .ok();
                        }
                        control.close();
                        // Closing ends the work, which is what is waited for.
                        std::future::pending::<()>().await;
                    };
                    tokio::select! {
                        _ = &mut work => {}
                        () = close_when_stale => {}
                        () = self.core.give_back.wished() => {
                            if self.give_back(&control, work.as_mut()).await {
                                break;
                            }
                        }
                    }
                }
                Err(reason) => {
                    let problem = LineProblem {
                        text: reason,
                        lasting: Some(ErrorKind::Usage),
                    };
                    let reason = Reason::because("no_push_service", &problem.text);
                    self.closed(Some(problem), &reason, None);
                    off.run_until_cancelled(stale).await;
                }
            }
        }
        self.core.state.closed(None);
    }

    /// Gives the handle back: pushes to it are refused from then on. Whether it was taken.
    async fn give_back(&self, control: &ChannelControl, mut work: Pin<&mut impl Future>) -> bool {
        let mut asked = pin!(control.unregister());
        let (given, ended) = tokio::select! {
            given = &mut asked => (given, false),
            // It ends with the handle, perhaps before the answer is looked at.
            _ = &mut work => (asked.await, true),
        };
        let taken = given.is_ok();
        if taken && !ended {
            work.await;
        }
        self.core.give_back.answer(given);
        taken
    }

    /// Where to look for a push service: the one that was named; else the one of last time, the
    /// backend's own origin, and a local service.
    fn candidates(&self) -> Result<Vec<PushUrl>, String> {
        let profile = self.core.profile();
        let backend = profile.account.as_ref().map(|account| &account.backend);
        let (push, local) = (profile.push.as_deref(), self.local_service.as_deref());
        let mut candidates = PushUrl::candidates(push, backend, local, &profile.allow_http)
            .map_err(|error| error.to_string())?;
        if let Some(last) = self.core.last_service() {
            // A stable sort: the one that greeted last time is tried first.
            candidates.sort_by_key(|url| url.as_str() != last);
        }
        if candidates.is_empty() {
            return Err(
                "no push service is known: name one with --push, or sign in to a backend"
                    .to_owned(),
            );
        }
        Ok(candidates)
    }

    fn open(
        &self,
        candidates: Vec<PushUrl>,
    ) -> Result<(ChannelDriver, ChannelReceiver, ChannelControl), ChannelError> {
        let profile = self.core.profile();
        let names: Vec<String> = candidates.iter().map(ToString::to_string).collect();
        let identity = self.core.identity(&names);
        let mut options = ChannelOptions::new(profile.platform, candidates);
        options.ca_file = profile.ca;
        options.vapid_key = profile.vapid_key;
        options.ping_every = self.times.ping_every;
        options.pong_within = self.times.pong_within;
        options.backoff_first = self.times.backoff_first;
        options.backoff_longest = self.times.backoff_longest;
        Channel::open(options, identity)
    }

    async fn consume(&self, mut receiver: ChannelReceiver, off: &CancellationToken) {
        let mut underway = FuturesUnordered::new();
        let mut left = None;
        loop {
            let ending = off.is_cancelled();
            let reading = ending || underway.len() < MOST_UNDERWAY;
            tokio::select! {
                Some(turned_away) = underway.next() => left = left.or(turned_away),
                () = self.room(left.as_ref()), if !ending => {
                    left = None;
                    // The service delivers on the next connection what this one left with it.
                    self.core.state.reopen_channel();
                }
                // The disk may refuse for long: that must not hold up the end.
                () = off.cancelled(), if !ending => {}
                event = receiver.next(), if reading => match event {
                    Some(ChannelEvent::Delivery(_)) if ending => {}
                    Some(ChannelEvent::Delivery(delivery)) => underway.push(self.accept(delivery)),
                    Some(event) => self.note(event).await,
                    None => break,
                },
            }
        }
        // What arrived before the channel was closed is still made durable. When the phone is
        // switched off it is left: the service has no receipt and delivers it again.
        let rest = async { while underway.next().await.is_some() {} };
        off.run_until_cancelled(rest).await;
    }

    /// Waits until the inbox takes pushes again of the owner whose push it turned away, if it did.
    async fn room(&self, owner: Option<&Owner>) {
        match owner {
            Some(owner) => self.core.inbox.room(owner).await,
            None => std::future::pending().await,
        }
    }

    /// Makes a push durable, then acknowledges it. While the disk refuses, the push stays with the
    /// service and here, and is tried again. One for which the inbox has no room stays with the
    /// service alone, so that it holds up nothing here; whose it is, is the answer.
    async fn accept(&self, delivery: Delivery) -> Option<Owner> {
        let Delivery { raw, receipt } = delivery;
        let mut backoff = Backoff::new(STORE_RETRY.0, STORE_RETRY.1);
        loop {
            let owner = self.core.state.owner().unwrap_or_else(Owner::nobody);
            let tell = || self.received(&raw);
            match self.core.inbox.accept(raw.clone(), &owner, tell).await {
                Ok(Accepted::New(_) | Accepted::Before) => {
                    receipt.ack();
                    return None;
                }
                // The first copy may have come by a connection that broke: its receipt says
                // nothing on this one, so this copy waits for the outcome and says it.
                Ok(Accepted::Underway) => tokio::time::sleep(UNDERWAY_LOOK).await,
                Err(error @ AcceptError::Full(_)) => {
                    self.not_taken(&raw, "inbox_full", &error);
                    return Some(owner);
                }
                Err(error @ AcceptError::Store(_)) => {
                    self.not_taken(&raw, "not_durable", &error);
                    tokio::time::sleep(backoff.next_wait()).await;
                }
            }
        }
    }

    fn not_taken(&self, raw: &RawNotification, reason: &str, error: &AcceptError) {
        tracing::warn!(%error, message = %raw.message, "a push is not durable yet and stays unacknowledged");
        let event = self
            .core
            .event(EventName::PushHeld)
            .with("message", raw.message.as_str())
            .with("reason", reason)
            .with("detail", error.to_string());
        self.core.emit(event);
    }

    fn received(&self, raw: &RawNotification) {
        let id = read_notification_id(&raw.content).ok();
        let event = self
            .core
            .event(EventName::PushReceived)
            .with("message", raw.message.as_str())
            .with("platform", raw.platform.as_str())
            .with_some("notification", id.as_ref().map(NotificationId::as_str))
            .with_some("trace", raw.traceparent.as_deref());
        self.core.emit(event);
    }

    async fn note(&self, event: ChannelEvent) {
        match event {
            ChannelEvent::Identity { uaid } => {
                self.core
                    .change_channel(|memory| memory.uaid = Some(uaid))
                    .await;
            }
            ChannelEvent::Opened {
                url,
                handle,
                platform,
                subscription,
                new_handle,
                ..
            } => {
                let line = OpenLine {
                    service: url.to_string(),
                    platform,
                    handle,
                    subscription,
                };
                self.opened(line, new_handle).await;
            }
            ChannelEvent::Dropped {
                message,
                reason,
                detail,
            } => {
                let reason = Reason::because(reason, detail);
                let event = self
                    .core
                    .event(EventName::PushDropped)
                    .with_some("message", message.as_ref().map(MessageId::as_str))
                    .with("reason", reason.code.as_ref())
                    .with_some("detail", reason.detail.as_deref());
                self.core.emit(event);
            }
            ChannelEvent::Closed { reason, retry_in } => {
                let told = if !self.core.state.now().is_online() {
                    Reason::because("offline", DeviceError::Offline)
                } else if reason == ChannelError::Unregistered {
                    Reason::because(
                        reason.reason(),
                        "its handle was given back to the push service",
                    )
                } else {
                    Reason::because(reason.reason(), &reason)
                };
                self.closed(problem_of(&reason), &told, retry_in);
            }
            // Taken by `consume` already.
            ChannelEvent::Delivery(_) => {}
        }
    }

    async fn opened(&self, line: OpenLine, new_handle: bool) {
        let (service, handle) = (line.service.clone(), line.handle.to_string());
        let event = self
            .core
            .event(EventName::ChannelOpened)
            .with("service", service.as_str())
            .with("platform", line.platform.as_str())
            .with("handle", handle.as_str())
            .with("new_handle", new_handle);
        self.core
            .change_channel(move |memory| {
                memory.service = Some(service);
                memory.handle = Some(handle);
            })
            .await;
        self.core.state.opened(line, new_handle);
        self.core.emit(event);
        self.core.registration_due.notify_one();
    }

    fn closed(&self, problem: Option<LineProblem>, reason: &Reason, retry_in: Option<Duration>) {
        self.core.state.closed(problem);
        let wait = retry_in.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let event = self
            .core
            .event(EventName::ChannelClosed)
            .with("reason", reason.code.as_ref())
            .with_some("detail", reason.detail.as_deref())
            .with_some("retry_in_ms", wait);
        self.core.emit(event);
    }
}

/// What a closed channel says about the next attempt; that the device closed it is no problem.
fn problem_of(error: &ChannelError) -> Option<LineProblem> {
    if matches!(error, ChannelError::ClosedByDevice) {
        return None;
    }
    let kind = if matches!(error, ChannelError::CaFile { .. }) {
        ErrorKind::Usage
    } else if error.is_unreachable() {
        ErrorKind::Unreachable
    } else {
        ErrorKind::Failed
    };
    Some(LineProblem {
        text: error.to_string(),
        lasting: (!error.is_transient()).then_some(kind),
    })
}
