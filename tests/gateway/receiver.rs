//! A merchant's server that takes notifications.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// A receiver on loopback, for as long as the test runs.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Request>>>,
}

/// What came, taken apart as far as a test needs it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) body: Vec<u8>,
}

impl Receiver {
    /// Answers its requests with these statuses and texts, the last one for
    /// ever.
    pub(crate) async fn start(answers: &'static [(u16, &'static str)]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), answers)
    }

    pub(crate) fn on(listener: TcpListener, answers: &'static [(u16, &'static str)]) -> Self {
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
        };
        let received = Arc::clone(&receiver.received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&received), answers));
            }
        });
        receiver
    }

    /// A URL of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that came so far.
    pub(crate) fn received(&self) -> Vec<Request> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many requests have come, and gives them.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Request> {
        for _ in 0..60_000 {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            sleep(Duration::from_millis(1)).await;
        }
        panic!("{count} requests never came");
    }
}

async fn answer(
    mut stream: TcpStream,
    received: Arc<Mutex<Vec<Request>>>,
    answers: &'static [(u16, &'static str)],
) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let place = {
        let mut received = received.lock().unwrap();
        received.push(request);
        received.len() - 1
    };
    let (status, text) = answers[place.min(answers.len() - 1)];
    let answer = format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(head)) = request.parse(&bytes) else {
            continue;
        };
        let length = request
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |header| {
                std::str::from_utf8(header.value).unwrap().parse().unwrap()
            });
        if bytes.len() >= head + length {
            return Some(Request {
                line: format!("{} {}", request.method.unwrap(), request.path.unwrap()),
                body: bytes[head..head + length].to_vec(),
            });
        }
    }
}
