//! Values that were changed after they were signed, and signatures over
//! another spelling than the one that is sent.

use crate::generate::draft::{Draft, Part, string_token};
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::{INVALID, claimed, of};

/// Changes of the value after it was signed: the signature is that of `value`.
pub fn changed_after_signing(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = of(value, key);
    let draft = Draft::of(value).expect("the value is valid");
    let token = |part, name| draft.token(part, name).unwrap_or_default();
    let amount = token(Part::Body, "orderAmount");
    let longer = |part, name| {
        let text = token(part, name).trim_matches('"');
        let changed = string_token(&format!("{text}x"));
        draft.clone().with(part, name, changed).text()
    };
    let with_amount = |token: String| draft.clone().with(Part::Body, "orderAmount", token).text();
    let noted = |token: &str| draft.clone().with_last(Part::Body, "operatorId", token);
    let mut mutations: Vec<Mutation> = [
        ("the amount changed", with_amount(format!("{amount}0"))),
        (
            "the amount written as an exponent",
            with_amount(format!("{amount}e0")),
        ),
        (
            "the amount written as a fraction",
            with_amount(format!("{amount}.0")),
        ),
        (
            "the amount written as a text",
            with_amount(format!("\"{amount}\"")),
        ),
        ("the refund number changed", longer(Part::Body, "refundNo")),
        ("the message id changed", longer(Part::Header, "reqMsgId")),
        ("a member added to the body", noted("\"1\"").text()),
        (
            "a member added to the header",
            draft
                .clone()
                .with_last(Part::Header, "note", "\"1\"")
                .text(),
        ),
        (
            "a second amount added",
            draft
                .clone()
                .with_last(Part::Body, "orderAmount", "7000")
                .text(),
        ),
        (
            "a member added beside header and body",
            format!("{},\"note\":1}}", &value[..value.len() - 1]),
        ),
        (
            "the time and signType taken out",
            draft
                .clone()
                .without(Part::Header, "requestTime")
                .without(Part::Header, "reqTime")
                .without(Part::Header, "signType")
                .text(),
        ),
        ("a space added", value.replacen(':', ": ", 1)),
        ("a newline added", value.replacen(',', ",\n", 1)),
        (
            "the members reordered",
            format!(
                "{{\"body\":{},\"header\":{}}}",
                draft.part_text(Part::Body),
                draft.part_text(Part::Header)
            ),
        ),
        (
            "a letter escaped",
            value.replacen("\"body\"", "\"\\u0062ody\"", 1),
        ),
    ]
    .into_iter()
    // A value that has no time and no signType loses none.
    .filter(|(_, text)| text != value)
    .map(|(label, text)| claimed(format!("{label} after signing"), &text, good.as_str()))
    .collect();
    for (label, signed, sent) in [
        (
            "a letter outside ASCII escaped",
            "\"\u{e9}\"",
            "\"\\u00e9\"",
        ),
        (
            "a letter outside ASCII unescaped",
            "\"\\u00e9\"",
            "\"\u{e9}\"",
        ),
        ("an accent taken apart", "\"\u{e9}\"", "\"e\u{301}\""),
        ("an accent put together", "\"e\u{301}\"", "\"\u{e9}\""),
        ("a slash escaped", "\"1/2\"", "\"1\\/2\""),
        (
            "a newline written as two characters",
            "\n\"1\"",
            "\r\n\"1\"",
        ),
    ] {
        let signature = of(&noted(signed).text(), key);
        mutations.push(claimed(
            format!("{label} after signing"),
            &noted(sent).text(),
            signature.as_str(),
        ));
    }
    mutations
}

/// Signatures over another spelling of the value than the one that is sent.
pub fn other_spelling_signed(value: &str, key: &SignKey) -> Vec<Mutation> {
    let parsed: serde_json::Value = serde_json::from_str(value).expect("the value is valid");
    let pretty = serde_json::to_string_pretty(&parsed).expect("it has string keys");
    let sorted = parsed.to_string();
    let spaced = value.replace("\":", "\": ");
    let escaped = value.replacen("\"body\"", "\"\\u0062ody\"", 1);
    let rough = |signed: &str| of(signed, key).as_str().to_owned();
    let draft = Draft::of(value).expect("the value is valid");
    let noted = |token: &str| {
        draft
            .clone()
            .with_last(Part::Body, "operatorId", token)
            .text()
    };
    let mut mutations: Vec<Mutation> = [
        (
            "the compact spelling signed and an indented one sent",
            &pretty,
            rough(&sorted),
        ),
        (
            "the value as it was signed and an indented one sent",
            &pretty,
            rough(value),
        ),
        (
            "the compact spelling signed and a spaced one sent",
            &spaced,
            rough(value),
        ),
        ("the escapes decoded before signing", &escaped, rough(value)),
        (
            "a letter outside ASCII sent as an escape and signed as it is",
            &noted("\"\\u00e9\""),
            rough(&noted("\"\u{e9}\"")),
        ),
        (
            "a slash sent as an escape and signed as it is",
            &noted("\"1\\/2\""),
            rough(&noted("\"1/2\"")),
        ),
    ]
    .into_iter()
    .map(|(label, sent, signature)| claimed(label, sent, &signature))
    .collect();
    mutations.push(claimed(
        "the indented spelling signed and the compact one sent",
        value,
        &rough(&pretty),
    ));
    mutations.push(Mutation::refused(
        "the white space around the value signed with it",
        format!(
            "{{\"request\": {value} ,\"signature\":\"{}\"}}",
            rough(&format!(" {value} "))
        ),
        INVALID,
    ));
    mutations
}
