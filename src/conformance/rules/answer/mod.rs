//! Is every answer signed, of the right type, and about the right refund?

mod catalogue;
mod form;

pub(super) use catalogue::RULES;
