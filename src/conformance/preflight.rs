//! Before the rules: is there a gateway, does it speak the protocol, is the
//! key right, does it check signatures, and can an order be had?
//!
//! Each step that fails ends the run with one line that says what to do, in
//! place of a hundred rules that all fail for the same reason.

use crate::audit::{Finding, Money, SignatureState};
use crate::generate::mutate::signature::flipped_digits;
use crate::protocol::explain::{Explanation, explain};
use crate::protocol::header::TimeField;
use crate::protocol::{Amount, Api, Code, Direction, Envelope, RefundRequest, Timestamp};
use crate::target::{Caller, OrderError};
use crate::verdict::{Event, ExchangeEvidence, Observer};

use super::probe::{Probe, Reply, Setting};
use super::watch::PREFLIGHT;

/// What the pre-flight found out about the target.
#[derive(Debug, Clone)]
pub struct Preflight {
    /// The setting to go on with: requests name their time as the target wants.
    pub setting: Setting,
    /// How far the target's clock is ahead of ours, in seconds.
    pub clock_skew_seconds: Option<i64>,
}

/// Why there is no point in going on.
#[derive(Debug, thiserror::Error)]
#[error("{diagnosis}")]
pub struct PreflightError {
    /// What is wrong and what to do, in one line.
    pub diagnosis: String,
    /// The exchange that shows it.
    pub evidence: Option<Box<ExchangeEvidence>>,
    /// Whether it is the gateway that is wrong, and not the run.
    pub is_failure: bool,
}

/// A clock that is further off than this is worth a remark.
const TOLERATED_SKEW_SECONDS: i64 = 300;

impl Preflight {
    /// Looks at the target with a handful of requests. At most one order is
    /// used, and 1 of it refunded.
    ///
    /// # Errors
    /// [`PreflightError`], with a diagnosis.
    pub async fn fly(setting: &Setting, observer: &dyn Observer) -> Result<Self, PreflightError> {
        let flight = Flight { setting, observer };
        flight.reach().await?;
        let (setting, reply, doubt) = flight.be_understood().await?;
        let flight = Flight {
            setting: &setting,
            observer,
        };
        let refund = flight.refund().await;
        let forged = flight.be_checked().await;
        flight.settle_doubt(doubt, &reply, &forged, &refund)?;
        refund?;
        let clock_skew_seconds = flight.compare_clocks(&reply);
        Ok(Self {
            setting,
            clock_skew_seconds,
        })
    }
}

/// What an answer to a good request says about the target.
enum Diagnosis {
    /// There is no point in going on: the step, and why.
    Stop(&'static str, String),
    /// There is none, unless an acceptance shows that the key is right.
    Doubt(String),
}

struct Flight<'a> {
    setting: &'a Setting,
    observer: &'a dyn Observer,
}

