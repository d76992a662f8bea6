//! Variants of whether and when there is an answer.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::catalogue::{Variant, Variants};
use crate::protocol::Api;

/// How much longer each answer of a slow gateway takes.
const SLOW: Duration = Duration::from_millis(30);
/// Of how many refunds one is not answered.
const REFUNDS: u64 = 20;
/// Of how many other calls one is not answered.
const OTHERS: u64 = 50;

/// How much longer each answer takes.
pub(in crate::gateway) fn delay(variants: &Variants) -> Duration {
    if variants.has(Variant::Slow) {
        SLOW
    } else {
        Duration::ZERO
    }
}

/// Calls that are not answered, now and then.
///
/// They are counted, so that the same calls in the same order meet the same
/// fate; and the same bytes meet it once, so that who sends them again is
/// answered.
#[derive(Debug)]
pub(in crate::gateway) struct Hiccups {
    drops: Option<Counted>,
    errors: Option<Counted>,
}

/// A call that is not answered, or not with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gateway) struct Hiccup {
    kind: Kind,
    /// Whether the call is carried out all the same.
    pub(in crate::gateway) has_effect: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Drop,
    Error,
}

impl Hiccups {
    /// Those that `variants` have.
    pub(in crate::gateway) fn new(variants: &Variants) -> Self {
        let counted = |variant, first| {
            variants
                .has(variant)
                .then(|| Counted::new(first, RandomState::new()))
        };
        Self {
            drops: counted(Variant::DropsAnswers, 0),
            // Apart from the other ones, so that few calls have both.
            errors: counted(Variant::ServerErrors, REFUNDS / 2),
        }
    }

    /// What becomes of this call; `None` where it is answered as always.
    pub(in crate::gateway) fn strike(&self, api: Api, document: &[u8]) -> Option<Hiccup> {
        [(&self.drops, Kind::Drop), (&self.errors, Kind::Error)]
            .into_iter()
            .find_map(|(counted, kind)| {
                let has_effect = counted.as_ref()?.strike(api, document)?;
                Some(Hiccup { kind, has_effect })
            })
    }
}

impl Hiccup {
    /// What is sent instead of an answer.
    pub(in crate::gateway) fn response(self) -> Response {
        match self.kind {
            Kind::Drop => {
                let mut response = Response::default();
                response.extensions_mut().insert(HangUp);
                response
            }
            Kind::Error => {
                let page = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>";
                let mut response = Response::new(page.into());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                let html = HeaderValue::from_static("text/html");
                response.headers_mut().insert(header::CONTENT_TYPE, html);
                response
            }
        }
    }
}

/// Marks a response that is not sent: the connection is closed in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed without an answer")]
pub(in crate::gateway) struct HangUp;

/// The response, unless it is marked as not to be sent.
///
/// # Errors
/// [`HangUp`] where it is: a server that gets it closes the connection.
pub(in crate::gateway) fn unless_hung_up(response: Response) -> Result<Response, HangUp> {
    match response.extensions().get::<HangUp>() {
        None => Ok(response),
        Some(hang_up) => Err(*hang_up),
    }
}

/// Counts calls, and picks one of so many.
#[derive(Debug)]
struct Counted {
    refunds: AtomicU64,
    others: AtomicU64,
    /// The hashes of the documents that were picked.
    picked: Mutex<HashSet<u64>>,
    hashing: RandomState,
}

impl Counted {
    /// Counts refunds from `first` on.
    fn new(first: u64, hashing: RandomState) -> Self {
        Self {
            refunds: AtomicU64::new(first),
            others: AtomicU64::new(0),
            picked: Mutex::default(),
            hashing,
        }
    }

    /// Whether this call is picked, and if so, whether it has effect.
    fn strike(&self, api: Api, document: &[u8]) -> Option<bool> {
        let (counter, of) = match api {
            Api::Refund => (&self.refunds, REFUNDS),
            _ => (&self.others, OTHERS),
        };
        let count = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if !count.is_multiple_of(of) {
            return None;
        }
        let hash = self.hashing.hash_one(document);
        let mut picked = self.picked.lock().expect("nothing panics while it picks");
        let has_effect = (count / of).is_multiple_of(2);
        picked.insert(hash).then_some(has_effect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_twenty_refunds_is_picked_with_effect_and_without_in_turn() {
        let hiccups = Hiccups::new(&[Variant::DropsAnswers].into_iter().collect());
        let picked: Vec<(u32, bool)> = (1..=80_u32)
            .filter_map(|count| {
                let hiccup = hiccups.strike(Api::Refund, &count.to_be_bytes())?;
                Some((count, hiccup.has_effect))
            })
            .collect();
        assert_eq!(picked, [(20, false), (40, true), (60, false), (80, true)]);
    }

    #[test]
    fn the_same_bytes_are_picked_once() {
        let both = [Variant::DropsAnswers, Variant::ServerErrors];
        let hiccups = Hiccups::new(&both.into_iter().collect());
        let picked = (0..1000).filter(|_| hiccups.strike(Api::Refund, b"same").is_some());
        assert_eq!(picked.count(), 2, "once of each kind");
    }
}
