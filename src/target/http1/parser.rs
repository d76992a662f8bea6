//! The parser: one answer after the other, from a buffer that grows.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::chunks;
use super::framing::{self, Framing};

/// More headers than any answer of the protocol has a use for.
pub(super) const MOST_HEADERS: usize = 64;

/// An answer whose bytes are no HTTP/1.1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// A complete answer, as places in the buffer that it was parsed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedAnswer {
    /// The final status.
    pub status: u16,
    /// The final head: status line and headers, with the empty line.
    pub head: Range<usize>,
    /// Where the body stands, or that it had to be put together from chunks.
    pub body: BodyPlace,
    /// Where the next answer would start.
    pub end: usize,
    /// Whether the connection can be used again.
    pub keep_alive: bool,
}

/// Where an answer's body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyPlace {
    /// In the buffer, in one piece.
    Buffer(Range<usize>),
    /// In [`AnswerParser::decoded`], because it came in chunks.
    Decoded,
}

/// Parses one answer after the other.
#[derive(Debug)]
pub struct AnswerParser {
    state: State,
    head: Range<usize>,
    status: u16,
    keep_alive: bool,
    /// Whether answers end with their head, whatever length it names.
    is_bodiless: bool,
    decoded: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Length { from: usize, length: usize },
    UntilClose { from: usize },
    ChunkSize { at: usize },
    ChunkData { at: usize, length: usize },
    Trailers { at: usize },
}

impl AnswerParser {
    /// A parser for answers to requests that may have a body in their answer
    /// (all but HEAD).
    pub const fn new() -> Self {
        Self {
            state: State::Head,
            head: 0..0,
            status: 0,
            keep_alive: true,
            is_bodiless: false,
            decoded: Vec::new(),
        }
    }

    /// The answer to come is one to HEAD: it has no body, until the next reset.
    pub const fn expect_no_body(&mut self) {
        self.is_bodiless = true;
    }

    /// Forgets the last answer, so that the next one is parsed from the start
    /// of a buffer.
    pub fn reset(&mut self) {
        self.state = State::Head;
        self.head = 0..0;
        self.keep_alive = true;
        self.is_bodiless = false;
        self.decoded.clear();
    }

    /// The body of the last answer, where it came in chunks.
    pub fn decoded(&self) -> &[u8] {
        &self.decoded
    }

    /// Looks at all of `buffer`, of which earlier calls saw the beginning.
    /// `at_end` says that the other side has closed. `None`: more is needed.
    ///
    /// # Errors
    /// [`Malformed`] where the bytes are no HTTP/1.1 answer.
    pub fn advance(
        &mut self,
        buffer: &[u8],
        at_end: bool,
    ) -> Result<Option<ParsedAnswer>, Malformed> {
        loop {
            let next = match self.state {
                State::Head => self.head(buffer)?,
                State::Length { from, length } => {
                    // A length beyond all bounds is never reached.
                    let end = from.saturating_add(length);
                    return Ok((buffer.len() >= end)
                        .then(|| self.complete(BodyPlace::Buffer(from..end), end)));
                }
                State::UntilClose { from } => {
                    let place = BodyPlace::Buffer(from..buffer.len());
                    return Ok(at_end.then(|| self.complete(place, buffer.len())));
                }
                State::ChunkSize { at } => {
                    chunks::size(&buffer[at..])?.map(|(length, line)| match length {
                        0 => State::Trailers { at: at + line },
                        _ => State::ChunkData {
                            at: at + line,
                            length,
                        },
                    })
                }
                State::ChunkData { at, length } => self.chunk_data(buffer, at, length)?,
                State::Trailers { at } => {
                    return Ok(chunks::trailers(&buffer[at..])?
                        .map(|length| self.complete(BodyPlace::Decoded, at + length)));
                }
            };
            match next {
                Some(state) => self.state = state,
                None => return Ok(None),
            }
        }
    }

    fn complete(&self, body: BodyPlace, end: usize) -> ParsedAnswer {
        ParsedAnswer {
            status: self.status,
            head: self.head.clone(),
            body,
            end,
            keep_alive: self.keep_alive,
        }
    }

