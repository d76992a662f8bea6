//! Volleys: several requests released at once, on connections that are open
//! and warm.
//!
//! Everything that varies is done before the release: messages are signed,
//! connections opened and used once. Then one loop writes request after
//! request; nothing is awaited in between but the kernel's buffers, which are
//! empty.

use futures_util::future::join_all;

use crate::audit::Recorder;
use crate::protocol::{Amount, Api, RefundNo};
use crate::target::{Connection, PaidOrder, Schedule};

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
    /// Its number.
    pub refund: RefundNo,
    /// Its amount, in minor units.
    pub amount: i64,
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
            contenders.connections.push(connect(probe).await?);
        }
        Ok(contenders)
    }

    /// Releases one shot on each connection and waits for all answers. Every
    /// attempt is recorded.
    ///
    /// # Errors
    /// [`Stop::Inconclusive`] where a connection was lost and can't be opened
    /// again.
    pub async fn fire(
        &mut self,
        probe: &mut Probe,
        recorder: &Recorder,
        order: &PaidOrder,
        shots: &[Shot],
    ) -> Result<Vec<Reply>, Stop> {
        for connection in &mut self.connections {
            if !connection.is_usable() {
                *connection = connect(probe).await?;
            }
        }
        let caller = probe.caller().clone();
        let schedules: Vec<Schedule> = shots
            .iter()
            .map(|shot| {
                let document = caller.refund(&order.number, &shot.refund, Amount::new(shot.amount));
                Schedule::whole(caller.endpoint.post(Api::Refund.path(), &document))
            })
            .collect();
        let mut flights = Vec::with_capacity(shots.len());
        for ((connection, schedule), shot) in self.connections.iter_mut().zip(schedules).zip(shots)
        {
            let attempt = recorder.sent(&order.number, &shot.refund, Amount::new(shot.amount));
            let flight = connection.launch(schedule).await;
            flights.push((connection, flight, attempt, shot));
        }
        let landed = join_all(flights.into_iter().map(
            |(connection, flight, attempt, shot)| async {
                let exchange = connection.land(flight).await;
                let label = format!(
                    "refund {} of {} as {}, at the same time as others",
                    shot.amount, order.number, shot.refund
                );
                let reply = super::probe::read_reply(&caller, Api::Refund, label, exchange);
                // What it finds is judged with the whole history.
                let _ = recorder.answered(attempt, &reply.evidence);
                reply
            },
        ))
        .await;
        probe.note(&landed);
        Ok(landed)
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
