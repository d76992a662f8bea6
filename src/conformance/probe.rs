//! What a rule works with: fresh paid orders, and a way to send bytes.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use crate::audit::{Evidence, Money, Reply as Heard, SignatureState, classify};
use crate::generate::Mutation;
use crate::protocol::{
    Amount, Answer, Api, Code, Direction, Effect, Envelope, OrderNo, RefundNo, RefundRequest,
    SignKey,
};
use crate::target::{
    Caller, Ending, Exchange, OrderError, OrderSource, PaidOrder, Partner, Schedule,
};
use crate::verdict::ExchangeEvidence;

use super::origin::Origins;
use super::raced::Raced;
use super::rule::Stop;
use super::watch::Watch;

/// What every rule of a run works with.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The partner under whose name the rules run.
    pub caller: Caller,
    /// A second partner, where there is one.
    pub other: Option<Partner>,
    /// Where paid orders come from.
    pub orders: Arc<OrderSource>,
    /// The run's seed.
    pub seed: u64,
    /// How many cases each property tries.
    pub cases: usize,
    /// What every answer of the run is looked at for.
    pub watch: Arc<Watch>,
    /// What its races share.
    pub raced: Arc<Raced>,
}

/// An answer to one request, and what it proves.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What the request was.
    pub label: String,
    /// The URL that it went to.
    pub url: String,
    /// The bytes both ways.
    pub exchange: Exchange,
    /// What it proves.
    pub evidence: Evidence,
    /// Whether the same bytes were sent before and their outcome is unknown.
    pub earlier_unknown: bool,
    /// Where the request differs from the valid one that it was made from.
    pub changed: Option<Range<usize>>,
}

impl Reply {
    /// The members of the answer, where it is a signed response. Whether the
    /// signature holds is in the evidence.
    pub fn answer(&self) -> Option<Answer<'_>> {
        let envelope = Envelope::parse(self.exchange.body()?, Direction::Response).ok()?;
        Answer::read(envelope.raw).ok()
    }

    /// The answer's code, where its signature holds.
    pub fn code(&self) -> Option<Code> {
        self.evidence
            .code
            .filter(|_| self.evidence.signature == SignatureState::Valid)
    }

    /// Whether a refund under a number that was not used before took effect.
    /// A gateway that refuses repeated numbers says by a 31 that the attempt
    /// before, whose answer was lost, did.
    pub fn took_effect(&self) -> bool {
        match self.evidence.money {
            Money::Yes => true,
            Money::Duplicate => self.earlier_unknown,
            _ => false,
        }
    }

    /// Whether the gateway could not answer now, in its own words or by
    /// hanging up.
    pub fn is_busy(&self) -> bool {
        let status = self.exchange.status();
        match self.exchange.ending {
            Ending::Answered if matches!(status, Some(429 | 500..)) => true,
            Ending::Answered => self
                .code()
                .is_some_and(|code| code.meaning().is_some() && code.effect() == Effect::Unknown),
            Ending::NotSent(_) | Ending::Closed(_) | Ending::Reset => true,
            _ => false,
        }
    }

    /// Whether nothing came in time.
    pub const fn timed_out(&self) -> bool {
        matches!(self.exchange.ending, Ending::TimedOut(_))
    }

    /// The exchange for a report.
    pub fn exhibit(&self) -> ExchangeEvidence {
        ExchangeEvidence {
            changed: self.changed.clone(),
            outcome: Some(self.outcome().to_owned()),
            answer: Some(self.summary()),
            ..self.exchange.evidence(&self.label, &self.url)
        }
    }

    /// What came back, in one word.
    pub const fn outcome(&self) -> &'static str {
        match self.evidence.money {
            Money::Yes => "accepted",
            Money::NoAmount | Money::NoState | Money::NoOther | Money::Duplicate => "refused",
            Money::Maybe if self.exchange.answer.is_some() => "undecided",
            Money::Maybe => "unanswered",
            Money::NotSent => "not sent",
        }
    }

    /// What came back, in a few words.
    pub fn summary(&self) -> String {
        match (self.code(), self.exchange.status()) {
            (Some(code), _) => format!("code {code}"),
            (None, Some(status)) => {
                format!("HTTP status {status} without an authentic response")
            }
            (None, None) => format!("no answer: {}", self.exchange.ending),
        }
    }
}

