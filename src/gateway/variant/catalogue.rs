//! The catalogue of variants.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::gateway::name::UnknownName;

macro_rules! variants {
    ($($(#[$documentation:meta])* $variant:ident: $name:literal, $description:literal;)*) => {
        /// One way in which a conforming gateway can differ.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Variant {
            $($(#[$documentation])* $variant,)*
        }

        impl Variant {
            /// Every variant, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name that `--variant` takes.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does, in one sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }
        }
    };
}

variants! {
    /// A repeated refund of the same content is refused (31).
    RefuseDuplicates: "refuse-duplicates",
        "A repeated refund number of the same order and amount is refused (31) instead of answered as at first.";
    /// Refusals have the HTTP status 400.
    RefusalsAs4xx: "refusals-as-4xx",
        "A refusal has the HTTP status 400 instead of 200.";
    /// Answers have members that no table lists.
    ExtraMembers: "extra-members",
        "Headers and bodies of answers have further members that no table lists.";
    /// Answers are indented.
    Pretty: "pretty",
        "Answers are indented JSON, and signed as they stand.";
    /// Answers are spelled as PHP spells them.
    Escaped: "escaped",
        "Answers are spelled as PHP's json_encode does, with escaped slashes and non-ASCII letters, and their msg has both.";
    /// The signature stands before the response.
    SignatureFirst: "signature-first",
        "The envelope of an answer has its signature before its response.";
    /// The message id of answers is named after the response.
    ResponseMessageId: "response-message-id",
        "The message id in the header of an answer is named respMsgId.";
    /// Members of answers stand in random order.
    OrderShuffled: "order-shuffled",
        "The members of answers stand in another order each time.";
    /// Refusals of refunds have all members.
    FailureWithMembers: "failure-with-members",
        "A refused refund has orderAmount (0), status (2) and currency as well.";
    /// Upper-case signatures of requests are taken.
    UpperCaseTaken: "upper-case-taken",
        "The signature of a request may be in upper-case hexadecimal digits.";
    /// Unknown members of requests are refused.
    StrictMembers: "strict-members",
        "A request with a member that no table lists is refused (5).";
    /// Of an exhausted order it is said that it is closed.
    ExhaustedAs33: "exhausted-as-33",
        "A refund of an order of which nothing is left is refused as closed (33) instead of too large (35).";
    /// A refused number stays refused.
    RemembersRefusals: "remembers-refusals",
        "A refund number that was refused for its amount or its unpaid order stays refused, and with other content it is taken (31).";
    /// Refunds are settled later.
    Dealing: "dealing",
        "A refund is answered as dealing (status 0) and settled 20 ms later; a repeated number then tells status 1, and a query that all is refunded.";
    /// Contention is answered as busy.
    Busy: "busy",
        "A refund is refused as busy (22), without effect, while another one of the same order is under way.";
    /// Now and then an accepted refund is answered as unknown.
    UnknownApplied: "unknown-applied",
        "Every 20th accepted refund is answered as unknown (9); the retry tells that it was made.";
    /// Now and then there is no answer.
    DropsAnswers: "drops-answers",
        "Every 20th refund, and now and then another call, ends with a closed connection instead of an answer, every other time after it was carried out.";
    /// Now and then there is a server error.
    ServerErrors: "server-errors",
        "Every 20th refund, and now and then another call, is answered with the HTTP status 503 and no envelope, every other time after it was carried out.";
    /// Answers take their time.
    Slow: "slow",
        "Each answer takes 30 ms longer.";
    /// Each answer closes its connection.
    ClosesEach: "closes-each",
        "The connection is closed after each answer.";
    /// Answers are sent in chunks.
    ChunkedAnswers: "chunked-answers",
        "Answers are sent in chunks, without their length.";
    /// What is no call is refused in plain text.
    PlainRefusals: "plain-refusals",
        "What is refused before it reaches a call (method, path, type, size) is answered in plain text, unsigned.";
}

impl fmt::Display for Variant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Variant {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .iter()
            .copied()
            .find(|variant| variant.name() == name)
            .ok_or_else(|| UnknownName::new("variant", name, Self::ALL.iter().map(|v| v.name())))
    }
}

/// The variants that a gateway was started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variants(BTreeSet<Variant>);

impl Variants {
    /// Whether `variant` is one of them.
    pub fn has(&self, variant: Variant) -> bool {
        self.0.contains(&variant)
    }
}

impl FromIterator<Variant> for Variants {
    fn from_iter<I: IntoIterator<Item = Variant>>(variants: I) -> Self {
        Self(variants.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_is_found_by_its_name() {
        for variant in Variant::ALL {
            assert_eq!(variant.name().parse(), Ok(*variant));
        }
        let error = "extra-member".parse::<Variant>().unwrap_err();
        assert_eq!(error.nearest, Some("extra-members"));
    }
}
