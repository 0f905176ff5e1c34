//! What the passing of time does to the machine.

use std::time::Duration;

use tokio::time::Instant;

use super::failure::CLOSE_NORMAL;
use super::{Machine, Open, Output, State};
use crate::channel::ChannelError;

impl Machine {
    pub(super) fn tick(&mut self, now: Instant, reading: bool, out: &mut Vec<Output>) {
        let answer_by = self.answer_by(now);
        match &mut self.state {
            State::Closed { until } if now >= *until => self.connect(now, out),
            State::Connecting { until } if now >= *until => {
                let limit = self.options.connect_within;
                self.timed_out(now, "connection", limit, out);
            }
            State::Greeting { until } | State::Registering { until }
                if now >= *until && !reading =>
            {
                *until = answer_by;
            }
            State::Greeting { until } if now >= *until => {
                self.timed_out(now, "hello", self.options.answer_within, out);
            }
            State::Registering { until } if now >= *until => {
                self.timed_out(now, "register", self.options.answer_within, out);
            }
            State::Open(_) => self.tick_open(now, reading, out),
            State::Closed { .. }
            | State::Connecting { .. }
            | State::Greeting { .. }
            | State::Registering { .. }
            | State::Gone => {}
        }
    }

    fn tick_open(&mut self, now: Instant, reading: bool, out: &mut Vec<Output>) {
        let (answer_by, pong_by) = (self.answer_by(now), self.pong_by(now));
        let ping_at = self.ping_at(now);
        let (limit, url) = (self.options.answer_within, self.url());
        let State::Open(open) = &mut self.state else {
            return;
        };
        if is_due(open.unregister_by, now) {
            open.unregister_by = None;
            let step = "unregister";
            let error = ChannelError::TimedOut { url, step, limit };
            out.push(Output::Unregistered(Err(error)));
        }
        if !reading {
            // Answers may be waiting unread.
            postpone(&mut open.renew_by, now, answer_by);
            if is_due(open.pong_by, now) {
                open.pong_by = None;
                open.ping_at = ping_at;
            }
        }
        if is_due(open.renew_by, now) {
            return self.timed_out(now, "register", limit, out);
        }
        if is_due(open.pong_by, now) {
            let (url, limit) = (self.url(), self.options.pong_within);
            return self.fail(now, ChannelError::Silent { url, limit }, None, out);
        }
        if open.pong_by.is_none() && now >= open.ping_at {
            open.pong_by = Some(pong_by);
            out.push(Output::Ping);
        }
        if is_due(open.renew_at, now) {
            open.renew_at = None;
            open.renew_by = Some(answer_by);
            out.push(Output::Send(self.register_frame()));
        }
    }

    pub(super) fn timed_out(
        &mut self,
        now: Instant,
        step: &'static str,
        limit: Duration,
        out: &mut Vec<Output>,
    ) {
        let url = self.url();
        let error = ChannelError::TimedOut { url, step, limit };
        self.fail(now, error, Some(CLOSE_NORMAL), out);
    }
}

impl Open {
    pub(super) fn deadline(&self) -> Instant {
        // An unanswered ping is followed by no other.
        let life = self.pong_by.unwrap_or(self.ping_at);
        [self.unregister_by, self.renew_at, self.renew_by]
            .into_iter()
            .flatten()
            .fold(life, Instant::min)
    }
}

fn is_due(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|deadline| now >= deadline)
}

fn postpone(deadline: &mut Option<Instant>, now: Instant, until: Instant) {
    if is_due(*deadline, now) {
        *deadline = Some(until);
    }
}
