//! Which operation a method and a path ask for. Words of a path are read in any case, and a slash at
//! its end does not count.

use axum::http::Method;
use percent_encoding::percent_decode_str;

/// The most parts that the path of any operation has, the hub's name included.
const MOST_SEGMENTS: usize = 4;

/// What is asked for. Ids and tags stand as they came, percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    CreateRegistrationId,
    CreateRegistration,
    PutRegistration(String),
    ReadRegistration(String),
    DeleteRegistration(String),
    ListRegistrations,
    ListByTag(String),
    PutInstallation(String),
    ReadInstallation(String),
    PatchInstallation(String),
    DeleteInstallation(String),
    Send,
    SendBatch,
    ReadTelemetry(String),
    Schedule,
    Cancel(String),
    FeedbackContainer,
    Jobs,
}

/// Nothing is done by this method and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoOperation {
    Path,
    /// The path takes other methods: these.
    Method(&'static str),
}

/// The parts of a path, percent-decoded; none where it has more than any operation.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let all = path.split('/').map(|segment| {
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        decoded.into_owned()
    });
    let all: Vec<String> = all.take(MOST_SEGMENTS + 1).collect();
    (all.len() <= MOST_SEGMENTS).then_some(all)
}

impl Operation {
    /// The operation of `method` on the parts of a path behind the hub's name. A path with directions
    /// (`.`, `..`) is none: whoever resolves them means another (RFC 3986 §6.2.2.3).
    pub(super) fn find(method: &Method, below: &[String]) -> Result<Self, NoOperation> {
        let below: Vec<&str> = below.iter().map(String::as_str).collect();
        if below.iter().any(|part| matches!(*part, "." | "..")) {
            return Err(NoOperation::Path);
        }
        let (first, rest) = below.split_first().ok_or(NoOperation::Path)?;
        let word = first.to_ascii_lowercase();
        match (word.as_str(), rest) {
            ("registrationids", []) => {
                one(method, &Method::POST, "POST", Self::CreateRegistrationId)
            }
            ("registrations", []) => match *method {
                Method::POST => Ok(Self::CreateRegistration),
                Method::GET => Ok(Self::ListRegistrations),
                _ => Err(NoOperation::Method("GET, POST")),
            },
            ("registrations", [id]) => registration(method, (*id).to_owned()),
            ("tags", [tag, list]) if list.eq_ignore_ascii_case("registrations") => {
                let operation = Self::ListByTag((*tag).to_owned());
                one(method, &Method::GET, "GET", operation)
            }
            ("installations", [id]) => installation(method, (*id).to_owned()),
            ("messages", []) => one(method, &Method::POST, "POST", Self::Send),
            ("messages", [batch]) if batch.eq_ignore_ascii_case("$batch") => {
                one(method, &Method::POST, "POST", Self::SendBatch)
            }
            ("messages", [id]) => {
                let operation = Self::ReadTelemetry((*id).to_owned());
                one(method, &Method::GET, "GET", operation)
            }
            ("schedulednotifications", []) => one(method, &Method::POST, "POST", Self::Schedule),
            ("schedulednotifications", [id]) => {
                let operation = Self::Cancel((*id).to_owned());
                one(method, &Method::DELETE, "DELETE", operation)
            }
            ("feedbackcontainer", []) => one(method, &Method::GET, "GET", Self::FeedbackContainer),
            ("jobs", [] | [_]) => Ok(Self::Jobs),
            _ => Err(NoOperation::Path),
        }
    }

    /// True where the body of a request says something.
    pub(super) fn takes_body(&self) -> bool {
        matches!(
            self,
            Self::CreateRegistration
                | Self::PutRegistration(_)
                | Self::PutInstallation(_)
                | Self::PatchInstallation(_)
                | Self::Send
                | Self::SendBatch
                | Self::Schedule
        )
    }

    /// Its name in the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::CreateRegistrationId => "create registration id",
            Self::CreateRegistration => "create registration",
            Self::PutRegistration(_) => "put registration",
            Self::ReadRegistration(_) => "read registration",
            Self::DeleteRegistration(_) => "delete registration",
            Self::ListRegistrations => "list registrations",
            Self::ListByTag(_) => "list registrations by tag",
            Self::PutInstallation(_) => "put installation",
            Self::ReadInstallation(_) => "read installation",
            Self::PatchInstallation(_) => "patch installation",
            Self::DeleteInstallation(_) => "delete installation",
            Self::Send => "send",
            Self::SendBatch => "send batch",
            Self::ReadTelemetry(_) => "read telemetry",
            Self::Schedule => "schedule",
            Self::Cancel(_) => "cancel",
            Self::FeedbackContainer => "feedback container",
            Self::Jobs => "jobs",
        }
    }
}

