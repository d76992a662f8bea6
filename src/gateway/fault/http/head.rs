//! The head of a request.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use crate::gateway::connection::LARGEST_HEAD;

/// How many headers are read.
const HEADERS: usize = 100;

/// A request line and headers.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// The method.
    pub(super) method: Method,
    /// The request target.
    pub(super) target: Uri,
    /// Whether it is HTTP/1.0.
    pub(super) is_old: bool,
    /// The headers.
    pub(super) headers: HeaderMap,
}

/// What a buffer begins with.
pub(super) enum Parsed {
    /// A head, and its length.
    Head(Box<Head>, usize),
    /// The beginning of one.
    Unfinished,
    /// Something else, and the status that it is refused with.
    Broken(StatusCode),
}

/// Reads a head as HTTP/1.1 has it.
pub(super) fn parse(buffer: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(buffer) {
        Ok(httparse::Status::Complete(length)) if length <= LARGEST_HEAD => {
            let lines = request.headers.iter().map(|line| (line.name, line.value));
            let head = Head::of(
                request.method.unwrap_or_default(),
                request.path.unwrap_or_default(),
                request.version == Some(0),
                lines,
            );
            head.map_or(Parsed::Broken(StatusCode::BAD_REQUEST), |head| {
                Parsed::Head(Box::new(head), length)
            })
        }
        Ok(httparse::Status::Partial) if buffer.len() <= LARGEST_HEAD => Parsed::Unfinished,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => {
            Parsed::Broken(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
        }
        Err(_) => Parsed::Broken(StatusCode::BAD_REQUEST),
    }
}

/// Reads a head as far as it goes: what is no header is passed over, and a
/// host is invented.
pub(super) fn parse_leniently(buffer: &[u8]) -> Parsed {
    const END: &[u8] = b"\r\n\r\n";
    let Some(end) = crate::gateway::fault::wire::find(buffer, END) else {
        return Parsed::Unfinished;
    };
    let text = String::from_utf8_lossy(&buffer[..end]);
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or("/"),
    );
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim().as_bytes()));
    match Head::of(method, target, false, headers) {
        Some(mut head) => {
            let host = head.headers.entry(header::HOST);
            host.or_insert(HeaderValue::from_static("gateway"));
            Parsed::Head(Box::new(head), end + END.len())
        }
        None => Parsed::Broken(StatusCode::BAD_REQUEST),
    }
}

impl Head {
    /// A head of these parts; headers that can't be are left out.
    fn of<'b>(
        method: &str,
        target: &str,
        is_old: bool,
        lines: impl Iterator<Item = (&'b str, &'b [u8])>,
    ) -> Option<Self> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
                headers.append(name, value);
            }
        }
        Some(Self {
            method: Method::from_bytes(method.as_bytes()).ok()?,
            target: target.parse().ok()?,
            is_old,
            headers,
        })
    }

    /// Whether the sender waits for leave to send its body.
    pub(super) fn expects_leave(&self) -> bool {
        self.has(&header::EXPECT, "100-continue")
    }

    /// Whether the connection ends with this exchange.
    pub(super) fn is_last(&self) -> bool {
        let stays = self.has(&header::CONNECTION, "keep-alive");
        self.has(&header::CONNECTION, "close") || self.is_old && !stays
    }

    fn has(&self, name: &HeaderName, wanted: &str) -> bool {
        let values = self.headers.get_all(name).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(wanted))
    }
}
