//! Connections that break off at any byte: between callers and gateway, and
//! between gateway and database.

use std::net::SocketAddr;

use crate::database::Postgres;
use crate::gateway::Gateway;
use crate::proxy::Proxy;
use crate::round::Round;

/// Between the first byte of a request and some requests later.
const OF_CALLERS: std::ops::Range<usize> = 1..6_000;
/// From within the hand-shake to some refunds later.
const OF_GATEWAYS: std::ops::Range<usize> = 200..6_000;
/// How many connections are cut in a test.
const CUTS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_callers_that_are_cut_anywhere_lose_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("store.sqlite").display());
    let gateway = Gateway::start(&store, &[]);
    let proxy = Proxy::before(gateway.address(), 1, OF_CALLERS).await;
    proxy.cut(true);
    let doors = [proxy.address()];
    let mut round = Round::begin_through(0, gateway.address(), &doors).await;
    while proxy.cuts() < CUTS {
        round.more_answers(1).await;
    }
    assert!(round.end().await.unknown > 0, "some answers were cut off");
}

/// Here a call that is repeated inside of the gateway must know its own effect:
/// in this dialect a refund of another call would be refused as a duplicate,
/// which says that nothing was refunded.
#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_database_that_are_cut_anywhere_lose_and_double_nothing() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    for (number, dialect) in [&[][..], &["--variant", "refuse-duplicates"]]
        .into_iter()
        .enumerate()
    {
        let number = number as u64;
        let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
        let proxy = Proxy::before(address, number, OF_GATEWAYS).await;
        let direct = format!(":{}/", server.port());
        let cut = format!(":{}/", proxy.address().port());
        let url = server.database().replace(&direct, &cut);
        let gateway = Gateway::start(&url, dialect);
        let mut round = Round::begin(number, &[gateway.address()]).await;
        proxy.cut(true);
        while proxy.cuts() < CUTS {
            round.more_answers(1).await;
        }
        proxy.cut(false);
        round.end().await;
    }
}
