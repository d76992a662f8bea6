//! Envelopes that hide a second request behind a signed one.

use crate::generate::draft::string_token;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::signature;

/// Two `request` members, one signed and one not: whichever a gateway takes,
/// it must not verify the one and apply the other. `evil` is a value that
/// nobody signed.
pub fn two_requests(value: &str, evil: &str, key: &SignKey) -> Vec<Mutation> {
    let good = signature(value, key);
    let alias = "\"\\u0072equest\"";
    [
        (
            "an unsigned request behind the signed one",
            format!("{{\"request\":{value},\"request\":{evil},\"signature\":\"{good}\"}}"),
        ),
        (
            "an unsigned request before the signed one",
            format!("{{\"request\":{evil},\"request\":{value},\"signature\":\"{good}\"}}"),
        ),
        (
            "an unsigned request behind the signature",
            format!("{{\"request\":{value},\"signature\":\"{good}\",\"request\":{evil}}}"),
        ),
        (
            "an unsigned request with an escaped name behind the signed one",
            format!("{{\"request\":{value},{alias}:{evil},\"signature\":\"{good}\"}}"),
        ),
        (
            "an unsigned request with an escaped name before the signed one",
            format!("{{{alias}:{evil},\"request\":{value},\"signature\":\"{good}\"}}"),
        ),
    ]
    .into_iter()
    .map(|(label, text)| Mutation::open(label, text))
    .collect()
}

/// A signed request somewhere else than where it belongs, beside one that
/// nobody signed: a verifier that cuts text instead of parsing takes the decoy.
pub fn decoys(value: &str, evil: &str, key: &SignKey) -> Vec<Mutation> {
    let good = signature(value, key);
    let in_string = string_token(&format!("\"request\":{value},\"signature\":\"{good}\""));
    [
        (
            "a signed decoy in another member before the request",
            format!(
                "{{\"meta\":{{\"request\":{value}}},\"request\":{evil},\"signature\":\"{good}\"}}"
            ),
        ),
        (
            "a signed decoy in another member behind the request",
            format!(
                "{{\"request\":{evil},\"signature\":\"{good}\",\"meta\":{{\"request\":{value}}}}}"
            ),
        ),
        (
            "a signed decoy in a string before the request",
            format!("{{\"note\":{in_string},\"request\":{evil},\"signature\":\"{good}\"}}"),
        ),
        (
            "a signed decoy in an array",
            format!(
                "{{\"list\":[{{\"request\":{value}}}],\"request\":{evil},\"signature\":\"{good}\"}}"
            ),
        ),
    ]
    .into_iter()
    .map(|(label, text)| Mutation::refused(label, text, &[8, 3, 5, 6]))
    .collect()
}
