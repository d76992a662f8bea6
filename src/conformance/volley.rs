//! Volleys: several requests released at once, on connections that are open
//! and warm.
//!
//! Everything that varies is done before the release: messages are signed,
//! connections opened and used once. Then one loop writes request after
//! request; nothing is awaited in between but the kernel's buffers, which are
//! empty.

use std::fmt;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::audit::{Attempt, Query, Recorder, Reply as Heard, classify_query};
use crate::generate::mutate::forge;
use crate::protocol::{Amount, Api, OrderNo, RefundNo};
use crate::target::connection::Flight;
use crate::target::{Caller, Connection, PaidOrder, Schedule, Step, TAKING_UP, wait_until};
use crate::verdict::{ReleaseForm, leave_apart};

use super::probe::{Probe, Reply};
use super::rule::Stop;

/// A set of open connections.
#[derive(Debug)]
pub struct Contenders {
    /// `None` where one was closed.
    connections: Vec<Option<Connection>>,
}

/// A request that is to be part of a volley.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// The order.
    pub order: OrderNo,
    /// What is asked.
    pub ask: Ask,
    /// The refund's number.
    pub refund: RefundNo,
    /// Its amount, in minor units.
    pub amount: i64,
    /// How much later than the first of the volley it leaves.
    pub after: Duration,
}

/// What a shot asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    /// For a refund.
    Refund,
    /// For a refund, with a wrong signature. Such an attempt is none of the
    /// partner's, and in no history.
    Forged,
    /// For a refund; the connection is closed as soon as all of the volley has
    /// left, and the answer never read.
    Abandoned,
    /// For the state of the order.
    Query,
}

impl Contenders {
    /// Opens and warms `count` connections.
    ///
    /// # Errors
    /// [`Stop::Inconclusive`] where one can't be had.
    pub async fn open(probe: &mut Probe, count: usize) -> Result<Self, Stop> {
        let mut contenders = Self {
            connections: Vec::with_capacity(count),
        };
        for _ in 0..count {
            contenders.connections.push(Some(connect(probe).await?));
        }
        Ok(contenders)
    }

    /// How many there are.
    pub const fn count(&self) -> usize {
        self.connections.len()
    }

    /// Releases one shot on each connection and waits for all answers. Every
    /// attempt is recorded, but for forged ones.
    ///
    /// # Errors
    /// [`Stop::Inconclusive`] where a connection was lost and can't be opened
    /// again.
    pub async fn fire(
        &mut self,
        probe: &mut Probe,
        recorder: &Recorder,
        shots: &[Shot],
        release: ReleaseForm,
    ) -> Result<Vec<Reply>, Stop> {
        for connection in self.connections.iter_mut().take(shots.len()) {
            if !connection.as_mut().is_some_and(Connection::is_usable) {
                *connection = Some(connect(probe).await?);
            }
        }
        let caller = probe.caller().clone();
        // When what leaves apart was answered is stamped then.
        let late_or_abandoned = |shot: &Shot| (!shot.after.is_zero(), shot.ask == Ask::Abandoned);
        let is_apart = leave_apart(shots.iter().map(late_or_abandoned));
        let release = if is_apart {
            ReleaseForm::Whole
        } else {
            release
        };
        let mut loaded: Vec<Loaded<'_>> = self
            .connections
            .iter_mut()
            .zip(shots)
            .map(|(connection, shot)| Loaded::of(connection, shot, &caller, recorder, release))
            .collect();
        if is_apart {
            let started = Instant::now();
            let landing = loaded
                .into_iter()
                .map(|shot| shot.by_itself(started, &caller, recorder));
            let landed = join_all(landing).await;
            probe.note(&landed);
            return Ok(landed);
        }
        let mut flights: Vec<Flight> = Vec::with_capacity(loaded.len());
        // From here on nothing is done but writing, until all have left.
        let started = Instant::now();
        for shot in &mut loaded {
            flights.push(shot.leave(started, recorder).await);
        }
        if release == ReleaseForm::LastByte {
            tokio::time::sleep(TAKING_UP).await;
            let started = Instant::now();
            for (shot, flight) in loaded.iter_mut().zip(&mut flights) {
                shot.complete(started, flight).await;
            }
        }
        for (shot, flight) in loaded.iter_mut().zip(&mut flights) {
            if shot.shot.ask == Ask::Abandoned {
                shot.connection().proceed(flight, &[Step::Abandon]).await;
            }
        }
        let landed: Vec<Reply> = join_all(
            loaded
                .into_iter()
                .zip(flights)
                .map(|(shot, flight)| shot.land(flight, &caller, recorder)),
        )
        .await;
        probe.note(&landed);
        Ok(landed)
    }
}

