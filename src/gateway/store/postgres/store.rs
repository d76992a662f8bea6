//! The database as a store.

use deadpool_postgres::Pool;

use super::address::PostgresAddress;
use super::attempts::persist;
use super::find::Find;
use super::open::{self, OpenProblem};
use super::pay::Pay;
use super::refund::Book;
use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::contract::{Reply, Store};
use crate::gateway::store::trouble::Trouble;
use crate::protocol::PartnerNo;

/// A store in a PostgreSQL database, which other gateways may use as well.
#[derive(Debug)]
pub struct PostgresStore {
    pool: Pool,
    trouble: Trouble,
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
