//! The bytes of a message, with those marked that matter.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;

use super::escape::{byte_lines, lines};
use crate::report::block::{changed_body, split_answer};
use crate::report::figures;
use crate::verdict::ExchangeEvidence;

/// Bytes of a part that are shown as text.
const TEXT_LIMIT: usize = 4_096;
/// Rows of sixteen bytes that are dumped.
const DUMP_ROWS: usize = 48;

/// Bytes to look at, and what they are.
struct Mark {
    place: Range<usize>,
    meaning: &'static str,
}

/// Writes what was sent; what was changed in it is marked.
pub(super) fn request(exchange: &ExchangeEvidence, out: &mut dyn Write) -> io::Result<()> {
    let changed = |place| Mark {
        place,
        meaning: "not as in the valid request that it was made from",
    };
    let in_head = exchange.changed.clone().filter(|place| {
        place.start < exchange.body_start && place.end <= exchange.sent_head().len()
    });
    heading("Request", exchange.sent.len(), out)?;
    part("head", exchange.sent_head(), in_head.map(changed), out)?;
    let body = exchange.sent_body();
    let in_body = changed_body(exchange).filter(|place| place.end <= body.len());
    part("body", body, in_body.map(changed), out)
}

/// Writes what came back; the code that the verdict rests on is marked.
pub(super) fn response(exchange: &ExchangeEvidence, out: &mut dyn Write) -> io::Result<()> {
    heading("Response", exchange.received.len(), out)?;
    if exchange.received.is_empty() {
        return writeln!(out, "<p class=\"quiet\">nothing</p>");
    }
    let (head, body) = split_answer(&exchange.received);
    part("head", head, None, out)?;
    let mark = exchange
        .answer
        .as_deref()
        .and_then(|answer| code_place(body, answer))
        .map(|place| Mark {
            place,
            meaning: "what the answer amounts to",
        });
    part("body", body, mark, out)
}

fn heading(name: &str, bytes: usize, out: &mut dyn Write) -> io::Result<()> {
    let size = figures::counted(bytes as u64, "byte");
    writeln!(out, "<h4>{name} <span class=\"quiet\">{size}</span></h4>")
}

/// Where the body has the code that the answer was said to have: `code 8`.
fn code_place(body: &[u8], answer: &str) -> Option<Range<usize>> {
    let said = answer.strip_prefix("code ")?;
    let said = said.split(|c: char| !c.is_ascii_digit()).next()?;
    let name = b"\"code\"";
    let mut starts = body.windows(name.len()).enumerate();
    starts.find_map(|(start, window)| {
        let rest = (window == name).then(|| &body[start + name.len()..])?;
        let blank = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b':';
        let before = rest.iter().take_while(blank).count();
        let digits = rest.get(before..before + said.len())?;
        let end = start + name.len() + before + digits.len();
        let ends = body.get(end).is_none_or(|next| !next.is_ascii_digit());
        (ends && digits == said.as_bytes()).then_some(start..end)
    })
}

fn part(class: &str, bytes: &[u8], mark: Option<Mark>, out: &mut dyn Write) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    if std::str::from_utf8(bytes).is_err() {
        return dump(bytes, mark, out);
    }
    let shown = window(bytes.len(), mark.as_ref());
    write!(out, "<pre class=\"{class}\">")?;
    left_out(shown.start, out)?;
    match mark {
        None => write!(out, "{}", byte_lines(bytes[shown.clone()].trim_ascii_end()))?,
        Some(Mark { place, meaning }) => {
            let end = place.end.min(shown.end);
            write!(
                out,
                "{}<mark title=\"{meaning}\">{}</mark>{}",
                byte_lines(&bytes[shown.start..place.start]),
                marked(&bytes[place.start..end]),
                byte_lines(&bytes[end..shown.end]),
            )?;
        }
    }
    left_out(bytes.len() - shown.end, out)?;
    writeln!(out, "</pre>")
}

/// What is marked; a caret where something is missing, and blanks as pictures:
/// a change that is one can't be seen otherwise.
fn marked(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "‸".to_owned();
    }
    let shown = byte_lines(bytes).to_string();
    if shown.trim().is_empty() {
        shown
            .replace(' ', "␠")
            .replace('\t', "␉")
            .replace('\n', "␊\n")
    } else {
        shown
    }
}

fn left_out(bytes: usize, out: &mut dyn Write) -> io::Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    let size = figures::counted(bytes as u64, "byte");
    write!(out, "<span class=\"left-out\">… {size} left out …</span>")
}

