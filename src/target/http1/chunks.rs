//! The lines between chunks: sizes, extensions and trailers.

use super::parser::{MOST_HEADERS, Malformed};

/// A chunk of `usize` bytes has 16 hexadecimal digits at most.
const MOST_DIGITS: usize = 16;

/// A chunk's size, and how long its line is, the line's end included. `None`:
/// the line is not complete yet.
///
/// A line without a digit is no size of 0: it would end the body where a
/// server has merely lost count.
///
/// # Errors
/// [`Malformed`] as soon as a byte can't stand where it does.
pub(super) fn size(line: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let broken = || Malformed("a chunk has no valid size".to_owned());
    let digits = line
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    if digits > MOST_DIGITS || (digits == 0 && !line.is_empty()) {
        return Err(broken());
    }
    let Some(rest) = end_of_line(&line[digits..]).map_err(|()| broken())? else {
        return Ok(None);
    };
    let size = std::str::from_utf8(&line[..digits])
        .ok()
        .and_then(|digits| usize::from_str_radix(digits, 16).ok())
        .ok_or_else(broken)?;
    Ok(Some((size, digits + rest)))
}

/// How long what stands behind a size is: blanks, an extension that nobody
/// asked for, and the line's end.
fn end_of_line(rest: &[u8]) -> Result<Option<usize>, ()> {
    let mut in_extension = false;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'\r' => {
                return match rest.get(at + 1) {
                    Some(b'\n') => Ok(Some(at + 2)),
                    Some(_) => Err(()),
                    None => Ok(None),
                };
            }
            b' ' | b'\t' => {}
            b';' => in_extension = true,
            // A line feed alone ends the line for some readers.
            _ if in_extension && !byte.is_ascii_control() => {}
            _ => return Err(()),
        }
    }
    Ok(None)
}

/// How long the trailers are, up to and with their empty line.
///
/// # Errors
/// [`Malformed`] where they are no headers.
pub(super) fn trailers(rest: &[u8]) -> Result<Option<usize>, Malformed> {
    if rest.starts_with(b"\r\n") {
        return Ok(Some(2));
    }
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    match httparse::parse_headers(rest, &mut headers) {
        Ok(httparse::Status::Complete((length, _))) => Ok(Some(length)),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => Err(Malformed(format!("broken trailers: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_with_whatever_extension() {
        for (line, expected) in [
            (&b"0\r\n"[..], (0, 3)),
            (b"1aF\r\nrest", (0x1af, 5)),
            (b"0005  ;a=\"b;c\";d\r\n", (5, 18)),
            (b"7 \t\r\n", (7, 5)),
        ] {
            assert_eq!(size(line), Ok(Some(expected)));
        }
        for line in [&b""[..], b"5", b"5;x", b"5;x\r"] {
            assert_eq!(size(line), Ok(None));
        }
    }

    #[test]
    fn a_line_without_a_size_is_not_the_last_chunk() {
        for line in [
            &b"\r\n"[..],
            b"; 0\r\n",
            b" 5\r\n",
            b"-5\r\n",
            b"0x5\r\n",
            b"5\n",
            b"5 6\r\n",
            b"5\rx",
            b"5;a\nb\r\n",
            b"10000000000000000\r\n",
        ] {
            assert!(size(line).is_err(), "{:?}", line.escape_ascii().to_string());
        }
    }
}
