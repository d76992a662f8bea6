//! Proving a fault by one document: the gateway that has it answers with
//! another code than the right one.

use recoup::gateway::{Fault, Running};
use recoup::protocol::{SignKey, signature};

use super::start_with;
use crate::client::{Session, shop, start};

pub(crate) const REFUND: &str = "/api/common/refund";

/// A valid request value: all of the order `o`, refunded as `r`.
pub(crate) const GOOD: &str = r#"{"header":{"requestTime":"2018-07-25T18:06:05+08:00","partnerNo":"10001","signType":"SHA256","version":"1.0","reqMsgId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"body":{"partnerOrderNo":"o","refundNo":"r","orderAmount":100,"operatorId":"211918"}}"#;

/// A test for each row: its name, the fault, a document, and the codes of the
/// answers to it with the fault and without. An order `o` of 100 was paid.
macro_rules! proofs {
    ($($sentence:ident: $fault:ident, $document:expr, $with:literal, $without:literal;)*) => {
        $(#[tokio::test]
        async fn $sentence() {
            let document = Vec::from($document);
            $crate::faults::proof::prove(recoup::gateway::Fault::$fault, &document, [$with, $without]).await;
        })*
    };
}
pub(crate) use proofs;

pub(crate) async fn prove(fault: Fault, document: &[u8], [with, without]: [i64; 2]) {
    let shown = String::from_utf8_lossy(document);
    let right = start(|_| {}).await;
    assert_eq!(code(&right, document).await, without, "without: {shown}");
    let wrong = start_with(fault).await;
    assert_eq!(code(&wrong, document).await, with, "with {fault}: {shown}");
}

async fn code(gateway: &Running, document: &[u8]) -> i64 {
    let mut session = Session::open(gateway, shop()).await;
    session.pay("o", 100).await;
    session.call(REFUND, document).await.code()
}

/// The first partner's signature of `text`.
pub(crate) fn signature_of(text: impl AsRef<[u8]>) -> String {
    let key = SignKey::new("123456").unwrap();
    signature::sign(text.as_ref(), &key).to_string()
}

/// A document around `request` that claims this signature, which is written as
/// it stands.
pub(crate) fn claimed(request: &str, signature: &str) -> String {
    format!("{{\"request\":{request},\"signature\":\"{signature}\"}}")
}

/// The good request with `from` changed to `to`, signed as it then stands.
pub(crate) fn changed(from: &str, to: &str) -> Vec<u8> {
    assert!(GOOD.contains(from), "{from} is not there to be changed");
    shop().seal_raw(&GOOD.replacen(from, to, 1))
}
