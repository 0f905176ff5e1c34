//! The socket and the clock around the machine.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::sync::CancellationToken;

use super::adapter::shortened;
use super::control::{UnregisterReply, Wishes};
use super::dial::dial;
use super::event::Ack;
use super::line::{Arrival, Line};
use super::options::{ChannelOptions, Identity};
use super::state::{Input, Machine, Output};
use super::tls::Trust;
use super::{ChannelControl, ChannelError, ChannelEvent, Delivery, Receipt};

/// How many events wait for the device before the socket is no longer read.
const EVENTS: usize = 256;

/// The most acknowledgements in one frame: with the longest versions it still is a legal one.
const ACKS: usize = 24;

/// The close code that stands for none (RFC 6455 §7.4.1).
const CLOSE_NO_STATUS: u16 = 1005;

/// Opens channels.
#[derive(Debug)]
pub struct Channel;

impl Channel {
    /// A channel that opens as soon as the driver runs: the driver, to be spawned in a scope; its
    /// events; and the means to steer it.
    ///
    /// # Errors
    /// [`ChannelError::NoCandidates`] when the options name no push service.
    pub fn open(
        options: ChannelOptions,
        identity: Identity,
    ) -> Result<(ChannelDriver, ChannelReceiver, ChannelControl), ChannelError> {
        let (events, receiver) = mpsc::channel(EVENTS);
        let (acks_to, acks) = mpsc::unbounded_channel();
        let (control, wishes) = ChannelControl::new();
        let driver = ChannelDriver {
            trust: Arc::new(Trust::new(options.ca_file.clone())),
            machine: Machine::new(options.clone(), identity, Instant::now())?,
            options,
            line: Line::Down,
            events,
            outbox: VecDeque::new(),
            acks,
            acks_to,
            wishes,
            unregistering: Vec::new(),
        };
        Ok((driver, ChannelReceiver(receiver), control))
    }
}

/// What happens on a channel, in order. While nobody reads, the channel stops taking pushes from
/// the service, but still sends acknowledgements and pings.
#[derive(Debug)]
pub struct ChannelReceiver(mpsc::Receiver<ChannelEvent>);

impl ChannelReceiver {
    /// The next event; none once the channel is closed for good and everything is read.
    pub async fn next(&mut self) -> Option<ChannelEvent> {
        self.0.recv().await
    }

    /// The next event if there is one already.
    pub fn try_next(&mut self) -> Option<ChannelEvent> {
        self.0.try_recv().ok()
    }
}

/// Keeps a channel open.
pub struct ChannelDriver {
    options: ChannelOptions,
    machine: Machine,
    line: Line,
    trust: Arc<Trust>,
    events: mpsc::Sender<ChannelEvent>,
    /// What the device has not taken yet; while it is not empty, the socket is not read.
    outbox: VecDeque<ChannelEvent>,
    acks: mpsc::UnboundedReceiver<Ack>,
    acks_to: mpsc::UnboundedSender<Ack>,
    wishes: Wishes,
    unregistering: Vec<UnregisterReply>,
}

enum Happening {
    Line(Arrival),
    Due,
    Stalled,
    Acks(Vec<Ack>),
    Unregister(UnregisterReply),
    Nudge,
    Close,
    EventTaken,
}

impl ChannelDriver {
    /// Runs until `token` is canceled, the device closes the channel or gives its handle back, or
    /// the receiver is dropped. It watches the token itself and says goodbye to the service, so
    /// spawn it to its end.
    pub async fn run(mut self, token: CancellationToken) {
        while !self.machine.is_gone() {
            let happening = self.next(&token).await;
            self.take(happening).await;
        }
        while let Some(event) = self.outbox.pop_front() {
            if token.is_cancelled() {
                // Whoever stopped everything may no longer read.
                self.events.try_send(event).ok();
            } else if token
                .run_until_cancelled(self.events.send(event))
                .await
                .is_none_or(|sent| sent.is_err())
            {
                break;
            }
        }
    }

    async fn next(&mut self, token: &CancellationToken) -> Happening {
        let reading = self.outbox.is_empty();
        let unwritten = self.line.unwritten_since();
        // While the device has not even taken the last failure, there is no hurry for another.
        let deadline = self
            .machine
            .deadline()
            .filter(|_| reading || !self.machine.is_closed());
        let stall = unwritten.map(|since| since + self.options.pong_within);
        let mut acks = Vec::new();
        tokio::select! {
            () = token.cancelled() => Happening::Close,
            () = self.wishes.closing.cancelled() => Happening::Close,
            () = self.wishes.nudge.notified() => Happening::Nudge,
            Some(reply) = self.wishes.unregister.recv() => Happening::Unregister(reply),
            arrival = self.line.next(reading) => Happening::Line(arrival),
            _ = self.acks.recv_many(&mut acks, ACKS), if unwritten.is_none() => {
                Happening::Acks(acks)
            }
            () = self.events.closed() => Happening::Close,
            permit = self.events.reserve(), if !reading => {
                if let (Ok(permit), Some(event)) = (permit, self.outbox.pop_front()) {
                    permit.send(event);
                }
                Happening::EventTaken
            }
            () = until(deadline) => Happening::Due,
            () = until(stall) => Happening::Stalled,
        }
    }