/// What is shown of a long text: its beginning, or what is around the mark.
fn window(length: usize, mark: Option<&Mark>) -> Range<usize> {
    if length <= TEXT_LIMIT {
        return 0..length;
    }
    let start = mark.map_or(0, |mark| mark.place.start.saturating_sub(TEXT_LIMIT / 2));
    let start = start.min(length - TEXT_LIMIT);
    start..start + TEXT_LIMIT
}

/// Rows of sixteen bytes, as hex and as text, around the mark.
fn dump(bytes: &[u8], mark: Option<Mark>, out: &mut dyn Write) -> io::Result<()> {
    let place = mark.map_or(0..0, |mark| mark.place);
    let first = (place.start / 16).saturating_sub(DUMP_ROWS / 2);
    let first = first.min((bytes.len() / 16).saturating_sub(DUMP_ROWS - 1));
    write!(out, "<pre class=\"dump\">")?;
    left_out(first * 16, out)?;
    let rows = bytes.chunks(16).enumerate().skip(first).take(DUMP_ROWS);
    let mut shown = first * 16;
    for (row, chunk) in rows {
        shown += chunk.len();
        let (mut hex, mut text) = (String::new(), String::new());
        for (column, byte) in chunk.iter().enumerate() {
            let is_marked = place.contains(&(row * 16 + column));
            let (open, close) = if is_marked {
                ("<mark>", "</mark>")
            } else {
                ("", "")
            };
            let character = match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            };
            // Writing to a string can't fail.
            let _ = write!(hex, "{open}{byte:02x}{close} ");
            let _ = write!(text, "{open}{}{close}", lines(&character.to_string()));
        }
        let gap = "   ".repeat(16 - chunk.len());
        writeln!(out, "{:08x}  {hex}{gap} {text}", row * 16)?;
    }
    left_out(bytes.len() - shown, out)?;
    writeln!(out, "</pre>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;

    fn exchange(head: &str, body: &[u8], changed: Range<usize>) -> ExchangeEvidence {
        let offset = head.len();
        ExchangeEvidence {
            sent: [head.as_bytes(), body].concat(),
            body_start: offset,
            changed: Some(changed.start + offset..changed.end + offset),
            ..ExchangeEvidence::default()
        }
    }

    fn sent(exchange: &ExchangeEvidence) -> String {
        to_text(|out| request(exchange, out))
    }

    #[test]
    fn the_changed_bytes_are_marked_where_they_stand() {
        let text = sent(&exchange("POST / HTTP/1.1\r\n\r\n", b"{\"a\":1,}", 6..7));
        assert!(text.contains("{&quot;a&quot;:1<mark"), "{text}");
        assert!(text.contains(">,</mark>}"), "{text}");
    }

    #[test]
    fn what_is_missing_or_blank_can_be_seen() {
        let missing = sent(&exchange("h", b"{}", 1..1));
        assert!(missing.contains(">‸</mark>}"), "{missing}");
        let blank = sent(&exchange("h", b"{ }", 1..2));
        assert!(blank.contains(">␠</mark>}"), "{blank}");
    }

    #[test]
    fn of_a_long_message_what_is_around_the_change_is_shown() {
        let body = [&[b'a'; 50_000][..], b"!", &[b'b'; 50_000]].concat();
        let text = sent(&exchange("h", &body, 50_000..50_001));
        assert!(
            text.contains("aaaa<mark") && text.contains(">!</mark>bbbb"),
            "{text}"
        );
        assert!(text.len() < 6_000, "{} bytes", text.len());
        let all = sent(&exchange("h", &body, 0..100_001));
        assert!(
            all.contains("<mark") && all.len() < 6_000,
            "{} bytes",
            all.len()
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_dumped_with_the_change_marked() {
        let text = sent(&exchange("h", b"ab\xff<", 2..3));
        assert!(text.contains("61 62 <mark>ff</mark> 3c"), "{text}");
        assert!(text.contains("ab<mark>.</mark>&lt;"), "{text}");
    }

    #[test]
    fn the_code_that_was_judged_is_marked_in_the_answer() {
        let mut exchange = ExchangeEvidence {
            received: b"HTTP/1.1 200 OK\r\n\r\n{\"code\": 35,\"code\":3}".to_vec(),
            answer: Some("code 3 (not authorised)".into()),
            ..ExchangeEvidence::default()
        };
        let text = to_text(|out| response(&exchange, out));
        assert!(text.contains("35,<mark"), "{text}");
        exchange.answer = Some("code 9".into());
        let text = to_text(|out| response(&exchange, out));
        assert!(!text.contains("<mark"), "{text}");
    }
}
