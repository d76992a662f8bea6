//! What was recorded: in memory for the judge, and as text for files.
//!
//! One history is the traffic of one partner, its events in one total order.

pub mod binary;
pub mod collected;
pub mod error;
pub mod form;
pub mod integrity;
mod line;
pub mod outcome;
pub mod record;
pub mod text;

pub use binary::{BinaryReader, BinaryWriter};
pub use collected::{History, Number, OrderHistory, QueryRead, RefundAttempt};
pub use error::{HistoryError, Problem};
pub use form::{Form, HistoryReader};
pub use outcome::{QueryOutcome, RefundOutcome};
pub use record::{OrderRecord, QueryRecord, Record, RefundRecord, Terms};
pub use text::{TextReader, TextWriter};
