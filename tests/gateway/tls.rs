//! A gateway that speaks TLS, and its callers.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use recoup::gateway::Tls;
use tempfile::TempDir;

use crate::client::{Client, start};
use crate::serve::Served;

/// A certificate for `localhost`, which is its own authority, and its key.
fn pair(folder: &TempDir) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = folder.path().join("cert.pem");
    let key = folder.path().join("key.pem");
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

#[test]
fn a_gateway_behind_tls_passes_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = pair(&folder);
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let served = Served::start(&[
        "--store",
        "memory",
        "--tls-cert",
        certificate,
        "--tls-key",
        key,
    ]);
    let url = format!("https://localhost:{}", served.address.port());
    let checked = Command::new(env!("CARGO_BIN_EXE_recoup"))
        .args(["check", "--target", &url, "--ca", certificate])
        .args(["--cases", "4", "--seed", "1", "--report"])
        .arg(folder.path().join("reports"))
        .env("RECOUP_SIGN_KEY", "123456")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert_eq!(checked.status.code(), Some(0), "{said}");
}

#[tokio::test]
async fn who_does_not_come_to_speak_tls_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = pair(&folder);
    let gateway = start(|settings| {
        settings.tls = Some(Tls::read(&certificate, &key).unwrap());
        settings.limits.body_read = Duration::from_millis(100);
        settings.limits.connections = 1;
    })
    .await;
    assert!(gateway.url().starts_with("https://"));
    // Each is in the next one's way until it is cut off.
    let mut silent = Client::connect(gateway.address()).await;
    let mut plain = Client::connect(gateway.address()).await;
    plain.send("GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n").await;
    for client in [&mut silent, &mut plain] {
        client.wait_for_end().await;
    }
}
