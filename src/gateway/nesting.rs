//! How deep a document may nest.

/// The deepest nesting of objects and arrays that is read. A message needs
/// three; a parser that recurses has this limit too.
pub(super) const DEEPEST: usize = 128;

/// Whether `document` nests deeper than [`DEEPEST`].
pub(super) fn is_too_deep(document: &[u8]) -> bool {
    // Few opening brackets can't nest deep: nearly every document stops here.
    let opening = document
        .iter()
        .filter(|byte| matches!(byte, b'{' | b'['))
        .count();
    opening > DEEPEST && depth(document) > DEEPEST
}

/// The depth of a document, brackets within texts left out.
fn depth(document: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in document {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_and_width_and_texts_are_not() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(!is_too_deep(nested(DEEPEST).as_bytes()));
        assert!(is_too_deep(nested(DEEPEST + 1).as_bytes()));
        assert!(is_too_deep("[".repeat(30_000).as_bytes()));
        assert!(!is_too_deep("[]".repeat(1_000).as_bytes()));
        let text = format!("\"\\\"{}\"", "[".repeat(1_000));
        assert!(!is_too_deep(text.as_bytes()));
    }
}
