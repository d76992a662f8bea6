//! Where a body ends: lengths and chunks, right, wrong and ambiguous.

use super::{RawRequest, refused};
use crate::generate::mutation::{Expected, Mutation};

/// Bodies in chunks: another framing of the same request.
pub fn chunked(request: &RawRequest) -> Vec<Mutation> {
    let accepted = [
        ("one chunk", request.chunked(usize::MAX, "", "")),
        ("chunks of one byte", request.chunked(1, "", "")),
        (
            "chunks with sizes of letters",
            request.chunked(0xab, "", ""),
        ),
        ("chunks with sizes in lower case", lower_case(request)),
        ("chunks with zeros before their sizes", zeros(request)),
        ("chunk extensions", request.chunked(100, ";name=value", "")),
        (
            "chunk extensions in quotes",
            request.chunked(100, ";name=\"a;b\"", ""),
        ),
        ("a trailer", request.chunked(100, "", "X-Trailer: 1\r\n")),
    ]
    .map(|(label, changed)| {
        Mutation::accepted(format!("a body in {label}"), changed.bytes_as_they_are())
    });
    // A trailer that frames or routes may be refused; it never counts.
    let open = [
        ("a length in the trailer", "Content-Length: 1\r\n"),
        (
            "a content type in the trailer",
            "Content-Type: text/plain\r\n",
        ),
    ]
    .map(|(label, trailer)| {
        let changed = request.chunked(100, "", trailer);
        Mutation::open(
            format!("a body in chunks, {label}"),
            changed.bytes_as_they_are(),
        )
    });
    accepted.into_iter().chain(open).collect()
}

fn lower_case(request: &RawRequest) -> RawRequest {
    let framed = format!("{:x}\r\n", request.body.len()).into_bytes();
    in_one_chunk(request, framed)
}

fn zeros(request: &RawRequest) -> RawRequest {
    let framed = format!("000{:x}\r\n", request.body.len()).into_bytes();
    in_one_chunk(request, framed)
}

fn in_one_chunk(request: &RawRequest, mut framed: Vec<u8>) -> RawRequest {
    framed.extend_from_slice(&request.body);
    framed.extend_from_slice(b"\r\n0\r\n\r\n");
    request
        .clone()
        .with_body(framed)
        .with("Transfer-Encoding: chunked")
}

/// Chunks that are none.
pub fn broken_chunks(request: &RawRequest) -> Vec<Mutation> {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let length = body.len();
    let end = "\r\n0\r\n\r\n";
    let middle = (length / 2..=length).find(|at| body.is_char_boundary(*at));
    let (one, other) = body.split_at(middle.expect("the end is a boundary"));
    let (first, second) = (one.len(), other.len());
    [
        ("a chunk size of letters", format!("xyz\r\n{body}{end}")),
        (
            "a negative chunk size",
            format!("-{length:x}\r\n{body}{end}"),
        ),
        (
            "a chunk size with a sign",
            format!("+{length:x}\r\n{body}{end}"),
        ),
        (
            "a chunk size with 0x",
            format!("0x{length:x}\r\n{body}{end}"),
        ),
        (
            "a chunk size beyond 64 bits",
            format!("1{length:016x}\r\n{body}{end}"),
        ),
        ("no chunk size", format!("\r\n{body}{end}")),
        (
            "a chunk longer than its size",
            format!("{:x}\r\n{body}{end}", length - 2),
        ),
        (
            "no line end behind a chunk",
            format!("{first:x}\r\n{one}{second:x}\r\n{other}{end}"),
        ),
    ]
    .into_iter()
    .map(|(label, framed)| {
        let changed = request
            .clone()
            .with_body(framed)
            .with("Transfer-Encoding: chunked");
        refused(label, changed.bytes_as_they_are())
    })
    .collect()
}

