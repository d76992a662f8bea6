//! The wire with faults: each of them looks at what comes in, and at what goes
//! out, and the right gateway is in between.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::answer::{self, Sealed};
use super::crossing::Crossing;
use super::memory::{Memory, REMEMBERED};
use super::message::{Believed, Claim, Message};
use super::{envelope, fields, json, orders, reading, signature};
use crate::gateway::answer::Answer;
use crate::gateway::calls::Gateway;
use crate::gateway::fault::catalogue::Seat;
use crate::gateway::fault::{Fault, Faults};
use crate::gateway::partner::Partners;
use crate::gateway::refusal::Refusal;
use crate::gateway::wire::{Pending, Reply, Sending, Wire};
use crate::protocol::{Api, Code, FieldError, Object, OrderNo, RefundNo, RefundRequest};

/// Beyond how many requests in flight signatures are not verified any more.
const BUSY: usize = 8;
/// How long a request is in flight at least, where it matters how many are.
const IN_FLIGHT: Duration = Duration::from_millis(2);

/// A wire with faults.
#[derive(Debug)]
pub(in crate::gateway::fault) struct FaultyWire {
    faults: Faults,
    memory: Mutex<Memory>,
    in_flight: AtomicUsize,
    crossing: Crossing,
}

/// What a fault makes of a document.
pub(super) enum Intake {
    /// Nothing: the right gateway answers it.
    AsItIs,
    /// Another document, which the right gateway answers in its place.
    Instead(Vec<u8>),
    /// A refusal.
    Refused(Refusal),
}

impl From<Option<Vec<u8>>> for Intake {
    fn from(other: Option<Vec<u8>>) -> Self {
        other.map_or(Self::AsItIs, Self::Instead)
    }
}

impl FaultyWire {
    /// A wire with these faults.
    pub(in crate::gateway::fault) fn new(faults: Faults) -> Self {
        Self {
            faults,
            memory: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            crossing: Crossing::default(),
        }
    }

