//! The signature: lowercase hex of SHA-256 over the signed text followed by
//! the partner's sign key (clauses `signature.definition`, `signature.raw-text`).

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A partner's sign key. It is never printed: `Debug` shows no byte of it and
/// there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct SignKey(Vec<u8>);

/// Why bytes are no sign key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sign key is empty")]
pub struct EmptyKey;

impl SignKey {
    /// A key of these bytes, which are appended to the signed text as they are.
    ///
    /// # Errors
    /// [`EmptyKey`]: without a key a signature would be a plain hash that
    /// anybody can make.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, EmptyKey> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Err(EmptyKey);
        }
        Ok(Self(bytes))
    }

    /// The secret itself. For hashing, and for looking whether it leaked into
    /// an answer; not for printing.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SignKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignKey(hidden)")
    }
}

/// A signature as it stands on the wire: 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; Self::LENGTH]);

impl Signature {
    /// The number of hexadecimal digits.
    pub const LENGTH: usize = 64;

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hexadecimal digits are ASCII")
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not 64 lowercase hexadecimal digits.
    #[error("the signature is not 64 lowercase hexadecimal digits")]
    Malformed,
    /// Well formed, and not the signature of this text under this key.
    #[error("the signature does not match the text that was sent")]
    Mismatch,
}

/// Signs `raw`, the text of a `request` or `response` value exactly as it
/// stands, or will stand, on the wire.
///
/// ```
/// use recoup::protocol::SignKey;
/// use recoup::protocol::signature::{sign, verify};
///
/// let key = SignKey::new("123456")?;
/// let signature = sign(b"{}", &key);
/// assert_eq!(signature.as_str().len(), 64);
/// assert!(verify(b"{}", signature.as_str(), &key).is_ok());
/// assert!(verify(b"{ }", signature.as_str(), &key).is_err());
/// # Ok::<(), recoup::protocol::signature::EmptyKey>(())
/// ```
pub fn sign(raw: &[u8], key: &SignKey) -> Signature {
    let digest = Sha256::new()
        .chain_update(raw)
        .chain_update(key.expose())
        .finalize();
    let mut digits = [0; Signature::LENGTH];
    hex::encode_to_slice(digest, &mut digits).expect("64 digits hold 32 bytes");
    Signature(digits)
}

/// Whether `claimed` is the signature of `raw` under `key`. The digits are
/// compared in constant time.
///
/// # Errors
/// [`SignatureError`] tells a malformed signature from a wrong one.
pub fn verify(raw: &[u8], claimed: &str, key: &SignKey) -> Result<(), SignatureError> {
    let claimed = claimed.as_bytes();
    let is_well_formed = || {
        claimed.len() == Signature::LENGTH
            && claimed
                .iter()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    };
    if is_same(&sign(raw, key), claimed) {
        Ok(())
    } else if !is_well_formed() {
        Err(SignatureError::Malformed)
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// Whether the digits are the same. Takes as long wherever they differ: all of
/// them are looked at, eight at a time, and what is told apart is the sum.
fn is_same(signature: &Signature, claimed: &[u8]) -> bool {
    if claimed.len() != Signature::LENGTH {
        return false;
    }
    let word = |digits: &[u8]| u64::from_le_bytes(digits.try_into().expect("they are eight"));
    let digits = signature.0.chunks_exact(8).zip(claimed.chunks_exact(8));
    let difference = digits.fold(0, |difference, (ours, theirs)| {
        difference | (word(ours) ^ word(theirs))
    });
    difference.ct_eq(&0).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_never_printed() {
        let key = SignKey::new("top-secret").unwrap();
        assert_eq!(format!("{key:?}"), "SignKey(hidden)");
    }

    #[test]
    fn an_empty_key_is_refused() {
        assert_eq!(SignKey::new(""), Err(EmptyKey));
    }

    #[test]
    fn a_signature_covers_the_raw_text_and_the_key() {
        let key = SignKey::new("123456").unwrap();
        let signature = sign(b"{}", &key);
        assert_eq!(verify(b"{}", signature.as_str(), &key), Ok(()));
        assert_eq!(
            verify(b"{ }", signature.as_str(), &key),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify(b"{}", &signature.as_str().to_uppercase(), &key),
            Err(SignatureError::Malformed)
        );
    }
}
