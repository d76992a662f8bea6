//! The whole gate against the reference gateway on each of its stores.

use crate::database::Postgres;
use crate::support::{Gateway, Workplace};
use crate::{SHORT, with};

/// Gates a gateway over `store`, which has to hold.
fn gate(store: &str) {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", store]);
    let key = workplace.write("key", "123456");
    let other = workplace.write("other", "654321");
    let run = workplace.run(&with(
        &[
            "gate",
            "--target",
            &gateway.url,
            "--sign-key-file",
            key.to_str().expect("a plain path"),
            "--other-sign-key-file",
            other.to_str().expect("a plain path"),
            "--unpaid-barcode",
            "9900000000000001",
            "--cases",
            "8",
            "--threshold",
            "errors==0%",
        ],
        &SHORT,
    ));
    run.expect(0);
    assert_eq!(workplace.report()["audit"]["verdict"], "pass", "{store}");
}

#[test]
fn a_gateway_over_sqlite_passes_the_gate() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("store.sqlite");
    gate(&format!("sqlite:{}", file.display()));
}

#[test]
fn a_gateway_over_postgres_passes_the_gate() {
    if let Some(server) = Postgres::shared() {
        gate(&server.database());
    }
}
