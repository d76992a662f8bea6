//! The requests of a load, and which answers each of them allows.

use crate::audit::{Evidence, Finding, Money, OrderReading, QueryEvidence, SignatureState};
use crate::protocol::envelope::seal;
use crate::protocol::{Code, Direction, QueryRequest, RefundNo, RefundRequest};
use crate::target::Caller;

use super::population::Plan;
use super::scenario::Kind;

/// Writes the signed envelope of what is planned at the end of `out`; of a
/// duel, the one with the number `refund`.
pub fn write_document(caller: &Caller, plan: &Plan, refund: Option<&RefundNo>, out: &mut Vec<u8>) {
    let header = caller.header();
    let key = &caller.partner.key;
    match (refund, plan.kind) {
        (Some(refund), kind) => {
            let body = RefundRequest::new(plan.order.clone(), refund.clone(), plan.amount);
            seal(Direction::Request, &header, &body, key, out);
            if kind == Kind::BadSignature {
                flip_last_digit(out);
            }
        }
        (None, _) => {
            let body =
                QueryRequest::by_partner_order_no(Some(caller.store.clone()), plan.order.clone());
            seal(Direction::Request, &header, &body, key, out);
        }
    }
}

/// Changes the last digit of a sealed envelope's signature.
fn flip_last_digit(document: &mut [u8]) {
    // The envelope ends in the digit, a quote and a brace.
    let at = document.len() - 3;
    document[at] = if document[at] == b'0' { b'1' } else { b'0' };
}

/// What is wrong with the answer to a refund of this kind, in one of few
/// constant wordings; `None` where it is one that the request allows.
pub fn refund_failure(kind: Kind, evidence: &Evidence) -> Option<&'static str> {
    match (kind, evidence.money) {
        (_, Money::NotSent) => Some("no connection"),
        (_, Money::Maybe) => Some(unknown_reason(
            evidence.http_status,
            evidence.signature,
            &evidence.findings,
            evidence.code,
        )),
        (Kind::TooMuch, Money::Yes) => Some("accepted more than was paid"),
        (Kind::BadSignature, Money::Yes) => Some("accepted a forged signature"),
        (Kind::TooMuch | Kind::BadSignature, _) | (_, Money::Yes) => None,
        // Others may have taken the room; whether they have is the judge's to say.
        (Kind::Partial | Kind::ExactRest | Kind::Duel, Money::NoAmount) => None,
        (Kind::Duel, Money::NoState) => None,
        (Kind::Retry, Money::Duplicate) => None,
        (Kind::Retry | Kind::Query, Money::NoAmount) => Some("a retry refused for its amount"),
        (_, Money::NoState) => Some("refused for the order's state"),
        (_, Money::Duplicate) => Some("refused as a duplicate, though its number is new"),
        (_, Money::NoOther) => Some("refused for a reason that the request does not give"),
    }
}

/// What is wrong with the answer to a query.
pub fn query_failure(evidence: &QueryEvidence) -> Option<&'static str> {
    match evidence.reading {
        OrderReading::Refunded | OrderReading::NotRefunded => None,
        _ => Some(unknown_reason(
            evidence.http_status,
            evidence.signature,
            &evidence.findings,
            evidence.code,
        )),
    }
}

fn unknown_reason(
    http_status: Option<u16>,
    signature: SignatureState,
    findings: &[Finding],
    code: Option<Code>,
) -> &'static str {
    let Some(status) = http_status else {
        return "no answer";
    };
    match (status, signature) {
        (500.., _) => "a server error",
        (429, _) => "turned away as too many",
        (_, SignatureState::Invalid) => "the answer's signature does not hold",
        (_, SignatureState::Missing) => "the answer is not signed",
        (_, SignatureState::Valid) if code.is_some_and(|code| code == Code::SYSTEM_ERROR) => {
            "code 9, try later"
        }
        (_, SignatureState::Valid) if findings.is_empty() => {
            "an answer that leaves the outcome open"
        }
        _ => "an answer that is not as documented",
    }
}
