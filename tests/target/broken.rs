//! Answers that are wrong: none of them is believed, whatever comes after.

use proptest::prelude::*;
use recoup::target::{Connection, Ending, Limits};

use crate::spoken::spoken;
use crate::wire::{End, REQUEST, Wire, block_on, cuts, exchange, impatient, patient};

const NO_HTTP: &[&str] = &[
    "220 mail.example ready\r\n\r\n",
    "<html><body>502 Bad Gateway</body></html>\r\n\r\n",
    "{\"response\":{}}\r\n\r\n",
    "\u{16}\u{3}\u{1}\u{2}\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/1.2 200 OK\r\n\r\n",
    "http/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 0200 OK\r\n\r\n",
    "HTTP/1.1 000 OK\r\n\r\n",
    "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1 -20 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
];

const BROKEN_HEADERS: &[&str] = &[
    "Content-Length: -1",
    "Content-Length: +2",
    "Content-Length: 0x2",
    "Content-Length: 2 2",
    "Content-Length: 2.0",
    "Content-Length:",
    "Content-Length: 2\r\nContent-Length: 3",
    "Content-Length: 18446744073709551616",
    "Content-Length: two",
    "Content-Length : 2",
    "Content-Length: 2\r\n folded: yes",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: xchunked",
    "no colon",
    ": no name",
    "X-Null: a\0b",
];

const BROKEN_CHUNKS: &[&str] = &[
    "\r\n\r\n",
    "5\r\nhello\r\n\r\n\r\n",
    "5\r\nhello\r\n;last\r\n\r\n",
    "5\r\nhello, world\r\n0\r\n\r\n",
    "5\r\nhello0\r\n\r\n",
    "5\r\nhello\n0\r\n\r\n",
    "5\nhello\r\n0\r\n\r\n",
    "-5\r\nhello\r\n0\r\n\r\n",
    "0x5\r\nhello\r\n0\r\n\r\n",
    "5 5\r\nhello\r\n0\r\n\r\n",
    "five\r\nhello\r\n0\r\n\r\n",
    "g\r\nhello\r\n0\r\n\r\n",
    "5;a\nb\r\nhello\r\n0\r\n\r\n",
    "10000000000000005\r\nhello\r\n0\r\n\r\n",
    "{\"response\":{}}",
    "5\r\nhello\r\n0\r\nno trailer\r\n\r\n",
];

/// How answers without end begin, and what then comes again and again.
const FLOODS: &[(&[u8], &[u8])] = &[
    (b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n"),
    (b"HTTP/1.1 200 ", b"OK"),
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    (b"", b"\r\n"),
    (b"HTTP/1.1 200 OK\r\n\r\n", b"more"),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"more",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"4\r\nmore\r\n",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"more",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0;",
        b"more",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"X-More: more\r\n",
    ),
];

/// How answers begin that random bytes then go on with.
const STARTS: &[&[u8]] = &[
    b"",
    b"HTTP/1.1 ",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
];

/// Bytes that make no answer, whatever follows them.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    let version = prop::sample::select(vec!["1.0", "1.1"]);
    let status = (200..600_u16).prop_filter("it has a body", |status| !matches!(status, 204 | 304));
    let head = (prop::sample::select(BROKEN_HEADERS), version, status).prop_map(
        |(header, version, status)| {
            format!("HTTP/{version} {status} OK\r\nX-A: b\r\n{header}\r\nX-C: d\r\n\r\n")
        },
    );
    let chunks = prop::sample::select(BROKEN_CHUNKS).prop_map(|chunks| {
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")
    });
    prop_oneof![
        1 => prop::sample::select(NO_HTTP).prop_map(str::to_owned),
        2 => head,
        2 => chunks,
    ]
    .prop_map(String::into_bytes)
}

