//! What is expected of an answer, and the verdict where it is something else.

use crate::audit::{Money, SignatureState};
use crate::generate::{Expected, Mutation};
use crate::protocol::{Amount, Code, Effect};

use super::probe::{Probe, Reply};
use super::rule::Stop;

impl Probe {
    /// The refund was accepted, in an answer whose signature holds.
    ///
    /// # Errors
    /// A [`Stop`] that says what came instead.
    pub fn expect_accepted(&self, reply: &Reply) -> Result<(), Stop> {
        match reply.evidence.money {
            Money::Yes => Ok(()),
            Money::Maybe | Money::NotSent if is_undecided(reply) => {
                Err(Stop::Inconclusive(format!(
                    "{}: the outcome stays unknown ({})",
                    reply.label,
                    reply.summary()
                )))
            }
            _ => Err(Stop::failed(
                format!(
                    "{}: expected acceptance, got {}",
                    reply.label,
                    reply.summary()
                ),
                reply,
            )),
        }
    }

    /// The refund was refused in a signed answer that means that nothing
    /// happened. Another code than the `fitting` ones (any, where there are
    /// none) is remarked on.
    ///
    /// # Errors
    /// A [`Stop`] that says what came instead.
    pub fn expect_refused(&mut self, reply: &Reply, fitting: &[i64]) -> Result<(), Stop> {
        match reply.evidence.money {
            Money::Yes => Err(Stop::failed(
                format!("{}: expected a refusal, got acceptance", reply.label),
                reply,
            )),
            Money::NoAmount | Money::NoState | Money::NoOther | Money::Duplicate => {
                self.remark_on_code(reply, fitting);
                Ok(())
            }
            Money::Maybe if says_refused(reply) => {
                self.remark(
                    "refusals are not signed, or not so that it holds (see the rule answer.signed)",
                );
                Ok(())
            }
            Money::Maybe | Money::NotSent => Err(undecided_refusal(reply)),
        }
    }

    /// The document was refused, signed or not: what is no JSON names no
    /// partner, so that a gateway can't know whose key to sign with.
    ///
    /// # Errors
    /// A [`Stop`] that says what came instead.
    pub fn expect_turned_away(&mut self, reply: &Reply, fitting: &[i64]) -> Result<(), Stop> {
        let status = reply.exchange.status();
        let unsigned_refusal = match status {
            Some(400..=499 | 501 | 505) => true,
            Some(_) => says_refused(reply),
            None => reply.exchange.may_have_reached() && reply.exchange.received.is_empty(),
        };
        match reply.evidence.money {
            Money::Maybe if unsigned_refusal => Ok(()),
            _ => self.expect_refused(reply, fitting),
        }
    }

    /// Sends each document and judges it by what it expects. Gives back how
    /// many of the open ones were accepted.
    ///
    /// # Errors
    /// The first [`Stop`].
    pub async fn try_mutations(&mut self, mutations: Vec<Mutation>) -> Result<i64, Stop> {
        let mut accepted = 0;
        for mutation in mutations {
            let reply = self
                .send(
                    format!("a request with {}", mutation.label),
                    &mutation.document,
                )
                .await;
            match mutation.expected {
                Expected::Accepted => {
                    self.expect_accepted(&reply)?;
                    accepted += 1;
                }
                Expected::Refused => self.expect_refused(&reply, mutation.fitting_codes)?,
                Expected::Open if reply.evidence.money == Money::Yes => accepted += 1,
                Expected::Open => self.expect_turned_away(&reply, &[])?,
            }
        }
        Ok(accepted)
    }

    /// Sends documents that are no JSON; each must be turned away.
    ///
    /// # Errors
    /// The first [`Stop`].
    pub async fn try_garbage(&mut self, mutations: Vec<Mutation>) -> Result<(), Stop> {
        for mutation in mutations {
            let label = format!("a request with {}", mutation.label);
            let reply = self.send(label, &mutation.document).await;
            self.expect_turned_away(&reply, mutation.fitting_codes)?;
        }
        Ok(())
    }

    /// An accepted refund's answer says what was refunded.
    ///
    /// # Errors
    /// A [`Stop`] where it says something else.
    pub fn expect_amount(&self, reply: &Reply, amount: i64) -> Result<(), Stop> {
        let said = reply
            .answer()
            .and_then(|answer| answer.order_amount.value().copied());
        match said {
            Some(said) if said == Amount::new(amount) => Ok(()),
            Some(said) => Err(Stop::failed(
                format!("{}: the answer says that {said} was refunded", reply.label),
                reply,
            )),
            None => Err(Stop::failed(
                format!(
                    "{}: the answer has no orderAmount that is a whole number",
                    reply.label
                ),
                reply,
            )),
        }
    }

    fn remark_on_code(&mut self, reply: &Reply, fitting: &[i64]) {
        let Some(code) = reply.code() else { return };
        let fits = fitting.is_empty()
            || fitting.contains(&code.0)
            // 2 and 3 are failures without and with a hint, and fit anything.
            || matches!(code, Code::FAILURE | Code::ILLEGAL_REQUEST);
        if !fits {
            let expected: Vec<String> = fitting.iter().map(i64::to_string).collect();
            self.remark(format!(
                "{} is refused with code {code}, where {} would fit",
                reply.label,
                expected.join(" or ")
            ));
        }
    }
}

/// Whether what came leaves the outcome honestly unknown, as after a broken
/// connection or a code that says so: no verdict on the gateway.
fn is_undecided(reply: &Reply) -> bool {
    match reply.exchange.status() {
        None => true,
        Some(_) => {
            reply.evidence.signature == SignatureState::Valid
                && reply
                    .code()
                    .is_some_and(|code| code.meaning().is_some() && code != Code::SUCCESS)
        }
    }
}

fn undecided_refusal(reply: &Reply) -> Stop {
    let status = reply.exchange.status();
    if status.is_some_and(|status| status >= 500) {
        return Stop::failed(
            format!(
                "{}: a server error, HTTP status {}",
                reply.label,
                status.unwrap_or_default()
            ),
            reply,
        );
    }
    match reply.evidence.signature {
        _ if status.is_none() => Stop::Inconclusive(format!(
            "{}: no answer ({})",
            reply.label, reply.exchange.ending
        )),
        SignatureState::Valid => Stop::failed(
            format!(
                "{}: expected a refusal, got {}, which leaves the outcome open",
                reply.label,
                reply.summary()
            ),
            reply,
        ),
        SignatureState::Invalid => Stop::failed(
            format!("{}: the signature of the answer does not hold", reply.label),
            reply,
        ),
        SignatureState::Missing => {
            Stop::failed(format!("{}: the answer is not signed", reply.label), reply)
        }
    }
}

/// Whether an answer that proves nothing, because its signature does not
/// hold, at least claims a refusal that means that nothing happened. Whether
/// that is so is asked of the order afterwards.
fn says_refused(reply: &Reply) -> bool {
    reply.evidence.signature != SignatureState::Valid
        && matches!(reply.exchange.status(), Some(200..=299 | 400..=499))
        && reply
            .evidence
            .code
            .is_some_and(|code| code.effect() == Effect::None)
}