/// What one rule works with. It counts what is sent and keeps what the rule
/// wants to remark on.
#[derive(Debug)]
pub struct Probe {
    setting: Setting,
    rule: &'static str,
    exchanges: u64,
    remarks: Vec<String>,
    origins: Origins,
    notes: Notes,
}

/// The optional texts of a valid refund: `operatorId` and `terminalNo`.
pub(super) type Notes = (Option<String>, Option<String>);

impl Probe {
    /// A probe for the rule of this id. Its numbers are the rule's own.
    pub fn new(setting: Setting, rule: &'static str) -> Self {
        Self::in_scope(setting, rule, rule)
    }

    /// A probe that tries the rule once more: its randomness is the same where
    /// the seed is, its numbers are those of `scope`, which names the attempt.
    pub fn in_scope(mut setting: Setting, rule: &'static str, scope: &str) -> Self {
        setting.caller = setting.caller.for_scope(scope);
        Self {
            setting,
            rule,
            exchanges: 0,
            remarks: Vec::new(),
            origins: Origins::default(),
            notes: Notes::default(),
        }
    }

    /// Who calls the gateway.
    pub const fn caller(&self) -> &Caller {
        &self.setting.caller
    }

    /// How many cases a property tries.
    pub const fn cases(&self) -> usize {
        self.setting.cases
    }

    /// What every answer of the run was looked at for.
    pub fn watch(&self) -> &Watch {
        &self.setting.watch
    }

    /// What the races of the run share.
    pub fn raced(&self) -> Arc<Raced> {
        Arc::clone(&self.setting.raced)
    }

