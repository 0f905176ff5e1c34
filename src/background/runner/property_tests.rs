//! Whatever an entry point and its phone do, an instance ends once, and when it should.

use std::sync::Mutex;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::background::testing::{instance, push};
use crate::background::{Deferral, EntryPoint, Trigger};

/// Steps come at whole multiples of ten milliseconds, so that none meets the end of a time.
const BUDGET: Budget = Budget {
    run: Duration::from_millis(30_003),
    grace: Duration::from_millis(5_001),
};

/// What happens at one moment.
#[derive(Debug, Clone, Copy)]
enum Step {
    Take,
    /// Completes, or drops, one of the open deferrals.
    Complete(usize),
    /// Loses one of the open deferrals for good.
    Forget(usize),
    Progress(u8),
    Cancel(CancellationReason),
    Return,
    Panic,
}

/// Steps, each so many times ten milliseconds after the one before.
type Script = Vec<(u64, Step)>;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Take),
        6 => any::<usize>().prop_map(Step::Complete),
        1 => any::<usize>().prop_map(Step::Forget),
        3 => any::<u8>().prop_map(Step::Progress),
        1 => prop::sample::select(CancellationReason::ALL.to_vec()).prop_map(Step::Cancel),
        3 => Just(Step::Return),
        1 => Just(Step::Panic),
    ]
}

/// Returns or panics when it is told to.
struct Told(watch::Sender<Option<Step>>);

impl EntryPoint for Told {
    async fn run(&self, _: TaskInstance) -> Outcome {
        let mut told = self.0.subscribe();
        let step = told
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|step| *step);
        assert!(!matches!(step, Some(Step::Panic)), "told to");
        Outcome::Shown
    }
}

#[derive(Debug, PartialEq)]
enum End {
    Completed,
    Canceled(CancellationReason, bool),
    Failed,
}

/// What must come of a script: how it ends, after how many milliseconds, and the last progress.
fn expected(script: &Script) -> (End, u64, Option<u8>) {
    let (mut at, mut open, mut lost) = (0, 0_usize, 0_usize);
    let (mut returned, mut progress) = (false, None);
    let mut canceled: Option<(CancellationReason, u64)> = None;
    let budget = BUDGET.run.as_millis() as u64;
    let grace = BUDGET.grace.as_millis() as u64;
    for (wait, step) in script {
        at += 10 * wait;
        if canceled.is_none() && at >= budget {
            canceled = Some((CancellationReason::ExecutionTimeExceeded, budget));
        }
        if canceled.is_some_and(|(_, since)| at >= since + grace) {
            break;
        }
        match step {
            Step::Take => open += 1,
            Step::Complete(_) => open = open.saturating_sub(1),
            Step::Forget(_) if open > 0 => (open, lost) = (open - 1, lost + 1),
            Step::Forget(_) => {}
            Step::Progress(percent) => progress = Some((*percent).min(100)),
            Step::Cancel(reason) => canceled = canceled.or(Some((*reason, at))),
            Step::Panic if !returned => return (End::Failed, at, progress),
            Step::Return | Step::Panic => returned = true,
        }
        if returned && open + lost == 0 {
            let end = canceled.map_or(End::Completed, |(why, _)| End::Canceled(why, true));
            return (end, at, progress);
        }
    }
    let (why, since) = canceled.unwrap_or((CancellationReason::ExecutionTimeExceeded, budget));
    (End::Canceled(why, false), since + grace, progress)
}

/// Carries a script out; what came of it, as [`expected`] says it.
async fn actual(script: Script) -> (End, u64, Option<u8>) {
    let (conditions, off) = (watch::Sender::default(), CancellationToken::new());
    let task = TaskRegistration::new("push", "Push", Trigger::RawPush);
    let (code, instance) = (
        Told(watch::Sender::new(None)),
        instance(1, push(Platform::Wns)),
    );
    let around = Surroundings {
        task: Some(&task),
        platform: Platform::Wns,
        conditions: conditions.subscribe(),
        budget: BUDGET,
        off: &off,
    };
    let (begun, last) = (Instant::now(), Mutex::new(None));
    let running = run_instance(&code, &instance, around, |percent| {
        *last.lock().unwrap() = Some(percent);
    });
    let steps = async {
        let mut open: Vec<Deferral> = Vec::new();
        for (wait, step) in script {
            tokio::time::sleep(Duration::from_millis(10 * wait)).await;
            match step {
                Step::Take => open.push(instance.deferral()),
                Step::Complete(which) if !open.is_empty() => {
                    open.swap_remove(which % open.len()).complete();
                }
                Step::Forget(which) if !open.is_empty() => {
                    std::mem::forget(open.swap_remove(which % open.len()));
                }
                Step::Complete(_) | Step::Forget(_) => {}
                Step::Progress(percent) => instance.progress(percent),
                Step::Cancel(reason) => instance.cancel(reason),
                Step::Return | Step::Panic => {
                    code.0.send_if_modified(|told| {
                        let first = told.is_none();
                        *told = told.or(Some(step));
                        first
                    });
                }
            }
        }
        // Those still open stay so: a deferral that is dropped is complete.
        std::mem::forget(open);
        pending::<()>().await;
    };
    let ended = tokio::select! {
        biased;
        () = steps => None,
        ended = running => Some(ended),
    };
    let end = match ended {
        Some(Ended::Completed(_)) => End::Completed,
        Some(Ended::Canceled(why, outcome)) => End::Canceled(why, outcome.is_some()),
        Some(Ended::Failed(_) | Ended::NotStarted(_)) | None => End::Failed,
    };
    let told = *last.lock().unwrap();
    (end, begun.elapsed().as_millis() as u64, told)
}

proptest! {
    #[test]
    fn an_instance_ends_once_and_when_it_should(
        script in prop::collection::vec((1_u64..400, step()), 0..40),
    ) {
        let expected = expected(&script);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let actual = runtime.block_on(actual(script));
        prop_assert_eq!(&actual, &expected);
        let most = (BUDGET.run + BUDGET.grace).as_millis() as u64;
        prop_assert!(actual.1 <= most);
    }
}
