//! What can go wrong in a lab.

use std::time::Duration;

use crate::backend::BackendError;
use crate::device::DeviceError;
use crate::emulator::EmulatorError;
use crate::model::Invalid;

/// A lab could not do, or did not see, what a test asked for.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The embedded services could not be started or asked.
    #[error(transparent)]
    Services(#[from] EmulatorError),
    /// A phone could not do what it was asked.
    #[error(transparent)]
    Device(Box<DeviceError>),
    /// The backend refused a call of the test's.
    #[error(transparent)]
    Backend(Box<BackendError>),
    /// A value is unusable.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The lab's temporary folder could not be made or removed.
    #[error("the lab's temporary folder cannot be made or removed: {0}; look at TMPDIR")]
    Home(String),
    /// A phone of that name is in the lab already.
    #[error(
        "the lab has a phone {0} already: take another name, or switch it on again with Lab::resume"
    )]
    NameTaken(String),
    /// No phone of that name was ever started.
    #[error("the lab has no phone {0}: start it with Lab::device")]
    UnknownPhone(String),
    /// The phone was killed or switched off.
    #[error("the phone {0} is off: switch it on again with Lab::resume")]
    PhoneIsOff(String),
    /// No toast came.
    #[error("no toast on {phone} within {} s; what happened there last:\n{story}", .limit.as_secs_f32())]
    NoToast {
        /// The phone.
        phone: String,
        /// How long it was waited for.
        limit: Duration,
        /// The phone's latest events, one a line, without the text of any toast.
        story: String,
    },
    /// Something else did not happen.
    #[error("{what} did not happen on {phone} within {} s; what happened there last:\n{story}", .limit.as_secs_f32())]
    NoEvent {
        /// What was waited for.
        what: String,
        /// The phone.
        phone: String,
        /// How long it was waited for.
        limit: Duration,
        /// The phone's latest events, one a line, without the text of any toast.
        story: String,
    },
    /// A push service answered *received*, and no phone acknowledged it.
    #[error(
        "{} pushes were received and not acknowledged: {}; look at Services::trace, and resume phones that are off before Lab::finish",
        .0.len(), .0.join(", ")
    )]
    LostPushes(Vec<String>),
    /// A phone has not come to the end of what it took.
    #[error(
        "{phone} has {waiting} pushes that are neither shown nor dropped; what happened there last:\n{story}"
    )]
    UnfinishedPushes {
        /// The phone.
        phone: String,
        /// How many.
        waiting: usize,
        /// The phone's latest events, one a line, without the text of any toast.
        story: String,
    },
    /// Something did not stop.
    #[error("{0} tasks did not end when the lab was finished: each shows in the log with its name")]
    LeakedTasks(usize),
}

impl From<DeviceError> for LabError {
    fn from(error: DeviceError) -> Self {
        Self::Device(Box::new(error))
    }
}

impl From<BackendError> for LabError {
    fn from(error: BackendError) -> Self {
        Self::Backend(Box::new(error))
    }
}

impl LabError {
    /// True when something was waited for in vain.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::NoToast { .. } | Self::NoEvent { .. } => true,
            Self::Device(error) => matches!(**error, DeviceError::TimedOut { .. }),
            Self::Services(_)
            | Self::Backend(_)
            | Self::Invalid(_)
            | Self::Home(_)
            | Self::NameTaken(_)
            | Self::UnknownPhone(_)
            | Self::PhoneIsOff(_)
            | Self::LostPushes(_)
            | Self::UnfinishedPushes { .. }
            | Self::LeakedTasks(_) => false,
        }
    }
}
