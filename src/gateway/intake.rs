//! From a document to a message that is believed.
//!
//! The order of the checks is part of the contract: what can be seen without
//! the key comes first, then the signature, and nothing that needs a valid
//! signature is told to somebody who has none.

use super::nesting;
use super::partner::{Partner, Partners};
use super::refusal::Refusal;
use crate::protocol::object::{FieldProblem, ObjectError};
use crate::protocol::{Code, Direction, Envelope, FieldError, Object, PartnerNo, RequestHeader};

/// A message whose signature holds.
pub(super) struct Message<'p, 'd> {
    /// Who sent it.
    pub(super) partner: &'p Partner,
    /// What it asks for.
    pub(super) body: Object<'d>,
}

/// A document that is no such message.
pub(super) struct Refused<'p> {
    /// Who sent it, as far as it says so.
    pub(super) partner: Option<&'p Partner>,
    /// What to answer.
    pub(super) refusal: Refusal,
}

impl<R: Into<Refusal>> From<R> for Refused<'_> {
    fn from(refusal: R) -> Self {
        Self {
            partner: None,
            refusal: refusal.into(),
        }
    }
}

/// Takes a document apart and believes it, or refuses it.
pub(super) fn take<'p, 'd>(
    document: &'d [u8],
    partners: &'p Partners,
) -> Result<Message<'p, 'd>, Refused<'p>> {
    if nesting::is_too_deep(document) {
        return Err(Refusal::new(Code::NOT_JSON, "the document nests too deep").into());
    }
    let envelope = Envelope::parse(document, Direction::Request)?;
    if envelope.signature.is_empty() {
        return Err(Refusal::new(Code::PARAMETER_EMPTY, "signature is empty").into());
    }
    let request = object("request", envelope.raw)?;
    let header = object("header", member(&request, "header")?)?;
    let body = member(&request, "body")?;
    if !body.starts_with('{') {
        return Err(Refusal::of_object("body", body, &ObjectError::NotAnObject).into());
    }
    let partner = known_partner(&header, partners)?;

    read_signed(&envelope, &header, body, partner).map_err(|refusal| Refused {
        partner: Some(partner),
        refusal,
    })
}

/// The second half: what is looked at only where the signature holds.
fn read_signed<'p, 'd>(
    envelope: &Envelope<'d>,
    header: &Object<'d>,
    body: &'d str,
    partner: &'p Partner,
) -> Result<Message<'p, 'd>, Refusal> {
    if envelope.verify(&partner.key).is_err() {
        return Err(Refusal::of(Code::SIGNATURE_INVALID));
    }
    RequestHeader::read(header)?;
    let body = object("body", body)?;
    Ok(Message { partner, body })
}

fn object<'d>(name: &'static str, raw: &'d str) -> Result<Object<'d>, Refusal> {
    Object::parse(raw).map_err(|error| Refusal::of_object(name, raw, &error))
}

fn member<'d>(object: &Object<'d>, name: &'static str) -> Result<&'d str, Refusal> {
    object
        .get(name)
        .ok_or_else(|| field(name, FieldProblem::Missing).into())
}

fn known_partner<'p>(header: &Object<'_>, partners: &'p Partners) -> Result<&'p Partner, Refusal> {
    const NAME: &str = "partnerNo";
    let no = header
        .text(NAME)?
        .ok_or_else(|| field(NAME, FieldProblem::Missing))?;
    if let Some(partner) = partners.get(&no) {
        return Ok(partner);
    }
    match PartnerNo::new(no) {
        Ok(_) => Err(Refusal::of(Code::ILLEGAL_REQUEST)),
        Err(error) => Err(field(NAME, error.into()).into()),
    }
}

const fn field(field: &'static str, problem: FieldProblem) -> FieldError {
    FieldError { field, problem }
}
