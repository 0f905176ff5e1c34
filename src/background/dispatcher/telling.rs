//! The events of a dispatcher.

use super::Work;
use crate::background::Reason;
use crate::background::inbox::Entry;
use crate::model::PushKind;
use crate::telemetry::{Event, EventName};

impl Work {
    /// Tells what happened to a push. Where it has two parts, the event says which it is about.
    pub(super) fn tell(&self, name: EventName, entry: &Entry, fill: impl FnOnce(Event) -> Event) {
        let part = (entry.raw.kind == PushKind::ToastAndRaw).then(|| entry.part.as_str());
        let event = Event::new(self.dispatcher.clock.now(), name)
            .on(&self.dispatcher.device)
            .with("message", entry.raw.message.as_str())
            .with_some("part", part)
            .with_some("trace", entry.raw.traceparent.as_deref());
        self.dispatcher.events.emit(fill(event));
    }

    pub(super) fn tell_dropped(&self, entry: &Entry, reason: &Reason) {
        self.tell(EventName::PushDropped, entry, |event| {
            of_reason(event, reason)
        });
    }
}

pub(super) fn of_reason(event: Event, reason: &Reason) -> Event {
    event
        .with("reason", reason.code.as_ref())
        .with_some("detail", reason.detail.as_deref())
}
