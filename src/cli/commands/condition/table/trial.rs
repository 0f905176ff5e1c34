//! Trying a case: the conditions set, the pushes sent, and what became of them.

use std::time::Duration;

use super::cases::Case;
use super::{Row, Told};
use crate::backend::SentPush;
use crate::emulator::TraceStep;
use crate::lab::{Fate, Lab, LabError, Phone};
use crate::model::{Conditions, Platform};
use crate::wire::app_backend::DeliveryOutcome;

/// How long a push may take to come to rest.
const REST: Duration = Duration::from_secs(10);

/// Tries a case on a phone of its own.
pub(super) async fn try_out(
    lab: &Lab,
    platform: Platform,
    case: &Case,
    number: usize,
) -> Result<Row, LabError> {
    let user = format!("case{number}");
    let phone = lab
        .device(user.as_str())
        .user(user.as_str())
        .platform(platform)
        .start()
        .await?;
    phone.set(case.conditions).await?;
    let offline = case.conditions.contains(&"network=offline");
    if offline {
        phone.closed(REST).await?;
    }
    let mut sent = Vec::new();
    for priority in case.pushes {
        let push = lab
            .backend()
            .send_with_priority(&user, "secret", *priority)
            .await?;
        sent.push((*priority, push));
    }
    if let Some((_, last)) = sent.last().filter(|_| !offline) {
        // What comes last decides on what waits before it.
        rest(lab, &phone, last, Fate::is_settled).await?;
    }
    let mut told = Vec::new();
    for (priority, push) in &sent {
        let under = match offline {
            true => at_service(lab, push).unwrap_or_else(|| "kept by the service".to_owned()),
            false => rest(lab, &phone, push, Fate::is_settled).await?,
        };
        told.push(Told {
            priority: *priority,
            sender: answer(push),
            under,
            after: String::new(),
        });
    }
    over(&phone).await?;
    for (told, (_, push)) in told.iter_mut().zip(&sent) {
        told.after = rest(lab, &phone, push, Fate::is_final).await?;
    }
    phone.turn_off().await;
    Ok(Row {
        platform,
        condition: case.name(),
        pushes: told,
    })
}

/// Every condition is as usual, and nothing is counted: what still waits is let go.
async fn over(phone: &Phone) -> Result<(), LabError> {
    let usual = Conditions::default().states();
    let usual: Vec<String> = usual
        .into_iter()
        .filter(|(name, _)| *name != "throttle")
        .map(|(name, state)| format!("{name}={state}"))
        .chain(["throttle=off".to_owned()])
        .collect();
    let usual: Vec<&str> = usual.iter().map(String::as_str).collect();
    phone.set(&usual).await.map(drop)
}

/// Where a push stands as soon as `wanted` takes it.
async fn rest(
    lab: &Lab,
    phone: &Phone,
    push: &SentPush,
    wanted: fn(&Fate) -> bool,
) -> Result<String, LabError> {
    match (at_service(lab, push), &push.id) {
        (Some(end), _) => Ok(end),
        (None, Some(id)) => Ok(phone.fate_when(id, REST, wanted).await?.to_string()),
        (None, None) => Ok(Fate::NotArrived.to_string()),
    }
}

/// Where a push ended that did not get past its push service.
fn at_service(lab: &Lab, push: &SentPush) -> Option<String> {
    let delivery = push.deliveries.first()?;
    if delivery.outcome != DeliveryOutcome::Received {
        let answer = answer(push);
        return Some(format!("{answer} by the service"));
    }
    let steps = lab.services().trace().of(delivery.message.as_deref()?);
    match steps.last()?.step {
        TraceStep::Dropped(rule) => Some(format!("dropped by the service: {}", rule.as_str())),
        TraceStep::Received
        | TraceStep::Refused
        | TraceStep::Delivered
        | TraceStep::Acknowledged(_) => None,
    }
}

fn outcome(push: &SentPush) -> Option<DeliveryOutcome> {
    push.deliveries.first().map(|delivery| delivery.outcome)
}

fn answer(push: &SentPush) -> String {
    outcome(push)
        .map_or("nobody", DeliveryOutcome::as_str)
        .to_owned()
}
