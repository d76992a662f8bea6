//! A JSON object read member by member, without losing what the wire said.
//!
//! A map would keep the last of two members with one name, and a float for a
//! large number. Money can be stolen through either, so both stay visible
//! here: duplicates are an error and a value is the text of its token.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::amount::{Amount, AmountError};
use super::identifier::{Identifier, IdentifierError, check_text};
use super::plain;

/// The members of one JSON object, in the order of the wire, names decoded.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    members: Members<'a>,
}

/// Names, decoded, and the texts of their values. No message of the protocol
/// has more members in one object than find room without an allocation.
type Members<'a> = SmallVec<[(Cow<'a, str>, &'a str); 8]>;

/// Why a text is no object that can be read member by member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Some other JSON value.
    #[error("is not a JSON object")]
    NotAnObject,
    /// Two members of one name, after escapes are decoded; the name is the
    /// payload.
    #[error("has the member {0:?} twice")]
    Duplicate(String),
    /// Not JSON; the payload is the parser's reason.
    #[error("is not valid JSON: {0}")]
    NotJson(String),
}

/// Why a member can't be used, and which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct FieldError {
    /// The member's name.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: FieldProblem,
}

/// What is wrong with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// Not there.
    #[error("is missing")]
    Missing,
    /// There and `null`.
    #[error("is null")]
    Null,
    /// A JSON value of another type.
    #[error("is not {0}")]
    WrongType(&'static str),
    /// A text that breaks a limit.
    #[error(transparent)]
    Text(#[from] IdentifierError),
    /// A number that is no amount.
    #[error(transparent)]
    Number(#[from] AmountError),
    /// A value that the clause does not list.
    #[error("is not {0}")]
    NotAllowed(&'static str),
}

impl FieldProblem {
    /// Whether nothing was given at all, for which the code list has a code of
    /// its own (4).
    pub const fn is_empty(self) -> bool {
        matches!(
            self,
            Self::Missing | Self::Null | Self::Text(IdentifierError::Empty)
        )
    }
}

impl<'a> Object<'a> {
    /// Reads `raw`, the text of one JSON value.
    ///
    /// # Errors
    /// [`ObjectError`] where it is not an object, or not one that every reader
    /// would understand alike.
    pub fn parse(raw: &'a str) -> Result<Self, ObjectError> {
        let members = match plain::members(raw) {
            Some(members) => members
                .into_iter()
                .map(|(name, value)| (Cow::Borrowed(name), value))
                .collect(),
            None => parse(raw).map_err(|error| match error {
                error if error.is_data() => ObjectError::NotAnObject,
                error => ObjectError::NotJson(error.to_string()),
            })?,
        };
        match first_duplicate(&members) {
            None => Ok(Self { members }),
            Some(name) => Err(ObjectError::Duplicate(name)),
        }
    }

    /// The text of the member `name`, as it stands on the wire.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.members
            .iter()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| *value)
    }

    /// The names of the members, in the order of the wire.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_ref())
    }

    /// The member `name` as an object.
    ///
    /// # Errors
    /// [`FieldError`] where it is absent, no object, or has duplicate members.
    pub fn object(&self, name: &'static str) -> Result<Self, FieldError> {
        let raw = self.get(name).ok_or_else(|| missing(name))?;
        Object::parse(raw).map_err(|error| FieldError {
            field: name,
            problem: match (raw, error) {
                ("null", _) => FieldProblem::Null,
                (_, ObjectError::Duplicate(_)) => {
                    FieldProblem::NotAllowed("an object whose members have different names")
                }
                _ => FieldProblem::WrongType("an object"),
            },
        })
    }

    /// The member `name` as a text; `None` where it is absent.
    ///
    /// # Errors
    /// [`FieldError`] where it is no string.
    pub fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, FieldError> {
        let Some(raw) = self.get(name) else {
            return Ok(None);
        };
        text_of(raw).map(Some).map_err(|problem| FieldError {
            field: name,
            problem,
        })
    }

    /// The member `name` as an identifier.
    ///
    /// # Errors
    /// [`FieldError`] where it is absent, no string, or breaks a limit.
    pub fn identifier<T: Identifier>(&self, name: &'static str) -> Result<T, FieldError> {
        let text = self.text(name)?.ok_or_else(|| missing(name))?;
        T::parse(&text).map_err(|error| FieldError {
            field: name,
            problem: error.into(),
        })
    }

    /// The optional member `name` as a free text of at most `longest`
    /// characters; absent, `null` and empty are all `None`.
    ///
    /// # Errors
    /// [`FieldError`] where it is something else, or breaks a limit.
    pub fn optional_text(
        &self,
        name: &'static str,
        longest: usize,
    ) -> Result<Option<String>, FieldError> {
        if self.get(name) == Some("null") {
            return Ok(None);
        }
        let Some(text) = self.text(name)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        check_text(&text, longest).map_err(|error| FieldError {
            field: name,
            problem: error.into(),
        })?;
        Ok(Some(text.into_owned()))
    }

    /// The member `name` as an amount.
    ///
    /// # Errors
    /// [`FieldError`] where it is absent, no number, or no whole number that fits.
    pub fn amount(&self, name: &'static str) -> Result<Amount, FieldError> {
        let raw = self.get(name).ok_or_else(|| missing(name))?;
        amount_of(raw).map_err(|problem| FieldError {
            field: name,
            problem,
        })
    }
}

