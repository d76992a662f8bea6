//! The catalogue of faults.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::gateway::name::UnknownName;

/// How long a race's window is open where nobody says otherwise.
const WINDOW: Option<Duration> = Some(Duration::from_micros(200));

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

            /// For how long its race is open where nobody says otherwise;
            /// `None` for a fault that is no race.
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
    /// A repeated number refunds again.
    DuplicateApplied: [41], "duplicate-applied", Ledger, None,
        "A repeated refund number refunds again.";
    /// Equal numbers at once all refund.
    DuplicateRace: [48], "duplicate-race", Ledger, WINDOW,
        "A refund number is looked up and, some time later, recorded: equal ones at once all refund.";
    /// The sum is checked and, later, increased.
    CheckThenAct: [52], "check-then-act", Ledger, WINDOW,
        "What is left is checked and, some time later, taken: refunds at once can exceed it.";
    /// The sum is read and, later, overwritten.
    LostUpdate: [53], "lost-update", Ledger, WINDOW,
        "The sum of refunds is read and, some time later, overwritten: refunds at once are forgotten.";
    /// A refusal takes the money all the same.
    RefusalConsumes: [73], "refusal-consumes", Ledger, None,
        "A refund that is refused as too large uses up what is left all the same.";
    /// Another partner's orders can be refunded.
    ForeignOrder: [76], "foreign-order", Ledger, None,
        "A partner can refund an order of another partner.";
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
