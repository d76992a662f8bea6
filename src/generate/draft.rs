//! A request value that can be taken apart, changed and put together again,
//! member by member, without a JSON library that would mend it.
//!
//! ```
//! use recoup::generate::mutate::sealed;
//! use recoup::generate::{Draft, Part};
//! use recoup::protocol::SignKey;
//!
//! let value = r#"{"header":{"version":"1.0"},"body":{"refundNo":"r","orderAmount":100}}"#;
//! let draft = Draft::of(value)?;
//! assert_eq!(draft.token(Part::Body, "orderAmount"), Some("100"));
//!
//! // What would your gateway do with two amounts, the second a fraction?
//! let text = draft.with_last(Part::Body, "orderAmount", "0.5").text();
//! assert!(text.ends_with(r#""orderAmount":100,"orderAmount":0.5}}"#));
//! let document = sealed(text, &SignKey::new("123456").unwrap());
//! # assert!(document.starts_with(b"{\"request\":"));
//! # Ok::<(), recoup::protocol::object::ObjectError>(())
//! ```

use crate::protocol::object::{Object, ObjectError};

/// Which of the two objects of a value a member is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// `header`.
    Header,
    /// `body`.
    Body,
}

/// The members of a request value, as names and JSON tokens in order. The
/// tokens are written as they are, so they need not be JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    header: Vec<(String, String)>,
    body: Vec<(String, String)>,
}

impl Draft {
    /// Takes a value's text apart.
    ///
    /// # Errors
    /// [`ObjectError`] where it is no object with the objects `header` and
    /// `body`.
    pub fn of(value: &str) -> Result<Self, ObjectError> {
        let object = Object::parse(value)?;
        let members = |name| {
            let part = Object::parse(object.get(name).unwrap_or("null"))?;
            Ok(part
                .names()
                .map(|member| {
                    let token = part.get(member).expect("it is one of its names");
                    (member.to_owned(), token.to_owned())
                })
                .collect())
        };
        Ok(Self {
            header: members("header")?,
            body: members("body")?,
        })
    }

    /// The members of a part.
    pub fn members(&self, part: Part) -> &[(String, String)] {
        match part {
            Part::Header => &self.header,
            Part::Body => &self.body,
        }
    }

    /// The token of the first member `name`.
    pub fn token(&self, part: Part, name: &str) -> Option<&str> {
        self.members(part)
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, token)| token.as_str())
    }

    fn members_mut(&mut self, part: Part) -> &mut Vec<(String, String)> {
        match part {
            Part::Header => &mut self.header,
            Part::Body => &mut self.body,
        }
    }

    /// The same with the member `name` as this token: where it stood, or at
    /// the end where it did not stand.
    #[must_use]
    pub fn with(mut self, part: Part, name: &str, token: impl Into<String>) -> Self {
        let token = token.into();
        let members = self.members_mut(part);
        match members.iter_mut().find(|(member, _)| member == name) {
            Some((_, value)) => *value = token,
            None => members.push((name.to_owned(), token)),
        }
        self
    }

    /// The same with one more member at the end, even if the name is taken.
    #[must_use]
    pub fn with_last(mut self, part: Part, name: &str, token: impl Into<String>) -> Self {
        self.members_mut(part).push((name.to_owned(), token.into()));
        self
    }

    /// The same without the member `name`.
    #[must_use]
    pub fn without(mut self, part: Part, name: &str) -> Self {
        self.members_mut(part).retain(|(member, _)| member != name);
        self
    }

    /// The value's text, compact. Names are escaped, tokens are not.
    pub fn text(&self) -> String {
        format!(
            "{{\"header\":{},\"body\":{}}}",
            object_text(&self.header),
            object_text(&self.body)
        )
    }

    /// The text of one part alone.
    pub fn part_text(&self, part: Part) -> String {
        object_text(self.members(part))
    }
}

fn object_text(members: &[(String, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, token)| format!("{}:{token}", string_token(name)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// `text` as a JSON string token.
pub fn string_token(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = r#"{"header":{"version":"1.0"},"body":{"refundNo":"r","orderAmount":100}}"#;

    #[test]
    fn an_unchanged_draft_is_the_value() {
        assert_eq!(Draft::of(VALUE).unwrap().text(), VALUE);
    }

    #[test]
    fn a_member_is_replaced_where_it_stands_and_can_stand_twice() {
        let draft = Draft::of(VALUE).unwrap();
        assert_eq!(
            draft
                .clone()
                .with(Part::Body, "refundNo", "null")
                .part_text(Part::Body),
            r#"{"refundNo":null,"orderAmount":100}"#
        );
        assert_eq!(
            draft
                .with_last(Part::Body, "orderAmount", "1e2")
                .part_text(Part::Body),
            r#"{"refundNo":"r","orderAmount":100,"orderAmount":1e2}"#
        );
    }
}