/// The text that a JSON value is.
pub(super) fn text_of(raw: &str) -> Result<Cow<'_, str>, FieldProblem> {
    match raw.as_bytes().first() {
        Some(b'"') if !raw.contains('\\') => Ok(Cow::Borrowed(&raw[1..raw.len() - 1])),
        Some(b'"') => match serde_json::from_str::<Text<'_>>(raw) {
            Ok(Text(text)) => Ok(text),
            // Half of a surrogate pair: JSON's grammar takes it, and no
            // Unicode text has it.
            Err(_) => Err(FieldProblem::WrongType("a Unicode text")),
        },
        Some(b'n') => Err(FieldProblem::Null),
        _ => Err(FieldProblem::WrongType("a string")),
    }
}

/// The amount that a JSON value is.
pub(super) fn amount_of(raw: &str) -> Result<Amount, FieldProblem> {
    match raw.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Ok(Amount::from_token(raw)?),
        Some(b'n') => Err(FieldProblem::Null),
        _ => Err(FieldProblem::WrongType("a number")),
    }
}

const fn missing(field: &'static str) -> FieldError {
    FieldError {
        field,
        problem: FieldProblem::Missing,
    }
}

/// The members of a JSON object as they stand, names decoded, equal names kept:
/// for whoever has to look at what [`Object`] refuses. `None` where `raw` is no
/// object.
pub fn members(raw: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    parse(raw).ok().map(SmallVec::into_vec)
}

fn parse(raw: &str) -> serde_json::Result<Members<'_>> {
    serde_json::from_str(raw).map(|Parsed(members)| members)
}

/// A string that borrows where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct Parsed<'a>(Members<'a>);

impl<'de> Deserialize<'de> for Parsed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Parsed<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::new();
                while let Some((Text(name), value)) =
                    map.next_entry::<Text<'de>, &'de RawValue>()?
                {
                    members.push((name, value.get()));
                }
                Ok(Parsed(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The first name that stands twice. Small objects are scanned; a flood of
/// members is sorted, so that it can't cost quadratic time.
fn first_duplicate(members: &Members<'_>) -> Option<String> {
    const SCANNED: usize = 16;
    let twice = if members.len() <= SCANNED {
        members
            .iter()
            .enumerate()
            .find(|(index, (name, _))| members[..*index].iter().any(|(other, _)| other == name))
            .map(|(_, (name, _))| name.as_ref())
    } else {
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
        names.sort_unstable();
        names
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
    };
    twice.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_members_of_one_name_are_found_through_their_escapes() {
        assert_eq!(
            Object::parse(r#"{"request":1,"\u0072equest":2}"#).unwrap_err(),
            ObjectError::Duplicate("request".to_owned())
        );
    }

    #[test]
    fn a_number_keeps_the_spelling_of_the_wire() {
        let object = Object::parse(r#"{"a": 100.000000000000000001, "b":1e2}"#).unwrap();
        assert_eq!(object.get("a"), Some("100.000000000000000001"));
        assert_eq!(
            object.amount("b").unwrap_err().problem,
            FieldProblem::Number(AmountError::NotWhole)
        );
    }

    #[test]
    fn what_is_absent_null_or_of_another_type_is_told_apart() {
        let object = Object::parse(r#"{"n":null,"s":"x","i":1,"u":"\ud800"}"#).unwrap();
        assert_eq!(
            object.amount("gone").unwrap_err().problem,
            FieldProblem::Missing
        );
        assert_eq!(object.amount("n").unwrap_err().problem, FieldProblem::Null);
        assert_eq!(
            object.amount("s").unwrap_err().problem,
            FieldProblem::WrongType("a number")
        );
        assert_eq!(
            object.text("i").unwrap_err().problem,
            FieldProblem::WrongType("a string")
        );
        assert_eq!(
            object.text("u").unwrap_err().problem,
            FieldProblem::WrongType("a Unicode text")
        );
        assert_eq!(object.text("s").unwrap().as_deref(), Some("x"));
        assert_eq!(object.text("gone"), Ok(None));
    }

    #[test]
    fn what_is_no_object_says_so() {
        assert_eq!(Object::parse("[]").unwrap_err(), ObjectError::NotAnObject);
        assert!(matches!(Object::parse("{"), Err(ObjectError::NotJson(_))));
    }
}
