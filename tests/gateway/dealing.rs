//! Refunds that are answered as dealing and settled later.

use std::time::Duration;

use recoup::gateway::{DealingSettings, Running, StoreChoice};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::client::{Answer, Session, shop, start};
use crate::database::{Postgres, name_of};
use crate::serve::Served;

/// What the two gateways over one database have to do.
const ORDERS: usize = 8;
const REFUNDS: usize = 60;

/// Starts a gateway over `store` whose refunds are settled after `millis`, and
/// fail in so many of a hundred cases.
async fn start_dealing(store: StoreChoice, millis: u64, failing_percent: u8) -> Running {
    start(|settings| {
        settings.store = store;
        settings.dealing = Some(DealingSettings {
            delay: Duration::from_millis(millis),
            failing_percent,
        });
    })
    .await
}

/// Whether a refund of this number fails, as `serve --help` says.
fn fails(number: &str, percent: u32) -> bool {
    let digits = hex::encode(Sha256::digest(number));
    u32::from_str_radix(&digits[..8], 16).unwrap() % 100 < percent
}

/// The first of a row of numbers that fails, or does not.
fn number_that(fails_later: bool, percent: u32) -> String {
    (0..)
        .map(|count| format!("r{count}"))
        .find(|number| fails(number, percent) == fails_later)
        .unwrap()
}

/// Asks again until the refund is settled.
async fn settled(session: &mut Session, order: &str, number: &str, amount: i64) -> Answer {
    for _ in 0..10_000 {
        let answer = session.refund(order, number, amount).await;
        if answer.member("status") != 0 {
            return answer;
        }
        sleep(Duration::from_millis(2)).await;
    }
    panic!("{number} is never settled");
}

/// Asks until the order is shown in this state.
async fn shown_as(session: &mut Session, order: &str, status: i64) {
    for _ in 0..10_000 {
        if session.query(order).await.member("status") == status {
            return;
        }
        sleep(Duration::from_millis(2)).await;
    }
    panic!("{order} never has the status {status}");
}

/// Every store that is there, with a folder that must outlive it.
fn stores(folder: &tempfile::TempDir) -> Vec<StoreChoice> {
    let mut stores = vec![
        StoreChoice::Memory,
        StoreChoice::Sqlite(folder.path().join("store.sqlite")),
    ];
    if let Some(server) = Postgres::shared() {
        stores.push(server.database().parse().unwrap());
    }
    stores
}

#[tokio::test]
async fn a_refund_is_dealing_until_it_is_settled_and_a_retry_tells_its_state() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder) {
        let gateway = start_dealing(store.clone(), 60_000, 0).await;
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 100).await;
        let first = session.refund("o", "r", 100).await;
        assert_eq!((first.code(), first.member("status")), (1, 0.into()));
        let again = session.refund("o", "r", 100).await;
        assert_eq!((again.code(), again.member("status")), (1, 0.into()));
        assert_eq!(session.refund("o", "r", 99).await.code(), 31);
        assert_eq!(session.refund("o", "s", 1).await.code(), 35, "it is held");
        assert_eq!(session.query("o").await.member("status"), 1);
        gateway.stop().await;

        let gateway = start_dealing(store, 1, 0).await;
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("p", 100).await;
        for (number, amount) in [("a", 60), ("b", 40)] {
            let answer = session.refund("p", number, amount).await;
            assert_eq!(answer.code(), 1);
            let answer = settled(&mut session, "p", number, amount).await;
            assert_eq!((answer.code(), answer.member("status")), (1, 1.into()));
        }
        shown_as(&mut session, "p", 3).await;
        assert_eq!(session.refund("p", "c", 1).await.code(), 35);
    }
}

#[tokio::test]
async fn a_refund_that_fails_later_releases_its_amount_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (failing, lasting) = (number_that(true, 50), number_that(false, 50));
    for store in stores(&folder) {
        let gateway = start_dealing(store, 1, 50).await;
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 100).await;
        assert_eq!(session.refund("o", &lasting, 30).await.code(), 1);
        assert_eq!(session.refund("o", &failing, 50).await.code(), 1);
        let failed = settled(&mut session, "o", &failing, 50).await;
        assert_eq!((failed.code(), failed.member("status")), (2, 2.into()));
        assert_eq!(failed.member("orderAmount"), 50);
        let lasted = settled(&mut session, "o", &lasting, 30).await;
        assert_eq!((lasted.code(), lasted.member("status")), (1, 1.into()));
        // Its number stays its own.
        assert_eq!(session.refund("o", &failing, 49).await.code(), 31);
        assert_eq!(session.refund("o", "over", 71).await.code(), 35);
        let rest = (0..)
            .map(|count| format!("rest{count}"))
            .find(|number| !fails(number, 50))
            .unwrap();
        assert_eq!(session.refund("o", &rest, 70).await.code(), 1);
        shown_as(&mut session, "o", 3).await;
        assert_eq!(session.refund("o", "over", 1).await.code(), 35);
    }
}

