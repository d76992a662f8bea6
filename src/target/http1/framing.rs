//! Where an answer's body ends, as its head tells.

use super::parser::Malformed;

/// What ends a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(usize),
    /// Its last chunk.
    Chunked,
    /// The end of the connection.
    UntilClose,
}

/// What a head says about its body, and whether the connection can be used
/// again after it.
///
/// # Errors
/// [`Malformed`] where the head contradicts itself, or needs what we can't do.
pub(super) fn of(response: &httparse::Response<'_, '_>) -> Result<(Framing, bool), Malformed> {
    let keep_alive = keeps_alive(response);
    let length = length(response)?;
    match (is_chunked(response)?, length) {
        (false, Some(length)) => Ok((Framing::Length(length), keep_alive)),
        (false, None) => Ok((Framing::UntilClose, false)),
        // Chunks win over a length, and over a version that has no chunks;
        // but who sends both may mean either, so nothing may follow.
        (true, Some(_)) => Ok((Framing::Chunked, false)),
        (true, None) => Ok((Framing::Chunked, keep_alive && response.version == Some(1))),
    }
}

fn is_chunked(response: &httparse::Response<'_, '_>) -> Result<bool, Malformed> {
    let mut is_chunked = false;
    for value in values(response, "transfer-encoding") {
        if is_chunked || !value?.eq_ignore_ascii_case("chunked") {
            return Err(Malformed(format!(
                "unknown transfer encoding {}",
                shown(response, "transfer-encoding")
            )));
        }
        is_chunked = true;
    }
    Ok(is_chunked)
}

fn length(response: &httparse::Response<'_, '_>) -> Result<Option<usize>, Malformed> {
    let mut length = None;
    for value in values(response, "content-length") {
        let number = value
            .ok()
            .filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|value| value.parse::<usize>().ok())
            .ok_or_else(|| {
                let shown = shown(response, "content-length");
                Malformed(format!("Content-Length is {shown}"))
            })?;
        if length.is_some_and(|known| known != number) {
            return Err(Malformed("two different Content-Lengths".to_owned()));
        }
        length = Some(number);
    }
    Ok(length)
}

/// Whether a head leaves the connection open for another request.
pub(super) fn keeps_alive(response: &httparse::Response<'_, '_>) -> bool {
    let mentions = |word: &str| {
        values(response, "connection")
            .flatten()
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case(word))
    };
    !mentions("close") && (response.version == Some(1) || mentions("keep-alive"))
}

/// The values of every header `name`, blanks around them dropped.
fn values<'a>(
    response: &'a httparse::Response<'_, '_>,
    name: &'static str,
) -> impl Iterator<Item = Result<&'a str, Malformed>> {
    response
        .headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(move |header| {
            std::str::from_utf8(header.value)
                .map(str::trim_ascii)
                .map_err(|_| Malformed(format!("the header {name} is not UTF-8")))
        })
}

/// All that the headers `name` say, for a message.
fn shown(response: &httparse::Response<'_, '_>, name: &str) -> String {
    let values: Vec<String> = response
        .headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| format!("\"{}\"", header.value.escape_ascii()))
        .collect();
    values.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<(Framing, bool), Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; 8];
        let mut response = httparse::Response::new(&mut headers);
        assert!(response.parse(head.as_bytes()).unwrap().is_complete());
        of(&response)
    }

    #[test]
    fn chunks_win_over_a_length_and_nothing_may_follow() {
        for head in [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n",
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert_eq!(read(head), Ok((Framing::Chunked, false)), "{head}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_malformed() {
        for headers in [
            "Content-Length: 1\r\nContent-Length: 2",
            "Content-Length: +1",
            "Content-Length: 1, 1",
            "Content-Length:",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: gzip",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding:",
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n");
            assert!(read(&head).is_err(), "{headers}");
        }
    }

    #[test]
    fn the_connection_is_used_again_only_where_both_sides_can_know() {
        for (head, keep_alive) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", true),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: x, Close\r\n\r\n",
                false,
            ),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", false),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\n",
                true,
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: close, keep-alive\r\n\r\n",
                false,
            ),
        ] {
            assert_eq!(read(head), Ok((Framing::Length(1), keep_alive)), "{head}");
        }
        assert_eq!(
            read("HTTP/1.1 200 OK\r\n\r\n"),
            Ok((Framing::UntilClose, false))
        );
    }
}
