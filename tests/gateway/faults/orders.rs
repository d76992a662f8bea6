//! Payments and queries that are read or answered wrongly.

use recoup::gateway::Fault;

use super::proof::GOOD;
use super::start_with;
use crate::client::{Answer, Session, other_shop, shop};

const PAY: &str = "/api/offline/pay";
const QUERY: &str = "/api/common/payQuery";

/// Calls with a body of one's own.
async fn call(session: &mut Session, path: &str, body: &str) -> Answer {
    let at = GOOD.find("\"body\":").unwrap() + "\"body\":".len();
    let header = GOOD[..at].replace("10001", session.caller.no);
    let document = session.caller.seal_raw(&format!("{header}{body}}}"));
    session.call(path, &document).await
}

#[tokio::test]
async fn query_status_stuck_never_says_refunded() {
    let gateway = start_with(Fault::QueryStatusStuck).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 100).await.code(), 1);
    assert_eq!(session.query("o").await.member("status"), 1);
    session.pay_with("99", "unpaid", 100).await;
    assert_eq!(session.query("unpaid").await.member("status"), 0);
}

#[tokio::test]
async fn query_of_foreign_order_shows_it() {
    let gateway = start_with(Fault::QueryOfForeignOrder).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let mut other = Session::open(&gateway, other_shop()).await;
    let answer = other.query("o").await;
    assert_eq!(
        (answer.code(), answer.member("orderAmount")),
        (1, 100.into())
    );
    assert_eq!(answer.header_member("partnerNo"), "10002");
    assert_eq!(other.query("nowhere").await.code(), 30);
    assert_eq!(other.refund("o", "r", 1).await.code(), 30);
}

#[tokio::test]
async fn query_prefers_partner_number_where_both_stand() {
    let gateway = start_with(Fault::QueryPrefersPartnerNumber).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("a", 100).await;
    session.pay("b", 200).await;
    let id = session.query("a").await.member("orderNo");
    let both = format!("{{\"orderNo\":{id},\"partnerOrderNo\":\"b\"}}");
    assert_eq!(
        call(&mut session, QUERY, &both).await.member("orderAmount"),
        200
    );
    let one = format!("{{\"orderNo\":{id}}}");
    assert_eq!(
        call(&mut session, QUERY, &one).await.member("orderAmount"),
        100
    );
}

#[tokio::test]
async fn store_unchecked_takes_a_payment_of_no_shop() {
    let gateway = start_with(Fault::StoreUnchecked).await;
    let mut session = Session::open(&gateway, shop()).await;
    for (order, store) in [("a", ""), ("b", "\"storeNo\":\"\",")] {
        let body = format!(
            "{{{store}\"partnerOrderNo\":\"{order}\",\"barcode\":\"1\",\"orderAmount\":5}}"
        );
        assert_eq!(call(&mut session, PAY, &body).await.code(), 1, "{store}");
    }
}

#[tokio::test]
async fn payment_unpaid_status_is_shown_for_a_paid_order() {
    let gateway = start_with(Fault::PaymentUnpaidStatus).await;
    let mut session = Session::open(&gateway, shop()).await;
    let body = "{\"storeNo\":\"1\",\"partnerOrderNo\":\"o\",\"barcode\":\"1\",\"orderAmount\":5,\"orderTitle\":\"tea\"}";
    let answer = call(&mut session, PAY, body).await;
    assert_eq!((answer.code(), answer.member("status")), (1, 0.into()));
    assert_eq!(session.query("o").await.member("status"), 1);
    assert_eq!(session.refund("o", "r", 5).await.code(), 1);
}
