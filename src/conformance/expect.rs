//! What is expected of an answer, and the verdict where it is something else.

use crate::audit::{Money, SignatureState};
use crate::protocol::{Code, Effect};
use crate::target::Ending;

use super::probe::{Probe, Reply};
use super::rule::Stop;

impl Reply {
    /// What the answer says was refunded, in minor units.
    pub fn amount_said(&self) -> Option<i64> {
        let said = self.answer()?.order_amount.value().copied()?;
        Some(said.minor_units())
    }
}

impl Probe {
    /// The refund was accepted, in an answer whose signature holds.
    ///
    /// # Errors
    /// A [`Stop`] that says what came instead.
    pub fn expect_accepted(&self, reply: &Reply) -> Result<(), Stop> {
        match reply.evidence.money {
            _ if reply.took_effect() => Ok(()),
            Money::Maybe | Money::NotSent if is_undecided(reply) => Err(undecided(reply)),
            _ => Err(Stop::failed(
                format!(
                    "{}: expected acceptance, got {}",
                    reply.label,
                    reply.summary()
                ),
                reply,
            )
            .expecting("accepted")),
        }
    }

    /// The refund was refused in an answer that means that nothing happened.
    /// What is wrong with the refusal itself (its code is not one of the
    /// `fitting` ones or of no list, or it is not signed) is remarked on here,
    /// and judged by the rules about answers.
    ///
    /// # Errors
    /// A [`Stop`] that says what came instead.
    pub fn expect_refused(&mut self, reply: &Reply, fitting: &[i64]) -> Result<(), Stop> {
        match reply.evidence.money {
            Money::Yes => Err(Stop::failed(
                format!("{}: expected a refusal, got acceptance", reply.label),
                reply,
            )
            .expecting(refusal_with(fitting))),
            Money::NoAmount | Money::NoState | Money::NoOther | Money::Duplicate => {
                self.remark_on_code(reply, fitting);
                Ok(())
            }
            Money::Maybe | Money::NotSent => match refusal(reply) {
                Some(Flaw::Unsigned) => {
                    self.remark("refusals are not signed so that it holds (see answer.signed)");
                    Ok(())
                }
                Some(Flaw::Undocumented(code)) => {
                    self.remark(format!("refusals have the code {code} (see answer.code)"));
                    Ok(())
                }
                None if is_undecided(reply) => Err(undecided(reply)),
                None => Err(Stop::failed(
                    format!(
                        "{}: expected a refusal, got {}",
                        reply.label,
                        reply.summary()
                    ),
                    reply,
                )
                .expecting(refusal_with(fitting))),
            },
        }
    }

    /// The document was refused, signed or not, or the connection closed on
    /// it: what is no JSON names no partner, so that a gateway can't know whose
    /// key to sign with.
    ///
    /// # Errors
    /// A [`Stop`] that says what came instead.
    pub fn expect_turned_away(&mut self, reply: &Reply, fitting: &[i64]) -> Result<(), Stop> {
        let closed = matches!(reply.exchange.ending, Ending::Closed(0) | Ending::Reset)
            || matches!(reply.exchange.status(), Some(501 | 505));
        match (reply.evidence.money, refusal(reply)) {
            (Money::Maybe, Some(Flaw::Unsigned)) => Ok(()),
            (Money::Maybe, None) if closed => Ok(()),
            _ => self.expect_refused(reply, fitting),
        }
    }

    /// The refund was refused, and accepting it is money lost: `claim` says
    /// what then happened.
    ///
    /// # Errors
    /// A [`Stop`] that says what came instead.
    pub fn expect_money_kept<'a>(
        &mut self,
        reply: &'a Reply,
        fitting: &[i64],
        earlier: impl IntoIterator<Item = &'a Reply>,
        claim: impl FnOnce() -> String,
    ) -> Result<(), Stop> {
        if reply.evidence.money == Money::Yes {
            let stop = Stop::money(claim(), earlier.into_iter().chain([reply]));
            return Err(stop.expecting(refusal_with(fitting)));
        }
        self.expect_refused(reply, fitting)
    }

    /// An accepted refund's answer says what was refunded.
    ///
    /// # Errors
    /// A [`Stop`] where it says something else.
    pub fn expect_amount(&self, reply: &Reply, amount: i64) -> Result<(), Stop> {
        if reply.evidence.money != Money::Yes {
            // It took effect by a 31's word, which names no amount.
            return Ok(());
        }
        match reply.amount_said() {
            Some(said) if said == amount => Ok(()),
            Some(said) => Err(Stop::failed(
                format!("{}: the answer says that {said} was refunded", reply.label),
                reply,
            )
            .expecting(format!("accepted, with orderAmount {amount}"))),
            None => Err(Stop::failed(
                format!(
                    "{}: the answer has no orderAmount that is a whole number",
                    reply.label
                ),
                reply,
            )
            .expecting(format!("accepted, with orderAmount {amount}"))),
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

/// A refusal with one of these codes, in words; with any, where there are none.
fn refusal_with(fitting: &[i64]) -> String {
    match fitting {
        [] => "refused".to_owned(),
        [one] => format!("refused with {one}"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(i64::to_string).collect();
            format!("refused with {} or {last}", first.join(", "))
        }
    }
}

/// What is wrong with a refusal that proves nothing by itself. Whether nothing
/// happened is asked of the order afterwards.
enum Flaw {
    /// It is not signed, or not so that it holds.
    Unsigned,
    /// Its code is a failure's, and on no list.
    Undocumented(Code),
}

/// The flaw of an answer that is a refusal all the same; `None` where it is
/// none.
fn refusal(reply: &Reply) -> Option<Flaw> {
    let status = reply.exchange.status()?;
    let code = reply.evidence.code;
    if reply.evidence.signature == SignatureState::Valid {
        let fine_status = matches!(status, 200..=299 | 400..=499);
        return code
            .filter(|code| fine_status && code.meaning().is_none())
            .map(Flaw::Undocumented);
    }
    // A library that has no signature to write may write null for one.
    let code = code.or_else(|| claimed_code(reply.exchange.body()?));
    let claims_refusal = match (status, code) {
        (400..=428 | 430..=499, None) => true,
        (200..=299 | 400..=499, Some(code)) => {
            code != Code::SUCCESS && code.effect() == Effect::None || code.meaning().is_none()
        }
        _ => false,
    };
    claims_refusal.then_some(Flaw::Unsigned)
}

/// The code that a response claims, whatever stands for its signature.
fn claimed_code(body: &[u8]) -> Option<Code> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    document
        .get("response")?
        .get("body")?
        .get("code")?
        .as_i64()
        .map(Code)
}

/// Whether what came leaves the outcome honestly unknown, as after a broken
/// connection or a code that says so: no verdict on the gateway.
pub(super) fn is_undecided(reply: &Reply) -> bool {
    match reply.exchange.status() {
        None => !matches!(
            reply.exchange.ending,
            Ending::Malformed(_) | Ending::TooLarge(_)
        ),
        Some(429 | 502..=504) => true,
        Some(_) => reply
            .code()
            .is_some_and(|code| code.meaning().is_some() && code.effect() == Effect::Unknown),
    }
}

pub(super) fn undecided(reply: &Reply) -> Stop {
    Stop::Inconclusive(format!(
        "{}: the outcome stays unknown ({})",
        reply.label,
        reply.summary()
    ))
}
