//! What happens later, in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::ready;

use super::contract::{Claimed, Deferred, Delivery, Reply, Settled};
use super::memory::MemoryStore;
use crate::gateway::moment::Moment;
use crate::gateway::order::{Choice, Means, Notice, Order};
use crate::gateway::web_url::WebUrl;
use crate::protocol::{OrderNo, PartnerNo, RefundNo};

/// How many refunds are settled in one go.
const LARGEST_GROUP: usize = 512;

/// What happens later.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// Refunds by when they are settled.
    refunds: BTreeSet<(Moment, RefundName)>,
    /// Orders by the page that they are paid on.
    pages: HashMap<String, (PartnerNo, OrderNo)>,
    /// Notifications by when they are sent.
    notices: BTreeMap<(Moment, i64), Waiting>,
    /// When each notification is sent.
    places: HashMap<i64, Moment>,
    last_notice: i64,
}

/// A refund and its order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RefundName {
    pub(super) partner: PartnerNo,
    pub(super) order: OrderNo,
    pub(super) refund: RefundNo,
}

/// A notification that waits.
#[derive(Debug, Clone)]
struct Waiting {
    partner: PartnerNo,
    order: OrderNo,
    url: WebUrl,
    tries: u32,
}

impl Later {
    /// Notes that a refund is to be settled.
    pub(super) fn settle_at(&mut self, due: Moment, refund: RefundName) {
        self.refunds.insert((due, refund));
    }

    /// Notes that an order's partner is to be told of it, where it wants to be.
    pub(super) fn note(&mut self, order: &Order, due: Moment) {
        let Some(url) = &order.notify_url else {
            return;
        };
        self.last_notice += 1;
        let waiting = Waiting {
            partner: order.partner.clone(),
            order: order.number.clone(),
            url: url.clone(),
            tries: 0,
        };
        self.put(self.last_notice, due, waiting);
    }

    /// Notes the page of an order, where it has one.
    pub(super) fn open(&mut self, order: &Order) {
        if let Means::Page(checkout) = &order.means {
            let name = (order.partner.clone(), order.number.clone());
            self.pages.insert(checkout.key.clone(), name);
        }
    }

    fn put(&mut self, id: i64, due: Moment, waiting: Waiting) {
        self.places.insert(id, due);
        self.notices.insert((due, id), waiting);
    }

    fn take(&mut self, id: i64) -> Option<Waiting> {
        let due = self.places.remove(&id)?;
        self.notices.remove(&(due, id))
    }

    fn due_refunds(&mut self, now: Moment) -> Vec<RefundName> {
        let mut due = Vec::new();
        while due.len() < LARGEST_GROUP
            && let Some((at, _)) = self.refunds.first()
            && *at <= now
            && let Some((_, refund)) = self.refunds.pop_first()
        {
            due.push(refund);
        }
        due
    }

    /// Takes a notification, and says when the next one is due.
    fn claim(
        &mut self,
        now: Moment,
        until: Moment,
        except: &[String],
    ) -> (Option<(i64, Waiting)>, Option<Moment>) {
        let is_free = |waiting: &Waiting| !except.contains(&waiting.url.receiver());
        let mut free = self.notices.iter().filter(|(_, waiting)| is_free(waiting));
        let first = free.next().map(|((due, id), _)| (*due, *id));
        match first {
            Some((due, id)) if due <= now => {
                let next = free.next().map(|((due, _), _)| *due);
                let taken = self.take(id).map(|mut waiting| {
                    waiting.tries += 1;
                    self.put(id, until, waiting.clone());
                    (id, waiting)
                });
                (taken, next)
            }
            first => (None, first.map(|(due, _)| due)),
        }
    }
}

impl Deferred for MemoryStore {
    fn settle(&self, now: Moment) -> Reply<'_, Settled> {
        let due = self.later().due_refunds(now);
        let settled = due.iter().filter(|refund| self.settle_one(refund)).count();
        let next = self.later().refunds.first().map(|(due, _)| *due);
        Box::pin(ready(Ok(Settled {
            count: settled,
            next,
        })))
    }

    fn checkout(&self, key: String) -> Reply<'_, Option<Order>> {
        let name = self.later().pages.get(&key).cloned();
        let found = name
            .and_then(|(partner, order)| self.with_order(&partner, &order, |order| order.clone()));
        Box::pin(ready(Ok(found)))
    }

    fn close(&self, key: String, choice: Choice, now: Moment) -> Reply<'_, Option<Order>> {
        let name = self.later().pages.get(&key).cloned();
        let closed = name.and_then(|(partner, number)| {
            self.with_order(&partner, &number, |order| {
                if order.paid_at.is_none() && !order.declined {
                    match choice {
                        Choice::Pay(at) => {
                            order.paid_at = Some(at);
                            self.later().note(order, now);
                        }
                        Choice::Decline => order.declined = true,
                    }
                }
                order.clone()
            })
        });
        Box::pin(ready(Ok(closed)))
    }

    fn claim(&self, now: Moment, until: Moment, except: Vec<String>) -> Reply<'_, Claimed> {
        let (taken, next) = self.later().claim(now, until, &except);
        let notice = taken.and_then(|(id, waiting)| {
            let order = self.with_order(&waiting.partner, &waiting.order, |order| order.clone())?;
            Some(Notice {
                id,
                url: waiting.url,
                tries: waiting.tries,
                order,
            })
        });
        Box::pin(ready(Ok(Claimed { notice, next })))
    }

    fn finish(&self, id: i64, delivery: Delivery) -> Reply<'_, ()> {
        let mut later = self.later();
        if let Some(waiting) = later.take(id)
            && let Delivery::Again(due) = delivery
        {
            later.put(id, due, waiting);
        }
        Box::pin(ready(Ok(())))
    }
}
