//! Answers as servers may speak them, and what each of them says.

use std::fmt;

use proptest::prelude::*;

/// An answer on the wire, and what a client has to make of it.
#[derive(Clone)]
pub(crate) struct Spoken {
    pub(crate) bytes: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether the connection can be used again.
    pub(crate) keep_alive: bool,
    /// Whether its end is the connection's.
    pub(crate) is_until_close: bool,
}

impl fmt::Debug for Spoken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = if self.keep_alive { "kept" } else { "closed" };
        write!(formatter, "{} ({kept})", self.bytes.escape_ascii())
    }
}

/// How a body is framed.
#[derive(Debug, Clone)]
enum Framing {
    Length,
    Chunked {
        sizes: Vec<usize>,
        spelling: Spelling,
        trailers: Vec<(String, String)>,
    },
    UntilClose,
}

/// How the lines of chunks are spelled.
#[derive(Debug, Clone)]
struct Spelling {
    extension: String,
    is_upper: bool,
    zeros: usize,
}

/// Any answer that is right.
pub(crate) fn spoken() -> impl Strategy<Value = Spoken> {
    (
        prop::collection::vec(interim(), 0..3),
        prop_oneof![3 => Just("1.1"), 1 => Just("1.0")],
        prop_oneof![6 => 200..300_u16, 3 => 400..600_u16, 1 => 300..400_u16],
        prop_oneof!["[ -~]{0,20}", Just(String::new())],
        headers(0..12),
        connection(),
        body(),
        framing(),
    )
        .prop_map(speak)
}

/// Any answer after which the connection goes on.
pub(crate) fn kept_alive() -> impl Strategy<Value = Spoken> {
    spoken().prop_filter("the connection goes on", |spoken| spoken.keep_alive)
}

fn interim() -> impl Strategy<Value = Vec<u8>> {
    let status = prop_oneof![Just(100_u16), Just(102), Just(103), Just(199)];
    (status, headers(0..3)).prop_map(|(status, headers)| {
        let mut bytes = format!("HTTP/1.1 {status} Wait\r\n").into_bytes();
        write_headers(&headers, &mut bytes);
        bytes.extend_from_slice(b"\r\n");
        bytes
    })
}

/// Headers that mean nothing to a client, `X-` ones and look-alikes.
fn headers(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        3 => "X-[A-Za-z0-9-]{0,12}",
        1 => Just("Content-Lengths".to_owned()),
        1 => Just("X-Transfer-Encoding".to_owned()),
        1 => Just("Proxy-Connection".to_owned()),
        1 => Just("Trailer".to_owned()),
    ];
    let value = prop_oneof![
        "[!-~]([ -~]{0,30}[!-~])?",
        Just("close".to_owned()),
        Just(String::new())
    ];
    prop::collection::vec((name, value), count)
}

fn connection() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![
        4 => Just(None),
        1 => Just(Some("close")),
        1 => Just(Some("Close")),
        1 => Just(Some("keep-alive")),
        1 => Just(Some("Keep-Alive, Upgrade")),
        1 => Just(Some("upgrade, close")),
    ]
}

/// Bytes of any kind, some of which look like the framing around them.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..600),
        1 => prop::collection::vec(any::<u8>(), 4_000..9_000),
        1 => Just(b"0\r\n\r\n".to_vec()),
        1 => Just(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
        1 => Just(br#"{"response":{},"signature":""}"#.to_vec()),
        1 => Just(b"\r\n\r\n".to_vec()),
        1 => Just(Vec::new()),
    ]
}

fn framing() -> impl Strategy<Value = Framing> {
    let extension = prop_oneof![
        4 => Just(String::new()),
        1 => ";[a-z]{1,8}",
        1 => " ;[a-z]{1,8}=\"[ -~&&[^\"]]{0,20}\"",
    ];
    let spelling =
        (extension, any::<bool>(), 0..6_usize).prop_map(|(extension, is_upper, zeros)| Spelling {
            extension,
            is_upper,
            zeros,
        });
    let chunked = (
        prop::collection::vec(1..300_usize, 0..6),
        spelling,
        headers(0..3),
    )
        .prop_map(|(sizes, spelling, trailers)| Framing::Chunked {
            sizes,
            spelling,
            trailers,
        });
    prop_oneof![
        3 => Just(Framing::Length),
        4 => chunked,
        1 => Just(Framing::UntilClose),
    ]
}

type Parts = (
    Vec<Vec<u8>>,
    &'static str,
    u16,
    String,
    Vec<(String, String)>,
    Option<&'static str>,
    Vec<u8>,
    Framing,
);

fn speak((interim, version, status, reason, headers, connection, body, framing): Parts) -> Spoken {
    let has_body = !matches!(status, 204 | 304);
    let body = if has_body { body } else { Vec::new() };
    let mut bytes = interim.concat();
    bytes.extend_from_slice(format!("HTTP/{version} {status} {reason}\r\n").as_bytes());
    write_headers(&headers, &mut bytes);
    if let Some(connection) = connection {
        bytes.extend_from_slice(format!("connection:{connection}\r\n").as_bytes());
    }
    match &framing {
        Framing::Length => {
            bytes.extend_from_slice(format!("CONTENT-length:  {} \r\n\r\n", body.len()).as_bytes());
            bytes.extend_from_slice(&body);
        }
        Framing::Chunked {
            sizes,
            spelling,
            trailers,
        } => {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            if has_body {
                write_chunks(&body, sizes, spelling, trailers, &mut bytes);
            }
        }
        Framing::UntilClose => {
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(&body);
        }
    }
    let tokens = connection.unwrap_or_default().to_ascii_lowercase();
    let asked = !tokens.contains("close") && (version == "1.1" || tokens.contains("keep-alive"));
    let is_until_close = has_body && matches!(framing, Framing::UntilClose);
    // Chunks are not HTTP/1.0's: whoever sends them there is not to be trusted
    // with another request.
    let is_odd = has_body && matches!(framing, Framing::Chunked { .. }) && version == "1.0";
    Spoken {
        bytes,
        status,
        body,
        keep_alive: asked && !is_until_close && !is_odd,
        is_until_close,
    }
}

fn write_headers(headers: &[(String, String)], out: &mut Vec<u8>) {
    for (name, value) in headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
}

fn write_chunks(
    body: &[u8],
    sizes: &[usize],
    spelling: &Spelling,
    trailers: &[(String, String)],
    out: &mut Vec<u8>,
) {
    let line = |size: usize| {
        let digits = if spelling.is_upper {
            format!("{size:X}")
        } else {
            format!("{size:x}")
        };
        format!(
            "{}{digits}{}\r\n",
            "0".repeat(spelling.zeros),
            spelling.extension
        )
    };
    let mut rest = body;
    for size in sizes.iter().copied().chain([usize::MAX]) {
        let chunk = &rest[..rest.len().min(size)];
        if chunk.is_empty() {
            break;
        }
        out.extend_from_slice(line(chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
        rest = &rest[chunk.len()..];
    }
    out.extend_from_slice(line(0).as_bytes());
    write_headers(trailers, out);
    out.extend_from_slice(b"\r\n");
}