/// A shot with everything done that can be done before it leaves.
struct Loaded<'a> {
    shot: &'a Shot,
    connection: &'a mut Option<Connection>,
    schedule: Option<Schedule>,
    recorded: Recorded,
}

/// How a shot is recorded.
enum Recorded {
    Refund(Attempt),
    Query(Query),
    /// It is not, or not yet.
    Not,
}

impl Recorded {
    /// To be called before the first byte leaves.
    fn begin(shot: &Shot, recorder: &Recorder) -> Self {
        match shot.ask {
            Ask::Refund | Ask::Abandoned => {
                Self::Refund(recorder.sent(&shot.order, &shot.refund, Amount::new(shot.amount)))
            }
            Ask::Query => Self::Query(recorder.query_sent(&shot.order)),
            Ask::Forged => Self::Not,
        }
    }
}

impl<'a> Loaded<'a> {
    fn of(
        connection: &'a mut Option<Connection>,
        shot: &'a Shot,
        caller: &Caller,
        recorder: &Recorder,
        release: ReleaseForm,
    ) -> Self {
        let recorded = if shot.after.is_zero() {
            Recorded::begin(shot, recorder)
        } else {
            Recorded::Not
        };
        Self {
            schedule: Some(shot.schedule(caller, release)),
            recorded,
            connection,
            shot,
        }
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it was just opened")
    }

    /// Writes what is to leave now.
    async fn leave(&mut self, started: Instant, recorder: &Recorder) -> Flight {
        let schedule = self.schedule.take().expect("a shot leaves once");
        if !self.shot.after.is_zero() {
            if schedule.is_whole() {
                wait_until(started + self.shot.after).await;
            }
            self.recorded = Recorded::begin(self.shot, recorder);
        }
        self.connection().launch(schedule).await
    }

    /// Leaves when it is due and lands, whatever the others do.
    async fn by_itself(mut self, started: Instant, caller: &Caller, recorder: &Recorder) -> Reply {
        let flight = self.leave(started, recorder).await;
        self.land(flight, caller, recorder).await
    }

    /// Writes the byte that was held back.
    async fn complete(&mut self, started: Instant, flight: &mut Flight) {
        if !self.shot.after.is_zero() {
            wait_until(started + self.shot.after).await;
        }
        self.connection().complete(flight).await;
    }

    async fn land(mut self, flight: Flight, caller: &Caller, recorder: &Recorder) -> Reply {
        let exchange = self.connection().land(flight).await;
        if self.shot.ask == Ask::Abandoned {
            // Closes it.
            *self.connection = None;
        }
        let api = self.shot.api();
        let reply = super::probe::read_reply(caller, api, self.shot.to_string(), exchange);
        match self.recorded {
            Recorded::Refund(attempt) => {
                // What it finds is judged with the whole history.
                let _ = recorder.answered(attempt, &reply.evidence);
            }
            Recorded::Query(query) => {
                let heard = Heard::from(&reply.exchange);
                let shown = classify_query(&heard, &caller.partner.key, &self.shot.order);
                recorder.query_answered(query, &shown);
            }
            Recorded::Not => {}
        }
        reply
    }
}

