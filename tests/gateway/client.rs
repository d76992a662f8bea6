//! A raw HTTP client, and a partner that signs what it sends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use recoup::gateway::{self, Running, Settings};
use recoup::protocol::{
    Amount, Barcode, Direction, Envelope, MessageId, OrderNo, PartnerNo, PaymentRequest,
    QueryRequest, RefundNo, RefundRequest, RequestHeader, SignKey, StoreNo, Timestamp, envelope,
    header::TimeField,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::time::timeout;

/// No answer takes this long; a test that would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a gateway that differs from the default as `change` says.
pub(crate) async fn start(change: impl FnOnce(&mut Settings)) -> Running {
    let mut settings = Settings::default();
    change(&mut settings);
    gateway::start(settings).await.unwrap()
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// Sends bytes; that the gateway no longer reads shows in its answer.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    pub(crate) async fn close_writing(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// The next answer; `None` where the connection ended without one.
    pub(crate) async fn receive(&mut self) -> Option<Answer> {
        timeout(PATIENCE, self.receive_patiently()).await.unwrap()
    }

    async fn receive_patiently(&mut self) -> Option<Answer> {
        loop {
            if let Some((answer, length)) = Answer::parse(&self.received) {
                self.received.drain(..length);
                return Some(answer);
            }
            match self.stream.read_buf(&mut self.received).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// All that comes until the connection ends, as it stands.
    pub(crate) async fn receive_all(&mut self) -> String {
        let rest = self.stream.read_to_end(&mut self.received);
        let _ = timeout(PATIENCE, rest).await.unwrap();
        String::from_utf8(std::mem::take(&mut self.received)).unwrap()
    }

    /// Waits for the connection's end, whatever comes before it.
    pub(crate) async fn wait_for_end(&mut self) {
        let rest = self.stream.read_to_end(&mut self.received);
        // A reset is an end as well.
        let _ = timeout(PATIENCE, rest).await.unwrap();
    }

    pub(crate) async fn post(&mut self, path: &str, document: &[u8]) -> Option<Answer> {
        self.send(post(path, "", document)).await;
        self.receive().await
    }
}

/// A whole POST, with `headers` (each with its line end) beside the usual ones.
pub(crate) fn post(path: &str, headers: &str, document: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{headers}\r\n",
        document.len()
    )
    .into_bytes();
    request.extend_from_slice(document);
    request
}

/// An answer's bytes, taken apart as HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = response.parse(bytes).unwrap() else {
            return None;
        };
        let status = response.code.unwrap();
        let headers: Vec<(String, String)> = response
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8(header.value.to_vec()).unwrap();
                (header.name.to_lowercase(), value)
            })
            .collect();
        let value = |name| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let (body, length) = if value("transfer-encoding").is_some() {
            read_chunks(&bytes[head..])?
        } else {
            let length = value("content-length").map_or(0, |value| value.parse().unwrap());
            (bytes.get(head..head + length)?.to_vec(), length)
        };
        let answer = Self {
            status,
            headers,
            body,
        };
        Some((answer, head + length))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_signed_by(&self, key: &SignKey) -> bool {
        let envelope = Envelope::parse(&self.body, Direction::Response).unwrap();
        envelope.is_compact && envelope.verify(key).is_ok()
    }

    /// The same in any layout.
    pub(crate) fn is_authentic(&self, key: &SignKey) -> bool {
        Envelope::parse(&self.body, Direction::Response)
            .is_ok_and(|envelope| envelope.verify(key).is_ok())
    }

    /// A member of the response's body; `Null` where it is not there.
    pub(crate) fn member(&self, name: &str) -> Value {
        self.document()["response"]["body"][name].clone()
    }

    /// A member of the response's header; `Null` where it is not there.
    pub(crate) fn header_member(&self, name: &str) -> Value {
        self.document()["response"]["header"][name].clone()
    }

    pub(crate) fn code(&self) -> i64 {
        self.member("code").as_i64().unwrap()
    }

    fn document(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The data of a chunked body, and how long it is on the wire; `None` where it
/// has not come to its end.
fn read_chunks(mut rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (whole, mut data) = (rest.len(), Vec::new());
    loop {
        let httparse::Status::Complete((start, size)) = httparse::parse_chunk_size(rest).unwrap()
        else {
            return None;
        };
        let end = start + usize::try_from(size).unwrap();
        data.extend_from_slice(rest.get(start..end)?);
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some((data, whole - rest.len()));
        }
    }
}

