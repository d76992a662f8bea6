//! The clauses of the protocol: one sentence each, with where it comes from.
//!
//! Every rule of the catalogue cites one or more of these by id.

use std::fmt;

/// Where a clause comes from, and so how much it binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The refund page: a MUST.
    Page,
    /// Other public pages of the API: a SHOULD.
    Documentation,
    /// No source says; a dialect that is observed and never failed.
    Open,
    /// What no source asks and a good server does: a warning, unless money
    /// moves that should not.
    Hardening,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Page => "refund page",
            Self::Documentation => "API documentation",
            Self::Open => "open point",
            Self::Hardening => "hardening",
        })
    }
}

/// One sentence of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Its stable name, `part.point`.
    pub id: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// What it says.
    pub sentence: &'static str,
}

impl Clause {
    /// The clause of this id.
    pub fn find(id: &str) -> Option<&'static Self> {
        CLAUSES.iter().find(|clause| clause.id == id)
    }
}

const fn clause(id: &'static str, source: Source, sentence: &'static str) -> Clause {
    Clause {
        id,
        source,
        sentence,
    }
}

/// Every clause, sorted by id.
pub const CLAUSES: &[Clause] = &[
    clause(
        "codes.list",
        Source::Documentation,
        "A response's code is one of the documented ones and fits what was wrong.",
    ),
    clause(
        "codes.unknown-outcome",
        Source::Documentation,
        "After 9, 20, 21, 22, a time-out or a broken connection the outcome is unknown; every other failure code means that the refund did not happen.",
    ),
    clause(
        "envelope.duplicate-members",
        Source::Open,
        "Duplicate members in one object are left open, but what is verified and what is applied must be the same value.",
    ),
    clause(
        "envelope.layout",
        Source::Open,
        "The layout of a response's envelope is left open; a deployed client can verify the compact one, response first, alone.",
    ),
    clause(
        "envelope.request",
        Source::Page,
        "A request is {\"request\": {\"header\": {…}, \"body\": {…}}, \"signature\": \"…\"}.",
    ),
    clause(
        "envelope.response",
        Source::Page,
        "A response is {\"response\": {\"header\": {…}, \"body\": {…}}, \"signature\": \"…\"}.",
    ),
    clause(
        "envelope.unknown-members",
        Source::Open,
        "Unknown members of a request are observed; those of a response are tolerated.",
    ),
    clause(
        "header.message-id",
        Source::Page,
        "A header carries the message's id, reqMsgId.",
    ),
    clause(
        "header.partner-no",
        Source::Page,
        "A header names the partner, partnerNo String(15).",
    ),
    clause(
        "header.sign-type",
        Source::Documentation,
        "signType String(10) is optional; SHA256 is the default.",
    ),
    clause(
        "header.time",
        Source::Page,
        "A request's header has its time, RFC 3339 with offset, as requestTime or reqTime; a response's as respTime.",
    ),
    clause(
        "header.version",
        Source::Page,
        "A header carries version String(6), \"1.0\".",
    ),
    clause(
        "pay.barcode",
        Source::Documentation,
        "A payment by barcode pays at once and shows the order.",
    ),
    clause(
        "pay.store-no",
        Source::Documentation,
        "A payment names its shop, storeNo String(15).",
    ),
    clause(
        "query.order-numbers",
        Source::Documentation,
        "A query names partnerOrderNo or orderNo, at least one (7 where it names none); where both stand, orderNo decides.",
    ),
    clause(
        "query.response",
        Source::Documentation,
        "A payment's and a query's response has code and msg, and shows orderNo, partnerOrderNo, orderAmount, wallet, status, payTime and currency.",
    ),
    clause(
        "query.status",
        Source::Documentation,
        "A query shows an order's status: 0 to be paid, 1 success, 2 fail, 3 refunded.",
    ),
    clause(
        "refund.amount",
        Source::Page,
        "A refund's orderAmount is a required int, the amount to refund, in the currency's smallest unit.",
    ),
    clause(
        "refund.amount-largest",
        Source::Open,
        "Amounts up to 2³¹−1 must work where the order is as large; what is beyond is never wrapped or truncated.",
    ),
    clause(
        "refund.amount-positive",
        Source::Open,
        "A refund of 0 or less is refused.",
    ),
    clause(
        "refund.duplicate-number",
        Source::Open,
        "A repeated refundNo of the same order and amount is answered as the first one was, or refused (31); it never refunds twice.",
    ),
    clause(
        "refund.number-names-one-refund",
        Source::Page,
        "A refundNo names one refund: with another order or amount it is refused.",
    ),
    clause(
        "refund.operator-id",
        Source::Page,
        "A refund can name its operatorId String(20) and terminalNo String(20).",
    ),
    clause(
        "refund.order-no",
        Source::Page,
        "A refund names the payment's partnerOrderNo String(32).",
    ),
    clause(
        "refund.order-paid",
        Source::Documentation,
        "Only a paid order can be refunded; one that does not exist is answered 30, one of another status 32 or 33.",
    ),
    clause(
        "refund.partner-isolation",
        Source::Page,
        "A partner refunds its own payments; another partner's do not exist for it.",
    ),
    clause(
        "refund.refund-no",
        Source::Page,
        "A refund has its number, refundNo String(32).",
    ),
    clause(
        "refund.response",
        Source::Page,
        "A refund's response has code and msg, and on success orderAmount, the amount refunded, status and currency.",
    ),
    clause(
        "refund.total",
        Source::Page,
        "A refund can be partial, and a payment can have many, as long as the total refunded is no greater than the amount paid.",
    ),
    clause(
        "server.limits",
        Source::Hardening,
        "Oversized, slow and malformed input is refused in time, without a server error, and others are still answered.",
    ),
    clause(
        "server.secrets",
        Source::Hardening,
        "An answer shows neither a sign key, nor a signature that the sender lacks, nor the gateway's inside.",
    ),
    clause(
        "signature.definition",
        Source::Page,
        "signature is the lowercase hex of SHA-256 over the text of the signed value followed by the partner's sign key.",
    ),
    clause(
        "signature.raw-text",
        Source::Page,
        "What is signed is the text on the wire, byte for byte, whichever JSON spelling it has.",
    ),
    clause(
        "signature.response",
        Source::Page,
        "Every response of the protocol is signed, failures included.",
    ),
    clause(
        "signature.upper-case",
        Source::Open,
        "Whether upper-case hex in a request's signature is taken is observed.",
    ),
    clause(
        "transport.content-type",
        Source::Documentation,
        "Requests and responses are UTF-8 JSON with Content-Type application/json.",
    ),
    clause(
        "transport.paths",
        Source::Documentation,
        "The calls are POSTs to /api/offline/pay, /api/common/payQuery and /api/common/refund.",
    ),
    clause(
        "transport.status",
        Source::Open,
        "The HTTP status of a refusal is left open: any 2xx or 4xx with a signed envelope.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_and_unique() {
        assert!(CLAUSES.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}
