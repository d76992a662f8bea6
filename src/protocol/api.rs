//! The calls of the API and their paths (clause `transport.paths`).

use serde::{Deserialize, Serialize};

/// One of the calls that a partner can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// A barcode payment, which pays at once.
    Pay,
    /// The state of an order.
    Query,
    /// A refund of a paid order.
    Refund,
}

impl Api {
    /// Every call, in the order of an order's life.
    pub const ALL: [Self; 3] = [Self::Pay, Self::Query, Self::Refund];

    /// The path below the gateway's base URL.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Pay => "/api/offline/pay",
            Self::Query => "/api/common/payQuery",
            Self::Refund => "/api/common/refund",
        }
    }

    /// What a report calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Query => "query",
            Self::Refund => "refund",
        }
    }
}
