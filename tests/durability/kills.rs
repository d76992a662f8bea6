//! Gateways that are killed, and servers that crash, in the middle of it.

use crate::database::{Postgres, name_of};
use crate::gateway::Gateway;
use crate::round::{Judged, Round};

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_over_sqlite_that_is_killed_three_times_loses_and_doubles_nothing() {
    kill_over_sqlite(3).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long count"]
async fn a_gateway_over_sqlite_that_is_killed_fifty_times_loses_and_doubles_nothing() {
    kill_over_sqlite(50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_over_postgres_that_are_killed_twice_lose_and_double_nothing() {
    kill_over_postgres(2).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long count"]
async fn two_gateways_over_postgres_that_are_killed_twenty_times_lose_and_double_nothing() {
    kill_over_postgres(20).await;
}

async fn kill_over_sqlite(times: u64) {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("store.sqlite").display());
    let mut gateway = Gateway::start(&store, &[]);
    let mut rounds = Vec::new();
    for number in 0..times {
        let mut round = Round::begin(number, &[gateway.address()]).await;
        round.some_instant().await;
        gateway.kill();
        // It reads its file whole before it serves.
        gateway.restart();
        round.more_answers(1).await;
        rounds.push(round.end().await);
    }
    confirm_all("SQLite", &rounds, &gateway).await;
}

async fn kill_over_postgres(times: u64) {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.database();
    let mut gateways = [Gateway::start(&url, &[]), Gateway::start(&url, &[])];
    let mut rounds = Vec::new();
    for number in 0..times {
        let addresses = [gateways[0].address(), gateways[1].address()];
        let mut round = Round::begin(number, &addresses).await;
        round.some_instant().await;
        match number % 4 {
            // The server crashes under both, and in the next round one of them.
            0 => {
                server.stop();
                server.resume();
            }
            1 => gateways[0].kill(),
            2 => gateways[1].kill(),
            _ => {
                server.stop();
                gateways[0].kill();
                gateways[1].kill();
                server.resume();
            }
        }
        for (place, gateway) in gateways.iter_mut().enumerate() {
            if number % 4 == 3 || number % 4 == place as u64 + 1 {
                gateway.restart();
            }
        }
        round.more_answers(1).await;
        rounds.push(round.end().await);
    }
    confirm_all("PostgreSQL", &rounds, &gateways[1]).await;
    let wrong = server.query(
        name_of(&url),
        "SELECT count(*) FROM recoup.orders
         LEFT JOIN (SELECT order_id, sum(amount) AS total FROM recoup.refunds GROUP BY order_id) r
             ON r.order_id = id
         WHERE refunded <> coalesce(total, 0)",
    );
    assert_eq!(wrong, "0", "the books add up");
}

/// Sees that no later kill undid what an earlier round had left, and says what
/// the rounds were worth.
async fn confirm_all(store: &str, rounds: &[Judged], gateway: &Gateway) {
    for (number, round) in rounds.iter().enumerate() {
        round.confirm(number as u64, gateway.address()).await;
    }
    let attempts: u64 = rounds.iter().map(|round| round.attempts).sum();
    let unknown: u64 = rounds.iter().map(|round| round.unknown).sum();
    println!(
        "{store}: {} rounds, {attempts} attempts, {unknown} outcomes unknown at first, none lost, none doubled",
        rounds.len()
    );
}
