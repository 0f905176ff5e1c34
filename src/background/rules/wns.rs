//! Windows.
//!
//! - Energy saver: an app receives no push while battery saver is on, unless it is on the list of
//!   those always allowed ("Check battery saver state", MSDN mt148552; `BackgroundAccessStatus`
//!   `AlwaysAllowed`). That the push waits until then rather than being lost is an assumption, as
//!   is that toasts are shown all the same.
//! - Quiet hours (Windows 8.1): no task starts (`BackgroundTaskCancellationReason`
//!   `QuietHoursEntered`); that it waits for their end is inferred.
//! - Without background access no task runs (`BackgroundExecutionManager.RequestAccessAsync`).
//! - A task runs in a process of its own, so it runs whether the app runs or not.
//! - What is held is never replaced: WNS replaces toasts by tag when they are shown.

use super::{Candidate, Part, Scene, Verdict, give_up, hold};
use crate::model::BackgroundAccess;

pub(super) fn admit(candidate: &Candidate<'_>, scene: &Scene<'_>) -> Verdict {
    let conditions = scene.conditions;
    let access = conditions.background_access;
    match candidate.part {
        Part::Visible => Verdict::Run,
        Part::Task if !access.is_allowed() => give_up("background_access_denied"),
        Part::Task if conditions.quiet_hours => hold("quiet_hours"),
        Part::Task if conditions.battery_saver && access != BackgroundAccess::AlwaysAllowed => {
            hold("energy_saver")
        }
        Part::Task => Verdict::Run,
    }
}
