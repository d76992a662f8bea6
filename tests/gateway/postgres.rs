//! A gateway over a PostgreSQL database that fails it. Without a server these
//! tests are skipped, and say so.

use std::fs;
use std::time::Duration;

use recoup::gateway::{Running, StoreChoice};
use tokio::time::sleep;

use crate::client::{Session, shop, start};
use crate::database::{Postgres, name_of};
use crate::serve::{Served, command};

/// A gateway over the database at `url`.
pub(crate) async fn start_postgres(url: &str) -> Running {
    start(|settings| settings.store = store(url)).await
}

fn store(url: &str) -> StoreChoice {
    url.parse().unwrap()
}

/// Makes every refund raise an error of this SQLSTATE, the first `times` times.
/// What a sequence counts is not undone with the refund.
fn raise(server: &Postgres, url: &str, state: &str, times: u32) {
    let statements = format!(
        "CREATE SEQUENCE raised;
         CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF nextval('public.raised') <= {times} THEN
                 RAISE EXCEPTION 'as the test asks' USING ERRCODE = '{state}';
             END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER raise BEFORE INSERT ON recoup.refunds
         FOR EACH ROW EXECUTE FUNCTION raise()"
    );
    server.query(name_of(url), &statements);
}

#[tokio::test]
async fn what_stood_in_anothers_way_is_tried_again_and_refunded_once() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    // Serialisation failures, deadlocks, locks that were not had in time.
    for state in ["40001", "40P01", "55P03"] {
        let url = server.database();
        let gateway = start_postgres(&url).await;
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 100).await;
        raise(server, &url, state, 3);
        assert_eq!(session.refund("o", "r", 60).await.code(), 1, "{state}");
        assert_eq!(session.drain("o").await, 40, "{state}");
    }
}

#[tokio::test]
async fn what_always_stands_in_the_way_is_answered_with_code_9_and_has_no_effect() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    for state in ["40001", "53100"] {
        let url = server.database();
        let gateway = start_postgres(&url).await;
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 100).await;
        raise(server, &url, state, u32::MAX);
        assert_eq!(session.refund("o", "r", 60).await.code(), 9, "{state}");
        server.query(name_of(&url), "DROP TRIGGER raise ON recoup.refunds");
        assert_eq!(session.refund("o", "r", 100).await.code(), 1, "{state}");
    }
}

#[tokio::test]
async fn connections_that_the_server_ends_are_replaced_and_nothing_is_refunded_twice() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database();
    let gateway = start_postgres(&url).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let end_all = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}'",
        name_of(&url)
    );
    for count in 0..5 {
        assert_ne!(server.query("postgres", &end_all), "0");
        let number = format!("r{count}");
        assert_eq!(session.refund("o", &number, 10).await.code(), 1);
    }
    assert_eq!(session.drain("o").await, 50);
}

#[tokio::test]
async fn a_server_that_crashes_takes_nothing_with_it_and_the_gateway_goes_on() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let url = server.database();
    let served = Served::start(&["--store", &url]);
    let mut session = Session::open_at(served.address, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "before", 10).await.code(), 1);
    server.stop();
    assert_eq!(session.refund("o", "while", 10).await.code(), 9);
    assert_eq!(session.query("o").await.code(), 9);
    server.resume();
    assert_eq!(session.refund("o", "while", 10).await.code(), 1);
    assert_eq!(session.refund("o", "before", 10).await.code(), 1);
    assert_eq!(session.drain("o").await, 80);
    let said = served.kill();
    assert!(said.contains("code 9"), "{said}");
    assert!(
        said.contains(&format!("127.0.0.1:{}", server.port())),
        "{said}"
    );
    assert!(!said.contains("p@ss") && !said.contains("p%40ss"), "{said}");
}

#[tokio::test]
async fn gateways_that_start_at_once_create_the_tables_once() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database();
    let starting = (0..8).map(|_| {
        tokio::spawn({
            let url = url.clone();
            async move { start_postgres(&url).await }
        })
    });
    let mut gateways = Vec::new();
    for gateway in starting.collect::<Vec<_>>() {
        gateways.push(gateway.await.unwrap());
    }
    let version = server.query(name_of(&url), "SELECT version FROM recoup.version");
    assert_eq!(version, "2", "one row");
    let mut first = Session::open(&gateways[0], shop()).await;
    let mut last = Session::open(&gateways[7], shop()).await;
    first.pay("o", 100).await;
    assert_eq!(last.refund("o", "r", 60).await.code(), 1);
    assert_eq!(first.refund("o", "r", 60).await.code(), 1);
    assert_eq!(first.drain("o").await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_over_one_database_refund_no_more_than_was_paid() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database();
    let gateways = [start_postgres(&url).await, start_postgres(&url).await];
    Session::open(&gateways[0], shop())
        .await
        .pay("o", 1000)
        .await;
    let mut refunds = Vec::new();
    for index in 0..64 {
        // Each number is sent to both, and all of it is nearly twice as much as
        // there is.
        for gateway in &gateways {
            let mut session = Session::open(gateway, shop()).await;
            refunds.push(tokio::spawn(async move {
                let code = session.refund("o", &format!("r{index}"), 30).await.code();
                (index, code)
            }));
        }
    }
    let mut accepted = std::collections::BTreeMap::<i32, Vec<i64>>::new();
    for refund in refunds {
        let (index, code) = refund.await.unwrap();
        assert!([1, 35].contains(&code), "{code}");
        accepted.entry(index).or_default().push(code);
    }
    let count = accepted.values().filter(|codes| codes.contains(&1)).count();
    assert_eq!(count, 33);
    let mut session = Session::open(&gateways[1], shop()).await;
    assert_eq!(session.drain("o").await, 10);
}

