//! What is left of an order, found out from the gateway itself.

use crate::audit::Money;
use crate::protocol::OrderNo;
use crate::target::PaidOrder;

use super::probe::{Probe, Reply};
use super::rule::Stop;

impl Probe {
    /// Confirms that exactly `rest` of an order can still be refunded, and
    /// takes it: `rest + 1` is refused, `rest` accepted, `1` refused. No
    /// other total of what was refunded answers like this.
    ///
    /// # Errors
    /// A money failure where the gateway's total is another one, an
    /// inconclusive stop where an answer leaves it open.
    pub async fn confirm_rest(&mut self, order: &PaidOrder, rest: i64) -> Result<(), Stop> {
        let refunded = order.paid.minor_units() - rest;
        let over = self.refund(&order.number, rest + 1).await;
        if decided(&over)? {
            return Err(Stop::money(
                format!(
                    "order {}: {} was paid and {refunded} refunded, and yet {} more can be refunded",
                    order.number,
                    order.paid,
                    rest + 1
                ),
                [&over],
            )
            .expecting("refused with 35, 32 or 33")
            .drained(format!(
                "{rest} was left, and {} could be refunded",
                rest + 1
            )));
        }
        if rest == 0 {
            return Ok(());
        }
        self.confirm_nothing_else_moved(order, rest).await?;
        let more = self.refund(&order.number, 1).await;
        if decided(&more)? {
            return Err(Stop::money(
                format!(
                    "order {}: all of {} was refunded, and yet 1 more can be",
                    order.number, order.paid
                ),
                [&more],
            )
            .expecting("refused with 35, 32 or 33")
            .drained("nothing was left, and 1 could be refunded"));
        }
        Ok(())
    }

    /// Confirms that nothing more than what was accepted was taken from an
    /// order: `rest` can still be refunded, and is. That no more can be is
    /// what the rules of refunding ask; asking it everywhere would accuse a
    /// gateway of one bug in fifty places.
    ///
    /// # Errors
    /// A money failure where money is gone, an inconclusive stop where an
    /// answer leaves it open.
    pub async fn confirm_nothing_else_moved(
        &mut self,
        order: &PaidOrder,
        rest: i64,
    ) -> Result<(), Stop> {
        if rest == 0 {
            return Ok(());
        }
        let mut exact = self.refund(&order.number, rest).await;
        if !decided(&exact)? {
            // Once more under another number: a claim about money must not
            // rest on one refusal.
            exact = self.refund(&order.number, rest).await;
        }
        if decided(&exact)? {
            return Ok(());
        }
        let (room, only_amounts) = self.drain(&order.number, rest).await?;
        let refunded = order.paid.minor_units() - rest;
        let message = format!(
            "order {}: {} was paid and {refunded} refunded, so {rest} is left, but only {room} can be refunded",
            order.number, order.paid
        );
        let speaks_of_amount = matches!(exact.evidence.money, Money::NoAmount | Money::NoState);
        if room < rest && only_amounts && speaks_of_amount {
            Err(
                Stop::money(format!("{message}: {} is gone", rest - room), [&exact])
                    .expecting("accepted")
                    .drained(format!(
                        "{room} could be refunded of the {rest} that was left"
                    )),
            )
        } else {
            Err(Stop::failed(
                format!(
                    "{}: refused with {}, though there is room",
                    exact.label,
                    exact.summary()
                ),
                &exact,
            )
            .expecting("accepted")
            .drained(format!(
                "{room} could be refunded of the {rest} that was left, in parts"
            )))
        }
    }

    /// Takes what is left of an order in powers of two, largest first: what is
    /// accepted are the binary digits of the room that was left. Tells also
    /// whether all refusals on the way spoke of the amount.
    async fn drain(&mut self, order: &OrderNo, at_most: i64) -> Result<(i64, bool), Stop> {
        let mut room = 0;
        let mut only_amounts = true;
        let mut step = at_most.checked_ilog2().map_or(0, |power| 1_i64 << power);
        while step > 0 {
            let reply = self.refund(order, step).await;
            if decided(&reply)? {
                room += step;
            } else {
                only_amounts &= matches!(reply.evidence.money, Money::NoAmount | Money::NoState);
            }
            step /= 2;
        }
        Ok((room, only_amounts))
    }
}

/// Whether a refund under a fresh number was accepted (`true`) or refused.
fn decided(reply: &Reply) -> Result<bool, Stop> {
    match reply.evidence.money {
        _ if reply.took_effect() => Ok(true),
        Money::Yes | Money::NoAmount | Money::NoState | Money::NoOther | Money::Duplicate => {
            Ok(false)
        }
        Money::Maybe | Money::NotSent => Err(Stop::Inconclusive(format!(
            "{}: the outcome stays unknown ({}), so what is left of the order can't be told",
            reply.label,
            reply.summary()
        ))),
    }
}
