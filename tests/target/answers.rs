//! Answers that are right: each is understood as it was meant, however its
//! bytes come.

use proptest::prelude::*;
use recoup::target::{Connection, Ending};

use crate::spoken::{Spoken, kept_alive, spoken};
use crate::wire::{End, REQUEST, Wire, block_on, cuts, exchange, impatient, patient};

/// An end that a complete answer can have: whoever has framed it may hold the
/// connection or leave in any way.
fn end_of(spoken: &Spoken, ends: End) -> End {
    if spoken.is_until_close {
        End::Close
    } else {
        ends
    }
}

fn any_end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::Close),
        Just(End::Hold),
        Just(End::Reset),
        Just(End::Tear)
    ]
}

proptest! {
    #[test]
    fn an_answer_is_the_same_however_it_is_cut(
        spoken in spoken(),
        cuts in cuts(),
        end in any_end(),
    ) {
        let end = end_of(&spoken, end);
        let wire = Wire::answering(&spoken.bytes, &cuts, end);
        let (exchange, is_usable) = exchange(wire, patient());
        prop_assert_eq!(&exchange.ending, &Ending::Answered);
        prop_assert_eq!(exchange.status(), Some(spoken.status));
        prop_assert_eq!(exchange.body(), Some(&spoken.body[..]));
        prop_assert_eq!(&exchange.received, &spoken.bytes);
        prop_assert_eq!(exchange.sent, REQUEST);
        prop_assert_eq!(is_usable, spoken.keep_alive && end == End::Hold);
    }

    #[test]
    fn a_round_trip_gives_the_same_answer_as_an_exchange(
        spoken in spoken(),
        cuts in cuts(),
        end in any_end(),
    ) {
        let end = end_of(&spoken, end);
        let wire = Wire::answering(&spoken.bytes, &cuts, end);
        block_on(async {
            let mut connection = Connection::new(wire, patient());
            let answer = connection.round_trip(REQUEST).await.unwrap();
            prop_assert_eq!(answer.status, spoken.status);
            prop_assert_eq!(answer.body, &spoken.body[..]);
            prop_assert_eq!(connection.is_usable(), spoken.keep_alive && end == End::Hold);
            Ok(())
        })?;
    }

    #[test]
    fn each_request_of_a_connection_gets_its_own_answer(
        answers in prop::collection::vec((kept_alive(), cuts()), 1..6),
    ) {
        let wire = answers.iter().fold(Wire::new(End::Hold), |wire, (spoken, cuts)| {
            wire.then(REQUEST.len(), &spoken.bytes, cuts)
        });
        block_on(async {
            let mut connection = Connection::new(wire, patient());
            for (spoken, _) in &answers {
                prop_assert!(connection.is_usable());
                let answer = connection.round_trip(REQUEST).await.unwrap();
                prop_assert_eq!(answer.status, spoken.status);
                prop_assert_eq!(answer.body, &spoken.body[..]);
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_follows_an_answer_is_nobody_elses_answer(
        first in kept_alive(),
        second in spoken(),
        rest in any::<prop::sample::Index>(),
    ) {
        // From one byte of it to all of it, in the same packet.
        let behind = &second.bytes[..=rest.index(second.bytes.len())];
        let both = [first.bytes.as_slice(), behind].concat();
        let wire = Wire::answering(&both, &[], End::Hold);
        block_on(async {
            let mut connection = Connection::new(wire, patient());
            let answer = connection.round_trip(REQUEST).await.unwrap();
            prop_assert_eq!(answer.body, &first.body[..]);
            prop_assert!(!connection.is_usable());
            let again = connection.round_trip(REQUEST).await;
            prop_assert!(matches!(again, Err(Ending::NotSent(_))));
            prop_assert_eq!(connection.stream().taken(), REQUEST);
            Ok(())
        })?;
    }

    #[test]
    fn what_is_cut_short_is_no_answer(
        spoken in spoken(),
        cuts in cuts(),
        at in any::<prop::sample::Index>(),
        end in any_end(),
    ) {
        // The end of such a body can't be told from one that was cut short,
        // unless it was torn off; a word of it has to be there for that.
        prop_assume!(!spoken.is_until_close || end != End::Close);
        let beginning = &spoken.bytes[..at.index(spoken.bytes.len())];
        let limits = if end == End::Hold { impatient() } else { patient() };
        let (exchange, is_usable) = exchange(Wire::answering(beginning, &cuts, end), limits);
        let expected = match end {
            End::Close | End::Tear => Ending::Closed(beginning.len()),
            End::Reset => Ending::Reset,
            End::Hold => Ending::TimedOut(recoup::target::Phase::Answer),
        };
        prop_assert_eq!(exchange.ending, expected);
        prop_assert_eq!(exchange.answer, None);
        prop_assert!(beginning.starts_with(&exchange.received));
        // Who gives up waiting may do so before all that was said has come.
        prop_assert!(end == End::Hold || exchange.received == beginning);
        prop_assert!(!is_usable);
    }

    #[test]
    fn a_body_that_only_the_close_would_end_is_none_where_the_connection_is_torn(
        spoken in spoken().prop_filter("until close", |spoken| spoken.is_until_close),
        end in prop_oneof![Just(End::Tear), Just(End::Reset)],
    ) {
        let (exchange, _) = exchange(Wire::answering(&spoken.bytes, &[], end), patient());
        prop_assert_eq!(exchange.answer, None);
        let expected = match end {
            End::Reset => Ending::Reset,
            _ => Ending::Closed(spoken.bytes.len()),
        };
        prop_assert_eq!(exchange.ending, expected);
    }

    #[test]
    fn a_size_is_within_the_limit_or_not_however_it_is_cut(
        spoken in spoken(),
        cuts in cuts(),
        over in 0..400_usize,
    ) {
        // 0: just within it.
        let limit = spoken.bytes.len().saturating_sub(over);
        let limits = recoup::target::Limits { largest_answer: limit, ..patient() };
        let (exchange, _) = exchange(Wire::answering(&spoken.bytes, &cuts, End::Close), limits);
        if over == 0 {
            prop_assert_eq!(exchange.ending, Ending::Answered);
        } else {
            prop_assert_eq!(exchange.ending, Ending::TooLarge(limit));
            prop_assert_eq!(exchange.answer, None);
        }
    }
}
