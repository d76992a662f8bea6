//! Signatures in another place, more than one, and around a large value.

use std::time::Duration;

use crate::generate::draft::{Draft, Part};
use crate::generate::mutate::wrapped;
use crate::generate::mutation::Mutation;
use crate::protocol::{SignKey, Signature, Timestamp};

use super::{ABSENT, claimed, of};

/// Two `signature` members. With one that holds, either reading of the
/// document is an honest one; with none, there is nothing to read.
pub fn twice(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = of(value, key);
    let bad = "0".repeat(Signature::LENGTH);
    let alias = "\\u0073ignature";
    let document = |first: &str, name: &str, second: &str| {
        format!("{{\"request\":{value},\"signature\":\"{first}\",\"{name}\":\"{second}\"}}")
    };
    let mut mutations: Vec<Mutation> = [
        (
            "a wrong signature behind the right one",
            document(good.as_str(), "signature", &bad),
        ),
        (
            "a wrong signature before the right one",
            document(&bad, "signature", good.as_str()),
        ),
        (
            "an empty signature behind the right one",
            document(good.as_str(), "signature", ""),
        ),
        (
            "an empty signature before the right one",
            document("", "signature", good.as_str()),
        ),
        (
            "the right signature twice",
            document(good.as_str(), "signature", good.as_str()),
        ),
        (
            "a wrong signature with an escaped name behind the right one",
            document(good.as_str(), alias, &bad),
        ),
        (
            "the right signature with an escaped name behind a wrong one",
            document(&bad, alias, good.as_str()),
        ),
    ]
    .into_iter()
    .map(|(label, text)| Mutation::open(label, text))
    .collect();
    for (label, second) in [
        ("the same wrong signature twice", bad.as_str()),
        ("two wrong signatures", "f"),
        ("an empty signature behind a wrong one", ""),
    ] {
        mutations.push(Mutation::refused(
            label,
            document(&bad, "signature", second),
            ABSENT,
        ));
    }
    mutations.push(Mutation::refused(
        "two empty signatures",
        document("", "signature", ""),
        ABSENT,
    ));
    mutations
}

/// Forgeries of a partner who has just sent a valid request with the value
/// `earlier`: under its message id, under its signature, under both.
pub fn after_a_valid_one(value: &str, earlier: &str, key: &SignKey) -> Vec<Mutation> {
    let seen = of(earlier, key);
    let same_id = |text: &str| {
        let sent = Draft::of(earlier).expect("the value is valid");
        let id = sent.token(Part::Header, "reqMsgId").unwrap_or("\"\"");
        Draft::of(text)
            .expect("the value is valid")
            .with(Part::Header, "reqMsgId", id)
            .text()
    };
    let remembered = same_id(value);
    let wrong = "0".repeat(Signature::LENGTH);
    vec![
        claimed(
            "the signature of a request that was accepted",
            value,
            seen.as_str(),
        ),
        claimed(
            "the message id and the signature of a request that was accepted",
            &remembered,
            seen.as_str(),
        ),
        claimed(
            "the message id of a request that was accepted and a wrong signature",
            &remembered,
            &wrong,
        ),
        Mutation::refused(
            "the message id of a request that was accepted and an empty signature",
            wrapped(&remembered, "\"\""),
            ABSENT,
        ),
        Mutation::refused(
            "the message id of a request that was accepted and no signature",
            format!("{{\"request\":{remembered}}}"),
            ABSENT,
        ),
        claimed(
            "a fresh time in a request that was accepted, and its old signature",
            &another_time(earlier),
            seen.as_str(),
        ),
    ]
}

/// The value a second later, or with another version where it tells no time.
fn another_time(value: &str) -> String {
    let draft = Draft::of(value).expect("the value is valid");
    let told = ["requestTime", "reqTime"].into_iter().find_map(|name| {
        let token = draft.token(Part::Header, name)?;
        let time = Timestamp::parse(token.trim_matches('"')).ok()?;
        Some((name, time.later_by(Duration::from_secs(1))))
    });
    match told {
        Some((name, later)) => draft.with(Part::Header, name, format!("\"{later}\"")),
        None => draft.with(Part::Header, "version", "\"1.00\""),
    }
    .text()
}

/// How many spaces stand in a large value: within what most gateways read,
/// and beyond.
const LARGE: [usize; 2] = [30_000, 1_000_000];

fn spaced(value: &str, spaces: usize) -> String {
    value.replacen("\"body\":", &format!("\"body\":{}", " ".repeat(spaces)), 1)
}

/// Values with much white space, well signed: taken, or too large.
pub fn large_requests(value: &str, key: &SignKey) -> Vec<Mutation> {
    LARGE
        .into_iter()
        .map(|spaces| {
            let text = spaced(value, spaces);
            let signature = of(&text, key);
            let document = wrapped(&text, &format!("\"{signature}\""));
            Mutation::open(format!("{spaces} spaces in it"), document)
        })
        .collect()
}

/// The same with the amount, which stands behind the spaces, changed after
/// signing: a verifier that hashes the beginning alone takes it.
pub fn large_forged(value: &str, key: &SignKey) -> Vec<Mutation> {
    LARGE
        .into_iter()
        .map(|spaces| {
            let signed = spaced(value, spaces);
            let amount = Draft::of(value).expect("the value is valid").with(
                Part::Body,
                "orderAmount",
                "7000",
            );
            let sent = spaced(&amount.text(), spaces);
            claimed(
                format!("{spaces} spaces in it and the amount changed after signing"),
                &sent,
                of(&signed, key).as_str(),
            )
        })
        .collect()
}
