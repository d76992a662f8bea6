//! Members that no table lists, some of which a careless gateway would heed.

use crate::generate::draft::{Draft, Part};
use crate::generate::mutate::sealed;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::signature;

/// Members of the body that no table lists and that sound like more money, or
/// like a refund that needs no check.
pub const MEANINGFUL: [(&str, &str); 12] = [
    ("amount", "7000"),
    ("refundAmount", "7000"),
    ("refund_amount", "7000"),
    ("totalAmount", "7000"),
    ("paid", "1000000"),
    ("status", "1"),
    ("currency", "\"KWD\""),
    ("code", "1"),
    ("force", "true"),
    ("partnerNo", "\"10002\""),
    ("orderNo", "\"0\""),
    ("tradeSummary", "false"),
];

/// Members that no table lists: in the body, in the header, beside the two,
/// and beside the request.
pub fn unknown_members(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    let mut mutations: Vec<Mutation> = MEANINGFUL
        .into_iter()
        .map(|(name, token)| {
            let text = draft.clone().with_last(Part::Body, name, token).text();
            Mutation::open(format!("{name} {token} in the body"), sealed(text, key))
        })
        .collect();
    let header = draft.with_last(Part::Header, "orderAmount", "7000");
    let beside = format!("{},\"orderAmount\":7000}}", &value[..value.len() - 1]);
    let good = signature(value, key);
    for (label, document) in [
        ("orderAmount 7000 in the header", sealed(header.text(), key)),
        (
            "orderAmount 7000 beside header and body",
            sealed(beside, key),
        ),
        (
            "orderAmount 7000 beside the request",
            format!("{{\"orderAmount\":7000,\"request\":{value},\"signature\":\"{good}\"}}")
                .into_bytes(),
        ),
        (
            "a body beside the request",
            format!(
                "{{\"request\":{value},\"body\":{{\"orderAmount\":7000}},\"signature\":\"{good}\"}}"
            )
            .into_bytes(),
        ),
    ] {
        mutations.push(Mutation::open(label, document));
    }
    mutations
}
