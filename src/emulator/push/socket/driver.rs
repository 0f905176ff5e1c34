//! Carries a device's socket: reads frames, writes frames, and does what the conversation says.

use std::collections::VecDeque;
use std::pin::pin;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::emulator::options::SocketTimings;
use crate::emulator::push::handles::Handles;
use crate::emulator::push::queue::{Greeting, Line, Queue};
use crate::store::StoreError;
use crate::wire::push_socket::{MAX_FRAME, ServerFrame};

use super::close::Close;
use super::conversation::{Conversation, Step};
use super::greeting::Hello;
use super::registering;

/// One device's socket.
pub(super) struct Driver {
    pub(super) socket: WebSocket,
    pub(super) handles: Handles,
    pub(super) queue: Queue,
    pub(super) timings: SocketTimings,
    pub(super) ending: CancellationToken,
    /// Its place among all sockets.
    pub(super) _place: OwnedSemaphorePermit,
}

/// How a connection ends.
enum End {
    /// The service closes it.
    Close(Close),
    /// The device closed it, or it broke.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a device's socket is closed because the database failed");
        Self::Close(Close::Failed)
    }
}

impl Driver {
    /// Serves the device until one side ends it.
    pub(super) async fn run(mut self: Box<Self>) {
        if let Err(End::Close(close)) = self.talk().await {
            tracing::debug!(
                code = close.code(),
                reason = close.reason(),
                "device socket closed"
            );
            // The device has as long to take the close frame as it has for a pong.
            let limit = self.timings.pong;
            tokio::time::timeout(limit, self.close(close)).await.ok();
        }
    }

    async fn close(&mut self, close: Close) {
        let frame = CloseFrame {
            code: close.code(),
            reason: Utf8Bytes::from_static(close.reason()),
        };
        let sent = self.socket.send(Message::Close(Some(frame))).await;
        if sent.is_err() || close == Close::GoingAway {
            return;
        }
        // Until the device closes too: what it still sends would otherwise reset the connection
        // before the close frame arrives.
        let ending = self.ending.clone();
        let drained = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        ending.run_until_cancelled(drained).await;
    }

    async fn talk(&mut self) -> Result<(), End> {
        let hello = self.hello().await?;
        let first = Box::pin(self.queue.greet(hello.uaid)).await?;
        let line = self.queue.lines().open(first.uaid);
        // Asked again once the line is open, so that nothing stored in between is missed.
        let greeting = match first.agent {
            Some(_) => Box::pin(self.queue.greet(Some(first.uaid))).await?,
            None => first,
        };
        if greeting.uaid != first.uaid {
            return Err(Close::OutOfPlace.into());
        }
        self.send(&hello.answer(greeting.uaid)).await?;
        let now = Instant::now();
        let mut talk = Conversation::new(greeting.newest, self.timings, now);
        let mut agent = greeting.agent;
        let mut steps = talk.begin();
        // Waited for across all rounds: each new wait costs locks, and pushes are many.
        let ending = self.ending.clone();
        let mut ended = pin!(ending.cancelled());
        let mut deadline = pin!(tokio::time::sleep_until(talk.deadline()));
        loop {
            self.carry_out(&mut talk, steps, &line, greeting, &mut agent)
                .await?;
            if deadline.deadline() != talk.deadline() {
                deadline.as_mut().reset(talk.deadline());
            }
            steps = tokio::select! {
                () = &mut ended => return Err(Close::GoingAway.into()),
                news = line.woken() => {
                    let news = news.ok_or(Close::OutOfPlace)?;
                    let mut steps = talk.handed(news.fresh);
                    if news.stored {
                        steps.extend(talk.woken());
                    }
                    steps
                }
                () = &mut deadline => {
                    talk.time_passed(Instant::now())
                }
                frame = self.socket.recv() => match read(frame)? {
                    Heard::Text(text) => talk.received(&text, Instant::now()),
                    Heard::Pong => {
                        talk.ponged();
                        VecDeque::new()
                    }
                    Heard::Nothing => VecDeque::new(),
                },
            };
        }
    }

