//! Writing outcomes, elements in the order that .NET's data contracts need.

use url::Url;

use super::super::markup::{CONNECT, INSTANCE, element, millis};
use super::{COUNTS, NotificationDetails, NotificationOutcome, RegistrationResult};

impl NotificationOutcome {
    /// The XML; `Results` stands there even when it is empty.
    #[must_use]
    pub fn write(&self) -> String {
        let succeeded = self.results.iter().filter(|result| result.ok).count();
        let failed = self.results.len() - succeeded;
        let mut out = format!(r#"<NotificationOutcome xmlns="{CONNECT}" xmlns:i="{INSTANCE}">"#);
        element(&mut out, "Success", &succeeded.to_string());
        element(&mut out, "Failure", &failed.to_string());
        out.push_str("<Results>");
        for result in &self.results {
            push_result(&mut out, result);
        }
        out.push_str("</Results></NotificationOutcome>");
        out
    }
}

fn push_result(out: &mut String, result: &RegistrationResult) {
    out.push_str("<RegistrationResult>");
    element(out, "ApplicationPlatform", result.platform.format_name());
    element(out, "PnsHandle", &result.handle);
    element(out, "RegistrationId", &result.registration);
    element(out, "Outcome", &result.outcome);
    out.push_str("</RegistrationResult>");
}

impl NotificationDetails {
    /// The XML; `at` is the send's URL. Counts stand in the order that .NET's data contracts need,
    /// those that it does not have behind them; a platform without outcomes is left out.
    #[must_use]
    pub fn write(&self, at: &Url) -> String {
        let mut out = format!(r#"<NotificationDetails xmlns="{CONNECT}" xmlns:i="{INSTANCE}">"#);
        element(&mut out, "NotificationId", &self.id);
        element(&mut out, "Location", at.as_str());
        element(&mut out, "State", self.state.as_str());
        element(&mut out, "EnqueueTime", &millis(self.enqueued));
        for (name, time) in [("StartTime", self.started), ("EndTime", self.ended)] {
            if let Some(time) = time {
                element(&mut out, name, &millis(time));
            }
        }
        element(&mut out, "NotificationBody", &self.body);
        if let Some(tags) = &self.tags {
            element(&mut out, "Tags", tags);
        }
        if !self.platforms.is_empty() {
            let names: Vec<&str> = self.platforms.iter().map(|p| p.format_name()).collect();
            element(&mut out, "TargetPlatforms", &names.join(","));
        }
        self.push_counts(&mut out);
        out.push_str("</NotificationDetails>");
        out
    }

    fn push_counts(&self, out: &mut String) {
        for (platform, name) in COUNTS {
            let Some(counts) = self
                .counts
                .get(&platform)
                .filter(|counts| !counts.is_empty())
            else {
                continue;
            };
            out.push_str(&format!("<{name}>"));
            for (outcome, count) in counts {
                out.push_str("<Outcome>");
                element(out, "Name", outcome);
                element(out, "Count", &count.to_string());
                out.push_str("</Outcome>");
            }
            out.push_str(&format!("</{name}>"));
        }
    }
}