fn one(
    method: &Method,
    taken: &Method,
    allow: &'static str,
    operation: Operation,
) -> Result<Operation, NoOperation> {
    if method == taken {
        Ok(operation)
    } else {
        Err(NoOperation::Method(allow))
    }
}

fn registration(method: &Method, id: String) -> Result<Operation, NoOperation> {
    match *method {
        Method::PUT => Ok(Operation::PutRegistration(id)),
        Method::GET => Ok(Operation::ReadRegistration(id)),
        Method::DELETE => Ok(Operation::DeleteRegistration(id)),
        _ => Err(NoOperation::Method("GET, PUT, DELETE")),
    }
}

fn installation(method: &Method, id: String) -> Result<Operation, NoOperation> {
    match *method {
        Method::PUT => Ok(Operation::PutInstallation(id)),
        Method::GET => Ok(Operation::ReadInstallation(id)),
        Method::PATCH => Ok(Operation::PatchInstallation(id)),
        Method::DELETE => Ok(Operation::DeleteInstallation(id)),
        _ => Err(NoOperation::Method("GET, PUT, PATCH, DELETE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &Method, path: &str) -> Result<Operation, NoOperation> {
        let all = segments(path).unwrap();
        assert_eq!(all[0], "hub", "{path}");
        Operation::find(method, &all[1..])
    }

    fn id() -> String {
        "a-1".to_owned()
    }

    fn all_are_found(all: Vec<(Method, &str, Operation)>) {
        for (method, path, operation) in all {
            let path = format!("/hub/{path}");
            assert_eq!(found(&method, &path).as_ref(), Ok(&operation), "{path}");
            assert_eq!(found(&method, &format!("{path}/")), Ok(operation), "{path}");
        }
    }

    #[test]
    fn operations_on_devices_are_found_in_any_case_and_with_a_slash_behind_them() {
        use Operation::*;
        all_are_found(vec![
            (Method::POST, "registrationIDs", CreateRegistrationId),
            (Method::POST, "registrations", CreateRegistration),
            (Method::GET, "Registrations", ListRegistrations),
            (Method::PUT, "registrations/a-1", PutRegistration(id())),
            (Method::GET, "registrations/a%2D1", ReadRegistration(id())),
            (
                Method::DELETE,
                "registrations/a-1",
                DeleteRegistration(id()),
            ),
            (Method::GET, "tags/a-1/Registrations", ListByTag(id())),
            (Method::PUT, "installations/a-1", PutInstallation(id())),
            (Method::GET, "installations/a-1", ReadInstallation(id())),
            (Method::PATCH, "installations/a-1", PatchInstallation(id())),
            (
                Method::DELETE,
                "installations/a-1",
                DeleteInstallation(id()),
            ),
        ]);
    }

    #[test]
    fn operations_on_messages_are_found_in_any_case_and_with_a_slash_behind_them() {
        use Operation::*;
        all_are_found(vec![
            (Method::POST, "Messages", Send),
            (Method::POST, "messages/$batch", SendBatch),
            (Method::POST, "messages/%24Batch", SendBatch),
            (Method::GET, "messages/a-1", ReadTelemetry(id())),
            (Method::POST, "schedulednotifications", Schedule),
            (Method::DELETE, "scheduledNotifications/a-1", Cancel(id())),
            (Method::GET, "feedbackcontainer", FeedbackContainer),
            (Method::POST, "jobs", Jobs),
            (Method::GET, "jobs/a-1", Jobs),
        ]);
    }

    #[test]
    fn what_is_no_operation_says_what_is_wrong() {
        for path in [
            "/hub",
            "/hub/",
            "/hub/x",
            "/hub/registrationids/1",
            "/hub/tags/a",
            "/hub//",
            "/hub/tags/./registrations",
            "/hub/tags/%2e/registrations",
            "/hub/registrations/..",
            "/hub/registrations/../messages",
        ] {
            assert_eq!(found(&Method::GET, path), Err(NoOperation::Path), "{path}");
        }
        for (method, path, allow) in [
            (Method::GET, "/hub/registrationids", "POST"),
            (Method::PATCH, "/hub/registrations/1", "GET, PUT, DELETE"),
            (Method::DELETE, "/hub/messages/1", "GET"),
            (
                Method::HEAD,
                "/hub/installations/1",
                "GET, PUT, PATCH, DELETE",
            ),
        ] {
            assert_eq!(found(&method, path), Err(NoOperation::Method(allow)));
        }
        assert_eq!(segments("/hub/tags/a/registrations/b"), None);
        assert_eq!(segments(&"/a".repeat(30_000)), None);
        // A slash that is encoded stays in its part.
        let hidden = found(&Method::GET, "/hub/registrations/a%2f..%2fb");
        assert_eq!(hidden, Ok(Operation::ReadRegistration("a/../b".to_owned())));
    }
}
