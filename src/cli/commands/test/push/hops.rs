//! The hops of a push, one after the other, until one fails.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::Way;
use super::probe::{Happenings, Probe};
use crate::cli::arguments::TestPush;
use crate::cli::commands::test::report::Report;
use crate::cli::commands::test::trouble::Trouble;
use crate::device::{Mode, RegisterRequest, SignInRequest, SignInSecret};
use crate::model::AuthScheme;
use crate::settings::Settings;
use crate::telemetry::{Event, EventName};

pub(super) const SIGN_IN: &str = "sign-in";
const CHANNEL: &str = "channel";
const REGISTRATION: &str = "registration";

/// A walk along all hops.
pub(super) struct Walk<'a, 'o> {
    pub(super) wish: &'a TestPush,
    pub(super) way: &'a Way,
    pub(super) probe: &'a Probe,
    pub(super) happenings: Happenings,
    pub(super) settings: &'a Settings,
    pub(super) report: &'a mut Report<'o>,
    pub(super) until: Instant,
    pub(super) backend: String,
}

impl<'a, 'o> Walk<'a, 'o> {
    pub(super) fn new(
        wish: &'a TestPush,
        way: &'a Way,
        probe: &'a Probe,
        happenings: Happenings,
        settings: &'a Settings,
        report: &'a mut Report<'o>,
    ) -> Self {
        Self {
            until: Instant::now() + wish.timeout,
            backend: way.backend.to_string(),
            wish,
            way,
            probe,
            happenings,
            settings,
            report,
        }
    }

    /// Goes as far as it can; the last line of the report says how far that was.
    pub(super) async fn all(mut self, secret: SignInSecret) -> Option<()> {
        self.sign_in(secret).await?;
        self.open_channel().await?;
        self.register().await?;
        let sent = self.send().await?;
        let (arrived, message) = self.arrive(&sent).await?;
        let started = self.start_task(arrived, &message).await?;
        let fetched = self.fetch(started, &message).await?;
        self.show(fetched, &message, &sent).await
    }

    /// Writes a hop down: how long it took, or why it was the last.
    pub(super) fn note<T>(
        &mut self,
        check: &'static str,
        target: &str,
        latency: Duration,
        done: Result<T, Trouble>,
    ) -> Option<T> {
        match done {
            Ok(done) => {
                self.report.good(check, target, latency);
                Some(done)
            }
            Err(trouble) => {
                self.report.bad(check, target, latency, trouble);
                None
            }
        }
    }

    /// What `work` comes to in the time that is left; `what` says what did not happen.
    pub(super) async fn in_time<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let done = tokio::time::timeout_at(self.until, work).await;
        done.unwrap_or_else(|_| Err(Trouble::time_out(what, self.wish.timeout)))
    }

    /// The first of the probe's events that `wanted` takes, in the time that is left.
    pub(super) async fn wait<T>(
        &mut self,
        missing: Trouble,
        wanted: impl FnMut(&Event) -> Option<Result<T, Trouble>>,
    ) -> (Instant, Result<T, Trouble>) {
        let found = tokio::time::timeout_at(self.until, self.happenings.find(wanted)).await;
        let (at, found) = found
            .ok()
            .flatten()
            .unwrap_or_else(|| (Instant::now(), Err(missing)));
        (at, found)
    }

    async fn sign_in(&mut self, secret: SignInSecret) -> Option<()> {
        let request = SignInRequest {
            backend: self.way.backend.clone(),
            user: self.wish.user.clone(),
            secret,
            // The built-in backends take a password as it is; another's profile says how.
            auth: (self.way.profile.is_none()).then_some(AuthScheme::Basic),
            vault: None,
            push: self.way.push.clone(),
            ca: self.way.ca.clone(),
            allow_http: self.wish.network.allow_http.clone(),
            backend_profile: self.way.profile.clone(),
        };
        let device = &self.probe.device;
        let begun = Instant::now();
        let signed = async {
            let signed = device.sign_in(request).await;
            signed.map_err(|error| Trouble::of_sign_in(&error))
        };
        let done = self.in_time("the backend did not answer", signed).await;
        let target = self.backend.clone();
        self.note(SIGN_IN, &target, begun.elapsed(), done)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    async fn open_channel(&mut self) -> Option<()> {
        let begun = Instant::now();
        let request = RegisterRequest {
            platform: Some(self.wish.platform),
            ..RegisterRequest::default()
        };
        let device = &self.probe.device;
        let on = async {
            device.configure(request).await?;
            device.turn_on(Mode::Whole).await
        };
        let on = on.await.map_err(|error| Trouble::of_device(&error));
        let target = self.way.push.clone();
        let target = target.unwrap_or_else(|| self.backend.clone());
        if let Err(trouble) = on {
            return self.note(CHANNEL, &target, begun.elapsed(), Err(trouble));
        }
        let missing = Trouble::time_out("the push service did not answer", self.wish.timeout);
        let (at, opened) = self
            .wait(missing, |event| match event.event {
                EventName::ChannelOpened => Some(Ok(event.text("service").map(str::to_owned))),
                // It is told once every address was tried.
                EventName::ChannelClosed => {
                    let (reason, detail) = reason_of(event);
                    Some(Err(Trouble::of_channel(&reason, &detail)))
                }
                _ => None,
            })
            .await;
        // Where nobody named it, it may be the backend's, or a local one.
        let target = match &opened {
            Ok(Some(service)) => service.clone(),
            Ok(None) | Err(_) => target,
        };
        self.note(CHANNEL, &target, at - begun, opened).map(drop)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other event says nothing about this hop"
    )]
    async fn register(&mut self) -> Option<()> {
        let begun = Instant::now();
        let missing =
            Trouble::time_out("the backend did not register the handle", self.wish.timeout);
        let (at, registered) = self
            .wait(missing, |event| match event.event {
                EventName::PhoneReady => Some(Ok(())),
                EventName::RegistrationFailed => {
                    let (reason, detail) = reason_of(event);
                    Some(Err(Trouble::of_registration(&reason, &detail)))
                }
                _ => None,
            })
            .await;
        let target = self.backend.clone();
        self.note(
            REGISTRATION,
            &target,
            at.saturating_duration_since(begun),
            registered,
        )
    }
}

/// What an event says of why something went wrong: a name, and words.
pub(super) fn reason_of(event: &Event) -> (String, String) {
    let reason = event.text("reason").unwrap_or("unknown").to_owned();
    let detail = event.text("detail").unwrap_or(&reason).to_owned();
    (reason, detail)
}
