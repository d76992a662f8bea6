//! The catalogue of faults.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::gateway::name::UnknownName;

/// How long a race's window is open where nobody says otherwise.
const WINDOW: Option<Duration> = Some(Duration::from_micros(200));
/// How much later a number is recorded: late enough for a retry that is sent
/// as soon as the answer is there.
const RECORDED: Option<Duration> = Some(Duration::from_millis(20));
/// How old a copy of an order's sum may be.
const STALE: Option<Duration> = Some(Duration::from_millis(5));
/// How much later a refund is settled, or applied again: who looks a few tens
/// of milliseconds after the answer sees it.
const SETTLED: Option<Duration> = Some(Duration::from_millis(10));
/// How long those who block each other wait.
const BLOCKED: Option<Duration> = Some(Duration::from_millis(250));

/// Where a fault sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Seat {
    /// Between bytes and meaning; goes with any store.
    Wire,
    /// In how money is kept, which is a faulty ledger in memory.
    Ledger,
}

macro_rules! faults {
    ($($(#[$documentation:meta])* $fault:ident: [$($number:literal),*], $name:literal, $seat:ident, $window:expr, $description:literal;)*) => {
        /// A known bug of refund gateways.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $($(#[$documentation])* $fault,)*
        }

        impl Fault {
            /// Every fault, sorted by its numbers.
            pub const ALL: &'static [Self] = &[$(Self::$fault),*];

            /// The name that `--fault` takes.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name,)* }
            }

            /// Its numbers among the known bugs of refund gateways, 13 for M13:
            /// several where they come to the same here, none for a fault of
            /// this catalogue's own.
            pub const fn numbers(self) -> &'static [u8] {
                match self { $(Self::$fault => &[$($number),*],)* }
            }

            /// What the gateway does wrong, in one sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$fault => $description,)* }
            }

            /// For how long its race is open where nobody says otherwise, or
            /// how much later it does what it does; `None` for a fault that is
            /// no question of time.
            pub const fn window(self) -> Option<Duration> {
                match self { $(Self::$fault => $window,)* }
            }

            pub(super) const fn seat(self) -> Seat {
                match self { $(Self::$fault => Seat::$seat,)* }
            }
        }
    };
}

