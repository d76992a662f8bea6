//! What a person is shown of text and bytes that someone else chose.
//!
//! Answers come from the gateway under test, so they can hold anything: escape
//! sequences that repaint a terminal, marks that turn the direction of text,
//! bytes that are no text. Here all of that becomes visible and harmless.
//! Control characters become their pictures (`␛`), which, unlike backslash
//! escapes, can't be mistaken for what a JSON text itself holds.

use std::fmt::Write as _;
use std::ops::Range;

/// The text on one line, with every control character made visible.
pub(crate) fn line(text: &str) -> String {
    text.chars().fold(String::new(), push_visible)
}

/// The bytes on one line; those that are not UTF-8 as `<0xFF>`.
pub(crate) fn byte_line(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        shown = chunk.valid().chars().fold(shown, push_visible);
        for byte in chunk.invalid() {
            // Writing to a string can't fail.
            let _ = write!(shown, "<0x{byte:02X}>");
        }
    }
    shown
}

/// The bytes with their lines kept; those that are not UTF-8 as `<0xFF>`.
pub(crate) fn byte_lines(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&lines(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a string can't fail.
            let _ = write!(shown, "<0x{byte:02X}>");
        }
    }
    shown
}

/// The text with its lines kept: `\n`, `\r\n` and tabs stay what they are.
pub(crate) fn lines(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\n' | '\t' => shown.push(character),
            '\r' if rest.peek() == Some(&'\n') => {}
            _ => shown = push_visible(shown, character),
        }
    }
    shown
}

/// The first `limit` characters, and how many bytes the rest has.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((cut, _)) => format!("{}… ({} bytes more)", &text[..cut], text.len() - cut),
    }
}

/// Sixteen bytes a line, as hex and as text, for at most `limit` bytes.
pub(crate) fn hexdump(bytes: &[u8], limit: usize) -> String {
    let mut dump = String::new();
    for (row, chunk) in bytes[..bytes.len().min(limit)].chunks(16).enumerate() {
        let mut hex = String::new();
        for byte in chunk {
            let _ = write!(hex, "{byte:02x} ");
        }
        let text: String = chunk
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            })
            .collect();
        let _ = writeln!(dump, "{:08x}  {hex:<48} {text}", row * 16);
    }
    if bytes.len() > limit {
        let _ = writeln!(dump, "… ({} bytes more)", bytes.len() - limit);
    }
    dump
}

/// The rows of a hexdump around `marked`, whose bytes are underlined; the
/// first rows where nothing is marked.
pub(crate) fn marked_dump(bytes: &[u8], marked: Option<Range<usize>>, rows: usize) -> String {
    let marked = marked.unwrap_or_default();
    let first = (marked.start / 16).saturating_sub(1);
    let mut dump = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate().skip(first).take(rows) {
        let line = hexdump(chunk, 16);
        // A row of its own starts at zero.
        let _ = write!(
            dump,
            "{:08x}{}",
            row * 16,
            line.get(8..).unwrap_or_default()
        );
        let marks: String = (row * 16..row * 16 + chunk.len())
            .map(|place| {
                if marked.contains(&place) {
                    "^^ "
                } else {
                    "   "
                }
            })
            .collect();
        if !marks.trim().is_empty() {
            let _ = writeln!(dump, "{:10}{}", "", marks.trim_end());
        }
    }
    let shown = bytes.len().min((first + rows) * 16) - bytes.len().min(first * 16);
    if shown < bytes.len() {
        let _ = writeln!(dump, "({shown} of {} bytes)", bytes.len());
    }
    dump
}

fn push_visible(mut shown: String, character: char) -> String {
    match character {
        '\0'..='\u{1f}' => shown.push(picture_of(character)),
        '\u{7f}' => shown.push('␡'),
        _ if is_deceptive(character) => {
            let _ = write!(shown, "<U+{:04X}>", u32::from(character));
        }
        _ => shown.push(character),
    }
    shown
}

/// The picture of a control character below the space: U+2400 and following.
fn picture_of(control: char) -> char {
    char::from_u32(0x2400 + u32::from(control)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Characters that change how others look, or that XML can't hold.
const fn is_deceptive(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_can_be_read_and_does_nothing() {
        assert_eq!(line("a\u{1b}[2Jb\r\nc"), "a␛[2Jb␍␊c");
        assert_eq!(
            line("x\u{202e}y\u{9b}z\u{ffff}"),
            "x<U+202E>y<U+009B>z<U+FFFF>"
        );
        assert_eq!(byte_line(b"a\xff\x00b"), "a<0xFF>␀b");
    }

    #[test]
    fn text_of_the_world_stays_as_it_is() {
        assert_eq!(line("返金 ≤ 1000 € \\n"), "返金 ≤ 1000 € \\n");
    }

    #[test]
    fn lines_keep_line_ends_and_show_a_lone_carriage_return() {
        assert_eq!(lines("a\r\nb\n\tc\rd"), "a\nb\n\tc␍d");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("日本円", 3), "日本円");
        assert_eq!(shortened("日本円です", 3), "日本円… (6 bytes more)");
    }

    #[test]
    fn the_marked_bytes_of_a_dump_are_underlined() {
        let bytes = [&[b'a'; 35][..], b"\xff\xfe", &[b'b'; 100]].concat();
        assert_eq!(
            marked_dump(&bytes, Some(35..37), 2),
            "00000010  61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61  aaaaaaaaaaaaaaaa\n\
             00000020  61 61 61 ff fe 62 62 62 62 62 62 62 62 62 62 62  aaa..bbbbbbbbbbb\n          \
                      \u{20}        ^^ ^^\n(32 of 137 bytes)\n"
        );
    }

    #[test]
    fn a_hexdump_says_what_it_leaves_out() {
        assert_eq!(
            hexdump(b"GET \xff\x00", 5),
            "00000000  47 45 54 20 ff                                   GET .\n… (1 bytes more)\n"
        );
    }
}
