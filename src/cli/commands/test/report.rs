//! What was checked, line by line.

use std::time::Duration;

use serde::Serialize;

use super::trouble::Trouble;
use crate::cli::columns::{self, Cell};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::model::DisplayText;

/// The longest target that is shown, in characters.
const LONGEST_TARGET: usize = 60;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Success,
    Failure,
    /// It could not be tried, as one before it failed.
    Skipped,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Failure => "Failure",
            Self::Skipped => "Skipped",
        }
    }
}

/// One line: what `TaskOutput` says in Lync Server, and the name of the check.
#[derive(Debug, Serialize)]
struct Row {
    check: &'static str,
    target: String,
    result: Verdict,
    latency_ms: Option<f64>,
    error: Option<&'static str>,
    diagnosis: Option<Diagnosis>,
}

#[derive(Debug, Serialize)]
struct Diagnosis {
    error_code: &'static str,
    source: String,
    reason: String,
}

/// The lines as they come: printed at once for programs, as a table at the end for people.
pub(super) struct Report<'a> {
    output: &'a Output,
    rows: Vec<Row>,
}

impl<'a> Report<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self {
            output,
            rows: Vec::new(),
        }
    }

    /// Where it is printed.
    pub(super) fn output(&self) -> &'a Output {
        self.output
    }

    /// A check that went well.
    pub(super) fn good(&mut self, check: &'static str, target: &str, latency: Duration) {
        self.add(check, target, Verdict::Success, Some(latency), None);
    }

    /// A check that did not.
    pub(super) fn bad(
        &mut self,
        check: &'static str,
        target: &str,
        latency: Duration,
        trouble: Trouble,
    ) {
        let verdict = Verdict::Failure;
        self.add(check, target, verdict, Some(latency), Some(trouble));
    }

    /// A check that could not be tried.
    pub(super) fn skipped(&mut self, check: &'static str, target: &str) {
        self.add(check, target, Verdict::Skipped, None, None);
    }

    fn add(
        &mut self,
        check: &'static str,
        target: &str,
        result: Verdict,
        latency: Option<Duration>,
        trouble: Option<Trouble>,
    ) {
        let target = DisplayText::excerpt(target, LONGEST_TARGET);
        let row = Row {
            check,
            result,
            // Less than a tenth of a millisecond is no more than noise.
            latency_ms: latency.map(|latency| (latency.as_secs_f64() * 10_000.0).round() / 10.0),
            error: trouble.as_ref().map(|trouble| trouble.error),
            diagnosis: trouble.map(|trouble| Diagnosis {
                error_code: trouble.code,
                source: trouble.source.unwrap_or_else(|| target.clone()),
                reason: DisplayText::excerpt(&trouble.reason, DisplayText::MAX_CHARS),
            }),
            target,
        };
        if self.output.is_json() {
            self.output.result(&row, |_| String::new());
        } else {
            self.output
                .progress(&format!("{}: {}", row.check, row.result.as_str()));
        }
        self.rows.push(row);
    }

    /// Prints the table, and says whether all went well.
    pub(super) fn finish(self) -> Exit {
        let failed = self.rows.iter().any(|row| row.result == Verdict::Failure);
        if !self.output.is_json() {
            self.output.progress("");
            let heading = ["Check", "Target", "Result", "Latency", "Error", "Diagnosis"];
            let rows = self.rows.iter().map(cells).collect();
            self.output.note(columns::table(heading, rows, self.output));
        }
        if failed { Exit::Failed } else { Exit::Done }
    }
}

fn cells(row: &Row) -> [Cell; 6] {
    let paint: fn(&Output, &str) -> String = match row.result {
        Verdict::Success => Output::good,
        Verdict::Failure => Output::bad,
        Verdict::Skipped => Output::dim,
    };
    let latency = row.latency_ms.map(|latency| format!("{latency:.1} ms"));
    let diagnosis = row.diagnosis.as_ref().map(|diagnosis| {
        let Diagnosis {
            error_code,
            source,
            reason,
        } = diagnosis;
        format!("ErrorCode={error_code}, Source={source}, Reason={reason}")
    });
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        Cell::new(row.check),
        Cell::new(row.target.clone()),
        Cell::painted(row.result.as_str(), paint),
        Cell::new(or_dash(latency)),
        Cell::new(or_dash(row.error.map(str::to_owned))),
        Cell::new(or_dash(diagnosis)),
    ]
}
