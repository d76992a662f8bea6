//! The same over TLS: records are cut where they like, and a connection that
//! is torn off is told from one that was closed.

use std::sync::Arc;

use proptest::prelude::*;
use recoup::target::{Ending, Endpoint, Exchange, Schedule, Trust};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use crate::spoken::{kept_alive, spoken};
use crate::wire::{End, block_on, cut, cuts, patient};

/// A server with a certificate that only its own clients know.
struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    endpoint: Endpoint,
    /// Holds the certificate.
    _folder: TempDir,
}

impl Server {
    async fn start() -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let authorities = folder.path().join("ca.pem");
        std::fs::write(&authorities, certified.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let trust = Trust::Authorities(authorities);
        Self {
            listener,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            endpoint: Endpoint::parse(&url, &trust, patient()).unwrap(),
            _folder: folder,
        }
    }

    async fn accept(&self) -> TlsStream<TcpStream> {
        let (socket, _) = self.listener.accept().await.unwrap();
        self.acceptor.accept(socket).await.unwrap()
    }

    fn request(&self) -> Vec<u8> {
        self.endpoint.post("/", b"{}")
    }

    /// One exchange, answered with a record for each of the pieces.
    async fn exchange(&self, pieces: Vec<Vec<u8>>, end: End) -> Exchange {
        let request = self.request();
        let serving = async {
            let mut stream = self.accept().await;
            stream
                .read_exact(&mut vec![0; request.len()])
                .await
                .unwrap();
            for piece in pieces {
                stream.write_all(&piece).await.unwrap();
                stream.flush().await.unwrap();
            }
            match end {
                End::Close => stream.shutdown().await.unwrap(),
                End::Tear => {}
                // Held open until the client has gone.
                End::Hold => {
                    let _ = stream.read(&mut [0]).await;
                }
                End::Reset => stream.get_ref().0.set_zero_linger().unwrap(),
            }
        };
        let asking = self.endpoint.exchange(Schedule::whole(request.clone()));
        let (exchange, ()) = tokio::join!(asking, serving);
        exchange
    }
}

proptest! {
    // Each case is a handshake.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_answer_over_tls_is_the_same_however_it_is_cut(
        spoken in spoken(),
        cuts in cuts(),
        end in prop_oneof![Just(End::Close), Just(End::Tear), Just(End::Hold)],
    ) {
        let end = if spoken.is_until_close { End::Close } else { end };
        block_on(async {
            let server = Server::start().await;
            let exchange = server.exchange(cut(&spoken.bytes, &cuts), end).await;
            prop_assert_eq!(&exchange.ending, &Ending::Answered);
            prop_assert_eq!(exchange.status(), Some(spoken.status));
            prop_assert_eq!(exchange.body(), Some(&spoken.body[..]));
            prop_assert_eq!(&exchange.received, &spoken.bytes);
            Ok(())
        })?;
    }

    #[test]
    fn an_answer_over_tls_that_is_cut_short_is_none(
        spoken in spoken(),
        cuts in cuts(),
        at in any::<prop::sample::Index>(),
        end in prop_oneof![Just(End::Close), Just(End::Tear), Just(End::Reset)],
    ) {
        prop_assume!(!spoken.is_until_close || end != End::Close);
        let beginning = &spoken.bytes[..at.index(spoken.bytes.len())];
        block_on(async {
            let server = Server::start().await;
            let exchange = server.exchange(cut(beginning, &cuts), end).await;
            prop_assert_eq!(&exchange.answer, &None);
            match end {
                // What a reset overtakes is lost.
                End::Reset => prop_assert!(
                    matches!(exchange.ending, Ending::Reset | Ending::Closed(_)),
                    "{:?}",
                    exchange.ending
                ),
                _ => prop_assert_eq!(exchange.ending, Ending::Closed(beginning.len())),
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_connection_over_tls_carries_one_round_trip_after_the_other(
        answers in prop::collection::vec((kept_alive(), cuts()), 1..4),
    ) {
        block_on(async {
            let server = Server::start().await;
            let request = server.request();
            let serving = async {
                let mut stream = server.accept().await;
                let mut received = vec![0; request.len()];
                for (spoken, cuts) in &answers {
                    stream.read_exact(&mut received).await.unwrap();
                    for piece in cut(&spoken.bytes, cuts) {
                        stream.write_all(&piece).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                }
                stream
            };
            let asking = async {
                let mut connection = server.endpoint.connect().await.unwrap();
                for (spoken, _) in &answers {
                    assert!(connection.is_usable());
                    let answer = connection.round_trip(&request).await.unwrap();
                    assert_eq!((answer.status, answer.body), (spoken.status, &spoken.body[..]));
                }
                assert!(connection.is_usable());
            };
            tokio::join!(serving, asking);
        });
    }
}

#[test]
fn a_request_of_many_records_arrives_whole() {
    block_on(async {
        let server = Server::start().await;
        let body: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let request = server.endpoint.post("/", &body);
        let serving = async {
            let mut stream = server.accept().await;
            let mut received = vec![0; request.len()];
            stream.read_exact(&mut received).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await
                .unwrap();
            stream.shutdown().await.unwrap();
            received
        };
        let asking = server.endpoint.exchange(Schedule::whole(request.clone()));
        let (exchange, received) = tokio::join!(asking, serving);
        assert_eq!(exchange.status(), Some(200));
        assert_eq!(exchange.written, request.len());
        assert!(received == request);
    });
}
