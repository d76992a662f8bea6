//! Where the gateway is, and how it is connected to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use super::connection::{Connection, Limits};
use super::exchange::{Ending, Exchange, Phase};
use super::schedule::Schedule;
use super::stream::Stream;
use super::tls::{Trust, TrustError};

/// A gateway's address and how to talk to it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    url: Url,
    host: String,
    port: u16,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    headers: Vec<(String, String)>,
    limits: Limits,
}

/// The head of a POST, for whoever sends many alike.
#[derive(Debug, Clone)]
pub struct PostHead(Vec<u8>);

impl PostHead {
    /// Writes the bytes of a POST of `body` at the end of `out`.
    pub fn write(&self, body: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
        serde_json::to_writer(&mut *out, &body.len()).expect("a vector takes every byte");
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(body);
    }
}

/// Why a target can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL of a gateway.
    #[error("use {text:?} as --target: {reason} (give a base URL such as http://127.0.0.1:8080)")]
    Url {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An extra header that can't be sent.
    #[error("send the --header {0:?}: write it as 'Name: value', in printable ASCII")]
    Header(String),
    /// TLS can't be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl Endpoint {
    /// The gateway at the base URL `text`.
    ///
    /// # Errors
    /// [`EndpointError`] where it is no http or https URL with a host, or TLS
    /// can't be set up.
    pub fn parse(text: &str, trust: &Trust, limits: Limits) -> Result<Self, EndpointError> {
        let fail = |reason: &str| EndpointError::Url {
            // What stands before an @ may be a password.
            text: match text.rsplit_once('@') {
                Some((_, rest)) => format!("…@{rest}"),
                None => text.to_owned(),
            },
            reason: reason.to_owned(),
        };
        let url = Url::parse(text).map_err(|error| fail(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(fail("the scheme is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fail("it holds a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(fail("it has a query or a fragment"));
        }
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(fail("it has no host")),
        };
        let port = url
            .port_or_known_default()
            .ok_or_else(|| fail("it has no port"))?;
        let tls = if url.scheme() == "https" {
            let name = ServerName::try_from(host.clone())
                .map_err(|_| fail("its host is no name that TLS can check"))?;
            Some((trust.client_config()?, name))
        } else {
            None
        };
        Ok(Self {
            url,
            host,
            port,
            tls,
            headers: Vec::new(),
            limits,
        })
    }

    /// The same with extra headers, each `Name: value`, on every request.
    ///
    /// # Errors
    /// [`EndpointError::Header`] where one can't stand in a request.
    pub fn with_headers(mut self, headers: &[String]) -> Result<Self, EndpointError> {
        for header in headers {
            let (name, value) = header
                .split_once(':')
                .map(|(name, value)| (name.trim(), value.trim()))
                .filter(|(name, value)| is_token(name) && is_printable(value))
                .ok_or_else(|| EndpointError::Header(header.clone()))?;
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        Ok(self)
    }

    /// The extra headers of every request.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The base URL as it was given.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The URL of `path`.
    pub fn url_of(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    /// The bounds of every step.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether it is over TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether it is this very machine: an address of the loopback range, or
    /// the name `localhost`.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// The value of the `Host` header.
    pub fn authority(&self) -> &str {
        self.url.authority()
    }

    /// The target of a request line for `path`, below the base URL's own path.
    pub fn request_target(&self, path: &str) -> String {
        format!("{}{path}", self.url.path().trim_end_matches('/'))
    }

    /// What stands before the body of every POST to `path`, but for the body's
    /// length.
    pub fn post_head(&self, path: &str) -> PostHead {
        let mut head = Vec::with_capacity(256);
        for part in [
            "POST ",
            &self.request_target(path),
            " HTTP/1.1\r\nHost: ",
            self.authority(),
            "\r\nContent-Type: application/json\r\n",
        ] {
            head.extend_from_slice(part.as_bytes());
        }
        for (name, value) in &self.headers {
            for part in [name.as_str(), ": ", value.as_str(), "\r\n"] {
                head.extend_from_slice(part.as_bytes());
            }
        }
        head.extend_from_slice(b"Content-Length: ");
        PostHead(head)
    }

    /// The bytes of a POST of `body` to `path`.
    pub fn post(&self, path: &str, body: &[u8]) -> Vec<u8> {
        let mut request = Vec::with_capacity(256 + body.len());
        self.post_head(path).write(body, &mut request);
        request
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`Ending::NotSent`], with the reason: nothing has been sent yet.
    pub async fn connect(&self) -> Result<Connection, Ending> {
        let stream = timeout(self.limits.connect, self.open())
            .await
            .map_err(|_| Ending::NotSent(format!("timed out {}", Phase::Connect)))?
            .map_err(|error| Ending::NotSent(error.to_string()))?;
        Ok(Connection::new(stream, self.limits))
    }

    async fn open(&self) -> std::io::Result<Stream> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // A request leaves when it is written: Nagle's wait would be measured
        // as the gateway's.
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Stream::Plain(stream)),
            Some((config, name)) => {
                let connector = TlsConnector::from(Arc::clone(config));
                let stream = connector.connect(name.clone(), stream).await?;
                Ok(Stream::Tls(Box::new(stream)))
            }
        }
    }

    /// One exchange on a connection of its own.
    pub async fn exchange(&self, schedule: Schedule) -> Exchange {
        let started = Instant::now();
        match self.connect().await {
            Ok(mut connection) => {
                let exchange = connection.exchange(schedule).await;
                if exchange.ending == Ending::Abandoned {
                    // Best effort: a socket that is gone needs no reset.
                    let _ = connection.stream().reset_on_drop();
                }
                exchange
            }
            Err(ending) => Exchange::not_sent(schedule.bytes, schedule.body_start, ending, started),
        }
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_printable(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::parse(text, &Trust::default(), Limits::default())
    }

    #[test]
    fn a_base_path_stands_before_every_path() {
        let endpoint = endpoint("http://127.0.0.1:8080/gateway/").unwrap();
        let post = endpoint.post("/api/common/refund", b"{}");
        let text = String::from_utf8(post).unwrap();
        assert!(
            text.starts_with(
                "POST /gateway/api/common/refund HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
            )
        );
        assert!(text.ends_with("Content-Length: 2\r\n\r\n{}"));
        assert_eq!(
            endpoint.url_of("/api/common/refund"),
            "http://127.0.0.1:8080/gateway/api/common/refund"
        );
    }

    #[test]
    fn loopback_is_recognised_and_nothing_else() {
        for text in [
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "http://localhost:1",
            "http://127.9.9.9",
        ] {
            assert!(endpoint(text).unwrap().is_loopback(), "{text}");
        }
        for text in [
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
        ] {
            assert!(!endpoint(text).unwrap().is_loopback(), "{text}");
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused_with_the_flag_that_mends_it() {
        for text in ["", "gateway", "ftp://x/", "http://u:p@x/", "http://x/?a=b"] {
            let error = endpoint(text).unwrap_err().to_string();
            assert!(error.contains("--target"), "{error}");
        }
    }

    #[test]
    fn a_header_cannot_smuggle_another_line() {
        let good = ["X-Gate: 1".to_owned()];
        let endpoint = endpoint("http://127.0.0.1:1").unwrap();
        assert!(endpoint.clone().with_headers(&good).is_ok());
        for bad in ["X: a\r\nY: b", "no colon", ": empty", "a b: c"] {
            assert!(endpoint.clone().with_headers(&[bad.to_owned()]).is_err());
        }
    }
}
