//! Valid envelopes in another layout, or with words that confuse who looks for
//! words.

use crate::generate::draft::{Draft, Part, string_token};
use crate::generate::mutate::sealed;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::signature;

/// Valid requests that break a verifier which looks for words in the text.
pub fn confusing_texts(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    ["\",\"signature\":\"", "}", "\"request\":{", "\\\"}}"]
        .into_iter()
        .map(|text| {
            let spoken = draft
                .clone()
                .with(Part::Body, "operatorId", string_token(text))
                .text();
            Mutation::accepted(
                format!("the text {} as operatorId", string_token(text)),
                sealed(spoken, key),
            )
        })
        .collect()
}

/// Envelopes laid out in another way, which are as valid.
pub fn layouts(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = signature(value, key);
    [
        (
            "the signature first",
            format!("{{\"signature\":\"{good}\",\"request\":{value}}}"),
        ),
        (
            "white space around the value, signed without it",
            format!("{{ \"request\" :\t{value}\r\n, \"signature\" : \"{good}\" }}"),
        ),
        (
            "white space around the document",
            format!("\n{{\"request\":{value},\"signature\":\"{good}\"}}\n"),
        ),
        (
            "an escaped letter in the name of the request",
            format!("{{\"\\u0072equest\":{value},\"signature\":\"{good}\"}}"),
        ),
    ]
    .into_iter()
    .map(|(label, text)| Mutation::accepted(label, text))
    .collect()
}