#[test]
fn the_tables_refuse_what_a_forgetful_writer_would_write() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database();
    let database = name_of(&url);
    drop(Served::start(&["--store", &url]));
    server.query(
        database,
        "INSERT INTO recoup.orders (partner, number, store, barcode, amount, currency, paid_at, paid)
         VALUES ('p', 'o', 's', 'b', 100, 'JPY', 'now', 100);
         INSERT INTO recoup.refunds VALUES ('p', 'r', 1, 60, '')",
    );
    for forbidden in [
        "UPDATE recoup.orders SET refunded = 101",
        "UPDATE recoup.orders SET refunded = -1",
        "UPDATE recoup.orders SET dealing = 1",
        "UPDATE recoup.orders SET dealing = -1",
        "UPDATE recoup.orders SET declined = true",
        "INSERT INTO recoup.refunds VALUES ('p', 'r', 1, 10, '')",
        "INSERT INTO recoup.refunds VALUES ('p', 's', 1, 0, '')",
        "INSERT INTO recoup.refunds VALUES ('p', 's', 2, 10, '')",
        "INSERT INTO recoup.orders (partner, number, store, barcode, amount, currency, paid_at, paid)
         VALUES ('p', 'o', 's', 'b', 5, 'JPY', 'now', 5)",
        "INSERT INTO recoup.orders (partner, number, store, barcode, amount, currency, paid)
         VALUES ('p', 'q', 's', 'b', 5, 'JPY', 5)",
    ] {
        let guarded = format!(
            "DO $$ BEGIN {forbidden};
             RAISE EXCEPTION 'it was taken'; EXCEPTION
             WHEN check_violation OR unique_violation OR foreign_key_violation THEN NULL; END $$"
        );
        server.query(database, &guarded);
    }
}

/// What `recoup serve` says, with these arguments, that can't be started.
fn refused(args: &[&str], code: i32) -> String {
    let output = command(args).env_remove("PGPASSWORD").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(output.stdout.is_empty());
    said
}

#[test]
fn a_database_that_cannot_be_used_is_refused_in_one_line() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let later = server.database();
    drop(Served::start(&["--store", &later]));
    server.query(name_of(&later), "UPDATE recoup.version SET version = 7");
    let said = refused(&["--store", &later], 2);
    assert!(
        said.contains("version 7") && said.contains("up to 2"),
        "{said}"
    );
    let version = server.query(name_of(&later), "SELECT version FROM recoup.version");
    assert_eq!(version, "7");

    let narrow = server.database_with("ENCODING 'LATIN1' TEMPLATE template0");
    let said = refused(&["--store", &narrow], 2);
    assert!(said.contains("LATIN1") && said.contains("UTF8"), "{said}");

    let absent = server.url("nowhere");
    let said = refused(&["--store", &absent], 3);
    assert!(said.contains("\"nowhere\" does not exist"), "{said}");
}

#[test]
fn a_password_comes_from_where_nobody_reads_it_and_is_in_no_message() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database();
    let (scheme, rest) = url.split_once("://").unwrap();
    let (user, place) = rest.split_once('@').unwrap();
    let (user, _) = user.split_once(':').unwrap();
    let without = format!("{scheme}://{user}@{place}");

    let said = refused(&["--store", &without], 3);
    assert!(said.contains("PGPASSWORD"), "{said}");
    let wrong = format!("{scheme}://{user}:hunter2@{place}");
    let said = refused(&["--store", &wrong], 3);
    assert!(said.contains("password authentication failed"), "{said}");
    assert!(
        said.contains(&without) && !said.contains("hunter2"),
        "{said}"
    );

    let mut by_variable = command(&["--store", &without]);
    by_variable.env("PGPASSWORD", "p@ss/word?");
    drop(Served::spawn(by_variable));
    let mut by_environment = command(&[]);
    by_environment.env("RECOUP_STORE", &url);
    drop(Served::spawn(by_environment));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    fs::write(&file, format!("{url}\n")).unwrap();
    drop(Served::start(&["--store-file", file.to_str().unwrap()]));

    // What a configuration file says is no default that a help shows.
    let config = folder.path().join("recoup.toml");
    fs::write(&config, format!("store = \"{url}\"\n")).unwrap();
    let help = command(&["--config", config.to_str().unwrap(), "--help"]).output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    assert!(help.contains("--store"), "{help}");
    assert!(!help.contains("p%40ss"), "{help}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_gateway_that_is_stopped_in_the_middle_holds_up_no_other() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let url = server.database();
    let stopped = Served::start(&["--store", &url]);
    let other = Served::start(&["--store", &url]);
    let mut session = Session::open_at(other.address, shop()).await;
    session.pay("o", 1_000_000).await;
    let mut busy = Vec::new();
    for caller in 0..8 {
        let mut session = Session::open_at(stopped.address, shop()).await;
        busy.push(tokio::spawn(async move {
            for count in 0.. {
                session.refund("o", &format!("{caller}-{count}"), 1).await;
            }
        }));
    }
    let signal = |name: &str| {
        let process = stopped.process.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([name, &process])
            .status();
        assert!(sent.unwrap().success());
    };
    for round in 0..5 {
        sleep(Duration::from_millis(30)).await;
        signal("-STOP");
        let answer = session.refund("o", &format!("r{round}"), 1).await;
        assert_eq!(answer.code(), 1);
        signal("-CONT");
    }
    for caller in busy {
        caller.abort();
    }
}
