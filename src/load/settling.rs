//! The orders that are over are settled while the load goes on.
//!
//! What the gateway thinks is left of an order can only be asked by refunding
//! it, and a load that runs for hours can't leave that, nor what it recorded of
//! each order, until the end. An order is given some time first: what a gateway
//! does late, it shall have done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::audit::settle::Settler;
use crate::audit::{RecordedOrder, Recorder, Tally};
use crate::target::Caller;
use crate::verdict::Observer;

/// For how long an order is left alone once nobody refunds it any more.
const LEFT_ALONE: Duration = Duration::from_secs(2);
/// How many orders are settled at once.
const AT_ONCE: usize = 16;
/// How long those that are being settled are waited for at the end.
const LAST_ORDERS: Duration = Duration::from_secs(2);

/// An order that is over, and since when.
pub(super) type Over = (RecordedOrder, Instant);

/// Those who settle.
pub(super) struct Settling {
    settlers: JoinSet<Tally>,
    enough: CancellationToken,
    at_once: CancellationToken,
}

impl Settling {
    /// Starts to settle what comes.
    pub(super) fn start(
        caller: &Caller,
        recorder: &Arc<Recorder>,
        observer: &Arc<dyn Observer>,
        over: UnboundedReceiver<Over>,
    ) -> Self {
        let over = Arc::new(Mutex::new(over));
        let (enough, at_once) = (CancellationToken::new(), CancellationToken::new());
        let mut settlers = JoinSet::new();
        for _ in 0..AT_ONCE {
            let mut settler =
                Settler::new(caller.clone(), Arc::clone(recorder), Arc::clone(observer));
            let (over, enough, at_once) = (Arc::clone(&over), enough.clone(), at_once.clone());
            settlers.spawn(async move {
                while let Some(Some(order)) = enough.run_until_cancelled(next(&over)).await {
                    at_once.run_until_cancelled(settler.settle(&order)).await;
                }
                settler.into_tally()
            });
        }
        Self {
            settlers,
            enough,
            at_once,
        }
    }

    /// Ends it: what has not been settled yet is left for the end. Gives the
    /// verdicts on what was.
    pub(super) async fn end(self) -> Tally {
        self.enough.cancel();
        let at_once = self.at_once;
        let last_call = tokio::spawn(async move {
            tokio::time::sleep(LAST_ORDERS).await;
            at_once.cancel();
        });
        let mut sum = Tally::default();
        for tally in self.settlers.join_all().await {
            sum.merge(tally);
        }
        last_call.abort();
        sum
    }
}

/// The next order that has been left alone for long enough.
async fn next(over: &Mutex<UnboundedReceiver<Over>>) -> Option<RecordedOrder> {
    let (order, since) = over.lock().await.recv().await?;
    tokio::time::sleep_until((since + LEFT_ALONE).into()).await;
    Some(order)
}
