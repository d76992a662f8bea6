//! An order that a load refunds.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use crate::audit::RecordedOrder;
use crate::protocol::{Amount, OrderNo};

use super::settling::Over;

/// An order under way, held by its place in the population and by whatever is
/// planned about it. Once nobody holds it, nothing more will be sent of it, and
/// it goes to whoever settles the orders that are over.
#[derive(Debug, Clone)]
pub struct LiveOrder(Arc<Held>);

#[derive(Debug)]
struct Held {
    recorded: RecordedOrder,
    paid: Amount,
    /// `None` where other machines refund it as well: then it is not over before
    /// all of them are done.
    over: Option<UnboundedSender<Over>>,
}

impl LiveOrder {
    /// An order of which this was paid, and whom to tell when it is over.
    pub(super) fn new(recorded: RecordedOrder, paid: Amount, over: UnboundedSender<Over>) -> Self {
        Self(Arc::new(Held {
            recorded,
            paid,
            over: Some(over),
        }))
    }

    /// An order that other machines refund as well: nobody is told of its end.
    pub(super) fn shared(recorded: RecordedOrder, paid: Amount) -> Self {
        Self(Arc::new(Held {
            recorded,
            paid,
            over: None,
        }))
    }

    /// Whether other machines refund it as well.
    pub fn is_shared(&self) -> bool {
        self.0.over.is_none()
    }

    /// The merchant's number of it.
    pub fn number(&self) -> &OrderNo {
        self.0.recorded.number()
    }

    /// What was paid.
    pub fn paid(&self) -> Amount {
        self.0.paid
    }

    /// Where its refunds are recorded.
    pub fn recorded(&self) -> &RecordedOrder {
        &self.0.recorded
    }

    /// Whether both are the same order.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(over) = &self.over {
            // At the end of a load nobody listens any more: what is left is
            // settled all at once.
            let _ = over.send((self.recorded.clone(), Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::audit::Recorder;
    use crate::protocol::Profile;

    #[test]
    fn an_order_goes_to_be_settled_once_nobody_holds_it_and_a_shared_one_never() {
        let recorder = Recorder::new(&Profile::built_in(), None);
        let number = |name: &str| OrderNo::new(name).unwrap();
        let paid = Amount::new(1_000);
        let (over, mut is_over) = unbounded_channel();
        let own = LiveOrder::new(recorder.order(&number("o1"), paid, "JPY"), paid, over);
        let planned = own.clone();
        drop(own);
        assert!(is_over.try_recv().is_err(), "somebody still holds it");
        drop(planned);
        let (settled, _) = is_over.try_recv().unwrap();
        assert_eq!(settled.number().as_str(), "o1");

        let shared = recorder.shared_order(&number("o2"), paid, "JPY");
        let shared = LiveOrder::shared(shared, paid);
        assert!(shared.is_shared());
        drop(shared);
        assert!(is_over.try_recv().is_err());
        assert!(recorder.snapshot(&number("o2")).unwrap().is_shared);
    }
}
