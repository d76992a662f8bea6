//! Reaching a receiver: which addresses may be reached, and by what.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use url::Host;

use super::sending::Failure;
use crate::gateway::settings::Receivers;
use crate::gateway::web_url::WebUrl;

/// How many addresses of one name are tried.
const MOST_ADDRESSES: usize = 4;

/// A connection to a receiver.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Connects to where `url` points, if `receivers` allows it. What is asked is
/// the very address that is connected to: a name that changes its mind meanwhile
/// changes nothing.
pub(super) async fn connect(
    url: &WebUrl,
    receivers: Receivers,
) -> Result<Box<dyn Stream>, Failure> {
    let addresses = allowed(addresses_of(url).await?, receivers);
    if addresses.is_empty() {
        return Err(Failure::NotAllowed);
    }
    let stream = TcpStream::connect(&addresses[..]).await?;
    if url.is_https() {
        Ok(Box::new(secure(stream, url).await?))
    } else {
        Ok(Box::new(stream))
    }
}

async fn addresses_of(url: &WebUrl) -> io::Result<Vec<SocketAddr>> {
    let port = url.port();
    Ok(match url.host() {
        Host::Ipv4(address) => vec![(address, port).into()],
        Host::Ipv6(address) => vec![(address, port).into()],
        Host::Domain(name) => lookup_host((name, port)).await?.collect(),
    })
}

fn allowed(mut addresses: Vec<SocketAddr>, receivers: Receivers) -> Vec<SocketAddr> {
    if receivers == Receivers::Loopback {
        addresses.retain(|address| address.ip().to_canonical().is_loopback());
    }
    addresses.truncate(MOST_ADDRESSES);
    addresses
}

/// TLS, with the certificates that the machine trusts.
async fn secure(stream: TcpStream, url: &WebUrl) -> io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(io::Error::other)?
        .with_no_client_auth();
    let name = match url.host() {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(io::Error::other)?,
        Host::Ipv4(address) => ServerName::from(std::net::IpAddr::from(address)),
        Host::Ipv6(address) => ServerName::from(std::net::IpAddr::from(address)),
    };
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_leave_only_loopback_is_reached_however_it_is_spelled() {
        let allowed = |address: &str| {
            let address: SocketAddr = address.parse().unwrap();
            !allowed(vec![address], Receivers::Loopback).is_empty()
        };
        for loopback in [
            "127.0.0.1:80",
            "127.8.9.1:80",
            "[::1]:80",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert!(allowed(loopback), "{loopback}");
        }
        for other in [
            "10.0.0.1:80",
            "169.254.169.254:80",
            "0.0.0.0:80",
            "[::]:80",
            "[fe80::1]:80",
            "[::ffff:10.0.0.1]:80",
            "192.0.2.1:80",
        ] {
            assert!(!allowed(other), "{other}");
        }
    }
}
