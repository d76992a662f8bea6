//! Signatures of requests that are verified in a wrong way.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

use super::document::rewritten;
use super::faulty::Intake;
use super::message::{Claim, sealed};
use crate::gateway::fault::Fault;
use crate::gateway::partner::{Partner, Partners};
use crate::gateway::refusal::Refusal;
use crate::protocol::{Code, SignKey, Signature, signature};

/// A signature, as a faulty gateway verifies it.
pub(super) struct Claimed<'a> {
    /// The text that it is claimed for, and the signature.
    pub(super) claim: &'a Claim<'a>,
    /// Who claims it.
    pub(super) partner: &'a Partner,
    /// Everybody.
    pub(super) partners: &'a Partners,
}

/// Lets a request pass whose signature does not hold, where `believes` says
/// that it does.
pub(super) fn believe(
    document: &[u8],
    partners: &Partners,
    believes: impl FnOnce(&Claimed<'_>) -> bool,
) -> Option<Vec<u8>> {
    let claim = Claim::of(document)?;
    let partner = claim.partner(partners)?;
    let claimed = Claimed {
        claim: &claim,
        partner,
        partners,
    };
    let is_fooled = !claim.holds(&partner.key) && believes(&claimed);
    is_fooled.then(|| sealed(claim.raw, &partner.key))
}

/// How a fault verifies a signature that does not hold; `None` for a fault
/// that does something else, or needs to know more.
pub(super) fn belief_of(fault: Fault) -> Option<fn(&Claimed<'_>) -> bool> {
    Some(match fault {
        Fault::SignatureUnchecked => |claimed| !claimed.claim.signature.is_empty(),
        Fault::SignatureOptional => |claimed| claimed.claim.signature.is_empty(),
        Fault::SignaturePrefix => is_prefix,
        Fault::SignatureTrimmed => is_trimmed,
        Fault::SignatureKeyOptional => is_plain_hash,
        Fault::SignatureAnyRecipe => is_by_another_recipe,
        Fault::ForeignKey => is_of_anybody,
        _ => return None,
    })
}

impl Claimed<'_> {
    fn text(&self) -> &[u8] {
        self.claim.raw.as_bytes()
    }

    fn key(&self) -> &SignKey {
        &self.partner.key
    }
}

fn is_prefix(claimed: &Claimed<'_>) -> bool {
    let right = signature::sign(claimed.text(), claimed.key());
    let given = claimed.claim.signature.as_str();
    let compared = given.len().min(Signature::LENGTH);
    compared > 0 && given.as_bytes()[..compared] == right.as_str().as_bytes()[..compared]
}

fn is_trimmed(claimed: &Claimed<'_>) -> bool {
    let given = claimed.claim.signature.trim();
    let digits = given.strip_prefix("0x").unwrap_or(given).trim();
    signature::verify(claimed.text(), digits, claimed.key()).is_ok()
}

fn is_plain_hash(claimed: &Claimed<'_>) -> bool {
    claimed.claim.signature == hex::encode(Sha256::digest(claimed.text()))
}

fn is_by_another_recipe(claimed: &Claimed<'_>) -> bool {
    let (text, secret) = (claimed.text(), claimed.key().expose());
    let right = Sha256::new().chain_update(text).chain_update(secret);
    let key_first = Sha256::new().chain_update(secret).chain_update(text);
    let long = Sha512::new().chain_update(text).chain_update(secret);
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    [
        hex::encode(key_first.finalize()),
        hex::encode(Sha256::digest(right.finalize())),
        hex::encode(mac.chain_update(text).finalize().into_bytes()),
        hex::encode(long.finalize()),
    ]
    .contains(&claimed.claim.signature)
}

fn is_of_anybody(claimed: &Claimed<'_>) -> bool {
    let mut everybody = claimed.partners.iter();
    everybody.any(|partner| claimed.claim.holds(&partner.key))
}

/// Verifies over the request written anew, and over nothing else.
pub(super) fn over_rewritten(document: &[u8], partners: &Partners) -> Intake {
    let Some(claim) = Claim::of(document) else {
        return Intake::AsItIs;
    };
    let Some(partner) = claim.partner(partners) else {
        return Intake::AsItIs;
    };
    let holds = rewritten(claim.raw).is_some_and(|text| {
        signature::verify(text.as_bytes(), &claim.signature, &partner.key).is_ok()
    });
    match (holds, claim.holds(&partner.key)) {
        (true, false) => Intake::Instead(sealed(claim.raw, &partner.key)),
        (false, true) => Intake::Refused(Refusal::of(Code::SIGNATURE_INVALID)),
        _ => Intake::AsItIs,
    }
}
