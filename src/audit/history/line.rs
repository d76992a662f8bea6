//! The line of a refund, written by hand: a load writes one for every request,
//! and a serializer would be a good part of what the request costs.

use serde_json::to_writer;

use super::record::RefundRecord;
use crate::audit::evidence::SignatureState;
use crate::protocol::push_text;

/// Writes the record at the end of `line`, byte for byte as its `Serialize`
/// does.
pub(super) fn write_refund(record: &RefundRecord<'_>, line: &mut Vec<u8>) {
    put(line, "{\"type\":\"refund\",\"order\":\"");
    push_text(record.order.as_str(), line);
    put(line, "\",\"refund\":\"");
    push_text(record.refund.as_str(), line);
    put(line, "\",\"amount\":");
    put_signed(line, record.amount.minor_units());
    put(line, ",\"sent\":");
    put_number(line, record.sent);
    put(line, ",\"answered\":");
    match record.answered {
        Some(answered) => put_number(line, answered),
        None => put(line, "null"),
    }
    put(line, ",\"outcome\":\"");
    put(line, record.outcome.word());
    put(line, "\"");
    if let Some(sent) = record.sent_ns {
        put(line, ",\"sentNs\":");
        put_number(line, sent);
    }
    if let Some(answered) = record.answered_ns {
        put(line, ",\"answeredNs\":");
        put_number(line, answered);
    }
    if let Some(code) = record.code {
        put(line, ",\"code\":");
        put_signed(line, code.0);
    }
    if let Some(status) = record.status {
        put(line, ",\"status\":");
        put_signed(line, status);
    }
    if let Some(signature) = record.signature {
        put(line, ",\"signature\":\"");
        put(
            line,
            match signature {
                SignatureState::Valid => "valid",
                SignatureState::Invalid => "invalid",
                SignatureState::Missing => "missing",
            },
        );
        put(line, "\"");
    }
    put(line, "}");
}

fn put(line: &mut Vec<u8>, text: &str) {
    line.extend_from_slice(text.as_bytes());
}

fn put_number(line: &mut Vec<u8>, number: u64) {
    to_writer(line, &number).expect("a vector takes every byte");
}

fn put_signed(line: &mut Vec<u8>, number: i64) {
    to_writer(line, &number).expect("a vector takes every byte");
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::option;
    use proptest::prelude::*;

    use super::super::outcome::RefundOutcome;
    use super::super::record::Record;
    use super::*;
    use crate::protocol::{Amount, Code, OrderNo, RefundNo};

    proptest! {
        #[test]
        fn a_line_is_what_the_serializer_writes(
            (order, refund) in ("[^\\pC]{1,32}", "[a-z\"\\\\/é]{1,32}"),
            (amount, sent, answered) in (any::<i64>(), any::<u64>(), option::of(any::<u64>())),
            (sent_ns, answered_ns) in (option::of(any::<u64>()), option::of(any::<u64>())),
            (code, status) in (option::of(any::<i64>()), option::of(any::<i64>())),
            outcome in prop::sample::select(vec![
                RefundOutcome::Accepted, RefundOutcome::Exceeds, RefundOutcome::State,
                RefundOutcome::Duplicate, RefundOutcome::Refused, RefundOutcome::Unknown,
                RefundOutcome::NotSent,
            ]),
            signature in option::of(prop::sample::select(vec![
                SignatureState::Valid, SignatureState::Invalid, SignatureState::Missing,
            ])),
        ) {
            let record = RefundRecord {
                order: Cow::Owned(OrderNo::new(order).unwrap()),
                refund: Cow::Owned(RefundNo::new(refund).unwrap()),
                amount: Amount::new(amount),
                sent,
                answered,
                outcome,
                sent_ns,
                answered_ns,
                code: code.map(Code),
                status,
                signature,
            };
            let mut line = Vec::new();
            write_refund(&record, &mut line);
            let expected = serde_json::to_string(&Record::Refund(record)).unwrap();
            prop_assert_eq!(String::from_utf8(line).unwrap(), expected);
        }
    }
}