/// Sends refunds of the first test partner at once, each on a connection of its
/// own that is open before: order, number and amount. The answers are in the
/// order of the refunds, `None` where the connection ended without one.
pub(crate) async fn volley(
    gateway: &Running,
    refunds: &[(&str, String, i64)],
) -> Vec<Option<Answer>> {
    let ready = Arc::new(Barrier::new(refunds.len()));
    let mut under_way = Vec::new();
    for (order, number, amount) in refunds {
        let document = shop().seal(&refund_of(order, number, *amount));
        let mut client = Client::connect(gateway.address()).await;
        let ready = Arc::clone(&ready);
        under_way.push(tokio::spawn(async move {
            ready.wait().await;
            client.post("/api/common/refund", &document).await
        }));
    }
    let mut answers = Vec::new();
    for one in under_way {
        answers.push(one.await.unwrap());
    }
    answers
}

/// Who asks, and with which key.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) no: &'static str,
    pub(crate) key: SignKey,
}

/// The first test partner.
pub(crate) fn shop() -> Caller {
    caller("10001", "123456")
}

/// The second test partner.
pub(crate) fn other_shop() -> Caller {
    caller("10002", "654321")
}

pub(crate) fn caller(no: &'static str, key: &str) -> Caller {
    let key = SignKey::new(key).unwrap();
    Caller { no, key }
}

impl Caller {
    pub(crate) fn request_header(&self) -> RequestHeader {
        RequestHeader {
            partner_no: PartnerNo::new(self.no).unwrap(),
            message_id: MessageId::new("fd03f269318045758af08f6cf324fb0f").unwrap(),
            time: Timestamp::parse("2018-07-25T18:06:05+08:00").unwrap(),
            time_field: TimeField::RequestTime,
        }
    }

    pub(crate) fn seal(&self, body: &impl serde::Serialize) -> Vec<u8> {
        let mut document = Vec::new();
        let header = self.request_header();
        envelope::seal(Direction::Request, &header, body, &self.key, &mut document);
        document
    }

    /// A document around `request`, signed as it stands.
    pub(crate) fn seal_raw(&self, request: &str) -> Vec<u8> {
        let mut document = Vec::new();
        let raw = request.as_bytes();
        envelope::seal_raw(Direction::Request, raw, &self.key, &mut document);
        document
    }
}

pub(crate) fn refund_of(order: &str, refund: &str, amount: i64) -> RefundRequest {
    RefundRequest::new(
        OrderNo::new(order).unwrap(),
        RefundNo::new(refund).unwrap(),
        Amount::new(amount),
    )
}

/// A partner on a connection of its own, which checks each answer's signature.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) caller: Caller,
}

impl Session {
    pub(crate) async fn open(gateway: &Running, caller: Caller) -> Self {
        Self::open_at(gateway.address(), caller).await
    }

    pub(crate) async fn open_at(address: SocketAddr, caller: Caller) -> Self {
        let client = Client::connect(address).await;
        Self { client, caller }
    }

    /// Sends a document and receives an answer that is signed.
    pub(crate) async fn call(&mut self, path: &str, document: &[u8]) -> Answer {
        let answer = self.client.post(path, document).await.unwrap();
        assert!(answer.is_signed_by(&self.caller.key), "{answer:?}");
        answer
    }

    pub(crate) async fn refund(&mut self, order: &str, refund: &str, amount: i64) -> Answer {
        let document = self.caller.seal(&refund_of(order, refund, amount));
        self.call("/api/common/refund", &document).await
    }

    pub(crate) async fn pay_with(&mut self, barcode: &str, order: &str, amount: i64) -> Answer {
        let payment = PaymentRequest::new(
            StoreNo::new("1").unwrap(),
            OrderNo::new(order).unwrap(),
            Barcode::new(barcode).unwrap(),
            Amount::new(amount),
        );
        let document = self.caller.seal(&payment);
        self.call("/api/offline/pay", &document).await
    }

    /// Pays an order, and fails the test where that fails.
    pub(crate) async fn pay(&mut self, order: &str, amount: i64) {
        let answer = self.pay_with("280000000000000001", order, amount).await;
        assert_eq!(answer.code(), 1, "{answer:?}");
    }

    pub(crate) async fn query(&mut self, order: &str) -> Answer {
        let number = OrderNo::new(order).unwrap();
        let query = QueryRequest::by_partner_order_no(None, number);
        let document = self.caller.seal(&query);
        self.call("/api/common/payQuery", &document).await
    }

    /// Refunds all that is left, in powers of two, and says how much it was.
    pub(crate) async fn drain(&mut self, order: &str) -> i64 {
        let mut drained = 0;
        for power in (0..=40).rev() {
            let amount = 1_i64 << power;
            let number = format!("drain-{order}-{power}");
            if self.refund(order, &number, amount).await.code() == 1 {
                drained += amount;
            }
        }
        drained
    }
}
