//! What is asked of every answer, whichever rule provoked it.
//!
//! A rule looks for one thing. That an answer came in time, is JSON, is signed,
//! has a code of the list and gives nothing away is asked of all of them: the
//! probe shows each exchange to the run's [`Watch`], and the rules `answer.every-*`
//! report what it saw, once and last, with the first exchange that shows it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::audit::SignatureState;
use crate::generate::{JsonClass, class_of};
use crate::protocol::{Direction, Envelope, Object};
use crate::target::{Caller, Ending, Phase};
use crate::verdict::ExchangeEvidence;

use super::leak;
use super::probe::Reply;

/// One thing that is asked of every answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// It comes in time, or the connection is closed.
    InTime,
    /// It is no server error, apart from one that says: not now.
    NoServerError,
    /// With a status of success it is one JSON document in UTF-8, and says so.
    OneDocument,
    /// Its signature holds, where the request names its partner.
    Signed,
    /// Its code is one of the list.
    DocumentedCode,
    /// It shows nothing of the gateway's inside.
    NoTrace,
    /// It shows neither the sign key nor a signature that the sender lacks.
    NoSecret,
}

/// The first exchange that shows a breach, and how many do.
#[derive(Debug, Clone)]
pub struct Breach {
    /// What is wrong, in one line.
    pub message: String,
    /// The exchange that shows it.
    pub evidence: ExchangeEvidence,
    /// The rule that sent it.
    pub rule: &'static str,
    /// How many exchanges show the same.
    pub count: u64,
}

/// Whom the pre-flight's probes speak for.
pub const PREFLIGHT: &str = "preflight";

/// What a run's exchanges have shown so far.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    exchanges: u64,
    breaches: BTreeMap<Point, Breach>,
}

impl Watch {
    /// Looks at an exchange that `rule` made as `caller`: a complete POST to a
    /// path of the API, whatever its document is.
    pub fn look_at(&self, rule: &'static str, caller: &Caller, reply: &Reply) {
        // What came before the rules is not theirs to report.
        if rule == PREFLIGHT {
            return;
        }
        let found = breaches(caller, reply);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.exchanges += 1;
        for (point, message) in found {
            let new = || Breach {
                message: message.clone(),
                evidence: reply.exhibit(),
                rule,
                count: 0,
            };
            let breach = seen.breaches.entry(point).or_insert_with(new);
            breach.count += 1;
            // Rules run at once; which of them is cited must not depend on it.
            if rule < breach.rule {
                let count = breach.count;
                *breach = Breach { count, ..new() };
            }
        }
    }

    /// How many exchanges were looked at.
    pub fn exchanges(&self) -> u64 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .exchanges
    }

    /// What was found wrong in one point.
    pub fn breach(&self, point: Point) -> Option<Breach> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.breaches.get(&point).cloned()
    }
}

/// Everything that is wrong with one answer.
fn breaches(caller: &Caller, reply: &Reply) -> Vec<(Point, String)> {
    let mut found = Vec::new();
    let mut say = |point, what: String| found.push((point, format!("{}: {what}", reply.label)));
    if reply.exchange.ending == Ending::TimedOut(Phase::Answer) {
        say(Point::InTime, "no answer in time".to_owned());
    }
    if let Some(what) = leak::secret(caller, reply) {
        say(Point::NoSecret, what);
    }
    let Some(answer) = &reply.exchange.answer else {
        return found;
    };
    // 501 to 505 are a proxy's or a busy server's honest words.
    if answer.status >= 500 && !(501..=505).contains(&answer.status) {
        let status = answer.status;
        say(Point::NoServerError, format!("HTTP status {status}"));
    }
    if let Some(what) = leak::trace(&answer.body) {
        say(Point::NoTrace, what);
    }
    if (200..300).contains(&answer.status)
        && let Err(what) = one_document(answer.header("content-type"), &answer.body)
    {
        say(Point::OneDocument, what);
    }
    let document = &reply.exchange.sent[reply.exchange.body_start..];
    if !is_below_the_protocol(answer.status)
        && names_its_partner(caller, document)
        && is_response(&answer.body)
    {
        match reply.evidence.signature {
            SignatureState::Valid => {}
            SignatureState::Invalid => say(
                Point::Signed,
                "the signature of the answer does not hold".to_owned(),
            ),
            SignatureState::Missing => say(Point::Signed, "the answer is not signed".to_owned()),
        }
    }
    if let Some(code) = reply.code().filter(|code| code.meaning().is_none()) {
        say(Point::DocumentedCode, format!("the code {code}"));
    }
    found
}

/// Whether the answer is what the protocol calls UTF-8 JSON.
fn one_document(content_type: Option<&[u8]>, body: &[u8]) -> Result<(), String> {
    let said = String::from_utf8_lossy(content_type.unwrap_or_default()).to_ascii_lowercase();
    if said.split(';').next().map(str::trim) != Some("application/json") {
        return Err(format!("the answer's Content-Type is {said:?}"));
    }
    let text = std::str::from_utf8(body).map_err(|_| "the answer is not UTF-8".to_owned())?;
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(drop)
        .map_err(|error| format!("the answer is not one JSON document: {error}"))
}

/// Whether a status says that the request was turned away for its size, its
/// type or its time: such a refusal may be signed or not.
const fn is_below_the_protocol(status: u16) -> bool {
    matches!(status, 408 | 413..=415 | 429 | 431 | 500..)
}

/// Whether a document is an envelope that names the caller as its partner
/// beyond doubt, so that the gateway knows whose key signs the answer. One that
/// a parser may refuse for what JSON leaves open names nobody for certain.
fn names_its_partner(caller: &Caller, document: &[u8]) -> bool {
    let named = || {
        if class_of(document) != JsonClass::Valid {
            return None;
        }
        let envelope = Envelope::parse(document, Direction::Request).ok()?;
        let header = Object::parse(envelope.raw).ok()?.object("header").ok()?;
        Some(header.text("partnerNo").ok()??.into_owned())
    };
    named().is_some_and(|named| named == caller.partner.number.as_str())
}

/// Whether an answer is one of the protocol, signed or not, and not a proxy's.
fn is_response(body: &[u8]) -> bool {
    std::str::from_utf8(body)
        .ok()
        .and_then(|text| Object::parse(text).ok())
        .is_some_and(|envelope| envelope.get("response").is_some())
}
