//! Starts tasks when their timers are due and when the network changes.

use std::collections::HashSet;
use std::future::pending;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::cancellation::saves_energy;
use super::registry::Scheduled;
use super::schedule::{Timers, next_due};
use super::{Ended, NotStarted, TaskId, TaskRuntime, Trigger, TriggerDetails, in_whole_millis};
use crate::model::{AppState, Conditions, Network, Platform};

/// How often timers are compared with the clock, which somebody may have set, or which ran on
/// while the machine slept.
const LOOK_EVERY: Duration = Duration::from_secs(60);

impl TaskRuntime {
    /// Starts tasks on their timers and on changes of the network until `off` is canceled; what
    /// runs then is told so and awaited.
    ///
    /// A timer's due time survives restarts, and what was missed while the phone was off is made up
    /// for by one run. A run that the process did not survive is repeated. A change of the network
    /// is known only while this runs; it is not repeated once its task has started, and changes
    /// that cancel each other out before they are seen are none.
    ///
    /// A trigger is latched, and starts its task once, later, while a condition of the task is not
    /// met or the platform starts nothing: without background access; on WNS in quiet hours and
    /// with the energy saver on; on iOS in Low Power Mode (Background App Refresh pauses) and after
    /// the user ended the app; on Android in Doze and after a forced stop; on Web Push while the
    /// browser is ended (assumption).
    pub async fn serve_triggers(&self, off: CancellationToken) {
        let registry = self.registry();
        let mut conditions = registry.conditions().clone();
        let mut platform = self.parts().platform.clone();
        let mut version = registry.watch();
        let mut service = Service {
            runtime: self,
            network: conditions.borrow_and_update().network,
            timers: Timers::default(),
            at_work: HashSet::new(),
            work: FuturesUnordered::new(),
        };
        while !off.is_cancelled() {
            version.borrow_and_update();
            let phone = *conditions.borrow_and_update();
            let platform_now = *platform.borrow_and_update();
            service.network_is(phone.network);
            let wait = service.start_due(&phone, platform_now, &off);
            tokio::select! {
                () = off.cancelled() => {}
                Some(done) = service.work.next() => service.done(done),
                () = changed(&mut conditions) => {}
                () = changed(&mut platform) => {}
                () = changed(&mut version) => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        while service.work.next().await.is_some() {}
    }
}

/// Waits for a change; without a sender there is none any more.
async fn changed<T>(watched: &mut watch::Receiver<T>) {
    if watched.changed().await.is_err() {
        pending::<()>().await;
    }
}

struct Service<'a> {
    runtime: &'a TaskRuntime,
    network: Network,
    timers: Timers,
    /// The tasks that were started and have not ended.
    at_work: HashSet<TaskId>,
    /// Instances and what is to be written down; the answer is the task that ended.
    work: FuturesUnordered<BoxFuture<'a, Option<TaskId>>>,
}

impl<'a> Service<'a> {
    fn network_is(&mut self, network: Network) {
        if std::mem::replace(&mut self.network, network) == network {
            return;
        }
        for one in self.runtime.registry().scheduled() {
            if one.task.trigger == Trigger::NetworkChange {
                self.change(one.task.id, |one| one.latched = true);
            }
        }
    }

    /// Starts what is due and may start; returns how long to wait for the next timer.
    fn start_due(
        &mut self,
        phone: &Conditions,
        platform: Platform,
        off: &CancellationToken,
    ) -> Duration {
        let runtime = self.runtime;
        let scheduled = runtime.registry().scheduled();
        self.timers
            .retain(|id| scheduled.iter().any(|one| one.task.id == id));
        let mut soonest = LOOK_EVERY;
        for one in scheduled {
            if self.at_work.contains(&one.task.id) {
                continue;
            }
            let wait = self.wait_of(&one);
            if wait.is_some_and(|wait| !wait.is_zero()) {
                soonest = soonest.min(wait.unwrap_or(soonest));
            } else if wait.is_some() && may_start(runtime, &one, phone, platform) {
                self.start(one, off.clone());
            }
        }
        soonest
    }

    /// How long a task waits for its trigger; none when nothing has triggered it.
    fn wait_of(&mut self, one: &Scheduled) -> Option<Duration> {
        match one.task.trigger {
            Trigger::RawPush => None,
            Trigger::NetworkChange => one.latched.then_some(Duration::ZERO),
            Trigger::Timer { every, .. } => {
                let now = self.runtime.registry().clock().now();
                Some(self.timers.wait(one.task.id, one.due?, every, now))
            }
        }
    }

