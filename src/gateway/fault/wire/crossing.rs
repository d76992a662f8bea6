//! Answers that get mixed up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::gateway::answer::Body;
use crate::protocol::PartnerNo;

/// How long an answer waits for another one.
const PATIENCE: Duration = Duration::from_millis(10);

/// Where an answer waits for another of the same partner, to be swapped with.
#[derive(Debug, Default)]
pub(super) struct Crossing(Mutex<Option<Waiting>>);

#[derive(Debug)]
struct Waiting {
    partner: PartnerNo,
    body: Body,
    swap: oneshot::Sender<Body>,
}

impl Crossing {
    /// What to answer in place of `body`: what another refund of the partner
    /// is answered at the same time, if there is one.
    pub(super) async fn pass(&self, partner: &PartnerNo, mut body: Body) -> Body {
        let (swap, swapped) = oneshot::channel();
        {
            let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(other) = place.take_if(|other| other.partner == *partner) {
                match other.swap.send(body) {
                    Ok(()) => return other.body,
                    // The other has given up, or its caller has.
                    Err(own) => body = own,
                }
            }
            *place = Some(Waiting {
                partner: partner.clone(),
                body: body.clone(),
                swap,
            });
        }
        match timeout(PATIENCE, swapped).await {
            Ok(Ok(other)) => other,
            _ => body,
        }
    }
}
