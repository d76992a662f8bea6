//! Traffic that never was: what a right gateway answers to many users who
//! refund many orders at once. A history follows from its seed and its size.

use std::borrow::Cow;

use recoup::audit::history::{OrderRecord, QueryRecord, RefundRecord};
use recoup::audit::{QueryOutcome, Record, RefundOutcome};
use recoup::protocol::{Amount, Code, OrderNo, RefundNo};

/// Orders that are refunded at the same time.
const AT_ONCE: usize = 256;
/// What is paid for each, and the largest refund.
const PAID: i64 = 10_000;
const LARGEST: u64 = 500;

struct Order {
    number: OrderNo,
    left: i64,
    operations: u64,
    last: Option<(RefundNo, i64)>,
}

/// Records of so many operations over so many orders.
pub(crate) struct Traffic {
    random: u64,
    operations: u64,
    orders: u64,
    each: u64,
    opened: u64,
    place: u64,
    refunds: [u64; 64],
    open: Vec<Order>,
}

impl Traffic {
    pub(crate) fn new(operations: u64, orders: u64) -> Self {
        Self {
            random: 1,
            operations,
            orders,
            each: operations / orders.max(1),
            opened: 0,
            place: 0,
            refunds: [0; 64],
            open: Vec::new(),
        }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn open_order(&mut self) -> Record<'static> {
        let number = format!("oseed42ab00load{:012}", self.opened);
        let number = OrderNo::new(number).expect("27 characters");
        self.opened += 1;
        self.open.push(Order {
            number: number.clone(),
            left: PAID,
            operations: 0,
            last: None,
        });
        Record::Order(OrderRecord {
            order: Cow::Owned(number),
            paid: Amount::new(PAID),
            currency: Cow::Borrowed("JPY"),
            shared: false,
        })
    }

    fn operation(&mut self) -> Record<'static> {
        self.operations -= 1;
        let which = usize::try_from(self.below(self.open.len() as u64)).expect("few");
        let is_last = self.open[which].operations + 1 == self.each && self.opened < self.orders;
        let kind = self.below(1_000);
        self.place += 2;
        // Sent before some others that were answered meanwhile: places stay
        // unique, since requests take the odd ones.
        let answered = self.place + 64;
        let sent = self.place - 1;
        let nanos = self.place * 3_000;
        let user = self.below(64);
        let (wanted, is_half) = (1 + self.below(LARGEST), self.below(2) == 0);
        let order = &mut self.open[which];
        order.operations += 1;
        let number = order.number.clone();
        if kind < 5 {
            let outcome = if order.left == 0 {
                QueryOutcome::Refunded
            } else {
                QueryOutcome::NotRefunded
            };
            if is_last {
                self.open.swap_remove(which);
            }
            return Record::Query(QueryRecord {
                order: Cow::Owned(number),
                sent,
                answered,
                outcome,
                sent_ns: Some(nanos),
                answered_ns: Some(nanos + 200_000),
            });
        }
        let (refund, amount, outcome) = match (&order.last, kind) {
            // Where an outcome is unknown, the next attempt is a retry of it.
            (Some((again, amount)), 5..55) => (again.clone(), *amount, RefundOutcome::Accepted),
            _ => {
                let count = &mut self.refunds[usize::try_from(user).expect("few")];
                *count += 1;
                let name = format!("rseed42ab00load{user:05}{count:09}");
                let name = RefundNo::new(name).expect("29 characters");
                let wanted = i64::try_from(wanted).expect("small");
                if wanted > order.left || kind < 60 {
                    let more = if is_half { 1 } else { wanted };
                    (name, order.left + more, RefundOutcome::Exceeds)
                } else {
                    order.left -= wanted;
                    order.last = Some((name.clone(), wanted));
                    let is_lost = kind == 999 && is_half;
                    let outcome = if is_lost {
                        RefundOutcome::Unknown
                    } else {
                        RefundOutcome::Accepted
                    };
                    (name, wanted, outcome)
                }
            }
        };
        if is_last {
            self.open.swap_remove(which);
        }
        let is_definite = outcome != RefundOutcome::Unknown;
        let code = match outcome {
            RefundOutcome::Accepted => Some(Code(1)),
            RefundOutcome::Exceeds => Some(Code(35)),
            _ => None,
        };
        Record::Refund(RefundRecord {
            order: Cow::Owned(number),
            refund: Cow::Owned(refund),
            amount: Amount::new(amount),
            sent,
            answered: is_definite.then_some(answered),
            outcome,
            sent_ns: Some(nanos),
            answered_ns: is_definite.then_some(nanos + 200_000),
            code,
            status: (code == Some(Code(1))).then_some(1),
            signature: None,
        })
    }
}

impl Iterator for Traffic {
    type Item = Record<'static>;

    fn next(&mut self) -> Option<Record<'static>> {
        if self.opened < self.orders && self.open.len() < AT_ONCE {
            return Some(self.open_order());
        }
        (self.operations > 0).then(|| self.operation())
    }
}
