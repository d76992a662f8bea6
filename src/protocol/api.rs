//! The calls of the API and their paths (clause `transport.paths`).

use serde::{Deserialize, Serialize};

/// One of the calls that a partner can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// A barcode payment, which pays at once.
    Pay,
    /// An order that the customer pays later, by a code in the shop.
    Qrcode,
    /// An order that the customer pays later, on a page in the shop.
    Create,
    /// An order that the customer pays later, on a page of a web shop.
    CreateOnline,
    /// The state of an order.
    Query,
    /// A refund of a paid order.
    Refund,
}

impl Api {
    /// Every call, in the order of an order's life.
    pub const ALL: [Self; 6] = [
        Self::Pay,
        Self::Qrcode,
        Self::Create,
        Self::CreateOnline,
        Self::Query,
        Self::Refund,
    ];

    /// The path below the gateway's base URL.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Pay => "/api/offline/pay",
            Self::Qrcode => "/api/offline/qrcode",
            Self::Create => "/api/offline/create",
            Self::CreateOnline => "/api/online/create",
            Self::Query => "/api/common/payQuery",
            Self::Refund => "/api/common/refund",
        }
    }

    /// What a report calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Qrcode => "qrcode",
            Self::Create => "create",
            Self::CreateOnline => "create-online",
            Self::Query => "query",
            Self::Refund => "refund",
        }
    }
}
