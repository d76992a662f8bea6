//! The faults between bytes and meaning.

use super::catalogue::Fault;
use super::chosen::Faults;
use crate::gateway::wire::{RightWire, Wire, too_small};
use crate::protocol::object::FieldProblem;
use crate::protocol::refund::LONGEST_NOTE;
use crate::protocol::{
    Amount, AmountError, Code, Envelope, FieldError, Object, RefundRequest, SignKey, Signature,
    signature,
};

/// A wire with faults. What no fault concerns is left to the right one.
#[derive(Debug)]
pub(super) struct FaultyWire {
    faults: Faults,
}

impl FaultyWire {
    pub(super) const fn new(faults: Faults) -> Self {
        Self { faults }
    }
}

impl Wire for FaultyWire {
    fn believes(&self, envelope: &Envelope<'_>, key: &SignKey) -> bool {
        if self.faults.has(Fault::SignatureUnchecked) {
            return true;
        }
        if self.faults.has(Fault::SignatureReserialised) {
            return rewritten(envelope.raw).is_some_and(|text| {
                signature::verify(text.as_bytes(), &envelope.signature, key).is_ok()
            });
        }
        RightWire.believes(envelope, key)
    }

    fn read_refund(&self, body: &Object<'_>) -> Result<RefundRequest, FieldError> {
        let read_amount = if self.faults.has(Fault::FloatAmount) {
            as_float
        } else if self.faults.has(Fault::Wrap32Bit) {
            as_truncated
        } else if self.faults.has(Fault::NegativeAmount) {
            Amount::from_token
        } else {
            return RightWire.read_refund(body);
        };
        let refund = RefundRequest {
            partner_order_no: body.identifier("partnerOrderNo")?,
            refund_no: body.identifier("refundNo")?,
            order_amount: read_as(body, read_amount)?,
            operator_id: body.optional_text("operatorId", LONGEST_NOTE)?,
            terminal_no: body.optional_text("terminalNo", LONGEST_NOTE)?,
        };
        let negative = refund.order_amount < Amount::ZERO;
        let taken = negative && self.faults.has(Fault::NegativeAmount);
        if !refund.order_amount.is_positive() && !taken {
            return Err(too_small());
        }
        Ok(refund)
    }

    fn before_sending(&self, code: Code, document: &mut Vec<u8>) {
        if code != Code::SUCCESS && self.faults.has(Fault::ErrorUnsigned) {
            // A document ends with its signature, a quote and a brace.
            document.truncate(document.len() - Signature::LENGTH - 2);
            document.extend_from_slice(b"\"}");
        }
    }
}

/// Reads the amount's token in another way than the right one.
fn read_as(
    body: &Object<'_>,
    read: fn(&str) -> Result<Amount, AmountError>,
) -> Result<Amount, FieldError> {
    match body.get("orderAmount") {
        Some(token) if token.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => read(token)
            .map_err(|error| FieldError {
                field: "orderAmount",
                problem: FieldProblem::Number(error),
            }),
        _ => body.amount("orderAmount"),
    }
}

/// Any spelling of a number, rounded to the 24 bits that a float has.
fn as_float(token: &str) -> Result<Amount, AmountError> {
    let number: f32 = token.parse().map_err(|_| AmountError::NotWhole)?;
    Ok(Amount::new(truncated_to_integer(number)))
}

/// The lowest 32 bits of a whole number.
fn as_truncated(token: &str) -> Result<Amount, AmountError> {
    if token.contains(['.', 'e', 'E']) {
        return Err(AmountError::NotWhole);
    }
    let number: i128 = token.parse().map_err(|_| AmountError::OutOfRange)?;
    Ok(Amount::new(i64::from(wrapped(number))))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "losing the upper bits is the fault"
)]
const fn wrapped(number: i128) -> i32 {
    number as i32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "losing the fraction is the fault"
)]
const fn truncated_to_integer(number: f32) -> i64 {
    number as i64
}

/// The same value written anew, compactly: white space and the spelling of
/// texts and numbers are lost, the order of members is kept. `None` where it
/// can't be read.
fn rewritten(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    rewrite(raw, &mut text)?;
    Some(text)
}

fn rewrite(raw: &str, out: &mut String) -> Option<()> {
    if !raw.starts_with('{') {
        let value: serde_json::Value = serde_json::from_str(raw).ok()?;
        out.push_str(&value.to_string());
        return Some(());
    }
    let object = Object::parse(raw).ok()?;
    out.push('{');
    for (index, name) in object.names().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&serde_json::Value::from(name).to_string());
        out.push(':');
        rewrite(object.get(name)?, out)?;
    }
    out.push('}');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rewritten_loses_its_spelling_and_keeps_its_order() {
        assert_eq!(
            rewritten("{ \"b\" : {\"\\u0078\":\"\\/\"},\n\"a\": [1, 2.50] }").unwrap(),
            r#"{"b":{"x":"/"},"a":[1,2.5]}"#
        );
        assert_eq!(rewritten(r#"{"a":1,"a":2}"#), None);
    }

    #[test]
    fn a_float_has_24_bits_and_takes_every_spelling() {
        let read = |token| as_float(token).unwrap().minor_units();
        assert_eq!(read("16777217"), 16_777_216);
        assert_eq!(read("100.0"), 100);
        assert_eq!(read("1e2"), 100);
        assert_eq!(read("100.5"), 100);
    }

    #[test]
    fn a_truncated_amount_has_32_bits() {
        let read = |token| as_truncated(token).unwrap().minor_units();
        assert_eq!(read("4294967301"), 5);
        assert_eq!(read("18446744073709551621"), 5);
        assert_eq!(read("2147483648"), -2_147_483_648);
    }
}
