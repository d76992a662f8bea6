//! A JSON document that can be written another way: members keep their order,
//! and values the spelling that they had.

use serde_json::value::RawValue;

use crate::protocol::Object;

/// How a document is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Without white space.
    Compact,
    /// A member a line, indented.
    Indented,
}

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Document {
    /// An object's members, in their order.
    Object(Vec<(String, Self)>),
    /// An array's values.
    Array(Vec<Self>),
    /// Any other value, as it is spelled.
    Token(String),
}

impl Document {
    /// Reads the text of one value.
    ///
    /// # Panics
    /// Where it is no JSON or has a member twice: what is read here was
    /// written by this gateway.
    pub(super) fn read(text: &str) -> Self {
        match text.as_bytes().first() {
            Some(b'{') => {
                let object = Object::parse(text).expect("an answer's objects name members once");
                let value = |name| object.get(name).expect("a member that was just listed");
                let members = object.names();
                Self::Object(
                    members
                        .map(|name| (name.to_owned(), Self::read(value(name))))
                        .collect(),
                )
            }
            Some(b'[') => {
                let values: Vec<&RawValue> =
                    serde_json::from_str(text).expect("an answer is valid JSON");
                Self::Array(
                    values
                        .into_iter()
                        .map(|value| Self::read(value.get()))
                        .collect(),
                )
            }
            _ => Self::Token(text.to_owned()),
        }
    }

    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Self::Token(serde_json::to_string(text).expect("every text can be spelled in JSON"))
    }

    /// The members, where it is an object.
    pub(super) const fn members_mut(&mut self) -> Option<&mut Vec<(String, Self)>> {
        match self {
            Self::Object(members) => Some(members),
            Self::Array(_) | Self::Token(_) => None,
        }
    }

    /// The member `name`, where there is one.
    pub(super) fn member_mut(&mut self, name: &str) -> Option<&mut Self> {
        let mut members = self.members_mut()?.iter_mut();
        members
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| value)
    }

    /// Writes the value to the end of `out`. Where it is indented, it stands
    /// within `depth` others.
    pub(super) fn write(&self, layout: Layout, depth: usize, out: &mut String) {
        match self {
            Self::Token(token) => out.push_str(token),
            Self::Object(members) => {
                let lines = members.iter();
                enclose(
                    ['{', '}'],
                    layout,
                    depth,
                    lines,
                    out,
                    |(name, value), out| {
                        Self::text(name).write(layout, depth, out);
                        out.push_str(if layout == Layout::Compact { ":" } else { ": " });
                        value.write(layout, depth + 1, out);
                    },
                );
            }
            Self::Array(values) => {
                let lines = values.iter();
                enclose(['[', ']'], layout, depth, lines, out, |value, out| {
                    value.write(layout, depth + 1, out);
                });
            }
        }
    }
}

/// Writes `items` between brackets, with commas and line ends where they
/// belong.
fn enclose<T>(
    [open, close]: [char; 2],
    layout: Layout,
    depth: usize,
    items: impl Iterator<Item = T>,
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    const INDENT: &str = "    ";
    let start_line = |depth: usize, out: &mut String| {
        if layout == Layout::Indented {
            out.push('\n');
            out.push_str(&INDENT.repeat(depth));
        }
    };
    out.push(open);
    let mut is_empty = true;
    for item in items {
        if !is_empty {
            out.push(',');
        }
        is_empty = false;
        start_line(depth + 1, out);
        write(item, out);
    }
    if !is_empty {
        start_line(depth, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_laid_out_anew_and_nothing_else_of_it_changes() {
        let text = r#"{"b":1.50,"a":[{},"\u0041 , :",[]],"c":{"d":null}}"#;
        let document = Document::read(text);
        let mut compact = String::new();
        document.write(Layout::Compact, 0, &mut compact);
        assert_eq!(compact, text);
        let mut indented = String::new();
        document.write(Layout::Indented, 0, &mut indented);
        assert_eq!(Document::read(&indented), document);
        assert!(indented.starts_with("{\n    \"b\": 1.50,\n    \"a\": [\n        {},"));
    }
}
