//! The headers of requests and responses (clauses `header.*`).

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::identifier::{MessageId, PartnerNo};
use super::object::{FieldError, FieldProblem, Object};
use super::time::Timestamp;

/// The only version there is.
pub const VERSION: &str = "1.0";
/// The only signature type there is, and the default.
pub const SIGN_TYPE: &str = "SHA256";

/// What a gateway calls the time of a request: an open point of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TimeField {
    /// As the samples of the refund page have it.
    #[default]
    #[serde(rename = "requestTime")]
    RequestTime,
    /// As the table of the introduction and the deployed clients have it.
    #[serde(rename = "reqTime")]
    ReqTime,
}

impl TimeField {
    /// The member's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestTime => "requestTime",
            Self::ReqTime => "reqTime",
        }
    }
}

/// The header of a request. Written in the order of the refund page's sample:
/// time, `partnerNo`, `signType`, `version`, `reqMsgId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHeader {
    /// Who asks.
    pub partner_no: PartnerNo,
    /// The caller's number of this message.
    pub message_id: MessageId,
    /// When it was made.
    pub time: Timestamp,
    /// What the time is called.
    pub time_field: TimeField,
}

impl RequestHeader {
    /// Reads a header and checks every member of it.
    ///
    /// # Errors
    /// [`FieldError`] names the first member that breaks its clause.
    pub fn read(header: &Object<'_>) -> Result<Self, FieldError> {
        let partner_no = header.identifier("partnerNo")?;
        read_constant(header, "version", VERSION, "\"1.0\"", true)?;
        read_constant(header, "signType", SIGN_TYPE, "\"SHA256\"", false)?;
        let message_id = header.identifier("reqMsgId")?;
        let time_field = if header.get("requestTime").is_none() && header.get("reqTime").is_some() {
            TimeField::ReqTime
        } else {
            TimeField::RequestTime
        };
        let time = read_time(header, time_field.name())?;
        Ok(Self {
            partner_no,
            message_id,
            time,
            time_field,
        })
    }
}

impl Serialize for RequestHeader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("RequestHeader", 5)?;
        members.serialize_field(self.time_field.name(), &self.time.to_string())?;
        members.serialize_field("partnerNo", &self.partner_no)?;
        members.serialize_field("signType", SIGN_TYPE)?;
        members.serialize_field("version", VERSION)?;
        members.serialize_field("reqMsgId", &self.message_id)?;
        members.end()
    }
}

/// The header of a response. Written in the order of the refund page's
/// samples: `partnerNo`, `respTime`, `signType`, `version`, `reqMsgId`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHeader {
    /// Whose key signed it; empty where the request named nobody.
    pub partner_no: String,
    /// The message's number.
    pub message_id: MessageId,
    /// When it was made.
    pub time: Timestamp,
}

impl Serialize for ResponseHeader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("ResponseHeader", 5)?;
        members.serialize_field("partnerNo", &self.partner_no)?;
        members.serialize_field("respTime", &self.time.to_string())?;
        members.serialize_field("signType", SIGN_TYPE)?;
        members.serialize_field("version", VERSION)?;
        members.serialize_field("reqMsgId", &self.message_id)?;
        members.end()
    }
}

fn read_time(header: &Object<'_>, name: &'static str) -> Result<Timestamp, FieldError> {
    let fail = |problem| FieldError {
        field: name,
        problem,
    };
    let text = header
        .text(name)?
        .ok_or_else(|| fail(FieldProblem::Missing))?;
    Timestamp::parse(&text).map_err(|_| {
        fail(FieldProblem::NotAllowed(
            "an RFC 3339 date-time with offset",
        ))
    })
}

fn read_constant(
    header: &Object<'_>,
    name: &'static str,
    expected: &str,
    said: &'static str,
    required: bool,
) -> Result<(), FieldError> {
    let problem = match header.text(name)? {
        None if !required => return Ok(()),
        None => FieldProblem::Missing,
        Some(text) if text == expected => return Ok(()),
        Some(_) => FieldProblem::NotAllowed(said),
    };
    Err(FieldError {
        field: name,
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"requestTime":"2018-07-25T18:06:05+08:00","partnerNo":"10001","signType":"SHA256","version":"1.0","reqMsgId":"fd03f269-3180-4575-8af0-8f6cf324fb0f"}"#;

    #[test]
    fn the_samples_header_is_read_and_written_back_as_it_was() {
        let header = RequestHeader::read(&Object::parse(HEADER).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&header).unwrap(), HEADER);
    }

    #[test]
    fn either_name_of_the_time_is_read() {
        let other = HEADER.replace("requestTime", "reqTime");
        let header = RequestHeader::read(&Object::parse(&other).unwrap()).unwrap();
        assert_eq!(header.time_field, TimeField::ReqTime);
    }

    #[test]
    fn a_wrong_version_or_sign_type_or_time_is_named() {
        for (field, changed) in [
            ("version", HEADER.replace("\"1.0\"", "\"2.0\"")),
            ("signType", HEADER.replace("SHA256", "none")),
            ("requestTime", HEADER.replace("2018-07-25", "2018-02-30")),
            ("reqMsgId", HEADER.replace("reqMsgId", "messageId")),
            ("partnerNo", HEADER.replace("\"10001\"", "10001")),
        ] {
            let object = Object::parse(&changed).unwrap();
            assert_eq!(RequestHeader::read(&object).unwrap_err().field, field);
        }
        let object = Object::parse(HEADER).unwrap();
        assert!(RequestHeader::read(&object).is_ok());
    }
}