    /// Waits for the first frame.
    async fn hello(&mut self) -> Result<Hello, End> {
        let deadline = Instant::now() + self.timings.hello;
        loop {
            let frame = tokio::select! {
                () = self.ending.cancelled() => return Err(Close::GoingAway.into()),
                frame = tokio::time::timeout_at(deadline, self.socket.recv()) => frame,
            };
            let frame = frame.map_err(|_| Close::NoHello)?;
            if let Heard::Text(text) = read(frame)? {
                return Ok(Hello::read(&text)?);
            }
        }
    }

    async fn carry_out(
        &mut self,
        talk: &mut Conversation,
        mut steps: VecDeque<Step>,
        line: &Line,
        greeting: Greeting,
        agent: &mut Option<i64>,
    ) -> Result<(), End> {
        while let Some(step) = steps.pop_front() {
            match step {
                Step::Send(frame) => self.send(&frame).await?,
                Step::Deliver {
                    frame,
                    version,
                    platform,
                    delivery,
                } => {
                    self.send(&frame).await?;
                    delivery.delivered(self.queue.trace(), &version, platform);
                }
                Step::CaughtUp { room } => {
                    if !line.caught_up(room) {
                        steps.extend(talk.woken());
                    }
                }
                Step::Ping => self.write(Message::Ping(Bytes::new())).await?,
                Step::Register {
                    channel_id,
                    key,
                    platform,
                } => {
                    let asked = registering::Asked {
                        channel_id,
                        key,
                        platform,
                    };
                    *agent = self.register(greeting, asked).await?.or(*agent);
                }
                Step::Unregister { channel_id } => {
                    if let Some(agent) = *agent {
                        Box::pin(self.queue.give_back(agent, channel_id)).await?;
                    }
                    self.send(&ServerFrame::Unregister {
                        channel_id,
                        status: 200,
                    })
                    .await?;
                }
                Step::Acknowledge(acked) => {
                    line.acknowledged(acked.iter().filter(|acked| acked.seq.is_some()).count());
                    if let Some(agent) = *agent {
                        self.queue.acknowledge(agent, acked).await?;
                    }
                }
                Step::Load(batch) => {
                    line.looks();
                    // A device that registered nothing has no messages.
                    let messages = match *agent {
                        Some(agent) => self.queue.load(agent, batch).await?,
                        None => Vec::new(),
                    };
                    steps.extend(talk.loaded(messages));
                }
                Step::Close(close) => return Err(close.into()),
            }
        }
        Ok(())
    }

    /// Answers a `register`, and gives the device's number once it has one.
    async fn register(
        &mut self,
        greeting: Greeting,
        asked: registering::Asked,
    ) -> Result<Option<i64>, End> {
        // Boxed, as it is large and rare.
        let answer = Box::pin(registering::register(&self.handles, greeting.uaid, asked));
        let (frame, known) = answer.await?;
        self.send(&frame).await?;
        Ok(known)
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        self.write(Message::Text(frame.to_text().into())).await
    }

    /// A device that takes no frame for so long is gone.
    async fn write(&mut self, message: Message) -> Result<(), End> {
        let written = tokio::time::timeout(self.timings.send, self.socket.send(message));
        tokio::select! {
            // Looked at first: nearly always it is done at once, and nothing is waited for.
            biased;
            written = written => match written {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(End::Gone),
            },
            () = self.ending.cancelled() => Err(Close::GoingAway.into()),
        }
    }
}

enum Heard {
    Text(Utf8Bytes),
    Pong,
    Nothing,
}

fn read(frame: Option<Result<Message, axum::Error>>) -> Result<Heard, End> {
    match frame {
        Some(Ok(Message::Text(text))) if text.len() > MAX_FRAME => Err(Close::TooLarge.into()),
        Some(Ok(Message::Text(text))) => Ok(Heard::Text(text)),
        Some(Ok(Message::Binary(_))) => Err(Close::Binary.into()),
        Some(Ok(Message::Pong(_))) => Ok(Heard::Pong),
        // The library answers pings by itself.
        Some(Ok(Message::Ping(_))) => Ok(Heard::Nothing),
        Some(Err(error)) if is_too_large(&error) => Err(Close::TooLarge.into()),
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    use tokio_tungstenite::tungstenite::Error;
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<Error>())
        .is_some_and(|error| matches!(error, Error::Capacity(_)))
}
