//! JSON members as a table, whatever they are: what a report counts grows, and
//! the page shows all of it.

use std::io::{self, Write};

use serde_json::Value;

use super::escape::text;
use crate::report::figures;

/// Writes the members of an object as rows; nothing of anything else.
pub(super) fn write(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    let Value::Object(members) = value else {
        return Ok(());
    };
    if members.is_empty() {
        return Ok(());
    }
    writeln!(out, "<table class=\"members\">\n<tbody>")?;
    for (name, member) in members {
        write!(out, "<tr><th scope=\"row\">{}</th>", text(&words(name)))?;
        cell(member, out)?;
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody></table>")
}

fn cell(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Number(number) => write!(out, "<td class=\"figure\">{}</td>", figure(number)),
        Value::Object(_) => {
            write!(out, "<td>")?;
            write(value, out)?;
            write!(out, "</td>")
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            write!(out, "<td>")?;
            for item in items {
                write(item, out)?;
            }
            write!(out, "</td>")
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            write!(out, "<td>{}</td>", text(&items.join(", ")))
        }
        other => write!(out, "<td>{}</td>", text(&plain(other))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => figure(number),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A count with its thousands set apart, or a fraction to four digits.
fn figure(number: &serde_json::Number) -> String {
    match (number.as_u64(), number.as_f64()) {
        (Some(count), _) => figures::count(count),
        (None, Some(fraction)) if fraction.fract() != 0.0 => {
            let digits = format!("{fraction:.4}");
            digits.trim_end_matches('0').to_owned()
        }
        _ => number.to_string(),
    }
}

/// `overlappingPairs` as `overlapping pairs`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            words.push(' ');
            words.push(character.to_ascii_lowercase());
        } else {
            words.push(character);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;
    use serde_json::json;

    #[test]
    fn whatever_members_there_are_can_be_read() {
        let value = json!({
            "overlappingPairs": 12_345, "share": 0.25, "note": "not <calibrated>", "missing": null,
            "windows": [1, 2], "byKind": { "races": 3 }, "faults": [{ "name": "a" }, { "name": "b" }]
        });
        let table = to_text(|out| write(&value, out));
        for words in [
            "overlapping pairs</th><td class=\"figure\">12,345",
            ">0.25<",
            "not &lt;calibrated&gt;",
            ">none<",
            ">1, 2<",
            "races</th><td class=\"figure\">3",
            "name</th><td>b",
        ] {
            assert!(table.contains(words), "{words}\n{table}");
        }
        assert_eq!(to_text(|out| write(&json!({}), out)), "");
    }
}