proptest! {
    #[test]
    fn a_broken_answer_is_malformed_however_it_is_cut(
        broken in broken(),
        behind in spoken(),
        cuts in cuts(),
        end in prop_oneof![Just(End::Close), Just(End::Hold), Just(End::Reset)],
    ) {
        // A right answer behind it mends nothing.
        let bytes = [broken, behind.bytes].concat();
        let (exchange, is_usable) = exchange(Wire::answering(&bytes, &cuts, end), patient());
        prop_assert!(
            matches!(exchange.ending, Ending::Malformed(_)),
            "{:?}: {:?}",
            String::from_utf8_lossy(&bytes),
            exchange.ending
        );
        prop_assert_eq!(exchange.answer, None);
        prop_assert!(!is_usable);
    }

    #[test]
    fn random_bytes_end_in_words(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        start in prop::sample::select(STARTS),
        cuts in cuts(),
        end in prop_oneof![Just(End::Close), Just(End::Hold), Just(End::Reset), Just(End::Tear)],
    ) {
        let bytes = [start, &bytes].concat();
        let limits = if end == End::Hold { impatient() } else { patient() };
        let (exchange, _) = exchange(Wire::answering(&bytes, &cuts, end), limits);
        match &exchange.answer {
            // By chance, and then with a head that everybody reads alike.
            Some(answer) => {
                prop_assert_eq!(&exchange.ending, &Ending::Answered);
                prop_assert!(answer.head.trim_ascii_start().starts_with(b"HTTP/1."));
            }
            None => prop_assert!(exchange.ending != Ending::Answered),
        }
        prop_assert!(bytes.starts_with(&exchange.received));
    }

    #[test]
    fn an_answer_with_a_wrong_byte_in_its_frame_gives_no_other_body(
        spoken in spoken().prop_filter("it is framed", |spoken| !spoken.is_until_close),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cuts in cuts(),
    ) {
        let mut bytes = spoken.bytes;
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let (damaged, _) = exchange(Wire::answering(&bytes, &cuts, End::Reset), patient());
        // A reset ends no body, so what is believed is framed; and a second
        // reader, who knows only this frame, has to come to the same body.
        if let Some(answer) = &damaged.answer {
            prop_assert_eq!(Some(answer.body.clone()), second_opinion(&bytes));
        }
    }

    #[test]
    fn what_never_ends_is_too_large_and_not_waited_for(
        flood in prop::sample::select(FLOODS),
        cuts in cuts(),
    ) {
        const LIMIT: usize = 2_000;
        let (start, more) = flood;
        let bytes = [start, &more.repeat(LIMIT)].concat();
        let limits = Limits { largest_answer: LIMIT, ..patient() };
        let (exchange, is_usable) = exchange(Wire::answering(&bytes, &cuts, End::Hold), limits);
        prop_assert!(
            // Which bound is reached first, that of headers or that of bytes,
            // depends on how many of them come at once.
            exchange.ending == Ending::TooLarge(LIMIT)
                || matches!(&exchange.ending, Ending::Malformed(reason) if reason.contains("header")),
            "{:?}",
            exchange.ending
        );
        prop_assert!(!is_usable);
    }
}

/// What the body of a framed answer is, read once and whole: interim answers
/// are skipped, then the frame is followed. It knows what [`spoken`] speaks,
/// and no more.
fn second_opinion(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = response.parse(rest).ok()? else {
            return None;
        };
        rest = &rest[head..];
        let value = |name: &str| {
            let mut values = response
                .headers
                .iter()
                .filter(|header| header.name.eq_ignore_ascii_case(name));
            let first = values.next()?;
            assert!(values.next().is_none(), "{name} stands twice");
            std::str::from_utf8(first.value).ok()
        };
        match response.code? {
            101 => return None,
            100..200 => continue,
            204 | 304 => return Some(Vec::new()),
            _ => {}
        }
        if let Some(encoding) = value("transfer-encoding") {
            return (encoding.trim().eq_ignore_ascii_case("chunked"))
                .then(|| chunks(rest))
                .flatten();
        }
        let length: usize = value("content-length")?.trim().parse().ok()?;
        return rest.get(..length).map(<[u8]>::to_vec);
    }
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let text = String::from_utf8_lossy(&rest[..line]);
        let digits = text.split(';').next()?.trim_end();
        let size = usize::from_str_radix(digits, 16).ok()?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[test]
fn a_server_that_speaks_first_is_not_taken_for_an_answer() {
    block_on(async {
        let busy = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
        let wire = Wire::new(End::Close).then(0, busy, &[]);
        let mut connection = Connection::new(wire, patient());
        // The first look may come before the bytes do.
        let _ = connection.is_usable();
        assert!(!connection.is_usable());
        let refused = connection.round_trip(REQUEST).await;
        assert!(matches!(refused, Err(Ending::NotSent(_))), "{refused:?}");
    });
}
