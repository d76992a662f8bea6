//! Members whose names look like the right ones.

use crate::generate::draft::{Draft, Part};
use crate::generate::mutate::sealed;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

/// Names that a careless reader takes for `orderAmount`, or that mean
/// something to its language.
const NAMES: [&str; 11] = [
    "OrderAmount",
    "orderamount",
    "ORDERAMOUNT",
    "order_amount",
    "orderAmount ",
    "orderAmount\u{0}",
    "\u{43e}rderAmount",
    "orderAmou\u{feff}nt",
    "",
    "__proto__",
    "constructor",
];

/// A second amount, of 7000, under a name that looks like `orderAmount`, and
/// members whose names are one after normalisation.
pub fn look_alike_members(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    let mut mutations: Vec<Mutation> = NAMES
        .into_iter()
        .map(|name| {
            let token = match name {
                "__proto__" | "constructor" => "{\"orderAmount\":7000}",
                _ => "7000",
            };
            let text = draft.clone().with_last(Part::Body, name, token).text();
            Mutation::open(
                format!("a member named `{}`", name.escape_debug()),
                sealed(text, key),
            )
        })
        .collect();
    let twins =
        draft
            .with_last(Part::Body, "caf\u{e9}", "1")
            .with_last(Part::Body, "cafe\u{301}", "2");
    mutations.push(Mutation::open(
        "two names that are one after normalisation",
        sealed(twins.text(), key),
    ));
    mutations
}
