//! Does a refund number name one refund, however often it is sent?

mod numbers;
mod retries;

pub(super) use numbers::RULES as NUMBERS;
pub(super) use retries::RULES as RETRIES;
