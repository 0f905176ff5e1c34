//! `handset doctor`

mod checks;
mod environment;

use serde::Serialize;

use crate::cli::arguments::Doctor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::reach;
use crate::control;
use crate::device::{Profile, Status};
use crate::settings::Settings;

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// All is well.
    Ok,
    /// The phone works, but something is missing.
    Warning,
    /// The phone does not work like this.
    Failed,
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    /// What was found.
    finding: String,
    /// What to do about it, where the finding does not say so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, finding: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Ok,
            finding: finding.into(),
            remedy: None,
        }
    }

    /// An error of handset's own, whose text says what to do.
    fn error(check: &'static str, verdict: Verdict, error: impl std::fmt::Display) -> Self {
        Self {
            check,
            verdict,
            finding: error.to_string(),
            remedy: None,
        }
    }

    fn bad(
        check: &'static str,
        verdict: Verdict,
        finding: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            check,
            verdict,
            finding: finding.into(),
            remedy: Some(remedy.into()),
        }
    }
}

/// What the checks go by.
struct Patient {
    profile: Profile,
    status: Status,
    on: bool,
}

pub(super) async fn run(
    wish: Doctor,
    settings: &Settings,
    output: &Output,
) -> Result<Exit, Failure> {
    let patient = examine(settings).await?;
    let backend = wish
        .backend
        .or_else(|| {
            patient
                .profile
                .account
                .as_ref()
                .map(|account| account.backend.clone())
        })
        .or_else(|| settings.file.backend.clone());
    let push = wish.push.or_else(|| patient.profile.push.clone());
    let (keyring, daemon, (backend_found, clock), channel, environment) = tokio::join!(
        checks::keyring(&patient, settings),
        checks::daemon(),
        checks::backend(&patient, backend.as_ref(), settings),
        checks::channel(&patient, backend.as_ref(), push),
        environment::check(settings),
    );
    let mut findings = vec![keyring, daemon, backend_found, channel, clock];
    findings.extend(checks::backend_profile(&patient));
    findings.extend(environment);
    let failed = findings
        .iter()
        .any(|finding| finding.verdict == Verdict::Failed);
    if output.is_json() {
        output.result(
            &serde_json::json!({"ok": !failed, "findings": findings}),
            |_| String::new(),
        );
    } else {
        let lines: Vec<String> = findings
            .iter()
            .map(|finding| text(finding, output))
            .collect();
        output.note(lines.join("\n"));
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

async fn examine(settings: &Settings) -> Result<Patient, Failure> {
    reach::ask(
        settings,
        async |client| {
            let (profile, status) = (client.profile().await?, client.status().await?);
            Ok(Patient {
                profile,
                status,
                on: true,
            })
        },
        async |device| {
            Ok(Patient {
                profile: control::profile(device),
                status: control::status(device).await,
                on: false,
            })
        },
    )
    .await
}

fn text(finding: &Finding, output: &Output) -> String {
    let mark = match finding.verdict {
        Verdict::Ok => output.good("ok     "),
        Verdict::Warning => output.bold("warning"),
        Verdict::Failed => output.bad("failed "),
    };
    let line = format!("{mark}  {:<20}  {}", finding.check, finding.finding);
    match &finding.remedy {
        Some(remedy) => format!("{line}\n{:31}{}", "", output.dim(&format!("→ {remedy}"))),
        None => line,
    }
}