    fn start(&mut self, one: Scheduled, off: CancellationToken) {
        let (runtime, id) = (self.runtime, one.task.id);
        self.at_work.insert(id);
        let online = self.network != Network::Offline;
        let work = match (one.task.trigger, one.due) {
            (Trigger::Timer { every, one_shot }, Some(due)) => {
                let timer = Timer {
                    due,
                    every,
                    one_shot,
                };
                async move { runtime.run_timer(one, timer, &off).await }.boxed()
            }
            (Trigger::RawPush | Trigger::NetworkChange | Trigger::Timer { .. }, _) => {
                self.change(id, |one| one.latched = false);
                async move { runtime.run_network_change(one, online, &off).await }.boxed()
            }
        };
        self.work.push(work.map(move |()| Some(id)).boxed());
    }

    fn change(&mut self, id: TaskId, change: impl FnOnce(&mut Scheduled)) {
        let registry = self.runtime.registry();
        if let Some(row) = registry.change_trigger(id, change) {
            self.work
                .push(registry.save_trigger(row).map(|()| None).boxed());
        }
    }

    fn done(&mut self, task: Option<TaskId>) {
        if let Some(id) = task {
            self.at_work.remove(&id);
            self.timers.ran(id);
        }
    }
}

struct Timer {
    due: Timestamp,
    every: Duration,
    one_shot: bool,
}

impl TaskRuntime {
    async fn run_timer(&self, one: Scheduled, timer: Timer, off: &CancellationToken) {
        let details = TriggerDetails::Timer { due: timer.due };
        // From its start on: a clock that jumps while it runs, or right behind, skips no interval.
        let now = self.registry().clock().now();
        let ended = self.run(&one.task, details, 0, off).await;
        if let Ended::NotStarted(obstacle) = &ended {
            if obstacle.is_transient() {
                return;
            }
            tracing::warn!(task = one.task.name, %obstacle, "a timer ran out and started nothing");
        } else if timer.one_shot {
            match self.registry().unregister(&one.task.name, false).await {
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(%error, task = one.task.name, "a timer that ran once could not be unregistered: it runs once more");
                }
            }
        }
        let row = self.registry().change_trigger(one.task.id, |one| {
            one.due = Some(in_whole_millis(next_due(timer.due, timer.every, now)));
        });
        if let Some(row) = row {
            self.registry().save_trigger(row).await;
        }
    }

    async fn run_network_change(&self, one: Scheduled, online: bool, off: &CancellationToken) {
        let details = TriggerDetails::NetworkChange { online };
        let Ended::NotStarted(obstacle) = self.run(&one.task, details, 0, off).await else {
            return;
        };
        if !obstacle.is_transient() {
            tracing::warn!(task = one.task.name, %obstacle, "the network changed and started nothing");
            return;
        }
        let latch = |one: &mut Scheduled| one.latched = true;
        if let Some(row) = self.registry().change_trigger(one.task.id, latch) {
            self.registry().save_trigger(row).await;
        }
    }
}

fn may_start(
    runtime: &TaskRuntime,
    one: &Scheduled,
    phone: &Conditions,
    platform: Platform,
) -> bool {
    let of_the_task = match runtime.obstacle(&one.task) {
        // Its trigger is used up, with a word in the log.
        Some(NotStarted::NoSuchEntryPoint { .. }) | None => None,
        Some(obstacle) => Some(obstacle.code()),
    };
    let obstacle = of_the_task.or_else(|| held_by(phone, platform));
    if let Some(obstacle) = obstacle {
        tracing::debug!(task = one.task.name, obstacle, "a trigger is latched");
    }
    obstacle.is_none()
}

/// The condition for which the platform starts no task on a timer or on a change of the network.
fn held_by(phone: &Conditions, platform: Platform) -> Option<&'static str> {
    let force_quit = phone.app == AppState::ForceQuit;
    match platform {
        Platform::Wns if phone.quiet_hours => Some("quiet_hours"),
        Platform::Wns => saves_energy(phone).then_some("battery_saver"),
        Platform::Apns if phone.battery_saver => Some("battery_saver"),
        Platform::Fcm if phone.doze => Some("doze"),
        Platform::Apns | Platform::Fcm | Platform::WebPush => force_quit.then_some("force_quit"),
    }
}

#[cfg(test)]
mod tests;
