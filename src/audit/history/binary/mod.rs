//! The binary form of a history: `docs/history.md` has every byte of it.
//!
//! Records have a fixed size and stand in blocks, each with a sequence number,
//! a count and a checksum; an end mark holds the totals. So a file that was
//! cut, lost a block or had a bit changed is known for one.

pub mod block;
pub mod blocks;
pub mod declare;
pub mod packed;
pub mod reader;
pub mod stem;
pub mod writer;

pub use block::{Kind, SCHEMA};
pub use blocks::Blocks;
pub use packed::{Packed, RECORD};
pub use reader::BinaryReader;
pub use stem::Stem;
pub use writer::BinaryWriter;
