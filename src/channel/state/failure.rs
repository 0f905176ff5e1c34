//! How a connection ends, and what comes after it.

use tokio::time::Instant;

use super::{Machine, Output, SHORTEST, State};
use crate::channel::options::USEFUL_AFTER;
use crate::channel::{ChannelError, ChannelEvent};

/// WebSocket close codes (RFC 6455 §7.4.1).
pub(super) const CLOSE_NORMAL: u16 = 1000;
const CLOSE_TOO_BIG: u16 = 1009;

impl Machine {
    pub(super) fn lost(&mut self, now: Instant, error: ChannelError, out: &mut Vec<Output>) {
        let too_large = matches!(error, ChannelError::FrameTooLarge { .. });
        self.fail(now, error, too_large.then_some(CLOSE_TOO_BIG), out);
    }

    /// Gives the present attempt up: the next candidate follows at once while none has greeted
    /// yet, otherwise there is a wait.
    pub(super) fn fail(
        &mut self,
        now: Instant,
        error: ChannelError,
        farewell: Option<u16>,
        out: &mut Vec<Output>,
    ) {
        if matches!(self.state, State::Closed { .. } | State::Gone) {
            return;
        }
        if self.was_useful(now) && !matches!(error, ChannelError::FrameTooLarge { .. }) {
            self.backoff.reset();
        }
        out.push(Output::HangUp(farewell));
        self.refuse_unregister(&error, out);
        let Some(reason) = self.last_failure(error) else {
            return self.connect(now, out);
        };
        let wait = self.backoff.next_wait().max(SHORTEST);
        self.state = State::Closed { until: now + wait };
        out.push(Output::Event(ChannelEvent::Closed {
            reason,
            retry_in: Some(wait),
        }));
    }

    /// What to report; none while there is another candidate to try.
    fn last_failure(&mut self, error: ChannelError) -> Option<ChannelError> {
        if self.settled || self.options.candidates.len() == 1 {
            return Some(error);
        }
        self.failures.push(error);
        self.candidate += 1;
        if self.candidate < self.options.candidates.len() {
            return None;
        }
        self.candidate = 0;
        Some(ChannelError::NoneOf(std::mem::take(&mut self.failures)))
    }

    /// The backoff begins anew only after a connection that was worth something.
    fn was_useful(&self, now: Instant) -> bool {
        let lasted = match &self.state {
            State::Open(open) => now.saturating_duration_since(open.since) >= USEFUL_AFTER,
            State::Closed { .. }
            | State::Connecting { .. }
            | State::Greeting { .. }
            | State::Registering { .. }
            | State::Gone => false,
        };
        lasted || (self.acked && self.takes_notifications())
    }

    fn refuse_unregister(&mut self, error: &ChannelError, out: &mut Vec<Output>) {
        if let State::Open(open) = &mut self.state
            && open.unregister_by.take().is_some()
        {
            out.push(Output::Unregistered(Err(error.clone())));
        }
    }

    /// Closes for good.
    pub(super) fn end(&mut self, reason: ChannelError, out: &mut Vec<Output>) {
        if self.is_gone() {
            return;
        }
        self.refuse_unregister(&reason, out);
        out.push(Output::HangUp(Some(CLOSE_NORMAL)));
        self.state = State::Gone;
        out.push(Output::Event(ChannelEvent::Closed {
            reason,
            retry_in: None,
        }));
    }
}
