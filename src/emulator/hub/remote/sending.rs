//! Sends to a hub elsewhere: one a platform, all at once.

use futures_util::future::join_all;
use reqwest::Method;

use crate::emulator::hub::{Content, HubError};
use crate::model::TagExpression;
use crate::wire::app_backend::{Delivery, DeliveryOutcome};
use crate::wire::notification_hub::{self as hub, Format, HubPlatform};

use super::RemoteHub;
use super::exchange::{Answer, Request};
use super::problem::Problem;

/// The longest id of a send that is told.
const MAX_ID: usize = 256;

/// What became of one form.
enum Outcome {
    Taken(Answer),
    /// Its push service is off, here or at the hub.
    Off(String),
    Failed(Problem),
}

impl Outcome {
    fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Failed(problem) => Some(problem),
            Self::Taken(_) | Self::Off(_) => None,
        }
    }
}

impl RemoteHub {
    /// Sends each form whose push service is on. Where the hub took some of them, the others are told
    /// as refused; where it took none, that is an error.
    pub(super) async fn send_all(
        &self,
        to: TagExpression,
        forms: Vec<Content>,
    ) -> Result<Vec<Delivery>, HubError> {
        let tags = to.to_string();
        let outcomes = join_all(forms.iter().map(|form| self.send_form(&tags, form))).await;
        let asked = |outcome: &Outcome| !matches!(outcome, Outcome::Off(_));
        let taken = |outcome: &Outcome| matches!(outcome, Outcome::Taken(_));
        let none_taken = outcomes.iter().any(asked) && !outcomes.iter().any(taken);
        if none_taken {
            let problems = outcomes.iter().filter_map(Outcome::problem);
            // Where one of them may have been sent, that is what the sender has to know.
            let first = problems.clone().next();
            let told = problems.clone().find(|problem| problem.is_in_doubt());
            if let Some(problem) = told.or(first) {
                return Err(self.error(problem.clone()));
            }
        }
        let told = forms.iter().zip(outcomes);
        Ok(told
            .map(|(form, outcome)| self.delivery(form.format, outcome))
            .collect())
    }

    async fn send_form(&self, tags: &str, form: &Content) -> Outcome {
        if let Some(platform) = native(form.format).and_then(HubPlatform::embedded)
            && let Err(off) = self.policy.service(platform)
        {
            return Outcome::Off(off.to_string());
        }
        let mut headers = vec![
            (hub::FORMAT, form.format.name().to_owned()),
            (hub::TAGS, tags.to_owned()),
            (hub::DOMAIN, self.domain.clone()),
        ];
        let proxy = self.policy.proxy();
        headers.extend(proxy.map(|proxy| (hub::PROXY, proxy.to_string())));
        let own = form.headers.iter();
        headers.extend(own.map(|(name, value)| (name.as_str(), value.clone())));
        let body = String::from_utf8_lossy(&form.body);
        let request = Request {
            method: Method::POST,
            path: &["messages", ""],
            content_type: Some(content_type(form)),
            headers,
            body: form.body.clone(),
            private: vec![&body],
            ..Request::default()
        };
        match self.link.ask(&request).await {
            Ok(answer) => Outcome::Taken(answer),
            Err(Problem::ServiceOff(reason)) => {
                Outcome::Off(format!("at the hub {}: {reason}", self.host))
            }
            Err(problem) => Outcome::Failed(problem),
        }
    }

    fn delivery(&self, format: Format, outcome: Outcome) -> Delivery {
        let platform = match native(format) {
            Some(platform) => platform
                .embedded()
                .map_or_else(|| platform.format_name(), |platform| platform.as_str()),
            None => format.name(),
        };
        match outcome {
            Outcome::Taken(answer) => Delivery {
                platform: platform.to_owned(),
                outcome: DeliveryOutcome::Enqueued,
                message: answer.location.as_deref().and_then(id),
                reason: None,
            },
            Outcome::Off(reason) => Delivery::refused(platform, reason),
            Outcome::Failed(problem) => {
                Delivery::refused(platform, self.error(problem).to_string())
            }
        }
    }
}

fn native(format: Format) -> Option<HubPlatform> {
    match format {
        Format::Native(platform) => Some(platform),
        Format::Template => None,
    }
}

/// The type of a form as Azure's SDKs send it.
fn content_type(form: &Content) -> &str {
    match form.content_type.as_deref() {
        // What WNS itself takes as text/xml.
        Some("text/xml") => "application/xml",
        Some(content_type) => content_type,
        None if form.body.starts_with(b"{") => "application/json;charset=utf-8",
        None => "text/plain;charset=utf-8",
    }
}

/// The id of a send in its `Location`: `…/messages/{id}?api-version=…`.
fn id(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?;
    let (_, id) = path.rsplit_once("/messages/")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    let good = !id.is_empty() && id.len() <= MAX_ID && id.chars().all(fits);
    good.then(|| id.to_owned())
}
