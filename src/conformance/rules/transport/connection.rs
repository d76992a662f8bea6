//! What a connection carries: one request after the other, several at once,
//! and no more once it was to be closed.

use std::time::Duration;

use super::request::{
    AMOUNT, accepted, done_plainly, request, request_of, requests, sent_until_heard, turned_away,
};
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::Mutation;
use crate::generate::mutate::forge;
use crate::generate::mutate::http::{self as mutate, RawRequest};
use crate::target::{Connection, Exchange, PaidOrder, Schedule};
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "transport.keep-alive",
        title: "After a refusal the connection is closed, or carries the next request.",
        explanation: "A forged request, one that is no JSON, one at another path, by another method and of another content type, and behind each a valid one on the same connection: leftovers of the first must not become a part of the second.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["keep-alive-leftovers", "length-too-short"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(keep_alive(probe)),
    },
    Rule {
        id: "transport.connection-close",
        title: "A connection that its caller wants closed is closed behind the answer.",
        explanation: "Connection: close in HTTP/1.1, and a plain request in HTTP/1.0. Who waits for the end of the connection must not wait in vain.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(connection_close(probe)),
    },
    Rule {
        id: "transport.pipelined",
        title: "Requests that come before the answer to the first are answered in order, or not at all.",
        explanation: "Two refunds of different amounts in one packet; a refund and garbage; a forged request and a refund. A gateway may close instead of answering the later ones, but not forget them.",
        clauses: &["server.limits", "refund.response"],
        level: Level::Hardening,
        catches: &["pipelined-lost"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(pipelined(probe)),
    },
];

/// A connection for several requests in turn.
pub(super) struct Line {
    connection: Connection,
}

impl Line {
    pub(super) async fn open(probe: &Probe) -> Result<Self, Stop> {
        let connecting = probe.caller().endpoint.connect();
        let connection = connecting.await.map_err(|ending| {
            Stop::Inconclusive(format!("no connection could be had: {ending}"))
        })?;
        Ok(Self { connection })
    }

    pub(super) async fn send(
        &mut self,
        probe: &mut Probe,
        label: &str,
        schedule: Schedule,
    ) -> Reply {
        let exchange = self.connection.exchange(schedule).await;
        probe.read(label, exchange)
    }

    /// After `refused`: nothing stands behind its answer, and a valid refund
    /// is accepted, if the connection was kept. Gives what was refunded.
    pub(super) async fn goes_on(
        &mut self,
        probe: &mut Probe,
        order: &PaidOrder,
        refused: &Reply,
    ) -> Result<i64, Stop> {
        let behind = bytes_behind(&refused.exchange);
        if behind > 0 {
            return Err(Stop::failed(
                format!(
                    "{}: {behind} bytes stand behind its answer, which the next answer would be taken to start with",
                    refused.label
                ),
                refused,
            ));
        }
        if !self.connection.is_usable() {
            return Ok(0);
        }
        let plain = request(probe, order);
        let label = format!("a valid request on the connection of {}", refused.label);
        let reply = self
            .send(probe, &label, Schedule::whole(plain.bytes()))
            .await;
        accepted(probe, &plain, &reply, AMOUNT).await?;
        Ok(AMOUNT)
    }
}

/// How many bytes came behind an answer with a length.
fn bytes_behind(exchange: &Exchange) -> usize {
    let Some(answer) = &exchange.answer else {
        return 0;
    };
    if answer.header("content-length").is_none() || answer.header("transfer-encoding").is_some() {
        return 0;
    }
    let start = exchange
        .received
        .windows(answer.head.len())
        .position(|window| window == answer.head)
        .expect("the head is a part of what came");
    exchange.received.len() - start - answer.head.len() - answer.body.len()
}

/// The same request with one digit of its signature changed.
pub(super) fn forged(plain: &RawRequest) -> RawRequest {
    let mut forged = plain.clone();
    forge(&mut forged.body);
    forged
}

