//! A report with failures, a load and an audit, made once for all tests.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::support::{Gateway, Workplace};

struct Made {
    /// Its folder lives as long as the tests do.
    workplace: Workplace,
}

/// The page of a gate against a gateway with known faults: bytes that are no
/// UTF-8, unsigned refusals, HTML in answers, and refunds beyond what was paid.
pub(crate) fn page() -> PathBuf {
    static MADE: OnceLock<Made> = OnceLock::new();
    let made = MADE.get_or_init(make);
    let page = made.workplace.latest("report.html");
    std::fs::canonicalize(page).expect("a page")
}

/// Its address.
pub(crate) fn url() -> String {
    format!("file://{}", page().display())
}

fn make() -> Made {
    let workplace = Workplace::new();
    let faults = [
        "message-in-latin-1",
        "refusals-as-html",
        "check-then-act=20000",
        "cap-off-by-one",
    ];
    let mut arguments = vec!["--store", "memory"];
    arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
    let gateway = Gateway::start(&workplace, &arguments);
    let mut command = workplace.recoup(&[
        "gate",
        "--target",
        &gateway.url,
        "--seed",
        "7",
        "--cases",
        "4",
        "--only",
        "json.*",
        "--only",
        "refunding.*",
        "--only",
        "answer.*",
        "--only",
        "transport.*",
        "--duration",
        "2s",
        "--warmup",
        "0s",
        "--users",
        "8",
        "--threshold",
        "p99<1us",
        "--threshold",
        "p50<60s",
    ]);
    command.env("RECOUP_SIGN_KEY", "123456");
    // It ends with 5: money was lost.
    super::support::Run::of(command).expect(5);
    Made { workplace }
}
