//! Volleys: several requests released at once, on connections that are open
//! and warm.
//!
//! Everything that varies is done before the release: messages are signed,
//! connections opened and used once. Then one loop writes request after
//! request; nothing is awaited in between but the kernel's buffers, which are
//! empty.

use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;

use crate::audit::Recorder;
use crate::generate::mutate::forge;
use crate::protocol::{Amount, Api, OrderNo, RefundNo};
use crate::target::{Caller, Connection, PaidOrder, Schedule, Step};

use super::probe::{Probe, Reply};
use super::rule::Stop;

/// A set of open connections.
#[derive(Debug)]
pub struct Contenders {
    connections: Vec<Connection>,
}

/// A refund that is to be part of a volley.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    /// The order.
    pub order: OrderNo,
    /// Its number.
    pub refund: RefundNo,
    /// Its amount, in minor units.
    pub amount: i64,
    /// Whether its signature is wrong. Such an attempt is none of the
    /// partner's, and in no history.
    pub is_forged: bool,
}

/// How the requests of a volley leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Release {
    /// Each in one write.
    Whole,
    /// All but the last byte of each first, and when the gateway is at work on
    /// all of them, the last bytes: over real networks these come closer
    /// together.
    LastByte,
}

/// How long a gateway gets to take up requests that lack a byte.
const TAKING_UP: Duration = Duration::from_millis(5);

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
            contenders.connections.push(connect(probe).await?);
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
        release: Release,
    ) -> Result<Vec<Reply>, Stop> {
        for connection in &mut self.connections {
            if !connection.is_usable() {
                *connection = connect(probe).await?;
            }
        }
        let caller = probe.caller().clone();
        let schedules: Vec<Schedule> = shots
            .iter()
            .map(|shot| shot.schedule(&caller, release))
            .collect();
        let mut flights = Vec::with_capacity(shots.len());
        for ((connection, schedule), shot) in self.connections.iter_mut().zip(schedules).zip(shots)
        {
            let attempt = (!shot.is_forged)
                .then(|| recorder.sent(&shot.order, &shot.refund, Amount::new(shot.amount)));
            let flight = connection.launch(schedule).await;
            flights.push((connection, flight, attempt, shot));
        }
        if release == Release::LastByte {
            tokio::time::sleep(TAKING_UP).await;
            for (connection, flight, ..) in &mut flights {
                let end = flight.length();
                connection
                    .proceed(flight, &[Step::Write(end - 1..end)])
                    .await;
            }
        }
        let landed = join_all(flights.into_iter().map(
            |(connection, flight, attempt, shot)| async {
                let exchange = connection.land(flight).await;
                let reply =
                    super::probe::read_reply(&caller, Api::Refund, shot.to_string(), exchange);
                if let Some(attempt) = attempt {
                    // What it finds is judged with the whole history.
                    let _ = recorder.answered(attempt, &reply.evidence);
                }
                reply
            },
        ))
        .await;
        probe.note(&landed);
        Ok(landed)
    }
}

impl Shot {
    /// A valid refund under a fresh number.
    pub fn fresh(probe: &Probe, order: &PaidOrder, amount: i64) -> Self {
        Self {
            order: order.number.clone(),
            refund: probe.refund_number(),
            amount,
            is_forged: false,
        }
    }

    fn schedule(&self, caller: &Caller, release: Release) -> Schedule {
        let mut document = caller.refund(&self.order, &self.refund, Amount::new(self.amount));
        if self.is_forged {
            forge(&mut document);
        }
        let request = caller.endpoint.post(Api::Refund.path(), &document);
        match release {
            Release::Whole => Schedule::whole(request),
            Release::LastByte => {
                let held = request.len() - 1;
                Schedule::new(request, vec![Step::Write(0..held)])
            }
        }
    }
}

impl fmt::Display for Shot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_forged {
            "forged refund"
        } else {
            "refund"
        };
        write!(
            formatter,
            "{what} {} of {} as {}, at the same time as others",
            self.amount, self.order, self.refund
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
        let shot = Shot {
            order: OrderNo::new("o1").unwrap(),
            refund: RefundNo::new("r1").unwrap(),
            amount: 5,
            is_forged: false,
        };
        assert_eq!(
            shot.to_string(),
            "refund 5 of o1 as r1, at the same time as others"
        );
    }
}