/// Lengths that are wrong, ambiguous, or no numbers, and transfer encodings
/// that nobody has.
pub fn broken_lengths(request: &RawRequest) -> Vec<Mutation> {
    let length = request.body.len();
    let row = |expected: Expected, label: &str, lines: &[String]| {
        let changed = lines
            .iter()
            .fold(request.clone(), |request, line| request.with(line));
        let bytes = changed.bytes_as_they_are();
        match expected {
            Expected::Open => Mutation::open(label, bytes),
            _ => refused(label, bytes),
        }
    };
    let wrong = |label: &str, value: String| {
        row(
            Expected::Refused,
            label,
            &[format!("Content-Length: {value}")],
        )
    };
    let right = format!("Content-Length: {length}");
    let coded = |expected, label: &str, coding: &str| {
        let coding = format!("Transfer-Encoding: {coding}");
        row(expected, label, &[right.clone(), coding])
    };
    let in_chunks = |label: &str, line: &str| {
        let chunked = request.chunked(usize::MAX, "", "");
        let changed = chunked.without("transfer-encoding").with(line);
        Mutation::open(label, changed.bytes_as_they_are())
    };
    let mut old = request.chunked(usize::MAX, "", "");
    old = old.with_version("HTTP/1.0");
    vec![
        row(Expected::Refused, "neither a length nor chunks", &[]),
        wrong("a length that is too small", (length - 5).to_string()),
        wrong("a length of nothing", "0".to_owned()),
        wrong("an empty length", String::new()),
        wrong("a negative length", format!("-{length}")),
        wrong("a length with a sign", format!("+{length}")),
        wrong("a length in hexadecimal", format!("0x{length:x}")),
        wrong(
            "a length with a blank inside",
            format!("{} {}", length / 10, length % 10),
        ),
        wrong("a length with a letter", format!("{length}a")),
        wrong("a length beyond 64 bits", "18446744073709551617".to_owned()),
        row(
            Expected::Refused,
            "two different lengths",
            &[right.clone(), format!("Content-Length: {}", length - 1)],
        ),
        row(
            Expected::Refused,
            "an unknown transfer encoding",
            &["Transfer-Encoding: xchunked".to_owned()],
        ),
        row(
            Expected::Open,
            "the same length twice",
            &[right.clone(), right.clone()],
        ),
        row(
            Expected::Open,
            "the same length twice in one header",
            &[format!("{right}, {length}")],
        ),
        row(
            Expected::Open,
            "a length with zeros before it",
            &[format!("Content-Length: 000{length}")],
        ),
        coded(
            Expected::Open,
            "a length and an unknown transfer encoding",
            "xchunked",
        ),
        coded(
            Expected::Open,
            "a length and the transfer encoding identity",
            "identity",
        ),
        in_chunks("a comma behind chunked", "Transfer-Encoding: chunked,"),
        in_chunks("chunked in upper case", "Transfer-Encoding: CHUNKED"),
        in_chunks("chunked in a folded line", "Transfer-Encoding:\r\n chunked"),
        in_chunks("chunked twice", "Transfer-Encoding: chunked, chunked"),
        Mutation::open("chunks in HTTP/1.0", old.bytes_as_they_are()),
    ]
}

/// Requests that end before their own framing says so. Whoever sends them must
/// then close its half, or a patient server waits.
pub fn cut_short(request: &RawRequest) -> Vec<Mutation> {
    let length = request.body.len();
    let body = String::from_utf8_lossy(&request.body);
    let too_large = request
        .clone()
        .with(format!("Content-Length: {}", length + 5));
    let in_chunks = |framed: String| {
        let changed = request.clone().with_body(framed);
        changed
            .with("Transfer-Encoding: chunked")
            .bytes_as_they_are()
    };
    vec![
        refused("a length that is too large", too_large.bytes_as_they_are()),
        refused(
            "chunks without a last one",
            in_chunks(format!("{length:x}\r\n{body}\r\n")),
        ),
        refused(
            "a chunk shorter than its size",
            in_chunks(format!("{:x}\r\n{body}\r\n0\r\n\r\n", length + 20)),
        ),
    ]
}

/// Pairs of requests in one message, of which a server that takes lengths and
/// chunks for what they are sees the first alone.
pub fn smuggled(first: &RawRequest, second: &RawRequest) -> Vec<Mutation> {
    // The chunks end before the length does.
    let mut behind = first.chunked(usize::MAX, "", "");
    behind.body.extend_from_slice(&second.bytes());
    let length = behind.body.len();
    let behind = behind.with(format!("Content-Length: {length}"));
    // The length ends before the chunk does, which holds a whole request.
    let hidden = second.bytes();
    let size = format!("{:x}\r\n", hidden.len());
    let mut inside = size.clone().into_bytes();
    inside.extend_from_slice(&hidden);
    inside.extend_from_slice(b"\r\n0\r\n\r\n");
    let inside = first
        .clone()
        .with_body(inside)
        .with(format!("Content-Length: {}", size.len()))
        .with("Transfer-Encoding: chunked");
    vec![
        Mutation::open(
            "a length and chunks, and another request behind the chunks",
            behind.bytes_as_they_are(),
        ),
        refused(
            "a length and chunks, and another request behind the length",
            inside.bytes_as_they_are(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RawRequest {
        RawRequest::post("h:1", "/", "{\"a\":[1,2,3]}")
    }

    #[test]
    fn what_is_hidden_in_a_chunk_starts_where_the_length_ends() {
        let pair = smuggled(&request(), &request());
        let text = String::from_utf8(pair[1].document.clone()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .unwrap()
            .parse()
            .unwrap();
        assert!(body[length..].starts_with("POST / HTTP/1.1\r\n"));
    }

    #[test]
    fn every_label_of_a_list_is_its_own_whatever_the_body() {
        let request = request().with_body("{\"a\":\"€€€€€€€€€\"}");
        for list in [
            chunked(&request),
            broken_chunks(&request),
            broken_lengths(&request),
        ] {
            let mut labels: Vec<&str> = list.iter().map(|one| one.label.as_str()).collect();
            labels.sort_unstable();
            labels.dedup();
            assert_eq!(labels.len(), list.len());
        }
    }
}
