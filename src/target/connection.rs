//! A connection of our own: it owns the bytes, retries nothing, follows
//! nothing, and bounds every step in time and size.

use std::io;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use super::exchange::{Ending, Exchange, HttpAnswer, Phase};
use super::http1::{AnswerParser, BodyPlace, ParsedAnswer};
use super::patience::Patience;
use super::schedule::{Schedule, Step};
use super::stream::Stream;

/// Room for an answer of the protocol, so that one read is enough for it.
const READ: usize = 4096;

/// The bounds of every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connecting, TLS included.
    pub connect: Duration,
    /// Each write.
    pub write: Duration,
    /// From the request's last byte to the answer's.
    pub answer: Duration,
    /// The largest answer in bytes, head included.
    pub largest_answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self::within(Duration::from_secs(10))
    }
}

impl Limits {
    /// Each step within `time`, answers of at most a megabyte.
    pub const fn within(time: Duration) -> Self {
        Self {
            connect: time,
            write: time,
            answer: time,
            largest_answer: 1 << 20,
        }
    }
}

/// A keep-alive connection over `S`: TCP or TLS, or anything in a test.
#[derive(Debug)]
pub struct Connection<S = Stream> {
    stream: S,
    limits: Limits,
    patience: Patience,
    pub(super) parser: AnswerParser,
    /// What came since the present exchange began.
    pub(super) buffer: Vec<u8>,
    pub(super) usable: bool,
}

/// A complete answer that still stands in the connection's buffer.
#[derive(Debug)]
pub struct AnswerView<'a> {
    /// The final status.
    pub status: u16,
    /// The body, chunks put together.
    pub body: &'a [u8],
}

/// What reading once brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// More bytes.
    More,
    /// The other side has said that it says no more.
    End,
    /// The connection is gone, and nobody said that all had been said: TLS
    /// without its closing message, which anybody on the way can bring about.
    Torn,
}

/// A request that has left and whose answer is still to come.
#[derive(Debug)]
#[must_use = "its answer has to be waited for, or the connection can't be used again"]
pub struct Flight {
    schedule: Schedule,
    started: Instant,
    written: usize,
    sending: Result<(), Ending>,
}

impl Flight {
    /// How many bytes the whole request has.
    pub const fn length(&self) -> usize {
        self.schedule.bytes.len()
    }
}

