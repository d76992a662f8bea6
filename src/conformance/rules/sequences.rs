//! Random sequences of refunds, judged by the model, shrunk where one shows
//! a gateway wrong.

use proptest::strategy::{Strategy, ValueTree};

use crate::conformance::model::{Content, Heard, Model, Request};
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Failure, Rule, Stop, Turn};
use crate::generate::sequence::{Change, Sequence, Step, sequences};
use crate::protocol::{Amount, Api, RefundNo};
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[Rule {
    id: "refunding.random-sequences",
    title: "Refunds, retries and queries in any order are answered as their history asks.",
    explanation: "Random sequences on one to three orders: parts, the exact rest, one more, nothing; numbers again, also with another amount or for another order. A model that knows every conforming dialect judges each answer, the drain each order, and a sequence that fails is shrunk on fresh orders to the smallest one.",
    clauses: &[
        "refund.total",
        "refund.refund-no",
        "refund.number-names-one-refund",
        "codes.unknown-outcome",
    ],
    level: Level::Must,
    catches: &[
        "cap-off-by-one",
        "cap-per-refund",
        "duplicate-applied",
        "refusal-consumes",
        "exceeds-before-duplicate",
        "full-refund-refused",
        "unknown-then-refused",
        "accepted-not-applied",
    ],
    turn: Turn::Together,
    attempt: |probe| Box::pin(random_sequences(probe)),
}];

/// The most steps of a sequence.
const LONGEST: usize = 14;
/// How many sequences are tried where orders are limited.
const FEW_SEQUENCES: usize = 4;
/// How many fresh orders shrinking may use.
const ORDERS_TO_SHRINK: usize = 96;
/// With more outcomes unknown than these nothing can be told.
const MOST_UNKNOWN: usize = 6;

async fn random_sequences(probe: &mut Probe) -> Result<(), Stop> {
    if probe.caller().profile.late_failure {
        return Err(Stop::Skipped(
            "an accepted refund can fail later here (late-failure in the profile), so no history can be told from its answers".to_owned(),
        ));
    }
    let mut runner = probe.strategy_runner();
    let mut held = 0;
    let mut undecided = None;
    // Orders that are few belong to all rules.
    let count = if probe.has_orders_to_spare() {
        probe.cases().div_ceil(4).max(8)
    } else {
        FEW_SEQUENCES
    };
    for _ in 0..count {
        let mut tree = sequences(LONGEST)
            .new_tree(&mut runner)
            .map_err(|reason| Stop::Inconclusive(reason.to_string()))?;
        match play(probe, &tree.current()).await {
            Ok(()) => held += 1,
            Err(Stop::Failed(failure)) if probe.has_orders_to_spare() => {
                return Err(shrunk(probe, &mut tree, *failure).await);
            }
            // A pool that is used up ends the rule, and is no fault.
            Err(Stop::Blocked(..)) if held > 0 => break,
            Err(stop @ Stop::Inconclusive(_)) => undecided = Some(stop),
            Err(stop) => return Err(stop),
        }
    }
    undecided.filter(|_| held == 0).map_or(Ok(()), Err)
}

/// The smallest sequence that is found to fail as gravely.
async fn shrunk(
    probe: &mut Probe,
    tree: &mut impl ValueTree<Value = Sequence>,
    mut failure: Failure,
) -> Stop {
    let mut smallest = tree.current();
    let mut orders = 0;
    let mut goes_on = tree.simplify();
    while goes_on && orders < ORDERS_TO_SHRINK {
        let candidate = tree.current();
        orders += candidate.paid.len();
        goes_on = match play(probe, &candidate).await {
            Err(Stop::Failed(found)) if found.is_money || !failure.is_money => {
                failure = *found;
                smallest = candidate;
                tree.simplify()
            }
            Err(Stop::Blocked(..)) => false,
            _ => tree.complicate(),
        };
    }
    failure.message = format!("{} (the smallest sequence: {smallest})", failure.message);
    Stop::Failed(Box::new(failure))
}

/// One sequence under way.
struct Play {
    orders: Vec<PaidOrder>,
    model: Model,
    numbers: Vec<RefundNo>,
    contents: Vec<Content>,
    replies: Vec<Reply>,
}

/// Plays a sequence on fresh orders, resolves what stayed unknown, and drains.
async fn play(probe: &mut Probe, sequence: &Sequence) -> Result<(), Stop> {
    let mut orders = Vec::with_capacity(sequence.paid.len());
    for paid in &sequence.paid {
        orders.push(probe.paid(*paid).await?);
    }
    let mut play = Play {
        model: Model::new(orders.iter().map(|order| order.paid).collect()),
        orders,
        numbers: Vec::new(),
        contents: Vec::new(),
        replies: Vec::new(),
    };
    for step in &sequence.steps {
        play.step(probe, *step).await?;
        if play.model.unknown().len() > MOST_UNKNOWN {
            break;
        }
    }
    play.resolve(probe).await?;
    play.drain(probe).await
}

