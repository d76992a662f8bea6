//! The database as a store.

use deadpool_postgres::Pool;

use super::address::PostgresAddress;
use super::attempts::persist;
use super::close::{Close, FindPage};
use super::find::Find;
use super::notices::{Claim, Finish};
use super::open::{self, OpenProblem};
use super::pay::Pay;
use super::refund::Book;
use super::settle::Settle;
use crate::gateway::moment::Moment;
use crate::gateway::order::{Choice, Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::contract::{Claimed, Deferred, Delivery, Reply, Settled, Store};
use crate::gateway::store::trouble::Trouble;
use crate::protocol::PartnerNo;

/// A store in a PostgreSQL database, which other gateways may use as well.
#[derive(Debug)]
pub struct PostgresStore {
    pool: Pool,
    trouble: Trouble,
    /// The same for what is done behind the answers.
    behind: Trouble,
}

impl PostgresStore {
    /// Connects to the database, and creates or migrates the tables where need
    /// be.
    ///
    /// # Errors
    /// [`OpenProblem`] says what is wrong with the database.
    pub async fn open(address: &PostgresAddress) -> Result<Self, OpenProblem> {
        Ok(Self {
            pool: open::open(address).await?,
            trouble: Trouble::with(address),
            behind: Trouble::behind(address),
        })
    }
}

impl Store for PostgresStore {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        Box::pin(async { persist(&self.pool, &self.trouble, &Pay(payment)).await })
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        Box::pin(async { persist(&self.pool, &self.trouble, &Book::new(refund)).await })
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        Box::pin(async { persist(&self.pool, &self.trouble, &Find { partner, name }).await })
    }
}

impl Deferred for PostgresStore {
    fn settle(&self, now: Moment) -> Reply<'_, Settled> {
        Box::pin(async move { persist(&self.pool, &self.behind, &Settle(now)).await })
    }

    fn checkout(&self, key: String) -> Reply<'_, Option<Order>> {
        Box::pin(async { persist(&self.pool, &self.trouble, &FindPage(key)).await })
    }

    fn close(&self, key: String, choice: Choice, now: Moment) -> Reply<'_, Option<Order>> {
        let close = Close { key, choice, now };
        Box::pin(async move { persist(&self.pool, &self.trouble, &close).await })
    }

    fn claim(&self, now: Moment, until: Moment, except: Vec<String>) -> Reply<'_, Claimed> {
        let claim = Claim { now, until, except };
        Box::pin(async move { persist(&self.pool, &self.behind, &claim).await })
    }

    fn finish(&self, id: i64, delivery: Delivery) -> Reply<'_, ()> {
        let finish = Finish { id, delivery };
        Box::pin(async move { persist(&self.pool, &self.behind, &finish).await })
    }
}
