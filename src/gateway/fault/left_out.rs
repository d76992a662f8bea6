//! The known bugs of refund gateways that are no faults of this catalogue.

/// A known bug, or a part of one, that is no fault here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// Its numbers among the known bugs of refund gateways, 25 for M25.
    pub numbers: &'static [u8],
    /// What it is.
    pub name: &'static str,
    /// Why it is not here.
    pub reason: &'static str,
}

/// All of them, sorted by their numbers.
pub const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        numbers: &[1, 2],
        name: "an answer without a Content-Type or a charset",
        reason: "JSON is UTF-8 wherever nothing else is said, so the wrong type stands for both (content-type-html) and the wrong bytes for the charset (message-in-latin-1)",
    },
    LeftOut {
        numbers: &[3],
        name: "a Content-Length that is too long",
        reason: "the caller waits until it gives up, which is the same as an answer that never comes; the length that is too short misleads (length-too-short)",
    },
    LeftOut {
        numbers: &[8],
        name: "unknown members of a request refused",
        reason: "an open point of the protocol: such a gateway conforms",
    },
    LeftOut {
        numbers: &[16],
        name: "a member that the signature does not cover",
        reason: "the whole request is one signed text: there is no list of members to forget one of (request-remembered is the part that can happen)",
    },
    LeftOut {
        numbers: &[17],
        name: "a payment's signature replayed on a refund",
        reason: "the signature covers neither method nor path by definition; a payment's body is no refund's, unless what is missing is invented (missing-invented)",
    },
    LeftOut {
        numbers: &[18],
        name: "a signature header that is missing",
        reason: "the signature is a member of the envelope, not a header (signature-optional, sign-type-none)",
    },
    LeftOut {
        numbers: &[19],
        name: "upper-case digits in a request's signature taken",
        reason: "an open point of the protocol: such a gateway conforms",
    },
    LeftOut {
        numbers: &[25],
        name: "signatures compared in a time that tells where they differ",
        reason: "no verdict can rest on timing over a network",
    },
    LeftOut {
        numbers: &[33],
        name: "refunds compared with the order's amount instead of what was captured",
        reason: "an order is paid wholly or not at all: there is no partial capture",
    },
    LeftOut {
        numbers: &[34],
        name: "refunds of failed or closed orders",
        reason: "no call of the protocol makes an order fail or closes it; unpaid ones stand for the rest (unpaid-order)",
    },
    LeftOut {
        numbers: &[35],
        name: "Unicode forms of a refund number folded into one",
        reason: "nobody writes such numbers, and a library that folds them folds case and blanks too",
    },
    LeftOut {
        numbers: &[37],
        name: "lengths counted in bytes instead of characters",
        reason: "an open point of the protocol: String(32) names no unit",
    },
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
    use crate::gateway::Fault;

    #[test]
    fn what_is_left_out_is_sorted_and_points_to_faults_that_exist() {
        assert!(LEFT_OUT.is_sorted_by_key(|left| left.numbers.first().map_or(u8::MAX, |n| *n)));
        for left in LEFT_OUT {
            for pointed in left.reason.split('(').skip(1) {
                let end = pointed.find([' ', ',', ')']).unwrap();
                let name = &pointed[..end];
                let is_name = name.contains('-');
                assert!(!is_name || name.parse::<Fault>().is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn every_known_bug_is_in_the_catalogue_or_left_out() {
        let faults = Fault::ALL.iter().flat_map(|fault| fault.numbers());
        let known: Vec<u8> = faults
            .chain(LEFT_OUT.iter().flat_map(|left| left.numbers))
            .copied()
            .collect();
        let missing: Vec<u8> = (1..=78).filter(|number| !known.contains(number)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
