//! The partners of the gateway and their sign keys.

use std::collections::HashMap;

use crate::protocol::{PartnerNo, SignKey};

/// One partner of the gateway.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Its number.
    pub no: PartnerNo,
    /// The key that both sides sign with.
    pub key: SignKey,
}

/// Every partner, at least one, each number once.
#[derive(Debug, Clone)]
pub struct Partners {
    partners: Vec<Partner>,
    places: HashMap<String, usize>,
}

/// Why a list of partners can't be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartnersError {
    /// Nobody to serve.
    #[error("there is no partner")]
    Empty,
    /// One number with two keys.
    #[error("partner {0} stands twice")]
    Twice(PartnerNo),
}

impl Partners {
    /// These partners, the first of which signs what can be ascribed to nobody.
    ///
    /// # Errors
    /// [`PartnersError`] where there is none, or a number stands twice.
    pub fn new(partners: Vec<Partner>) -> Result<Self, PartnersError> {
        if partners.is_empty() {
            return Err(PartnersError::Empty);
        }
        let mut places = HashMap::with_capacity(partners.len());
        for (place, partner) in partners.iter().enumerate() {
            if places.insert(partner.no.to_string(), place).is_some() {
                return Err(PartnersError::Twice(partner.no.clone()));
            }
        }
        Ok(Self { partners, places })
    }

    /// The two test partners, whose keys everybody knows: `10001` with
    /// `123456` and `10002` with `654321`.
    pub fn test() -> Self {
        let partner = |no: &str, key: &str| Partner {
            no: PartnerNo::new(no).expect("five digits are a partner number"),
            key: SignKey::new(key).expect("six digits are a key"),
        };
        Self::new(vec![partner("10001", "123456"), partner("10002", "654321")])
            .expect("two partners of different numbers")
    }

    /// The partner of this number, matched exactly.
    pub fn get(&self, no: &str) -> Option<&Partner> {
        self.places.get(no).map(|place| &self.partners[*place])
    }

    /// Every partner, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &Partner> {
        self.partners.iter()
    }

    /// The first partner: its key signs refusals of requests that name nobody
    /// who is known.
    pub fn first(&self) -> &Partner {
        &self.partners[0]
    }

    /// The partner that `document` seems to name, for documents that can't be
    /// read: the first text after a `"partnerNo":` that is a known number.
    ///
    /// It may be fooled, and that does no harm: all it chooses is whose key
    /// signs a refusal of fixed text.
    pub fn mentioned_in(&self, document: &[u8]) -> Option<&Partner> {
        const MEMBER: &[u8] = b"\"partnerNo\"";
        let mut rest = document;
        while let Some(at) = find(rest, MEMBER) {
            rest = &rest[at + MEMBER.len()..];
            if let Some(partner) = leading_text(rest).and_then(|no| self.get(no)) {
                return Some(partner);
            }
        }
        None
    }
}

/// The text in `bytes` after a colon, white space allowed around it; escapes
/// are not decoded.
fn leading_text(bytes: &[u8]) -> Option<&str> {
    let quoted = bytes
        .trim_ascii_start()
        .strip_prefix(b":")?
        .trim_ascii_start()
        .strip_prefix(b"\"")?;
    let end = quoted.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&quoted[..end]).ok()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_partner_is_found_in_a_broken_document() {
        let partners = Partners::test();
        let found = |text: &str| {
            partners
                .mentioned_in(text.as_bytes())
                .map(|partner| partner.no.as_str())
        };
        assert_eq!(found("{\"partnerNo\" : \"10002\","), Some("10002"));
        assert_eq!(
            found("{\"partnerNo\":\"nobody\",\"partnerNo\":\"10001\""),
            Some("10001")
        );
        assert_eq!(found("{\"partnerNo\":\"1000"), None);
        assert_eq!(found("{\"partnerNo\":10001}"), None);
        assert_eq!(found("10001"), None);
    }

    #[test]
    fn a_number_with_two_keys_and_an_empty_list_are_refused() {
        let twice = vec![
            Partners::test().first().clone(),
            Partners::test().first().clone(),
        ];
        assert!(matches!(
            Partners::new(twice),
            Err(PartnersError::Twice(no)) if no.as_str() == "10001"
        ));
        assert!(matches!(
            Partners::new(Vec::new()),
            Err(PartnersError::Empty)
        ));
    }
}
