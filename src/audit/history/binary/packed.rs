//! One record of 48 bytes.

use super::super::outcome::{QueryOutcome, RefundOutcome};
use super::super::record::{QueryRecord, RefundRecord};
use crate::audit::evidence::SignatureState;
use crate::protocol::{Amount, Code};

/// Bytes of a record.
pub const RECORD: usize = 48;

const PLACE_BITS: u32 = 48;
const COUNT_BITS: u32 = 56;
const LASTED_BITS: u32 = 40;

const HAS_SENT_NS: u8 = 1;
const HAS_ANSWERED_NS: u8 = 2;
const HAS_CODE: u8 = 4;
const HAS_STATUS: u8 = 8;
const SIGNATURE_AT: u32 = 4;

/// What an operation came to, of a refund or of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Of a refund.
    Refund(RefundOutcome),
    /// Of a query.
    Query(QueryOutcome),
}

impl Outcome {
    const fn byte(self) -> u8 {
        match self {
            Self::Refund(RefundOutcome::Accepted) => 1,
            Self::Refund(RefundOutcome::Exceeds) => 2,
            Self::Refund(RefundOutcome::State) => 3,
            Self::Refund(RefundOutcome::Duplicate) => 4,
            Self::Refund(RefundOutcome::Refused) => 5,
            Self::Refund(RefundOutcome::Unknown) => 6,
            Self::Refund(RefundOutcome::NotSent) => 7,
            Self::Query(QueryOutcome::Refunded) => 16,
            Self::Query(QueryOutcome::NotRefunded) => 17,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Refund(RefundOutcome::Accepted),
            2 => Self::Refund(RefundOutcome::Exceeds),
            3 => Self::Refund(RefundOutcome::State),
            4 => Self::Refund(RefundOutcome::Duplicate),
            5 => Self::Refund(RefundOutcome::Refused),
            6 => Self::Refund(RefundOutcome::Unknown),
            7 => Self::Refund(RefundOutcome::NotSent),
            16 => Self::Query(QueryOutcome::Refunded),
            17 => Self::Query(QueryOutcome::NotRefunded),
            _ => return None,
        })
    }
}

/// One record, packed. Members that do not fit make it none: such a record is
/// written as a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// The index of the order.
    pub order: u32,
    /// The index of the refund number's stem; 0 of a query.
    pub stem: u32,
    count_and_outcome: u64,
    amount: i32,
    answered_after: u32,
    sent_and_code: u64,
    sent_ns: u64,
    lasted_and_rest: u64,
}

impl Packed {
    /// Packs a refund of the order, with the stem and the count of its number;
    /// `None` where a member does not fit.
    pub fn refund(
        order: u32,
        (stem, count): (u32, u64),
        record: &RefundRecord<'_>,
    ) -> Option<Self> {
        let signature = match record.signature {
            None => 0,
            Some(SignatureState::Valid) => 1,
            Some(SignatureState::Invalid) => 2,
            Some(SignatureState::Missing) => 3,
        };
        let code = match record.code {
            None => 0,
            Some(Code(code)) => i16::try_from(code).ok()?,
        };
        let status = match record.status {
            None => 0,
            Some(status) => i8::try_from(status).ok()?,
        };
        let flags = flag(HAS_CODE, record.code.is_some())
            | flag(HAS_STATUS, record.status.is_some())
            | (signature << SIGNATURE_AT);
        let packed = Self::times(
            (record.sent, record.answered),
            (record.sent_ns, record.answered_ns),
            flags,
        )?;
        Some(Self {
            order,
            stem,
            count_and_outcome: within(count, COUNT_BITS)?
                | (u64::from(Outcome::Refund(record.outcome).byte()) << COUNT_BITS),
            amount: i32::try_from(record.amount.minor_units()).ok()?,
            sent_and_code: packed.sent_and_code | (u64::from(code.cast_unsigned()) << PLACE_BITS),
            lasted_and_rest: packed.lasted_and_rest
                | (u64::from(status.cast_unsigned()) << LASTED_BITS),
            ..packed
        })
    }

    /// Packs a query of the order, likewise.
    pub fn query(order: u32, record: &QueryRecord<'_>) -> Option<Self> {
        let packed = Self::times(
            (record.sent, Some(record.answered)),
            (record.sent_ns, record.answered_ns),
            0,
        )?;
        Some(Self {
            order,
            count_and_outcome: u64::from(Outcome::Query(record.outcome).byte()) << COUNT_BITS,
            ..packed
        })
    }

