//! The audit of refunds: what each answer proves about money, which claims may
//! be made from it, and the exact check that makes them.
//!
//! Everything here computes, but for [`settle`], which asks a gateway what is
//! left. The way through the room is the way of one answer:
//!
//! 1. [`evidence`]: the bytes of an answer become one class of evidence. A
//!    pure function holds the whole table; nobody else reads an answer for
//!    what it says about money.
//! 2. [`recorder`]: what traffic calls. It gives every event a place in one
//!    total order, keeps the history, writes it to a sink, and asks
//! 3. [`monitor`], which alarms while traffic goes on, and only where a claim
//!    is already certain.
//! 4. [`drain`]: once nobody refunds an order any more, the probes that show
//!    whether the gateway's hidden total is ours. [`settle`] sends them, while
//!    traffic goes on elsewhere or after it; their answers go into the same
//!    history.
//! 5. [`history`]: what was recorded, in memory, as text and in the binary form.
//! 6. [`mod@judge`]: the verdict on a history: no search, one sweep an order, and
//!    a subset sum where outcomes stayed unknown.
//! 7. [`offline`]: the same verdict on a history of any size, from its file.
//! 8. [`witness`]: the smallest set of operations that shows a violation, the
//!    inequality in words, the certificate and what a picture of it shows.
//!    [`invariant`] names what can be violated.
//! 9. [`power`]: how likely the traffic was to show a race at all.
//!
//! Three rules hold everywhere. What *certainly* took effect and what *may*
//! have are never added into one figure. An unsigned claim proves nothing
//! about money, whichever way it speaks. And what can't be told is
//! *inconclusive*, never a pass and never an accusation.
//!
//! One history is the traffic of one partner: the scope of a refund number.

pub mod drain;
pub mod evidence;
pub mod history;
pub mod invariant;
pub mod judge;
pub mod monitor;
pub mod offline;
pub mod power;
pub mod recorder;
pub mod settle;
pub mod witness;

pub use drain::{Drain, DrainFinding, Probe, Purpose};
pub use evidence::{
    Evidence, Finding, Money, OrderReading, QueryEvidence, Reply, SignatureState, classify,
    classify_query,
};
pub use history::{
    BinaryReader, BinaryWriter, Form, History, HistoryError, HistoryReader, OrderHistory,
    QueryOutcome, Record, RefundOutcome, Terms, TextReader, TextWriter,
};
pub use invariant::Invariant;
pub use judge::{Contradiction, Tally, combine, judge, judge_together};
pub use monitor::{Alarm, OrderMonitor};
pub use recorder::{
    Attempt, BrokenRecording, OrderSnapshot, Query, RecordedOrder, Recorder, Stamp,
};
