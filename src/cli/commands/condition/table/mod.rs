//! `handset condition table`: what each condition does to a push on each platform, tried out.

use std::time::Duration;

use serde::Serialize;

use crate::backend::SentPush;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::emulator::TraceStep;
use crate::lab::{Fate, Lab, LabError, Phone};
use crate::model::Platform;
use crate::wire::app_backend::{DeliveryOutcome, SendPriority};

/// How long a push may take to come to rest.
const REST: Duration = Duration::from_secs(10);

/// What is sent to a phone under a condition.
struct Case {
    /// The conditions, none for a phone as it usually is.
    conditions: &'static [&'static str],
    /// The pushes, in order.
    pushes: &'static [SendPriority],
}

const NORMAL: SendPriority = SendPriority::Normal;
const HIGH: SendPriority = SendPriority::High;

const fn under(conditions: &'static [&'static str]) -> Case {
    Case {
        conditions,
        pushes: &[NORMAL, NORMAL, HIGH],
    }
}

const CASES: [Case; 15] = [
    under(&[]),
    under(&["network=offline"]),
    under(&["network=metered"]),
    under(&["screen=locked"]),
    under(&["battery_saver=on"]),
    under(&["battery_saver=on", "background_access=always_allowed"]),
    under(&["doze=on"]),
    under(&["dnd=on"]),
    under(&["quiet_hours=on"]),
    under(&["app=foreground"]),
    under(&["app=not_running"]),
    under(&["app=force_quit"]),
    under(&["background_access=denied_by_user"]),
    Case {
        conditions: &["throttle=on"],
        pushes: &[NORMAL; 5],
    },
    Case {
        conditions: &["throttle=off"],
        pushes: &[NORMAL; 5],
    },
];

/// A line of the table.
#[derive(Debug, Serialize)]
struct Row {
    platform: Platform,
    condition: String,
    pushes: Vec<Told>,
}

/// What was told of one push.
#[derive(Debug, Serialize)]
struct Told {
    priority: SendPriority,
    /// What the push service answered its sender.
    sender: String,
    /// Where it stood under the condition.
    under: String,
    /// Where it stood once the condition was over.
    after: String,
}

/// Tries every case on a phone of its own.
pub(super) async fn run(output: &Output) -> Result<Exit, Failure> {
    let lab = Lab::start().await.map_err(failed)?;
    let mut rows = Vec::new();
    for platform in Platform::ALL {
        for case in &CASES {
            let row = try_out(&lab, platform, case, rows.len())
                .await
                .map_err(failed)?;
            if output.is_json() {
                output.result(&row, |_| String::new());
            }
            rows.push(row);
        }
    }
    lab.finish().await.map_err(failed)?;
    if !output.is_json() {
        output.note(text(&rows, output));
    }
    Ok(Exit::Done)
}

fn failed(error: LabError) -> Failure {
    Failure::failed(error.to_string())
}

async fn try_out(
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
        condition: match case.conditions {
            [] => "as usual".to_owned(),
            conditions => conditions.join(" "),
        },
        pushes: told,
    })
}

/// Every condition is as usual, and nothing is counted: what still waits is let go.
async fn over(phone: &Phone) -> Result<(), LabError> {
    let usual = crate::model::Conditions::default().states();
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
    match outcome(push) {
        Some(DeliveryOutcome::Received) => "received",
        Some(DeliveryOutcome::Dropped) => "dropped",
        Some(DeliveryOutcome::Refused) => "refused",
        None => "nobody",
    }
    .to_owned()
}

/// The table for people, in Markdown: pushes that fared alike stand in one line.
fn text(rows: &[Row], output: &Output) -> String {
    let mut cells = vec![
        [
            "platform",
            "condition",
            "push",
            "answer",
            "under it",
            "after it",
        ]
        .map(str::to_owned),
    ];
    for row in rows {
        let (mut platform, mut condition) = (row.platform.to_string(), row.condition.clone());
        for (pushes, told) in alike(&row.pushes) {
            cells.push([
                std::mem::take(&mut platform),
                std::mem::take(&mut condition),
                pushes,
                told.sender.clone(),
                told.under.clone(),
                told.after.clone(),
            ]);
        }
    }
    aligned(&cells, output)
}

/// Neighbours that fared alike, as `2 normal, 1 high`.
fn alike(pushes: &[Told]) -> Vec<(String, &Told)> {
    let same = |one: &Told, other: &Told| {
        (&one.sender, &one.under, &one.after) == (&other.sender, &other.under, &other.after)
    };
    let named = |group: &[Told]| {
        let kinds = group.chunk_by(|one, other| one.priority == other.priority);
        let kinds = kinds.filter_map(|kind| {
            let priority = kind.first()?.priority.as_str();
            Some(format!("{} {priority}", kind.len()))
        });
        kinds.collect::<Vec<_>>().join(", ")
    };
    pushes
        .chunk_by(same)
        .filter_map(|group| Some((named(group), group.first()?)))
        .collect()
}

fn aligned(cells: &[[String; 6]], output: &Output) -> String {
    let width = |column: usize| {
        let widths = cells.iter().filter_map(|row| row.get(column));
        widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let line = |row: &[String; 6]| {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("| {} |", padded.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut lines: Vec<String> = cells.iter().map(line).collect();
    if let Some(head) = lines.first_mut() {
        *head = output.bold(head);
    }
    lines.insert(1, format!("| {} |", rule.join(" | ")));
    lines.join("\n")
}