/// Refunds of one that were taken before the gateway was killed are settled by
/// who comes next, whether it deals itself or not.
async fn survives_a_kill(store: &str) {
    let killed = Served::start(&["--store", store, "--dealing=60000", "--dealing-fails", "50"]);
    let mut session = Session::open_at(killed.address, shop()).await;
    session.pay("held", 100).await;
    let held = session.refund("held", "held", 100).await;
    assert_eq!(held.member("status"), 0);
    killed.kill();

    let killed = Served::start(&["--store", store, "--dealing=300", "--dealing-fails", "50"]);
    let mut session = Session::open_at(killed.address, shop()).await;
    session.pay("o", 40).await;
    for count in 0..40 {
        let answer = session.refund("o", &format!("k{count}"), 1).await;
        assert_eq!(answer.code(), 1);
    }
    killed.kill();

    let served = Served::start(&["--store", store]);
    let mut session = Session::open_at(served.address, shop()).await;
    let mut released = 0;
    for count in 0..40 {
        let number = format!("k{count}");
        let answer = settled(&mut session, "o", &number, 1).await;
        let expected = if fails(&number, 50) { (2, 2) } else { (1, 1) };
        let status = answer.member("status").as_i64().unwrap();
        assert_eq!((answer.code(), status), expected, "{number}");
        released += i64::from(fails(&number, 50));
    }
    assert_eq!(session.drain("o").await, released);
    let held = session.refund("held", "held", 100).await;
    assert_eq!(held.member("status"), 0, "it is not due yet");
    served.kill();
}

#[tokio::test]
async fn what_was_dealing_in_a_file_is_settled_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    survives_a_kill(&format!("sqlite:{}", path.display())).await;
}

#[tokio::test]
async fn what_was_dealing_in_a_database_is_settled_after_a_kill() {
    if let Some(server) = Postgres::shared() {
        survives_a_kill(&server.database()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_over_one_database_settle_each_refund_once() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database();
    let arguments = ["--store", &url, "--dealing=5", "--dealing-fails", "50"];
    let mut gateways = vec![Served::start(&arguments), Served::start(&arguments)];
    let mut session = Session::open_at(gateways[0].address, shop()).await;
    for order in 0..ORDERS {
        session.pay(&format!("o{order}"), 1_000_000).await;
    }
    let mut callers = Vec::new();
    for (gateway, served) in gateways.iter().enumerate() {
        for order in 0..ORDERS {
            let mut session = Session::open_at(served.address, shop()).await;
            callers.push(tokio::spawn(async move {
                for count in 0..REFUNDS {
                    let number = format!("{gateway}-{order}-{count}");
                    // A database that is slow leaves it unknown (9): again.
                    while session
                        .refund(&format!("o{order}"), &number, 3)
                        .await
                        .code()
                        == 9
                    {}
                }
            }));
        }
    }
    for caller in callers {
        caller.await.unwrap();
    }
    // One is killed with what it had in hand; the other one ends it.
    gateways.remove(0).kill();
    let database = name_of(&url);
    for attempt in 0.. {
        let left = server.query(
            database,
            "SELECT count(*) FROM recoup.refunds WHERE due IS NOT NULL",
        );
        if left == "0" {
            break;
        }
        assert!(attempt < 1_000, "{left} are never settled");
        sleep(Duration::from_millis(10)).await;
    }
    let wrong = server.query(
        database,
        "SELECT count(*) FROM recoup.orders o WHERE dealing <> 0 OR refunded <> (
             SELECT sum(amount) FROM recoup.refunds r WHERE r.order_id = o.id AND NOT fails)",
    );
    assert_eq!(wrong, "0");
    let failed = server.query(database, "SELECT count(*) FROM recoup.refunds WHERE fails");
    let expected = (0..2).flat_map(|gateway| {
        (0..ORDERS).flat_map(move |order| {
            (0..REFUNDS).map(move |count| format!("{gateway}-{order}-{count}"))
        })
    });
    let expected = expected.filter(|number| fails(number, 50)).count();
    assert_eq!(failed, expected.to_string());
}
