//! The wish to give the handle back to the push service, and what came of it.

use tokio::sync::watch;

use crate::channel::ChannelError;

/// How far it is.
#[derive(Debug, Default)]
enum Stage {
    /// Nobody wishes it, or no more.
    #[default]
    Idle,
    Wished,
    Answered(Result<(), ChannelError>),
}

/// Between whoever wishes it and the keeper of the channel.
#[derive(Default)]
pub(super) struct GiveBack(watch::Sender<Stage>);

impl GiveBack {
    /// Wishes it, and waits for what comes of it. The wish ends with the wait.
    pub(super) async fn ask(&self) -> Result<(), ChannelError> {
        let _wish = Wish::of(&self.0);
        let mut stage = self.0.subscribe();
        loop {
            if let Stage::Answered(answer) = &*stage.borrow_and_update() {
                return answer.clone();
            }
            // The sender lives as long as this does.
            stage.changed().await.ok();
        }
    }

    /// Waits until it is wished.
    pub(super) async fn wished(&self) {
        let mut stage = self.0.subscribe();
        // The sender lives as long as this does.
        stage
            .wait_for(|stage| matches!(stage, Stage::Wished))
            .await
            .ok();
    }

    /// Tells what came of it.
    pub(super) fn answer(&self, answer: Result<(), ChannelError>) {
        self.0.send_replace(Stage::Answered(answer));
    }
}

/// A wish that somebody waits for.
struct Wish<'a>(&'a watch::Sender<Stage>);

impl<'a> Wish<'a> {
    fn of(stage: &'a watch::Sender<Stage>) -> Self {
        stage.send_replace(Stage::Wished);
        Self(stage)
    }
}

impl Drop for Wish<'_> {
    fn drop(&mut self) {
        self.0.send_replace(Stage::Idle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn a_wish_is_answered_or_ends_with_whoever_waits() {
        let give_back = GiveBack::default();
        assert!(give_back.ask().now_or_never().is_none());
        assert!(give_back.wished().now_or_never().is_none(), "it has ended");
        let keeper = async {
            give_back.wished().await;
            give_back.answer(Err(ChannelError::NotOpen));
        };
        let (answer, ()) = tokio::join!(give_back.ask(), keeper);
        assert_eq!(answer, Err(ChannelError::NotOpen));
        assert!(give_back.wished().now_or_never().is_none());
    }
}
