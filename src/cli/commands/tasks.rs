//! `handset tasks`

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::background::{InstanceRecord, InstanceResult};
use crate::cli::arguments::{Tasks, TasksWish};
use crate::cli::columns::{self, Cell};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control::{self, TasksQuery};
use crate::model::DisplayText;
use crate::settings::Settings;

/// The longest name and the longest reason in the list, in characters.
const LONGEST_NAME: usize = 40;
const LONGEST_REASON: usize = 80;

pub(super) async fn run(
    wish: Tasks,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    match wish.wish {
        Some(TasksWish::Show { id }) => show(id, settings, output).await,
        None => list(wish.limit, settings, output).await,
    }
}

async fn list(limit: usize, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let query = TasksQuery { limit: Some(limit) };
    let records = reach::ask(
        settings,
        async |client| client.tasks(query).await,
        async |device| control::tasks(device, query).await,
    )
    .await?;
    if output.is_json() {
        for record in &records {
            output.result(record, |_| String::new());
        }
    } else if records.is_empty() {
        output.note("no background task has run yet");
    } else {
        let heading = [
            "id", "when", "task", "trigger", "duration", "result", "reason",
        ];
        let rows = records.iter().map(row).collect();
        output.note(columns::table(heading, rows, output));
    }
    Ok(Exit::Done)
}

fn row(record: &InstanceRecord) -> [Cell; 7] {
    [
        Cell::new(record.id.to_string()),
        Cell::painted(local(record.started_at), Output::dim),
        Cell::new(DisplayText::excerpt(&record.task, LONGEST_NAME)),
        Cell::new(record.trigger.clone()),
        Cell::new(duration(record)),
        result(record),
        Cell::new(DisplayText::excerpt(&why(record), LONGEST_REASON)),
    ]
}

/// The reason of the end, and what the push came to.
fn why(record: &InstanceRecord) -> String {
    let parts = [&record.reason, &record.outcome, &record.error];
    let said: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    said.join(", ")
}

fn result(record: &InstanceRecord) -> Cell {
    let paint: fn(&Output, &str) -> String = match record.result {
        InstanceResult::Completed => Output::good,
        InstanceResult::Running => Output::bold,
        InstanceResult::Canceled | InstanceResult::Failed | InstanceResult::Interrupted => {
            Output::bad
        }
    };
    Cell::painted(record.result.as_str(), paint)
}

fn local(time: Timestamp) -> String {
    let zoned = time.to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn duration(record: &InstanceRecord) -> String {
    match record.duration_ms {
        None => "-".to_owned(),
        Some(milliseconds @ ..1000) => format!("{milliseconds} ms"),
        Some(longer) => format!("{}.{} s", longer / 1000, longer % 1000 / 100),
    }
}

async fn show(id: u64, settings: &Settings, output: &Output) -> Result<Exit, Failure> {
    let record = reach::ask(
        settings,
        async |client| client.task(id).await,
        async |device| control::task(device, id).await,
    )
    .await?;
    output.result(&record, |output| details(&record, output));
    Ok(Exit::Done)
}

fn details(record: &InstanceRecord, output: &Output) -> String {
    let or_none = |text: &Option<String>| {
        text.as_deref().map_or_else(
            || "-".to_owned(),
            |text| DisplayText::excerpt(text, usize::MAX),
        )
    };
    let times = |count: u32| match count {
        1 => "once".to_owned(),
        many => format!("{many} times"),
    };
    let mark = match record.result {
        InstanceResult::Completed => output.good(record.result.as_str()),
        InstanceResult::Running => output.bold(record.result.as_str()),
        InstanceResult::Canceled | InstanceResult::Failed | InstanceResult::Interrupted => {
            output.bad(record.result.as_str())
        }
    };
    let progress = record.progress.map(|percent| format!("{percent} %"));
    let rows = [
        ("instance", record.id.to_string()),
        ("task", DisplayText::excerpt(&record.task, usize::MAX)),
        ("trigger", record.trigger.clone()),
        ("message", or_none(&record.message)),
        ("started", local(record.started_at)),
        (
            "ended",
            record.ended_at.map_or_else(|| "-".to_owned(), local),
        ),
        ("duration", duration(record)),
        ("result", mark),
        ("reason", or_none(&record.reason)),
        ("outcome", or_none(&record.outcome)),
        ("progress", progress.unwrap_or_else(|| "-".to_owned())),
        ("suspended", times(record.suspended_count)),
        ("throttled", times(record.throttle_count)),
        ("error", or_none(&record.error)),
    ];
    columns::fields(&rows, output)
}