    async fn answer_in_steps<'a>(
        &'a self,
        gateway: &'a Gateway,
        api: Api,
        document: &'a [u8],
    ) -> Answer<'a> {
        let mut taken = Cow::Borrowed(document);
        for fault in self.faults.at(Seat::Wire) {
            match self.take_in(fault, gateway, api, &taken).await {
                Intake::AsItIs => {}
                Intake::Instead(other) => taken = Cow::Owned(other),
                Intake::Refused(refusal) => return gateway.refuse(refusal, document),
            }
        }
        let mut answer = gateway.answer(api, &taken).await;
        self.learn(gateway, api, &taken, &answer);
        for fault in self.faults.at(Seat::Wire) {
            self.send_out(fault, gateway, (api, document), &mut answer)
                .await;
        }
        answer
    }

    async fn take_in(&self, fault: Fault, gateway: &Gateway, api: Api, document: &[u8]) -> Intake {
        let partners = &gateway.partners;
        if let Some(repair) = json::repair_of(fault) {
            return json::repaired(document, partners, repair).into();
        }
        if let Some(member) = envelope::unchecked_member(fault) {
            return envelope::with_valid_member(document, partners, member).into();
        }
        if let Some(belief) = signature::belief_of(fault) {
            return signature::believe(document, partners, belief).into();
        }
        match fault {
            Fault::JsonEscapesRefused => json::without_escapes(document),
            Fault::JsonTextRefused => json::without_rare_characters(document),
            Fault::DecoyBelieved => envelope::decoy(document, partners).into(),
            Fault::FirstRequestVerified => envelope::last_of_two(document, partners).into(),
            Fault::PartsUnchecked => envelope::with_parts(document, partners).into(),
            Fault::MemberNamesFolded => envelope::with_folded_names(document, partners).into(),
            Fault::SignatureFirstRefused => envelope::request_first(document),
            Fault::SignTypeNone => envelope::sign_type_none(document, partners).into(),
            Fault::PartnerUnknownServed => envelope::of_unknown_partner(document, partners).into(),
            Fault::SignatureReserialised => signature::over_rewritten(document, partners),
            Fault::SignatureFailOpen => {
                let _one_more = InFlight::begin(&self.in_flight);
                tokio::time::sleep(IN_FLIGHT).await;
                let is_busy = self.in_flight.load(Ordering::Relaxed) > BUSY;
                signature::believe(document, partners, |_| is_busy).into()
            }
            Fault::RequestRemembered => self.by_message_id(document, partners).into(),
            Fault::SignatureOfPair => signature::believe(document, partners, |claimed| {
                let signature = claimed.claim.signature.clone();
                let key = (claimed.partner.no.clone(), signature);
                self.memory().signatures.contains(&key)
            })
            .into(),
            _ => match Believed::of(document, partners) {
                Some(believed) => self.read(fault, gateway, api, &believed).await,
                None => Intake::AsItIs,
            },
        }
    }

    /// What a fault makes of a message that is believed.
    async fn read(
        &self,
        fault: Fault,
        gateway: &Gateway,
        api: Api,
        believed: &Believed<'_>,
    ) -> Intake {
        let message = &believed.message;
        let other = match fault {
            Fault::LengthOffByOne => return fields::shorter_than_limit(message),
            Fault::OptionalEmptyRefused => return fields::nothing_empty(message),
            Fault::MissingInvented if api == Api::Refund => {
                fields::with_inventions(gateway, believed).await
            }
            Fault::EmptyTaken if api == Api::Refund => {
                let memory = self.memory();
                let mut orders = memory.orders.latest();
                let latest = orders.find(|(partner, _)| *partner == believed.partner.no);
                fields::with_meanings(message, latest.map(|(_, order)| order))
            }
            Fault::WildcardOrder if api != Api::Pay => {
                let memory = self.memory();
                let orders = memory.orders.latest();
                let own = orders.filter(|(partner, _)| *partner == believed.partner.no);
                orders::with_matching_order(message, own.map(|(_, order)| order))
            }
            Fault::QueryPrefersPartnerNumber if api == Api::Query => {
                orders::without_order_no(message)
            }
            Fault::StoreUnchecked if api == Api::Pay => orders::with_a_store(message),
            _ => fields::reading_of(fault).and_then(|read| read(message)),
        };
        other
            .map(|message: Message| message.sealed(&believed.partner.key))
            .into()
    }

    /// What a fault makes of the right answer to what was sent.
    async fn send_out(
        &self,
        fault: Fault,
        gateway: &Gateway,
        (api, document): (Api, &[u8]),
        answer: &mut Answer<'_>,
    ) {
        match fault {
            Fault::EffectBeforeSignature if answer.body.code() == Code::SIGNATURE_INVALID => {
                let forged = signature::believe(document, &gateway.partners, |_| true);
                if let Some(forged) = forged {
                    // What comes of it is not told.
                    let _ = gateway.answer(api, &forged).await;
                }
            }
            Fault::AnswersCrossed if api == Api::Refund => {
                if let Some(partner) = answer.partner {
                    let body = answer.body.clone();
                    answer.body = self.crossing.pass(&partner.no, body).await;
                }
            }
            Fault::AnswerAmountOfOrder if api == Api::Refund => {
                if let Some(amount) = answer::amount_of_order(gateway, document).await {
                    answer::claim_amount(&mut answer.body, amount);
                }
            }
            Fault::AmountTwiceMixed if api == Api::Refund => {
                let asked = Believed::of(document, &gateway.partners);
                let first = asked.and_then(|asked| fields::first_of_amounts(&asked.message));
                if let Some(first) = first {
                    answer::claim_amount(&mut answer.body, first);
                }
            }
            Fault::QueryOfForeignOrder if api == Api::Query => {
                let shown = orders::of_another_partner(gateway, document, answer).await;
                if let Some(shown) = shown {
                    answer.body = shown;
                }
            }
            Fault::QueryStatusStuck if api == Api::Query => orders::stuck(&mut answer.body),
            Fault::PaymentUnpaidStatus if api == Api::Pay => {
                orders::unpaid(document, &mut answer.body);
            }
            other => answer::reword(other, gateway, document, answer),
        }
    }

    /// A request that is forged, under the message id of a valid one.
    fn by_message_id(&self, document: &[u8], partners: &Partners) -> Option<Vec<u8>> {
        let id = message_id(&Message::of(Claim::of(document)?.raw)?)?;
        signature::believe(document, partners, |claimed| {
            let key = (claimed.partner.no.clone(), id);
            self.memory().message_ids.contains(&key)
        })
    }

    /// Remembers what came in, as far as a fault needs it.
    fn learn(&self, gateway: &Gateway, api: Api, document: &[u8], answer: &Answer<'_>) {
        let needs = |fault| self.faults.has(fault);
        let needs_request = needs(Fault::RequestRemembered) || needs(Fault::SignatureOfPair);
        let needs_order = needs(Fault::EmptyTaken) || needs(Fault::WildcardOrder);
        if !needs_request && !needs_order {
            return;
        }
        let Some(believed) = Believed::of(document, &gateway.partners) else {
            return;
        };
        let partner = &believed.partner.no;
        let mut memory = self.memory();
        if needs_request {
            if let Some(id) = message_id(&believed.message) {
                memory.message_ids.insert((partner.clone(), id));
            }
            if let Some(claim) = Claim::of(document) {
                memory.signatures.insert((partner.clone(), claim.signature));
            }
        }
        if needs_order && api == Api::Pay && answer.body.code() == Code::SUCCESS {
            let number = believed.message.text("partnerOrderNo");
            if let Some(number) = number.and_then(|number| OrderNo::new(number).ok()) {
                memory.orders.insert((partner.clone(), number));
            }
        }
    }

    /// The signature of the first answer to an accepted refund, for every
    /// later answer to its number.
    fn stale_signature(&self, sending: &Sending<'_>, sealed: &Sealed<'_>) -> Option<String> {
        if sending.api != Some(Api::Refund) {
            return None;
        }
        let asked = Believed::of(sending.document, &sending.gateway.partners)?;
        let number = RefundNo::new(asked.message.text("refundNo")?).ok()?;
        let key = (asked.partner.no.clone(), number);
        let mut memory = self.memory();
        if let Some(first) = memory.answers.get(&key) {
            return Some(first.clone());
        }
        if sending.answer.body.code() == Code::SUCCESS {
            if memory.answers.len() >= REMEMBERED {
                memory.answers.clear();
            }
            memory.answers.insert(key, sealed.signature().to_string());
        }
        None
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wire for FaultyWire {
    fn answer<'a>(
        &'a self,
        gateway: &'a Gateway,
        api: Api,
        document: &'a [u8],
    ) -> Pending<'a, Answer<'a>> {
        Box::pin(self.answer_in_steps(gateway, api, document))
    }

    fn read_refund(&self, body: &Object<'_>) -> Result<RefundRequest, FieldError> {
        reading::refund(&self.faults, body)
    }

    fn before_sending(&self, sending: &Sending<'_>, reply: &mut Reply) {
        for fault in self.faults.at(Seat::Wire) {
            if fault == Fault::SignatureStale {
                if let Some(sealed) = Sealed::of(sending, reply)
                    && let Some(stale) = self.stale_signature(sending, &sealed)
                {
                    reply.document = sealed.signed_with(&stale);
                }
            } else {
                answer::rewrite(fault, sending, reply);
            }
        }
    }
}

/// The message id of a request; `None` where it has none to know it by.
fn message_id(message: &Message) -> Option<String> {
    let (_, token) = message.header.iter().find(|(name, _)| name == "reqMsgId")?;
    super::message::text_of(token).filter(|id| !id.is_empty())
}

/// One request in flight, for as long as it lives.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