    async fn take(&mut self, happening: Happening) {
        match happening {
            Happening::Line(arrival) => self.arrived(arrival).await,
            Happening::Due => {
                self.catch_up().await;
                let reading = self.outbox.is_empty();
                self.step(Input::Tick { reading }).await;
            }
            Happening::Stalled => self.stalled().await,
            Happening::Acks(acks) => self.step(Input::Acks(acks)).await,
            Happening::Unregister(reply) => {
                self.unregistering.push(reply);
                self.step(Input::Unregister).await;
            }
            Happening::Nudge => self.step(Input::Nudge).await,
            Happening::Close => self.close().await,
            Happening::EventTaken => {}
        }
    }

    /// A deadline may pass while its answer lies in the socket, after the device or the whole
    /// process stood still: what is there counts first.
    async fn catch_up(&mut self) -> bool {
        let reading = self.outbox.is_empty();
        match self.line.next(reading).now_or_never() {
            Some(arrival) => {
                self.arrived(arrival).await;
                true
            }
            None => false,
        }
    }

    async fn stalled(&mut self) {
        if !self.catch_up().await {
            let (url, limit) = (self.machine.url(), self.options.pong_within);
            let silent = ChannelError::Silent { url, limit };
            self.step(Input::Lost(silent)).await;
        }
    }

    async fn arrived(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Connected => self.step(Input::Connected).await,
            Arrival::Failed(error) => self.step(Input::Lost(error)).await,
            Arrival::Message(message) => self.received(message).await,
            Arrival::Written => {}
        }
    }

    async fn received(&mut self, message: Message) {
        match message {
            Message::Text(text) => self.step(Input::Frame(text.as_str())).await,
            Message::Binary(bytes) => self.step(Input::Binary(bytes.len())).await,
            Message::Ping(_) => {
                // The library has queued the pong; it must go out even while nothing is read.
                self.line.flush_soon(Instant::now());
                self.step(Input::Heard).await;
            }
            Message::Pong(_) | Message::Frame(_) => self.step(Input::Heard).await,
            Message::Close(frame) => {
                let error = self.closed_by_peer(frame);
                self.step(Input::Lost(error)).await;
            }
        }
    }

    fn closed_by_peer(&self, frame: Option<CloseFrame>) -> ChannelError {
        let (code, text) = match &frame {
            Some(frame) => (frame.code.into(), frame.reason.as_str()),
            None => (CLOSE_NO_STATUS, ""),
        };
        ChannelError::ClosedByPeer {
            url: self.machine.url(),
            code,
            text: shortened(text),
        }
    }

    /// What was acknowledged before the end is still told to the service.
    async fn close(&mut self) {
        let mut acks = Vec::new();
        while let Ok(ack) = self.acks.try_recv() {
            acks.push(ack);
        }
        for some in acks.chunks(ACKS) {
            self.step(Input::Acks(some.to_vec())).await;
        }
        self.step(Input::Close).await;
    }

    async fn step(&mut self, input: Input<'_>) {
        let now = Instant::now();
        let mut outputs = Vec::new();
        self.machine.step(now, input, &mut outputs);
        for output in outputs {
            self.put_out(output, now).await;
        }
    }

    async fn put_out(&mut self, output: Output, now: Instant) {
        match output {
            Output::Connect(url) => {
                let limit = self.options.connect_within;
                let dialing = dial(url.clone(), self.trust.clone(), limit);
                self.line = Line::Dialing(url, Box::pin(dialing));
            }
            Output::Send(frame) => self.line.queue(Message::text(frame.to_text()), now),
            Output::Ping => self.line.queue(Message::Ping(bytes::Bytes::new()), now),
            Output::HangUp(farewell) if self.machine.is_gone() => {
                self.line.close_with(farewell).await;
            }
            Output::HangUp(farewell) => self.line.drop_with(farewell),
            Output::Event(event) => self.outbox.push_back(event),
            Output::Deliver(raw, ack) => {
                let to = self.acks_to.clone();
                let receipt = Receipt { ack, to };
                let delivery = Delivery { raw, receipt };
                self.outbox.push_back(ChannelEvent::Delivery(delivery));
            }
            Output::Unregistered(outcome) => {
                for reply in self.unregistering.drain(..) {
                    // Whoever asked may have given up waiting.
                    reply.send(outcome.clone()).ok();
                }
            }
        }
    }
}

impl std::fmt::Debug for ChannelDriver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelDriver").finish_non_exhaustive()
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
