//! A shop's client in PHP, against the gateway as it is served. Without PHP the
//! test is skipped, and says so.

use std::io::{ErrorKind, Write};
use std::process::Command;

use crate::serve::Served;

/// Set to `required`, the test fails where there is no PHP: for machines that
/// are to have it.
const REQUIRED: &str = "TEST_PHP";

#[test]
fn a_php_shop_creates_pays_queries_and_refunds_to_the_last_minor_unit() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/shop/client.php");
    let served = Served::start(&["--store", "memory"]);
    let gateway = format!("http://{}", served.address);
    let shop = "http://shop.example/back?order=o&lang=%E6%97%A5";
    let output = Command::new("php")
        .args(["-n", script, &gateway, "10001", "o", shop])
        .env("SIGN_KEY", "123456")
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert_ne!(
                std::env::var_os(REQUIRED),
                Some("required".into()),
                "PHP is not installed, and {REQUIRED} says that it is required"
            );
            // Not through the macros, whose output a passing test hides.
            let aloud = b"skipped: PHP is not installed\n";
            std::io::stderr().write_all(aloud).unwrap();
            return;
        }
        Err(error) => panic!("failed to run php: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().to_lowercase(),
        format!(
            "create: code 1 status -\n\
             query: code 1 status 0\n\
             paid: 303 location: {shop}\n\
             query: code 1 status 1\n\
             refund of 400: code 1 status 1\n\
             refund of 601: code 35 status -\n\
             refund of 600: code 1 status 1\n\
             refund of 600 again: code 1 status 1\n\
             refund of 1: code 35 status -\n\
             query: code 1 status 3\n"
        )
        .to_lowercase()
    );
}
