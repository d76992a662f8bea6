//! Requests: every byte leaves, in order, and a request that could not leave
//! is told from one that may have arrived.

use std::io;
use std::time::Duration;

use proptest::prelude::*;
use recoup::target::{Connection, Ending, Schedule, Step};

use crate::wire::{End, REQUEST, Wire, block_on, cut, cuts, patient};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The request in the pieces that end at `cuts`, with a breath between them.
fn in_pieces(cuts: &[prop::sample::Index]) -> Schedule {
    let mut steps = Vec::new();
    let mut from = 0;
    for piece in cut(REQUEST, cuts) {
        steps.push(Step::Write(from..from + piece.len()));
        steps.push(Step::Pause(Duration::ZERO));
        from += piece.len();
    }
    Schedule::new(REQUEST.to_vec(), steps)
}

proptest! {
    #[test]
    fn every_byte_arrives_in_order_whatever_the_schedule(
        cuts in cuts(),
        gulp in 1..80_usize,
    ) {
        let wire = Wire::answering(ANSWER, &[], End::Hold).taking(gulp);
        block_on(async {
            let mut connection = Connection::new(wire, patient());
            let exchange = connection.exchange(in_pieces(&cuts)).await;
            prop_assert_eq!(exchange.ending, Ending::Answered);
            prop_assert_eq!(exchange.written, REQUEST.len());
            prop_assert_eq!(connection.stream().taken(), REQUEST);
            Ok(())
        })?;
    }

    #[test]
    fn not_sent_means_that_no_byte_of_the_body_has_left(
        taken in 0..REQUEST.len(),
        gulp in 1..80_usize,
        error in prop_oneof![
            Just(io::ErrorKind::ConnectionReset),
            Just(io::ErrorKind::BrokenPipe),
            Just(io::ErrorKind::ConnectionAborted),
            Just(io::ErrorKind::TimedOut),
        ],
        end in prop_oneof![Just(End::Close), Just(End::Reset), Just(End::Tear)],
    ) {
        let wire = || Wire::new(end).taking(gulp).deaf_after(taken, error);
        block_on(async {
            let mut connection = Connection::new(wire(), patient());
            let exchange = connection.exchange(Schedule::whole(REQUEST.to_vec())).await;
            prop_assert_eq!(exchange.written, taken);
            prop_assert_eq!(exchange.may_have_reached(), taken > exchange.body_start);
            prop_assert_eq!(
                matches!(exchange.ending, Ending::NotSent(_)),
                !exchange.may_have_reached()
            );
            prop_assert!(!connection.is_usable());

            let mut connection = Connection::new(wire(), patient());
            let lost = connection.round_trip(REQUEST).await.unwrap_err();
            // It does not look where the body starts: any byte may be too many.
            prop_assert_eq!(matches!(lost, Ending::NotSent(_)), taken == 0);
            Ok(())
        })?;
    }

    #[test]
    fn an_answer_to_a_part_of_the_request_is_read(
        taken in 1..REQUEST.len(),
        cuts in cuts(),
    ) {
        // As of a server that refuses a head and closes without reading on.
        let refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
        let wire = || {
            Wire::new(End::Close)
                .deaf_after(taken, io::ErrorKind::BrokenPipe)
                .then(taken, refusal, &cuts)
        };
        block_on(async {
            let mut connection = Connection::new(wire(), patient());
            let exchange = connection.exchange(Schedule::whole(REQUEST.to_vec())).await;
            prop_assert_eq!(exchange.status(), Some(413));
            prop_assert_eq!(exchange.written, taken);
            prop_assert!(!connection.is_usable());

            let mut connection = Connection::new(wire(), patient());
            let answer = connection.round_trip(REQUEST).await.unwrap();
            prop_assert_eq!((answer.status, answer.body), (413, &b"no"[..]));
            Ok(())
        })?;
    }
}

#[test]
fn whoever_gives_up_waiting_leaves_a_connection_that_is_used_up() {
    block_on(async {
        let wire = Wire::answering(ANSWER, &[], End::Hold).then(usize::MAX / 2, b"", &[]);
        let mut connection = Connection::new(wire, patient());
        {
            let waiting = std::pin::pin!(connection.round_trip(REQUEST));
            // One poll: the request is not even written whole.
            let _ = futures_util::poll!(waiting);
        }
        assert!(!connection.is_usable());
        let again = connection.round_trip(REQUEST).await;
        assert!(matches!(again, Err(Ending::NotSent(_))), "{again:?}");
    });
}
