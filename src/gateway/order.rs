//! The words that calls and stores speak to each other: payments, orders,
//! refunds and what became of them.

use std::fmt;

use super::moment::Moment;
use super::web_url::WebUrl;
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
    /// What it is paid with.
    pub means: Means,
    /// How much, one minor unit or more.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// When it is paid; `None` where the customer pays later.
    pub paid_at: Option<Timestamp>,
    /// Where the partner wants to be told that it is paid.
    pub notify_url: Option<WebUrl>,
}

/// What an order is paid with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// The code on the customer's screen.
    Barcode(Barcode),
    /// A page of the gateway's own, which the customer is sent to.
    Page(Box<Checkout>),
}

/// A page that an order is paid on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// What the page is found by. Who knows it may pay, so nobody can guess it.
    pub key: String,
    /// What the partner wants to be paid with.
    pub wallet: String,
    /// What it is for.
    pub title: Option<String>,
    /// Where the customer goes afterwards.
    pub return_url: Option<WebUrl>,
}

impl Means {
    /// Whether both say the same. The key of a page is the gateway's, and says
    /// nothing.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Barcode(one), Self::Barcode(other)) => one == other,
            (Self::Page(one), Self::Page(other)) => {
                one.wallet == other.wallet
                    && one.title == other.title
                    && one.return_url == other.return_url
            }
            _ => false,
        }
    }
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
    /// What it was, or will be, paid with.
    pub means: Means,
    /// How much was asked for, and paid where it is paid.
    pub amount: Amount,
    /// In which currency.
    pub currency: String,
    /// When it was paid; `None` where it waits for the customer.
    pub paid_at: Option<Timestamp>,
    /// Whether the customer will not pay.
    pub declined: bool,
    /// Where the partner wants to be told that it is paid.
    pub notify_url: Option<WebUrl>,
    /// The sum of its accepted refunds, without those that failed later.
    pub refunded: Amount,
    /// How much of that is not settled yet, and may be released.
    pub dealing: Amount,
}

impl Order {
    /// The order that `payment` makes.
    pub fn new(id: OrderId, payment: Payment) -> Self {
        Self {
            id,
            partner: payment.partner,
            number: payment.number,
            store: payment.store,
            means: payment.means,
            amount: payment.amount,
            currency: payment.currency,
            paid_at: payment.paid_at,
            declined: false,
            notify_url: payment.notify_url,
            refunded: Amount::ZERO,
            dealing: Amount::ZERO,
        }
    }

    /// Whether `payment`, which has this order's number, is the same payment
    /// again and no other.
    pub fn is_made_by(&self, payment: &Payment) -> bool {
        self.store == payment.store
            && self.means.is_like(&payment.means)
            && self.amount == payment.amount
            && self.currency == payment.currency
    }

    /// How much was paid; `None` where nothing was.
    pub fn paid(&self) -> Option<Amount> {
        self.paid_at.map(|_| self.amount)
    }

    /// Its state, as a query shows it. It is refunded once nothing of that can
    /// be released any more.
    pub fn state(&self) -> OrderState {
        match self.paid() {
            None if self.declined => OrderState::Failed,
            None => OrderState::ToBePaid,
            Some(paid) if self.settled() >= paid => OrderState::Refunded,
            Some(_) => OrderState::Paid,
        }
    }

    /// The sum of its refunds that are done for good.
    fn settled(&self) -> Amount {
        self.refunded
            .checked_sub(self.dealing)
            .unwrap_or(Amount::ZERO)
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
    /// What becomes of it later; `None` where it is done at once.
    pub settlement: Option<Settlement>,
}

/// What becomes of a refund after it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// When, at the earliest.
    pub due: Moment,
    /// Whether it fails then, and its amount is released.
    pub fails: bool,
}

impl Settlement {
    /// How far a refund has come that has this to come, or had it.
    pub const fn status(due: Option<Moment>, fails: bool) -> RefundStatus {
        match due {
            Some(_) => RefundStatus::Dealing,
            None if fails => RefundStatus::Failed,
            None => RefundStatus::Cancelled,
        }
    }
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

/// What the customer does on the page of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Pays, at this time.
    Pay(Timestamp),
    /// Does not want to.
    Decline,
}

/// A notification that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The store's number of it.
    pub id: i64,
    /// Where to.
    pub url: WebUrl,
    /// How often it was tried, this time included.
    pub tries: u32,
    /// The order as it is now.
    pub order: Order,
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
