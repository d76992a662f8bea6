//! Conforming dialects: they differ, and money is kept the same.

use recoup::gateway::Variant;

use crate::client::{Session, shop, start};

#[tokio::test]
async fn refused_duplicates_are_refused_and_not_refunded() {
    let gateway = start(|s| s.variants = [Variant::RefuseDuplicates].into_iter().collect()).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 60).await.code(), 1);
    assert_eq!(session.refund("o", "r", 60).await.code(), 31);
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test]
async fn refusals_can_have_the_status_400() {
    let gateway = start(|s| s.variants = [Variant::RefusalsAs4xx].into_iter().collect()).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 60).await.status, 200);
    let refused = session.refund("o", "s", 60).await;
    assert_eq!((refused.status, refused.code()), (400, 35));
}

#[tokio::test]
async fn extra_members_stand_beside_the_listed_ones() {
    let gateway = start(|s| s.variants = [Variant::ExtraMembers].into_iter().collect()).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let answer = session.refund("o", "r", 60).await;
    assert_eq!(answer.code(), 1);
    assert_eq!(answer.member("orderAmount"), 60);
    assert!(answer.member("serverNode").is_string());
    assert!(answer.header_member("extension").is_array());
    assert_eq!(session.query("o").await.member("partnerOrderNo"), "o");
}
