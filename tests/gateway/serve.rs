//! The command `recoup serve` as a process.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::client::{Session, caller, refund_of, shop};

/// `recoup serve` with these arguments; killed where a test ends early.
pub(crate) struct Served {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Served {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::spawn(command(args))
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let (_, address) = line.trim().split_once("://").unwrap();
        Self {
            address: address.parse().unwrap(),
            process,
        }
    }

    /// Asks it to stop, and gives what it said on stderr to its end.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> String {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &process]).status();
        assert!(sent.unwrap().success());
        let mut said = String::new();
        let stderr = self.process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert!(self.process.wait().unwrap().success(), "{said}");
        said
    }

    /// Kills it at once: nothing of it runs any more. Gives what it said on
    /// stderr.
    pub(crate) fn kill(mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let mut said = String::new();
        let stderr = self.process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recoup"));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(args);
    command
}

#[cfg(unix)]
#[tokio::test]
async fn a_served_gateway_prints_its_url_first_and_stops_cleanly_on_a_signal() {
    for signal in ["-INT", "-TERM"] {
        let mut served = Served::start(&["--store", "memory", "--delay", "1ms"]);
        let mut session = Session::open_at(served.address, shop()).await;
        session.pay("o", 100).await;
        let process = served.process.id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.unwrap().success());
        assert_eq!(served.process.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_has_start_stop_and_at_debug_each_request_and_never_a_key_or_a_body() {
    const KEY: &str = "a-key-that-nobody-may-see";
    let folder = tempfile::tempdir().unwrap();
    let partners = folder.path().join("partners.toml");
    std::fs::write(
        &partners,
        "[[partner]]\nno = \"10001\"\nkey-env = \"GATEWAY_KEY\"\n",
    )
    .unwrap();
    let partners = partners.to_str().unwrap();
    let of_level = async |level: &str| {
        let args = ["--store", "memory", "--partners", partners];
        let mut serve = command(&args);
        serve.args(["--log", "json", "--log-level", level]);
        let served = Served::spawn({
            serve.env("GATEWAY_KEY", KEY);
            serve
        });
        let mut session = Session::open_at(served.address, caller("10001", KEY)).await;
        session.pay("the-order", 100).await;
        assert_eq!(session.refund("the-order", "r", 60).await.code(), 1);
        assert_eq!(session.refund("the-order", "s", 60).await.code(), 35);
        let forged = shop().seal(&refund_of("the-order", "t", 1));
        assert_eq!(session.call("/api/common/refund", &forged).await.code(), 8);
        session.call("/api/common/refund", KEY.as_bytes()).await;
        drop(session);
        served.stop()
    };
    for (level, lines) in [("error", 0), ("info", 3), ("debug", 8)] {
        let said = of_level(level).await;
        for secret in [KEY, "the-order", "signature"] {
            assert!(!said.contains(secret), "{level}: {said}");
        }
        assert_eq!(said.lines().count(), lines, "{level}: {said}");
        for line in said.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(line["timestamp"].is_string() && line["message"].is_string());
        }
    }
    let said = of_level("debug").await;
    assert!(
        said.contains("\"call\":\"refund\",\"code\":35,\"status\":200"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_gateway_that_shall_not_log_says_nothing() {
    let served = Served::start(&["--store", "memory", "--log", "off", "--log-level", "debug"]);
    assert_eq!(served.stop(), "");
}

#[test]
fn what_cannot_be_served_is_a_usage_error_that_says_why() {
    for (args, said) in [
        (
            &["--store", "postgres://localhost/r"][..],
            "postgres://USER@HOST:PORT/DATABASE",
        ),
        (
            &["--store", "postgres://u@localhost/r?sslmode=require"],
            "does not speak",
        ),
        (
            &["--store", "memory", "--listen", "0.0.0.0:0"],
            "--partners",
        ),
        (&["--tls-cert", "only.pem"], "--tls-key"),
        (
            &["--tls-cert", "no.pem", "--tls-key", "no.pem"],
            "the --tls-cert no.pem",
        ),
        (&["--store", "memory", "--max-waiting", "0"], "from 1"),
        (&["--fault", "lost-updat"], "did you mean \"lost-update\"?"),
        (&["--variant", "extra"], "--list-variants lists them"),
        (
            &["--store", "sqlite:never.db", "--fault", "lost-update"],
            "lost-update",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_recoup"))
            .arg("serve")
            .args(args)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn the_catalogues_are_listed() {
    let output = command(&["--list-faults", "--list-variants"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(
        text.contains("check-then-act") && text.contains("refuse-duplicates"),
        "{text}"
    );
}
