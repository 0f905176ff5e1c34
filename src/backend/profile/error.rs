//! What can be wrong with a profile.

/// A backend profile that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{origin} is no backend profile: {problem}; `handset backend-profile` prints one to start from"
)]
pub struct BackendProfileError {
    /// The file.
    pub origin: String,
    /// What is wrong, and in which line.
    pub problem: String,
}
