//! A response as a caller reads it: every documented member, whether it is
//! there, and whether it has the type that its clause gives it.
//!
//! A caller must not stop at the first oddity of an answer, because money may
//! have moved all the same. So nothing here fails on a member: a member that
//! is wrong is [`Reading::Wrong`], and what that means is for others to say.

use std::borrow::Cow;

use super::amount::Amount;
use super::code::Code;
use super::object::{FieldProblem, Object, amount_of, text_of};

/// A member of a response: there, absent, or not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading<T> {
    /// Not there.
    Absent,
    /// There and of the right type.
    Value(T),
    /// There and of another type, or broken.
    Wrong,
}

impl<T> Reading<T> {
    /// The value, where there is a right one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Wrong => None,
        }
    }

    /// Whether it is not there at all.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The same of what `change` makes of a value.
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Absent => Reading::Absent,
            Self::Value(value) => Reading::Value(change(value)),
            Self::Wrong => Reading::Wrong,
        }
    }
}

/// The members of a response that the protocol documents.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// Header `partnerNo`.
    pub partner_no: Reading<Cow<'a, str>>,
    /// Header `respTime`.
    pub time: Reading<Cow<'a, str>>,
    /// Header `signType`.
    pub sign_type: Reading<Cow<'a, str>>,
    /// Header `version`.
    pub version: Reading<Cow<'a, str>>,
    /// Header `reqMsgId`, or `respMsgId` as the table calls it.
    pub message_id: Reading<Cow<'a, str>>,
    /// Body `code`.
    pub code: Reading<Code>,
    /// Body `msg`.
    pub msg: Reading<Cow<'a, str>>,
    /// Body `orderAmount`.
    pub order_amount: Reading<Amount>,
    /// Body `status`: of the refund, or of the order.
    pub status: Reading<i64>,
    /// Body `currency`.
    pub currency: Reading<Cow<'a, str>>,
    /// Body `orderNo`.
    pub order_no: Reading<Cow<'a, str>>,
    /// Body `partnerOrderNo`.
    pub partner_order_no: Reading<Cow<'a, str>>,
}

/// A response value that has no readable header or body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the response has no object {0:?}")]
pub struct AnswerError(pub &'static str);

impl<'a> Answer<'a> {
    /// Reads `raw`, the text of a `response` value.
    ///
    /// # Errors
    /// [`AnswerError`] where header or body is not there or is no object.
    pub fn read(raw: &'a str) -> Result<Self, AnswerError> {
        let response = Object::parse(raw).map_err(|_| AnswerError("response"))?;
        let header = response
            .object("header")
            .map_err(|_| AnswerError("header"))?;
        let body = response.object("body").map_err(|_| AnswerError("body"))?;
        Ok(Self::of(
            &HEADER.map(|name| header.get(name)),
            &BODY.map(|name| body.get(name)),
        ))
    }

    /// The answer whose members [`HEADER`] and [`BODY`] have these texts.
    pub(super) fn of(header: &HeaderTexts<'a>, body: &BodyTexts<'a>) -> Self {
        let [
            partner_no,
            time,
            sign_type,
            version,
            request_id,
            response_id,
        ] = *header;
        let [
            code,
            msg,
            order_amount,
            status,
            currency,
            order_no,
            partner_order_no,
        ] = *body;
        let number = |raw| read(raw, amount_of);
        Self {
            partner_no: read(partner_no, text_of),
            time: read(time, text_of),
            sign_type: read(sign_type, text_of),
            version: read(version, text_of),
            message_id: read(request_id.or(response_id), text_of),
            code: number(code).map(|code| Code(code.minor_units())),
            msg: read(msg, text_of),
            order_amount: number(order_amount),
            status: number(status).map(Amount::minor_units),
            currency: read(currency, text_of),
            order_no: read(order_no, text_of),
            partner_order_no: read(partner_order_no, text_of),
        }
    }
}

/// The members of a header that an answer has a use for.
pub(super) const HEADER: [&str; 6] = [
    "partnerNo",
    "respTime",
    "signType",
    "version",
    "reqMsgId",
    // A header has the one or the other (clause `header.message-id`).
    "respMsgId",
];
/// The texts of their values, where they are there.
pub(super) type HeaderTexts<'a> = [Option<&'a str>; HEADER.len()];

/// The members of a body that an answer has a use for.
pub(super) const BODY: [&str; 7] = [
    "code",
    "msg",
    "orderAmount",
    "status",
    "currency",
    "orderNo",
    "partnerOrderNo",
];
/// The texts of their values, where they are there.
pub(super) type BodyTexts<'a> = [Option<&'a str>; BODY.len()];

fn read<'a, T>(
    raw: Option<&'a str>,
    value_of: impl Fn(&'a str) -> Result<T, FieldProblem>,
) -> Reading<T> {
    match raw.map(value_of) {
        None => Reading::Absent,
        Some(Ok(value)) => Reading::Value(value),
        Some(Err(_)) => Reading::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_member_is_wrong_and_the_others_are_still_read() {
        let raw = r#"{"header":{"partnerNo":"10001","respMsgId":"m"},"body":{"code":1,"status":"0","orderAmount":1.0}}"#;
        let answer = Answer::read(raw).unwrap();
        assert_eq!(answer.code, Reading::Value(Code::SUCCESS));
        assert_eq!(answer.status, Reading::Wrong);
        assert_eq!(answer.order_amount, Reading::Wrong);
        assert_eq!(answer.currency, Reading::Absent);
        assert_eq!(answer.message_id, Reading::Value("m".into()));
    }

    #[test]
    fn an_answer_without_header_or_body_is_none() {
        assert_eq!(Answer::read("{}").unwrap_err(), AnswerError("header"));
        assert_eq!(
            Answer::read(r#"{"header":{}}"#).unwrap_err(),
            AnswerError("body")
        );
    }
}
