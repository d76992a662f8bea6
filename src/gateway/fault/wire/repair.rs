//! Documents that are no JSON made into some, one wrong way each.

use super::message::token_of;
use super::tokens::{Token, tokens};

/// Leaves comments out.
pub(super) fn comments(document: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(document.len());
    let mut rest = document;
    let (mut in_text, mut escaped) = (false, false);
    while let Some((byte, behind)) = rest.split_first() {
        let ending: &[u8] = match rest {
            [b'/', b'*', ..] if !in_text => b"*/",
            [b'/', b'/', ..] if !in_text => b"\n",
            _ => b"",
        };
        if !ending.is_empty() {
            let end = super::cut::find(rest, ending).map_or(rest.len(), |at| at + ending.len());
            rest = &rest[end..];
            continue;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ => {}
        }
        kept.push(*byte);
        rest = behind;
    }
    kept
}

/// Puts commas where they belong, and nowhere else.
pub(super) fn commas(document: &[u8]) -> Vec<u8> {
    let mut kept: Vec<Token<'_>> = Vec::new();
    for (token, _) in tokens(document) {
        match (kept.last(), token) {
            (Some(last), Token::Mark(b',')) if !last.is_end() => continue,
            (Some(Token::Mark(b',')), Token::Mark(b'}' | b']')) => {
                kept.pop();
            }
            (Some(last), _) if last.is_end() && token.is_start() => kept.push(Token::Mark(b',')),
            _ => {}
        }
        kept.push(token);
    }
    kept.iter().flat_map(Token::bytes).copied().collect()
}

/// Puts names, and texts in single quotes, into double ones.
pub(super) fn quotes(document: &[u8]) -> Vec<u8> {
    let tokens = tokens(document);
    let is_name = |place: usize| matches!(tokens.get(place + 1), Some((Token::Mark(b':'), _)));
    let mut text = Vec::with_capacity(document.len());
    for (place, (token, _)) in tokens.iter().enumerate() {
        match token {
            Token::SingleQuoted(bytes) => {
                let inner = bytes.strip_prefix(b"'").unwrap_or(bytes);
                let inner = inner.strip_suffix(b"'").unwrap_or(inner);
                text.extend(token_of(&String::from_utf8_lossy(inner)).into_bytes());
            }
            Token::Word(word) if is_name(place) => {
                text.extend(token_of(&String::from_utf8_lossy(word)).into_bytes());
            }
            other => text.extend_from_slice(other.bytes()),
        }
    }
    text
}

/// Reads what stands where a number can as one.
pub(super) fn numbers(document: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(document.len());
    for (token, _) in tokens(document) {
        match token {
            Token::Word(word) if serde_json::from_slice::<serde_json::Value>(word).is_err() => {
                text.extend(lenient_number(word).to_string().into_bytes());
            }
            other => text.extend_from_slice(other.bytes()),
        }
    }
    text
}

/// The whole number that somebody may have meant; 0 for what is none.
fn lenient_number(word: &[u8]) -> i64 {
    let word = String::from_utf8_lossy(word).replace('_', "");
    let (sign, digits) = match word.trim_start_matches('+') {
        negative if negative.starts_with('-') => (-1, negative.trim_start_matches('-')),
        positive => (1, positive),
    };
    let magnitude = match digits.strip_prefix("0x") {
        Some(hexadecimal) => i64::from_str_radix(hexadecimal, 16),
        None => {
            let end = digits.find(|c: char| !c.is_ascii_digit());
            digits[..end.unwrap_or(digits.len())].parse()
        }
    };
    magnitude.map_or(0, |magnitude| sign * magnitude)
}

/// Drops backslashes that begin no escape.
pub(super) fn escapes(document: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(document.len());
    let mut rest = document;
    while let Some((byte, behind)) = rest.split_first() {
        let length = match rest {
            [
                b'\\',
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
                ..,
            ] => 2,
            [b'\\', b'u', digits @ ..]
                if digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_hexdigit) =>
            {
                6
            }
            [b'\\', ..] => 0,
            _ => 1,
        };
        text.extend_from_slice(&rest[..length]);
        rest = if *byte == b'\\' && length == 0 {
            behind
        } else {
            &rest[length..]
        };
    }
    text
}

/// Makes control characters in texts spaces.
pub(super) fn control_characters(document: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(document.len());
    for (token, _) in tokens(document) {
        match token {
            Token::Text(bytes) => {
                let plain = |byte: &u8| if *byte < b' ' { b' ' } else { *byte };
                text.extend(bytes.iter().map(plain));
            }
            other => text.extend_from_slice(other.bytes()),
        }
    }
    text
}

/// Replaces what is no UTF-8.
pub(super) fn utf_8(document: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(document).into_owned().into_bytes()
}

/// Ends with the first document.
pub(super) fn behind(document: &[u8]) -> Vec<u8> {
    let end = super::cut::balanced(document).unwrap_or(document.len());
    document[..end].to_vec()
}

/// Skips a byte order mark.
pub(super) fn mark(document: &[u8]) -> Vec<u8> {
    let rest = document.strip_prefix(b"\xef\xbb\xbf");
    rest.unwrap_or(document).to_vec()
}

/// Adds the quotes, braces and brackets that are missing at the end.
pub(super) fn ending(document: &[u8]) -> Vec<u8> {
    let mut text = document.to_vec();
    let mut open = Vec::new();
    for (token, _) in tokens(document) {
        match token {
            Token::Mark(b'{') => open.push(b'}'),
            Token::Mark(b'[') => open.push(b']'),
            Token::Mark(b'}' | b']') => {
                open.pop();
            }
            Token::Text(bytes) if bytes.len() < 2 || !bytes.ends_with(b"\"") => text.push(b'"'),
            _ => {}
        }
    }
    text.extend(open.into_iter().rev());
    text
}

#[cfg(test)]
mod tests {
    use super::super::json::Repair;
    use super::*;

    #[test]
    fn each_repair_mends_its_own_damage() {
        let table: [(Repair, &str, &str); 11] = [
            (
                comments,
                "{\"a//\":1/* x */,//y\n\"b\":2}",
                "{\"a//\":1,\"b\":2}",
            ),
            (commas, "{,\"a\":1,,\"b\":[2 3,],}", "{\"a\":1,\"b\":[2,3]}"),
            (commas, "{\"a\":\"x\" \"b\":2}", "{\"a\":\"x\",\"b\":2}"),
            (
                quotes,
                "{a:'b\"',\"c\":true}",
                "{\"a\":\"b\\\"\",\"c\":true}",
            ),
            (
                numbers,
                "[0100,+100,1.,0x64,1_00,100n,NaN,-Infinity,true,1e2]",
                "[100,100,1,100,100,100,0,0,true,1e2]",
            ),
            (escapes, r#""\x41\u00G0\u12\n\\x""#, r#""x41u00G0u12\n\\x""#),
            (control_characters, "{\"a\tb\":\n1}", "{\"a b\":1}"),
            (behind, "{\"a\":{}}{\"b\":1}x", "{\"a\":{}}"),
            (mark, "\u{feff}{}", "{}"),
            (ending, "{\"a\":[\"b", "{\"a\":[\"b\"]}"),
            (ending, "{\"a\":\"b\"", "{\"a\":\"b\"}"),
        ];
        for (repair, damaged, mended) in table {
            let found = String::from_utf8(repair(damaged.as_bytes())).unwrap();
            assert_eq!(found, mended, "{damaged}");
        }
        assert_eq!(utf_8(b"a\xffb"), "a\u{fffd}b".as_bytes());
    }
}
