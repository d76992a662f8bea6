//! Several requests on one connection before the first answer is looked at.

use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::Connection;
use super::exchange::{Ending, Exchange};
use super::schedule::body_start;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Sends `requests` in one write and reads their answers in turn: one
    /// exchange for each request. Once an answer is missing, or says that it
    /// is the last one, those behind it end without one.
    pub async fn pipeline(&mut self, requests: Vec<Vec<u8>>) -> Vec<Exchange> {
        self.begin();
        let started = Instant::now();
        let mut sent = 0;
        let sending = self.write(&requests.concat(), &mut sent).await;
        let mut exchanges = Vec::with_capacity(requests.len());
        let mut over: Option<Ending> = None;
        for request in requests {
            let written = sent.min(request.len());
            sent -= written;
            let outcome = match &over {
                Some(ending) => Err(ending.clone()),
                // What was answered before a write failed counts.
                None => self.read_answer().await,
            };
            let (answer, received, ending) = match outcome {
                Ok(parsed) => {
                    let end = parsed.end;
                    let answer = self.keep(parsed);
                    if !answer.keep_alive {
                        over = Some(Ending::Closed(0));
                    }
                    let received = self.buffer.drain(..end).collect();
                    self.parser.reset();
                    (Some(answer), received, Ending::Answered)
                }
                Err(ending) => {
                    let ending = sending.clone().err().unwrap_or(ending);
                    over.get_or_insert_with(|| ending.clone());
                    let ending = match written {
                        0 => Ending::NotSent(ending.to_string()),
                        _ => ending,
                    };
                    (None, std::mem::take(&mut self.buffer), ending)
                }
            };
            exchanges.push(Exchange {
                body_start: body_start(&request),
                sent: request,
                written,
                received,
                answer,
                ending,
                started,
                took: started.elapsed(),
            });
        }
        self.usable = over.is_none() && self.buffer.is_empty();
        exchanges
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::target::connection::Limits;

    const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";

    async fn three_against(answers: &'static [u8]) -> (Vec<Exchange>, bool) {
        let (ours, mut theirs) = duplex(1 << 16);
        let server = tokio::spawn(async move {
            let mut requests = vec![0; REQUEST.len() * 3];
            theirs.read_exact(&mut requests).await.unwrap();
            theirs.write_all(answers).await.unwrap();
            theirs
        });
        let mut connection = Connection::new(ours, Limits::within(Duration::from_millis(50)));
        let exchanges = connection.pipeline(vec![REQUEST.to_vec(); 3]).await;
        drop(server.await.unwrap());
        (exchanges, connection.usable)
    }

    #[tokio::test]
    async fn each_request_gets_its_answer_in_turn() {
        let (exchanges, usable) = three_against(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3",
        )
        .await;
        let bodies: Vec<_> = exchanges.iter().map(|exchange| exchange.body()).collect();
        assert_eq!(bodies, [Some(&b"1"[..]), Some(b"2"), Some(b"3")]);
        assert!(usable);
    }

    #[tokio::test]
    async fn behind_an_answer_that_closes_nothing_is_waited_for() {
        let (exchanges, usable) =
            three_against(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1")
                .await;
        assert_eq!(exchanges[0].ending, Ending::Answered);
        assert_eq!(exchanges[1].ending, Ending::Closed(0));
        assert_eq!(exchanges[2].ending, Ending::Closed(0));
        assert!(!usable);
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_waited_for_once() {
        let (exchanges, usable) =
            three_against(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1").await;
        assert_eq!(exchanges[0].body(), Some(&b"1"[..]));
        assert!(matches!(exchanges[1].ending, Ending::TimedOut(_)));
        assert!(matches!(exchanges[2].ending, Ending::TimedOut(_)));
        assert!(!usable);
    }
}
