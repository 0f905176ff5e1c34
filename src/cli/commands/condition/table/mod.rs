//! `handset condition table`: what each condition does to a push on each platform, tried out.

mod cases;
mod text;
mod trial;

use serde::Serialize;

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::lab::{Lab, LabError};
use crate::model::Platform;
use crate::wire::app_backend::SendPriority;
use cases::CASES;

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

/// Tries every case on every one of `platforms`, or on all where none is named.
pub(super) async fn run(platforms: &[Platform], output: &Output) -> Result<Exit, Failure> {
    let tried = try_all(platforms, output).await;
    output.progress("");
    let rows = tried.map_err(|error: LabError| Failure::failed(error.to_string()))?;
    if !output.is_json() {
        output.note(text::text(&rows, output));
    }
    Ok(Exit::Done)
}

async fn try_all(platforms: &[Platform], output: &Output) -> Result<Vec<Row>, LabError> {
    let wanted = Platform::ALL.into_iter();
    let wanted: Vec<Platform> = wanted
        .filter(|platform| platforms.is_empty() || platforms.contains(platform))
        .collect();
    let count = wanted.len() * CASES.len();
    let lab = Lab::start().await?;
    let mut rows = Vec::new();
    for platform in wanted {
        for case in &CASES {
            let number = rows.len() + 1;
            let condition = case.name();
            output.progress(&format!("{number} of {count}: {platform}, {condition}"));
            let row = trial::try_out(&lab, platform, case, number).await?;
            if output.is_json() {
                output.progress("");
                output.result(&row, |_| String::new());
            }
            rows.push(row);
        }
    }
    lab.finish().await?;
    Ok(rows)
}