impl Play {
    async fn step(&mut self, probe: &mut Probe, step: Step) -> Result<(), Stop> {
        let count = self.orders.len();
        match step {
            Step::Refund { order, portion } => {
                let order = order % count;
                let left = self.model.left(order);
                let left = left.first().expect("there is a world at any time");
                let amount = Amount::new(portion.of(left.minor_units()));
                self.numbers.push(probe.refund_number());
                self.contents.push(Content { order, amount });
                self.request(probe, self.numbers.len() - 1, Content { order, amount })
                    .await
            }
            Step::Again { refund, change } => {
                let Some(number) = refund.checked_rem(self.numbers.len()) else {
                    return Ok(());
                };
                let content = changed(self.contents[number], change, count);
                self.request(probe, number, content).await
            }
            Step::Query { order } => {
                let caller = probe.caller().clone();
                let order = &self.orders[order % count].number;
                let document = caller.query(order);
                let label = format!("a query of {order}");
                // What a query shows is for other rules; here it must not
                // change what comes after.
                let _shown = probe.send_as(&caller, Api::Query, label, &document).await;
                Ok(())
            }
        }
    }

    async fn request(
        &mut self,
        probe: &mut Probe,
        number: usize,
        content: Content,
    ) -> Result<(), Stop> {
        let amount = content.amount.minor_units();
        let order = &self.orders[content.order].number;
        let reply = probe
            .refund_numbered(order, &self.numbers[number], amount)
            .await;
        let request = Request { number, content };
        let heard = Heard::of(&reply.evidence);
        // Sent more than once: the outcome of the first time is unknown.
        let first = reply.earlier_unknown.then_some(Heard::Unknown);
        self.replies.push(reply);
        for heard in first.into_iter().chain([heard]) {
            if let Err(contradiction) = self.model.hear(request, heard) {
                return Err(self.failed(contradiction.message, contradiction.is_money));
            }
        }
        let reply = self.replies.last().expect("it was just put there");
        if heard == Heard::Accepted && amount > 0 {
            probe.expect_amount(reply, amount)?;
        }
        Ok(())
    }

    /// Asks again for what is unknown.
    async fn resolve(&mut self, probe: &mut Probe) -> Result<(), Stop> {
        for Request { number, content } in self.model.unknown() {
            self.request(probe, number, content).await?;
        }
        Ok(())
    }

    /// Confirms what is left of each order, where that can be told.
    async fn drain(self, probe: &mut Probe) -> Result<(), Stop> {
        for (place, order) in self.orders.iter().enumerate() {
            let left = self.model.left(place);
            let (Some(rest), 1) = (left.first(), left.len()) else {
                return Err(Stop::Inconclusive(format!(
                    "order {}: outcomes stay unknown, so what is left can't be told",
                    order.number
                )));
            };
            match probe.confirm_rest(order, rest.minor_units()).await {
                Err(Stop::Failed(mut failure)) => {
                    let before = self.replies.iter().map(Reply::exhibit);
                    failure.evidence = before.chain(failure.evidence).collect();
                    return Err(Stop::Failed(failure));
                }
                result => result?,
            }
        }
        Ok(())
    }

    /// A failure with all that was exchanged.
    fn failed(&self, message: String, is_money: bool) -> Stop {
        Stop::Failed(Box::new(Failure {
            message,
            is_money,
            evidence: self.replies.iter().map(Reply::exhibit).collect(),
            ..Failure::default()
        }))
    }
}

/// What a used number asks for this time.
fn changed(content: Content, change: Change, orders: usize) -> Content {
    let Content { order, amount } = content;
    match change {
        Change::Same => content,
        Change::OtherOrder if orders > 1 => Content {
            order: (order + 1) % orders,
            amount,
        },
        Change::OtherOrder | Change::OtherAmount => Content {
            order,
            amount: Amount::new(amount.minor_units().saturating_add(1)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_number_asks_for_something_else_only_where_that_was_drawn() {
        let content = Content {
            order: 1,
            amount: Amount::new(5),
        };
        assert_eq!(changed(content, Change::Same, 2), content);
        assert_eq!(changed(content, Change::OtherOrder, 2).order, 0);
        assert_ne!(changed(content, Change::OtherAmount, 2), content);
        let only = Content {
            order: 0,
            ..content
        };
        assert_ne!(changed(only, Change::OtherOrder, 1), only);
    }
}
