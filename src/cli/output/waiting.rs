//! Telling people that something takes longer than they may expect.

use std::pin::pin;
use std::time::Duration;

use super::Output;

/// How long something may take before it is told that it is waited for.
const MOMENT: Duration = Duration::from_secs(1);

impl Output {
    /// What `work` comes to. On a terminal `text` stands on standard error meanwhile, once it took
    /// longer than a moment.
    pub(in crate::cli) async fn waiting<T>(&self, text: &str, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Ok(done) = tokio::time::timeout(MOMENT, &mut work).await {
            return done;
        }
        self.progress(text);
        let done = work.await;
        self.progress("");
        done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::Line;
    use super::*;
    use crate::settings::Environment;

    #[tokio::test(start_paused = true)]
    async fn what_takes_longer_than_a_moment_is_told_and_taken_back() {
        let (told, lines) = channel();
        let write = move |line| {
            if let Line::Passing(text, _) = line {
                told.send(text).ok();
            }
            Ok(())
        };
        let mut output = Output::writing(true, false, &Environment::default(), write);
        output.watched = true;
        let quick = output.waiting("quick", tokio::time::sleep(MOMENT / 2));
        quick.await;
        let slow = output.waiting("slow", tokio::time::sleep(3 * MOMENT));
        slow.await;
        output.finish(MOMENT);
        assert_eq!(lines.iter().collect::<Vec<_>>(), ["slow", ""]);
    }
}