    /// How many requests were sent.
    pub const fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// What was remarked on: deviations that are no failure of this rule.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Remarks on a deviation; the rule holds with a warning.
    pub fn remark(&mut self, remark: impl Into<String>) {
        let remark = remark.into();
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Randomness of this rule's own: hash of the run's seed and the rule's
    /// id, so that filtering and parallelism change no input.
    pub fn random(&self) -> StdRng {
        let digest = Sha256::new()
            .chain_update(self.setting.seed.to_be_bytes())
            .chain_update(self.rule)
            .finalize();
        StdRng::from_seed(digest.into())
    }

    /// Runs proptest's strategies with this rule's own randomness.
    pub fn strategy_runner(&self) -> TestRunner {
        let mut seed = [0; 32];
        self.random().fill_bytes(&mut seed);
        TestRunner::new_with_rng(
            Config::default(),
            TestRng::from_seed(RngAlgorithm::ChaCha, &seed),
        )
    }

    /// A fresh paid order.
    ///
    /// # Errors
    /// [`Stop::Blocked`] where none can be had.
    pub async fn paid(&mut self, amount: i64) -> Result<PaidOrder, Stop> {
        self.exchanges += 1;
        self.setting
            .orders
            .paid(&self.setting.caller, Amount::new(amount))
            .await
            .map_err(blocked)
    }

    /// A fresh paid order of another partner's.
    ///
    /// # Errors
    /// [`Stop::Skipped`] where none can be had: the run's shop and its pool of
    /// orders are the first partner's.
    pub async fn paid_by(&mut self, caller: &Caller, amount: i64) -> Result<PaidOrder, Stop> {
        if !self.owns_all_orders() {
            return Err(Stop::Skipped(
                "the orders of the pool are the first partner's alone".to_owned(),
            ));
        }
        self.exchanges += 1;
        let paying = self.setting.orders.paid(caller, Amount::new(amount));
        paying
            .await
            .map_err(|error| Stop::Skipped(format!("the second partner failed to {error}")))
    }

    /// A fresh paid order as large as every gateway must take.
    ///
    /// # Errors
    /// [`Stop::Skipped`] where there is no order so large, since that says
    /// nothing about the gateway.
    pub async fn largest_paid(&mut self) -> Result<PaidOrder, Stop> {
        let amount = Amount::LARGEST_COMMON.minor_units();
        self.paid(amount).await.map_err(|stop| match stop {
            Stop::Blocked(reason, _) => {
                Stop::Skipped(format!("no order of {amount} could be had: {reason}"))
            }
            other => other,
        })
    }

    /// Where paid orders come from.
    pub(super) fn order_source(&self) -> &OrderSource {
        &self.setting.orders
    }

    /// Whether there are as many orders as a rule can want.
    pub fn has_orders_to_spare(&self) -> bool {
        self.setting.orders.is_unlimited()
    }

    /// Whether orders are paid on demand, so that no number but those that were
    /// handed out can be somebody's order.
    pub fn owns_all_orders(&self) -> bool {
        self.setting.orders.is_paying()
    }

    /// A fresh order that waits for its customer.
    ///
    /// # Errors
    /// [`Stop::Skipped`] where this run can't make one.
    pub async fn unpaid(&mut self, amount: i64) -> Result<OrderNo, Stop> {
        self.exchanges += 1;
        self.setting
            .orders
            .unpaid(&self.setting.caller, Amount::new(amount))
            .await
            .map_err(blocked)?
            .ok_or_else(|| {
                Stop::Skipped(
                    "there is no barcode that leaves an order unpaid (give one with --unpaid-barcode)"
                        .to_owned(),
                )
            })
    }

    /// The second partner as a caller.
    ///
    /// # Errors
    /// [`Stop::Skipped`] where the run has none.
    pub fn other_caller(&self) -> Result<Caller, Stop> {
        let other = self.setting.other.clone().ok_or_else(|| {
            Stop::Skipped(
                "there is no second partner (name it with --other-partner and give its key in RECOUP_OTHER_SIGN_KEY or --other-sign-key-file)"
                    .to_owned(),
            )
        })?;
        Ok(self.setting.caller.acting_as(other))
    }

    /// A number that no refund has.
    pub fn refund_number(&self) -> RefundNo {
        self.setting.caller.numbers.refund()
    }

    /// Has valid refund values carry these optional texts from now on.
    pub(super) fn carry(&mut self, notes: Notes) {
        self.notes = notes;
    }

    /// The text of a valid refund value, ready to be changed: a fresh number,
    /// this order, this amount.
    pub fn value(&self, order: &OrderNo, amount: i64) -> String {
        let (operator_id, terminal_no) = self.notes.clone();
        let request = RefundRequest {
            operator_id,
            terminal_no,
            ..RefundRequest::new(order.clone(), self.refund_number(), Amount::new(amount))
        };
        let value = self.setting.caller.value_text(&request);
        self.origins
            .keep(self.setting.caller.sealed_raw(value.as_bytes()));
        value
    }

    /// What `make` makes of valid refunds of an order: each on a number of its
    /// own, so that none is refused because of another.
    pub fn fresh_mutations(
        &self,
        order: &OrderNo,
        amount: i64,
        make: impl Fn(&str, &SignKey) -> Vec<Mutation>,
    ) -> Vec<Mutation> {
        let key = &self.setting.caller.partner.key;
        let count = make(&self.value(order, amount), key).len();
        (0..count)
            .map(|index| make(&self.value(order, amount), key).swap_remove(index))
            .collect()
    }

    /// Sends a document to the refund call as this run's partner.
    pub async fn send(&mut self, label: impl Into<String>, document: &[u8]) -> Reply {
        let caller = self.setting.caller.clone();
        self.send_as(&caller, Api::Refund, label, document).await
    }

    /// Sends a document to a call of the API as some partner. Where the
    /// gateway is busy, or drops the connection, the same bytes are sent again
    /// a few times: one hiccup is no verdict.
    pub async fn send_as(
        &mut self,
        caller: &Caller,
        api: Api,
        label: impl Into<String>,
        document: &[u8],
    ) -> Reply {
        const ATTEMPTS: u32 = 4;
        let label = label.into();
        let mut earlier_unknown = false;
        let mut attempt = 1;
        loop {
            let schedule = Schedule::whole(caller.endpoint.post(api.path(), document));
            self.exchanges += 1;
            let exchange = caller.endpoint.exchange(schedule).await;
            let mut reply = read_reply(caller, api, label.as_str(), exchange);
            reply.earlier_unknown = earlier_unknown;
            reply.changed = self.changed(&reply.exchange);
            self.setting.watch.look_at(self.rule, caller, &reply);
            if attempt == ATTEMPTS || !reply.is_busy() {
                return reply;
            }
            earlier_unknown |= reply.evidence.money == Money::Maybe;
            tokio::time::sleep(Duration::from_millis(10) * (1 << attempt)).await;
            attempt += 1;
        }
    }

    /// Sends the bytes of a whole request, once, as a schedule has it.
    pub async fn send_schedule(&mut self, label: impl Into<String>, schedule: Schedule) -> Reply {
        let exchange = self.setting.caller.endpoint.exchange(schedule).await;
        self.read(label, exchange)
    }

    /// Reads an exchange that a rule made by itself.
    pub fn read(&mut self, label: impl Into<String>, exchange: Exchange) -> Reply {
        self.exchanges += 1;
        let changed = self.changed(&exchange);
        let reply = read_reply(&self.setting.caller, Api::Refund, label, exchange);
        Reply { changed, ..reply }
    }

    /// Where a request's body differs from the valid one that it was made from.
    fn changed(&self, exchange: &Exchange) -> Option<Range<usize>> {
        let start = exchange.body_start;
        let changed = self.origins.changed(exchange.sent.get(start..)?)?;
        Some(start + changed.start..start + changed.end)
    }

    /// Takes note of complete requests that were sent past the probe.
    pub fn note(&mut self, replies: &[Reply]) {
        for reply in replies {
            let caller = &self.setting.caller;
            self.setting.watch.look_at(self.rule, caller, reply);
        }
        self.count(replies.len());
    }

    /// Counts requests that were sent past the probe.
    pub fn count(&mut self, exchanges: usize) {
        self.exchanges += u64::try_from(exchanges).unwrap_or(u64::MAX);
    }

    /// Asks for a refund under a fresh number.
    pub async fn refund(&mut self, order: &OrderNo, amount: i64) -> Reply {
        let number = self.refund_number();
        self.refund_numbered(order, &number, amount).await
    }

    /// The same under a given number.
    pub async fn refund_numbered(
        &mut self,
        order: &OrderNo,
        number: &RefundNo,
        amount: i64,
    ) -> Reply {
        let document = self
            .setting
            .caller
            .refund(order, number, Amount::new(amount));
        let label = format!("refund {amount} of {order} as {number}");
        self.send(label, &document).await
    }
}

/// Reads what came back.
pub fn read_reply(
    caller: &Caller,
    api: Api,
    label: impl Into<String>,
    exchange: Exchange,
) -> Reply {
    let evidence = classify(
        &Heard::from(&exchange),
        &caller.partner.key,
        &caller.profile,
    );
    Reply {
        label: label.into(),
        url: caller.url(api),
        exchange,
        evidence,
        earlier_unknown: false,
        changed: None,
    }
}

fn blocked(error: OrderError) -> Stop {
    let evidence = match &error {
        OrderError::Refused { evidence, .. } => Some(evidence.clone()),
        _ => None,
    };
    Stop::Blocked(format!("failed to {error}"), evidence)
}
