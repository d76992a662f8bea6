//! A response as a caller reads it: every documented member, whether it is
//! there, and whether it has the type that its clause gives it.
//!
//! A caller must not stop at the first oddity of an answer, because money may
//! have moved all the same. So nothing here fails on a member: a member that
//! is wrong is [`Reading::Wrong`], and what that means is for others to say.

use std::borrow::Cow;

use super::amount::Amount;
use super::code::Code;
use super::object::Object;

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

    fn from_result<E>(absent: bool, result: Result<T, E>) -> Self {
        match result {
            _ if absent => Self::Absent,
            Ok(value) => Self::Value(value),
            Err(_) => Self::Wrong,
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
        let number = |name| Reading::from_result(body.get(name).is_none(), body.amount(name));
        let message_id = match read_text(&header, "reqMsgId") {
            Reading::Absent => read_text(&header, "respMsgId"),
            there => there,
        };
        Ok(Self {
            partner_no: read_text(&header, "partnerNo"),
            time: read_text(&header, "respTime"),
            sign_type: read_text(&header, "signType"),
            version: read_text(&header, "version"),
            message_id,
            code: match number("code") {
                Reading::Value(code) => Reading::Value(Code(code.minor_units())),
                Reading::Absent => Reading::Absent,
                Reading::Wrong => Reading::Wrong,
            },
            msg: read_text(&body, "msg"),
            order_amount: number("orderAmount"),
            status: match number("status") {
                Reading::Value(status) => Reading::Value(status.minor_units()),
                Reading::Absent => Reading::Absent,
                Reading::Wrong => Reading::Wrong,
            },
            currency: read_text(&body, "currency"),
            order_no: read_text(&body, "orderNo"),
            partner_order_no: read_text(&body, "partnerOrderNo"),
        })
    }
}

fn read_text<'a>(object: &Object<'a>, name: &'static str) -> Reading<Cow<'a, str>> {
    match object.text(name) {
        Ok(None) => Reading::Absent,
        Ok(Some(text)) => Reading::Value(text),
        Err(_) => Reading::Wrong,
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
