//! How a refund's body is read wrongly.

use crate::gateway::fault::{Fault, Faults};
use crate::gateway::wire::{RightWire, Wire, too_small};
use crate::protocol::object::FieldProblem;
use crate::protocol::refund::LONGEST_NOTE;
use crate::protocol::{Amount, AmountError, FieldError, Object, RefundRequest};

/// Reads a refund's body as wrong as `faults` say.
pub(super) fn refund(faults: &Faults, body: &Object<'_>) -> Result<RefundRequest, FieldError> {
    let read_amount = if faults.has(Fault::FloatAmount) {
        as_float
    } else if faults.has(Fault::Wrap32Bit) {
        as_truncated
    } else if faults.has(Fault::NegativeAmount) || faults.has(Fault::ZeroAmount) {
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
    let is_taken = match refund.order_amount.minor_units() {
        ..0 => faults.has(Fault::NegativeAmount),
        0 => faults.has(Fault::ZeroAmount),
        1.. => true,
    };
    if is_taken {
        Ok(refund)
    } else {
        Err(too_small())
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

#[cfg(test)]
mod tests {
    use super::*;

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
