//! Taking notifications out of the store and sending them, many at once.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tracing::dispatcher::has_been_set;

use super::rest::Receivers;
use super::sending::{Failure, send};
use crate::gateway::calls::{Gateway, show};
use crate::gateway::connection::Stop;
use crate::gateway::moment::Moment;
use crate::gateway::order::Notice;
use crate::gateway::store::{Deferred, Delivery};

/// How many are sent at once. No more are in memory: all others wait in the
/// store.
const MOST_AT_ONCE: usize = 32;
/// How often one is tried at most: with a first pause of a second, within 34
/// minutes.
const MOST_TRIES: u32 = 12;
/// When what this gateway can't send is offered again.
const FOR_ANOTHER: Duration = Duration::from_secs(60);
/// How much longer than it may take a notification is left to who sends it.
const LEASE: Duration = Duration::from_secs(5);
/// How long to wait at most before looking for what another gateway left over.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Who sends notifications.
pub(in crate::gateway) struct Messenger {
    gateway: Arc<Gateway>,
    deferred: Arc<dyn Deferred>,
    receivers: Receivers,
    under_way: JoinSet<Sent>,
}

/// A notification that was sent, once.
struct Sent {
    receiver: String,
    is_reached: bool,
}

impl Messenger {
    /// A messenger for the notifications in `deferred`.
    pub(in crate::gateway) fn new(gateway: Arc<Gateway>, deferred: Arc<dyn Deferred>) -> Self {
        Self {
            gateway,
            deferred,
            receivers: Receivers::default(),
            under_way: JoinSet::new(),
        }
    }

    /// Sends until the gateway stops. What is under way then is sent again by
    /// who starts next.
    pub(in crate::gateway) async fn run(mut self, mut stop: Stop) {
        let gateway = Arc::clone(&self.gateway);
        loop {
            let pause = self.send_what_is_due().await;
            tokio::select! {
                () = stop.requested() => return,
                () = gateway.news.notified() => {}
                Some(sent) = self.under_way.join_next() => {
                    // None of them panics; one that did would rest in the store.
                    if let Ok(Sent { receiver, is_reached }) = sent {
                        self.receivers.end(&receiver, is_reached, Instant::now());
                    }
                }
                () = sleep(pause) => {}
            }
        }
    }

    /// Begins to send what is due, as far as there is room, and says how long
    /// there will be nothing more to do.
    async fn send_what_is_due(&mut self) -> Duration {
        let patience = self.gateway.notification.patience;
        while self.under_way.len() < MOST_AT_ONCE {
            let now = Moment::now();
            let except = self.receivers.passed_over(Instant::now());
            let until = now.later_by(patience + LEASE);
            let Ok(claimed) = self.deferred.claim(now, until, except).await else {
                // The store has said why; there is no haste.
                return LONGEST_PAUSE;
            };
            match claimed.notice {
                Some(notice) => self.begin(notice),
                None => {
                    let until_next = claimed.next.map(|due| due.since(Moment::now()));
                    let now = Instant::now();
                    let first_back = self.receivers.first_back(now).map(|back| back - now);
                    return until_next
                        .into_iter()
                        .chain(first_back)
                        .fold(LONGEST_PAUSE, Duration::min)
                        .max(Duration::from_millis(1));
                }
            }
        }
        LONGEST_PAUSE
    }

    fn begin(&mut self, notice: Notice) {
        let receiver = notice.url.receiver();
        self.receivers.begin(&receiver);
        let gateway = Arc::clone(&self.gateway);
        let deferred = Arc::clone(&self.deferred);
        self.under_way.spawn(async move {
            let (delivery, is_reached) = attempt(&gateway, notice).await;
            // Where the store can't note it, the lease runs out and it is sent
            // again: a merchant has to take one twice anyway.
            let id = delivery.0;
            let _ = deferred.finish(id, delivery.1).await;
            Sent {
                receiver,
                is_reached,
            }
        });
    }
}

/// What this gateway can't send, and another may.
fn later(notice: &Notice) -> Delivery {
    if notice.tries >= MOST_TRIES {
        Delivery::GivenUp
    } else {
        Delivery::Again(Moment::now().later_by(FOR_ANOTHER))
    }
}

/// Sends a notification: its number and what became of it, and whether its
/// receiver is there.
async fn attempt(gateway: &Gateway, notice: Notice) -> ((i64, Delivery), bool) {
    let settings = gateway.notification;
    let Some(partner) = gateway.partners.get(notice.order.partner.as_str()) else {
        // Another gateway over this store may have its key, and so may this one
        // once it is started anew.
        return ((notice.id, later(&notice)), true);
    };
    let document = gateway.sealed_for(partner, show(notice.order.clone()));
    let sending = send(&notice.url, document, settings.receivers);
    let sent = timeout(settings.patience, sending).await;
    let failure = match sent.unwrap_or(Err(Failure::Late)) {
        Ok(()) => return ((notice.id, Delivery::Done), true),
        Err(failure) => failure,
    };
    let is_over = notice.tries >= MOST_TRIES;
    tell(&notice, &failure, is_over);
    let delivery = if matches!(failure, Failure::NotAllowed) {
        later(&notice)
    } else if is_over {
        Delivery::GivenUp
    } else {
        let pause = settings.first_pause * 2_u32.pow(notice.tries.saturating_sub(1).min(16));
        Delivery::Again(Moment::now().later_by(pause))
    };
    ((notice.id, delivery), failure.is_reached())
}

/// Tells whoever runs the gateway. The rest of the URL may be the merchant's
/// secret.
fn tell(notice: &Notice, failure: &Failure, is_over: bool) {
    let (order, tries) = (&notice.order.number, notice.tries);
    let receiver = notice.url.receiver();
    let sequel = if is_over { ", and is given up" } else { "" };
    if has_been_set() {
        let (order, failure) = (order.as_str(), failure.to_string());
        tracing::warn!(
            order,
            receiver,
            tries,
            is_over,
            failure,
            "a notification did not arrive"
        );
        return;
    }
    // Nobody has said how to log: this is worth a line all the same.
    // Who closed stderr does not want to know.
    let _ = writeln!(
        std::io::stderr(),
        "recoup: the notification of order {order} did not arrive at {receiver} (try {tries} of {MOST_TRIES}){sequel}: {failure}"
    );
}
