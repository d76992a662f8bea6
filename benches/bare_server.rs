//! A server that answers every refund with the same prepared, correctly signed
//! acceptance, as fast as it can: what remains is the client's own cost.
//!
//! It is no gateway. It verifies nothing, remembers nothing, and accepts every
//! refund, so an audit of a load on it finds, rightly, that more is paid back
//! than was paid, as soon as the load is over and the rest is drained. Its
//! acceptance says that 1 was refunded: send refunds of 1, or have each
//! answered with its own amount by `--echo`, at the price of a signature.
//!
//! `--delay` answers each request so much later; `--stall` withholds all
//! answers for the last part of each `--every`. Its URL is printed first.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use recoup::protocol::envelope::seal_raw;
use recoup::protocol::{Direction, Envelope, Object, SignKey, Timestamp};

/// Room for many requests, so that one read is enough for all that wait.
const BUFFER: usize = 16 * 1024;

/// A server with a fixed, signed answer.
#[derive(Debug, Parser)]
struct Args {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Answer each request so much later
    #[arg(long, value_parser = humantime::parse_duration)]
    delay: Option<Duration>,

    /// Withhold all answers so long …
    #[arg(long, value_parser = humantime::parse_duration)]
    stall: Option<Duration>,

    /// … at the end of each such time
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    every: Duration,

    /// Answer a refund with its own amount
    #[arg(long)]
    echo: bool,
}

fn main() -> io::Result<()> {
    let server = Arc::new(Server::new(Args::parse()));
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(server.run())
}

/// The prepared answers, and when they may go out.
struct Server {
    args: Args,
    started: Instant,
    key: SignKey,
    acceptance: Vec<u8>,
}

impl Server {
    fn new(args: Args) -> Self {
        let key = SignKey::new("123456").expect("the test partner's key is not empty");
        let acceptance = acceptance("1", &key);
        Self {
            args,
            started: Instant::now(),
            key,
            acceptance,
        }
    }

    async fn run(self: Arc<Self>) -> io::Result<()> {
        let listener = TcpListener::bind(self.args.listen).await?;
        println!("http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let server = Arc::clone(&self);
            // How a connection ends is its client's business.
            if server.args.delay.is_some() {
                let stream = stream.into_std()?;
                stream.set_nonblocking(false)?;
                std::thread::spawn(move || server.serve_late(stream));
            } else {
                tokio::spawn(async move { server.serve(stream).await });
            }
        }
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut received = Vec::with_capacity(BUFFER);
        let mut answers = Vec::with_capacity(BUFFER);
        while stream.read_buf(&mut received).await? > 0 {
            self.answer(&mut received, &mut answers)?;
            if let Some(end) = self.end_of_stall(Instant::now()) {
                tokio::time::sleep_until(end.into()).await;
            }
            stream.write_all(&answers).await?;
            answers.clear();
        }
        Ok(())
    }

    /// The same with a thread of its own, whose sleep is finer than the
    /// millisecond of the runtime's timer.
    fn serve_late(&self, mut stream: std::net::TcpStream) -> io::Result<()> {
        let mut received = Vec::with_capacity(BUFFER);
        let mut answers = Vec::new();
        let mut piece = vec![0; BUFFER];
        loop {
            let count = stream.read(&mut piece)?;
            if count == 0 {
                return Ok(());
            }
            let due = Instant::now() + self.args.delay.unwrap_or_default();
            received.extend_from_slice(&piece[..count]);
            self.answer(&mut received, &mut answers)?;
            if answers.is_empty() {
                continue;
            }
            let due = self.end_of_stall(due).unwrap_or(due);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            stream.write_all(&answers)?;
            answers.clear();
        }
    }