async fn keep_alive(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units();
    let all = requests(probe, &order, refusals);
    for (_, mutation) in all {
        let label = format!("a request with {}", mutation.label);
        let schedule = Schedule::whole(mutation.document.clone());
        let (mut line, refused) = first_on_a_line(probe, &label, schedule).await?;
        if refused.took_effect() {
            // That it is no refusal is for other rules to say.
            rest -= AMOUNT;
        } else {
            turned_away(probe, &refused)?;
        }
        rest -= line.goes_on(probe, &order, &refused).await?;
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// A connection, and the answer to the first request on it. A gateway that
/// says that it can't answer now is asked again, on another one.
pub(super) async fn first_on_a_line(
    probe: &mut Probe,
    label: &str,
    schedule: Schedule,
) -> Result<(Line, Reply), Stop> {
    const ATTEMPTS: usize = 4;
    let mut attempt = 1;
    loop {
        let mut line = Line::open(probe).await?;
        let reply = line.send(probe, label, schedule.clone()).await;
        let is_silent = reply.exchange.answer.is_none();
        if attempt == ATTEMPTS || is_silent || !reply.is_busy() {
            return Ok((line, reply));
        }
        attempt += 1;
    }
}

/// Requests that are refused at different places, with their bodies read or
/// not.
fn refusals(plain: &RawRequest) -> Vec<Mutation> {
    let refused = Mutation::refused;
    let mut cut = plain.clone();
    cut.body.pop();
    let mut all = vec![
        refused("a wrong signature", forged(plain).bytes(), &[]),
        refused("a document that is cut short", cut.bytes(), &[]),
    ];
    all.extend(mutate::other_paths(plain).into_iter().take(3));
    all.extend(mutate::other_methods(plain).into_iter().take(2));
    all.extend(mutate::other_content_types(plain).into_iter().take(1));
    all
}

async fn connection_close(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units();
    let plain = request(probe, &order);
    let closing = plain.clone().with("Connection: close").bytes();
    let label = "a request with Connection: close";
    let reply = closed_behind(probe, label, closing).await?;
    accepted(probe, &plain, &reply, AMOUNT).await?;
    rest -= AMOUNT;
    let plain = request(probe, &order);
    let old = plain.clone().with_version("HTTP/1.0").bytes();
    let reply = closed_behind(probe, "a request in HTTP/1.0", old).await?;
    // Whether 1.0 is taken at all is the gateway's own affair.
    if reply.took_effect() || reply.exchange.answer.is_none() {
        accepted(probe, &plain, &reply, AMOUNT).await?;
        rest -= AMOUNT;
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// Sends a request and looks whether the connection ends behind its answer.
async fn closed_behind(probe: &mut Probe, label: &str, bytes: Vec<u8>) -> Result<Reply, Stop> {
    /// More than a server that has nothing left to say needs.
    const PATIENCE: Duration = Duration::from_secs(1);
    let mut line = Line::open(probe).await?;
    let reply = line
        .send(probe, label, Schedule::whole(bytes.clone()))
        .await;
    if reply.is_busy() {
        let mut heard = sent_until_heard(probe, label, Schedule::whole(bytes)).await;
        heard.earlier_unknown |= reply.exchange.may_have_reached();
        return Ok(heard);
    }
    if reply.exchange.answer.is_some() && !line.connection.closes_within(PATIENCE).await {
        return Err(Stop::failed(
            format!("{label}: the connection stays open behind the answer"),
            &reply,
        ));
    }
    Ok(reply)
}

async fn pipelined(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units();
    let (first, second) = (
        request_of(probe, &order, AMOUNT),
        request_of(probe, &order, 2 * AMOUNT),
    );
    let label = "two refunds in one packet";
    let replies = at_once(probe, label, [first.bytes(), second.bytes()]).await?;
    accepted(probe, &first, &replies[0], AMOUNT).await?;
    accepted(probe, &second, &replies[1], 2 * AMOUNT).await?;
    rest -= 3 * AMOUNT;

    let plain = request(probe, &order);
    let garbage = b"barter\r\n\r\n".to_vec();
    let label = "a refund and garbage in one packet";
    let replies = at_once(probe, label, [plain.bytes(), garbage]).await?;
    if !replies[0].took_effect() {
        // The answer to the garbage can overtake the refund's, which is lost.
        done_plainly(probe, &plain).await?;
    }
    turned_away_or_busy(probe, &replies[1])?;
    rest -= AMOUNT;

    let (refused, plain) = (forged(&request(probe, &order)), request(probe, &order));
    let label = "a forged request and a refund in one packet";
    let replies = at_once(probe, label, [refused.bytes(), plain.bytes()]).await?;
    turned_away_or_busy(probe, &replies[0])?;
    accepted(probe, &plain, &replies[1], AMOUNT).await?;
    rest -= AMOUNT;
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// What can't be taken was turned away, or the gateway could not answer now.
fn turned_away_or_busy(probe: &mut Probe, reply: &Reply) -> Result<(), Stop> {
    if reply.exchange.answer.is_some() && reply.is_busy() {
        return Ok(());
    }
    turned_away(probe, reply)
}

/// Sends two requests on one connection before any answer.
async fn at_once(
    probe: &mut Probe,
    label: &str,
    requests: [Vec<u8>; 2],
) -> Result<Vec<Reply>, Stop> {
    let mut line = Line::open(probe).await?;
    let exchanges = line.connection.pipeline(requests.into()).await;
    let places = ["the first", "the second"];
    let replies = exchanges
        .into_iter()
        .zip(places)
        .map(|(exchange, place)| probe.read(format!("{place} of {label}"), exchange))
        .collect();
    Ok(replies)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::target::connection::Limits;

    async fn answered(answer: &'static [u8]) -> Exchange {
        const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
        let (ours, mut theirs) = duplex(1 << 10);
        let server = tokio::spawn(async move {
            let mut request = vec![0; REQUEST.len()];
            theirs.read_exact(&mut request).await.unwrap();
            theirs.write_all(answer).await.unwrap();
            theirs
        });
        let exchange = Connection::new(ours, Limits::within(Duration::from_secs(5)))
            .exchange(Schedule::whole(REQUEST.to_vec()))
            .await;
        drop(server.await.unwrap());
        exchange
    }

    #[tokio::test]
    async fn what_stands_behind_an_answer_is_counted() {
        let whole = answered(b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\n{}").await;
        assert_eq!(bytes_behind(&whole), 0);
        let short = answered(b"HTTP/1.1 400 No\r\nContent-Length: 1\r\n\r\n{}").await;
        assert_eq!(bytes_behind(&short), 1);
        let interim = answered(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 No\r\nContent-Length: 1\r\n\r\n{}",
        )
        .await;
        assert_eq!(bytes_behind(&interim), 1);
    }

    #[test]
    fn a_forged_request_differs_in_one_digit() {
        let plain = RawRequest::post("h:1", "/", "{\"signature\":\"00\"}");
        assert_eq!(forged(&plain).body, b"{\"signature\":\"01\"}");
    }
}