impl Shot {
    /// A valid refund under a fresh number.
    pub fn fresh(probe: &Probe, order: &PaidOrder, amount: i64) -> Self {
        Self::of(&order.number, probe.refund_number(), amount)
    }

    /// A valid refund.
    pub fn of(order: &OrderNo, refund: RefundNo, amount: i64) -> Self {
        Self {
            order: order.clone(),
            ask: Ask::Refund,
            refund,
            amount,
            after: Duration::ZERO,
        }
    }

    /// The same, asking for something else.
    #[must_use]
    pub fn asking(self, ask: Ask) -> Self {
        Self { ask, ..self }
    }

    /// The same, leaving so much later than the first of the volley.
    #[must_use]
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    const fn api(&self) -> Api {
        match self.ask {
            Ask::Query => Api::Query,
            Ask::Refund | Ask::Forged | Ask::Abandoned => Api::Refund,
        }
    }

    fn schedule(&self, caller: &Caller, release: ReleaseForm) -> Schedule {
        let mut document = match self.ask {
            Ask::Query => caller.query(&self.order),
            _ => caller.refund(&self.order, &self.refund, Amount::new(self.amount)),
        };
        if self.ask == Ask::Forged {
            forge(&mut document);
        }
        let request = caller.endpoint.post(self.api().path(), &document);
        match release {
            ReleaseForm::Whole => Schedule::whole(request),
            ReleaseForm::LastByte => Schedule::all_but_last(request),
        }
    }
}

impl fmt::Display for Shot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            amount,
            order,
            refund,
            ..
        } = self;
        let what = match self.ask {
            Ask::Query => {
                return write!(formatter, "query of {order}, at the same time as others");
            }
            Ask::Refund => "refund",
            Ask::Forged => "forged refund",
            Ask::Abandoned => "abandoned refund",
        };
        write!(
            formatter,
            "{what} {amount} of {order} as {refund}, at the same time as others"
        )
    }
}

/// Opens a warm connection; one that is dropped at once is tried again.
async fn connect(probe: &mut Probe) -> Result<Connection, Stop> {
    const ATTEMPTS: u32 = 4;
    let mut attempt = 1;
    loop {
        match connect_once(probe).await {
            Err(_) if attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

/// Opens a connection and uses it once, so that the gateway's side of it is
/// warm as well.
async fn connect_once(probe: &mut Probe) -> Result<Connection, Stop> {
    let caller = probe.caller().clone();
    let lost = |reason: String| Stop::Inconclusive(format!("no connection for a volley: {reason}"));
    let mut connection = caller
        .endpoint
        .connect()
        .await
        .map_err(|ending| lost(ending.to_string()))?;
    let warming = caller.refund(
        &caller.numbers.order(),
        &caller.numbers.refund(),
        Amount::new(1),
    );
    let request = caller.endpoint.post(Api::Refund.path(), &warming);
    connection
        .round_trip(&request)
        .await
        .map_err(|ending| lost(ending.to_string()))?;
    probe.count(1);
    if connection.is_usable() {
        Ok(connection)
    } else {
        // A gateway that closes after each answer can still be raced, on
        // connections that are open but cold.
        caller
            .endpoint
            .connect()
            .await
            .map_err(|ending| lost(ending.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_document_differs_in_one_digit_of_its_signature() {
        let mut document = b"{\"signature\":\"a0\"}".to_vec();
        forge(&mut document);
        assert_eq!(document, b"{\"signature\":\"a1\"}");
    }

    #[test]
    fn a_shot_names_its_refund_as_reports_look_for_it() {
        let order = OrderNo::new("o1").unwrap();
        let shot = Shot::of(&order, RefundNo::new("r1").unwrap(), 5);
        assert_eq!(
            shot.to_string(),
            "refund 5 of o1 as r1, at the same time as others"
        );
    }
}
