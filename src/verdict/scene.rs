//! What a picture of a violation shows: the operations of its order, and how
//! much money can have been used when.

/// How a lane's bar is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneKind {
    /// A refund that was accepted.
    Accepted,
    /// One that was refused.
    Refused,
    /// One of unknown outcome.
    Unknown,
    /// A query.
    Query,
}

/// One operation: a bar from where it was sent to where it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The order, where it is not the violation's own.
    pub order: Option<String>,
    /// The refund's number; for a query, the word `query`.
    pub refund: String,
    /// The amount that was asked for, in minor units; `None` for a query.
    pub amount: Option<i64>,
    /// Its place when it was sent.
    pub sent: u64,
    /// Its place when it was answered; `None` where no answer came.
    pub answered: Option<u64>,
    /// When it was sent, in nanoseconds since the recording began.
    pub sent_ns: Option<u64>,
    /// When it was answered, likewise.
    pub answered_ns: Option<u64>,
    /// How it is drawn.
    pub kind: LaneKind,
    /// The history's word for the outcome.
    pub outcome: String,
    /// Whether it stands in the witness.
    pub is_witness: bool,
}

/// From a place on, how much was used, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyPoint {
    /// The place.
    pub place: u64,
    /// At least so much; `None` where accepted refunds may be released.
    pub at_least: Option<i128>,
    /// At most so much.
    pub at_most: i128,
}

/// Where the money shows the violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The place.
    pub place: u64,
    /// From this amount, in minor units …
    pub low: i128,
    /// … to this one.
    pub high: i128,
    /// What is to be seen there, in a few words.
    pub words: String,
}

/// What a picture of a violation shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The currency of the order.
    pub currency: String,
    /// The operations: the witness first, each part in the order of sending.
    pub lanes: Vec<Lane>,
    /// Operations of the order for which there was no room.
    pub hidden: u64,
    /// What was used, by place.
    pub money: Vec<MoneyPoint>,
    /// Where the money shows it; `None` where it does not.
    pub mark: Option<Mark>,
    /// What else is to be known about the money; empty where nothing is.
    pub note: String,
}
