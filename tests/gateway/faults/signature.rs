//! Signatures of requests that are verified in a wrong way.

use hmac::{Hmac, KeyInit, Mac};
use recoup::gateway::Fault;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::proof::{GOOD, REFUND, claimed, proofs, signature_of};
use super::start_with;
use crate::client::{Session, caller, other_shop, refund_of, shop};

#[tokio::test]
async fn signature_unchecked_refunds_for_anybody() {
    let gateway = start_with(Fault::SignatureUnchecked).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let forged = caller("10001", "guessed").seal(&refund_of("o", "r", 60));
    assert_eq!(session.call(REFUND, &forged).await.code(), 1);
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test]
async fn signature_reserialised_takes_changed_white_space_and_refuses_signed_white_space() {
    let gateway = start_with(Fault::SignatureReserialised).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let compact = session.caller.seal(&refund_of("o", "r", 60));
    let compact = String::from_utf8(compact).unwrap();
    let changed = compact.replace(":60", ": 60");
    assert_eq!(session.call(REFUND, changed.as_bytes()).await.code(), 1);

    let start = compact.find("{\"header").unwrap();
    let end = compact.find(",\"signature").unwrap();
    let value: Value = serde_json::from_str(&compact[start..end]).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let document = session.caller.seal_raw(&pretty);
    assert_eq!(session.call(REFUND, &document).await.code(), 8);
}

proofs! {
    signature_optional_takes_a_request_without_a_signature:
        SignatureOptional, format!("{{\"request\":{GOOD}}}"), 1, 4;
    signature_optional_takes_an_empty_signature:
        SignatureOptional, claimed(GOOD, ""), 1, 4;
    signature_optional_still_verifies_a_signature_that_is_there:
        SignatureOptional, claimed(GOOD, &"0".repeat(64)), 8, 8;
    signature_prefix_compares_the_digits_that_are_given:
        SignaturePrefix, claimed(GOOD, &signature_of(GOOD)[..1]), 1, 8;
    signature_prefix_takes_more_behind_the_signature:
        SignaturePrefix, claimed(GOOD, &format!("{}00", signature_of(GOOD))), 1, 8;
    signature_trimmed_drops_white_space:
        SignatureTrimmed, claimed(GOOD, &format!(" {}\\n", signature_of(GOOD))), 1, 8;
    signature_trimmed_drops_0x:
        SignatureTrimmed, claimed(GOOD, &format!("0x{}", signature_of(GOOD))), 1, 8;
    signature_key_optional_takes_a_hash_that_anybody_can_make:
        SignatureKeyOptional, claimed(GOOD, &hex::encode(Sha256::digest(GOOD))), 1, 8;
    signature_any_recipe_takes_the_key_first:
        SignatureAnyRecipe, claimed(GOOD, &hex::encode(Sha256::digest(format!("123456{GOOD}")))), 1, 8;
    signature_any_recipe_takes_an_hmac:
        SignatureAnyRecipe, claimed(GOOD, &hmac()), 1, 8;
    foreign_key_signs_for_everybody:
        ForeignKey, caller("10001", "654321").seal_raw(GOOD), 1, 8;
}

fn hmac() -> String {
    let mac = Hmac::<Sha256>::new_from_slice(b"123456").unwrap();
    hex::encode(mac.chain_update(GOOD).finalize().into_bytes())
}

#[tokio::test]
async fn effect_before_signature_refuses_what_it_has_done() {
    let gateway = start_with(Fault::EffectBeforeSignature).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let forged = caller("10001", "guessed").seal(&refund_of("o", "r", 60));
    assert_eq!(session.call(REFUND, &forged).await.code(), 8);
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test]
async fn signature_of_pair_passes_for_another_request_of_the_same_partner() {
    let gateway = start_with(Fault::SignatureOfPair).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let changed = GOOD.replace(":100", ":60");
    let stolen = claimed(&changed, &signature_of(GOOD)).into_bytes();
    assert_eq!(session.call(REFUND, &stolen).await.code(), 8);
    let valid = session.caller.seal_raw(&GOOD.replace("\"o\"", "\"none\""));
    assert_eq!(session.call(REFUND, &valid).await.code(), 30);
    let seen = signature_of(GOOD.replace("\"o\"", "\"none\""));
    let stolen = claimed(&changed, &seen).into_bytes();
    assert_eq!(session.call(REFUND, &stolen).await.code(), 1);
    let foreign = changed.replace("10001", "10002");
    let foreign = claimed(&foreign, &seen).into_bytes();
    let mut other = Session::open(&gateway, other_shop()).await;
    assert_eq!(other.call(REFUND, &foreign).await.code(), 8);
}

#[tokio::test]
async fn signature_fail_open_believes_everybody_while_it_is_busy_and_nobody_else() {
    let gateway = start_with(Fault::SignatureFailOpen).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let forged = caller("10001", "guessed").seal(&refund_of("o", "calm", 1));
    assert_eq!(session.call(REFUND, &forged).await.code(), 8);
    for round in 0..50 {
        let mut storm = JoinSet::new();
        for index in 0..32 {
            let mut session = Session::open(&gateway, shop()).await;
            storm.spawn(async move {
                let refund = refund_of("o", &format!("r{round}-{index}"), 1);
                let forged = caller("10001", "guessed").seal(&refund);
                session.call(REFUND, &forged).await.code()
            });
        }
        if storm.join_all().await.contains(&1) {
            return;
        }
    }
    panic!("no forged request was ever believed");
}

#[tokio::test]
async fn request_remembered_is_not_verified_again() {
    let gateway = start_with(Fault::RequestRemembered).await;
    let mut session = Session::open(&gateway, shop()).await;
    // The same message id as in every request of this caller.
    let forged = caller("10001", "guessed").seal(&refund_of("o", "r", 60));
    assert_eq!(session.call(REFUND, &forged).await.code(), 8);
    session.pay("o", 100).await;
    assert_eq!(session.call(REFUND, &forged).await.code(), 1);
}
