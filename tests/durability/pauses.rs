//! Gateways that are stopped (SIGSTOP) for longer than their callers wait.

use std::time::Duration;

use tokio::time::sleep;

use crate::database::Postgres;
use crate::gateway::Gateway;
use crate::round::Round;

/// Longer than a caller waits for an answer.
const STOPPED: Duration = Duration::from_millis(900);

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_over_sqlite_that_stands_still_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("store.sqlite").display());
    let gateway = Gateway::start(&store, &[]);
    let mut round = Round::begin(0, &[gateway.address()]).await;
    stop_for_a_while(&mut round, &gateway).await;
    round.more_answers(1).await;
    assert!(round.end().await.unknown > 0, "callers gave up waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_gateways_over_postgres_that_stands_still_holds_up_nobody() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database();
    let gateways = [Gateway::start(&url, &[]), Gateway::start(&url, &[])];
    let addresses = [gateways[0].address(), gateways[1].address()];
    let mut round = Round::begin(0, &addresses).await;
    round.some_instant().await;
    gateways[1].signal("-STOP");
    // The other one goes on, with the same orders.
    round.more_answers(100).await;
    sleep(STOPPED).await;
    gateways[1].signal("-CONT");
    round.more_answers(1).await;
    assert!(round.end().await.unknown > 0, "callers gave up waiting");
}

async fn stop_for_a_while(round: &mut Round, gateway: &Gateway) {
    round.some_instant().await;
    gateway.signal("-STOP");
    sleep(STOPPED).await;
    gateway.signal("-CONT");
}