faults! {
    /// Amounts are binary fractions inside.
    FloatAmount: [6], "float-amount", Ledger, None,
        "Amounts are 32-bit floats inside: large ones are rounded, small ones added to large ones vanish, and 100.5 is taken.";
    /// Signatures of requests are not verified.
    SignatureUnchecked: [13], "signature-unchecked", Wire, None,
        "The signature of a request is not verified at all.";
    /// Signatures of requests are verified over another text than was sent.
    SignatureReserialised: [15], "signature-reserialised", Wire, None,
        "The signature of a request is verified over the request written anew: changed white space passes, and a pretty-printed request is refused.";
    /// Failures are not signed.
    ErrorUnsigned: [21], "error-unsigned", Wire, None,
        "An answer that is a failure has an empty signature.";
    /// Negative amounts are taken.
    NegativeAmount: [27], "negative-amount", Ledger, None,
        "A negative amount is accepted, and increases what can be refunded.";
    /// Amounts are 32-bit integers inside.
    Wrap32Bit: [28, 29], "wrap-32-bit", Ledger, None,
        "Amounts are 32-bit integers inside: larger ones are truncated, and a sum wraps to a small one.";
    /// One minor unit too much can be refunded.
    CapOffByOne: [31], "cap-off-by-one", Ledger, None,
        "One minor unit more than was paid can be refunded.";
    /// The sum of refunds is not checked.
    CapPerRefund: [32], "cap-per-refund", Ledger, None,
        "Each refund alone is compared with what was paid, and not their sum.";
    /// Orders that were not paid are refunded.
    UnpaidOrder: [34], "unpaid-order", Ledger, None,
        "An order that was never paid can be refunded.";
    /// Case and blanks of refund numbers do not count.
    NumberFolded: [35], "number-folded", Ledger, None,
        "Refund numbers are compared without regard to case and to blanks around them: different ones become one.";
    /// Only the beginning of a refund number counts.
    NumberTruncated: [36], "number-truncated", Ledger, None,
        "Only the first 20 characters of a refund number count: longer ones that begin alike become one.";
    /// A repeated number refunds again.
    DuplicateApplied: [41], "duplicate-applied", Ledger, None,
        "A repeated refund number refunds again.";
    /// Equal amounts are taken for one refund.
    DedupeByAmount: [42], "dedupe-by-amount", Ledger, None,
        "A refund of an order is taken for a repetition of an earlier one of the same amount, whatever its number is.";
    /// A number can be used again with another amount.
    NumberWithOtherAmount: [43], "number-with-other-amount", Ledger, None,
        "A used refund number is refunded again where its amount is another one.";
    /// A number can be used again for another order.
    NumberOnOtherOrder: [44], "number-on-other-order", Ledger, None,
        "A used refund number is refunded again where its order is another one.";
    /// What is left is looked at before the number.
    ExceedsBeforeDuplicate: [45], "exceeds-before-duplicate", Ledger, None,
        "What is left is looked at before the refund number: a retry of a refund that took all is refused as too large (35).";
    /// Old numbers are forgotten.
    NumberForgotten: [47], "number-forgotten", Ledger, None,
        "Only the last 64 refund numbers are remembered: a retry of an older one refunds again.";
    /// Equal numbers at once all refund.
    DuplicateRace: [48], "duplicate-race", Ledger, WINDOW,
        "A refund number is looked up and, some time later, recorded: equal ones at once all refund.";
    /// A number is recorded after the answer.
    NumberRecordedLate: [49], "number-recorded-late", Ledger, RECORDED,
        "A refund number is recorded some time after the answer was sent: a retry before that refunds again.";
    /// A repeated refund is answered with another one.
    AnswerOfAnother: [50], "answer-of-another", Ledger, WINDOW,
        "A repeated refund number is answered with the amount of another refund, where one of the same order is under way at the same time.";
    /// Partners share one space of refund numbers.
    NumberSharedByPartners: [51], "number-shared-by-partners", Ledger, None,
        "A refund number that one partner has used is taken for all other partners.";
    /// The sum is checked and, later, increased.
    CheckThenAct: [52], "check-then-act", Ledger, WINDOW,
        "What is left is checked and, some time later, taken: refunds at once can exceed it.";
    /// The sum is read and, later, overwritten.
    LostUpdate: [53], "lost-update", Ledger, WINDOW,
        "The sum of refunds is read and, some time later, overwritten: refunds at once are forgotten.";
    /// Refunds that are not yet committed are not counted.
    SumUnserialised: [54], "sum-unserialised", Ledger, WINDOW,
        "The refunds of an order are summed and, some time later, one is added: those at once do not see each other.";
    /// Each of two instances has a lock of its own.
    TwoInstances: [55], "two-instances", Ledger, WINDOW,
        "An order is locked within one of two instances, to which requests go in turn: between them, refunds at once can exceed it.";
    /// A lock ends before the work does.
    LockExpires: [56], "lock-expires", Ledger, WINDOW,
        "The lock of an order expires before a refund is booked, which takes twice as long: the next one does not see it.";
    /// The refund number is locked, and not the order.
    LockByNumber: [57], "lock-by-number", Ledger, WINDOW,
        "The refund number is locked while a refund is checked and booked, and not the order: different numbers at once can exceed it.";
    /// What is left is read from a copy.
    StaleBalance: [59], "stale-balance", Ledger, STALE,
        "What is left is read from a copy that is some time old: refunds in quick succession can exceed it.";
    /// Contention is answered as too large.
    ContentionAsExceeds: [60], "contention-as-exceeds", Ledger, WINDOW,
        "A refund is refused as too large (35) where another one of the same order is under way, however much is left.";
    /// Contention counts a refund twice.
    RetryDoubles: [62], "retry-doubles", Ledger, WINDOW,
        "A refund that meets another one of the same order is tried again inside, and counted twice.";
    /// A refund that is refused reserves its amount for a while.
    TransientReservation: [63], "transient-reservation", Ledger, WINDOW,
        "A refund that is too large reserves its amount until it is refused: others at once are refused although they fit.";
    /// A refund overwrites another one.
    RowsOverwritten: [64], "rows-overwritten", Ledger, WINDOW,
        "Refunds of an order at once get the same internal number: the last one overwrites the others, which are forgotten.";
    /// An order counts as refunded before it is.
    RefundedEarly: [65], "refunded-early", Ledger, WINDOW,
        "A refund of all that is left, or more, marks the order as refunded until it is decided: others at once are refused (33), also where it then fails.";
    /// A refund that fails later keeps its money.
    DealingNotReleased: [66], "dealing-not-released", Ledger, SETTLED,
        "Refunds are answered as dealing (status 0); the first of each order fails when it is settled, and its amount is not released.";
    /// A refund that fails later gives its money back twice.
    DealingReleasedTwice: [67], "dealing-released-twice", Ledger, SETTLED,
        "Refunds are answered as dealing (status 0); the first of each order fails when it is settled, and its amount is released twice.";
    /// An accepted refund is said to have failed.
    FailedAfterDone: [68], "failed-after-done", Ledger, None,
        "A retry of a refund that was answered as done (status 1) says that it failed (status 2), and its money stays gone.";
    /// An unknown outcome is denied.
    UnknownThenRefused: [72], "unknown-then-refused", Ledger, None,
        "Every fifth refund is booked and answered as unknown (9); its retry is refused (2), as if it had not happened.";
    /// A refusal takes the money all the same.
    RefusalConsumes: [73], "refusal-consumes", Ledger, None,
        "A refund that is refused as too large uses up what is left all the same.";
    /// An accepted refund is not counted.
    AcceptedNotApplied: [74], "accepted-not-applied", Ledger, None,
        "Every second refund of an order is answered as accepted and not counted.";
    /// A refund is applied again, later.
    SweptAgain: [75], "swept-again", Ledger, SETTLED,
        "An accepted refund is applied once more some time later, under an internal number of its own.";
    /// Another partner's orders can be refunded.
    ForeignOrder: [76], "foreign-order", Ledger, None,
        "A partner can refund an order of another partner.";
    /// Another partner's orders are told from unknown ones.
    ExistenceTold: [77], "existence-told", Ledger, None,
        "A refund of an order of another partner is refused as too large or unpaid (35, 32), and one of an unknown order as unknown (30).";
    /// An order has a limited number of refunds.
    CountCapped: [78], "count-capped", Ledger, None,
        "After 20 refunds of an order each further one is refused as too large (35), however small it is.";
    /// Refunds of two orders block each other.
    DeadlockByOrder: [], "deadlock-by-order", Ledger, BLOCKED,
        "A refund locks its order, and then the order that the partner refunded before: two orders refunded in turn block each other until one times out (9).";
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .iter()
            .copied()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| UnknownName::new("fault", name, Self::ALL.iter().map(|f| f.name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_name_and_stands_by_its_number() {
        assert!(
            Fault::ALL
                .is_sorted_by_key(|fault| fault.numbers().first().map_or(u8::MAX, |first| *first))
        );
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(*fault));
        }
    }
}
