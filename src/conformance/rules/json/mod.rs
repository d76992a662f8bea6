//! Is what is no JSON turned away, with no effect, and is what is JSON taken
//! for what it says?

mod catalogue;
mod damage;
mod large;

pub(super) use catalogue::RULES;