impl Connection {
    /// The same as [`is_usable`](Self::is_usable) for whoever asks before every
    /// request: it asks what the runtime has heard, and leaves nothing behind
    /// that the next answer would have to clear away.
    pub fn is_still_usable(&mut self) -> bool {
        match &self.stream {
            Stream::Plain(socket) => {
                let heard = socket.try_read(&mut [0]);
                let is_silent = heard.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
                self.usable &= is_silent;
                self.usable
            }
            Stream::Tls(_) => self.is_usable(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection over an open stream.
    pub fn new(stream: S, limits: Limits) -> Self {
        Self {
            stream,
            limits,
            patience: Patience::default(),
            parser: AnswerParser::new(),
            buffer: Vec::with_capacity(READ),
            usable: true,
        }
    }

    /// Whether another request can be sent on it. Looks, without waiting,
    /// whether the other side has closed an idle connection, or said something
    /// that nobody asked for.
    pub fn is_usable(&mut self) -> bool {
        if self.usable {
            let mut byte = [0];
            let mut buffer = ReadBuf::new(&mut byte);
            let mut context = Context::from_waker(Waker::noop());
            let heard = Pin::new(&mut self.stream).poll_read(&mut context, &mut buffer);
            self.usable = heard.is_pending();
        }
        self.usable
    }

    /// The stream below.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Sends `request` in one write and waits for its answer: the way of load
    /// traffic, which keeps nothing but the answer, in a buffer that is used
    /// again.
    ///
    /// # Errors
    /// How it ended, where it was not with an answer; [`Ending::NotSent`] also
    /// where the connection is not usable: what comes on it may be the answer
    /// to an earlier request.
    pub async fn round_trip(&mut self, request: &[u8]) -> Result<AnswerView<'_>, Ending> {
        if !self.usable {
            return Err(Ending::NotSent("the connection is used up".to_owned()));
        }
        self.begin();
        let mut written = 0;
        let sending = self.write(request, &mut written).await;
        let answer = match sending {
            Ok(()) => self.read_answer().await,
            Err(ending) if written == 0 => Err(Ending::NotSent(ending.to_string())),
            // It may have answered and closed before it has read everything.
            Err(ending) => self.read_answer().await.map_err(|_| ending),
        };
        match answer {
            Ok(answer) => {
                self.usable = answer.keep_alive && answer.end == self.buffer.len();
                let body = match answer.body {
                    BodyPlace::Buffer(range) => &self.buffer[range],
                    BodyPlace::Decoded => self.parser.decoded(),
                };
                Ok(AnswerView {
                    status: answer.status,
                    body,
                })
            }
            Err(ending) => Err(ending),
        }
    }

    /// Sends by `schedule`, reading what comes meanwhile, and keeps everything.
    pub async fn exchange(&mut self, schedule: Schedule) -> Exchange {
        let flight = self.launch(schedule).await;
        self.land(flight).await
    }

    /// Sends by `schedule` and returns as soon as the last byte is handed to
    /// the kernel: the way of races, where many requests are to leave before
    /// the first answer is looked at. [`Connection::land`] must follow.
    pub async fn launch(&mut self, schedule: Schedule) -> Flight {
        self.begin();
        if schedule.bytes.starts_with(b"HEAD ") {
            self.parser.expect_no_body();
        }
        let started = Instant::now();
        let mut written = 0;
        let sending = self.send(&schedule, &schedule.steps, &mut written).await;
        Flight {
            schedule,
            started,
            written,
            sending,
        }
    }

    /// Takes further steps of a request that was launched in part: the way to
    /// hold a request back until others are ready.
    pub async fn proceed(&mut self, flight: &mut Flight, steps: &[Step]) {
        if flight.sending.is_ok() {
            let sending = self.send(&flight.schedule, steps, &mut flight.written);
            flight.sending = sending.await;
        }
    }

    /// Sends the last byte of what was launched without it.
    pub async fn complete(&mut self, flight: &mut Flight) {
        let end = flight.length();
        let last = [Step::Write(end.saturating_sub(1)..end)];
        self.proceed(flight, &last).await;
    }

    /// Waits for the answer to what was launched.
    pub async fn land(&mut self, flight: Flight) -> Exchange {
        let Flight {
            schedule,
            started,
            written,
            sending,
        } = flight;
        let outcome = match sending {
            Ok(()) => self.read_answer().await,
            // A server may answer and close before it has read everything:
            // what it said counts, if it said it all.
            Err(ending @ (Ending::Reset | Ending::TimedOut(_) | Ending::Closed(_))) => {
                self.read_answer().await.map_err(|_| ending)
            }
            Err(ending) => Err(ending),
        };
        let took = started.elapsed();
        let (answer, ending) = match outcome {
            Ok(answer) => {
                self.usable = answer.keep_alive && answer.end == self.buffer.len();
                (Some(self.keep(answer)), Ending::Answered)
            }
            Err(ending) => {
                let unsent = written < schedule.bytes.len() && written <= schedule.body_start;
                let ending = if unsent && self.buffer.is_empty() {
                    Ending::NotSent(ending.to_string())
                } else {
                    ending
                };
                (None, ending)
            }
        };
        Exchange {
            sent: schedule.bytes,
            written,
            body_start: schedule.body_start,
            received: std::mem::take(&mut self.buffer),
            answer,
            ending,
            started,
            took,
        }
    }

    /// Until its answer is complete the connection is nobody else's to use,
    /// also where whoever waits for it gives up.
    pub(super) fn begin(&mut self) {
        self.usable = false;
        self.buffer.clear();
        self.parser.reset();
    }

    pub(super) fn keep(&self, answer: ParsedAnswer) -> HttpAnswer {
        HttpAnswer {
            status: answer.status,
            head: self.buffer[answer.head].to_vec(),
            body: match answer.body {
                BodyPlace::Buffer(range) => self.buffer[range].to_vec(),
                BodyPlace::Decoded => self.parser.decoded().to_vec(),
            },
            keep_alive: answer.keep_alive,
        }
    }

    async fn send(
        &mut self,
        schedule: &Schedule,
        steps: &[Step],
        written: &mut usize,
    ) -> Result<(), Ending> {
        for step in steps {
            match step {
                Step::Write(range) => {
                    self.write(&schedule.bytes[range.clone()], written).await?;
                }
                Step::Pause(time) => {
                    // The answer may come early; a server that closes ends the pause.
                    if let Ok(closed) = timeout(*time, self.read_all()).await {
                        closed?;
                    }
                }
                Step::AwaitInterim(time) => {
                    // Who says nothing is not waited for any longer.
                    if let Ok(heard) = timeout(*time, self.read_head()).await
                        && !heard?
                    {
                        return Ok(());
                    }
                }
                Step::HalfClose => {
                    let closing = timeout(self.limits.write, self.stream.shutdown()).await;
                    closing
                        .map_err(|_| Ending::TimedOut(Phase::Write))?
                        .map_err(|error| lost(&error, self.buffer.len()))?;
                }
                Step::Abandon => return Err(Ending::Abandoned),
            }
        }
        Ok(())
    }

    pub(super) async fn write(&mut self, bytes: &[u8], written: &mut usize) -> Result<(), Ending> {
        let received = self.buffer.len();
        let stream = &mut self.stream;
        let writing = async {
            let mut rest = bytes;
            while !rest.is_empty() {
                let count = stream.write(rest).await?;
                if count == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                *written += count;
                rest = &rest[count..];
            }
            stream.flush().await
        };
        self.patience
            .with(self.limits.write, writing)
            .await
            .map_err(|_| Ending::TimedOut(Phase::Write))?
            .map_err(|error: io::Error| lost(&error, received))
    }

    /// Whether the other side closes within `time`; what it says until then is
    /// thrown away. The connection can't be used again.
    pub async fn closes_within(&mut self, time: Duration) -> bool {
        self.begin();
        timeout(time, self.read_all()).await.is_ok()
    }

    /// Reads until a head is there, and tells whether it is an interim one.
    async fn read_head(&mut self) -> Result<bool, Ending> {
        while !self.buffer.windows(4).any(|end| end == b"\r\n\r\n") {
            if self.read_some().await? != Heard::More {
                return Err(Ending::Closed(self.buffer.len()));
            }
        }
        let status = self.buffer.split(|byte| *byte == b' ').nth(1);
        Ok(status.is_some_and(|status| status.starts_with(b"1")))
    }

    /// Reads until the other side closes or the bound on size is reached.
    async fn read_all(&mut self) -> Result<(), Ending> {
        while self.read_some().await? == Heard::More {}
        Err(Ending::Closed(self.buffer.len()))
    }

    pub(super) async fn read_answer(&mut self) -> Result<ParsedAnswer, Ending> {
        let limit = self.limits.answer;
        // Taken out meanwhile: the reading needs the rest of the connection.
        let mut patience = std::mem::take(&mut self.patience);
        let answer = patience.with(limit, self.read_until_complete()).await;
        self.patience = patience;
        answer.map_err(|_| Ending::TimedOut(Phase::Answer))?
    }

    async fn read_until_complete(&mut self) -> Result<ParsedAnswer, Ending> {
        let mut heard = Heard::More;
        loop {
            if !self.buffer.is_empty() {
                let parsed = self.parser.advance(&self.buffer, heard == Heard::End);
                if let Some(answer) = parsed.map_err(|error| Ending::Malformed(error.0))? {
                    // However its bytes were cut into reads.
                    return if answer.end > self.limits.largest_answer {
                        Err(Ending::TooLarge(self.limits.largest_answer))
                    } else {
                        Ok(answer)
                    };
                }
            }
            if heard != Heard::More {
                return Err(Ending::Closed(self.buffer.len()));
            }
            heard = self.read_some().await?;
        }
    }

    async fn read_some(&mut self) -> Result<Heard, Ending> {
        if self.buffer.len() > self.limits.largest_answer {
            return Err(Ending::TooLarge(self.limits.largest_answer));
        }
        let received = self.buffer.len();
        self.buffer.reserve(READ);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Ok(Heard::End),
            Ok(_) => Ok(Heard::More),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Heard::Torn),
            Err(error) => Err(lost(&error, received)),
        }
    }
}

fn lost(error: &io::Error, received: usize) -> Ending {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Ending::Reset,
        io::ErrorKind::InvalidData => Ending::Malformed(error.to_string()),
        _ => Ending::Closed(received),
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
