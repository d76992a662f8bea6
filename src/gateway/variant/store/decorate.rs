//! Laying the variants around a store.

use std::sync::Arc;

use super::{busy, dealing, refusals, unknown};
use crate::gateway::store::Store;
use crate::gateway::variant::{Variant, Variants};

/// Lays around `store` what `variants` have.
pub(in crate::gateway) fn decorate(
    variants: &Variants,
    mut store: Arc<dyn Store>,
) -> Arc<dyn Store> {
    if variants.has(Variant::RemembersRefusals) {
        store = Arc::new(refusals::Remembering::new(store));
    }
    if variants.has(Variant::ExhaustedAs33) {
        store = Arc::new(refusals::Closing::new(store));
    }
    if variants.has(Variant::Dealing) {
        store = Arc::new(dealing::Dealing::new(store));
    }
    if variants.has(Variant::UnknownApplied) {
        store = Arc::new(unknown::Unknown::new(store));
    }
    if variants.has(Variant::Busy) {
        store = Arc::new(busy::Busy::new(store));
    }
    store
}
