//! Suspending an instance while the phone sleeps.

use std::future::{Future, pending};

use tokio::sync::watch;

use crate::background::{TaskInstance, TriggerDetails};
use crate::model::{Conditions, Platform, Priority};

/// True for what Doze stops: on Android all but what came with a push of high priority.
pub(super) fn is_suspended_by_doze(platform: Platform, details: &TriggerDetails) -> bool {
    let urgent = details
        .push()
        .is_some_and(|raw| raw.priority == Priority::High);
    platform == Platform::Fcm && !urgent
}

/// `work`, which is not polled while the phone dozes; each time is counted. Without `conditions`
/// nothing suspends it.
pub(super) async fn suspendable<W: Future + Unpin>(
    work: &mut W,
    conditions: Option<watch::Receiver<Conditions>>,
    instance: &TaskInstance,
) -> W::Output {
    let Some(mut conditions) = conditions else {
        return work.await;
    };
    loop {
        tokio::select! {
            biased;
            () = until_doze_is(true, &mut conditions) => instance.count_suspension(),
            output = &mut *work => return output,
        }
        until_doze_is(false, &mut conditions).await;
    }
}

async fn until_doze_is(on: bool, conditions: &mut watch::Receiver<Conditions>) {
    let changed = conditions.wait_for(|phone| phone.doze == on).await.is_ok();
    if !changed {
        // Nobody can change the conditions any more.
        pending::<()>().await;
    }
}