    /// When the stall that `at` falls into ends; `None` where it is in none.
    fn end_of_stall(&self, at: Instant) -> Option<Instant> {
        let stall = self.args.stall?;
        let period = self.args.every.as_nanos().max(1);
        let within = at.saturating_duration_since(self.started).as_nanos() % period;
        let rest = Duration::from_nanos(u64::try_from(period - within).ok()?);
        (rest <= stall).then(|| at + rest)
    }

    /// Answers every complete request in `received`, and leaves the rest.
    fn answer(&self, received: &mut Vec<u8>, answers: &mut Vec<u8>) -> io::Result<()> {
        let mut from = 0;
        while let Some((path, body)) = request(&received[from..])? {
            let end = from + body.end;
            let document = &received[from + body.start..end];
            match path {
                Path::Refund if !self.args.echo => answers.extend_from_slice(&self.acceptance),
                Path::Refund => answers.extend_from_slice(&self.echo(document)),
                Path::Order => answers.extend_from_slice(&self.order(document)),
                Path::Other => answers.extend_from_slice(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
                ),
            }
            from = end;
        }
        received.drain(..from);
        Ok(())
    }

    /// An acceptance of the amount that was asked for.
    fn echo(&self, document: &[u8]) -> Vec<u8> {
        acceptance(&member(document, "orderAmount"), &self.key)
    }

    /// A payment or a query: the order of the request, paid.
    fn order(&self, document: &[u8]) -> Vec<u8> {
        let amount = match member(document, "orderAmount") {
            absent if absent == "null" => "1".to_owned(),
            amount => amount,
        };
        let order = member(document, "partnerOrderNo");
        let time = Timestamp::now();
        let body = format!(
            r#"{{"code":1,"msg":"success","orderNo":"1","partnerOrderNo":{order},"orderAmount":{amount},"wallet":"test","status":1,"payTime":"{time}","currency":"JPY"}}"#
        );
        answer(&body, &self.key)
    }
}

/// Which call a request is for.
#[derive(Debug, Clone, Copy)]
enum Path {
    Refund,
    /// A payment or a query: their answers are alike.
    Order,
    Other,
}

/// The first request's call and where its body stands; `None` where it is not
/// complete.
fn request(bytes: &[u8]) -> io::Result<Option<(Path, std::ops::Range<usize>)>> {
    let mut headers = [httparse::EMPTY_HEADER; 24];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head) = request.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let length: usize = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok())
        .unwrap_or(0);
    if bytes.len() < head + length {
        return Ok(None);
    }
    let path = match request.path.unwrap_or_default() {
        path if path.ends_with("/refund") => Path::Refund,
        path if path.ends_with("/pay") || path.ends_with("/payQuery") => Path::Order,
        _ => Path::Other,
    };
    Ok(Some((path, head..head + length)))
}

/// The JSON of a member of the request's body, `null` where it can't be read.
fn member(document: &[u8], name: &str) -> String {
    Envelope::parse(document, Direction::Request)
        .ok()
        .and_then(|envelope| Object::parse(envelope.raw).ok()?.get("body"))
        .and_then(|body| Object::parse(body).ok()?.get(name))
        .unwrap_or("null")
        .to_owned()
}

fn acceptance(amount: &str, key: &SignKey) -> Vec<u8> {
    let body = format!(
        r#"{{"code":1,"msg":"success","orderAmount":{amount},"status":1,"currency":"JPY"}}"#
    );
    answer(&body, key)
}

/// A whole HTTP answer around a signed body.
fn answer(body: &str, key: &SignKey) -> Vec<u8> {
    let time = Timestamp::now();
    let raw = format!(
        r#"{{"header":{{"version":"1.0","partnerNo":"10001","respTime":"{time}","signType":"SHA256","reqMsgId":"fd03f269318045758af08f6cf324fb0f"}},"body":{body}}}"#
    );
    let mut document = Vec::new();
    seal_raw(Direction::Response, raw.as_bytes(), key, &mut document);
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        document.len()
    )
    .into_bytes();
    answer.extend_from_slice(&document);
    answer
}
