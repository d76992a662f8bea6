//! The requests of a load, and which answers each of them allows.

use crate::audit::{Evidence, Finding, Money, OrderReading, QueryEvidence, SignatureState};
use crate::generate::mutate::forge;
use crate::protocol::envelope::seal;
use crate::protocol::{Code, Direction, QueryRequest, RefundRequest, RefundWriter};
use crate::target::{Caller, Ending};

use super::malformed::{self, Malformed};
use super::population::Plan;
use super::scenario::Kind;

/// Writes the envelope of what is planned at the end of `out`. Of a malformed
/// request it gives what is wrong with it.
pub fn write_document(
    caller: &Caller,
    writer: &mut RefundWriter,
    plan: &Plan,
    out: &mut Vec<u8>,
) -> Option<Malformed> {
    let key = &caller.partner.key;
    let order = plan.order.number();
    let Some(refund) = &plan.refund else {
        let body = QueryRequest::by_partner_order_no(Some(caller.store.clone()), order.clone());
        seal(Direction::Request, &caller.header(), &body, key, out);
        return None;
    };
    if plan.kind == Kind::Malformed {
        let body = RefundRequest::new(order.clone(), refund.clone(), plan.amount);
        let mut malformed = malformed::draw(plan.pick, &caller.value_text(&body), key);
        out.append(&mut malformed.document);
        return Some(malformed);
    }
    let message = caller.numbers.message();
    writer.write(
        caller.clock.now(),
        &message,
        (order, refund, plan.amount),
        out,
    );
    if plan.kind == Kind::BadSignature {
        forge(out);
    }
    None
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
        (
            Kind::Partial | Kind::Full | Kind::ExactRest | Kind::Duel | Kind::Ladder,
            Money::NoAmount,
        ) => None,
        (Kind::Duel | Kind::Ladder, Money::NoState) => None,
        (Kind::Retry | Kind::DuplicateStorm, Money::Duplicate) => None,
        (_, Money::NoAmount) => Some("a repeated number refused for its amount"),
        (_, Money::NoState) => Some("refused for the order's state"),
        (_, Money::Duplicate) => Some("refused as a duplicate, though its number is new"),
        (_, Money::NoOther) => Some("refused for a reason that the request does not give"),
    }
}

/// What is wrong with the answer to a malformed request: how a gateway turns
/// away what it can't read is open, so long as it says so or closes.
pub fn malformed_failure(
    malformed: &Malformed,
    evidence: &Evidence,
    lost: Option<&Ending>,
) -> Option<&'static str> {
    match (evidence.money, lost, evidence.http_status) {
        (Money::Yes, ..) => malformed.forbidden,
        (Money::NotSent, ..) => Some("no connection"),
        (_, Some(Ending::TimedOut(_)), _) => Some("no answer"),
        (_, Some(_), _) => None,
        // Not implemented, or not that version: a refusal below the protocol.
        (_, None, Some(501 | 505)) => None,
        (_, None, Some(500..)) => Some("a server error"),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(money: Money, http_status: Option<u16>) -> Evidence {
        Evidence {
            money,
            http_status,
            code: None,
            status: None,
            signature: SignatureState::Valid,
            findings: Vec::new(),
        }
    }

    #[test]
    fn a_malformed_request_fails_where_it_is_forbidden_to_accept_it() {
        let malformed = |forbidden| Malformed {
            label: String::new(),
            document: Vec::new(),
            forbidden,
        };
        let told = |forbidden, money, status, lost: Option<Ending>| {
            malformed_failure(
                &malformed(forbidden),
                &evidence(money, status),
                lost.as_ref(),
            )
        };
        assert_eq!(
            told(Some("accepted"), Money::Yes, Some(200), None),
            Some("accepted")
        );
        assert_eq!(told(None, Money::Yes, Some(200), None), None);
        assert_eq!(
            told(Some("accepted"), Money::NoOther, Some(400), None),
            None
        );
        // Turned away without a signature, or by closing.
        assert_eq!(told(Some("accepted"), Money::Maybe, Some(413), None), None);
        assert_eq!(
            told(Some("accepted"), Money::Maybe, None, Some(Ending::Reset)),
            None
        );
        assert_eq!(
            told(Some("accepted"), Money::Maybe, Some(502), None),
            Some("a server error")
        );
        let late = Some(Ending::TimedOut(crate::target::Phase::Answer));
        assert_eq!(
            told(Some("accepted"), Money::Maybe, None, late),
            Some("no answer")
        );
    }

    #[test]
    fn a_repeated_number_may_be_refused_as_such_and_not_for_its_amount() {
        for kind in [Kind::Retry, Kind::DuplicateStorm] {
            assert_eq!(
                refund_failure(kind, &evidence(Money::Duplicate, Some(200))),
                None
            );
            assert_eq!(refund_failure(kind, &evidence(Money::Yes, Some(200))), None);
            assert!(refund_failure(kind, &evidence(Money::NoAmount, Some(200))).is_some());
        }
        assert!(refund_failure(Kind::Partial, &evidence(Money::Duplicate, Some(200))).is_some());
    }
}
