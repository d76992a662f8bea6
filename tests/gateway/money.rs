//! The rules of refunding, the same for every store.

use std::path::Path;
use std::time::Duration;

use recoup::gateway::{Running, StoreChoice};
use recoup::protocol::{OrderNo, QueryRequest};
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::{Session, other_shop, shop, start};
use crate::database::Postgres;
use crate::postgres::start_postgres;

/// Runs `test` against a gateway of each store.
async fn with_each_store<T: Future<Output = ()>>(test: impl Fn(Running) -> T) {
    test(start(|_| {}).await).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    test(start_sqlite(&path).await).await;
    if let Some(server) = Postgres::shared() {
        test(start_postgres(&server.database()).await).await;
    }
}

async fn start_sqlite(path: &Path) -> Running {
    start(|settings| settings.store = StoreChoice::Sqlite(path.to_owned())).await
}

#[tokio::test]
async fn partial_refunds_are_accepted_up_to_what_was_paid_and_no_further() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 1000).await;
        let answer = session.refund("o", "r1", 400).await;
        assert_eq!(answer.code(), 1);
        assert_eq!(answer.member("orderAmount"), 400);
        assert_eq!(answer.member("status"), 1);
        assert_eq!(answer.member("currency"), "JPY");
        assert_eq!(session.refund("o", "r2", 601).await.code(), 35);
        assert_eq!(session.query("o").await.member("status"), 1);
        assert_eq!(
            session.refund("o", "r2", 600).await.code(),
            1,
            "the number stayed free"
        );
        assert_eq!(session.refund("o", "r3", 1).await.code(), 35);
        assert_eq!(session.query("o").await.member("status"), 3);
    })
    .await;
}

#[tokio::test]
async fn a_retry_of_an_accepted_refund_is_not_refunded_twice() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 1000).await;
        session.pay("p", 1000).await;
        for _ in 0..3 {
            assert_eq!(session.refund("o", "r", 1000).await.code(), 1);
        }
        let replayed = session.refund("o", "r", 1000).await;
        assert_eq!(replayed.member("orderAmount"), 1000);
        assert_eq!(session.refund("o", "r", 999).await.code(), 31);
        assert_eq!(session.refund("p", "r", 1000).await.code(), 31);
        assert_eq!(session.drain("p").await, 1000);
    })
    .await;
}

#[tokio::test]
async fn numbers_are_matched_exactly() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 100).await;
        for (count, number) in ["a", "A", "a ", " a", "é", "e\u{301}"]
            .into_iter()
            .enumerate()
        {
            assert_eq!(session.refund("o", number, 10).await.code(), 1, "{count}");
        }
        assert_eq!(session.drain("o").await, 40);
    })
    .await;
}

#[tokio::test]
async fn another_partners_order_does_not_exist_and_its_numbers_are_free() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        let mut other = Session::open(&gateway, other_shop()).await;
        session.pay("o", 1000).await;
        assert_eq!(other.refund("o", "r", 1).await.code(), 30);
        assert_eq!(other.query("o").await.code(), 30);
        let order_no = session.query("o").await.member("orderNo");
        let query = QueryRequest {
            store_no: None,
            partner_order_no: None,
            order_no: Some(OrderNo::new(order_no.as_str().unwrap()).unwrap()),
        };
        let path = "/api/common/payQuery";
        let own = session.caller.seal(&query);
        assert_eq!(session.call(path, &own).await.member("partnerOrderNo"), "o");
        let foreign = other.caller.seal(&query);
        assert_eq!(other.call(path, &foreign).await.code(), 30);

        other.pay("o", 5).await;
        assert_eq!(session.refund("o", "r", 1).await.code(), 1);
        assert_eq!(other.refund("o", "r", 1).await.code(), 1);
        assert_eq!(session.drain("o").await, 999);
        assert_eq!(other.drain("o").await, 4);
    })
    .await;
}

#[tokio::test]
async fn an_order_that_waits_for_its_customer_is_not_refunded() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        let answer = session.pay_with("990000000000000001", "o", 100).await;
        assert_eq!(answer.member("status"), 0);
        assert!(answer.member("payTime").is_null());
        assert_eq!(session.refund("o", "r", 1).await.code(), 32);
        assert_eq!(session.refund("nowhere", "r", 1).await.code(), 30);
        assert_eq!(session.query("o").await.member("status"), 0);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_payment_shows_the_order_and_another_one_of_its_number_is_refused() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        let first = session.pay_with("281", "o", 100).await;
        assert_eq!(first.member("status"), 1);
        assert_eq!(first.member("orderAmount"), 100);
        let again = session.pay_with("281", "o", 100).await;
        assert_eq!(again.member("orderNo"), first.member("orderNo"));
        assert_eq!(again.member("payTime"), first.member("payTime"));
        assert_eq!(session.pay_with("281", "o", 101).await.code(), 31);
        assert_eq!(session.pay_with("282", "o", 100).await.code(), 31);
        assert_eq!(session.drain("o").await, 100);
    })
    .await;
}

#[tokio::test]
async fn the_largest_amounts_are_exact() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", i64::MAX).await;
        let large = (1 << 53) + 1;
        let answer = session.refund("o", "r1", large).await;
        assert_eq!(answer.member("orderAmount"), json!(large));
        assert_eq!(
            session.refund("o", "r2", i64::MAX - large + 1).await.code(),
            35
        );
        assert_eq!(session.refund("o", "r3", i64::MAX - large).await.code(), 1);
        assert_eq!(session.refund("o", "r4", 1).await.code(), 35);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_at_once_never_exceed_what_was_paid() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 1000).await;
        let mut refunds = JoinSet::new();
        for index in 0..64 {
            let mut session = Session::open(&gateway, shop()).await;
            // 64 × 30 is nearly twice as much as there is.
            refunds.spawn(async move {
                let answer = session.refund("o", &format!("r{index}"), 30).await;
                answer.code()
            });
        }
        let codes = refunds.join_all().await;
        assert!(codes.iter().all(|code| [1, 35].contains(code)), "{codes:?}");
        assert_eq!(codes.iter().filter(|code| **code == 1).count(), 33);
        assert_eq!(session.drain("o").await, 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_sent_64_times_at_once_is_one_refund() {
    with_each_store(|gateway| async move {
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 10_000).await;
        let mut refunds = JoinSet::new();
        for _ in 0..64 {
            let mut session = Session::open(&gateway, shop()).await;
            refunds.spawn(async move { session.refund("o", "r", 30).await.code() });
        }
        assert!(refunds.join_all().await.iter().all(|code| *code == 1));
        assert_eq!(session.drain("o").await, 9_970);
    })
    .await;
}

#[tokio::test]
async fn a_sqlite_store_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let gateway = start_sqlite(&path).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 60).await.code(), 1);
    gateway.stop().await;

    let gateway = start_sqlite(&path).await;
    let mut session = Session::open(&gateway, shop()).await;
    assert_eq!(session.refund("o", "r", 60).await.code(), 1);
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_leaves_the_outcome_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let gateway = start_sqlite(&path).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    // Somebody else takes the tables away.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    other
        .execute_batch("ALTER TABLE refunds RENAME TO hidden")
        .unwrap();
    assert_eq!(session.refund("o", "r", 60).await.code(), 9);
    other
        .execute_batch("ALTER TABLE hidden RENAME TO refunds")
        .unwrap();
    assert_eq!(session.refund("o", "r", 100).await.code(), 1);
}
