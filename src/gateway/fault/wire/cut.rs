//! Finding the signed text without a parser, as one must where the document
//! can't be parsed.

use crate::gateway::partner::{Partner, Partners};
use crate::protocol::signature;

/// The text between `"request":` and the last `"signature"`, and what follows
/// that; `None` where a document has no such words in this order.
fn cut(document: &[u8]) -> Option<(&[u8], &str)> {
    const REQUEST: &[u8] = b"\"request\"";
    const SIGNATURE: &[u8] = b"\"signature\"";
    let start = find(document, REQUEST)? + REQUEST.len();
    let rest = document[start..].trim_ascii_start().strip_prefix(b":")?;
    let end = rfind(rest, SIGNATURE)?;
    let raw = rest[..end].trim_ascii();
    let raw = raw.strip_suffix(b",").unwrap_or(raw).trim_ascii_end();
    let claimed = rest[end + SIGNATURE.len()..]
        .trim_ascii_start()
        .strip_prefix(b":")?
        .trim_ascii_start()
        .strip_prefix(b"\"")?;
    let end = find(claimed, b"\"").unwrap_or(claimed.len());
    Some((raw, std::str::from_utf8(&claimed[..end]).ok()?))
}

/// The partner that seems to have sent a document, if the signature that is
/// cut from it holds for the text that is cut from it.
pub(super) fn believed<'p>(document: &[u8], partners: &'p Partners) -> Option<&'p Partner> {
    let (raw, claimed) = cut(document)?;
    let partner = partners.mentioned_in(document)?;
    let holds = signature::verify(raw, claimed, &partner.key).is_ok();
    holds.then_some(partner)
}

/// Every text in braces that follows a `"request":` anywhere in a document.
pub(super) fn every_request(document: &str) -> impl Iterator<Item = &str> {
    const REQUEST: &str = "\"request\":";
    document.match_indices(REQUEST).filter_map(|(at, _)| {
        let rest = &document[at + REQUEST.len()..];
        balanced(rest.as_bytes()).map(|length| &rest[..length])
    })
}

/// The length of the object that `bytes` begin with, its braces counted and
/// its texts passed over; `None` where it does not end.
pub(in crate::gateway::fault) fn balanced(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where `needle` first stands.
pub(in crate::gateway::fault) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn rfind(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .rposition(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_text_is_cut_without_what_is_around_it() {
        let cut = |text: &'static str| cut(text.as_bytes()).unwrap();
        let plain = cut(r#"{"request": {"a":1} ,"signature" : "ab"}"#);
        assert_eq!(plain, (&br#"{"a":1}"#[..], "ab"));
        let broken = cut(r#"{"request":{'a':.5,},"signature":"ab"#);
        assert_eq!(broken, (&b"{'a':.5,}"[..], "ab"));
    }

    #[test]
    fn an_object_ends_with_its_last_brace() {
        assert_eq!(balanced(br#"{"a":{"}":"\"}"}} {"#), Some(17));
        assert_eq!(balanced(br#"{"a":{"#), None);
    }
}