impl Flight<'_> {
    fn note(&self, step: &str, passed: bool, finding: impl Into<String>) {
        self.observer.observe(&Event::Preflight {
            step: step.to_owned(),
            passed,
            finding: finding.into(),
        });
    }

    fn stop(
        &self,
        step: &str,
        diagnosis: String,
        evidence: Option<ExchangeEvidence>,
    ) -> PreflightError {
        self.note(step, false, diagnosis.clone());
        PreflightError {
            diagnosis,
            evidence: evidence.map(Box::new),
            is_failure: false,
        }
    }

    async fn reach(&self) -> Result<(), PreflightError> {
        let endpoint = &self.setting.caller.endpoint;
        match endpoint.connect().await {
            Ok(_) => {
                self.note("reach", true, endpoint.url());
                Ok(())
            }
            Err(ending) => {
                let reason = ending.to_string();
                let reason = reason.strip_prefix("not sent: ").unwrap_or(&reason);
                let cure = if endpoint.is_tls() {
                    "is it running there? for a certificate of its own making give --ca or --insecure"
                } else {
                    "is it running there? see --target"
                };
                Err(self.stop(
                    "reach",
                    format!(
                        "failed to reach the gateway at {}: {reason} ({cure})",
                        endpoint.url()
                    ),
                    None,
                ))
            }
        }
    }

    /// A signed refund of an order that nobody has: the most harmless request
    /// that every refund gateway must answer.
    async fn ask(&self, caller: &Caller) -> Reply {
        let request = RefundRequest::new(
            caller.numbers.order(),
            caller.numbers.refund(),
            Amount::new(1),
        );
        self.send(
            caller,
            "pre-flight: refund an unknown order",
            &caller.sealed(&request),
        )
        .await
    }

    async fn send(&self, caller: &Caller, label: &str, document: &[u8]) -> Reply {
        Probe::new(self.setting.clone(), PREFLIGHT)
            .send_as(caller, Api::Refund, label, document)
            .await
    }

    /// Asks in either dialect until it is understood. The doubt that may come
    /// back is a refusal that is vague, or whose signature does not hold: is
    /// the key or the dialect wrong, or is it the gateway's way to refuse?
    /// Only an acceptance can tell.
    async fn be_understood(&self) -> Result<(Setting, Reply, Option<String>), PreflightError> {
        let mut setting = self.setting.clone();
        let mut reply = self.ask(&setting.caller).await;
        if is_vague_refusal(&reply) {
            let other = match setting.caller.profile.time_field {
                TimeField::RequestTime => TimeField::ReqTime,
                TimeField::ReqTime => TimeField::RequestTime,
            };
            let caller = setting.caller.with_time_field(other);
            let again = self.ask(&caller).await;
            if !is_vague_refusal(&again) {
                let finding = format!(
                    "the gateway wants the time of a request as {}, and gets it (set time-field in a --profile)",
                    other.name()
                );
                self.observer.observe(&Event::Notice(finding.clone()));
                self.note("dialect", true, finding);
                setting.caller = caller;
                reply = again;
            }
        }
        match self.diagnose(&reply) {
            None => {
                self.note(
                    "signature",
                    true,
                    "a signed request was understood, and the answer's signature holds",
                );
                Ok((setting, reply, None))
            }
            Some(Diagnosis::Doubt(doubt)) => Ok((setting, reply, Some(doubt))),
            Some(Diagnosis::Stop(step, diagnosis)) => {
                Err(self.stop(step, diagnosis, Some(reply.exhibit())))
            }
        }
    }

    /// Decides a doubt by the answer to a refund that should be accepted.
    fn settle_doubt(
        &self,
        doubt: Option<String>,
        refusal: &Reply,
        forged: &Reply,
        refund: &Result<Reply, PreflightError>,
    ) -> Result<(), PreflightError> {
        let Some(doubt) = doubt else { return Ok(()) };
        match refund {
            Ok(reply) if reply.evidence.signature == SignatureState::Valid => {
                if refusal.evidence.signature != SignatureState::Valid {
                    self.note(
                        "signature",
                        false,
                        "acceptances are signed with our key and refusals are not: the rule answer.signed will tell more",
                    );
                }
                Ok(())
            }
            // It tells our signature from a forged one, so it knows our key:
            // then it is its own answers that are signed wrongly.
            _ if forged.evidence.code == Some(Code::SIGNATURE_INVALID)
                && refusal.evidence.code.is_some()
                && refusal.evidence.signature != SignatureState::Valid =>
            {
                let diagnosis = "the gateway takes our signature and refuses a forged one, so the key is right; but the signatures of its own answers do not hold (lowercase hex of SHA-256 over the raw text of the response and the key is what they must be)";
                let mut error =
                    self.stop("signature", diagnosis.to_owned(), Some(refusal.exhibit()));
                error.is_failure = true;
                Err(error)
            }
            _ => Err(self.stop("key", doubt, Some(refusal.exhibit()))),
        }
    }

    /// What is wrong with the answer to a good request, where anything is.
    fn diagnose(&self, reply: &Reply) -> Option<Diagnosis> {
        let caller = &self.setting.caller;
        let url = caller.url(Api::Refund);
        let partner = &caller.partner.number;
        let Some(answer) = &reply.exchange.answer else {
            return Some(Diagnosis::Stop(
                "answer",
                format!(
                    "{url} does not answer as a refund gateway: {} (is --target its base URL?)",
                    reply.exchange.ending
                ),
            ));
        };
        let is_unsigned = reply.evidence.findings.contains(&Finding::MissingSignature);
        if reply.answer().is_none() && !is_unsigned {
            return Some(Diagnosis::Stop(
                "answer",
                format!(
                    "{url} is no refund gateway: it answers HTTP status {} with {} instead of a signed response (is --target its base URL?)",
                    answer.status,
                    describe(&answer.body)
                ),
            ));
        }
        let claimed = reply.evidence.code;
        if claimed == Some(Code::SIGNATURE_INVALID) {
            return Some(Diagnosis::Stop(
                "key",
                format!(
                    "the gateway refuses our signature (code 8): the sign key of partner {partner} is wrong (see RECOUP_SIGN_KEY or --sign-key-file)"
                ),
            ));
        }
        if let Some(matched) = matched(reply, caller) {
            return Some(Diagnosis::Doubt(format!(
                "the signature of the gateway's answer is not over the answer's raw text and our key for partner {partner}: it matches {matched}"
            )));
        }
        if reply.evidence.signature != SignatureState::Valid {
            return Some(Diagnosis::Doubt(format!(
                "the signature of the gateway's answer does not hold under our key for partner {partner}: the key is wrong, or it signs something else than the raw text (see RECOUP_SIGN_KEY, --sign-key-file, --partner)"
            )));
        }
        if is_vague_refusal(reply) {
            return Some(Diagnosis::Doubt(format!(
                "the gateway refuses a complete request, with its time named either way, with {} (is partner {partner} allowed to refund? see --partner, --profile)",
                reply.summary()
            )));
        }
        if reply.evidence.money == Money::Yes {
            self.note(
                "answer",
                false,
                "the gateway accepts a refund of an order that does not exist: the rule refunding.unknown-order will tell more",
            );
        }
        None
    }

    fn compare_clocks(&self, reply: &Reply) -> Option<i64> {
        let answer = reply.answer()?;
        let theirs = Timestamp::parse(answer.time.value()?).ok()?;
        let skew = theirs.seconds_since(Timestamp::now());
        let finding = if skew.abs() > TOLERATED_SKEW_SECONDS {
            format!(
                "the gateway's clock is off by {skew} s: requests may be refused for their time"
            )
        } else {
            format!("the gateway's clock is within {TOLERATED_SKEW_SECONDS} s of ours")
        };
        self.note("clock", true, finding);
        Some(skew)
    }

    /// The same request with one digit of its signature changed. A gateway
    /// that takes it is no reason to stop: the rules will say so in full.
    async fn be_checked(&self) -> Reply {
        let caller = &self.setting.caller;
        let request = RefundRequest::new(
            caller.numbers.order(),
            caller.numbers.refund(),
            Amount::new(1),
        );
        let value = caller.value_text(&request);
        let flipped = flipped_digits(&value, &caller.partner.key).swap_remove(0);
        let reply = self
            .send(
                caller,
                "pre-flight: one digit of the signature changed",
                &flipped.document,
            )
            .await;
        if reply.evidence.code == Some(Code::SIGNATURE_INVALID) {
            self.note(
                "forgery",
                true,
                "a request with a wrong signature is refused",
            );
        } else {
            self.note(
                "forgery",
                false,
                format!(
                    "a request with a wrong signature is answered with {}, and not with code 8: the rules under signature.* will tell more",
                    reply.summary()
                ),
            );
        }
        reply
    }

    async fn refund(&self) -> Result<Reply, PreflightError> {
        let caller = &self.setting.caller;
        let paid = self.setting.orders.paid(caller, Amount::new(2)).await;
        let order = paid.map_err(|error| {
            let evidence = match &error {
                OrderError::Refused { evidence, .. } => Some((**evidence).clone()),
                _ => None,
            };
            self.stop("order", format!("failed to {error}"), evidence)
        })?;
        let document = caller.refund(&order.number, &caller.numbers.refund(), Amount::new(1));
        let reply = self
            .send(caller, "pre-flight: refund 1 of a paid order", &document)
            .await;
        match reply.evidence.money {
            Money::NoAmount | Money::NoState | Money::NoOther | Money::Duplicate => Err(self.stop(
                "refund",
                format!(
                    "the gateway refuses to refund 1 of order {} ({}): is the order paid, and the partner allowed to refund?",
                    order.number,
                    reply.summary()
                ),
                Some(reply.exhibit()),
            )),
            _ => {
                self.note(
                    "refund",
                    true,
                    format!("a refund of a paid order is answered with {}", reply.summary()),
                );
                Ok(reply)
            }
        }
    }
}

/// A refusal that can mean that the request was not understood, or that its
/// order does not exist.
fn is_vague_refusal(reply: &Reply) -> bool {
    matches!(
        reply.evidence.code,
        Some(
            Code::FAILURE
                | Code::ILLEGAL_REQUEST
                | Code::PARAMETER_EMPTY
                | Code::PARAMETER_ILLEGITIMATE
        )
    )
}

/// What the signature of an answer matches, where that is not the raw text.
fn matched(reply: &Reply, caller: &Caller) -> Option<String> {
    if reply.evidence.signature != SignatureState::Invalid {
        return None;
    }
    let envelope = Envelope::parse(reply.exchange.body()?, Direction::Response).ok()?;
    explain(&envelope, &caller.partner.key).map(|Explanation(what)| what)
}

/// What a body that is no response looks like.
fn describe(body: &[u8]) -> &'static str {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        "an empty body"
    } else if start.starts_with(b"<") {
        "HTML"
    } else if start.starts_with(b"{") || start.starts_with(b"[") {
        "other JSON"
    } else {
        "something that is no JSON"
    }
}