    /// Parses the head at the end of the last interim answer.
    fn head(&mut self, buffer: &[u8]) -> Result<Option<State>, Malformed> {
        let from = self.head.end;
        let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            &buffer[from..],
            &mut headers,
        );
        let length = match parsed {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(Malformed(format!("no HTTP answer: {error}"))),
        };
        let status = response.code.expect("a complete head has a status");
        self.head = from..from + length;
        self.status = status;
        let at = self.head.end;
        match status {
            ..100 => Err(Malformed(format!("{status:03} is no status"))),
            101 => Err(Malformed("the protocol was switched".to_owned())),
            100..200 => Ok(Some(State::Head)),
            // These have no body, whatever their head says about one, nor has
            // an answer to HEAD.
            _ if self.is_bodiless || matches!(status, 204 | 304) => {
                self.keep_alive = framing::keeps_alive(&response);
                Ok(Some(State::Length {
                    from: at,
                    length: 0,
                }))
            }
            _ => {
                let (framing, keep_alive) = framing::of(&response)?;
                self.keep_alive = keep_alive;
                Ok(Some(match framing {
                    Framing::Length(length) => State::Length { from: at, length },
                    Framing::Chunked => State::ChunkSize { at },
                    Framing::UntilClose => State::UntilClose { from: at },
                }))
            }
        }
    }

    fn chunk_data(
        &mut self,
        buffer: &[u8],
        at: usize,
        length: usize,
    ) -> Result<Option<State>, Malformed> {
        let end = at.saturating_add(length);
        let behind = buffer.get(end..).unwrap_or_default();
        if !b"\r\n".starts_with(&behind[..behind.len().min(2)]) {
            return Err(Malformed("a chunk is longer than its size".to_owned()));
        }
        if behind.len() < 2 {
            return Ok(None);
        }
        self.decoded.extend_from_slice(&buffer[at..end]);
        Ok(Some(State::ChunkSize { at: end + 2 }))
    }
}

impl Default for AnswerParser {
    fn default() -> Self {
        Self::new()
    }
}

/// The value of the first header `name` in a head's bytes.
pub fn header_value<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(head).ok()?;
    response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHUNKED: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3;x=y\r\n:1}\r\n0\r\nX-T: 1\r\n\r\n";
    const PLAIN: &[u8] =
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 7\r\nConnection: close\r\n\r\n{\"a\":1}";
    const UNTIL_CLOSE: &[u8] = b"HTTP/1.0 200 OK\r\n\r\n{\"a\":1}";

    /// Feeds `answer` in the pieces that end at `cuts`.
    fn feed(answer: &[u8], cuts: &[usize]) -> (u16, Vec<u8>, bool) {
        let mut parser = AnswerParser::new();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (answer.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(answer.len());
        for end in ends {
            let early = parser.advance(&answer[..end], false).unwrap();
            if let Some(done) = early {
                assert_eq!(done.end, answer.len(), "complete before its end");
                return finish(&parser, answer, done);
            }
        }
        let done = parser.advance(answer, true).unwrap().expect("complete");
        finish(&parser, answer, done)
    }

    fn finish(parser: &AnswerParser, answer: &[u8], done: ParsedAnswer) -> (u16, Vec<u8>, bool) {
        let body = match done.body {
            BodyPlace::Buffer(range) => answer[range].to_vec(),
            BodyPlace::Decoded => parser.decoded().to_vec(),
        };
        (done.status, body, done.keep_alive)
    }

    proptest! {
        #[test]
        fn an_answer_cut_anywhere_is_the_same_answer(
            cuts in proptest::collection::vec(any::<usize>(), 0..8)
        ) {
            let body = b"{\"a\":1}".to_vec();
            prop_assert_eq!(feed(CHUNKED, &cuts), (200, body.clone(), true));
            prop_assert_eq!(feed(PLAIN, &cuts), (400, body.clone(), false));
            prop_assert_eq!(feed(UNTIL_CLOSE, &cuts), (200, body, false));
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = AnswerParser::new().advance(&bytes, true);
            let mut framed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            framed.extend_from_slice(&bytes);
            let _ = AnswerParser::new().advance(&framed, true);
        }
    }

    #[test]
    fn what_is_cut_short_is_never_complete() {
        for answer in [CHUNKED, PLAIN] {
            for end in 0..answer.len() {
                let result = AnswerParser::new().advance(&answer[..end], true);
                assert_eq!(result, Ok(None), "cut at {end}");
            }
        }
    }

    #[test]
    fn contradictory_framing_is_malformed() {
        for head in [
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "SMTP ready\r\n\r\n",
        ] {
            assert!(
                AnswerParser::new().advance(head.as_bytes(), false).is_err(),
                "{head}"
            );
        }
    }

    #[test]
    fn an_answer_to_head_ends_with_its_head() {
        let head = b"HTTP/1.1 405 Not Allowed\r\nContent-Length: 20\r\n\r\n";
        let mut parser = AnswerParser::new();
        parser.expect_no_body();
        let answer = parser.advance(head, false).unwrap().expect("complete");
        assert_eq!(answer.end, head.len());
        parser.reset();
        assert_eq!(parser.advance(head, false), Ok(None));
    }

    #[test]
    fn two_answers_in_one_buffer_are_two_answers() {
        let mut both = CHUNKED.to_vec();
        both.extend_from_slice(PLAIN);
        let mut parser = AnswerParser::new();
        let first = parser.advance(&both, false).unwrap().unwrap();
        assert_eq!(first.end, CHUNKED.len());
        parser.reset();
        let second = parser.advance(&both[first.end..], false).unwrap().unwrap();
        assert_eq!(second.status, 400);
    }

    #[test]
    fn a_header_is_found_whatever_its_case() {
        assert_eq!(header_value(PLAIN, "connection"), Some(&b"close"[..]));
        assert_eq!(header_value(PLAIN, "server"), None);
    }
}