    fn times(
        (sent, answered): (u64, Option<u64>),
        (sent_ns, answered_ns): (Option<u64>, Option<u64>),
        flags: u8,
    ) -> Option<Self> {
        let answered_after = match answered {
            None => 0,
            // 0 would say that there was none.
            Some(answered) => u32::try_from(answered.checked_sub(sent)?)
                .ok()
                .filter(|&after| after > 0)?,
        };
        let lasted = match (sent_ns, answered_ns) {
            (_, None) => 0,
            (Some(sent), Some(answered)) => within(answered.checked_sub(sent)?, LASTED_BITS)?,
            (None, Some(_)) => return None,
        };
        let flags = flags
            | flag(HAS_SENT_NS, sent_ns.is_some())
            | flag(HAS_ANSWERED_NS, answered_ns.is_some());
        Some(Self {
            order: 0,
            stem: 0,
            count_and_outcome: 0,
            amount: 0,
            answered_after,
            sent_and_code: within(sent, PLACE_BITS)?,
            sent_ns: sent_ns.unwrap_or(0),
            lasted_and_rest: lasted | (u64::from(flags) << 56),
        })
    }

    /// Its bytes.
    pub fn to_bytes(self) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[..4].copy_from_slice(&self.order.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.stem.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.count_and_outcome.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.amount.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.answered_after.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.sent_and_code.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.sent_ns.to_le_bytes());
        bytes[40..].copy_from_slice(&self.lasted_and_rest.to_le_bytes());
        bytes
    }

    /// The record of these bytes; whether its outcome is one is not asked.
    pub fn from_bytes(bytes: &[u8; RECORD]) -> Self {
        let half = |at: usize| bytes[at..at + 4].try_into().expect("four bytes");
        let whole =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        Self {
            order: u32::from_le_bytes(half(0)),
            stem: u32::from_le_bytes(half(4)),
            count_and_outcome: whole(8),
            amount: i32::from_le_bytes(half(16)),
            answered_after: u32::from_le_bytes(half(20)),
            sent_and_code: whole(24),
            sent_ns: whole(32),
            lasted_and_rest: whole(40),
        }
    }

    /// The count after the stem of its refund number.
    pub const fn count(&self) -> u64 {
        self.count_and_outcome & mask(COUNT_BITS)
    }

    /// The same record with another name for its refund: stem and count.
    #[must_use]
    pub const fn renamed(self, stem: u32, count: u64) -> Self {
        let outcome = self.count_and_outcome & !mask(COUNT_BITS);
        Self {
            stem,
            count_and_outcome: outcome | (count & mask(COUNT_BITS)),
            ..self
        }
    }

    /// What it came to; `None` where that is nothing known.
    pub const fn outcome(&self) -> Option<Outcome> {
        Outcome::of((self.count_and_outcome >> COUNT_BITS) as u8)
    }

    /// Whether it is one of a refund, and not of a query.
    pub const fn is_refund(&self) -> bool {
        matches!(self.outcome(), Some(Outcome::Refund(_)))
    }

    /// The amount, in minor units.
    pub const fn amount(&self) -> i64 {
        self.amount as i64
    }

    /// Its place when it was sent.
    pub const fn sent(&self) -> u64 {
        self.sent_and_code & mask(PLACE_BITS)
    }

    /// Its place when it was answered.
    pub fn answered(&self) -> Option<u64> {
        (self.answered_after > 0).then(|| self.sent() + u64::from(self.answered_after))
    }

    /// When it was sent, in nanoseconds.
    pub const fn sent_ns(&self) -> Option<u64> {
        if self.has(HAS_SENT_NS) {
            Some(self.sent_ns)
        } else {
            None
        }
    }

    /// When it was answered, in nanoseconds.
    pub fn answered_ns(&self) -> Option<u64> {
        let lasted = self.lasted_and_rest & mask(LASTED_BITS);
        self.has(HAS_ANSWERED_NS)
            .then(|| self.sent_ns.saturating_add(lasted))
    }

    /// The answer's code.
    pub fn code(&self) -> Option<Code> {
        let code = ((self.sent_and_code >> PLACE_BITS) as u16).cast_signed();
        self.has(HAS_CODE).then(|| Code(i64::from(code)))
    }

    /// The refund's status in the answer.
    pub fn status(&self) -> Option<i64> {
        let status = ((self.lasted_and_rest >> LASTED_BITS) as u8).cast_signed();
        self.has(HAS_STATUS).then(|| i64::from(status))
    }

    /// What became of the answer's signature.
    pub const fn signature(&self) -> Option<SignatureState> {
        match (self.flags() >> SIGNATURE_AT) & 3 {
            0 => None,
            1 => Some(SignatureState::Valid),
            2 => Some(SignatureState::Invalid),
            _ => Some(SignatureState::Missing),
        }
    }

    /// The amount as it is summed.
    pub const fn money(&self) -> Amount {
        Amount::new(self.amount())
    }

    const fn flags(&self) -> u8 {
        (self.lasted_and_rest >> 56) as u8
    }

    const fn has(&self, flag: u8) -> bool {
        self.flags() & flag != 0
    }
}

const fn mask(bits: u32) -> u64 {
    (1 << bits) - 1
}

const fn within(number: u64, bits: u32) -> Option<u64> {
    if number <= mask(bits) {
        Some(number)
    } else {
        None
    }
}

const fn flag(flag: u8, is_set: bool) -> u8 {
    if is_set { flag } else { 0 }
}
