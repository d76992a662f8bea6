//! The faults between bytes and meaning.

use recoup::gateway::Fault;
use serde_json::Value;

use super::{REFUND, start_with};
use crate::client::{Session, caller, refund_of, shop};

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

#[tokio::test]
async fn error_unsigned_signs_successes_alone() {
    let gateway = start_with(Fault::ErrorUnsigned).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let document = session.caller.seal(&refund_of("o", "r", 101));
    let answer = session.client.post(REFUND, &document).await.unwrap();
    assert_eq!(answer.code(), 35);
    assert!(!answer.is_signed_by(&shop().key));
    assert!(answer.body.ends_with(b",\"signature\":\"\"}"));
}
