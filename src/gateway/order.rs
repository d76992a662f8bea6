//! The words that calls and stores speak to each other: payments, orders,
//! refunds and what became of them.

use std::fmt;

use crate::protocol::{
    Amount, Barcode, OrderNo, OrderState, PartnerNo, RefundNo, RefundStatus, StoreNo, Timestamp,
};

/// A payment to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Whose payment.
    pub partner: PartnerNo,
    /// The partner's number of it.
    pub number: OrderNo,
    /// The shop that asks for the money.
    pub store: StoreNo,
    /// The code that it is paid with.
    pub barcode: Barcode,
    /// How much, one minor unit or more.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// When it is paid; `None` where the customer pays later.
    pub paid_at: Option<Timestamp>,
}

/// The gateway's own number of an order, unique over all partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub i64);

impl OrderId {
    const DIGITS: usize = 16;

    /// Reads what [`fmt::Display`] wrote; `None` for any other spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(text.parse().ok()?);
        (id.0 >= 0 && id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:0width$}", self.0, width = Self::DIGITS)
    }
}

/// An order as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The gateway's number of it.
    pub id: OrderId,
    /// Whose order.
    pub partner: PartnerNo,
    /// The partner's number of it.
    pub number: OrderNo,
    /// The shop that asked for the money.
    pub store: StoreNo,
    /// The code that it was, or will be, paid with.
    pub barcode: Barcode,
    /// How much was asked for, and paid where it is paid.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// When it was paid; `None` where it waits for the customer.
    pub paid_at: Option<Timestamp>,
    /// The sum of its accepted refunds.
    pub refunded: Amount,
}

impl Order {
    /// The order that `payment` makes.
    pub fn new(id: OrderId, payment: Payment) -> Self {
        Self {
            id,
            partner: payment.partner,
            number: payment.number,
            store: payment.store,
            barcode: payment.barcode,
            amount: payment.amount,
            currency: payment.currency,
            paid_at: payment.paid_at,
            refunded: Amount::ZERO,
        }
    }

    /// Whether `payment`, which has this order's number, is the same payment
    /// again and no other.
    pub fn is_made_by(&self, payment: &Payment) -> bool {
        self.store == payment.store
            && self.barcode == payment.barcode
            && self.amount == payment.amount
            && self.currency == payment.currency
    }

    /// How much was paid; `None` where nothing was.
    pub fn paid(&self) -> Option<Amount> {
        self.paid_at.map(|_| self.amount)
    }

    /// Its state, as a query shows it.
    pub fn state(&self) -> OrderState {
        match self.paid() {
            None => OrderState::ToBePaid,
            Some(paid) if self.refunded >= paid => OrderState::Refunded,
            Some(_) => OrderState::Paid,
        }
    }
}

/// How a query names an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderName {
    /// By the partner's number.
    Number(OrderNo),
    /// By the gateway's number.
    Id(OrderId),
}

/// A refund to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Whose refund.
    pub partner: PartnerNo,
    /// The partner's number of the order.
    pub order: OrderNo,
    /// The partner's number of the refund.
    pub number: RefundNo,
    /// How much.
    pub amount: Amount,
}

/// An accepted refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How much was refunded.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// How far it has come.
    pub status: RefundStatus,
    /// Whether it had been accepted before, so that nothing moved this time.
    pub repeated: bool,
}

/// Why an order or a refund was not made. None of them has any effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decline {
    /// The partner has no such order.
    OrderUnknown,
    /// The number names another payment or refund already.
    NumberTaken,
    /// The order is not paid.
    NotPaid,
    /// The amount is not one minor unit or more.
    NotPositive,
    /// More than is left of what was paid.
    Exceeds,
    /// Nothing is left of the order.
    Closed,
    /// Somebody else is at work on the order; it can be tried again.
    Busy,
    /// For no reason that has a name.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_text_of_an_order_id_is_one() {
        let id = OrderId(42);
        assert_eq!(id.to_string(), "0000000000000042");
        assert_eq!(OrderId::parse("0000000000000042"), Some(id));
        for other in ["42", "00000000000000042", "+000000000000042", "", "-1"] {
            assert_eq!(OrderId::parse(other), None, "{other}");
        }
    }
}
