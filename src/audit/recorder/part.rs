//! The parts in which records are gathered: a thread keeps to one, so that it
//! seldom meets another, and finds its own in its processor's cache.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many there are.
pub(super) const PARTS: usize = 16;

/// The part of the thread that asks.
pub(super) fn own_part() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<Option<usize>> = const { Cell::new(None) };
    }
    OWN.with(|own| {
        own.get().unwrap_or_else(|| {
            let part = NEXT.fetch_add(1, Ordering::Relaxed) % PARTS;
            own.set(Some(part));
            part
        })
    })
}
