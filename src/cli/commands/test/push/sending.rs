//! The hops of a push up to its push service: stored by the backend, and accepted.

use std::time::Duration;

use tokio::time::Instant;

use super::hops::Walk;
use crate::backend::SentPush;
use crate::cli::administer::{self, Purpose};
use crate::cli::commands::test::trouble::Trouble;
use crate::wire::app_backend::{Delivery, DeliveryOutcome, SecurePushRequest};
use crate::wire::push_administration::{PartnerRefusal, PermissionRequest, PushService, Refusal};

const PAYLOAD: &str = "payload";
const PUSH: &str = "push";

/// The least time that push administration has for its answer.
const LEAST: Duration = Duration::from_secs(1);

/// A push on its way.
pub(super) struct Sent {
    /// The payload's ID, where the backend told it.
    pub(super) id: Option<String>,
    pub(super) text: String,
    pub(super) begun: Instant,
}

impl Walk<'_, '_> {
    /// Asks for the push. A backend that says nothing about devices is believed.
    pub(super) async fn send(&mut self) -> Option<Sent> {
        let text = format!("a test of handset, {:08x}", rand::random::<u32>());
        let request = SecurePushRequest {
            payload: Some(text.clone()),
            ..SecurePushRequest::default()
        };
        let begun = Instant::now();
        let device = &self.probe.device;
        let asked = async {
            let sent = device.send(&request).await;
            sent.map_err(|error| Trouble::of_device(&error))
        };
        let mut done = self.in_time("the backend did not answer", asked).await;
        if let Err(trouble) = done {
            done = Err(self.by_administration(trouble).await);
        }
        let (target, latency) = (self.backend.clone(), begun.elapsed());
        let sent = self.note(PAYLOAD, &target, latency, done)?;
        let mut pushed = self.pushed(&sent);
        if let Err(trouble) = pushed {
            pushed = Err(self.by_administration(trouble).await);
        }
        self.note(PUSH, self.wish.platform.as_str(), latency, pushed)?;
        Some(Sent {
            id: sent.id.map(|id| id.to_string()),
            text,
            begun,
        })
    }

    /// What the push service answered for the probe.
    fn pushed(&self, sent: &SentPush) -> Result<(), Trouble> {
        let platform = self.wish.platform.as_str();
        let own = |delivery: &&Delivery| delivery.platform == platform;
        let own: Vec<&Delivery> = sent.deliveries.iter().filter(own).collect();
        if own.is_empty() {
            // The original backend says nothing at all, and others an id at most.
            let foreign = self.way.profile.as_ref();
            let foreign = foreign.is_some_and(|profile| !profile.is_default());
            let silent = sent.deliveries.is_empty() && (foreign || sent.id.is_none());
            let nobody = Trouble::unregistered(self.wish.user.as_str());
            return if silent { Ok(()) } else { Err(nobody) };
        }
        let with = |outcome| own.iter().find(|delivery| delivery.outcome == outcome);
        if with(DeliveryOutcome::Received).is_some() {
            return Ok(());
        }
        let reason = |delivery: &Delivery| {
            let reason = delivery.reason.as_deref();
            reason
                .unwrap_or("the push service gave no reason")
                .to_owned()
        };
        match (
            with(DeliveryOutcome::Refused),
            with(DeliveryOutcome::Dropped),
        ) {
            (Some(refused), _) => Err(Trouble::rejected(&reason(refused))),
            (None, Some(dropped)) => Err(Trouble::dropped(&reason(dropped))),
            (None, None) => Ok(()),
        }
    }

    /// The trouble, or push administration where that is behind it: the running services are asked,
    /// who know better than their answer to a push.
    async fn by_administration(&self, trouble: Trouble) -> Trouble {
        if !self.way.own || !trouble.is_refusal() {
            return trouble;
        }
        let until = self.until.max(Instant::now() + LEAST);
        let asked = administer::ask(
            self.settings,
            None,
            Purpose::Look,
            self.report.output(),
            async |rules| {
                let permission = rules.permission(&PermissionRequest::default()).await?;
                Ok((rules.state().await?.in_force, permission))
            },
        );
        let asked = tokio::time::timeout_at(until, asked).await;
        let Ok(Ok((in_force, permission))) = asked else {
            return trouble;
        };
        let service = PushService::from(self.wish.platform);
        let elsewhere = |refusal: &Refusal| refusal.kind == PartnerRefusal::DecidedElsewhere;
        if let Some(refusal) = permission.refusal.filter(|refusal| !elsewhere(refusal)) {
            return Trouble::partner(refusal).said_by("push administration");
        }
        match in_force.service(service) {
            Err(off) => Trouble::service_off(&off).said_by("push administration"),
            Ok(()) => trouble,
        }
    }
}
