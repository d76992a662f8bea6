//! Known bugs that this gateway can't be made to have, and why.

/// One or several known bugs that are not in the catalogue of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// Its numbers among the known bugs of refund gateways, 13 for M13; none
    /// for one that is on no list.
    pub numbers: &'static [u8],
    /// What it would be called.
    pub name: &'static str,
    /// Why it is left out.
    pub reason: &'static str,
}

/// Every known bug that is left out, by its numbers.
pub const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        numbers: &[46],
        name: "refusal-burns-number",
        reason: "No source says whether a refused number can be used again: the variant remembers-refusals has it, as a right gateway.",
    },
    LeftOut {
        numbers: &[58],
        name: "lock-on-one-route",
        reason: "There is one call that refunds, and no other route to the same money.",
    },
    LeftOut {
        numbers: &[61],
        name: "time-out-applied",
        reason: "An unknown outcome (9) may have had effect, and the retry tells: the variant unknown-applied has it, as a right gateway.",
    },
    LeftOut {
        numbers: &[69, 70, 71],
        name: "crash",
        reason: "It shows only where the gateway's process is killed and started again, which a harness that knows its URL alone can't do; the store's own test does.",
    },
    LeftOut {
        numbers: &[],
        name: "body-holds-lock",
        reason: "An order is named in the body, so no lock of it can be held before the body is there; slow-sender-blocks is the same bug without a lock.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::fault::Fault;

    #[test]
    fn every_known_bug_of_money_and_time_is_in_the_catalogue_or_left_out_and_not_both() {
        for number in 41..=78_u8 {
            let faults = Fault::ALL.iter().flat_map(|fault| fault.numbers());
            let left_out = LEFT_OUT.iter().flat_map(|bug| bug.numbers);
            let is_fault = faults.into_iter().any(|other| *other == number);
            let is_left_out = left_out.into_iter().any(|other| *other == number);
            assert!(is_fault != is_left_out, "M{number:02}");
        }
    }
}
