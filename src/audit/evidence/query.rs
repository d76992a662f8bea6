//! The answer to a query, and what it proves about the order.

use super::finding::Finding;
use super::refund::check_present;
use super::reply::{Opened, Reply, SignatureState};
use crate::protocol::{Answer, Code, OrderNo, OrderState, SignKey};

/// What an answer to a query proves about the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderReading {
    /// All that was paid has been refunded.
    Refunded,
    /// It is paid, and something is left.
    NotRefunded,
    /// Another state: to be paid, or failed.
    Other(OrderState),
    /// Nothing.
    Nothing,
}

/// What one answer to a query shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct QueryEvidence {
    /// What it proves.
    pub reading: OrderReading,
    /// The HTTP status; `None` where no complete answer came.
    pub http_status: Option<u16>,
    /// The code that it claims, signed or not.
    pub code: Option<Code>,
    /// The order's status that it claims, signed or not.
    pub status: Option<i64>,
    /// What became of its signature.
    pub signature: SignatureState,
    /// What else is wrong with it.
    pub findings: Vec<Finding>,
}

/// What the reply to a query of `order` proves.
///
/// Only a validly signed 2xx with code 1 that names this very order proves
/// anything: an answer meant for somebody else's query must not accuse.
pub fn classify_query(reply: &Reply<'_>, key: &SignKey, order: &OrderNo) -> QueryEvidence {
    let Reply::Answered { http_status, body } = *reply else {
        return QueryEvidence {
            reading: OrderReading::Nothing,
            http_status: None,
            code: None,
            status: None,
            signature: SignatureState::Missing,
            findings: Vec::new(),
        };
    };
    let opened = Opened::read(http_status, body, key);
    let mut said = Vec::new();
    let reading = match opened.proof(http_status) {
        Some(answer) => read(answer, http_status, order, &mut said),
        None => OrderReading::Nothing,
    };
    let claimed = opened.answer.as_ref();
    let mut findings = opened.findings;
    findings.append(&mut said);
    QueryEvidence {
        reading,
        http_status: Some(http_status),
        code: claimed.and_then(|answer| answer.code.value().copied()),
        status: claimed.and_then(|answer| answer.status.value().copied()),
        signature: opened.signature,
        findings,
    }
}

fn read(
    answer: &Answer<'_>,
    http_status: u16,
    order: &OrderNo,
    findings: &mut Vec<Finding>,
) -> OrderReading {
    let Some(&code) = check_present("code", &answer.code, findings) else {
        return OrderReading::Nothing;
    };
    if code != Code::SUCCESS {
        if code.meaning().is_none() {
            findings.push(Finding::UndocumentedCode(code));
        }
        return OrderReading::Nothing;
    }
    if !matches!(http_status, 200..=299) {
        findings.push(Finding::UnexpectedHttpStatus(http_status));
        return OrderReading::Nothing;
    }
    let named = check_present("partnerOrderNo", &answer.partner_order_no, findings);
    let status = check_present("status", &answer.status, findings);
    let (Some(named), Some(&status)) = (named, status) else {
        return OrderReading::Nothing;
    };
    if named != order.as_str() {
        findings.push(Finding::OtherOrder);
        return OrderReading::Nothing;
    }
    match OrderState::from_number(status) {
        Some(OrderState::Refunded) => OrderReading::Refunded,
        Some(OrderState::Paid) => OrderReading::NotRefunded,
        Some(other) => OrderReading::Other(other),
        None => {
            findings.push(Finding::UnknownStatus(status));
            OrderReading::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::envelope::{Direction, seal_raw};

    fn read_signed(http_status: u16, body: &str) -> QueryEvidence {
        let key = SignKey::new("123456").unwrap();
        let raw = format!(r#"{{"header":{{}},"body":{body}}}"#);
        let mut document = Vec::new();
        seal_raw(Direction::Response, raw.as_bytes(), &key, &mut document);
        let reply = Reply::Answered {
            http_status,
            body: &document,
        };
        classify_query(&reply, &key, &OrderNo::new("o1").unwrap())
    }

    #[test]
    fn the_status_of_the_very_order_is_what_is_proved() {
        for (status, expected) in [
            (3, OrderReading::Refunded),
            (1, OrderReading::NotRefunded),
            (0, OrderReading::Other(OrderState::ToBePaid)),
            (2, OrderReading::Other(OrderState::Failed)),
            (9, OrderReading::Nothing),
        ] {
            let body = format!(r#"{{"code":1,"partnerOrderNo":"o1","status":{status}}}"#);
            assert_eq!(read_signed(200, &body).reading, expected, "{status}");
        }
    }

    #[test]
    fn an_answer_about_another_order_or_none_proves_nothing() {
        let other = read_signed(200, r#"{"code":1,"partnerOrderNo":"o2","status":3}"#);
        assert_eq!(other.reading, OrderReading::Nothing);
        assert_eq!(other.findings, [Finding::OtherOrder]);
        let nameless = read_signed(200, r#"{"code":1,"status":3}"#);
        assert_eq!(nameless.reading, OrderReading::Nothing);
    }

    #[test]
    fn a_refusal_an_error_and_silence_prove_nothing() {
        assert_eq!(
            read_signed(200, r#"{"code":30,"msg":"no order"}"#).reading,
            OrderReading::Nothing
        );
        assert_eq!(
            read_signed(500, r#"{"code":1,"partnerOrderNo":"o1","status":3}"#).reading,
            OrderReading::Nothing
        );
        let silence = classify_query(
            &Reply::NoAnswer,
            &SignKey::new("k").unwrap(),
            &OrderNo::new("o1").unwrap(),
        );
        assert_eq!(silence.reading, OrderReading::Nothing);
    }
}
