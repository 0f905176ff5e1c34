//! `handset errors`

use url::Url;

use super::env::running;
use crate::cli::arguments::Errors;
use crate::cli::columns::{self, Cell};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::emulator::{ErrorOnDemand, errors_on_demand};
use crate::settings::Settings;

pub(super) async fn run(
    wish: &Errors,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let base = running(settings).await;
    let base = base.and_then(|file| Url::parse(&file.http).ok());
    let mut all = errors_on_demand(base.as_ref());
    all.retain(|one| {
        wish.platform
            .is_none_or(|platform| platform == one.platform)
    });
    if output.is_json() {
        for one in &all {
            output.result(one, |_| String::new());
        }
        return Ok(Exit::Done);
    }
    let heading = ["platform", "error", "status", "retry after", "handle"];
    let rows = all.iter().map(row).collect();
    output.result(&all, |output| columns::table(heading, rows, output));
    Ok(Exit::Done)
}

fn row(one: &ErrorOnDemand) -> [Cell; 5] {
    let retry_after = one.retry_after.map(|seconds| format!("{seconds} s"));
    [
        Cell::new(one.platform.as_str()),
        Cell::new(one.error.clone()),
        Cell::new(one.status.to_string()),
        Cell::painted(retry_after.unwrap_or_else(|| "-".to_owned()), Output::dim),
        Cell::new(one.handle.clone()),
    ]
}
