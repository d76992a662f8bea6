//! The body of a request, by whatever says where it ends.

use axum::http::{StatusCode, header};

use super::head::Head;

/// What says where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// A number of bytes; 0 where nothing is said.
    Length(usize),
    /// Chunks.
    Chunks,
}

/// What a head says of its body's end, and whether the connection must end
/// with it because a length and chunks contradict each other.
///
/// # Errors
/// The status that a body without a certain end is refused with.
pub(super) fn framing(head: &Head) -> Result<(Framing, bool), StatusCode> {
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let codings = head.headers.get_all(header::TRANSFER_ENCODING).iter();
    let codings: Vec<String> = codings.map(text).collect();
    let lengths = head.headers.get_all(header::CONTENT_LENGTH).iter();
    let lengths: Vec<String> = lengths.map(text).collect();
    if let Some(coding) = codings.first() {
        let is_chunked = codings.len() == 1 && coding.eq_ignore_ascii_case("chunked");
        return if is_chunked && !head.is_old {
            Ok((Framing::Chunks, !lengths.is_empty()))
        } else {
            Err(StatusCode::BAD_REQUEST)
        };
    }
    let Some(first) = lengths.first() else {
        return Ok((Framing::Length(0), false));
    };
    let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
    let is_one = lengths.iter().all(|length| length == first);
    match first.parse() {
        Ok(length) if is_number && is_one => Ok((Framing::Length(length), false)),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

/// A body whose chunks break HTTP's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// The body that is in the chunks at the beginning of `buffer`, and their
/// length; `None` where they do not end yet.
///
/// # Errors
/// [`Broken`] where they are no chunks.
pub(super) fn chunks(buffer: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Broken> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let Some((line, next)) = line(buffer, at) else {
            return Ok(None);
        };
        let size = size(line)?;
        at = next;
        if size == 0 {
            break;
        }
        let end = at.checked_add(size).ok_or(Broken)?;
        let Some(chunk) = buffer.get(at..end) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        match buffer.get(end..end + 2) {
            None => return Ok(None),
            Some(b"\r\n") => at = end + 2,
            Some(_) => return Err(Broken),
        }
    }
    // Trailers, and the empty line behind them.
    while let Some((line, next)) = line(buffer, at) {
        at = next;
        if line.is_empty() {
            return Ok(Some((body, at)));
        }
    }
    Ok(None)
}

/// The same for chunks that are none: every other line is one, up to the line
/// that is 0.
pub(super) fn chunks_leniently(buffer: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let (size, next) = line(buffer, at)?;
        let (chunk, behind) = line(buffer, next)?;
        at = behind;
        if size == b"0" {
            return Some((body, at));
        }
        body.extend_from_slice(chunk);
    }
}

/// The line that begins at `at`, and where the next one does.
fn line(buffer: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = buffer.get(at..)?;
    let length = rest.windows(2).position(|window| window == b"\r\n")?;
    Some((&rest[..length], at + length + 2))
}

/// The size that a chunk's line gives, extensions left out.
fn size(line: &[u8]) -> Result<usize, Broken> {
    let end = line.iter().position(|byte| *byte == b';');
    let digits = line[..end.unwrap_or(line.len())].trim_ascii_end();
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).map_err(|_| Broken)?;
    is_number.then_some(()).ok_or(Broken)?;
    usize::from_str_radix(digits, 16).map_err(|_| Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_end_with_the_empty_line_behind_the_last() {
        let whole = b"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\nPOST";
        let (body, length) = chunks(whole).unwrap().unwrap();
        assert_eq!(body, b"abc0123456789");
        assert_eq!(&whole[length..], b"POST");
        for cut in 0..length {
            assert_eq!(chunks(&whole[..cut]), Ok(None), "{cut}");
        }
    }

    #[test]
    fn broken_chunks_are_told_and_read_line_by_line() {
        for size in ["xyz", "-3", "0x3", "10000000000000003", "2", ""] {
            let text = format!("{size}\r\nabc\r\n0\r\n\r\n");
            assert_eq!(chunks(text.as_bytes()), Err(Broken), "{size}");
            let (body, length) = chunks_leniently(text.as_bytes()).unwrap();
            assert_eq!((&body[..], length), (&b"abc"[..], text.len()), "{size}");
        }
    }
}
