//! A request written anew, as by a gateway that keeps no raw text.

use crate::protocol::Object;

/// The same value written anew, compactly: white space and the spelling of
/// texts and numbers are lost, the order of members is kept. `None` where it
/// can't be read.
pub(super) fn rewritten(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    rewrite(raw, 0, &mut text)?;
    Some(text)
}

/// What nests deeper is not read.
const DEEPEST: usize = 64;

fn rewrite(raw: &str, depth: usize, out: &mut String) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    if !raw.starts_with('{') {
        let value: serde_json::Value = serde_json::from_str(raw).ok()?;
        out.push_str(&value.to_string());
        return Some(());
    }
    let object = Object::parse(raw).ok()?;
    out.push('{');
    for (index, name) in object.names().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&serde_json::Value::from(name).to_string());
        out.push(':');
        rewrite(object.get(name)?, depth + 1, out)?;
    }
    out.push('}');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rewritten_loses_its_spelling_and_keeps_its_order() {
        assert_eq!(
            rewritten("{ \"b\" : {\"\\u0078\":\"\\/\"},\n\"a\": [1, 2.50] }").unwrap(),
            r#"{"b":{"x":"/"},"a":[1,2.5]}"#
        );
        assert_eq!(rewritten(r#"{"a":1,"a":2}"#), None);
    }
}
