//! The answer to a refund, and what it proves about money.
//!
//! The whole table stands in [`classify`], and each row of it in a test.

use super::finding::Finding;
use super::reply::{Opened, Reply, SignatureState};
use crate::protocol::profile::StatusOne;
use crate::protocol::{Answer, Code, Effect, Profile, Reading, RefundStatus, SignKey};

/// What an answer proves about the money of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Money {
    /// The refund took effect, at some point between sending and answer.
    Yes,
    /// It did not, because it is more than was left at that point (35).
    NoAmount,
    /// It did not, because of the order's state (32, 33): of a paid order,
    /// that nothing was left.
    NoState,
    /// It did not, for a reason that lies in the request itself.
    NoOther,
    /// It did not, because its number is taken (31).
    Duplicate,
    /// It may have, and may still.
    Maybe,
    /// It can't have: the gateway never saw it.
    NotSent,
}

/// What one answer to a refund shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Evidence {
    /// What it proves about money.
    pub money: Money,
    /// The HTTP status; `None` where no complete answer came.
    pub http_status: Option<u16>,
    /// The code that it claims, signed or not.
    pub code: Option<Code>,
    /// The refund's status that it claims, signed or not. Where this is 1 the
    /// profile's reading of it counted.
    pub status: Option<i64>,
    /// What became of its signature.
    pub signature: SignatureState,
    /// What else is wrong with it; empty, and not allocated, where all is well.
    pub findings: Vec<Finding>,
}

impl Evidence {
    const fn without_answer(money: Money) -> Self {
        Self {
            money,
            http_status: None,
            code: None,
            status: None,
            signature: SignatureState::Missing,
            findings: Vec::new(),
        }
    }
}

/// What the reply to a refund proves.
///
/// `key` is the partner's, and `profile` says how code 1 with status 1 is
/// read. Only a validly signed answer proves anything about money; only 2xx
/// can carry a success, and 2xx or 4xx a refusal.
pub fn classify(reply: &Reply<'_>, key: &SignKey, profile: &Profile) -> Evidence {
    let (http_status, body) = match *reply {
        // Nothing reached the kernel, so nothing reached the gateway.
        Reply::NotSent => return Evidence::without_answer(Money::NotSent),
        // A broken gateway may act on part of a request, and a whole one may
        // have been carried out with its answer lost.
        Reply::NoAnswer => return Evidence::without_answer(Money::Maybe),
        Reply::Answered { http_status, body } => (http_status, body),
    };
    let opened = Opened::read(http_status, body, key);
    let mut said = Vec::new();
    let money = match opened.proof(http_status) {
        Some(answer) => read(answer, http_status, profile, &mut said),
        // Unsigned, ill signed, unreadable, or under a status that
        // contradicts whatever it says: a claim, and no proof.
        None => Money::Maybe,
    };
    let claimed = opened.answer.as_ref();
    let mut findings = opened.findings;
    findings.append(&mut said);
    Evidence {
        money,
        http_status: Some(http_status),
        code: claimed.and_then(|answer| answer.code.value().copied()),
        status: claimed.and_then(|answer| answer.status.value().copied()),
        signature: opened.signature,
        findings,
    }
}

/// What a signed answer under a plausible status proves.
fn read(
    answer: &Answer<'_>,
    http_status: u16,
    profile: &Profile,
    findings: &mut Vec<Finding>,
) -> Money {
    check_present("msg", &answer.msg, findings);
    let Some(&code) = check_present("code", &answer.code, findings) else {
        return Money::Maybe;
    };
    if code == Code::SUCCESS {
        return read_success(answer, http_status, profile, findings);
    }
    match (code.effect(), code) {
        // 429 says that nobody looked at the amount or the number.
        (Effect::None, _) if http_status == 429 => Money::NoOther,
        (Effect::None, Code::REFUND_EXCEEDS) => Money::NoAmount,
        (Effect::None, Code::ORDER_CLOSED | Code::ILLEGAL_STATUS) => Money::NoState,
        (Effect::None, Code::DUPLICATE) => Money::Duplicate,
        (Effect::None, _) => Money::NoOther,
        (Effect::Happened | Effect::Unknown, _) => {
            if code.meaning().is_none() {
                findings.push(Finding::UndocumentedCode(code));
            }
            Money::Maybe
        }
    }
}

