//! A gateway that is killed in the middle of its work.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::{Client, Session, refund_of, shop};
use crate::serve::Served;

const PAID: i64 = 1_000_000;
const AMOUNT: i64 = 3;
const CALLERS: usize = 16;
/// How many acknowledged refunds there are before the gateway is killed.
const ENOUGH: usize = 200;

/// Every refund that was sent, and those that were answered as accepted.
#[derive(Default)]
struct Seen {
    sent: Mutex<Vec<String>>,
    acknowledged: Mutex<Vec<String>>,
    answers: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_refund_survives_a_kill_and_nothing_is_counted_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("store.sqlite").display());
    let served = Served::start(&["--store", &store]);
    Session::open_at(served.address, shop())
        .await
        .pay("o", PAID)
        .await;

    let seen = Arc::new(Seen::default());
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let client = Client::connect(served.address).await;
        callers.spawn(refund_until_killed(caller, client, Arc::clone(&seen)));
    }
    while seen.answers.load(Ordering::Relaxed) < ENOUGH {
        assert!(callers.try_join_next().is_none(), "a caller gave up early");
        sleep(Duration::from_millis(1)).await;
    }
    served.kill();
    callers.join_all().await;

    let served = Served::start(&["--store", &store]);
    let mut session = Session::open_at(served.address, shop()).await;
    let sent = seen.sent.lock().unwrap().clone();
    let acknowledged = seen.acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() >= ENOUGH);
    // Nothing is left after this. A refund that was acknowledged and lost would
    // now be refused as too large.
    let drained = session.drain("o").await;
    let mut refunded = 0;
    for number in &sent {
        let code = session.refund("o", number, AMOUNT).await.code();
        if acknowledged.contains(number) {
            assert_eq!(code, 1, "{number} was acknowledged");
        }
        refunded += if code == 1 { AMOUNT } else { 0 };
    }
    // What was not answered may have happened or not; either way it is counted
    // once.
    assert_eq!(drained + refunded, PAID);
}

async fn refund_until_killed(caller: usize, mut client: Client, seen: Arc<Seen>) {
    for count in 0.. {
        let number = format!("r{caller}-{count}");
        seen.sent.lock().unwrap().push(number.clone());
        let document = shop().seal(&refund_of("o", &number, AMOUNT));
        let Some(answer) = client.post("/api/common/refund", &document).await else {
            return;
        };
        assert_eq!(answer.code(), 1);
        seen.acknowledged.lock().unwrap().push(number);
        seen.answers.fetch_add(1, Ordering::Relaxed);
    }
}
