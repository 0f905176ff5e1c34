use std::time::Duration;

use super::*;
use crate::lifecycle::Scope;
use crate::model::{Account, BackendOrigin, ToastTemplate, UserName};
use crate::toast::tests::toast;
use crate::toast::{RecorderRenderer, feedback};

/// A paced recorder with somebody who serves it.
struct Stage {
    paced: Arc<PacedRenderer>,
    recorder: RecorderRenderer,
    scope: Scope,
}

impl Stage {
    async fn start() -> Self {
        let recorder = RecorderRenderer::new();
        let paced = Arc::new(PacedRenderer::new(Arc::new(recorder.clone()), "Contoso"));
        let scope = Scope::new();
        let (served, off) = (paced.clone(), scope.token().clone());
        scope.spawn_to_end("toasts", async move {
            let (sender, _receiver) = feedback();
            served.serve(&sender, &off).await;
        });
        tokio::task::yield_now().await;
        Self {
            paced,
            recorder,
            scope,
        }
    }

    async fn show(&self, key: &str, body: &str) {
        self.paced.show(&toast(key, "t", body)).await.unwrap();
    }

    async fn burst(&self, name: &str, count: usize) {
        for number in 0..count {
            self.show(&format!("{name}{number}"), name).await;
        }
    }

    async fn after(&self, millis: u64) -> Vec<String> {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        let shown = self.recorder.shown().into_iter();
        shown.map(|toast| toast.body.to_string()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_five_toasts_and_one_that_counts_the_rest() {
    let stage = Stage::start().await;
    stage.burst("a", 17).await;
    let mut expected = vec!["a"; 5];
    assert_eq!(stage.recorder.shown().len(), 5);
    expected.push("and 12 more");
    assert_eq!(stage.after(1).await, expected);
    stage.burst("b", 3).await;
    assert_eq!(stage.after(100).await, expected);
    expected.push("and 15 more");
    assert_eq!(stage.after(300).await, expected);
    let keys: Vec<_> = stage
        .recorder
        .shown()
        .into_iter()
        .skip(5)
        .map(|t| t.key)
        .collect();
    assert_eq!(keys, [summary_key(), summary_key()]);
}

#[tokio::test(start_paused = true)]
async fn once_it_is_quiet_toasts_are_drawn_by_themselves_again() {
    let stage = Stage::start().await;
    stage.burst("a", 7).await;
    stage.after(900).await;
    stage.show("still", "still").await;
    assert_eq!(stage.after(999).await.last().unwrap(), "and 3 more");
    tokio::time::sleep(Duration::from_millis(1)).await;
    stage.show("single", "single").await;
    assert_eq!(stage.after(1).await.last().unwrap(), "single");
}

#[tokio::test(start_paused = true)]
async fn a_steady_stream_does_not_flood_either() {
    let stage = Stage::start().await;
    for number in 0..200 {
        stage.show(&format!("m{number}"), "one").await;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let drawn = stage.after(1000).await;
    let singles = drawn.iter().filter(|body| *body == "one").count();
    assert_eq!(singles, 15);
    assert_eq!(drawn.last().unwrap(), "and 185 more");
}

#[tokio::test(start_paused = true)]
async fn a_change_is_no_new_toast_and_its_last_state_is_drawn() {
    let stage = Stage::start().await;
    for number in 0..50 {
        stage.show("same", &number.to_string()).await;
    }
    assert_eq!(stage.after(1).await, ["0"]);
    assert_eq!(stage.after(1000).await, ["0", "49"]);
    stage.after(1000).await;
    stage.show("same", "at once").await;
    assert_eq!(stage.recorder.shown().len(), 3);
    stage.burst("a", 4).await;
    assert_eq!(stage.after(1).await.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_drawn_before_the_end() {
    let stage = Stage::start().await;
    stage.burst("a", 6).await;
    stage.show("a0", "changed").await;
    assert_eq!(stage.scope.shutdown(Duration::from_secs(1)).await, 0);
    let bodies = stage.after(0).await;
    assert_eq!(bodies[5..], ["changed", "and 1 more"]);
    stage.burst("unserved", 20).await;
    assert_eq!(stage.after(0).await.len(), 27);
}

#[tokio::test(start_paused = true)]
async fn the_toast_that_asks_to_sign_in_is_never_one_of_many() {
    let stage = Stage::start().await;
    stage.burst("a", 9).await;
    let account = Account {
        backend: BackendOrigin::parse("http://127.0.0.1:1").unwrap(),
        user: UserName::parse("alice").unwrap(),
    };
    let key = ToastKey::of_sign_in(&account);
    let sign_in = ToastContent::new(key, "t", "sign in", ToastTemplate::ToastText01);
    stage.paced.show(&sign_in).await.unwrap();
    assert_eq!(stage.recorder.shown().last().unwrap(), &sign_in);
}

#[tokio::test(start_paused = true)]
async fn a_toast_that_is_taken_away_is_not_counted() {
    let stage = Stage::start().await;
    stage.burst("a", 7).await;
    stage.after(1).await;
    stage.paced.remove(&toast("a5", "", "").key).await.unwrap();
    assert_eq!(stage.after(300).await.last().unwrap(), "and 1 more");
    stage.paced.remove(&toast("a6", "", "").key).await.unwrap();
    assert!(stage.recorder.removed().contains(&summary_key()));
}
