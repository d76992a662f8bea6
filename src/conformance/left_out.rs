//! What a refund gateway could be tried with and is not, and why.

/// Something that no rule tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is.
    pub what: &'static str,
    /// Why no rule tries it.
    pub reason: &'static str,
}

const fn left_out(what: &'static str, reason: &'static str) -> LeftOut {
    LeftOut { what, reason }
}

/// Everything that was considered and left out.
pub const LEFT_OUT: &[LeftOut] = &[
    left_out(
        "The currency of a refund: lower case, unknown, other than the payment's, with three decimals",
        "A refund's request names no currency; the answer's is looked at by `answer.members`.",
    ),
    left_out(
        "Amounts as objects, as decimals in a currency's main unit, rounding",
        "Amounts are whole numbers of the smallest unit, as a JSON number.",
    ),
    left_out(
        "A refund's notification address: file, metadata and internal hosts",
        "A refund's request has no address; a payment's is called by the gateway and not by the partner.",
    ),
    left_out(
        "Refunds long after the payment, on the edge of a day or a time zone",
        "No clause sets a time limit, and a run can't wait for one.",
    ),
    left_out(
        "Failed, cancelled and expired payments",
        "The API has no call that brings a payment there; an unpaid one is tried by `refunding.unpaid-order`.",
    ),
    left_out(
        "Orders that were paid in part or captured in part",
        "A payment pays the whole order.",
    ),
    left_out(
        "An old sign key after it was changed, two keys in overlap, keys with blanks or letters outside ASCII",
        "It takes the gateway's own key management; start a run with each key by hand.",
    ),
    left_out(
        "The state after a restart or a crash of the gateway",
        "It takes control of the gateway's process; record a history across the restart with `recoup load` and judge it with `recoup audit`.",
    ),
    left_out(
        "How long a refusal takes, by the place of the first wrong digit of the signature",
        "A difference of nanoseconds can't be told from noise over a network without hours of traffic.",
    ),
    left_out(
        "What is written to logs: line breaks, patterns that a logger expands",
        "A partner can't see them; that such texts are taken as data is tried by `fields.free-text`.",
    ),
    left_out(
        "A compressed body that unpacks to gigabytes",
        "It can take a shared staging machine down; a small compressed body is tried by `transport.encoding`.",
    ),
    left_out(
        "Plain HTTP on a TLS port, wrong server names, versions and ciphers of TLS",
        "That is the TLS library's and the proxy's; other suites cover it.",
    ),
    left_out(
        "HTTP/2",
        "No source names it; the API is spoken over HTTP/1.1.",
    ),
    left_out(
        "A thousand connections, a thousand new ones a second, spikes and soaks",
        "That is load: see `recoup load` and its scenarios.",
    ),
    left_out(
        "Several addresses of one gateway raced against each other",
        "A run has one --target; give the address of the balancer before them.",
    ),
    left_out(
        "Refund numbers that are forgotten after hours or days",
        "A run does not last as long; after some hundred other refunds it is tried by `idempotency.late-retry`.",
    ),
    left_out(
        "Creating an order that is paid later, and notifications to the merchant",
        "They need the customer or the merchant's server; unpaid orders are made with --unpaid-barcode.",
    ),
];
