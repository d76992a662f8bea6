//! The binary form of a history, as `docs/history.md` has it, read by nobody's
//! code but this: every block becomes the lines of text that it stands for.

use serde_json::{Value, json};

use super::{Check, ensure};

/// The file's first byte, which no text has.
pub(crate) const FIRST: u8 = 0x89;

const SCHEMA: &[u8] = b"recoup.history.binary/1";
const HEAD: usize = 32;
const BLOCK_HEAD: usize = 20;
const RECORD: usize = 48;
const ORDER_HEAD: usize = 16;

/// What was read so far.
#[derive(Default)]
struct Reading {
    orders: Vec<String>,
    /// Stems of refund numbers, with the digits that follow.
    stems: Vec<(String, usize)>,
    /// Orders, stems, records and lines.
    totals: [u64; 4],
}

/// Hands each line that the file stands for to `take`, the schema first.
pub(crate) fn read(file: &[u8], mut take: impl FnMut(Value) -> Check<()>) -> Check<()> {
    let (head, mut rest) = file
        .split_at_checked(HEAD)
        .ok_or("the history's head is cut off")?;
    let is_known = head[1..].starts_with(SCHEMA);
    ensure(is_known, "the history has another schema")?;
    ensure(
        number(&head[28..]) == checksum(&[&head[..28]]),
        "its head was changed",
    )?;
    let terms = ["replay", "refuse", "either"].get(usize::from(head[24]));
    take(json!({
        "schema": "recoup.history/1",
        "duplicates": terms.ok_or("its head was changed")?,
        "lateFailure": head[25] != 0,
    }))?;
    let mut reading = Reading::default();
    for sequence in 0_u64.. {
        let at = |reason: &str| format!("block {} of the history: {reason}", sequence + 1);
        let block = rest.split_at_checked(BLOCK_HEAD);
        let (head, after) = block.ok_or_else(|| at("cut off, or the end mark is missing"))?;
        let length = usize::try_from(number(&head[12..16])).map_err(|_| at("too long"))?;
        let payload = after.split_at_checked(length);
        let (payload, after) = payload.ok_or_else(|| at("cut off"))?;
        let sum = checksum(&[&head[..16], payload]);
        ensure(number(&head[16..20]) == sum, &at("its bytes were changed"))?;
        ensure(
            number(&head[4..8]) == sequence,
            &at("missing, repeated or moved"),
        )?;
        if &head[..4] == b"ENDS" {
            let totals: Vec<u64> = payload.chunks(8).map(number).collect();
            ensure(totals == reading.totals, &at("the totals are others"))?;
            return ensure(after.is_empty(), &at("something follows the end mark"));
        }
        let count = number(&head[8..12]);
        let read = reading.block(&head[..4], payload, count, &mut take);
        read.map_err(|reason| at(&reason))?;
        rest = after;
    }
    Err("the history has no end".to_owned())
}

impl Reading {
    fn block(
        &mut self,
        kind: &[u8],
        mut payload: &[u8],
        count: u64,
        take: &mut impl FnMut(Value) -> Check<()>,
    ) -> Check<()> {
        let kinds: [&[u8]; 4] = [b"ORDR", b"STEM", b"RECS", b"LINE"];
        let kind = kinds.iter().position(|known| *known == kind);
        let kind = kind.ok_or("no kind of block")?;
        self.totals[kind] += count;
        for _ in 0..count {
            match kind {
                0 => take(self.order(&mut payload)?)?,
                1 => self.stem(&mut payload)?,
                2 => take(self.record(cut(&mut payload, RECORD)?)?)?,
                _ => {
                    let end = payload.iter().position(|byte| *byte == b'\n');
                    let line = cut(&mut payload, end.ok_or("no line")? + 1)?;
                    let value: Value =
                        serde_json::from_slice(line).map_err(|error| error.to_string())?;
                    ensure(value["type"] != "order", "an order as a line")?;
                    take(value)?;
                }
            }
        }
        ensure(payload.is_empty(), "more than it counts")
    }

    fn order(&mut self, payload: &mut &[u8]) -> Check<Value> {
        let head = cut(payload, ORDER_HEAD)?;
        let length = usize::try_from(number(&head[12..14]) & 0x7fff).map_err(|_| "too long")?;
        let currency = usize::try_from(number(&head[8..12])).map_err(|_| "too long")?;
        let order = text(cut(payload, length)?)?;
        self.orders.push(order.clone());
        Ok(json!({
            "type": "order",
            "order": order,
            "paid": number(&head[..8]).cast_signed(),
            "currency": text(cut(payload, currency)?)?,
            "shared": head[13] & 0x80 != 0,
        }))
    }

    fn stem(&mut self, payload: &mut &[u8]) -> Check<()> {
        let head = cut(payload, 2)?;
        let stem = text(cut(payload, usize::from(head[1]))?)?;
        self.stems.push((stem, usize::from(head[0])));
        Ok(())
    }

    fn record(&self, record: &[u8]) -> Check<Value> {
        let order = usize::try_from(number(&record[..4])).map_err(|_| "no order")?;
        let order = self.orders.get(order).ok_or("an order is not declared")?;
        let sent = number(&record[24..30]);
        let answered = match number(&record[20..24]) {
            0 => Value::Null,
            after => Value::from(sent + after),
        };
        let outcome = match record[15] {
            1 => "accepted",
            2 => "exceeds",
            3 => "state",
            4 => "duplicate",
            5 => "refused",
            6 => "unknown",
            7 => "not-sent",
            16 => "refunded",
            17 => "not-refunded",
            _ => return Err("no outcome".to_owned()),
        };
        let mut value = json!({
            "type": "query", "order": order, "sent": sent, "answered": answered, "outcome": outcome,
        });
        if record[15] < 16 {
            value["type"] = "refund".into();
            value["refund"] = self.name(record)?.into();
            let amount = u32::try_from(number(&record[16..20])).map_err(|_| "no amount")?;
            value["amount"] = amount.cast_signed().into();
            if record[47] & 8 != 0 {
                value["status"] = record[45].cast_signed().into();
            }
        }
        Ok(value)
    }

    fn name(&self, record: &[u8]) -> Check<String> {
        let stem = usize::try_from(number(&record[4..8])).map_err(|_| "no stem")?;
        let (stem, width) = self.stems.get(stem).ok_or("a stem is not declared")?;
        let count = number(&record[8..15]);
        match *width {
            0 => Ok(stem.clone()),
            width => Ok(format!("{stem}{count:0width$}")),
        }
    }
}

/// Takes so many bytes off.
fn cut<'a>(payload: &mut &'a [u8], length: usize) -> Check<&'a [u8]> {
    let (taken, rest) = payload
        .split_at_checked(length)
        .ok_or("an entry is cut off")?;
    *payload = rest;
    Ok(taken)
}

/// At most eight bytes, the least first.
fn number(bytes: &[u8]) -> u64 {
    let bytes = bytes.iter().take(8).rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn text(bytes: &[u8]) -> Check<String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "no text")?;
    Ok(text.to_owned())
}

/// CRC-32 as zip and PNG have it.
fn checksum(parts: &[&[u8]]) -> u64 {
    let table: Vec<u32> = (0..256_u32)
        .map(|byte| {
            (0..8).fold(byte, |sum, _| {
                (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
            })
        })
        .collect();
    let bytes = parts.iter().flat_map(|part| part.iter());
    let sum = bytes.fold(u32::MAX, |sum, byte| {
        let [low, ..] = sum.to_le_bytes();
        table[usize::from(low ^ byte)] ^ (sum >> 8)
    });
    u64::from(!sum)
}