/// What code 1 proves: that depends on the status beside it.
fn read_success(
    answer: &Answer<'_>,
    http_status: u16,
    profile: &Profile,
    findings: &mut Vec<Finding>,
) -> Money {
    // Echoes that are absent or ill-typed are a breach of form; the money has
    // moved all the same.
    check_present("orderAmount", &answer.order_amount, findings);
    check_present("currency", &answer.currency, findings);
    let Some(&status) = check_present("status", &answer.status, findings) else {
        return Money::Maybe;
    };
    if !matches!(http_status, 200..=299) {
        findings.push(Finding::UnexpectedHttpStatus(http_status));
        return Money::Maybe;
    }
    match RefundStatus::from_number(status) {
        Some(RefundStatus::Dealing) => Money::Yes,
        Some(RefundStatus::Cancelled) if profile.status_one == StatusOne::Accepted => Money::Yes,
        // Called off, by this profile's reading: before or after the money
        // was held, nobody can say.
        Some(RefundStatus::Cancelled) => Money::Maybe,
        Some(RefundStatus::Failed) => {
            findings.push(Finding::ContradictoryStatus(status));
            Money::Maybe
        }
        None => {
            findings.push(Finding::UnknownStatus(status));
            Money::Maybe
        }
    }
}

/// The member's value; where it is absent or wrong, that is noted.
pub(super) fn check_present<'r, T>(
    name: &'static str,
    reading: &'r Reading<T>,
    findings: &mut Vec<Finding>,
) -> Option<&'r T> {
    match reading {
        Reading::Value(value) => Some(value),
        Reading::Absent => {
            findings.push(Finding::Missing(name));
            None
        }
        Reading::Wrong => {
            findings.push(Finding::WrongType(name));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::envelope::{Direction, seal_raw};

    const ACCEPTED: &str =
        r#"{"code":1,"msg":"success","orderAmount":100,"status":0,"currency":"JPY"}"#;

    fn key() -> SignKey {
        SignKey::new("123456").unwrap()
    }

    fn signed_by(key: &str, body: &str) -> Vec<u8> {
        let raw = format!(r#"{{"header":{{"partnerNo":"10001"}},"body":{body}}}"#);
        let mut document = Vec::new();
        seal_raw(
            Direction::Response,
            raw.as_bytes(),
            &SignKey::new(key).unwrap(),
            &mut document,
        );
        document
    }

    fn evidence(http_status: u16, body: &[u8]) -> Evidence {
        classify(
            &Reply::Answered { http_status, body },
            &key(),
            &Profile::built_in(),
        )
    }

    fn success(status: &str) -> String {
        format!(
            r#"{{"code":1,"msg":"success","orderAmount":100,"status":{status},"currency":"JPY"}}"#
        )
    }

    fn refusal(code: i64) -> String {
        format!(r#"{{"code":{code},"msg":"no"}}"#)
    }

    /// One signed answer, what it proves and what else it shows.
    #[track_caller]
    fn row(http_status: u16, body: &str, money: Money, findings: &[Finding]) {
        let seen = evidence(http_status, &signed_by("123456", body));
        assert_eq!(seen.signature, SignatureState::Valid, "{body}");
        assert_eq!(seen.money, money, "{http_status} {body}");
        assert_eq!(seen.findings, findings, "{http_status} {body}");
    }

    #[test]
    fn a_signed_success_proves_the_effect() {
        row(200, ACCEPTED, Money::Yes, &[]);
        row(201, ACCEPTED, Money::Yes, &[]);
        row(200, &success("1"), Money::Yes, &[]);
    }

    #[test]
    fn a_profile_may_read_status_1_as_called_off() {
        let profile = Profile {
            status_one: StatusOne::Cancelled,
            ..Profile::built_in()
        };
        let body = signed_by("123456", &success("1"));
        let reply = Reply::Answered {
            http_status: 200,
            body: &body,
        };
        assert_eq!(classify(&reply, &key(), &profile).money, Money::Maybe);
    }

    #[test]
    fn a_success_with_a_status_that_says_otherwise_proves_nothing() {
        row(
            200,
            &success("2"),
            Money::Maybe,
            &[Finding::ContradictoryStatus(2)],
        );
        row(
            200,
            &success("7"),
            Money::Maybe,
            &[Finding::UnknownStatus(7)],
        );
        row(
            200,
            &success("\"0\""),
            Money::Maybe,
            &[Finding::WrongType("status")],
        );
        row(
            200,
            r#"{"code":1,"msg":"success","orderAmount":100,"currency":"JPY"}"#,
            Money::Maybe,
            &[Finding::Missing("status")],
        );
    }

    #[test]
    fn a_code_that_is_no_number_proves_nothing() {
        row(
            200,
            r#"{"code":"1","msg":"success","status":0}"#,
            Money::Maybe,
            &[Finding::WrongType("code")],
        );
        row(
            200,
            r#"{"msg":"success"}"#,
            Money::Maybe,
            &[Finding::Missing("code")],
        );
    }

    #[test]
    fn an_echo_of_a_wrong_type_does_not_undo_the_effect() {
        row(
            200,
            r#"{"code":1,"msg":"success","orderAmount":"100","status":0}"#,
            Money::Yes,
            &[
                Finding::WrongType("orderAmount"),
                Finding::Missing("currency"),
            ],
        );
    }

    #[test]
    fn each_documented_refusal_proves_its_own_kind_of_no() {
        row(200, &refusal(35), Money::NoAmount, &[]);
        row(400, &refusal(35), Money::NoAmount, &[]);
        row(200, &refusal(32), Money::NoState, &[]);
        row(200, &refusal(33), Money::NoState, &[]);
        row(200, &refusal(31), Money::Duplicate, &[]);
        for code in [2, 3, 4, 5, 6, 7, 8, 30, 34, 40, 41, 42, 43, 44] {
            row(200, &refusal(code), Money::NoOther, &[]);
            row(422, &refusal(code), Money::NoOther, &[]);
        }
    }

    #[test]
    fn codes_of_unknown_outcome_and_undocumented_ones_prove_nothing() {
        for code in [9, 20, 21, 22] {
            row(200, &refusal(code), Money::Maybe, &[]);
        }
        for code in [0, -1, 10, 99] {
            row(
                200,
                &refusal(code),
                Money::Maybe,
                &[Finding::UndocumentedCode(Code(code))],
            );
        }
    }

    #[test]
    fn a_busy_gateway_proves_no_effect_only_where_it_signs_a_refusal() {
        row(429, &refusal(2), Money::NoOther, &[Finding::Busy]);
        row(429, &refusal(35), Money::NoOther, &[Finding::Busy]);
        row(429, &refusal(9), Money::Maybe, &[Finding::Busy]);
        let unsigned = evidence(429, b"slow down");
        assert_eq!(unsigned.money, Money::Maybe);
        assert_eq!(unsigned.findings, [Finding::NotJson, Finding::Busy]);
    }

    #[test]
    fn a_success_under_an_http_error_proves_nothing() {
        row(500, ACCEPTED, Money::Maybe, &[Finding::ServerError(500)]);
        row(
            500,
            &refusal(35),
            Money::Maybe,
            &[Finding::ServerError(500)],
        );
        row(
            302,
            ACCEPTED,
            Money::Maybe,
            &[Finding::UnexpectedHttpStatus(302)],
        );
        row(
            400,
            ACCEPTED,
            Money::Maybe,
            &[Finding::UnexpectedHttpStatus(400)],
        );
    }

    #[test]
    fn an_answer_that_is_not_json_proves_nothing() {
        for (http_status, expected) in [
            (200, vec![Finding::NotJson]),
            (
                404,
                vec![Finding::NotJson, Finding::UnexpectedHttpStatus(404)],
            ),
            (502, vec![Finding::NotJson, Finding::ServerError(502)]),
        ] {
            let seen = evidence(http_status, b"<html>");
            assert_eq!((seen.money, seen.findings), (Money::Maybe, expected));
        }
        assert_eq!(evidence(200, b"{}").findings, [Finding::NotAnEnvelope]);
        assert_eq!(evidence(200, b"\xff").findings, [Finding::NotJson]);
    }

    #[test]
    fn a_wrong_signature_proves_nothing_whatever_it_says() {
        for body in [ACCEPTED, &refusal(35), &refusal(31)] {
            let seen = evidence(200, &signed_by("654321", body));
            assert_eq!(seen.money, Money::Maybe);
            assert_eq!(seen.signature, SignatureState::Invalid);
            assert_eq!(seen.findings, [Finding::BadSignature]);
            assert!(seen.code.is_some(), "the claim is still on record");
        }
    }

    #[test]
    fn a_missing_signature_proves_nothing() {
        let document = format!(r#"{{"response":{{"header":{{}},"body":{ACCEPTED}}}}}"#);
        let seen = evidence(200, document.as_bytes());
        assert_eq!(seen.money, Money::Maybe);
        assert_eq!(seen.signature, SignatureState::Missing);
        assert_eq!(seen.findings, [Finding::MissingSignature]);
    }

    #[test]
    fn a_signed_value_that_is_no_answer_proves_nothing() {
        let mut document = Vec::new();
        seal_raw(Direction::Response, b"{}", &key(), &mut document);
        let seen = evidence(200, &document);
        assert_eq!(seen.money, Money::Maybe);
        assert_eq!(seen.findings, [Finding::NotAnAnswer("header")]);
    }

    #[test]
    fn no_answer_may_have_had_effect_and_an_unsent_request_can_not() {
        let profile = Profile::built_in();
        let none = classify(&Reply::NoAnswer, &key(), &profile);
        assert_eq!((none.money, none.http_status), (Money::Maybe, None));
        let unsent = classify(&Reply::NotSent, &key(), &profile);
        assert_eq!(unsent.money, Money::NotSent);
    }

    #[test]
    fn a_good_answer_has_no_findings_to_allocate() {
        let seen = evidence(200, &signed_by("123456", ACCEPTED));
        assert_eq!(seen.findings.capacity(), 0);
    }
}
