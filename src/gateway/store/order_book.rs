//! Orders in memory.

use std::collections::HashMap;

use crate::gateway::order::{Decline, Order, OrderId, OrderName, Payment};
use crate::protocol::{OrderNo, PartnerNo};

/// Orders, found by either number. Of `of` books that share the ids, this is
/// the one that has every id whose remainder is `first`.
#[derive(Debug)]
pub(crate) struct OrderBook {
    orders: Vec<Order>,
    places: HashMap<(PartnerNo, OrderNo), usize>,
    first: usize,
    of: usize,
}

impl OrderBook {
    /// An empty book: number `first` of `of`.
    pub(crate) fn new(first: usize, of: usize) -> Self {
        Self {
            orders: Vec::new(),
            places: HashMap::new(),
            first,
            of,
        }
    }

    /// Makes a payment, or finds it already made.
    pub(crate) fn pay(&mut self, payment: Payment) -> Result<Order, Decline> {
        let key = (payment.partner.clone(), payment.number.clone());
        if let Some(place) = self.places.get(&key) {
            let order = &self.orders[*place];
            return if order.is_made_by(&payment) {
                Ok(order.clone())
            } else {
                Err(Decline::NumberTaken)
            };
        }
        let place = self.orders.len();
        let order = Order::new(self.id(place), payment);
        self.orders.push(order.clone());
        self.places.insert(key, place);
        Ok(order)
    }

    /// The order of a partner's number.
    pub(crate) fn by_number(&mut self, key: &(PartnerNo, OrderNo)) -> Option<&mut Order> {
        self.places.get(key).map(|place| &mut self.orders[*place])
    }

    /// The order of the gateway's number, whosever it is.
    pub(crate) fn by_id(&mut self, id: OrderId) -> Option<&mut Order> {
        let place = usize::try_from(id.0).ok()?.checked_sub(self.first)? / self.of;
        self.orders.get_mut(place).filter(|order| order.id == id)
    }

    /// The order that a query of `partner` names.
    pub(crate) fn find(&mut self, partner: PartnerNo, name: OrderName) -> Option<&Order> {
        match name {
            OrderName::Number(number) => self.by_number(&(partner, number)).map(|order| &*order),
            OrderName::Id(id) => self
                .by_id(id)
                .map(|order| &*order)
                .filter(|order| order.partner == partner),
        }
    }

    /// Every order, in the order of payment.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter()
    }

    fn id(&self, place: usize) -> OrderId {
        let id = place * self.of + self.first;
        OrderId(i64::try_from(id).expect("memory holds fewer orders than 63 bits count"))
    }
}
