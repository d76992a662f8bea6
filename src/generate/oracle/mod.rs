//! What a document is by RFC 8259, found out by hand.
//!
//! A harness that asks the parser which it uses itself whether a document is
//! JSON shares that parser's mistakes. So this is a recogniser of its own: it
//! reads bytes, shares no code with any JSON library, never recurses, and
//! tells apart what the grammar decides from what it leaves to readers.
//!
//! ```
//! use recoup::generate::oracle::{JsonClass, Liberty, class_of};
//!
//! assert_eq!(class_of(br#"{"orderAmount":100}"#), JsonClass::Valid);
//! assert!(matches!(
//!     class_of(br#"{"orderAmount":0100}"#),
//!     JsonClass::Invalid { at: 16, .. }
//! ));
//! assert_eq!(
//!     class_of(br#"{"orderAmount":1,"orderAmount":2}"#),
//!     JsonClass::ImplementationDefined(Liberty::DuplicateMembers)
//! );
//! ```

mod class;
mod recogniser;
#[cfg(test)]
mod tests;

pub use class::{JsonClass, Liberty};
pub use recogniser::{DEEPEST, class_of};
