//! The entries that declare orders and stems of refund numbers.

use std::borrow::Cow;

use super::super::record::OrderRecord;
use super::stem::Stem;
use crate::protocol::{Amount, OrderNo, RefundNo};

const ORDER_HEAD: usize = 16;
const SHARED: u16 = 0x8000;

/// Writes the entry of an order at the end of `payload`.
pub fn push_order(record: &OrderRecord<'_>, payload: &mut Vec<u8>) {
    let order = record.order.as_str();
    let length = u16::try_from(order.len()).expect("32 characters");
    let currency = u32::try_from(record.currency.len()).expect("a currency is short");
    payload.extend_from_slice(&record.paid.minor_units().to_le_bytes());
    payload.extend_from_slice(&currency.to_le_bytes());
    let shared = if record.shared { SHARED } else { 0 };
    payload.extend_from_slice(&(length | shared).to_le_bytes());
    payload.extend_from_slice(&[0; 2]);
    payload.extend_from_slice(order.as_bytes());
    payload.extend_from_slice(record.currency.as_bytes());
}

/// Takes the first entry of an order off `payload`; `None` where it is none.
pub fn take_order(payload: &mut &[u8]) -> Option<OrderRecord<'static>> {
    let (head, rest) = payload.split_first_chunk::<ORDER_HEAD>()?;
    let paid = i64::from_le_bytes(*head.first_chunk()?);
    let currency = u32::from_le_bytes(head[8..12].try_into().ok()?);
    let length = u16::from_le_bytes(head[12..14].try_into().ok()?);
    let (order, rest) = rest.split_at_checked(usize::from(length & !SHARED))?;
    let (currency, rest) = rest.split_at_checked(usize::try_from(currency).ok()?)?;
    *payload = rest;
    Some(OrderRecord {
        order: Cow::Owned(OrderNo::new(std::str::from_utf8(order).ok()?).ok()?),
        paid: Amount::new(paid),
        currency: Cow::Owned(std::str::from_utf8(currency).ok()?.to_owned()),
        shared: length & SHARED != 0,
    })
}

/// Writes the entry of a stem at the end of `payload`.
pub fn push_stem(stem: &Stem, payload: &mut Vec<u8>) {
    let length = u8::try_from(stem.text.len()).expect("32 characters of 4 bytes at most");
    payload.extend_from_slice(&[stem.width, length]);
    payload.extend_from_slice(stem.text.as_bytes());
}

/// Takes the first entry of a stem off `payload`; `None` where it is none.
pub fn take_stem(payload: &mut &[u8]) -> Option<Stem> {
    let (&[width, length], rest) = payload.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(length))?;
    *payload = rest;
    let stem = Stem {
        text: std::str::from_utf8(text).ok()?.into(),
        width,
    };
    // All names of a stem have its length, and digits where they differ.
    let is_number = RefundNo::new(stem.name(0)?).is_ok();
    (is_number && (width == 0 || stem.is_canonical())).then_some(stem)
}
