//! Where paid orders come from: paid through the API, or from a pool.

mod pay;
mod pool;
mod shared;
mod source;

pub use pay::PayingOrders;
pub use pool::{Pool, PoolError};
pub use shared::SharedOrders;
pub use source::{OrderError, OrderSource, PaidOrder};
