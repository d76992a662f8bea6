//! What a connection over TLS trusts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Which certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those that this machine trusts.
    #[default]
    Platform,
    /// Those that the authorities of this PEM file have signed.
    Authorities(PathBuf),
    /// Any, unchecked: for a test gateway with a certificate of its own making.
    Anything,
}

/// Why TLS can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file of authorities can't be used.
    #[error("read the certificates of {}: {reason} (give a PEM file with --ca)", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS itself can't be set up.
    #[error("set up TLS: {0}")]
    Tls(#[from] Error),
}

impl Trust {
    /// A client's configuration that trusts these.
    ///
    /// # Errors
    /// [`TrustError`] where the file or the machine's own store can't be used.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let config = match self {
            Self::Platform => builder.with_platform_verifier()?.with_no_client_auth(),
            Self::Authorities(path) => builder
                .with_root_certificates(read_authorities(path)?)
                .with_no_client_auth(),
            Self::Anything => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
                .with_no_client_auth(),
        };
        Ok(Arc::new(config))
    }
}

fn read_authorities(path: &Path) -> Result<RootCertStore, TrustError> {
    let fail = |reason: String| TrustError::Authorities {
        path: path.to_owned(),
        reason,
    };
    let text = fs::read(path).map_err(|error| fail(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| fail(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| fail(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fail("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

/// Trusts any certificate; the handshake itself is still checked.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tokio_rustls::rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tokio_rustls::rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    use super::*;
    use crate::target::{Ending, Endpoint, Exchange, Limits, Schedule};

    /// One exchange with a server whose certificate `localhost` nobody knows.
    async fn exchange(trust_its_certificate: bool, insecure: bool) -> Exchange {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, certified.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            let accepted = TlsAcceptor::from(Arc::new(config)).accept(socket).await;
            if let Ok(mut stream) = accepted {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    .await;
                let _ = stream.shutdown().await;
            }
        });
        let trust = match (trust_its_certificate, insecure) {
            (true, _) => Trust::Authorities(file),
            (_, true) => Trust::Anything,
            _ => Trust::Platform,
        };
        let url = format!("https://localhost:{port}");
        let endpoint = Endpoint::parse(&url, &trust, Limits::default()).unwrap();
        let exchange = endpoint
            .exchange(Schedule::whole(endpoint.post("/", b"{}")))
            .await;
        server.await.unwrap();
        exchange
    }

    #[tokio::test]
    async fn a_certificate_of_a_given_authority_is_trusted() {
        assert_eq!(exchange(true, false).await.body(), Some(&b"ok"[..]));
    }

    #[tokio::test]
    async fn any_certificate_is_trusted_only_where_that_was_said() {
        assert_eq!(exchange(false, true).await.body(), Some(&b"ok"[..]));
        let refused = exchange(false, false).await;
        assert!(matches!(refused.ending, Ending::NotSent(_)), "{refused:?}");
    }

    #[test]
    fn a_file_without_certificates_is_named_with_the_flag() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Trust::Authorities(file.path().to_owned())
            .client_config()
            .unwrap_err()
            .to_string();
        assert!(error.contains("--ca"), "{error}");
    }
}
