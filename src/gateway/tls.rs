//! What the gateway shows of itself over TLS.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// A certificate and its private key. `Debug` shows neither.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

/// Why TLS can't be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("can't read the {flag} {}: {source}", path.display())]
    Unreadable {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It has no certificate.
    #[error(
        "there is no certificate in the --tls-cert {}: give a PEM file, the server's certificate first and then those that lead to its authority",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// It has no private key.
    #[error(
        "there is no private key in the --tls-key {}: give a PEM file with a key that is not encrypted",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// It is no PEM file.
    #[error("the {flag} {} is no sound PEM file: {reason}", path.display())]
    Pem {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The two do not go together.
    #[error(
        "the --tls-key {} is not the key of the --tls-cert {}: give the pair that was made together",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// TLS can't be spoken with them.
    #[error("can't serve with the --tls-cert {}: {source}", certificate.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads the chain of certificates and the private key, PEM both.
    ///
    /// # Errors
    /// [`TlsError`] names the file and the cure.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = read_chain(certificate)?;
        let private = read_key(key)?;
        let unusable = |source| match source {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
            },
            source => TlsError::Unusable {
                certificate: certificate.to_owned(),
                source,
            },
        };
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(unusable)?
                .with_no_client_auth()
                .with_single_cert(chain, private)
                .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Who makes handshakes.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tls(hidden)")
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    const FLAG: &str = "--tls-cert";
    let text = read(FLAG, path)?;
    let chain = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| no_pem(FLAG, path, &error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    const FLAG: &str = "--tls-key";
    let text = read(FLAG, path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey {
            path: path.to_owned(),
        },
        error => no_pem(FLAG, path, &error),
    })
}

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Unreadable {
        flag,
        path: path.to_owned(),
        source,
    })
}

/// The reader's own words name kinds of sections, and show nothing of a key.
fn no_pem(flag: &'static str, path: &Path, error: &pem::Error) -> TlsError {
    TlsError::Pem {
        flag,
        path: path.to_owned(),
        reason: match error {
            pem::Error::Base64Decode(_) => "its base64 is broken".to_owned(),
            pem::Error::IllegalSectionStart { .. } => "a section begins wrongly".to_owned(),
            pem::Error::MissingSectionEnd { .. } => "a section has no end".to_owned(),
            error => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn pair(folder: &TempDir, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = folder.path().join(format!("{name}.crt"));
        let key = folder.path().join(format!("{name}.key"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_name_and_shows_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = pair(&folder, "one");
        let (_, other_key) = pair(&folder, "other");
        let nowhere = folder.path().join("nowhere");
        let broken = folder.path().join("broken");
        let text = fs::read_to_string(&key).unwrap();
        let secret = text.lines().nth(1).unwrap().to_owned();
        fs::write(&broken, text.replace("-----END", "*****END")).unwrap();
        assert!(Tls::read(&certificate, &key).is_ok());
        for (certificate, key, said, named) in [
            (&nowhere, &key, "--tls-cert", &nowhere),
            (&certificate, &nowhere, "--tls-key", &nowhere),
            (&key, &key, "no certificate", &key),
            (&certificate, &certificate, "no private key", &certificate),
            (&certificate, &broken, "no sound PEM", &broken),
            (&certificate, &other_key, "made together", &other_key),
        ] {
            let error = Tls::read(certificate, key).unwrap_err().to_string();
            assert!(error.contains(said), "{said}: {error}");
            assert!(error.contains(named.to_str().unwrap()), "{error}");
            assert!(!error.contains(&secret), "{error}");
        }
    }
}
