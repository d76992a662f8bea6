//! Requests as a faulty reader handles them: every member kept, whatever the
//! protocol thinks of it, so that one can be changed and the rest stays.

use std::borrow::Cow;

use crate::gateway::partner::{Partner, Partners};
use crate::protocol::object::members;
use crate::protocol::{Direction, SignKey, envelope, signature};

/// The token of the last member of this name.
pub(super) fn last<'d>(members: &[(Cow<'_, str>, &'d str)], name: &str) -> Option<&'d str> {
    let named = |member: &&(Cow<'_, str>, &'d str)| member.0 == name;
    members.iter().rev().find(named).map(|(_, token)| *token)
}

/// The text that a token stands for; `None` where it is no string.
pub(super) fn text_of(token: &str) -> Option<String> {
    serde_json::from_str(token).ok()
}

/// The token of a text.
pub(super) fn token_of(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A document signed anew around `raw`.
pub(super) fn sealed(raw: &str, key: &SignKey) -> Vec<u8> {
    let mut document = Vec::with_capacity(raw.len() + 128);
    envelope::seal_raw(Direction::Request, raw.as_bytes(), key, &mut document);
    document
}

/// A request's text and the signature that is claimed for it.
#[derive(Debug, Clone)]
pub(super) struct Claim<'d> {
    /// The text.
    pub(super) raw: &'d str,
    /// The signature; empty where there is none, or null.
    pub(super) signature: String,
}

impl<'d> Claim<'d> {
    /// Takes a document apart; `None` where it is not JSON, has not exactly one
    /// request, or a signature that is no text.
    pub(super) fn of(document: &'d [u8]) -> Option<Self> {
        let claim = Self::of_last(document)?;
        let members = members(std::str::from_utf8(document).ok()?)?;
        let requests = members.iter().filter(|(name, _)| name == "request");
        (requests.count() == 1).then_some(claim)
    }

    /// The same, where the last of several requests counts.
    pub(super) fn of_last(document: &'d [u8]) -> Option<Self> {
        let members = members(std::str::from_utf8(document).ok()?)?;
        let signature = match last(&members, "signature") {
            None | Some("null") => String::new(),
            Some(token) => text_of(token)?,
        };
        Some(Self {
            raw: last(&members, "request")?,
            signature,
        })
    }

    /// The partner that the header names.
    pub(super) fn partner<'p>(&self, partners: &'p Partners) -> Option<&'p Partner> {
        let request = members(self.raw)?;
        let header = members(last(&request, "header")?)?;
        partners.get(&text_of(last(&header, "partnerNo")?)?)
    }

    /// Whether the signature is the one of the text under `key`.
    pub(super) fn holds(&self, key: &SignKey) -> bool {
        signature::verify(self.raw.as_bytes(), &self.signature, key).is_ok()
    }
}

/// The members of a request value, as names and tokens.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// Those of the header.
    pub(super) header: Vec<(String, String)>,
    /// Those of the body.
    pub(super) body: Vec<(String, String)>,
}

impl Message {
    /// Takes a request's text apart.
    pub(super) fn of(raw: &str) -> Option<Self> {
        let request = members(raw)?;
        let part = |name| Self::part(last(&request, name)?);
        Some(Self {
            header: part("header")?,
            body: part("body")?,
        })
    }

    /// Takes one part apart.
    pub(super) fn part(raw: &str) -> Option<Vec<(String, String)>> {
        let owned = |(name, token): (Cow<'_, str>, &str)| (name.into_owned(), token.to_owned());
        Some(members(raw)?.into_iter().map(owned).collect())
    }

    /// The token of a body's member.
    pub(super) fn token(&self, name: &str) -> Option<&str> {
        let mut named = self.body.iter().filter(|(member, _)| member == name);
        named.next_back().map(|(_, token)| token.as_str())
    }

    /// The text of a body's member.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        text_of(self.token(name)?)
    }

    /// Writes it as a document signed with `key`.
    pub(super) fn sealed(&self, key: &SignKey) -> Vec<u8> {
        let (header, body) = (written(&self.header), written(&self.body));
        sealed(&format!("{{\"header\":{header},\"body\":{body}}}"), key)
    }
}

/// Gives the member `name` this token, in place of every one that it has.
pub(super) fn set(part: &mut Vec<(String, String)>, name: &str, token: impl Into<String>) {
    let place = part.iter().position(|(member, _)| member == name);
    part.retain(|(member, _)| member != name);
    let place = place.unwrap_or(part.len()).min(part.len());
    part.insert(place, (name.to_owned(), token.into()));
}

fn written(part: &[(String, String)]) -> String {
    let members: Vec<String> = part
        .iter()
        .map(|(name, token)| format!("{}:{token}", token_of(name)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// A message whose signature holds for the text as it was sent.
pub(super) struct Believed<'p> {
    /// What it says.
    pub(super) message: Message,
    /// Who sent it.
    pub(super) partner: &'p Partner,
}

impl<'p> Believed<'p> {
    /// Believes a document; `None` where it is not to be believed.
    pub(super) fn of(document: &[u8], partners: &'p Partners) -> Option<Self> {
        let claim = Claim::of(document)?;
        let partner = claim.partner(partners)?;
        claim.holds(&partner.key).then_some(())?;
        Some(Self {
            message: Message::of(claim.raw)?,
            partner,
        })
    }

    /// Writes it as its partner's document.
    pub(super) fn sealed(&self) -> Vec<u8> {
        self.message.sealed(&self.partner.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_member_stays_in_its_place_and_a_new_one_comes_last() {
        let raw = r#"{"header":{"a": 1,"\u0062":"x"},"body":{"c":2,"c":3}}"#;
        let mut message = Message::of(raw).unwrap();
        set(&mut message.header, "a", "true");
        set(&mut message.header, "z", "[]");
        assert_eq!(message.token("c"), Some("3"));
        assert_eq!(written(&message.header), r#"{"a":true,"b":"x","z":[]}"#);
        assert_eq!(written(&message.body), r#"{"c":2,"c":3}"#);
    }
}
